"""Where packets go: one entry per packet that an input line or a unit may send, and the packets of one step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.fetch import fetch
from neurosim.cores.flat import Fired, stamp_input
from neurosim.engine.event.multicast import Forest
from neurosim.program import Program

Ints = NDArray[np.int64]


class Entries(NamedTuple):
    """Entries of input lines (line l has ``line_ptr[l]:line_ptr[l + 1]``), then from ``base[k]`` on those of core k.

    Per entry the endpoint ``source`` that sends it (of an input line: its port), the ``static`` value of Destinations,
    and ``way`` int64[entries, 4]: goal, axon there, and for the network model "counts", if it is ``counting``, the time
    to the goal (ps) and how often the entry was sent. With multicast trees an entry is a route: it goes to the hub and
    its axon is its own number. Input line l enters through port l modulo ``ports``, packets ``spacing`` ps apart; cores
    are the endpoints from ``first_core`` on.
    """

    ports: int
    spacing: int
    first_core: int
    line_ptr: Ints
    base: Ints
    source: Ints
    static: Ints
    way: Ints
    counting: bool


# Columns of Entries.way: all that a packet needs stands in one line of memory.
GOAL, AXON, TIME, SENT = range(4)
_AHEAD = 8  # cores whose ways are asked for before they are needed


class Packets(NamedTuple):
    """The packets of one step in the order of their numbers, int64[packets] each; the first ``ptr[-1]`` count.

    Those of endpoint e are ``ptr[e]:ptr[e + 1]``, in the order of sending. ``time`` is when a packet enters the
    network, and after it was carried when it is delivered (ps). ``arrived`` lists packets by goal and in the order of
    arrival there: those at endpoint e are ``arrived[begin[e]:begin[e] + arrivals[e]]``.
    """

    ptr: Ints
    entry: Ints
    source: Ints
    goal: Ints
    axon: Ints
    payload: Ints
    created: Ints
    time: Ints
    arrived: Ints
    begin: Ints
    arrivals: Ints


def packets_of(room: int, endpoints: int) -> Packets:
    """Return arrays for up to ``room`` packets."""
    entry, source, goal, axon, payload, created, time, arrived = np.zeros((8, room), dtype=np.int64)
    begin, arrivals = np.zeros((2, endpoints), dtype=np.int64)
    ptr = np.zeros(endpoints + 1, dtype=np.int64)
    return Packets(ptr, entry, source, goal, axon, payload, created, time, arrived, begin, arrivals)


def entries_of(program: Program, ports: int, spacing: int, forest: Forest | None, counting: bool) -> Entries:
    """Return the entries of a program whose cores come after so many ports; times to goals are still 0."""
    lists = [program.inputs, *program.outputs]
    lines = np.arange(len(program.inputs.ptr) - 1)
    of_line = lines % max(ports, 1)
    if forest is None:
        starts = np.cumsum([0, *(len(each.core) for each in lists)]).astype(np.int64)
        goal = np.concatenate([each.core for each in lists]).astype(np.int64) + ports
        axon = np.concatenate([each.axon for each in lists]).astype(np.int64)
        static = np.concatenate([each.statics() for each in lists]).astype(np.int64)
        line_ptr = program.inputs.ptr.astype(np.int64)
        source = np.repeat(of_line, np.diff(line_ptr))
    else:
        starts = np.cumsum([0, *(len(each.ptr) - 1 for each in lists)]).astype(np.int64)
        axon = np.arange(starts[-1])
        goal, static = np.full(len(axon), forest.hub, dtype=np.int64), np.zeros(len(axon), dtype=np.int64)
        line_ptr, source = np.arange(len(lines) + 1), of_line
    senders = np.repeat(ports + np.arange(len(program.outputs)), np.diff(starts[1:]))
    way = np.zeros((len(goal), 4), dtype=np.int64)
    way[:, GOAL], way[:, AXON] = goal, axon
    source = np.concatenate([source, senders])
    return Entries(ports, spacing, ports, line_ptr, starts[1:], source, static, way, counting)


@njit(cache=True)
def inject(e: Entries, leaves: Ints, pulses: NDArray[np.int32], now: int, packets: Packets) -> int:
    """Write the packets of the input lines, with the line's value as payload; returns how many they are.

    Routes without ``leaves`` are not sent.
    """
    ptr, way, spacing, counting = e.line_ptr, e.way, e.spacing, e.counting
    entries, source, goal, axon, payload = packets.entry, packets.source, packets.goal, packets.axon, packets.payload
    created, time, trees = packets.created, packets.time, len(leaves) > 0
    n = 0
    for port in range(e.ports):
        at = now
        for line in range(port, len(pulses), e.ports):
            value = pulses[line]
            if value == 0:
                continue
            for entry in range(ptr[line], ptr[line + 1]):
                if trees and leaves[entry] == leaves[entry + 1]:
                    continue
                entries[n], source[n], goal[n], axon[n] = entry, port, way[entry, GOAL], way[entry, AXON]
                payload[n] = value
                created[n] = time[n] = at
                if counting:
                    time[n] += way[entry, TIME]
                    way[entry, SENT] += 1
                at += spacing
                n += 1
        packets.ptr[port + 1] = n
    return n


@njit(cache=True)
def stamp(cores: Any, e: Entries, step: int, packets: Packets, n: int) -> None:
    """Give the first n packets, which come from input lines, the payload that the core kind wants."""
    static, entry, payload = e.static, packets.entry, packets.payload
    for p in range(n):
        payload[p] = stamp_input(cores, static[entry[p]], step, payload[p])


@njit(cache=True)
def send(e: Entries, fired: Fired, first: int, last: int, now: int, packets: Packets, n: int) -> int:
    """Write the packets of the sweeps of some cores, begun now, after n others; returns how many there are then."""
    base, way, first_core, counting = e.base, e.way, e.first_core, e.counting
    begin, entry, value, leaves, messages = fired.entry_ptr, fired.entry, fired.payload, fired.leaves, fired.messages
    entries, source, goal, axon, payload = packets.entry, packets.source, packets.goal, packets.axon, packets.payload
    created, time, columns, asked = packets.created, packets.time, way.shape[1], first
    for core in range(first, last):
        while asked < min(core + _AHEAD, last):
            for k in range(begin[asked], begin[asked] + messages[asked]):
                fetch(way, columns * (base[asked] + entry[k]))
            asked += 1
        for k in range(begin[core], begin[core] + messages[core]):
            of = base[core] + entry[k]
            entries[n], source[n], goal[n], axon[n] = of, first_core + core, way[of, GOAL], way[of, AXON]
            payload[n] = value[k]
            created[n] = time[n] = now + leaves[k]
            if counting:
                time[n] += way[of, TIME]
                way[of, SENT] += 1
            n += 1
        packets.ptr[first_core + core + 1] = n
    return n
