"""How learning on the chip is shown: accuracy before, during and after, and what learning costs beside inference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.report.engineering import engineering, percent, scaled
from neurosim.report.figures import wilson
from neurosim.report.markup import element, section, table
from neurosim.report.page import write_page
from neurosim.report.picture import COLOURS, GREY, LIGHT, Picture, canvas
from neurosim.results.energy import COMPONENTS
from neurosim.scenario.online import OnlineResult, Phase, phases

_HEAD = ("", "images", "accuracy %", "inference", "learning", "static", "total", "latency")


def _rows(result: OnlineResult) -> list[tuple[str, ...]]:
    return [(name, *_figures(phase)) for name, phase in phases(result).items()]


def _figures(phase: Phase) -> tuple[str, ...]:
    latency = float(phase.run.times.step_ends[:, -1].mean()) * 1e-12
    energies = phase.inference, phase.learning, phase.energy.static.value, phase.energy.total.value
    return (
        f"{phase.run.samples:,}",
        percent(phase.accuracy),
        *(engineering(value, "J") for value in energies),
        engineering(latency, "s"),
    )


def _notes(result: OnlineResult) -> list[str]:
    return [
        "energies and latency per image; inference is the dynamic energy of all that is not learning",
        "before and after: test images, learning off; during: training images, each answered by what was learned from"
        " those before it",
        *(f"rule {rule}" for rule in result.rules),
        f"learning adds {percent(result.during.learning / result.during.inference)} % to the dynamic energy of an image"
        f" ({result.chip.name}, {result.after.energy.constants})",
    ]


def online_table(result: OnlineResult) -> Group:
    """Return the title, a row per phase, and the notes."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for k, name in enumerate(_HEAD):
        shown.add_column(name, justify="left" if k == 0 else "right")
    for row in _rows(result):
        shown.add_row(*row)
    return Group(
        Text(result.scenario.scenario.title, style="bold"), Text(), shown, Text(), Text("\n".join(_notes(result)))
    )


def curve(result: OnlineResult) -> Picture:
    """Draw accuracy against images seen, between the accuracies before and after."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        seen, share = zip(*result.curve, strict=True) if result.curve else ((), ())
        block = result.scenario.training.block
        around = [wilson(value, block) for value in share]
        error = [[100 * (s - low) for s, (low, _) in zip(share, around, strict=True)]]
        error.append([100 * (high - s) for s, (_, high) in zip(share, around, strict=True)])
        shares = [100 * value for value in share]
        axes.errorbar(
            seen, shares, yerr=error, fmt="o-", capsize=3, color=COLOURS[0], label=f"blocks of {block} images"
        )
        last = len(result.during.right)
        for x, phase, colour in ((0, result.before, GREY), (last, result.after, COLOURS[1])):
            name = "test images, before" if x == 0 else "test images, after"
            axes.plot([x], [100 * phase.accuracy], "s", color=colour, label=name, zorder=3)
        axes.set(title="Accuracy while learning", xlabel="training images seen", ylabel="accuracy (%)", ylim=(0, 100))
        axes.grid(color=LIGHT)
        axes.legend(loc="lower right")

    caption = "Bars: 95 % Wilson intervals. Training images are answered before they are learned from."
    return Picture("learning-curve", caption, canvas(3.6, draw))


def energies(result: OnlineResult) -> Picture:
    """Draw the dynamic energy per image by component, phase by phase."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        found = phases(result)
        factor, unit = scaled(max(phase.energy.dynamic.value for phase in found.values()), "J")
        left = [0.0] * len(found)
        for k, name in enumerate(c for c in COMPONENTS if c not in ("static", "host")):
            values = [factor * phase.energy.parts[name].value for phase in found.values()]
            if any(values):
                axes.barh(list(found), values, left=left, color=COLOURS[k % len(COLOURS)], label=name)
                left = [a + b for a, b in zip(left, values, strict=True)]
        axes.invert_yaxis()
        axes.set(title="Dynamic energy per image", xlabel=f"energy ({unit})")
        axes.legend(loc="lower right")

    return Picture("learning-energy", "Learning stands apart from what inference costs.", canvas(2.6, draw))


def write_online(result: OnlineResult, folder: Path) -> Path:
    """Write the report into a folder; raises NeurosimError."""
    about = result.scenario.scenario
    line = f"{about.model} on {result.chip.title}, constants {result.after.energy.constants}, T = {about.steps}"
    parts = [section("Phases", table(_HEAD, _rows(result)), *(element("p", f"{note}.") for note in _notes(result)))]
    configuration = result.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")
    pictures = [curve(result), energies(result)]
    return write_page(folder, about.title, line, parts, pictures, result.as_dict(), configuration)
