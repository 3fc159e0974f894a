"""The raster: every spike of the first sample, and the packets that come in."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from neurosim.report.group import Group
from neurosim.report.picture import GREY, LIGHT, Picture, canvas, cycle
from neurosim.scenario.result import RunResult

_MANY_EVENTS = 1500


def raster(item: Group, name: str) -> Picture:
    """Draw every spike of the first sample, one band per population, and the packets that come in."""
    run = item.longest.run
    events, names = run.spikes.first_sample, run.spikes.names
    shown = [k for k in range(len(names)) if (events[:, 1] == k).any()]
    sizes = [item.longest.program.lowered.network.population(names[k]).size for k in shown]
    heights = [0.7] + [0.6 + 2.4 * size / max(1, sum(sizes)) for size in sizes]

    def draw(figure: Any) -> None:
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        _incoming(panels[0], item.longest)
        for axes, k, size, colour in zip(panels[1:], shown, sizes, cycle(len(shown)), strict=True):
            chosen = events[events[:, 1] == k]
            axes.plot(chosen[:, 0], chosen[:, 2], "|", color=colour, markersize=4)
            axes.set_ylabel(names[k])
            axes.set_ylim(-1, size)
            axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        for axes in panels:
            axes.axvspan(item.longest.steps - 0.5, run.chip_steps - 0.5, color=LIGHT, lw=0, zorder=0)
        panels[0].set_title(f"First sample on {item.label}, T = {item.longest.steps}: {len(events)} spikes")
        panels[-1].set_xlabel("step of the chip")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[-1].set_xlim(-0.5, run.chip_steps - 0.5)

    silent = [population for k, population in enumerate(names) if k not in shown]
    quiet = f" Never fired: {', '.join(silent)}." if silent else ""
    caption = (
        "Every spike of the first sample, neuron by neuron; top: packets that enter at the I/O ports. Grey: steps "
        f"after the last input.{quiet}"
    )
    return Picture(name, caption, canvas(1.0 + sum(heights), draw), dense=len(events) > _MANY_EVENTS)


def _incoming(axes: Any, result: RunResult) -> None:
    run = result.run
    ports = len(run.positions) - len(run.activity.cores)
    packets = run.times.first_packets
    steps = packets[packets[:, 1] < ports, 0]
    axes.bar(range(run.chip_steps), np.bincount(steps, minlength=run.chip_steps), color=GREY, width=0.8)
    axes.set_ylabel("packets in")
