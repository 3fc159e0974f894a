"""Multicast trees worked tree by tree: what the event router sends on never meets other packets.

Packets come to the hub along its rows towards it, and leave it along its own row and then along columns, away from it:
no link serves both. Each link of the trees has one link before it, so all links see the packets in the order in which
they left the hub, and a packet's way down its tree can be worked out before the next one starts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.wires import (
    EAST,
    EJECT_LINK,
    END_X,
    END_Y,
    FREE_AT,
    INJECT_LINK,
    JOINED,
    LATENCY,
    NORTH,
    SERIALISATION,
    SOUTH,
    WEST,
    Wires,
)
from neurosim.engine.event.multicast import Forest

Ints = NDArray[np.int64]


class Trees(NamedTuple):
    """Multicast routes: leaves ``ptr[route]:ptr[route + 1]`` have an ``endpoint`` and an ``axon`` each.

    ``hub`` is the endpoint where trees begin, -1 on chips without. ``link_ptr[route]`` is where the links of a tree
    begin in ``link``; each comes after the one that feeds it, which is ``before`` places further up (0 = the hub's
    injection). ``leaf`` is the leaf at the end of an ejection link, -1 of other links.
    """

    hub: int
    ptr: Ints
    endpoint: Ints
    axon: Ints
    link_ptr: Ints
    link: Ints
    before: Ints
    leaf: Ints


def trees_of(forest: Forest | None, wires: Wires) -> Trees:
    """Return the multicast routes of a chip as flat tables, empty for None."""
    routes = forest.leaves if forest is not None else []
    leaves = [leaf for route in routes for leaf in route]
    ptr = np.cumsum([0, *map(len, routes)]).astype(np.int64)
    endpoint = np.array([leaf.endpoint for leaf in leaves], dtype=np.int64)
    axon = np.array([leaf.axon for leaf in leaves], dtype=np.int64)
    if forest is None:
        none = np.zeros(0, dtype=np.int64)
        return Trees(-1, np.zeros(0, dtype=np.int64), none, none, none, none, none, none)
    return Trees(forest.hub, ptr, endpoint, axon, *_links(forest.hub, ptr, endpoint, wires))


@njit(cache=True)
def _links(hub: int, ptr: Ints, endpoint: Ints, w: Wires) -> tuple[Ints, Ints, Ints, Ints]:
    """Return link_ptr, link, before and leaf of Trees. Leaves are in the order of columns, then rows."""
    ends, out, columns = w.ends, w.out, w.columns
    hub_x, hub_y = ends[hub, END_X], ends[hub, END_Y]
    link_ptr = np.zeros(len(ptr), dtype=np.int64)
    rows = len(out) // columns
    room = (len(ptr) - 1) * 16 + len(endpoint) * 2
    link, before, leaf = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    at = np.full(len(out), -1, dtype=np.int64)  # the place of the link that leads to each tile of the tree
    n = 0
    for route in range(len(ptr) - 1):
        first = n
        for k in range(ptr[route], ptr[route + 1]):
            if n + columns + rows + 1 > len(link):
                link, before, leaf = _twice(link), _twice(before), _twice(leaf)
            x, y = hub_x, hub_y
            goal_x, goal_y = ends[endpoint[k], END_X], ends[endpoint[k], END_Y]
            while (x, y) != (goal_x, goal_y):
                tile = x + columns * y
                if x != goal_x:
                    direction = EAST if goal_x > x else WEST
                    x += 1 if goal_x > x else -1
                else:
                    direction = NORTH if goal_y > y else SOUTH
                    y += 1 if goal_y > y else -1
                behind = x + columns * y
                if at[behind] < first:
                    link[n], leaf[n] = out[tile, direction], -1
                    before[n] = n - at[tile] if at[tile] >= first else 0
                    at[behind] = n
                    n += 1
            tile = goal_x + columns * goal_y
            link[n], leaf[n] = ends[endpoint[k], EJECT_LINK], k
            before[n] = n - at[tile] if at[tile] >= first else 0
            n += 1
        link_ptr[route + 1] = n
    return link_ptr, link[:n].copy(), before[:n].copy(), leaf[:n].copy()


@njit(cache=True)
def _twice(values: Ints) -> Ints:
    longer = np.empty(2 * len(values), dtype=np.int64)
    longer[: len(values)] = values
    return longer


@njit(cache=True)
def spread(
    w: Wires, trees: Trees, links: Ints, routes: Ints, times: Ints, arrived: Ints, leaves: Ints, ends: Ints
) -> int:
    """Carry packets that reach the hub, in that order, down their trees; ``links`` as in Wires.

    ``routes`` and ``times`` (ps) of the packets at the hub. Writes per copy that arrives the packet (its place in
    ``routes``), its leaf and its time of delivery; returns how many they are. Those at one endpoint are in order.
    """
    link_ptr, link, before, leaf, fixed = trees.link_ptr, trees.link, trees.before, trees.leaf, w.fixed
    gate = w.ends[trees.hub, INJECT_LINK]
    widest = 0
    for k in range(len(routes)):
        widest = max(widest, link_ptr[routes[k] + 1] - link_ptr[routes[k]])
    at = np.empty(widest, dtype=np.int64)
    n = 0
    for k in range(len(routes)):
        start = max(times[k], links[gate, FREE_AT])
        links[gate, FREE_AT] = start + fixed[gate, SERIALISATION]
        links[gate, JOINED] += 1
        first = link_ptr[routes[k]]
        behind_gate = start + fixed[gate, LATENCY]
        for i in range(first, link_ptr[routes[k] + 1]):
            this = link[i]
            joins = at[i - before[i] - first] if before[i] else behind_gate
            start = max(joins, links[this, FREE_AT])
            links[this, FREE_AT] = start + fixed[this, SERIALISATION]
            links[this, JOINED] += 1
            at[i - first] = start + fixed[this, LATENCY]
            if leaf[i] >= 0:
                arrived[n], leaves[n], ends[n] = k, leaf[i], at[i - first]
                n += 1
    return n
