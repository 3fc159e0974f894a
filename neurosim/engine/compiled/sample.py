"""The steps of a sample in one call: sweeps, packets, network, synapses, and the barrier or the tick."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.flat import Arrivals, Fired, learn_cores, read_membranes, receive_spikes, sweep_cores
from neurosim.engine.compiled.carry import Net, Room, carry, undo
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


@njit(cache=True, nogil=True)
def sweep_part(cores: Any, first: int, last: int, step: int, fired: Fired) -> None:
    """Sweep some of the cores, as one of several threads."""
    sweep_cores(cores, first, last, step, fired)


# What follows is cut so that little of it depends on the kind of cores and must be compiled for each of them, and so
# that no function gets more than it needs: numba takes long over large tuples.


@njit(cache=True)
def _open_step(
    fired: Fired, e: Entries, leaves: Ints, packets: Packets, pulses: NDArray[np.int32], step: int, sheet: Sheet
) -> int:
    """Write the packets of a step and who fired; returns how many packets come from input lines."""
    n_cores, now = len(fired.units), sheet.tally[NOW]
    injected = inject(e, leaves, pulses, now, packets)
    n = send(e, fired, 0, n_cores, now, packets, injected)
    packets.ptr[e.first_core + n_cores :] = n
    note_fired(sheet, fired, 0, n_cores, step)
    return injected


@njit(cache=True)
def _carry_step(e: Entries, net: Net, room: Room, period: int, longest: int, sheet: Sheet) -> int:
    """Carry the packets of a step whose longest sweep takes so long (ps); returns when the last one arrives (ps).

    Returns -1 for a tick that does not hold, with the packets waiting to be carried again: a core is busy or a packet
    under way when it is over.
    """
    end = sheet.tally[NOW] + period
    arrived = carry(net, room, period == 0)
    if period and (
        longest > period
        or not _all_before(end, room.arrivals.time[:arrived], room.packets.time[: room.packets.ptr[-1]])
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
def _close_step(packets: Packets, counters: Ints, step: int, end: int, sheet: Sheet, tracing: bool) -> None:
    """Write what is known at the end of a step."""
    if tracing:
        note_packets(sheet, packets, step)
    note_counters(sheet, counters, 0, len(counters), step)
    sheet.ends[step], sheet.sent[step], sheet.tally[NOW] = end, packets.ptr[-1], end


@njit(cache=True, nogil=True)
def run_steps(
    chip: Chip, pulses: NDArray[np.int32], first: int, last: int, swept: bool, sheet: Sheet, budget: int, tracing: bool
) -> int:
    """Run steps first..last-1 of a sample with ``pulses`` [steps, input lines]; the first may have been ``swept``.

    Returns the step to go on with: earlier than ``last`` where ``sheet`` holds ``budget`` rows; -1 - step for a tick
    that does not hold, of which nothing is in ``sheet`` but who fired.
    """
    cores, fired, entries, net, room, clock = chip
    n_cores, tally, begin = len(fired.units), sheet.tally, entries.first_core
    packets, arrivals = room.packets, room.arrivals
    here = slice(begin, begin + n_cores)
    arrived = Arrivals(arrivals.begin[here], arrivals.count[here], arrivals.axon, arrivals.payload, arrivals.time)
    for step in range(first, last):
        if max(tally[FIRED], tally[TRACED], tally[SLOW]) >= budget:
            return step
        if step > first or not swept:
            sweep_cores(cores, 0, n_cores, step, fired)
        stamp(
            cores, entries, step, packets, _open_step(fired, entries, net.trees.ptr, packets, pulses[step], step, sheet)
        )
        for k in range(len(sheet.read)):
            if sheet.read[k] == step:
                read_membranes(cores, sheet.membranes[k])
        longest = fired.duration.max()
        delivered = _carry_step(entries, net, room, clock.period, longest, sheet)
        if delivered < 0:
            return -1 - step
        done = receive_spikes(cores, 0, n_cores, step, arrived)
        end = tally[NOW] + clock.period
        if clock.period == 0:
            learning = learn_cores(cores, 0, n_cores, step)
            end = max(tally[NOW] + longest, delivered, done) + learning + clock.barrier
        _close_step(packets, cores.counters, step, end, sheet, tracing)
    return last
