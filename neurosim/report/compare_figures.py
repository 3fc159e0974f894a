"""Figures of a comparison: energy and latency of every run on logarithmic axes, and energy per synaptic operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from neurosim.report.compare import is_comparison, ordered
from neurosim.report.engineering import engineering, scaled
from neurosim.report.per_operation import per_operation, stated
from neurosim.report.picture import COLOURS, DARK, GREY, LIGHT, Picture, canvas
from neurosim.results import Band
from neurosim.scenario.result import RunResult, ScenarioResult

_DYNAMIC, _TOTAL, _TIME = COLOURS[0], COLOURS[1], COLOURS[2]
_STATED = {"documented": "D", "derived": "d", "estimated": "x"}  # markers of a descriptor's figures
_ROW, _MARGIN = 0.3, 1.3  # inches
_HEADING = 0.9  # rows that a model's name takes
_ABOVE = 0.28  # rows by which a descriptor's figure stands above the points of its run


class Rows:
    """Runs under each other, a heading over every model and number of steps, and what was refused."""

    def __init__(self, result: ScenarioResult) -> None:
        self.runs: list[tuple[float, RunResult]] = []
        self.headings: list[tuple[float, str]] = []
        self.refused: list[tuple[float, str]] = []
        self.height = 0.0
        for (model, steps), members in groupby(ordered(result.runs), key=lambda run: (run.model, run.steps)):
            self._heading(f"{model}, T = {steps}")
            self.runs += [(self._next(), run) for run in members]
            self.refused += [(self._next(), item.chip) for item in result.refusals if item.model == model]
        for model, refused in groupby(result.refusals, key=lambda item: item.model):
            if model not in {run.model for run in result.runs}:
                self._heading(model)
                self.refused += [(self._next(), item.chip) for item in refused]

    def _heading(self, text: str) -> None:
        self.height += _HEADING
        self.headings.append((self.height - 0.3, text))

    def _next(self) -> float:
        self.height += 1
        return self.height - 0.5

    def lay_out(self, axes: Any, unit: str, room: float, first: bool = True) -> None:
        """Label rows and axis, with room at the right as a share of the axis; the first of panels has the names."""
        places = [*((y, run.chip.name) for y, run in self.runs), *self.refused]
        axes.set_ylim(self.height, 0)
        axes.set_yticks([y for y, _ in places], [name for _, name in places])
        axes.tick_params(axis="y", length=0)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: _plain(value, unit))
        _limits(axes, room)
        axes.grid(axis="x", color=LIGHT)
        for y, _ in places:
            axes.axhline(y, color=LIGHT, lw=0.6, zorder=0)
        for y, _ in self.refused:
            axes.text(0.02, y, "refused", transform=axes.get_yaxis_transform(), color=GREY, va="center", style="italic")
        for y, text in self.headings if first else ():
            axes.annotate(
                text, (0, y), (-4, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                ha="right", va="center", weight="bold", color=DARK, annotation_clip=False,
            )  # fmt: skip


def comparison_pictures(result: ScenarioResult) -> list[Picture]:
    """Return the figures of a comparison, none where there is nothing to compare."""
    return [comparison(result), operation(result)] if is_comparison(result) and result.runs else []


def comparison(result: ScenarioResult) -> Picture:
    """Draw dynamic and total energy per inference with their bands, and latency beside them, on logarithmic axes."""
    rows = Rows(result)

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.7, 1))
        _points(left, rows, lambda run: run.energy.dynamic, "J", _DYNAMIC, "o", "dynamic")
        _points(left, rows, lambda run: run.energy.total, "J", _TOTAL, "s", "total", figures=True)
        _points(right, rows, _until_p99, "s", _TIME, "o", "", figures=True)
        rows.lay_out(left, "J", 0.2)
        rows.lay_out(right, "s", 0.35, first=False)
        left.set_title("Energy per inference")
        right.set_title("Latency per inference")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)

    caption = (
        "Logarithmic axes. Energy: dynamic and in all, modelled; bars: the band, in which figures without a known "
        "range have no part. Latency: mean, bar to the 99th percentile."
    )
    return Picture("comparison", caption, canvas(_MARGIN + _ROW * rows.height, draw))


def _until_p99(run: RunResult) -> Band:
    mean = run.latency.mean
    return Band(mean, mean, max(mean, run.latency.p99))


def operation(result: ScenarioResult) -> Picture:
    """Draw energy over synaptic operations for every run beside the figures of the chips' descriptors."""
    rows = Rows(result)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        _points(axes, rows, lambda run: per_operation(run, run.energy.dynamic), "J", _DYNAMIC, "o", "dynamic / ops")
        _points(axes, rows, lambda run: per_operation(run, run.energy.total), "J", _TOTAL, "s", "total / ops")
        for confidence, marker in _STATED.items():
            for total in (False, True):
                _stated(axes, rows, confidence, marker, total)
        rows.lay_out(axes, "J", 0.03)
        axes.set_title("Energy per synaptic operation")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5)

    caption = (
        "Energy of an inference over its synaptic operations. Above the points: what the descriptor states for one "
        "operation, in every constant set and level. Dynamic energy also holds neuron updates, spikes and packets."
    )
    if any(item.total for run in result.runs for item in stated(run.chip)):
        caption += " Stated total: all power of the chip over all operations, at the point that its source names."
    return Picture("operation", caption, canvas(_MARGIN + _ROW * rows.height, draw))


def _stated(axes: Any, rows: Rows, confidence: str, marker: str, total: bool) -> None:
    places = [
        (item.figure.si, y - _ABOVE)
        for y, run in rows.runs
        for item in stated(run.chip)
        if (item.figure.confidence, item.total) == (confidence, total) and item.figure.value
    ]
    if places:
        colour, kind = (_TOTAL, "total, ") if total else ("black", "")
        axes.scatter(*np.array(places).T, marker=marker, color=colour, s=22, lw=1, label=f"stated, {kind}{confidence}")


def _points(
    axes: Any,
    rows: Rows,
    band_of: Callable[[RunResult], Band | None],
    unit: str,
    colour: str,
    marker: str,
    label: str,
    figures: bool = False,
) -> None:
    """Draw one point with its band per run; what is zero has no place on a logarithmic axis and is left out."""
    found = [(y, band) for y, run in rows.runs if (band := band_of(run)) and band.value > 0]
    if not found:
        return
    values = np.array([band.value for _, band in found])
    low = np.array([band.low if band.low > 0 else band.value for _, band in found])
    error = [values - low, [band.high - band.value for _, band in found]]
    places: Sequence[float] = [y for y, _ in found]
    axes.errorbar(
        values, places, xerr=error, fmt=marker, color=colour, markersize=5, capsize=3, label=label or None, zorder=3
    )
    for y, band in found if figures else ():
        axes.annotate(
            engineering(band.value, unit), (band.high, y), (6, 0), textcoords="offset points", va="center", color=DARK
        )


def _limits(axes: Any, room: float) -> None:
    low, high = np.log10(axes.dataLim.intervalx)
    if np.isfinite([low, high]).all():
        width = max(high - low, 0.5) / (0.97 - room)
        axes.set_xlim(10 ** (low - 0.03 * width), 10 ** (high + room * width))


def _plain(value: float, unit: str) -> str:
    """Write a tick of an axis: ``10 µJ``."""
    factor, prefixed = scaled(value, unit)
    return f"{value * factor:g} {prefixed}" if value > 0 else ""
