"""Figures over runs: accuracy and energy by steps, energy by component, step durations, spikes of a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, ScalarFormatter

from neurosim.report.compare_figures import comparison_pictures
from neurosim.report.core_map import core_map
from neurosim.report.engineering import engineering, scaled
from neurosim.report.group import Group, group, slug
from neurosim.report.link_map import link_map
from neurosim.report.picture import DARK, GREY, LIGHT, WIDTH, Picture, canvas, cycle, plain_log
from neurosim.report.raster import raster
from neurosim.report.tables import step_seconds
from neurosim.results.energy import COMPONENTS
from neurosim.scenario.result import RunResult, ScenarioResult

# One colour per component; static power is grey because no activity causes it.
_COMPONENT_COLOURS = dict(
    zip(
        COMPONENTS,
        ("#0072B2", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#E69F00", "#b3b3b3", "#D55E00"),
        strict=True,
    )
)
Style = dict[str, Any]
_LINES: tuple[Style, ...] = (
    {"linestyle": "-", "marker": "o"},
    {"linestyle": "--", "marker": "s"},
    {"linestyle": ":", "marker": "^"},
    {"linestyle": "-.", "marker": "D"},
)
_WIDE = 20  # ratio of step durations from which an axis is logarithmic
_LEGEND_ROW, _LEGEND_MARK, _LETTER = 0.2, 0.62, 0.075  # inches: height of a row; width of a mark and of a letter
_DODGE = 0.05  # octaves between two chips at the same number of steps
_Z95 = 1.959964  # two-sided 95 % of the normal distribution


def pictures(result: ScenarioResult) -> list[Picture]:
    """Return every figure of a result; raster and maps show the run with the most steps of each chip."""
    groups = group(result.runs)
    if not groups:
        return []
    drawn = [*comparison_pictures(result), energy_breakdown(groups), accuracy_by_steps(groups)]
    if len(result.runs) > 1:
        drawn.append(trade_off(groups))
    drawn.append(step_duration(groups))
    for item in groups:
        kinds = {"raster": raster, "cores": core_map}
        if item.longest.run.activity.links:
            kinds["links"] = link_map
        drawn += [draw(item, f"{kind}-{slug(item.label)}") for kind, draw in kinds.items()]
    return drawn


def energy_breakdown(groups: Sequence[Group]) -> Picture:
    """Draw energy per inference by component: joules with the band on the left, shares on the right."""
    rows = [(f"{item.label}, T = {run.steps}", run) for item in groups for run in item.runs]

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        factor, unit = scaled(max(run.energy.total.high for _, run in rows), "J")
        _stack(left, [run for _, run in rows], [factor] * len(rows))
        _stack(right, [run for _, run in rows], [_share(run) for _, run in rows])
        _band(left, [run for _, run in rows], factor)
        left.set(title="Energy per inference", xlabel=f"energy ({unit})")
        left.set_yticks(range(len(rows)), [label for label, _ in rows])
        left.invert_yaxis()
        right.set(title="Shares", xlabel="share of the energy (%)", xlim=(0, 100))
        _legend(figure, left)

    caption = "Energy per inference by component, modelled; black bars: the band from low to high."
    return Picture("energy", caption, canvas(1.6 + 0.34 * len(rows), draw))


def _share(run: RunResult) -> float:
    total = run.energy.total.value
    return 100 / total if total else 0.0


def _stack(axes: Any, runs: Sequence[RunResult], factors: Sequence[float]) -> None:
    left = np.zeros(len(runs))
    for name, colour in _COMPONENT_COLOURS.items():
        width = np.array([run.energy.parts[name].value * f for run, f in zip(runs, factors, strict=True)])
        if width.any():
            axes.barh(range(len(runs)), width, left=left, color=colour, label=name, height=0.7)
        left += width


def _band(axes: Any, runs: Sequence[RunResult], factor: float) -> None:
    totals = [run.energy.total for run in runs]
    values = np.array([total.value for total in totals]) * factor
    error = np.array([[t.value - t.low for t in totals], [t.high - t.value for t in totals]]) * factor
    axes.errorbar(values, range(len(runs)), xerr=error, fmt="none", ecolor="black", elinewidth=1.2, capsize=3)
    for row, total in enumerate(totals):
        axes.annotate(
            engineering(total.value, "J"),
            (total.high * factor, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            color=DARK,
        )
    axes.set_xlim(0, max(total.high for total in totals) * factor * 1.25 or 1)


def accuracy_by_steps(groups: Sequence[Group]) -> Picture:
    """Draw accuracy against the number of input steps: published, in floating point, and on every chip."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        runs = [run for item in groups for run in item.runs]
        published = {run.steps: run.published_accuracy for run in runs if run.published_accuracy is not None}
        floating = {(run.model, run.steps): run.reference_accuracy for run in runs}
        _line(axes, published, "published", color="black", linestyle=":", marker="x")
        for model in dict.fromkeys(run.model for run in runs):
            points = {steps: value for (name, steps), value in floating.items() if name == model}
            _line(axes, points, f"{model}, float", color=GREY, linestyle="--", marker="s")
        for k, (item, style) in enumerate(zip(groups, styles(groups), strict=True)):
            _chip_line(axes, item, style, 2 ** (_DODGE * (k - (len(groups) - 1) / 2)))
        axes.set(title="Accuracy against input steps", xlabel="input steps T", ylabel="accuracy (%)")
        _steps_axis(axes, [run.steps for run in runs])
        axes.grid(color=LIGHT)
        _legend(figure, axes)

    caption = (
        "Share of samples classified correctly. Bars: 95 % Wilson interval of the chip's accuracy for its number of "
        "samples; published figures stand for their author's samples."
    )
    return Picture("accuracy", caption, canvas(3.4, draw))


def _line(axes: Any, points: dict[int, float], label: str, **style: Any) -> None:
    if points:
        steps = sorted(points)
        axes.plot(steps, [100 * points[step] for step in steps], label=label, markersize=5, **style)


def _chip_line(axes: Any, item: Group, style: Style, aside: float) -> None:
    values = np.array([run.accuracy for run in item.runs])
    around = np.array([wilson(run.accuracy, run.run.samples) for run in item.runs])
    error = 100 * np.abs(around - values[:, None]).T
    steps = [run.steps * aside for run in item.runs]
    axes.errorbar(steps, 100 * values, yerr=error, **style, markersize=4, capsize=3, label=item.label)


def styles(groups: Sequence[Group]) -> list[Style]:
    """Return how to draw each group: one colour per chip and one kind of line per model, if that tells them apart."""
    pairs = [(item.chip.name, item.longest.model) for item in groups]
    if len(set(pairs)) < len(pairs):
        return [{"color": colour, "linestyle": "-", "marker": "o"} for colour in cycle(len(groups))]
    chips, models = (list(dict.fromkeys(names)) for names in zip(*pairs, strict=True))
    colours = cycle(len(chips))
    return [{"color": colours[chips.index(chip)], **_LINES[models.index(model) % len(_LINES)]} for chip, model in pairs]


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of n trials (E. B. Wilson, JASA 22, 209, 1927)."""
    scale = 1 / (1 + _Z95**2 / n)
    middle = (share + _Z95**2 / (2 * n)) * scale
    half = _Z95 * math.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n * n)) * scale
    return min(middle - half, share), max(middle + half, share)


def trade_off(groups: Sequence[Group]) -> Picture:
    """Draw accuracy against energy per inference, one line per chip, one point per number of steps."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        factor, unit = scaled(max(run.energy.total.high for item in groups for run in item.runs), "J")
        for item, style in zip(groups, styles(groups), strict=True):
            _trade_off_line(axes, item, style, factor)
        axes.set(title="Accuracy against energy", xlabel=f"energy per inference ({unit})", ylabel="accuracy (%)")
        axes.set_xscale("log")
        plain_log(axes.xaxis)
        axes.margins(x=0.08, y=0.15)
        axes.grid(color=LIGHT)
        _legend(figure, axes)

    steps = ", ".join(str(steps) for steps in sorted({run.steps for item in groups for run in item.runs}))
    caption = f"What accuracy costs; a point for each number of input steps T = {steps}; bars: the band of the energy."
    return Picture("trade-off", caption, canvas(3.4, draw))


def _trade_off_line(axes: Any, item: Group, style: Style, factor: float) -> None:
    totals = [run.energy.total for run in item.runs]
    x = [total.value * factor for total in totals]
    y = [100 * run.accuracy for run in item.runs]
    error = [[(t.value - t.low) * factor for t in totals], [(t.high - t.value) * factor for t in totals]]
    axes.errorbar(x, y, xerr=error, **style, markersize=4, capsize=3, label=item.label)
    for run, *place in zip(item.runs, x, y, strict=True) if len(item.runs) > 1 else ():
        axes.annotate(f"T = {run.steps}", place, (5, -11), textcoords="offset points", color=style["color"])


def step_duration(groups: Sequence[Group]) -> Picture:
    """Draw how long every step takes: mean over samples, and the range from the shortest to the longest."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        seconds = [step_seconds(item.longest) for item in groups]
        factor, unit = scaled(max(float(values.max()) for values in seconds), "s")
        for item, values, style in zip(groups, seconds, styles(groups), strict=True):
            steps = np.arange(values.shape[1])
            low, mean, high = (row * factor for row in (values.min(axis=0), values.mean(axis=0), values.max(axis=0)))
            axes.fill_between(steps, low, high, color=style["color"], alpha=0.2, lw=0)
            axes.plot(steps, mean, **style, markersize=3, label=f"{item.label}, T = {item.longest.steps}")
        means = [float(values.mean()) for values in seconds]
        if max(means) > _WIDE * min(means):
            axes.set_yscale("log")
            plain_log(axes.yaxis)
        else:
            axes.set_ylim(bottom=0)
        axes.set(title="Duration of each step", xlabel="step of the chip", ylabel=f"duration ({unit})")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(color=LIGHT)
        _legend(figure, axes)

    caption = "Simulated time of each step: mean over the samples, shaded from the shortest to the longest."
    return Picture("step-duration", caption, canvas(3.0, draw))


def _steps_axis(axes: Any, steps: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(steps))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())


def _legend(figure: Any, axes: Any) -> None:
    """Put the legend under the axes, in as many rows as its labels need; the picture grows by the rows."""
    handles, labels = axes.get_legend_handles_labels()
    columns = int(WIDTH / (_LEGEND_MARK + _LETTER * max(map(len, labels), default=0)))
    columns = max(1, min(columns, len(COMPONENTS), len(labels)))
    figure.set_figheight(figure.get_figheight() + _LEGEND_ROW * (math.ceil(len(labels) / columns) - 1))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
