"""Why energy is static: what sets the latency on each chip, told from the times of the runs."""

from __future__ import annotations

from collections.abc import Sequence

from neurosim.report.engineering import engineering, share
from neurosim.report.group import Group, by_chip
from neurosim.report.notes import ends
from neurosim.report.tables import step_seconds
from neurosim.scenario.result import RunResult

_NOTHING = 1e-12  # seconds: the rounding of sums of steps


def static_notes(runs: Sequence[RunResult]) -> list[str]:
    """Return for every chip its static share and what sets its latency, then what follows over all chips."""
    items = by_chip(runs)
    return [*(f"{item.label}: {_shares(item)}; {_pace(item)}" for item in items), *_over_all(items)]


def static_share(run: RunResult) -> float:
    """Return the static part of the energy as a fraction, 0 for no energy."""
    total = run.energy.total.value
    return run.energy.static.value / total if total else 0.0


def tick_sets_latency(item: Group) -> bool:
    """Tell whether every step of every sample of every run lasted exactly one tick of the chip's clock."""
    if item.chip.discipline != "tick":
        return False
    ticks = [(run.run.times.step_ends, run.chip.tick) for run in item.runs]
    return all((at == [(k + 1) * tick for k in range(at.shape[1])]).all() for at, tick in ticks)


def _shares(item: Group) -> str:
    shares = ends([static_share(run) for run in item.runs], share)
    latency = ends([run.latency.mean for run in item.runs], _seconds)
    power = ends([_power(run) for run in item.runs], lambda watts: engineering(watts, "W"))
    return f"{shares} of the energy is static, {power} for {latency}"


def _pace(item: Group) -> str:
    times = [step_seconds(run) for run in item.runs]
    shortest, longest = (_seconds(end) for end in (min(t.min() for t in times), max(t.max() for t in times)))
    beside = max(run.latency.mean - t.sum(axis=1).mean() for run, t in zip(item.runs, times, strict=True))
    host = f"; the host adds {_seconds(beside)}" if beside > _NOTHING else ""
    if not tick_sets_latency(item):
        tick = f", on a tick of {_seconds(item.chip.tick * 1e-12)}" if item.chip.discipline == "tick" else ""
        work = "their work and the barrier take" if item.chip.discipline == "barrier" else "their work takes"
        return f"its steps last {shortest} to {longest}{tick}, as long as {work}{host}"
    even = [run.energy.dynamic.value / _power(run) for run in item.runs if _power(run)]
    half = f"; at that power half of the energy would be dynamic at a latency of {ends(even, _seconds)}"
    return f"every step lasts one tick of {longest}, whatever there is to do{host}{half if even else ''}"


def _power(run: RunResult) -> float:
    return run.energy.static.value / run.latency.mean if run.latency.mean else 0.0


def _over_all(items: Sequence[Group]) -> list[str]:
    ticked = [item for item in items if tick_sets_latency(item)]
    if not ticked:
        return []
    names = ", ".join(item.label for item in ticked)
    lowest = min(_lowest(item) for item in ticked)
    if lowest <= 0.5:
        return [f"the tick sets the latency on {names}, yet static energy is not the larger part in all of these runs"]
    told = f"static energy dominates on {names} ({share(lowest)} or more) because it is power times latency, and the"
    larger = [item.label for item in items if item not in ticked and _lowest(item) > 0.5]
    also = f"; it is the larger part on {', '.join(larger)} too, whose steps are not fixed" if larger else ""
    return [f"{told} tick sets the latency{also}"]


def _lowest(item: Group) -> float:
    return min(static_share(run) for run in item.runs)


def _seconds(value: float) -> str:
    return engineering(float(value), "s")
