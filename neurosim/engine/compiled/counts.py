"""The network model "counts": hops and link loads exact, every packet as fast as on an empty network.

It is what the exact network gives when no link takes time to serialise and no queue is bounded. An entry then always
takes the same time, and what passes a link follows from how often each entry was sent.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.flat import Arrivals
from neurosim.engine.compiled.entries import AXON, GOAL, SENT, TIME, Entries, Packets
from neurosim.engine.compiled.lanes import Grid
from neurosim.engine.compiled.trees import Trees
from neurosim.engine.compiled.wires import (
    EAST,
    EJECT,
    EJECT_LINK,
    INJECT_LINK,
    JOINED,
    LATENCY,
    NORTH,
    SOUTH,
    WEST,
    Wires,
    way_on,
)

Ints = NDArray[np.int64]


@njit(cache=True)
def measure(w: Wires, g: Grid, e: Entries) -> None:
    """Work out the times of all entries."""
    nobody = np.zeros((len(w.fixed), JOINED + 1), dtype=np.int64)
    if g.plain:
        _latencies(w, g, e)
        return
    for k in range(len(e.way)):
        e.way[k, TIME] = _walk(w, nobody, e.source[k], e.way[k, GOAL], 0)


@njit(cache=True)
def measure_trees(w: Wires, trees: Trees) -> Ints:
    """Return the time from the hub to each leaf of all trees (ps)."""
    down = np.zeros(len(trees.endpoint), dtype=np.int64)
    for route in range(len(trees.ptr) - 1):
        gate = w.fixed[w.ends[trees.hub, INJECT_LINK], LATENCY]
        at = np.zeros(trees.link_ptr[route + 1] - trees.link_ptr[route], dtype=np.int64)
        for i in range(len(at)):
            link = trees.link_ptr[route] + i
            above = at[i - trees.before[link]] if trees.before[link] else gate
            at[i] = above + w.fixed[trees.link[link], LATENCY]
            if trees.leaf[link] >= 0:
                down[trees.leaf[link]] = at[i]
    return down


@njit(cache=True)
def _latencies(w: Wires, g: Grid, e: Entries) -> None:
    """Work out the times of all entries on a mesh without edges, from what a whole lane takes up to each tile."""
    taken = np.zeros((4, g.height, g.width), dtype=np.int64)
    for y in range(g.height):
        for x in range(g.width):
            out = w.out[g.left + x + w.columns * (g.low + y)]
            if x + 1 < g.width:
                taken[EAST, y, x + 1] = taken[EAST, y, x] + w.fixed[out[EAST], LATENCY]
            if y + 1 < g.height:
                taken[NORTH, y + 1, x] = taken[NORTH, y, x] + w.fixed[out[NORTH], LATENCY]
            if x > 0:
                taken[WEST, y, x] = taken[WEST, y, x - 1] + w.fixed[out[WEST], LATENCY]
            if y > 0:
                taken[SOUTH, y, x] = taken[SOUTH, y - 1, x] + w.fixed[out[SOUTH], LATENCY]
    for k in range(len(e.way)):
        source, goal = e.source[k], e.way[k, GOAL]
        x, y, to_x, to_y = g.x[source], g.y[source], g.x[goal], g.y[goal]
        across, along = EAST if to_x > x else WEST, NORTH if to_y > y else SOUTH
        time = abs(taken[across, y, to_x] - taken[across, y, x]) + abs(taken[along, to_y, to_x] - taken[along, y, to_x])
        first, last = w.ends[source, INJECT_LINK], w.ends[goal, EJECT_LINK]
        e.way[k, TIME] = w.fixed[first, LATENCY] + time + w.fixed[last, LATENCY]


@njit(cache=True)
def _walk(w: Wires, links: Ints, source: int, goal: int, packets: int) -> int:
    """Follow the way between two endpoints, and count packets on its links; returns the time it takes (ps)."""
    link = w.ends[source, INJECT_LINK]
    time = w.fixed[link, LATENCY]
    links[link, JOINED] += packets
    while True:
        tile, direction = way_on(w.fixed, w.ends, link, source, goal, w.columns)
        link = w.ends[goal, EJECT_LINK] if direction == EJECT else w.out[tile, direction]
        time += w.fixed[link, LATENCY]
        links[link, JOINED] += packets
        if direction == EJECT:
            return int(time)


@njit(cache=True)
def deal(packets: Packets, arrivals: Arrivals, first: int, last: int, goals: Ints, any_order: bool) -> None:
    """Write the packets of one step as what arrives at endpoints first..last-1.

    They are in the order of time at each endpoint, or in ``any_order`` and without times. ``goals`` is room for
    counting, int64[endpoints] at least.
    """
    n, goal, time, axon, payload = packets.ptr[-1], packets.goal, packets.time, packets.axon, packets.payload
    begin, number = arrivals.begin, arrivals.count
    to_axon, to_payload, to_time = arrivals.axon, arrivals.payload, arrivals.time
    goals[:] = 0
    for p in range(n):
        goals[goal[p]] += 1
    total = 0
    for endpoint in range(last):
        here = goals[endpoint]
        if endpoint >= first:
            begin[endpoint], number[endpoint], goals[endpoint] = total, here, total
        total += here
    for p in range(n):
        if first <= goal[p] < last:
            at = goals[goal[p]]
            goals[goal[p]] = at + 1
            to_axon[at], to_payload[at] = axon[p], payload[p]
            if not any_order:
                to_time[at] = time[p]
    if not any_order:
        for endpoint in range(first, last):
            if number[endpoint] > 1:
                places = slice(begin[endpoint], begin[endpoint] + number[endpoint])
                _sort(to_time[places], to_axon[places], to_payload[places])


@njit(cache=True)
def _sort(time: Ints, axon: Ints, payload: Ints) -> None:
    """Sort arrivals by time; those of one time stay in the order of their numbers."""
    order = np.argsort(time, kind="mergesort")
    time[:], axon[:], payload[:] = time[order], axon[order], payload[order]


@njit(cache=True)
def count_latencies(e: Entries, bins: Ints) -> Ints:
    """Count what was sent since the last ``settle`` by its time to the goal (ps), in a network without trees.

    Returns rows (time, packets) of the times that ``bins`` have no place for.
    """
    slow = 0
    for k in range(len(e.way)):
        time, packets = e.way[k, TIME], e.way[k, SENT]
        if time < len(bins):
            bins[time] += packets
        elif packets:
            slow += 1
    rows = np.empty((slow, 2), dtype=np.int64)
    for k in range(len(e.way)):
        if e.way[k, TIME] >= len(bins) and e.way[k, SENT]:
            slow -= 1
            rows[slow] = e.way[k, TIME], e.way[k, SENT]
    return rows


@njit(cache=True)
def settle(w: Wires, g: Grid, trees: Trees, e: Entries, links: Ints) -> None:
    """Add what was sent since the last call to the packets that have joined each link."""
    if g.plain:
        _settle_lanes(w, g, e, links)
    for k in range(len(e.way)):
        packets = e.way[k, SENT]
        if packets == 0:
            continue
        e.way[k, SENT] = 0
        if not g.plain:
            _walk(w, links, e.source[k], e.way[k, GOAL], packets)
        if e.way[k, GOAL] == trees.hub:
            links[w.ends[trees.hub, INJECT_LINK], JOINED] += packets
            for i in range(trees.link_ptr[e.way[k, AXON]], trees.link_ptr[e.way[k, AXON] + 1]):
                links[trees.link[i], JOINED] += packets


@njit(cache=True)
def _settle_lanes(w: Wires, g: Grid, e: Entries, links: Ints) -> None:
    """Count on a mesh without edges: packets that begin to use a lane at a tile, less those that leave it there."""
    grown = np.zeros((4, g.height, g.width), dtype=np.int64)
    for k in range(len(e.way)):
        packets = e.way[k, SENT]
        if packets == 0:
            continue
        x, y, to_x, to_y = g.x[e.source[k]], g.y[e.source[k]], g.x[e.way[k, GOAL]], g.y[e.way[k, GOAL]]
        across, along = EAST if to_x > x else WEST, NORTH if to_y > y else SOUTH
        grown[across, y, x] += packets
        grown[across, y, to_x] -= packets
        grown[along, y, to_x] += packets
        grown[along, to_y, to_x] -= packets
        links[w.ends[e.source[k], INJECT_LINK], JOINED] += packets
        links[w.ends[e.way[k, GOAL], EJECT_LINK], JOINED] += packets
    for way in range(4):
        for across in range(g.height if way < NORTH else g.width):
            packets, length = 0, g.width if way < NORTH else g.height
            for k in range(length - 1):
                here = k if way in (EAST, NORTH) else length - 1 - k
                x, y = (here, across) if way < NORTH else (across, here)
                packets += grown[way, y, x]
                links[w.out[g.left + x + w.columns * (g.low + y), way], JOINED] += packets


@njit(cache=True)
def fall(trees: Trees, down: Ints, routes: Ints, times: Ints, arrived: Ints, leaves: Ints, ends: Ints) -> int:
    """Do as ``spread`` of the exact network."""
    n = 0
    for k in range(len(routes)):
        for leaf in range(trees.ptr[routes[k]], trees.ptr[routes[k] + 1]):
            arrived[n], leaves[n], ends[n] = k, leaf, times[k] + down[leaf]
            n += 1
    return n
