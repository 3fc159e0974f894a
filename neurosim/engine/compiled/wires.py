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


# Columns of Wires.fixed: FAR_X and FAR_Y are the tile at a link's far end; an edge between chips has -1 for the one
# that differs from packet to packet.
LATENCY, SERIALISATION, KIND, FAR_X, FAR_Y = range(5)
# The first columns of the links' state: when a link is free again (ps), and how many packets have joined it.
FREE_AT, JOINED = range(2)
# Columns of Wires.ends.
INJECT_LINK, EJECT_LINK, END_X, END_Y = range(4)


class Wires(NamedTuple):
    """Links in the order of ``list_links``, and where the endpoints are.

    ``fixed`` int64[links, 5]: latency and serialisation (ps), kind (direction of travel, INJECT or EJECT), far end.
    ``ends`` int64[endpoints, 4]: injection and ejection link, column and row. ``out`` int64[tiles, 4] is the link that
    leaves a tile in a direction, -1 for none. ``depth`` is the number of slots of an entry queue, 0 = unbounded.
    """

    columns: int
    depth: int
    fixed: Ints
    ends: Ints
    out: Ints


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
    fixed, ends = np.full((len(layout), 5), -1, dtype=np.int64), np.zeros((len(mesh.places), 4), dtype=np.int64)
    out = np.full((mesh.columns * mesh.rows, 4), -1, dtype=np.int64)
    fixed[:, LATENCY] = [link.latency for link in mesh.links]
    fixed[:, SERIALISATION] = [link.serialisation for link in mesh.links]
    fixed[:, KIND] = [_KINDS[name.removeprefix("edge ")] for name, _, _ in layout]
    ends[:, [END_X, END_Y]] = mesh.places
    for link, (name, start, end) in enumerate(layout):
        if name == "eject":
            ends[end, EJECT_LINK] = link
            continue
        if name == "inject":
            ends[start, INJECT_LINK] = link
        else:
            out[_feeders(name, start, mesh.columns, chip), fixed[link, KIND]] = link
        fixed[link, [FAR_X, FAR_Y]] = _landing(name, end, mesh.columns, chip)
    return Wires(mesh.columns, mesh.depth, fixed, ends, out)


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
    tile = wires.ends[:, END_X] + columns * wires.ends[:, END_Y]
    local, port = np.zeros(tiles, dtype=np.int64), wires.fixed[:, KIND].copy()
    for endpoint, where in enumerate(tile.tolist()):
        port[wires.ends[endpoint, INJECT_LINK]] = 4 + local[where]
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
                out[where, wires.fixed[link, KIND]] = total
            total += len(incoming[where])
            latency.append(incoming[where])
        ptr.append(total)
    order = np.array(
        sorted(np.flatnonzero(wires.fixed[:, KIND] != INJECT), key=_position(wires, layout, chip)), dtype=np.int64
    )
    place = np.zeros(len(layout), dtype=np.int64)
    place[order] = np.arange(len(order))
    rank = np.repeat(place, np.diff(ptr))
    table = _table(wires, out, eject)
    return Runs(order, rank, np.array(ptr, dtype=np.int64), port, table, np.concatenate(latency))


def no_runs() -> Runs:
    """Return no streams, for a network that is not worked link by link."""
    none = np.zeros(0, dtype=np.int64)
    return Runs(none, none, np.zeros(1, dtype=np.int64), none, np.zeros((0, 0), dtype=np.int32), none)


def _table(wires: Wires, out: Ints, eject: Ints) -> NDArray[np.int32]:
    """Return the stream by which a packet leaves each tile for each goal: along the row, then along the column."""
    tiles, x, y = np.arange(len(out)), wires.ends[:, END_X], wires.ends[:, END_Y]
    here_x, here_y = (tiles % wires.columns)[:, None], (tiles // wires.columns)[:, None]
    direction = np.where(y > here_y, NORTH, np.where(y < here_y, SOUTH, EJECT))
    direction = np.where(x > here_x, EAST, np.where(x < here_x, WEST, direction))
    along = np.take_along_axis(out, np.minimum(direction, SOUTH), axis=1)
    return np.where(direction == EJECT, eject, along).astype(np.int32)


def _incoming_latencies(wires: Wires, local: Ints, port: Ints, tile: Ints) -> list[Ints]:
    """Return for every tile the latencies of the links that lead to it, by port: four directions, then endpoints."""
    incoming = [np.zeros(4 + int(k), dtype=np.int64) for k in local]
    columns, rows = wires.columns, len(wires.out) // wires.columns
    for link in np.flatnonzero(wires.fixed[:, KIND] < INJECT).tolist():
        x, y = int(wires.fixed[link, FAR_X]), int(wires.fixed[link, FAR_Y])
        for column in range(columns) if x < 0 else [x]:
            for row in range(rows) if y < 0 else [y]:
                # Edges of several chips end in one column or row; all have the same latency.
                incoming[column + columns * row][port[link]] = wires.fixed[link, LATENCY]
    for endpoint, where in enumerate(tile.tolist()):
        link = wires.ends[endpoint, INJECT_LINK]
        incoming[where][port[link]] = wires.fixed[link, LATENCY]
    return incoming


def _position(wires: Wires, layout: Sequence[tuple[str, int, int]], chip: Place | None):  # type: ignore[no-untyped-def]
    """Return a key that puts columns first, each direction from where it begins, then rows, then ejection."""
    columns = wires.columns

    def key(link: int) -> tuple[int, int]:
        kind = int(wires.fixed[link, KIND])
        if kind == EJECT:
            return 2, 0
        first = _feeders(layout[link][0], layout[link][1], columns, chip)[0]
        x, y = first % columns, first // columns
        return kind // 2, (x, -x, y, -y)[kind]

    return key


@njit(cache=True)
def way_on(fixed: Ints, ends: Ints, link: int, source: int, goal: int, columns: int) -> tuple[int, int]:
    """Return the tile behind a link and the direction (EJECT at the goal) in which a packet leaves it."""
    # Beyond an edge, dimension order keeps the packet's own row, and later its own column.
    x = fixed[link, FAR_X] if fixed[link, FAR_X] >= 0 else ends[goal, END_X]
    y = fixed[link, FAR_Y] if fixed[link, FAR_Y] >= 0 else ends[source, END_Y]
    tile = x + columns * y
    if ends[goal, END_X] != x:
        return tile, EAST if ends[goal, END_X] > x else WEST
    if ends[goal, END_Y] != y:
        return tile, NORTH if ends[goal, END_Y] > y else SOUTH
    return tile, EJECT
