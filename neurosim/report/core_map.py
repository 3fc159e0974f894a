"""The core map: dynamic energy of every core in use at its place on the chip."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from neurosim.report.engineering import digits, scaled
from neurosim.report.floor import MAP, PORT, Floor, floor_of
from neurosim.report.group import Group
from neurosim.report.picture import DARK, LIGHT, Picture, canvas
from neurosim.scenario.result import RunResult

_READABLE = 24  # points that a core must have across for a figure on it


def core_map(item: Group, name: str) -> Picture:
    """Draw the dynamic energy of every core in use; tiles are framed, their cores side by side."""
    run = item.longest
    floor = floor_of(run)
    factor, unit = scaled(float(run.energy.per_core.max(initial=0)), "J")
    image = core_image(run) * factor

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        across, down = cells(run.chip.cores_per_tile)
        extent = (-0.5, run.chip.columns - 0.5, -0.5, run.chip.rows - 0.5)
        axes.set_facecolor(LIGHT)
        drawn = axes.imshow(image, origin="lower", extent=extent, cmap=MAP, vmin=0, interpolation="nearest")
        _frames(axes, floor)
        if floor.points / across >= _READABLE:
            _values(axes, image, across, down)
        floor.lay_out(axes)
        axes.set_title(f"Dynamic energy per core: {item.label}, T = {run.steps}")
        figure.colorbar(drawn, ax=axes, label=f"energy per inference ({unit})", shrink=0.8)

    used = f"{len(run.program.cores)} of {run.chip.n_existing_cores} cores in use"
    caption = (
        f"{used}; grey cores are not, the orange frame is a tile with an I/O port. The energy of packets on the mesh "
        f"and static energy are in no core's figure.{floor.note}"
    )
    return Picture(name, caption, canvas(floor.height, draw))


def cells(cores: int) -> tuple[int, int]:
    """Return how many cores of a tile stand side by side and how many rows that takes, as square as can be."""
    across = math.ceil(math.sqrt(cores))
    return across, math.ceil(cores / across)


def core_image(run: RunResult) -> NDArray[np.float64]:
    """Dynamic energy (J) on the grid of all cores, NaN where a core is not in use; row 0 is tile row 0.

    A tile takes ``cells`` columns and rows; its cores stand in the order of their numbers, row by row.
    """
    across, down = cells(run.chip.cores_per_tile)
    image = np.full((run.chip.rows * down, run.chip.columns * across), np.nan)
    for k, (core, energy) in enumerate(zip(run.program.cores.tolist(), run.energy.per_core, strict=True)):
        column, row = run.program.position(k)
        slot = core % run.chip.cores_per_tile
        image[row * down + slot // across, column * across + slot % across] = energy
    return image


def _values(axes: Any, image: NDArray[np.float64], across: int, down: int) -> None:
    high = np.nanmax(image)
    for y, x in np.argwhere(~np.isnan(image)):
        place = (-0.5 + (x + 0.5) / across, -0.5 + (y + 0.5) / down)
        colour = "white" if image[y, x] > high / 2 else DARK
        axes.text(*place, digits(float(image[y, x])), ha="center", va="center", fontsize=7, color=colour)


def _frames(axes: Any, floor: Floor) -> None:
    width = min(1.5, 0.03 * floor.points)
    for x in floor.columns:
        axes.axvline(x - 0.5, color="white", lw=width)
    for y in floor.rows:
        axes.axhline(y - 0.5, color="white", lw=width)
    for x, y in floor.ports:
        axes.add_patch(Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, fill=False, edgecolor=PORT, lw=width))
