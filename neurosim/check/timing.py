"""Timing safety: on chips with a fixed clock no spike may come after the tick in which it was sent."""

from __future__ import annotations

import numpy as np

from neurosim.check.result import Part
from neurosim.chip import Chip
from neurosim.results import Run

NAME = "timing"


def timing(chip: Chip, run: Run, multicast: bool) -> Part:
    """Return overruns and late packets of a run, with the worst lateness where packets are traced to their cores."""
    if chip.discipline != "tick":
        words = {"barrier": "steps wait for every spike", "asynchronous": "nodes wait for each other"}
        return Part.of(NAME, f"{words.get(chip.discipline, chip.discipline)}: nothing can be late", [])
    overruns, late = (int(run.activity.total(name).sum()) for name in ("overruns", "late_packets"))
    findings = []
    if overruns:
        findings.append(f"{overruns} times a core was not done when its next tick was due")
    if late:
        worst = worst_lateness(run, chip.tick)
        by = f", the worst of the first sample by {worst * 1e-6:.3g} us" if worst and not multicast else ""
        findings.append(f"{late} packets came after the tick in which they were sent{by}")
    packets = int(run.activity.total("packets").sum())
    return Part.of(NAME, f"{packets} packets in ticks of {chip.tick * 1e-6:g} us", findings, overruns + late)


def worst_lateness(run: Run, tick: int) -> int:
    """Return by how many picoseconds the latest packet of the first sample missed its tick, 0 if none did."""
    created, delivered = run.times.first_packets[:, 4], run.times.first_packets[:, 5]
    ends = (created // tick + 1) * tick
    return int(np.maximum(delivered - ends, 0).max(initial=0))
