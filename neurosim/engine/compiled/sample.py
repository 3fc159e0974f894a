"""The steps of a sample in one call: sweeps, packets, network, synapses, and the barrier or the tick."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.flat import Arrivals, Fired, learn_cores, read_membranes, receive_spikes, sweep_cores
from neurosim.engine.compiled.carry import Net, Room, carry, undo
from neurosim.engine.compiled.counts import deal
from neurosim.engine.compiled.entries import Entries, Packets, inject, send, stamp
from neurosim.engine.compiled.sheet import (
    FIRED,
    NOW,
    SLOW,
    TRACED,
    Sheet,
    note_counters,
    note_fired,
    note_latencies,
    note_packets,
)
from neurosim.engine.compiled.team import DELIVERED, DONE, LEARNED, LONGEST, PULSES, Team, meet

Ints = NDArray[np.int64]


class Clock(NamedTuple):
    """The ``barrier``'s own time (ps), or the ``period`` of ticks (ps), the other being 0."""

    barrier: int
    period: int


class Chip(NamedTuple):
    """What runs: the ``cores`` of a core kind, what they fire, where it goes, the network and the room it needs."""

    cores: Any
    fired: Fired
    entries: Entries
    net: Net
    room: Room
    clock: Clock


# What follows is cut so that little of it depends on the kind of cores and must be compiled for each of them, and so
# that no function gets more than it needs: numba takes long over large tuples.


@njit(cache=True)
def _before(each: Ints, first: int) -> int:
    """Return how many there are of something that the cores before one have ``each``."""
    n = 0
    for core in range(first):
        n += each[core]
    return n


@njit(cache=True)
def _send_part(fired: Fired, e: Entries, packets: Packets, team: Team, thread: int, step: int, sheet: Sheet) -> None:
    """Write the packets that a thread's cores send, and who fired, where other threads leave room for it."""
    first, last, now, tally = team.cores[thread], team.cores[thread + 1], sheet.tally[NOW], sheet.tally
    begin = packets.ptr[e.ports] + _before(fired.messages, first)
    n = send(e, fired, first, last, now, packets, begin)
    pulses = note_fired(sheet, fired, first, last, step, tally[FIRED] + _before(fired.units, first))
    delivered, begin = 0, begin if thread else 0
    for time in packets.time[begin:n]:
        delivered = max(delivered, time)
    said = team.said[thread]
    said[DELIVERED], said[LONGEST] = delivered, fired.duration[first:last].max()
    if thread == team.n - 1:
        packets.ptr[e.first_core + last :] = n
        said[PULSES] = pulses


@njit(cache=True)
def _deal_part(e: Entries, net: Net, room: Room, period: int, team: Team, thread: int, sheet: Sheet) -> int:
    """Write what arrives at a thread's cores; returns as ``_carry_step``."""
    delivered, longest = int(team.said[:, DELIVERED].max()), team.said[:, LONGEST].max()
    if period and (longest > period or delivered >= sheet.tally[NOW] + period):
        if thread == 0:
            undo(e, net, room)
        return -1
    first, last = e.first_core + team.cores[thread], e.first_core + team.cores[thread + 1]
    deal(room.packets, room.arrivals, first, last, team.goals[thread], period > 0)
    return delivered


@njit(cache=True)
def _carry_step(
    fired: Fired, e: Entries, net: Net, room: Room, period: int, longest: int, step: int, sheet: Sheet
) -> int:
    """Send and carry the packets of all cores, and write who fired; returns when the last one arrives (ps).

    ``longest`` is what the longest sweep takes (ps).

    Returns -1 for a tick that does not hold, with the packets waiting to be carried again: a core is busy or a packet
    under way when it is over.
    """
    n_cores, now, packets = len(fired.units), sheet.tally[NOW], room.packets
    packets.ptr[e.first_core + n_cores :] = send(e, fired, 0, n_cores, now, packets, packets.ptr[e.ports])
    sheet.tally[FIRED] = note_fired(sheet, fired, 0, n_cores, step, sheet.tally[FIRED])
    end = now + period
    arrived = carry(net, room)
    if period and (
        longest > period or not _all_before(end, room.arrivals.time[:arrived], packets.time[: packets.ptr[-1]])
    ):
        undo(e, net, room)
        return -1
    return note_latencies(sheet, room.arrivals.time, room.born, arrived)


@njit(cache=True)
def _all_before(end: int, arrivals: Ints, packets: Ints) -> bool:
    held = True
    for time in arrivals:
        held &= time < end
    for time in packets:
        held &= time < end
    return held


@njit(cache=True)
def _close_step(packets: Packets, step: int, end: int, sheet: Sheet, tracing: bool) -> None:
    """Write what is known at the end of a step."""
    if tracing:
        note_packets(sheet, packets, step)
    sheet.ends[step], sheet.sent[step], sheet.tally[NOW] = end, packets.ptr[-1], end


@njit(cache=True)
def _read(cores: Any, step: int, sheet: Sheet) -> None:
    """Write the membranes after a sweep, if they are asked for."""
    for k in range(len(sheet.read)):
        if sheet.read[k] == step:
            read_membranes(cores, sheet.membranes[k])


@njit(cache=True, nogil=True)
def run_steps(
    chip: Chip,
    team: Team,
    thread: int,
    pulses: NDArray[np.int32],
    first: int,
    last: int,
    sheet: Sheet,
    budget: int,
    tracing: bool,
) -> int:
    """Run steps first..last-1 of a sample with ``pulses`` [steps, input lines], as one thread of a team.

    Returns the step to go on with: earlier than ``last`` where ``sheet`` holds ``budget`` rows; -1 - step for a tick
    that does not hold, of which nothing is in ``sheet`` but who fired. All threads return the same.
    """
    cores, fired, entries, net, room, clock = chip
    a, b, tally, begin = team.cores[thread], team.cores[thread + 1], sheet.tally, entries.first_core
    packets, arrivals, said = room.packets, room.arrivals, team.said
    here = slice(begin, begin + len(fired.units))
    arrived = Arrivals(arrivals.begin[here], arrivals.count[here], arrivals.axon, arrivals.payload, arrivals.time)
    together, met = net.counting and net.trees.hub < 0, 0
    for step in range(first, last):
        if max(tally[FIRED], tally[TRACED], tally[SLOW]) >= budget:
            return step
        if thread == 0:
            injected = inject(entries, net.trees.ptr, pulses[step], tally[NOW], packets)
            stamp(cores, entries, step, packets, injected)
        sweep_cores(cores, a, b, step, fired)
        met = meet(team, met)
        if thread == 0:
            _read(cores, step, sheet)
        if together:
            _send_part(fired, entries, packets, team, thread, step, sheet)
            met = meet(team, met)
            delivered = _deal_part(entries, net, room, clock.period, team, thread, sheet)
        else:
            if thread == 0:
                said[0, LONGEST] = fired.duration.max()
                said[0, DELIVERED] = _carry_step(fired, entries, net, room, clock.period, said[0, LONGEST], step, sheet)
            met = meet(team, met)
            delivered = said[0, DELIVERED]
        if thread == 0 and together:
            tally[FIRED] = said[team.n - 1, PULSES]
        if delivered < 0:
            return -1 - step
        said[thread, DONE] = receive_spikes(cores, a, b, step, arrived)
        if clock.period == 0:
            said[thread, LEARNED] = learn_cores(cores, a, b, step)
        note_counters(sheet, cores.counters, a, b, step, thread)
        met = meet(team, met)
        if thread == 0:
            end = tally[NOW] + clock.period
            if clock.period == 0:
                longest, done = said[:, LONGEST].max(), said[:, DONE].max()
                end = max(tally[NOW] + longest, delivered, done) + said[:, LEARNED].max() + clock.barrier
            _close_step(packets, step, end, sheet, tracing)
        met = meet(team, met)
    return last
