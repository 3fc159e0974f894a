"""Before and after: the floor plans of two runs side by side, in the same colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from numpy.typing import NDArray

from neurosim.report.diff import RunDiff
from neurosim.report.floor_plan import draw_floor, draw_links, segment
from neurosim.report.picture import WIDTH, Picture, canvas, plain_log
from neurosim.report.run_folder import StoredRun

_STEPS = {"E": (1, 0), "W": (-1, 0), "N": (0, 1), "S": (0, -1)}
_FEW_TILES = 256  # a mesh with more is shown around the cores in use
_SHARE, _AROUND, _HIGHEST = 0.42, 1.2, 8.0  # of the width for one plan; inches above and below; inches of tiles


@dataclass(frozen=True)
class _View:
    """The columns and rows of tiles in view, the same for both runs."""

    columns: range
    rows: range
    ports: tuple[tuple[int, int], ...] = ()

    @property
    def tile(self) -> float:
        """Inches of a tile."""
        return min(_SHARE * WIDTH / len(self.columns), _HIGHEST / len(self.rows))

    @property
    def points(self) -> float:
        """Points of a tile."""
        return 72 * self.tile


def floor_pair(diff: RunDiff, name: str) -> Picture:
    """Draw packets per inference on every link and dynamic energy per tile, before and after."""
    runs = (diff.before, diff.after)
    view = _view(runs)
    most = max(float(np.max(run.links["packets"], initial=0.0)) for run in runs)
    energies = [_energies(run) for run in runs]
    largest = max((value for energy in energies for value in energy.values()), default=0.0)

    def draw(figure: Any) -> None:
        panels = figure.subplots(1, 2, sharey=True)
        shown = None
        for axes, run, energy, when in zip(panels, runs, energies, ("before", "after"), strict=True):
            draw_floor(axes, view, energy, largest)
            drawn = draw_links(axes, view, *_segments(run, view), most or None)
            shown = drawn if drawn is not None else shown
            axes.set(xlabel="tile column", aspect="equal", title=f"{when}: mapper {run.entry['mapper']}")
            axes.set_xlim(view.columns[0] - 0.5, view.columns[-1] + 0.5)
            axes.set_ylim(view.rows[0] - 0.5, view.rows[-1] + 0.5)
            axes.set_xticks(view.columns[:: max(1, len(view.columns) // 8)])
            axes.set_yticks(view.rows[:: max(1, len(view.rows) // 8)])
            axes.spines[:].set_visible(False)
        panels[0].set_ylabel("tile row")
        if shown is not None:
            bar = figure.colorbar(shown, ax=list(panels), label="packets per link and inference", shrink=0.8)
            if isinstance(shown.norm, LogNorm):
                plain_log(bar.ax.yaxis)

    caption = f"{diff.before.label}. Tiles are as dark as their cores use dynamic energy, in the same scale."
    return Picture(name, caption, canvas(view.tile * len(view.rows) + _AROUND, draw))


def _view(runs: tuple[StoredRun, StoredRun]) -> _View:
    """Return the whole mesh, or of a large one what lies around the cores in use."""
    columns, rows = (
        range(1 + max(int(np.max(run.links[name], initial=0)) for run in runs)) for name in ("to_column", "to_row")
    )
    if len(columns) * len(rows) > _FEW_TILES:
        columns, rows = (_around(runs, name, every) for name, every in (("column", columns), ("row", rows)))
    return _View(columns, rows)


def _around(runs: tuple[StoredRun, StoredRun], name: str, every: range) -> range:
    used = np.concatenate([run.cores[name] for run in runs])
    return range(max(0, int(used.min()) - 1), min(len(every), int(used.max()) + 2))


def _energies(run: StoredRun) -> dict[tuple[int, int], float]:
    """Return the dynamic energy of the cores of every tile in use."""
    sums: dict[tuple[int, int], float] = {}
    table = run.cores
    for x, y, energy in zip(table["column"], table["row"], table["dynamic_energy_j"], strict=True):
        sums[int(x), int(y)] = sums.get((int(x), int(y)), 0.0) + float(energy)
    return sums


def _segments(run: StoredRun, view: _View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table, ends, packets = run.links, [], []
    for kind, x, y, value in zip(table["kind"], table["from_column"], table["from_row"], table["packets"], strict=True):
        step = _STEPS.get(str(kind).removeprefix("edge "))
        if step is not None and int(x) in view.columns and int(y) in view.rows:
            ends.append(segment(int(x), int(y), *step))
            packets.append(float(value))
    return np.array(ends, dtype=float).reshape(-1, 2, 2), np.array(packets, dtype=float)
