"""The network on chip as flat tables: what every link is, where it leads, and an order in which links can be worked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.event.mesh import Mesh, list_links

Ints = NDArray[np.int64]
Place = tuple[int, int]

EAST, WEST, NORTH, SOUTH, INJECT, EJECT = range(6)
_KINDS = {"E": EAST, "W": WEST, "N": NORTH, "S": SOUTH, "inject": INJECT, "eject": EJECT}


class Wires(NamedTuple):
    """Links in the order of ``list_links``, and where the endpoints are.

    Per link: ``latency`` and ``serialisation`` (ps), ``kind`` (direction of travel, INJECT or EJECT), ``edge``
    (between two chips) and the tile ``far_x``, ``far_y`` at its far end; of an edge only the coordinate that all its
    packets share. ``out`` int64[tiles, 4] is the link that leaves a tile in a direction, -1 for none; ``inject``,
    ``eject``, ``x`` and ``y`` belong to endpoints. ``depth`` is the number of slots of an entry queue, 0 = unbounded.
    """

    columns: int
    depth: int
    latency: Ints
    serialisation: Ints
    kind: Ints
    edge: NDArray[np.bool_]
    far_x: Ints
    far_y: Ints
    out: Ints
    inject: Ints
    eject: Ints
    x: Ints
    y: Ints


class Runs(NamedTuple):
    """The streams of packets between links: one per (link, link before), each in order of time by itself.

    ``order`` lists all links but injection so that a link comes after all that feed it (dimension order has no
    circle). The streams of a link are ``ptr[link]:ptr[link + 1]``; per stream ``rank`` is the place of its link in
    ``order`` and ``latency`` that of the link before. A packet at a tile takes the stream ``table`` int32[tiles,
    endpoints] of its goal, plus ``port`` int64[links] of the link before.
    """

    order: Ints
    rank: Ints
    ptr: Ints
    port: Ints
    table: NDArray[np.int32]
    latency: Ints


def wires_of(mesh: Mesh, chip: Place | None) -> Wires:
    """Return the tables of a mesh; ``chip`` is the (columns, rows) of one chip of a tiling."""
    layout = list_links(mesh.columns, mesh.rows, mesh.places, chip)
    n, endpoints = len(layout), len(mesh.places)
    far = np.full((n, 2), -1, dtype=np.int64)
    out = np.full((mesh.columns * mesh.rows, 4), -1, dtype=np.int64)
    inject, eject = np.zeros((2, endpoints), dtype=np.int64)
    kinds = np.array([_KINDS[name.removeprefix("edge ")] for name, _, _ in layout], dtype=np.int64)
    for link, (name, start, end) in enumerate(layout):
        if name == "eject":
            eject[end] = link
            continue
        if name == "inject":
            inject[start] = link
        else:
            out[_feeders(name, start, mesh.columns, chip), kinds[link]] = link
        far[link] = _landing(name, end, mesh.columns, chip)
    x, y = np.array(mesh.places, dtype=np.int64).reshape(-1, 2).T.copy()
    return Wires(
        mesh.columns,
        mesh.depth,
        np.array([link.latency for link in mesh.links], dtype=np.int64),
        np.array([link.serialisation for link in mesh.links], dtype=np.int64),
        kinds,
        np.array([name.startswith("edge") for name, _, _ in layout], dtype=np.bool_),
        far[:, 0].copy(),
        far[:, 1].copy(),
        out,
        inject,
        eject,
        x,
        y,
    )


def _corner(number: int, columns: int, chip: Place) -> Place:
    across = columns // chip[0]
    return number % across * chip[0], number // across * chip[1]


def _feeders(name: str, start: int, columns: int, chip: Place | None) -> list[int]:
    """Return the tiles from which a link between tiles or chips takes packets."""
    if not name.startswith("edge") or chip is None:
        return [start]
    left, low = _corner(start, columns, chip)
    xs, ys = range(left, left + chip[0]), range(low, low + chip[1])
    side = {"E": (xs[-1:], ys), "W": (xs[:1], ys), "N": (xs, ys[-1:]), "S": (xs, ys[:1])}[name[-1]]
    return [x + columns * y for y in side[1] for x in side[0]]


def _landing(name: str, end: int, columns: int, chip: Place | None) -> Place:
    """Return column and row of a link's far end; -1 for the one that an edge leaves to the packet."""
    if not name.startswith("edge") or chip is None:
        return end % columns, end // columns
    left, low = _corner(end, columns, chip)
    right, high = left + chip[0] - 1, low + chip[1] - 1
    return {"E": (left, -1), "W": (right, -1), "N": (-1, low), "S": (-1, high)}[name[-1]]


def runs_of(wires: Wires, layout: Sequence[tuple[str, int, int]], chip: Place | None) -> Runs:
    """Return the streams between the links of a mesh, whose links are ``layout`` (see ``list_links``)."""
    columns, tiles = wires.columns, len(wires.out)
    tile = wires.x + columns * wires.y
    local, port = np.zeros(tiles, dtype=np.int64), wires.kind.copy()
    for endpoint, where in enumerate(tile.tolist()):
        port[wires.inject[endpoint]] = 4 + local[where]
        local[where] += 1
    incoming = _incoming_latencies(wires, local, port, tile)
    out, eject = np.full((tiles, 4), -1, dtype=np.int64), np.zeros(len(tile), dtype=np.int64)
    ptr, latency = [0], [np.zeros(0, dtype=np.int64)]
    for link, (name, start, end) in enumerate(layout):
        total = ptr[-1]
        for where in [] if name == "inject" else _feeders(name, start, columns, chip):
            if name == "eject":
                eject[end] = total
            else:
                out[where, wires.kind[link]] = total
            total += len(incoming[where])
            latency.append(incoming[where])
        ptr.append(total)
    order = np.array(sorted(np.flatnonzero(wires.kind != INJECT), key=_position(wires, layout, chip)), dtype=np.int64)
    place = np.zeros(len(layout), dtype=np.int64)
    place[order] = np.arange(len(order))
    rank = np.repeat(place, np.diff(ptr))
    table = _table(wires, out, eject)
    return Runs(order, rank, np.array(ptr, dtype=np.int64), port, table, np.concatenate(latency))


def _table(wires: Wires, out: Ints, eject: Ints) -> NDArray[np.int32]:
    """Return the stream by which a packet leaves each tile for each goal: along the row, then along the column."""
    tiles, x, y = np.arange(len(out)), wires.x, wires.y
    here_x, here_y = (tiles % wires.columns)[:, None], (tiles // wires.columns)[:, None]
    direction = np.where(y > here_y, NORTH, np.where(y < here_y, SOUTH, EJECT))
    direction = np.where(x > here_x, EAST, np.where(x < here_x, WEST, direction))
    along = np.take_along_axis(out, np.minimum(direction, SOUTH), axis=1)
    return np.where(direction == EJECT, eject, along).astype(np.int32)


def _incoming_latencies(wires: Wires, local: Ints, port: Ints, tile: Ints) -> list[Ints]:
    """Return for every tile the latencies of the links that lead to it, by port: four directions, then endpoints."""
    incoming = [np.zeros(4 + int(k), dtype=np.int64) for k in local]
    columns, rows = wires.columns, len(wires.out) // wires.columns
    for link in np.flatnonzero(wires.kind < INJECT).tolist():
        x, y = int(wires.far_x[link]), int(wires.far_y[link])
        for column in range(columns) if x < 0 else [x]:
            for row in range(rows) if y < 0 else [y]:
                # Edges of several chips end in one column or row; all have the same latency.
                incoming[column + columns * row][port[link]] = wires.latency[link]
    for endpoint, where in enumerate(tile.tolist()):
        link = wires.inject[endpoint]
        incoming[where][port[link]] = wires.latency[link]
    return incoming


def _position(wires: Wires, layout: Sequence[tuple[str, int, int]], chip: Place | None):  # type: ignore[no-untyped-def]
    """Return a key that puts columns first, each direction from where it begins, then rows, then ejection."""
    columns = wires.columns

    def key(link: int) -> tuple[int, int]:
        kind = int(wires.kind[link])
        if kind == EJECT:
            return 2, 0
        first = _feeders(layout[link][0], layout[link][1], columns, chip)[0]
        x, y = first % columns, first // columns
        return kind // 2, (x, -x, y, -y)[kind]

    return key


@njit(cache=True, inline="always")
def way_on(w: Wires, link: int, source: int, destination: int) -> tuple[int, int]:
    """Return the tile behind a link and the direction (EJECT at the goal) in which a packet leaves it."""
    x, y = w.far_x[link], w.far_y[link]
    if w.edge[link]:  # dimension order keeps the packet's own row, and later its own column
        if x < 0:
            x = w.x[destination]
        else:
            y = w.y[source]
    tile = x + w.columns * y
    if w.x[destination] != x:
        return tile, EAST if w.x[destination] > x else WEST
    if w.y[destination] != y:
        return tile, NORTH if w.y[destination] > y else SOUTH
    return tile, EJECT
