"""One step of the network: link by link where that is exact, else event by event."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.exact import (
    DELIVERED,
    PACKET_FIELDS,
    TOTALS,
    Traffic,
    Trees,
    advance,
    send,
    take,
)
from neurosim.engine.compiled.flow import Packets, Scratch, flow
from neurosim.engine.compiled.wires import Runs, Wires

Ints = NDArray[np.int64]
FOREVER = 1 << 62
ENDPOINT_SHIFT = 32  # packet numbers: endpoint first, then the order of sending within the step


@njit(cache=True)
def carry(w: Wires, runs: Runs, trees: Trees, links: Ints, packets: Packets, scratch: Scratch) -> bool:
    """Carry the packets of one step to their goals, see Packets; returns whether queues were full."""
    if w.depth == 0:
        return not flow(w, runs, links, packets, scratch)
    before = links[:, :2].copy()
    if flow(w, runs, links, packets, scratch):
        return False
    links[:, :2] = before
    _carry_exactly(w, trees, links, packets)
    return True


@njit(cache=True)
def _carry_exactly(w: Wires, trees: Trees, links: Ints, packets: Packets) -> None:
    endpoints, n = len(w.ends), packets.ptr[-1]
    traffic = Traffic(
        np.empty((n, PACKET_FIELDS), np.int64),
        links,
        np.empty((n + len(links) + 1, 4), np.int64),
        np.zeros(TOTALS, np.int64),
        np.zeros((endpoints, 3), np.int64),
    )
    for e in range(endpoints):
        here = slice(packets.ptr[e], packets.ptr[e + 1])
        numbers = (e << ENDPOINT_SHIFT) + np.arange(packets.ptr[e + 1] - packets.ptr[e])
        send(
            w,
            traffic,
            numbers,
            e,
            packets.goal[here],
            packets.axon[here],
            packets.payload[here],
            packets.created[here],
        )
    advance(w, trees, traffic, FOREVER, 0)
    packets.time[:n] = traffic.packets[:, DELIVERED]
    delivered = 0
    for e in range(endpoints):
        arrived = take(traffic, e)
        packets.begin[e], packets.arrivals[e] = delivered, len(arrived)
        packets.arrived[delivered : delivered + len(arrived)] = arrived
        delivered += len(arrived)
