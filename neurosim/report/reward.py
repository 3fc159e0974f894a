"""How learning from reward is shown: how often the choice is right, with reward and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.report.engineering import engineering, percent
from neurosim.report.markup import element, section, table
from neurosim.report.page import write_page
from neurosim.report.picture import COLOURS, GREY, LIGHT, Picture, canvas
from neurosim.scenario.reward import RewardResult

_HEAD = ("trials", "right, with reward %", "right, never rewarded %")


def _rows(result: RewardResult) -> list[tuple[str, ...]]:
    pairs = zip(result.curve(result.right), result.curve(result.control), strict=True)
    return [(f"..{end}", percent(share), percent(other)) for (end, share), (_, other) in pairs]


def _notes(result: RewardResult) -> list[str]:
    task, energy = result.scenario.task, result.energy
    inference = energy.dynamic.value - energy.parts["learning"].value
    turned = f"; from trial {task.reversal} on the other answer is right" if task.reversal else ""
    return [
        f"{task.cues} cues, {result.actions} actions, {task.steps} steps per trial; praise or blame comes in step"
        f" {task.reward_step}, after the cue has gone{turned}",
        *(f"rule {rule}" for rule in result.rules),
        f"per trial, learning takes {engineering(energy.parts['learning'].value / task.trials, 'J')} and the rest"
        f" {engineering(inference / task.trials, 'J')} of dynamic energy ({result.chip.name}, {energy.constants})",
    ]


def reward_table(result: RewardResult) -> Group:
    """Return the title, a row per block of trials, and the notes."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in _HEAD:
        shown.add_column(name, justify="right")
    for row in _rows(result):
        shown.add_row(*row)
    return Group(
        Text(result.scenario.scenario.title, style="bold"), Text(), shown, Text(), Text("\n".join(_notes(result)))
    )


def choices(result: RewardResult) -> Picture:
    """Draw the fraction of right choices against trials."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for right, colour, name in (
            (result.right, COLOURS[0], "with reward"),
            (result.control, GREY, "never rewarded"),
        ):
            ends, shares = zip(*result.curve(right), strict=True)
            axes.plot(ends, [100 * share for share in shares], "o-", color=colour, label=name)
        reversal = result.scenario.task.reversal
        if reversal:
            axes.axvline(reversal, color=COLOURS[1], lw=1, ls="--", label="answers reversed")
        axes.axhline(100 / result.actions, color=LIGHT, lw=1)
        axes.set(title="Choice by reward", xlabel="trials", ylabel="right choices (%)", ylim=(-3, 103))
        axes.grid(color=LIGHT)
        axes.legend(loc="lower right")

    block = result.scenario.task.block
    return Picture("reward", f"Share of right choices in each block of {block} trials.", canvas(3.4, draw))


def write_reward(result: RewardResult, folder: Path) -> Path:
    """Write the report into a folder; raises NeurosimError."""
    about = result.scenario.scenario
    line = f"{about.model} on {result.chip.title}, constants {result.energy.constants}"
    parts = [section("Choices", table(_HEAD, _rows(result)), *(element("p", f"{note}.") for note in _notes(result)))]
    configuration = result.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")
    return write_page(folder, about.title, line, parts, [choices(result)], result.as_dict(), configuration)
