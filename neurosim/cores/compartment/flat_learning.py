"""Compartment cores in flat arrays of which some learn: the same as without, and the learning engine beside them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.flat_synapses import receive
from neurosim.cores.compartment.learning.plastic import Plastic
from neurosim.cores.compartment.learning.step import deliver_plastic, learn, note_fired
from neurosim.cores.compartment.prices import COUNTERS
from neurosim.cores.flat import Arrivals, Fired

Ints = NDArray[np.int64]

_UPDATES, _TRACES = COUNTERS.index("synapse_updates"), COUNTERS.index("trace_updates")


@njit(cache=True)
def note_all_fired(plastic: Plastic, first: int, last: int, fired: Fired) -> None:
    """Count the spikes of the learning neurons of cores first..last-1."""
    for core in range(first, last):
        begin = fired.unit_ptr[core]
        note_fired(plastic, core, fired.unit[begin : begin + fired.units[core]])


@njit(cache=True)
def receive_plastic(cores, plastic: Plastic, first: int, last: int, step: int, arrivals: Arrivals) -> int:  # type: ignore[no-untyped-def]
    """Do as ``receive``, with synapses that learn as well."""
    done = receive(cores, first, last, step, arrivals)
    synapses = cores.synapses
    sums, ring_ptr, slots, width = synapses.sums, synapses.ring_ptr, synapses.slots, synapses.width
    for core in range(first, last):
        here = slice(arrivals.begin[core], arrivals.begin[core] + arrivals.count[core])
        ring = sums[ring_ptr[core] : ring_ptr[core] + slots[core] * width[core]]
        axons, values = arrivals.axon[here], arrivals.payload[here]
        deliver_plastic(plastic, core, step, axons, values, synapses.graded, ring, slots[core], width[core])
    return int(done)


@njit(cache=True)
def learn_all(plastic: Plastic, counters: Ints, first: int, last: int, step: int) -> int:
    """End a step of cores first..last-1; returns how long the one takes that learns longest (ps)."""
    longest = 0
    work = np.zeros(2, dtype=np.int64)
    for core in range(first, last):
        work[:] = 0
        longest = max(longest, learn(plastic, core, step, work))
        counters[core, _UPDATES] += work[0]
        counters[core, _TRACES] += work[1]
    return longest
