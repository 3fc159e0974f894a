"""Fan-out: a neuron has one target axon; copies of it serve more, and relays where copies cannot.

Copies need no pass: a neuron takes as many columns of its core as it has target axons (load.py), and a core that is
being filled counts them (limits.py). They share the neuron's axons, so they do what it does, as long as it draws no
random numbers. A relay is a neuron that fires one tick after its only axon; its copies serve in place of those of
the neuron before it, on a core of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.crossbar.limits import filler
from neurosim.errors import CapacityError
from neurosim.mapping import CoreFill, MappingProblem, Record, Usage, nets_of
from neurosim.mapping.partition.sequential import sequential_fill
from neurosim.network import CrossbarNeuron, Network, Population, Projection


def spread(network: Network, chip: Chip) -> tuple[Network, tuple[Record, ...]]:
    """Insert relays until cores filled in order hold every neuron with its copies; returns the passes' records.

    ``network`` has crossbar neurons and projections of one type and one delay, which may still be 0.
    Raises CapacityError naming the population when a neuron does not fit and no relay helps.
    """
    records: list[Record] = []
    relays: set[str] = set()
    trial = _try(network, chip)
    while (name := _needs_relay(network, trial, chip, relays)) is not None:
        changed, added, record = _relayed(network, name, relays)
        after = _try(changed, chip)
        if trial.refused is None and (after.refused is not None or after.cores >= trial.cores):
            break  # it was to save cores and does not
        network, trial = changed, after
        relays |= added
        records.append(record)
    copied = np.maximum(trial.targets - 1, 0)
    if copied.any():
        records.append(
            Record(
                "copies",
                f"{int((copied > 0).sum())} neurons stand {int(copied.max()) + 1} times or less on their core, once"
                " per target axon",
                "a neuron's spikes go to one axon of one core",
                "exact",
                f"{int(copied.sum())} more neurons when cores are filled in order",
            )
        )
    return network, tuple(records)


@dataclass(frozen=True, eq=False)
class _Trial:
    """A sequential fill: cores and target axons int64[neurons], or the neuron refused and the limit it exceeds."""

    cores: int
    targets: NDArray[np.int64]
    refused: int | None = None
    usage: Usage | None = None


class _Watch:
    """A core being filled that remembers the last refusal."""

    def __init__(self, fill: CoreFill, seen: list[tuple[int, Usage]]) -> None:
        self._fill, self._seen = fill, seen

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        usage = self._fill.add(neuron, sends)
        if usage is not None:
            self._seen[:] = [(neuron, usage)]
        return usage


def _try(network: Network, chip: Chip) -> _Trial:
    nets, seen = nets_of(network), list[tuple[int, Usage]]()
    new_core = filler(network, nets, chip)
    problem = MappingProblem(
        chip.name,
        network.n_neurons,
        nets,
        chip.columns,
        chip.rows,
        chip.cores_per_tile,
        lambda: _Watch(new_core(), seen),
    )
    outside = np.concatenate([np.full(p.size, int(p.name in network.outputs)) for p in network.neurons])
    try:
        core_of = sequential_fill(problem)
    except CapacityError:
        return _Trial(0, outside, *seen[-1])
    return _Trial(int(core_of.max(initial=-1)) + 1, nets.sends(core_of) + outside)


def _needs_relay(network: Network, trial: _Trial, chip: Chip, relays: set[str]) -> str | None:
    """Return the population that a relay is to follow, None when the trial fits or nothing is left to try."""
    if trial.usage is not None and trial.refused is not None:
        population, neuron = _owner(network, trial.refused)
        _check_hope(network, population, neuron, trial.usage, chip, relays)
        return population.name
    if trial.cores <= chip.n_cores:
        return None
    copies = np.maximum(trial.targets - 1, 0)
    ends = np.cumsum([p.size for p in network.neurons])[:-1]
    sums = {
        p.name: int(part.sum())
        for p, part in zip(network.neurons, np.split(copies, ends), strict=True)
        if not _is_relayed(network, p.name, relays)
    }
    most = max(sums, key=lambda name: sums[name], default="")
    return most if sums.get(most) else None


def _check_hope(
    network: Network, population: Population, neuron: int, usage: Usage, chip: Chip, relays: set[str]
) -> None:
    """Raise CapacityError when no relay can make a neuron fit on an empty core."""
    where, outside = f"population '{population.name}', neuron {neuron}", population.name in network.outputs
    if usage.limit == "targets_per_neuron" and outside:
        where += ", which draws random numbers, is read out and drives others"
    elif usage.limit == "neurons" and usage.available > 1:
        targets = [p.targets[p.indptr[neuron] : p.indptr[neuron + 1]] for p in _outgoing(network, population.name)]
        if sum(map(len, targets)) > 1 or not _is_relayed(network, population.name, relays):
            return
    elif usage.limit == "targets_per_neuron":
        return
    raise CapacityError(chip.name, usage.limit, usage.needed, usage.available, where)


def _owner(network: Network, neuron: int) -> tuple[Population, int]:
    for population in network.neurons:
        if neuron < population.size:
            return population, neuron
        neuron -= population.size
    raise IndexError(neuron)


def _outgoing(network: Network, name: str) -> list[Projection]:
    return [p for p in network.projections if p.source == name]


def _reached(network: Network, name: str) -> list[tuple[str, int]]:
    """Return the neurons that a population reaches, in order of the network."""
    order = {p.name: k for k, p in enumerate(network.populations)}
    found: set[tuple[str, int]] = set()
    for p in _outgoing(network, name):
        found.update((p.target, t) for t in np.unique(p.targets).tolist())
    return sorted(found, key=lambda pair: (order[pair[0]], pair[1]))


def _is_relayed(network: Network, name: str, relays: set[str]) -> bool:
    """Tell whether a population is a relay or sends to relays only."""
    return name in relays or all(p.target in relays for p in _outgoing(network, name))


def _relayed(network: Network, name: str, relays: set[str]) -> tuple[Network, set[str], Record]:
    """Put a relay behind a population, or two that share its targets where it is one or has one already."""
    reached, middle = _reached(network, name), 0
    if _is_relayed(network, name, relays):
        middle = len(reached) // 2
    halves = [half for half in (reached[:middle], reached[middle:]) if half]
    source, outgoing = network.population(name), _outgoing(network, name)
    populations = list(network.populations)
    projections = [p for p in network.projections if p.source != name]
    place, cost, added = populations.index(source) + 1, 0, set()
    for number, half in enumerate(halves):
        relay, more = _relay(f"{name}~relay{number + 1 if middle else ''}", source, outgoing, half)
        populations.insert(place + number, relay)
        projections += more
        cost += relay.size
        added.add(relay.name)
    record = Record(
        f"splitter {name}",
        f"each neuron of {name} sends to {'two relay neurons' if middle else 'a relay neuron'}, copies of which send"
        " on, one step later",
        "a neuron has one target axon, and copies of these neurons do not fit or would draw other random numbers",
        "exact",
        f"{cost} neurons and their copies, one more step",
    )
    return replace(network, populations=tuple(populations), projections=tuple(projections)), added, record


def _relay(
    name: str, source: Population, outgoing: Iterable[Projection], reached: list[tuple[str, int]]
) -> tuple[Population, list[Projection]]:
    """Return a population of relays and the projections to it and from it onto the given neurons."""
    parts = [(p, _onto(p, {t for target, t in reached if target == p.target})) for p in outgoing]
    rows = np.unique(np.concatenate([p.rows[chosen] for p, chosen in parts]))
    one = np.ones(len(rows), np.int64)
    indptr = np.concatenate([[0], np.cumsum(np.isin(np.arange(source.size), rows))]).astype(np.int64)
    projections = [Projection(source.name, name, indptr, np.arange(len(rows), dtype=np.int32), one)]
    for p, chosen in parts:
        if not chosen.any():
            continue
        row = np.searchsorted(rows, p.rows[chosen])
        ptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows)))]).astype(np.int64)
        projections.append(replace(p, source=name, indptr=ptr, targets=p.targets[chosen], weights=p.weights[chosen]))
    return Population(name, len(rows), CrossbarNeuron(weights=(1,), threshold=1)), projections


def _onto(projection: Projection, targets: set[int]) -> NDArray[np.bool_]:
    return np.isin(projection.targets, np.array(sorted(targets), dtype=np.int64))
