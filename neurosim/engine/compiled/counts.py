"""The network model "counts": hops and link loads exact, every packet as fast as on an empty network.

It is what the exact network gives when no link takes time to serialise and no queue is bounded. An entry then always
takes the same time, and what passes a link follows from how often each entry was sent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.entries import Entries, Packets
from neurosim.engine.compiled.trees import Trees
from neurosim.engine.compiled.wires import (
    EJECT,
    EJECT_LINK,
    INJECT_LINK,
    JOINED,
    LATENCY,
    Wires,
    way_on,
)

Ints = NDArray[np.int64]


class Tally(NamedTuple):
    """Per entry the time to its goal ``latency`` (ps) and how often it was ``sent``; per leaf of a tree the time from
    the hub ``down`` (ps). Empty for the exact network."""

    latency: Ints
    sent: Ints
    down: Ints


def no_tally() -> Tally:
    """Return what the exact network needs: nothing."""
    none = np.zeros(0, dtype=np.int64)
    return Tally(none, none, none)


@njit(cache=True)
def tally_of(w: Wires, trees: Trees, e: Entries) -> Tally:
    """Work out the times of all entries and leaves."""
    nobody = np.zeros((len(w.fixed), JOINED + 1), dtype=np.int64)
    latency = np.zeros(len(e.goal), dtype=np.int64)
    for k in range(len(latency)):
        latency[k] = _walk(w, nobody, e.source[k], e.goal[k], 0)
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
    return Tally(latency, np.zeros(len(latency), dtype=np.int64), down)


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
def count(t: Tally, packets: Packets) -> None:
    """Carry all packets of one step: writes time, arrived, begin and arrivals; see Packets."""
    n, entry, goal, time = packets.ptr[-1], packets.entry, packets.goal, packets.time
    arrived, begin, arrivals = packets.arrived, packets.begin, packets.arrivals
    latency, sent = t.latency, t.sent
    arrivals[:] = 0
    for p in range(n):
        time[p] += latency[entry[p]]
        sent[entry[p]] += 1
        arrivals[goal[p]] += 1
    total = 0
    for endpoint in range(len(begin)):
        begin[endpoint] = total
        total += arrivals[endpoint]
    for p in range(n):
        arrived[begin[goal[p]]] = p
        begin[goal[p]] += 1
    for endpoint in range(len(begin)):
        begin[endpoint] -= arrivals[endpoint]
        if arrivals[endpoint] > 1:
            _in_order(arrived[begin[endpoint] : begin[endpoint] + arrivals[endpoint]], time)


@njit(cache=True)
def _in_order(arrived: Ints, time: Ints) -> None:
    """Sort packets by time; those of one time stay in the order of their numbers."""
    if len(arrived) > 64:
        arrived[:] = arrived[np.argsort(time[arrived], kind="mergesort")]
        return
    for i in range(1, len(arrived)):
        p, at = arrived[i], i
        while at and time[arrived[at - 1]] > time[p]:
            arrived[at] = arrived[at - 1]
            at -= 1
        arrived[at] = p


@njit(cache=True)
def settle(w: Wires, trees: Trees, e: Entries, t: Tally, links: Ints) -> None:
    """Add what was sent since the last call to the packets that have joined each link."""
    for k in range(len(t.sent)):
        packets = t.sent[k]
        if packets == 0:
            continue
        t.sent[k] = 0
        _walk(w, links, e.source[k], e.goal[k], packets)
        if e.goal[k] == trees.hub:
            links[w.ends[trees.hub, INJECT_LINK], JOINED] += packets
            for i in range(trees.link_ptr[e.axon[k]], trees.link_ptr[e.axon[k] + 1]):
                links[trees.link[i], JOINED] += packets


@njit(cache=True)
def count_down(t: Tally, trees: Trees, routes: Ints, times: Ints, arrived: Ints, leaves: Ints, ends: Ints) -> int:
    """Do as ``spread`` of the exact network."""
    n = 0
    for k in range(len(routes)):
        for leaf in range(trees.ptr[routes[k]], trees.ptr[routes[k] + 1]):
            arrived[n], leaves[n], ends[n] = k, leaf, times[k] + t.down[leaf]
            n += 1
    return n
