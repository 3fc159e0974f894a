"""What a comparison says of its runs in sentences: exactness, and what the energies rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from neurosim.chip.quantity import Confidence, Quantity
from neurosim.cores import core_kind
from neurosim.report.engineering import count
from neurosim.report.group import Group
from neurosim.results import Power, Price, price
from neurosim.results.energy import energy_figure, power_figure
from neurosim.scenario.result import RunResult

_LOST = ("overruns", "late_", "clipped", "saturated")  # in the names of counters of what a chip loses


def fidelity_note(item: Group) -> list[tuple[str, str]]:
    """Return (topic, text): whether the lowering is exact, and what it was measured to do at every T.

    An exact lowering with any difference to the reference has the topic "broken" and names what was lost.
    """
    differs = [run for run in item.runs if run.decisions_changed or run.pulse_counts_changed]
    if not item.longest.exact:
        names = ", ".join(record.name for record in item.longest.lowering if record.fidelity == "approximate")
        return [("approximate", f"{names}; measured {_differences(item.runs)}")]
    if not differs:
        return [("exact", "no decision and no pulse count differs from the reference")]
    lost = ", ".join(dict.fromkeys(text for run in differs for text in _lost(run)))
    return [("broken", f"the lowering is exact, but {_differences(differs)}; lost on the way: {lost or 'nothing'}")]


def _differences(runs: Iterable[RunResult]) -> str:
    return "; ".join(
        f"at T = {run.steps}: {run.decisions_changed} decisions and {run.pulse_counts_changed} pulse counts of"
        f" {run.run.samples} differ, accuracy {points(run)} points"
        for run in runs
    )


def points(run: RunResult) -> str:
    """Return how far the chip's accuracy is above that of the reference, in percentage points with sign."""
    change = f"{100 * (run.accuracy - run.reference_accuracy):+.2f}"
    return "0.00" if change in ("+0.00", "-0.00") else change


def _lost(run: RunResult) -> list[str]:
    activity = run.run.activity
    totals = {name: int(activity.total(name).sum()) for name in activity.summary() if any(w in name for w in _LOST)}
    return [f"{count(n)} {name.replace('_', ' ')}" for name, n in totals.items() if n]


def boundary_notes(runs: Sequence[RunResult]) -> list[str]:
    """Return a warning where the energies of a comparison do not include the same."""
    found: dict[str, list[str]] = {}
    for run in runs:
        found.setdefault(run.energy.boundary, []).append(run.chip.name)
    if len(found) == 1:
        return []
    told = "; ".join(f"{boundary}: {', '.join(dict.fromkeys(names))}" for boundary, names in found.items())
    return [f"the boundaries differ, so totals do not compare: {told}"]


def trust_note(item: Group) -> str:
    """Return how much of a group's dynamic energy rests on documented, derived and estimated figures."""
    sums = {level: sum(_dynamic(run, level) for run in item.runs) for level in get_args(Confidence)}
    total = sum(sums.values())
    dynamic = ", ".join(f"{_whole(energy / total)} {level}" for level, energy in sums.items() if energy)
    return f"dynamic energy: {dynamic or 'none'} figures; static: {', '.join(_static(item.longest)) or 'none'}"


def _whole(fraction: float) -> str:
    return f"{100 * fraction:.0f} %" if fraction >= 0.01 else "under 1 %"


def _dynamic(run: RunResult, confidence: str) -> float:
    """Price a run again with the figures of one confidence only."""
    constants, terms = run.chip.constants(run.energy.constants), core_kind(run.chip.core_kind).prices(run.chip)
    chosen = [term for term in terms if _is_dynamic(term) and _figure(run, term).confidence == confidence]
    return price(run.run, run.chip, chosen, constants.name, boundary=run.energy.boundary).dynamic.value


def _is_dynamic(term: Price | Power) -> bool:
    return isinstance(term, Price) or term.component != "static"


def _figure(run: RunResult, term: Price | Power) -> Quantity:
    """Return the figure that a term of the price list names."""
    constants = run.chip.constants(run.energy.constants)
    if isinstance(term, Price):
        return energy_figure(run.chip, constants, term.energy)
    return power_figure(run.chip, constants, term.power)


def _static(run: RunResult) -> list[str]:
    """Return the confidences of the powers that count in a run, each once."""
    power, everywhere = run.chip.constants(run.energy.constants).power, run.energy.boundary != "cores"
    names = ("core_static", "chip_static", "core_unused") if everywhere else ("core_static",)
    found = [power[name] for name in names]
    terms = core_kind(run.chip.core_kind).prices(run.chip)
    found += [_figure(run, term) for term in terms if not _is_dynamic(term)]
    return list(dict.fromkeys(figure.confidence for figure in found if figure.value))
