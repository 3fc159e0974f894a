"""The hottest links of a mapping and the sources whose packets cross them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.metrics.edges import Edges
from neurosim.mapping.metrics.grid import Grid, Tile
from neurosim.mapping.metrics.loads import Loads, link_loads
from neurosim.mapping.metrics.traffic import traffic_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Link = tuple[str, int, int]


@dataclass(frozen=True)
class HotLink:
    """A link with its packets and those of each source that crosses it, most first.

    ``link`` is (direction, from tile, to tile), or ("edge E", chip, chip); ``causes`` are (source, packets), input
    lines numbered first.
    """

    link: Link
    packets: float
    causes: tuple[tuple[int, float], ...]


def hottest(edges: Edges, grid: Grid, cores: Ints, most: int = 5) -> tuple[list[HotLink], Loads]:
    """Return the links between tiles that carry most packets, the first first, and the loads of all links."""
    edges = edges if grid.ports else edges.without_inputs()
    loads = link_loads(traffic_of(edges, grid, cores))
    links, packets = loads.links, loads.between
    order = np.argsort(-packets, kind="stable")[:most]
    found = [HotLink(links[k], float(packets[k]), _causes(edges, grid, links[k])) for k in order if packets[k] > 0]
    return found, loads


def _causes(edges: Edges, grid: Grid, link: Link) -> tuple[tuple[int, float], ...]:
    """Return the packets of every source on a link, most first."""
    x, y = _homes(edges, grid)
    end_x, end_y = grid.tile_of(edges.core)
    edge = edges.edge
    tiles = _tiles(link, grid)
    if grid.hub is None:
        times = np.bincount(edge[_crosses(link[0][-1], tiles, x[edge], y[edge], end_x, end_y)], minlength=edges.n)
    else:
        hub_x, hub_y = (np.full(len(edge), place, dtype=np.int64) for place in grid.hub)
        there = _crosses(link[0][-1], tiles, x, y, hub_x[:1].repeat(edges.n), hub_y[:1].repeat(edges.n))
        below = _crosses(link[0][-1], tiles, hub_x, hub_y, end_x, end_y)
        times = there.astype(np.int64) + (np.bincount(edge[below], minlength=edges.n) > 0)
    packets = np.bincount(edges.source, weights=times * edges.weight)
    order = np.argsort(-packets, kind="stable")[: np.count_nonzero(packets)]
    return tuple(zip(order.tolist(), packets[order].tolist(), strict=True))


def _homes(edges: Edges, grid: Grid) -> tuple[Ints, Ints]:
    """Return the tile from which every hyperedge starts: that of its core, or of its port."""
    x, y = grid.tile_of(np.maximum(edges.home, 0))
    if not grid.ports:
        return x, y
    port = np.array(grid.ports, dtype=np.int64)[edges.source % len(grid.ports)]
    outside = edges.source < edges.n_inputs
    return np.where(outside, port[:, 0], x), np.where(outside, port[:, 1], y)


def _tiles(link: Link, grid: Grid) -> list[Tile]:
    """Return the tiles that a link leaves: one, or a side of a chip."""
    kind, start, _ = link
    if not kind.startswith("edge") or grid.chip is None:
        return [(start % grid.columns, start // grid.columns)]
    width, height = grid.chip
    across = grid.columns // width
    left, low = start % across * width, start // across * height
    xs, ys = range(left, left + width), range(low, low + height)
    side = {"E": (xs[-1:], ys), "W": (xs[:1], ys), "N": (xs, ys[-1:]), "S": (xs, ys[:1])}[kind[-1]]
    return [(x, y) for y in side[1] for x in side[0]]


def _crosses(direction: str, tiles: list[Tile], x: Ints, y: Ints, end_x: Ints, end_y: Ints) -> NDArray[np.bool_]:
    """Tell which packets leave one of some tiles in a direction on their way, first along the row."""
    crossing = np.zeros(len(x), dtype=np.bool_)
    for column, row in tiles:
        if direction in "EW":
            ahead = (x <= column) & (end_x > column) if direction == "E" else (x >= column) & (end_x < column)
            crossing |= (y == row) & ahead
        else:
            ahead = (y <= row) & (end_y > row) if direction == "N" else (y >= row) & (end_y < row)
            crossing |= (end_x == column) & ahead
    return crossing
