"""Ticks event by event, from the first one that does not hold: every core has its own timer then.

A core that is still busy when its tick is due starts it late; a packet may arrive when its tick is over. See the event
kernel's Tick for what both mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.flat import Arrivals, Fired, read_membranes, receive_spikes, sweep_cores
from neurosim.engine.compiled.carry import ENDPOINT_SHIFT, FOREVER, Net
from neurosim.engine.compiled.entries import Entries, Packets, inject, send, stamp
from neurosim.engine.compiled.exact import (
    AXON,
    CREATED,
    DELIVERED,
    DESTINATION,
    EVENTS,
    NEXT,
    PACKET_FIELDS,
    PACKETS,
    PAYLOAD,
    ROUTE,
    SOURCE,
    STEP,
    TOTALS,
    Traffic,
    advance,
    keep_waiting,
)
from neurosim.engine.compiled.exact import send as send_exactly
from neurosim.engine.compiled.heap import ITEM, PRIORITY, TIME, pop, push
from neurosim.engine.compiled.sample import Chip
from neurosim.engine.compiled.sheet import LATE, NOW, OVERRUNS, Sheet, note_counters
from neurosim.engine.compiled.trees import Trees
from neurosim.engine.compiled.wires import Wires

Ints = NDArray[np.int64]
_TIMERS = -(1 << 40)  # timers come before links and packets of the same picosecond
_HOST = -1


@njit(cache=True)
def _with_room(traffic: Traffic, reserved: int) -> Traffic:
    """Return the same traffic with room for at least so many packets."""
    packets, links, heap, totals, arrived = traffic
    if reserved <= len(packets):
        return traffic
    room = max(reserved, 2 * len(packets), 1024)
    more, longer = np.zeros((room, PACKET_FIELDS), np.int64), np.zeros((room + len(links) + 1, 4), np.int64)
    more[: len(packets)] = packets
    longer[: len(heap)] = heap
    return Traffic(more, links, longer, totals, arrived)


@njit(cache=True)
def _copies(trees: Trees, sent: Packets, endpoint: int) -> int:
    """Return how many packets those of an endpoint may become: themselves, and one copy per link of a tree."""
    n = 0
    for p in range(sent.ptr[endpoint], sent.ptr[endpoint + 1]):
        n += 1
        if sent.goal[p] == trees.hub:
            n += 1 + trees.link_ptr[sent.axon[p] + 1] - trees.link_ptr[sent.axon[p]]
    return n


@njit(cache=True)
def _take(traffic: Traffic, endpoint: int, core: int, cores: int) -> Arrivals:
    """Return what arrived at a core since the last call, in that order, and forget it there."""
    packets, arrived = traffic.packets, traffic.arrived
    n, p = arrived[endpoint, 2], arrived[endpoint, 0]
    axon, payload, time = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    for k in range(n):
        axon[k], payload[k], time[k] = packets[p, AXON], packets[p, PAYLOAD], packets[p, DELIVERED]
        p = packets[p, NEXT]
    arrived[endpoint, 2] = 0
    begin, number = np.zeros(cores, np.int64), np.zeros(cores, np.int64)
    number[core] = n
    return Arrivals(begin, number, axon, payload, time)


@njit(cache=True)
def _forget(traffic: Traffic, hub: int, period: int, counted: int, sheet: Sheet, slow: list[np.int64]) -> int:
    """Count the packets that have arrived, and drop all that no core waits for; returns how many are left.

    Trees end at cores, the hub is only a stop.
    """
    packets = traffic.packets
    for p in range(counted, traffic.totals[PACKETS]):
        delivered, created = packets[p, DELIVERED], packets[p, CREATED]
        if delivered < 0 or packets[p, DESTINATION] == hub:
            continue
        latency = delivered - created
        if latency < len(sheet.bins):
            sheet.bins[latency] += 1
        else:
            slow.append(latency)
        sheet.tally[LATE] += delivered >= (created // period + 1) * period
    return keep_waiting(traffic)


@njit(cache=True)
def _trace(traffic: Traffic) -> Ints:
    """Return rows (step, source, goal, axon, created, delivered) of all packets but the copies of trees."""
    packets = traffic.packets[: traffic.totals[PACKETS]]
    rows = np.empty((len(packets), 6), np.int64)
    n = 0
    for p in range(len(packets)):
        if packets[p, ROUTE] < 0:
            rows[n, 0], rows[n, 1], rows[n, 2] = packets[p, STEP], packets[p, SOURCE], packets[p, DESTINATION]
            rows[n, 3], rows[n, 4], rows[n, 5] = packets[p, AXON], packets[p, CREATED], packets[p, DELIVERED]
            n += 1
    return rows[:n]


@njit(cache=True)
def _rows(step: int, first: int, units: Ints) -> Ints:
    rows = np.empty((len(units), 2), np.int64)
    for k in range(len(units)):
        rows[k, 0], rows[k, 1] = step, first + units[k]
    return rows


@njit(cache=True)
def _joined(parts: list[Ints]) -> Ints:
    n = 0
    for part in parts:
        n += len(part)
    rows = np.empty((n, 2), np.int64)
    n = 0
    for part in parts:
        rows[n : n + len(part)] = part
        n += len(part)
    return rows


class Late(NamedTuple):
    """What goes on beside the traffic: ``numbers`` int64[endpoints] of the packets to come, the heap of ``timers``,
    and ``state``: see the places below.
    """

    numbers: Ints
    timers: Ints
    state: Ints


# Places of Late.state: timers that wait; packets that there must be room for; packets whose latency is counted.
WAITING, RESERVED, COUNTED = range(3)


@njit(cache=True)
def _set_timer(late: Late, time: int, who: int, step: int) -> None:
    push(late.timers, late.state[WAITING], time, who, 0, step)
    late.state[WAITING] += 1


@njit(cache=True)
def _enter(
    w: Wires, trees: Trees, sent: Packets, traffic: Traffic, late: Late, first: int, last: int, step: int, sheet: Sheet
) -> Traffic:
    """Let the packets of endpoints first..last-1 enter the network; returns the traffic, which may have grown."""
    for endpoint in range(first, last):
        late.state[RESERVED] += _copies(trees, sent, endpoint)
        traffic = _with_room(traffic, late.state[RESERVED])
        send_exactly(w, trees, traffic, late.numbers, endpoint, step, sent)
    sheet.sent[step] += sent.ptr[last] - sent.ptr[first]
    return traffic


@njit(cache=True)
def _start_tick(
    fired: Fired, e: Entries, period: int, packets: Packets, late: Late, core: int, step: int, now: int, sheet: Sheet
) -> Ints:
    """Write the packets of a core that has swept; returns rows (step, unit) of what fired."""
    a, end = fired.unit_ptr[core], e.first_core + core
    packets.ptr[end] = 0
    send(e, fired, core, core + 1, now, packets, 0)
    done, due = now + fired.duration[core], (step + 1) * period
    sheet.tally[OVERRUNS] += done > due
    _set_timer(late, max(done, due), core, step + 1)
    return _rows(step, a, fired.unit[a : a + fired.units[core]])


@njit(cache=True)
def _pop(late: Late) -> tuple[int, int, int]:
    """Return (time, who, step) of the next timer and remove it."""
    now, who, step = late.timers[0, TIME], late.timers[0, PRIORITY], late.timers[0, ITEM]
    pop(late.timers, late.state[WAITING])
    late.state[WAITING] -= 1
    return now, who, step


@njit(cache=True)
def _forget_if_quiet(
    traffic: Traffic, late: Late, hub: int, period: int, sheet: Sheet, tracing: bool, slow: list[np.int64]
) -> None:
    """Forget the packets that have arrived when there are no others, unless they are traced."""
    if not tracing and traffic.totals[EVENTS] == 0:
        left = _forget(traffic, hub, period, late.state[COUNTED], sheet, slow)
        late.state[RESERVED] = late.state[COUNTED] = left


@njit(cache=True, nogil=True)
def start_late(
    net: Net, packets: Packets, fired: Fired, first_core: int, period: int, step: int, sheet: Sheet
) -> tuple[Traffic, Late]:
    """Begin with a step whose sweeps are done and whose packets wait to be carried."""
    n_cores, n_ends, links = len(fired.units), len(net.wires.ends), net.links
    traffic = Traffic(
        np.zeros((0, PACKET_FIELDS), np.int64),
        links,
        np.zeros((len(links) + 1, 4), np.int64),
        np.zeros(TOTALS, np.int64),
        np.zeros((n_ends, 3), np.int64),
    )
    late = Late(np.arange(n_ends) << ENDPOINT_SHIFT, np.zeros((n_cores + 2, 4), np.int64), np.zeros(3, np.int64))
    due, now = (step + 1) * period, sheet.tally[NOW]
    traffic = _enter(net.wires, net.trees, packets, traffic, late, 0, first_core + n_cores, step, sheet)
    _set_timer(late, due, _HOST, step + 1)
    for core in range(n_cores):
        done = now + fired.duration[core]
        sheet.tally[OVERRUNS] += done > due
        _set_timer(late, max(done, due), core, step + 1)
    return traffic, late


@njit(cache=True, nogil=True)
def run_late(
    chip: Chip, traffic: Traffic, late: Late, pulses: NDArray[np.int32], until: int, sheet: Sheet, tracing: bool
) -> tuple[Traffic, Ints, Ints, Ints]:
    """Go on until the host is about to send the inputs of step ``until``, or else to the end of the sample.

    Returns the traffic, rows (step, unit) of pulses, at the end rows of packets as in ``Sheet.traced`` where
    ``tracing``, and the latencies (ps) beyond the bins of ``sheet``.
    """
    cores, fired, entries, net, room, clock = chip
    w, trees, packets, steps, first_core = net.wires, net.trees, room.packets, len(pulses), entries.first_core
    rows, slow = [np.zeros((0, 2), np.int64)], [np.int64(0)]  # a list that is empty at first has no type
    membranes, now = np.empty(fired.unit_ptr[-1], np.int64), sheet.tally[NOW]
    while late.state[WAITING]:
        if late.timers[0, PRIORITY] == _HOST and late.timers[0, ITEM] == until:
            sheet.tally[NOW] = late.timers[0, TIME]
            return traffic, _joined(rows), np.zeros((0, 6), np.int64), np.array(slow)[1:]
        now, who, step = _pop(late)
        advance(w, trees, traffic, now, _TIMERS)
        if who == _HOST:
            sheet.ends[step - 1] = now
            _forget_if_quiet(traffic, late, trees.hub, clock.period, sheet, tracing, slow)
            if step < steps:
                stamp(cores, entries, step, packets, inject(entries, trees.ptr, pulses[step], now, packets))
                traffic = _enter(w, trees, packets, traffic, late, 0, first_core, step, sheet)
                _set_timer(late, (step + 1) * clock.period, _HOST, step + 1)
            continue
        end = first_core + who
        receive_spikes(cores, who, who + 1, step - 1, _take(traffic, end, who, len(fired.units)))
        note_counters(sheet, cores.counters, who, who + 1, step - 1, 0)
        if step == steps:
            continue
        sweep_cores(cores, who, who + 1, step, fired)
        for k in range(len(sheet.read)):
            if sheet.read[k] == step:
                a, b = fired.unit_ptr[who], fired.unit_ptr[who + 1]
                read_membranes(cores, membranes)
                sheet.membranes[k, a:b] = membranes[a:b]
        rows.append(_start_tick(fired, entries, clock.period, packets, late, who, step, now, sheet))
        traffic = _enter(w, trees, packets, traffic, late, end, end + 1, step, sheet)
    sheet.ends[steps - 1] = sheet.tally[NOW] = now
    advance(w, trees, traffic, FOREVER, 0)
    traced = _trace(traffic) if tracing else np.zeros((0, 6), np.int64)
    _forget(traffic, trees.hub, clock.period, late.state[COUNTED], sheet, slow)
    return traffic, _joined(rows), traced, np.array(slow)[1:]
