"""How a plasticity window is shown: a table of fitted beside published figures, and the picture of Bi and Poo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.report.engineering import engineering
from neurosim.report.markup import element, section, table
from neurosim.report.page import write_page
from neurosim.report.picture import COLOURS, GREY, LIGHT, Picture, canvas
from neurosim.scenario.stdp import Side, StdpResult

_HEAD = ("", "configured", "fitted", "published")


def _rows(result: StdpResult) -> list[tuple[str, ...]]:
    rows = []
    for name, side in (("before -> after", result.plus), ("after -> before", result.minus)):
        parts = side.configured, side.fitted, side.published
        rows.append((f"{name}: time constant, ms", *(f"{part.tau:.1f}" for part in parts)))
        rows.append((f"{name}: change, %", *(f"{100 * part.amplitude:+.1f}" for part in parts)))
    return rows


def _notes(result: StdpResult) -> list[str]:
    protocol = result.scenario.protocol
    zero = result.change[result.difference == 0]
    notes = [
        f"{protocol.pairings} pairings, {protocol.interval_ms:g} ms apart, on {protocol.copies} synapses per"
        f" difference; published: {result.scenario.published.source}",
        "the change is that of the weight after all pairings, as a fraction of the first weight; bars are standard"
        " errors over the synapses, which differ by the random rounding of traces and weights",
    ]
    if len(zero):
        notes.append(
            f"at difference 0 both terms act, each with its whole impulse: {100 * float(zero[0]):+.1f} %; the fits"
            " leave that point out"
        )
    learning = result.energy.parts["learning"].value
    notes.append(
        f"learning takes {engineering(learning, 'J')} of {engineering(result.energy.total.value, 'J')} per pairing"
        f" ({result.chip.name}, {result.energy.constants})"
    )
    return notes


def stdp_table(result: StdpResult) -> Group:
    """Return the title, the fits beside what was published, and the notes."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for k, name in enumerate(_HEAD):
        shown.add_column(name, justify="left" if k == 0 else "right")
    for row in _rows(result):
        shown.add_row(*row)
    notes = Text("\n".join(_notes(result)))
    return Group(Text(result.scenario.scenario.title, style="bold"), Text(), shown, Text(), notes)


def window(result: StdpResult) -> Picture:
    """Draw weight change against spike-time difference, with both fits and the published curves."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.axhline(0, color=GREY, lw=0.8)
        axes.axvline(0, color=GREY, lw=0.8)
        axes.errorbar(
            result.difference, 100 * result.change, yerr=100 * result.error,
            fmt="o", markersize=3, lw=0.8, color=COLOURS[0], label="chip: mean and standard error",
        )  # fmt: skip
        span = float(np.abs(result.difference).max())
        for k, (sign, side) in enumerate(((1, result.plus), (-1, result.minus))):
            _curves(axes, np.linspace(0, span, 200), sign, side, labelled=k == 0)
        axes.set(
            title="Plasticity window",
            xlabel="spike after minus spike before the synapse (ms)",
            ylabel="change of the weight (%)",
        )
        axes.grid(color=LIGHT)
        axes.legend(loc="upper left")

    published = result.scenario.published.source
    caption = f"Weight change after {result.scenario.protocol.pairings} pairings. Published: {published}."
    return Picture("stdp-window", caption, canvas(4.2, draw))


def _curves(axes: Any, t: Any, sign: int, side: Side, labelled: bool) -> None:
    styles = (("fitted", side.fitted, COLOURS[1], "-"), ("published", side.published, COLOURS[2], "--"))
    for name, curve, colour, line in styles:
        values = 100 * curve.amplitude * np.exp(-t / curve.tau)
        axes.plot(sign * t, values, line, color=colour, lw=1.5, label=name if labelled else None)


def write_stdp(result: StdpResult, folder: Path) -> Path:
    """Write the report of a window into a folder; raises NeurosimError."""
    about = result.scenario.scenario
    line = f"{result.chip.title}, constants {result.energy.constants}, engine {result.run.engine}"
    parts = [section("Fits", table(_HEAD, _rows(result)), *(element("p", f"{note}.") for note in _notes(result)))]
    configuration = result.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")
    return write_page(folder, about.title, line, parts, [window(result)], result.as_dict(), configuration)
