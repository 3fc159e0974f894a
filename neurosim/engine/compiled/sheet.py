"""What compiled code writes while it runs a sample; Python takes it away from time to time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.flat import Fired
from neurosim.engine.compiled.entries import Packets

Ints = NDArray[np.int64]

# Places of Sheet.tally: rows in use of fired, traced and slow; the sample's time (ps); packets and pulses so far that a
# trace may hold; overruns and late packets.
FIRED, TRACED, SLOW, NOW, OVERRUNS, LATE = range(6)
TALLIES = 6
BINS = 1 << 20  # latencies below this many picoseconds are counted in place, others listed


class Sheet(NamedTuple):
    """Per step of the sample ``ends`` (ps), ``sent`` (packets) and ``per_step`` int64[threads, steps, k], counters.

    ``before`` int64[cores, k] are the counters of each core at the end of its last step. ``membranes``
    int64[k, units] are those after the sweep of steps ``read`` int64[k]. ``bins`` int64[b] counts packets by
    latency (ps) as far as it goes, ``slow`` lists the others. ``fired`` int64[rows, 2] are rows (step, unit) and
    ``traced`` int64[rows, 6] rows (step, source, goal, axon, created, delivered). See the places of ``tally`` above.
    """

    tally: Ints
    ends: Ints
    sent: Ints
    per_step: Ints
    before: Ints
    read: Ints
    membranes: Ints
    bins: Ints
    slow: Ints
    fired: Ints
    traced: Ints


@njit(cache=True)
def note_fired(sheet: Sheet, fired: Fired, first: int, last: int, step: int, n: int) -> int:
    """Write the units of some cores that fired in a step after n others; returns how many there are then."""
    ptr, unit, units, rows = fired.unit_ptr, fired.unit, fired.units, sheet.fired
    for core in range(first, last):
        start = ptr[core]
        for k in range(start, start + units[core]):
            rows[n, 0], rows[n, 1] = step, start + unit[k]
            n += 1
    return n


@njit(cache=True)
def note_latencies(sheet: Sheet, time: Ints, born: Ints, n: int) -> int:
    """Count the latencies of n arrivals; returns when the last of them was delivered (ps)."""
    bins, slow = sheet.bins, sheet.slow
    last, n_slow = 0, sheet.tally[SLOW]
    for k in range(n):
        last = max(last, time[k])
        latency = time[k] - born[k]
        if latency < len(bins):
            bins[latency] += 1
        else:
            slow[n_slow] = latency
            n_slow += 1
    sheet.tally[SLOW] = n_slow
    return last


@njit(cache=True)
def note_packets(sheet: Sheet, packets: Packets, step: int) -> None:
    """Write the packets of a step."""
    n, after = packets.ptr[-1], sheet.tally[TRACED]
    rows = sheet.traced[after : after + n]
    rows[:, 0] = step
    rows[:, 1], rows[:, 2], rows[:, 3] = packets.source[:n], packets.goal[:n], packets.axon[:n]
    rows[:, 4], rows[:, 5] = packets.created[:n], packets.time[:n]
    sheet.tally[TRACED] += n


@njit(cache=True)
def note_counters(sheet: Sheet, counters: Ints, first: int, last: int, step: int, thread: int) -> None:
    """Write what the counters of some cores grew by in a step."""
    before, grown = sheet.before, sheet.per_step[thread, step]
    for core in range(first, last):
        for k in range(counters.shape[1]):
            grown[k] += counters[core, k] - before[core, k]
            before[core, k] = counters[core, k]
