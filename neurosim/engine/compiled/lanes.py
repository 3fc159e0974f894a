"""The mesh of one chip lane by lane: every row eastward and westward, then every column northward and southward.

Dimension order lets a packet leave its row once, so the links of a lane can be taken one after another, each as a
server of a queue: it takes packets in the order (time, number) and starts each at the later of its arrival and the
link's ``free_at``. What reaches a link is a merge of two sequences that are in order, those that come along the lane
and those that enter it here. This is ``flow`` for meshes without edges between chips, at a fraction of the cost: all
sequences are contiguous, and the loops over packets choose by masks, as a branch that nobody can foresee costs more
than the work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.entries import Packets
from neurosim.engine.compiled.flow import Scratch, finds_full, write_down
from neurosim.engine.compiled.wires import (
    EAST,
    EJECT_LINK,
    END_X,
    END_Y,
    FAR_X,
    FAR_Y,
    FREE_AT,
    INJECT,
    INJECT_LINK,
    JOINED,
    KIND,
    LATENCY,
    NORTH,
    SERIALISATION,
    SOUTH,
    WEST,
    Wires,
)

Ints = NDArray[np.int64]

LOCAL = 4  # beside EAST, WEST, NORTH, SOUTH: where what is ejected comes from
_GOAL = (1 << 32) - 1


class Grid(NamedTuple):
    """The part of a mesh that packets may see: columns ``left``.. and rows ``low``.., ``width`` x ``height`` tiles.

    ``x`` and ``y`` int64[endpoints] are places of endpoints in that part, and those at its tile t are
    ``endpoint[tile_ptr[t]:tile_ptr[t + 1]]``. No link of the mesh is slower than ``slowest`` (ps), and it is ``plain``
    when it has no edges between chips.
    """

    left: int
    low: int
    width: int
    height: int
    x: Ints
    y: Ints
    tile_ptr: Ints
    endpoint: Ints
    slowest: int
    plain: bool


class Lanes(NamedTuple):
    """Sequences of packets: number k is ``begin[k]:begin[k + 1]`` of ``time`` (ps) and ``item``.

    An item is (packet << 32) + goal. Sequences are: what endpoint e sends in direction d, number 4 e + d; what turns
    at tile t of the grid, coming eastward (0) or westward (1) and going north (0) or south (1), ``turn`` + 4 t +
    2 c + g; what is ejected at endpoint e, by where it comes from, ``eject`` + 5 e + c; and the last one, which goes
    on along a lane. ``at`` are places to write to next. Beyond ``room`` times 3 there is room for three sequences more:
    one that goes along a lane, and two merged ones. ``entering[4 t + d]`` packets enter a lane at tile t, and
    ``lane[d, n]`` lane n in direction d. All arrays are int64.
    """

    room: int
    turn: int
    eject: int
    begin: Ints
    at: Ints
    time: Ints
    item: Ints
    entering: Ints
    lane: Ints


def grid_of(w: Wires) -> Grid:
    """Return the least part of a mesh in which all endpoints stand."""
    x, y = w.ends[:, END_X].copy(), w.ends[:, END_Y].copy()
    left, low, width, height = int(x.min()), int(y.min()), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1
    tile = x - left + width * (y - low)
    ptr = np.searchsorted(np.sort(tile), np.arange(width * height + 1)).astype(np.int64)
    order = np.argsort(tile, kind="stable").astype(np.int64)
    between = w.fixed[w.fixed[:, KIND] < INJECT]
    plain = bool(np.all(between[:, [FAR_X, FAR_Y]] >= 0))
    return Grid(left, low, width, height, x - left, y - low, ptr, order, int(w.fixed[:, LATENCY].max()), plain)


def lanes_of(room: int, grid: Grid) -> Lanes:
    """Return room for up to so many packets in a step."""
    endpoints, tiles = len(grid.endpoint), grid.width * grid.height
    turn, eject = 4 * endpoints, 4 * endpoints + 4 * tiles
    begin, at = np.zeros((2, eject + 5 * endpoints + 1), dtype=np.int64)
    time, item = np.zeros((2, 6 * room), dtype=np.int64)
    entering, lane = np.zeros(4 * tiles, dtype=np.int64), np.zeros((4, max(grid.width, grid.height)), dtype=np.int64)
    return Lanes(room, turn, eject, begin, at, time, item, entering, lane)


@njit(cache=True, inline="always")
def _choose(yes: int, no: int, condition: bool) -> int:
    """Return one of two integers without a branch."""
    return no ^ ((yes ^ no) & -int(condition))


@njit(cache=True)
def _count(g: Grid, packets: Packets, lanes: Lanes) -> None:
    """Find room for every sequence."""
    xs, ys, ptr, goal, width = g.x, g.y, packets.ptr, packets.goal, g.width
    begin, entering, lane, turn, eject = lanes.begin, lanes.entering, lanes.lane, lanes.turn, lanes.eject
    begin[:], entering[:], lane[:] = 0, 0, 0
    for endpoint in range(len(xs)):
        x, y = xs[endpoint], ys[endpoint]
        for p in range(ptr[endpoint], ptr[endpoint + 1]):
            to = goal[p]
            to_x, to_y = xs[to], ys[to]
            across, upright = to_x != x, to_y != y
            row_way = WEST if to_x < x else EAST
            column_way = SOUTH if to_y < y else NORTH
            if across:
                begin[4 * endpoint + row_way + 1] += 1
                entering[4 * (x + width * y) + row_way] += 1
                lane[row_way, y] += 1
                if upright:
                    begin[turn + 4 * (to_x + width * y) + 2 * row_way + column_way - NORTH + 1] += 1
            elif upright:
                begin[4 * endpoint + column_way + 1] += 1
            if upright:
                entering[4 * (to_x + width * y) + column_way] += 1
                lane[column_way, to_x] += 1
            last = column_way if upright else row_way if across else LOCAL
            begin[eject + 5 * to + last + 1] += 1
    for k in range(1, len(begin)):
        begin[k] += begin[k - 1]
    lanes.at[:] = begin


@njit(cache=True)
def _inject(w: Wires, g: Grid, links: Ints, packets: Packets, lanes: Lanes, journal: Ints) -> int:
    """Let all packets pass the injection links and put them into their sequences; returns how many links change."""
    xs, ys, fixed, ptr, goal, entry = g.x, g.y, w.fixed, packets.ptr, packets.goal, packets.time
    at, times, items, local = lanes.at, lanes.time, lanes.item, lanes.eject + LOCAL
    changed = 0
    for endpoint in range(len(xs)):
        if ptr[endpoint] == ptr[endpoint + 1]:
            continue
        x, y, link = xs[endpoint], ys[endpoint], w.ends[endpoint, INJECT_LINK]
        free, latency, serialisation = links[link, FREE_AT], fixed[link, LATENCY], fixed[link, SERIALISATION]
        changed = write_down(journal, changed, links, link)
        for p in range(ptr[endpoint], ptr[endpoint + 1]):
            start = max(entry[p], free)
            free = start + serialisation
            to = goal[p]
            way = _choose(EAST + int(xs[to] < x), NORTH + int(ys[to] < y), xs[to] != x)
            k = _choose(local + 5 * to, 4 * endpoint + way, (xs[to] == x) & (ys[to] == y))
            place = at[k]
            at[k] = place + 1
            times[place], items[place] = start + latency, (p << 32) + to
        links[link, FREE_AT] = free
        links[link, JOINED] += ptr[endpoint + 1] - ptr[endpoint]
    return changed


@njit(cache=True, inline="always")
def _merge(times: Ints, items: Ints, a: int, a_end: int, b: int, b_end: int, to: int) -> int:
    """Merge two sequences, of which none is empty, from place ``to`` on; returns where the result ends."""
    while a < a_end and b < b_end:
        time_a, time_b, item_a, item_b = times[a], times[b], items[a], items[b]
        first = (time_a < time_b) | ((time_a == time_b) & (item_a < item_b))
        times[to], items[to] = _choose(time_a, time_b, first), _choose(item_a, item_b, first)
        a += int(first)
        b += int(not first)
        to += 1
    for k in range(a, a_end):
        times[to], items[to] = times[k], items[k]
        to += 1
    for k in range(b, b_end):
        times[to], items[to] = times[k], items[k]
        to += 1
    return to


@njit(cache=True, inline="always")
def _joined(times: Ints, items: Ints, room: int, a: int, a_end: int, b: int, b_end: int) -> tuple[int, int]:
    """Return where two sequences stand as one: where one of them stands if the other is empty, else merged."""
    if a == a_end:
        return b, b_end
    if b == b_end:
        return a, a_end
    to = 5 * room if 4 * room <= a < 5 * room else 4 * room
    return to, _merge(times, items, a, a_end, b, b_end, to)


@njit(cache=True, inline="always")
def _entering(
    tile_ptr: Ints, endpoint: Ints, tile: int, way: int, turn: int, begin: Ints, times: Ints, items: Ints, room: int
) -> tuple[int, int]:
    """Return where the sequence stands of what enters a lane at a tile; ``turn`` is its first sequence of turns."""
    a = a_end = 0
    for k in range(tile_ptr[tile], tile_ptr[tile + 1]):
        number = 4 * endpoint[k] + way
        if begin[number] != begin[number + 1]:
            a, a_end = _joined(times, items, room, a, a_end, begin[number], begin[number + 1])
    if way >= NORTH:
        for number in range(turn + way - NORTH, turn + 4, 2):
            if begin[number] != begin[number + 1]:
                a, a_end = _joined(times, items, room, a, a_end, begin[number], begin[number + 1])
    return a, a_end


@njit(cache=True, inline="always")
def _serve_row(
    xs: Ints,
    ys: Ints,
    at: Ints,
    times: Ints,
    items: Ints,
    a: int,
    a_end: int,
    free: int,
    latency: int,
    serialisation: int,
    turn: int,
    eject: int,
    x: int,
    y: int,
) -> int:
    """Let a sequence pass a link that leads to column ``x`` of row ``y``; returns when the link is free.

    What goes on goes to the last sequence, what turns there to ``turn``, what is ejected to ``eject``.
    """
    along = len(at) - 1
    for i in range(a, a_end):
        start, item = max(times[i], free), items[i]
        free = start + serialisation
        goal = item & _GOAL
        to_y = ys[goal]
        k = _choose(eject + 5 * goal, turn + int(to_y < y), to_y == y)
        k = _choose(along, k, xs[goal] != x)
        place = at[k]
        at[k] = place + 1
        times[place], items[place] = start + latency, item
    return free


@njit(cache=True, inline="always")
def _serve_column(
    ys: Ints,
    at: Ints,
    times: Ints,
    items: Ints,
    a: int,
    a_end: int,
    free: int,
    latency: int,
    serialisation: int,
    eject: int,
    y: int,
) -> int:
    """Let a sequence pass a link that leads to row ``y``; see ``_serve_row``."""
    along = len(at) - 1
    for i in range(a, a_end):
        start, item = max(times[i], free), items[i]
        free = start + serialisation
        goal = item & _GOAL
        k = _choose(along, eject + 5 * goal, ys[goal] != y)
        place = at[k]
        at[k] = place + 1
        times[place], items[place] = start + latency, item
    return free


@njit(cache=True)
def _lanes(w: Wires, g: Grid, links: Ints, packets: Packets, lanes: Lanes, s: Scratch, way: int, changed: int) -> int:
    """Work the links of all rows or columns in one direction.

    Returns how many links have changed by now, -1 when a queue may have been full.
    """
    fixed, out, depth, columns, journal = w.fixed, w.out, w.depth, w.columns, s.journal
    at, begin, times, items, room = lanes.at, lanes.begin, lanes.time, lanes.item, lanes.room
    entering, lane, xs, ys, tile_ptr, endpoint = lanes.entering, lanes.lane, g.x, g.y, g.tile_ptr, g.endpoint
    in_row, forward, width, eject = way < NORTH, way in (EAST, NORTH), g.width, lanes.eject + way
    along, length = len(at) - 1, g.width if in_row else g.height
    for across in range(g.height if in_row else g.width):
        left, a, a_end = lane[way, across], 0, 0
        k = 0
        while left or a != a_end:
            here = k if forward else length - 1 - k
            behind = here + 1 if forward else here - 1
            x, y = (here, across) if in_row else (across, here)
            tile = x + width * y
            k += 1
            if entering[4 * tile + way]:
                left -= entering[4 * tile + way]
                turn = lanes.turn + 4 * tile
                b, b_end = _entering(tile_ptr, endpoint, tile, way, turn, begin, times, items, room)
                a, a_end = _joined(times, items, room, b, b_end, a, a_end)
            if a == a_end:
                continue
            link = out[g.left + x + columns * (g.low + y), way]
            latency, serialisation, free = fixed[link, LATENCY], fixed[link, SERIALISATION], links[link, FREE_AT]
            if 0 < depth < a_end - a and _may_be_full(w, g, packets, lanes, s, a, a_end, link, free, x, y):
                s.journal_size[0] = changed
                return -1
            changed = write_down(journal, changed, links, link)
            links[link, JOINED] += a_end - a
            # What goes on may be written where it was read: no packet goes on before it has come.
            at[along] = 3 * room
            if in_row:
                turn = lanes.turn + 4 * (behind + width * y) + 2 * way
                free = _serve_row(
                    xs, ys, at, times, items, a, a_end, free, latency, serialisation, turn, eject, behind, y
                )
            else:
                free = _serve_column(ys, at, times, items, a, a_end, free, latency, serialisation, eject, behind)
            links[link, FREE_AT] = free
            a, a_end = 3 * room, at[along]
    return changed


@njit(cache=True)
def _may_be_full(
    w: Wires,
    g: Grid,
    packets: Packets,
    lanes: Lanes,
    s: Scratch,
    a: int,
    a_end: int,
    link: int,
    free: int,
    x: int,
    y: int,
) -> bool:
    """Tell whether a sequence may find the queue of a link full, which leaves tile (x, y) of the grid.

    A packet takes its slot when it starts on the link before. Looked at first as if that were the slowest link, then
    as it is.
    """
    depth, n, times, serialisation = w.depth, a_end - a, lanes.time, w.fixed[link, SERIALISATION]
    started, taken = s.started[:n], s.taken[:n]
    for i in range(n):
        started[i] = max(times[a + i], free)
        free = started[i] + serialisation
    full = False
    for i in range(depth, n):
        full |= started[i - depth] >= times[a + i] - g.slowest
    if not full:
        return False
    for i in range(n):
        taken[i] = times[a + i] - _latency_before(w, g, packets.source[lanes.item[a + i] >> 32], x, y)
    return finds_full(taken, started, depth)


@njit(cache=True)
def _latency_before(w: Wires, g: Grid, source: int, x: int, y: int) -> int:
    """Return the latency of the link by which a packet reaches tile (x, y) of the grid."""
    from_x, from_y = g.x[source], g.y[source]
    if from_y != y:
        way, y = (NORTH, y - 1) if from_y < y else (SOUTH, y + 1)
    elif from_x != x:
        way, x = (EAST, x - 1) if from_x < x else (WEST, x + 1)
    else:
        return int(w.fixed[w.ends[source, INJECT_LINK], LATENCY])
    return int(w.fixed[w.out[g.left + x + w.columns * (g.low + y), way], LATENCY])


@njit(cache=True)
def _eject(w: Wires, g: Grid, links: Ints, packets: Packets, lanes: Lanes, s: Scratch, changed: int) -> int:
    """Let all packets leave the network; returns how many links have changed by now, -1 when a queue may be full."""
    fixed, time, begins, times, items = w.fixed, packets.time, lanes.begin, lanes.time, lanes.item
    arrived, begin, arrivals = packets.arrived, packets.begin, packets.arrivals
    delivered = 0
    for endpoint in range(len(begin)):
        k = lanes.eject + 5 * endpoint
        begin[endpoint], arrivals[endpoint] = delivered, begins[k + 5] - begins[k]
        if arrivals[endpoint] == 0:
            continue
        a, a_end = begins[k + LOCAL], begins[k + LOCAL + 1]
        if a_end - a > 1:
            _in_order(times[a:a_end], items[a:a_end])
        for way in range(LOCAL):
            a, a_end = _joined(times, items, lanes.room, a, a_end, begins[k + way], begins[k + way + 1])
        link = w.ends[endpoint, EJECT_LINK]
        latency, serialisation, free = fixed[link, LATENCY], fixed[link, SERIALISATION], links[link, FREE_AT]
        if 0 < w.depth < a_end - a and _may_be_full(
            w, g, packets, lanes, s, a, a_end, link, free, g.x[endpoint], g.y[endpoint]
        ):
            s.journal_size[0] = changed
            return -1
        changed = write_down(s.journal, changed, links, link)
        for i in range(a, a_end):
            start, p = max(times[i], free), items[i] >> 32
            free = start + serialisation
            time[p] = start + latency
            arrived[delivered] = p
            delivered += 1
        links[link, FREE_AT] = free
        links[link, JOINED] += a_end - a
    return changed


@njit(cache=True)
def _in_order(times: Ints, items: Ints) -> None:
    """Sort a sequence that joins a few ordered ones by (time, item)."""
    if len(times) > 64:
        order = np.argsort(times, kind="mergesort")  # items stand in ascending order, which a stable sort keeps
        times[:], items[:] = times[order], items[order]
        return
    for i in range(1, len(times)):
        time, item, at = times[i], items[i], i
        while at and (times[at - 1] > time or (times[at - 1] == time and items[at - 1] > item)):
            times[at], items[at] = times[at - 1], items[at - 1]
            at -= 1
        times[at], items[at] = time, item


@njit(cache=True)
def drive(w: Wires, g: Grid, links: Ints, packets: Packets, lanes: Lanes, s: Scratch) -> bool:
    """Carry all packets of one step to their goals; see ``flow``, whose part this takes on a mesh without edges."""
    _count(g, packets, lanes)
    changed = _inject(w, g, links, packets, lanes, s.journal)
    for way in range(4):
        changed = _lanes(w, g, links, packets, lanes, s, way, changed)
        if changed < 0:
            return False
    changed = _eject(w, g, links, packets, lanes, s, changed)
    if changed < 0:
        return False
    s.journal_size[0] = changed
    return True
