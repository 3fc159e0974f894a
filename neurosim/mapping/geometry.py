"""Where tiles are and how far it is from one to another, as plain arrays that compiled searches read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Ways(NamedTuple):
    """The ways between tiles under dimension-ordered (X, then Y) routing.

    Tile = row * columns + column; ``x`` and ``y`` int64[tiles] give column and row back. ``hub`` is the tile that every
    packet passes, -1 where there is none. ``east`` int64[rows, columns + 1] counts the dead links to the east that
    start in a row left of a column, ``west`` those to the west; ``north`` and ``south`` int64[rows + 1, columns] those
    below a row. ``broken`` tells whether there is any dead link.
    """

    columns: int
    x: Ints
    y: Ints
    hub: int
    broken: bool
    east: Ints
    west: Ints
    north: Ints
    south: Ints


def ways_of(columns: int, rows: int, hub: int | None = None, dead_links: Iterable[tuple[int, int]] = ()) -> Ways:
    """Return the ways of a mesh; ``dead_links`` are directed, (from tile, to tile) of neighbours."""
    starts = np.zeros((4, rows, columns), dtype=np.int64)
    for start, end in dead_links:
        side = 0 if end == start + 1 else 1 if end == start - 1 else 2 if end > start else 3
        starts[side, start // columns, start % columns] = 1
    along = np.zeros((2, rows, columns + 1), dtype=np.int64)
    across = np.zeros((2, rows + 1, columns), dtype=np.int64)
    along[:, :, 1:], across[:, 1:, :] = np.cumsum(starts[:2], axis=2), np.cumsum(starts[2:], axis=1)
    tiles = np.arange(columns * rows)
    place = tiles % columns, tiles // columns
    return Ways(
        columns, *place, -1 if hub is None else hub, bool(starts.any()), along[0], along[1], across[0], across[1]
    )


def distances(ways: Ways, start: Ints | int, end: Ints | int) -> Ints:
    """Return the links between routers from tiles ``start`` to tiles ``end`` (broadcast); over the hub if any."""
    if ways.hub < 0:
        return _straight(ways, start, end)
    return _straight(ways, start, ways.hub) + _straight(ways, ways.hub, end)


def _straight(ways: Ways, start: Ints | int, end: Ints | int) -> Ints:
    links: Ints = np.abs(ways.x[start] - ways.x[end]) + np.abs(ways.y[start] - ways.y[end])
    return links


def dead_on_way(ways: Ways, start: Ints | int, end: Ints | int) -> Ints:
    """Return how many dead links the ways from tiles ``start`` to tiles ``end`` (broadcast) cross."""
    if ways.hub < 0:
        return _dead(ways, start, end)
    return _dead(ways, start, ways.hub) + _dead(ways, ways.hub, end)


def _dead(ways: Ways, start: Ints | int, end: Ints | int) -> Ints:
    x, y, u, v = ways.x[start], ways.y[start], ways.x[end], ways.y[end]
    along = np.where(u >= x, ways.east[y, u] - ways.east[y, x], ways.west[y, x + 1] - ways.west[y, u + 1])
    across = np.where(v >= y, ways.north[v, u] - ways.north[y, u], ways.south[y + 1, u] - ways.south[v + 1, u])
    dead: Ints = along + across
    return dead
