"""The link map: packets per inference on every directed link of the mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from neurosim.report.floor import MAP, PORT, Floor, floor_of
from neurosim.report.group import Group
from neurosim.report.picture import Picture, canvas, plain_log
from neurosim.report.tables import link_places
from neurosim.scenario.result import RunResult

# Kinds of links between tiles: marker of the head, direction. Kinds at a tile: marker, place beside the middle.
_ARROWS = {"E": (">", (1, 0)), "W": ("<", (-1, 0)), "N": ("^", (0, 1)), "S": ("v", (0, -1))}
_ENTRIES = {"inject": ("^", -0.14), "eject": ("v", 0.14)}
_BESIDE, _TILE = 0.13, 0.28  # of the distance between two tiles: offset of a link, half a tile
_MANY_LINKS = 1500
_IDLE = "#c8c8c8"


def link_map(item: Group, name: str) -> Picture:
    """Draw packets per inference on every directed link, and what enters and leaves the mesh at each tile."""
    run = item.longest
    floor = floor_of(run)
    packets = run.run.activity.per_link / run.run.samples
    kinds = np.array([kind for kind, _, _ in run.run.activity.links])
    crossed = packets[~np.isin(kinds, list(_ENTRIES))]
    entries = {kind: _sums(run, packets, kind) for kind in _ENTRIES}

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        norm = _norm([*crossed.tolist(), *(value for sums in entries.values() for value in sums.values())])
        _tiles(axes, floor)
        _links(axes, run, floor, packets, norm)
        _entries(axes, floor, entries, norm)
        floor.lay_out(axes)
        axes.set_title(f"Packets per link: {item.label}, T = {run.steps}")
        bar = figure.colorbar(axes.collections[-1], ax=axes, label="packets per inference", shrink=0.8)
        if isinstance(norm, LogNorm):
            plain_log(bar.ax.yaxis)

    none = " No packet crosses a link between tiles." if not crossed.any() else ""
    caption = (
        "Packets per inference on each directed link; triangles inside a tile: up, packets that enter the mesh there; "
        f"down, packets that leave it. Grey: none. Orange frame: I/O port.{none}{floor.note}"
    )
    many = 4 * len(floor.columns) * len(floor.rows) > _MANY_LINKS
    return Picture(name, caption, canvas(floor.height, draw), dense=many)


def _tiles(axes: Any, floor: Floor) -> None:
    every = {(x, y) for x in floor.columns for y in floor.rows}
    for places, edge, width in ((every.difference(floor.ports), _IDLE, 0.8), (floor.ports, PORT, 1.5)):
        squares = [Rectangle((x - _TILE, y - _TILE), 2 * _TILE, 2 * _TILE) for x, y in sorted(places)]
        axes.add_collection(PatchCollection(squares, facecolor="#f7f7f7", edgecolor=edge, linewidth=width))


def _norm(packets: Sequence[float]) -> Normalize:
    used = [value for value in packets if value > 0]
    return LogNorm(min(*used, max(used) / 10), max(used)) if used else Normalize(0, 1)


def _links(axes: Any, run: RunResult, floor: Floor, packets: NDArray[np.float64], norm: Any) -> None:
    """One segment per link between tiles in view, grey where nothing passes; a head where something does."""
    places = [link_places(run, link)[0] for link in run.run.activity.links]
    for kind, (marker, (dx, dy)) in _ARROWS.items():
        chosen = [
            k
            for k, ((x, y), link) in enumerate(zip(places, run.run.activity.links, strict=True))
            if link[0] in (kind, f"edge {kind}") and x in floor.columns and y in floor.rows
        ]
        starts = np.array([places[k] for k in chosen], dtype=float).reshape(-1, 2)
        begin = starts + np.array([dx * _TILE - dy * _BESIDE, dy * _TILE + dx * _BESIDE])
        end = begin + np.array([dx, dy]) * (1 - 2 * _TILE)
        values, used = packets[chosen], packets[chosen] > 0
        idle = list(np.stack([begin[~used], end[~used]], axis=1))
        axes.add_collection(LineCollection(idle, colors="#d9d9d9", lw=0.03 * floor.points))
        busy = LineCollection(list(np.stack([begin[used], end[used]], axis=1)), lw=0.07 * floor.points)
        busy.set(array=values[used], cmap=MAP, norm=norm)
        axes.add_collection(busy)
        heads, size = end[used] - 0.06 * np.array([dx, dy]), (0.16 * floor.points) ** 2
        axes.scatter(*heads.T, c=values[used], cmap=MAP, norm=norm, marker=marker, s=size, zorder=3)


def _sums(run: RunResult, packets: NDArray[np.float64], kind: str) -> dict[tuple[int, int], float]:
    """Packets per inference that all endpoints of a tile inject, or eject."""
    sums: dict[tuple[int, int], float] = {}
    for link, value in zip(run.run.activity.links, packets.tolist(), strict=True):
        if link[0] == kind:
            place = link_places(run, link)[0]
            sums[place] = sums.get(place, 0.0) + value
    return sums


def _entries(axes: Any, floor: Floor, entries: Mapping[str, Mapping[tuple[int, int], float]], norm: Any) -> None:
    """Two triangles per tile with cores in use or ports: all that its endpoints inject and eject."""
    size = (0.2 * floor.points) ** 2
    for kind, (marker, dx) in _ENTRIES.items():
        used = {place: value for place, value in entries[kind].items() if value}
        idle = np.array([place for place in entries[kind] if place not in used], dtype=float).reshape(-1, 2)
        places = np.array(list(used), dtype=float).reshape(-1, 2)
        axes.scatter(idle[:, 0] + dx, idle[:, 1], c=_IDLE, marker=marker, s=size, zorder=3)
        colours = list(used.values())
        axes.scatter(places[:, 0] + dx, places[:, 1], c=colours, cmap=MAP, norm=norm, marker=marker, s=size, zorder=4)
