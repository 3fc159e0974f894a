"""What follows from the results: cut against packets, Hilbert against rows, given against shuffled order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from neurosim.check.correlation import pearson, ranks
from neurosim.mapping import DEFAULT_MAPPER

Costs = Mapping[tuple[str, str, str], Mapping[str, float]]  # (network, order, mapper) -> metric -> median

ROW_MAJOR, HILBERT = "sequential+row-major", "sequential+hilbert"
_SAME = 1e-9


@dataclass(frozen=True)
class CutAgainstPackets:
    """Does the mapper with the least edge cut send the fewest packets? ``excess`` is what following the cut costs."""

    network: str
    order: str
    least_cut: str
    fewest_packets: str
    excess: float
    rank_correlation: float | None

    @property
    def disagree(self) -> bool:
        """Whether the least cut comes with more packets than another mapping has."""
        return self.excess > _SAME


@dataclass(frozen=True)
class Curve:
    """Hop-weighted traffic along a Hilbert curve over that along rows, for the same sequential clusters."""

    network: str
    order: str
    ratio: float


@dataclass(frozen=True)
class Scrambled:
    """Packets of a mapper in the shuffled order over those in the given order of the same network."""

    network: str
    mapper: str
    ratio: float


@dataclass(frozen=True)
class Findings:
    """All findings, and in words what they amount to."""

    cut_against_packets: list[CutAgainstPackets]
    curves: list[Curve]
    scrambled: list[Scrambled]
    sentences: list[str]


def findings(costs: Costs) -> Findings:
    """Compute the findings from median costs; what the results do not hold is left out."""
    cut, curves = cut_against_packets(costs), curve_ratios(costs)
    scrambled = scramble_ratios(costs, (ROW_MAJOR, DEFAULT_MAPPER))
    words = [*_cut_words(cut), *_curve_words(curves), *_scramble_words(scrambled)]
    return Findings(cut, curves, scrambled, words)


def cut_against_packets(costs: Costs) -> list[CutAgainstPackets]:
    """Compare the choice by edge cut with the choice by packets, in every case with two mappers or more."""
    found = []
    for network, order in dict.fromkeys((n, o) for n, o, _ in costs):
        here = {m: c for (n, o, m), c in costs.items() if (n, o) == (network, order) and _has(c, "edge_cut", "packets")}
        if len(here) < 2:
            continue
        by_cut = min(here, key=lambda m: (here[m]["edge_cut"], here[m]["packets"]))
        by_packets = min(here, key=lambda m: here[m]["packets"])
        least = here[by_packets]["packets"]
        cuts, packets = (np.array([c[name] for c in here.values()]) for name in ("edge_cut", "packets"))
        excess = here[by_cut]["packets"] / least - 1 if least else 0.0
        together = pearson(ranks(cuts), ranks(packets))
        found.append(CutAgainstPackets(network, order, by_cut, by_packets, excess, together))
    return found


def curve_ratios(costs: Costs) -> list[Curve]:
    """Compare a Hilbert curve with rows on every case that has both."""
    found = []
    for (network, order, mapper), cost in costs.items():
        rows = costs.get((network, order, ROW_MAJOR), {})
        if mapper == HILBERT and rows.get("hop_weighted") and _has(cost, "hop_weighted"):
            found.append(Curve(network, order, cost["hop_weighted"] / rows["hop_weighted"]))
    return found


def scramble_ratios(costs: Costs, mappers: Sequence[str]) -> list[Scrambled]:
    """Compare the shuffled with the given order of every network."""
    found = []
    for (network, order, mapper), cost in costs.items():
        given = costs.get((network, "given", mapper), {})
        if order == "shuffled" and mapper in mappers and given.get("packets") and _has(cost, "packets"):
            found.append(Scrambled(network, mapper, cost["packets"] / given["packets"]))
    return found


def _has(cost: Mapping[str, float], *names: str) -> bool:
    return all(name in cost for name in names)


def _cut_words(found: Sequence[CutAgainstPackets]) -> list[str]:
    if not found:
        return []
    apart = [each for each in found if each.disagree]
    line = f"Edge cut and packets choose differently in {len(apart)} of {len(found)} cases"
    if not apart:
        return [line + "."]
    worst = max(apart, key=lambda each: each.excess)
    return [
        f"{line}; at worst, on {worst.network} ({worst.order}), {worst.least_cut} has the least cut and sends"
        f" {100 * worst.excess:.0f} % more packets than {worst.fewest_packets}."
    ]


def _curve_words(found: Sequence[Curve]) -> list[str]:
    words = []
    for order in dict.fromkeys(each.order for each in found):
        here = [each for each in found if each.order == order]
        better, worse = (sorted(e.network for e in here if (e.ratio < 1) == less and e.ratio != 1) for less in (1, 0))
        mean = prod(each.ratio for each in here) ** (1 / len(here))
        parts = [
            f"less than along rows on {', '.join(better)}" if better else "",
            f"more on {', '.join(worse)}" if worse else "",
        ]
        words.append(
            f"Clusters along a Hilbert curve, {order} order: {'; '.join(p for p in parts if p) or 'the same'}"
            f" (hop-weighted traffic, geometric mean of ratios {mean:.2f})."
        )
    pair = {each.network: each.ratio for each in found if each.order == "given"}
    if {"windowed-layers", "dense-layers"} <= pair.keys():
        words.append(
            f"Hilbert against rows in the given order: {pair['windowed-layers']:.2f} on windowed layers,"
            f" {pair['dense-layers']:.2f} on dense layers."
        )
    return words


def _scramble_words(found: Sequence[Scrambled]) -> list[str]:
    words = []
    for mapper in dict.fromkeys(each.mapper for each in found):
        here = [each for each in found if each.mapper == mapper]
        worst = max(here, key=lambda each: each.ratio)
        mean = prod(each.ratio for each in here) ** (1 / len(here))
        words.append(
            f"{mapper} sends {mean:.2f} times the packets when the neurons are shuffled (geometric mean over"
            f" {len(here)} networks), at worst {worst.ratio:.1f} times, on {worst.network}."
        )
    return words
