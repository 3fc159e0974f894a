"""The network of a chip for the generic path: packets go in, arrivals come out, event by event."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.exact import (
    AXON,
    CREATED,
    DELIVERED,
    DESTINATION,
    EVENTS,
    JOINED,
    LINK_FIELDS,
    PACKET_FIELDS,
    PACKETS,
    PAYLOAD,
    SOURCE,
    TOTALS,
    Traffic,
    Trees,
    advance,
    clear_links,
    keep_waiting,
    send,
    take,
)
from neurosim.engine.compiled.messages import Messages
from neurosim.engine.compiled.step import ENDPOINT_SHIFT
from neurosim.engine.compiled.wires import END_X, END_Y, Wires
from neurosim.engine.event.multicast import Forest

Ints = NDArray[np.int64]


def trees_of(forest: Forest | None) -> Trees:
    """Return the multicast routes of a chip as flat tables, empty for None."""
    routes = forest.leaves if forest is not None else []
    leaves = [leaf for route in routes for leaf in route]
    return Trees(
        forest.hub if forest is not None else -1,
        np.cumsum([0, *map(len, routes)]).astype(np.int64),
        np.array([leaf.endpoint for leaf in leaves], dtype=np.int64),
        np.array([leaf.axon for leaf in leaves], dtype=np.int64),
    )


@njit(cache=True)
def tree_sizes(ends: Ints, trees: Trees) -> Ints:
    """Return how many copies a packet of each route makes: one per link of its tree. Leaves are in column order."""
    sizes = np.zeros(len(trees.ptr) - 1, dtype=np.int64)
    hub_x, hub_y = ends[trees.hub, END_X], ends[trees.hub, END_Y]
    x, y = ends[trees.endpoint, END_X], ends[trees.endpoint, END_Y]
    for route in range(len(sizes)):
        first, last = trees.ptr[route], trees.ptr[route + 1]
        if first == last:
            continue
        size = 1 + last - first + max(x[last - 1], hub_x) - min(x[first], hub_x)
        while first < last:
            end = first
            while end < last and x[end] == x[first]:
                end += 1
            size += max(y[end - 1], hub_y) - min(y[first], hub_y)
            first = end
        sizes[route] = size
    return sizes


class Network:
    """A mesh that carries packets event by event; places of packets hold until ``forget``."""

    def __init__(self, wires: Wires, trees: Trees) -> None:
        self._wires, self._trees = wires, trees
        self._sizes = tree_sizes(wires.ends, trees) if trees.hub >= 0 else np.zeros(0, dtype=np.int64)
        self.links = np.zeros((len(wires.fixed), LINK_FIELDS), dtype=np.int64)
        self._totals = np.zeros(TOTALS, dtype=np.int64)
        self._arrived = np.zeros((len(wires.ends), 3), dtype=np.int64)
        self._packets = np.zeros((0, PACKET_FIELDS), dtype=np.int64)
        self._heap = np.zeros((0, 4), dtype=np.int64)
        self._next = np.zeros(len(wires.ends), dtype=np.int64)
        self._reserved = self._counted = 0
        self.reset()

    def reset(self) -> None:
        """Empty the network and set its counts to zero."""
        self.links[:, JOINED] = self._totals[:] = self._arrived[:] = self._reserved = self._counted = 0
        self._next[:] = np.arange(len(self._next)) << ENDPOINT_SHIFT
        clear_links(self._wires, self.links)

    @property
    def _traffic(self) -> Traffic:
        return Traffic(self._packets, self.links, self._heap, self._totals, self._arrived)

    def send(self, endpoint: int, m: Messages) -> Ints:
        """Let packets enter; returns their places."""
        trees = self._trees
        copies = int(self._sizes[m.axon[m.goal == trees.hub]].sum()) if trees.hub >= 0 else 0
        self._make_room(len(m.goal) + copies)
        numbers = self._next[endpoint] + np.cumsum(m.copies) - m.copies
        self._next[endpoint] += m.copies.sum()
        first = send(self._wires, self._traffic, numbers, endpoint, m.goal, m.axon, m.payload, m.time)
        return first + np.arange(len(m.goal))

    def _make_room(self, more: int) -> None:
        self._reserved += more
        room = len(self._packets)
        if self._reserved <= room:
            return
        grown = max(self._reserved, 2 * room, 1024)
        self._packets = np.concatenate([self._packets, np.zeros((grown - room, PACKET_FIELDS), dtype=np.int64)])
        heap = np.zeros((grown + len(self.links) + 1, 4), dtype=np.int64)
        heap[: len(self._heap)] = self._heap
        self._heap = heap

    def advance(self, time: int, priority: int) -> None:
        """Let everything happen that comes before (time, priority)."""
        advance(self._wires, self._trees, self._traffic, time, priority)

    def take(self, endpoint: int) -> tuple[Ints, Ints, Ints]:
        """Return axons, payloads and times of delivery of what arrived at an endpoint since the last call."""
        places = take(self._traffic, endpoint)
        taken = self._packets[places]
        return taken[:, AXON].copy(), taken[:, PAYLOAD].copy(), taken[:, DELIVERED].copy()

    def joined(self) -> Ints:
        """Return the number of packets that joined each link."""
        return self.links[:, JOINED].copy()

    def trace(self, places: Ints) -> Ints:
        """Return rows (source, destination, axon, created, delivered) of packets, delivered -1 for one under way."""
        rows = self._packets[places]
        return rows[:, [SOURCE, DESTINATION, AXON, CREATED, DELIVERED]]

    def forget(self) -> tuple[Ints, Ints] | None:
        """When nothing is under way: forget all packets but those that wait to be taken.

        Returns when those that reached a core since the last time were created and delivered (ps); trees end at
        cores, the hub is only a stop.
        """
        if self._totals[EVENTS]:
            return None
        rows = self._packets[self._counted : self._totals[PACKETS]]
        ended = (rows[:, DELIVERED] >= 0) & (rows[:, DESTINATION] != self._trees.hub)
        times = rows[ended, CREATED].copy(), rows[ended, DELIVERED].copy()
        self._counted = self._reserved = keep_waiting(self._traffic)
        return times
