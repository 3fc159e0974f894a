"""One step of the network, all its packets at once: what arrives where, and when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.fetch import fetch
from neurosim.cores.flat import Arrivals
from neurosim.engine.compiled.counts import fall
from neurosim.engine.compiled.entries import SENT, Entries, Packets, packets_of
from neurosim.engine.compiled.exact import (
    DELIVERED,
    PACKET_FIELDS,
    TOTALS,
    Traffic,
    advance,
    send,
    take,
)
from neurosim.engine.compiled.flow import Scratch, flow, scratch_of, take_back
from neurosim.engine.compiled.lanes import Grid, Lanes, drive, lanes_of
from neurosim.engine.compiled.trees import Trees, spread
from neurosim.engine.compiled.wires import Runs, Wires

Ints = NDArray[np.int64]
FOREVER = 1 << 62
_AHEAD = 16  # packets that are asked for before they are needed
ENDPOINT_SHIFT = 32  # packet numbers: endpoint first, then the order of sending


class Net(NamedTuple):
    """The network on chip: its tables and the state of its links, which exact.py describes.

    ``runs`` has streams only where chips are joined at edges. The model "counts" is ``counting``: the times of its
    packets are known when they are sent, and ``down`` int64[leaves] from the hub on (ps).
    """

    wires: Wires
    grid: Grid
    runs: Runs
    trees: Trees
    links: Ints
    counting: bool
    down: Ints


class Room(NamedTuple):
    """Room for the packets of one step and for what arrives, which is more where trees are.

    ``arrivals`` speaks of all endpoints; ``born`` is when each arrival was created (ps). ``copy`` int64[3, copies].
    ``saved`` int64[links, 2] keeps FREE_AT and JOINED of all links where ``flow`` does not, as ``is_saved`` bool[1]
    tells.
    """

    packets: Packets
    scratch: Scratch
    lanes: Lanes
    arrivals: Arrivals
    born: Ints
    copy: Ints
    saved: Ints
    is_saved: NDArray[np.bool_]


def room_of(entries: int, endpoints: int, net: Net) -> Room:
    """Return room for steps in which every entry may be sent once."""
    copies = len(net.trees.endpoint) if net.trees.hub >= 0 else 0
    axon, payload, time, born = np.zeros((4, max(entries, copies)), dtype=np.int64)
    begin, number = np.zeros((2, endpoints), dtype=np.int64)
    return Room(
        packets_of(entries, endpoints),
        scratch_of(entries, net.runs, len(net.links)),
        lanes_of(entries, net.grid),
        Arrivals(begin, number, axon, payload, time),
        born,
        np.zeros((3, copies), dtype=np.int64),
        np.zeros((len(net.links), 2), dtype=np.int64),
        np.zeros(1, dtype=np.bool_),
    )


@njit(cache=True)
def carry(net: Net, room: Room) -> int:
    """Carry the packets of one step to their goals and write what arrives; returns how many packets that are.

    Those at one endpoint are in the order of arrival. A network that only counts carries nothing where no trees are.
    """
    packets, trees = room.packets, net.trees.hub >= 0
    room.is_saved[0], room.scratch.journal_size[0] = trees, 0
    if net.counting:
        _climb(packets, net.trees.hub)
        return _climb_down(net, room)
    if trees:
        room.saved[:] = net.links[:, :2]
    _carry_packets(net, room)
    if trees:
        return _climb_down(net, room)
    _gather(packets, room.arrivals, room.born)
    return int(packets.ptr[-1])


@njit(cache=True)
def _climb(packets: Packets, hub: int) -> None:
    """Let all packets reach the hub at the times that are known."""
    n = packets.ptr[-1]
    packets.arrived[:n] = np.argsort(packets.time[:n], kind="mergesort")
    packets.begin[hub], packets.arrivals[hub] = 0, n


@njit(cache=True)
def undo(e: Entries, net: Net, room: Room) -> None:
    """Take back what ``carry`` has done to the network; its packets are still to be carried."""
    if net.counting:
        for p in range(room.packets.ptr[-1]):
            e.way[room.packets.entry[p], SENT] -= 1
    elif room.is_saved[0]:
        net.links[:, :2] = room.saved
    else:
        take_back(net.links, room.scratch)


@njit(cache=True)
def _carry_packets(net: Net, room: Room) -> None:
    """Carry packets link by link where that is exact, else event by event."""
    w, links, packets, scratch = net.wires, net.links, room.packets, room.scratch
    if len(net.runs.order):
        done = flow(w, net.runs, links, packets, scratch)
    else:
        done = drive(w, net.grid, links, packets, room.lanes, scratch)
    if done:
        return
    take_back(net.links, room.scratch)
    room.saved[:], room.is_saved[0] = net.links[:, :2], True
    _carry_exactly(net.wires, net.trees, net.links, room.packets)


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
    numbers = np.arange(endpoints) << ENDPOINT_SHIFT
    for endpoint in range(endpoints):
        send(w, trees, traffic, numbers, endpoint, 0, packets)
    advance(w, trees, traffic, FOREVER, 0)
    packets.time[:n] = traffic.packets[:, DELIVERED]
    delivered = 0
    for endpoint in range(endpoints):
        arrived = take(traffic, endpoint)
        packets.begin[endpoint], packets.arrivals[endpoint] = delivered, len(arrived)
        packets.arrived[delivered : delivered + len(arrived)] = arrived
        delivered += len(arrived)


@njit(cache=True)
def _gather(packets: Packets, arrivals: Arrivals, born: Ints) -> None:
    """Write what arrives in the order of arrival, endpoint by endpoint."""
    arrived, axon, payload, time, created = (
        packets.arrived,
        packets.axon,
        packets.payload,
        packets.time,
        packets.created,
    )
    to_axon, to_payload, to_time = arrivals.axon, arrivals.payload, arrivals.time
    n = packets.ptr[-1]
    for k in range(n):
        ahead = arrived[min(k + _AHEAD, n - 1)]
        fetch(axon, ahead)
        fetch(payload, ahead)
        fetch(time, ahead)
        fetch(created, ahead)
        p = arrived[k]
        to_axon[k], to_payload[k], to_time[k], born[k] = axon[p], payload[p], time[p], created[p]
    arrivals.begin[:] = packets.begin
    arrivals.count[:] = packets.arrivals


@njit(cache=True)
def _climb_down(net: Net, room: Room) -> int:
    """Send the packets at the hub down their trees and write what arrives, endpoint by endpoint."""
    packets, trees, arrivals = room.packets, net.trees, room.arrivals
    first = packets.begin[trees.hub]
    at_hub = packets.arrived[first : first + packets.arrivals[trees.hub]]
    routes, times = packets.axon[at_hub], packets.time[at_hub]
    which, leaves, ends = room.copy[0], room.copy[1], room.copy[2]
    if net.counting:
        n = fall(trees, net.down, routes, times, which, leaves, ends)
    else:
        n = spread(net.wires, trees, net.links, routes, times, which, leaves, ends)
    begin, number = arrivals.begin, arrivals.count
    number[:] = 0
    for k in range(n):
        number[trees.endpoint[leaves[k]]] += 1
    total = 0
    for endpoint in range(len(begin)):
        begin[endpoint] = total
        total += number[endpoint]
    payload, created = packets.payload, packets.created
    for k in range(n):
        endpoint, p = trees.endpoint[leaves[k]], at_hub[which[k]]
        at = begin[endpoint]
        begin[endpoint] += 1
        arrivals.axon[at], arrivals.payload[at] = trees.axon[leaves[k]], payload[p]
        arrivals.time[at], room.born[at] = ends[k], created[p]
    begin -= number
    return n
