"""The sweep of compartment cores in flat arrays: compartments, who fired, and when each message leaves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.compartment.flat_neurons import (
    BIAS,
    BLOCK,
    CURRENT,
    JOIN,
    KEEP_U,
    KEEP_V,
    LANE,
    LANES,
    ONTO_CURRENT,
    ONTO_VOLTAGE,
    OUTCOME,
    REFRACTORY,
    SPIKING,
    THRESHOLD,
    VOLTAGE,
    WAIT,
)
from neurosim.cores.compartment.prices import COUNTERS
from neurosim.cores.compartment.state import SweepTimes
from neurosim.cores.compartment.step import both, joined, next_current, next_voltage
from neurosim.cores.flat import Fired
from neurosim.cores.integers import wrap
from neurosim.program import Program

Ints = NDArray[np.int64]

_INACTIVE, _ACTIVE, _SPIKES, _OUTPUTS, _CLIPPED = (
    COUNTERS.index(name)
    for name in ("neuron_updates_inactive", "neuron_updates_active", "spikes", "output_messages", "voltages_clipped")
)
# What came out of a compartment: one bit if it was active, and those of the places below if it fired or was clipped.
# What came out of a block is their sum, in which each count has eight bits.
_FIRED, _CUT, _LANE = 8, 16, 255


class Leaving(NamedTuple):
    """Unit i of core k sends to entries ``row[r]:row[r + 1]`` of its core's list, r = unit_ptr[k] + k + i.

    ``idle`` int64[units] is when the sweep is through with each unit (ps) if none is active.
    """

    row: Ints
    idle: Ints
    times: SweepTimes


def leaving_of(program: Program, constants: ConstantSet) -> Leaving:
    """Lay out the destination lists and the times of the sweep."""
    time, idle = constants.duration, []
    for image in program.images:
        update = np.full(image.n, time("neuron_update_inactive"), dtype=np.int64)
        update[image.fixed[image.noise.unit]] += time("random_number")
        idle.append(np.cumsum(update))
    names = "neuron_update_inactive", "neuron_update_active", "spike_generation", "output_message"
    row = np.concatenate([out.ptr for out in program.outputs]).astype(np.int64)
    return Leaving(row, np.concatenate(idle), SweepTimes(*map(time, names)))


@njit(cache=True, inline="always")
def _outcome(total, u_before, u, v_before, v, over, spiking, cut):  # type: ignore[no-untyped-def]
    active = (total != 0) | (u != u_before) | (v != v_before) | over
    return np.int64(active) | (np.int64(over) & spiking) << _FIRED | np.int64(cut) << _CUT


@njit(cache=True)
def _hear_both(table: NDArray[Any], heard: NDArray[Any], second: Ints, block: int) -> None:
    """Join what the compartments of a block hear with a second voltage, where they listen to two."""
    for k in range(block * LANES, (block + 1) * LANES):
        if second[k] > 0:
            lane = np.uint64(k % LANES)
            other = int(table[np.uint64(block - second[k]) * BLOCK + VOLTAGE + lane])
            heard[k] = both(int(table[np.uint64(block) * BLOCK + JOIN + lane]), int(heard[k]), other)


# All lanes of a block advance at once as long as the helpers of that loop take numbers only (references to arrays would
# be counted lane by lane), its indexes are unsigned (others may count from the end), and what it writes lies either in
# other arrays than what it reads or at constant distances in the same.
@njit(cache=True)
def advance(cores: Any, first: int, last: int, step: int) -> None:
    """Advance the compartments of cores first..last-1 by one step, and clear the sums that they have taken."""
    neurons, synapses, arithmetic, counters = cores.neurons, cores.synapses, cores.arithmetic, cores.counters
    block_ptr, table, back, heard, came = neurons.block_ptr, neurons.table, neurons.back, neurons.heard, neurons.came
    second, branched = neurons.second, neurons.branched
    width, slots, ring_ptr = synapses.width, synapses.slots, synapses.ring_ptr
    sums, taken, grain = synapses.sums, synapses.taken, synapses.grain
    for core in range(first, last):
        source = np.uint64(ring_ptr[core] + (step & (slots[core] - 1)) * width[core])
        target, many = np.uint64(block_ptr[core] * LANES), np.uint64((block_ptr[core + 1] - block_ptr[core]) * LANES)
        for i in range(many):
            taken[target + i] = sums[source + i]
        for i in range(many):
            sums[source + i] = 0
        for block in range(block_ptr[core], block_ptr[core + 1]):
            at, lane = np.uint64(block) * BLOCK, np.uint64(block) * LANE
            if back[block] > 0:
                child = np.uint64(block - back[block]) * BLOCK + VOLTAGE
                for j in range(LANE):
                    heard[lane + j] = table[child + j]
            if branched[block]:
                _hear_both(table, heard, second, block)
            outcome = 0
            for j in range(LANE):
                total = (int(taken[lane + j]) << grain) + table[at + ONTO_CURRENT + j]
                total = wrap(total, arithmetic.synaptic_sum_bits)
                u_before, v_before = int(table[at + CURRENT + j]), int(table[at + VOLTAGE + j])
                u = next_current(total, u_before, int(table[at + KEEP_U + j]), arithmetic)
                drive = joined(table[at + JOIN + j], u, int(heard[lane + j]))
                drive += table[at + BIAS + j] + table[at + ONTO_VOLTAGE + j]
                wait, keep = int(table[at + WAIT + j]), int(table[at + KEEP_V + j])
                threshold, refractory = int(table[at + THRESHOLD + j]), int(table[at + REFRACTORY + j])
                v, wait, over, cut = next_voltage(drive, v_before, wait, keep, threshold, refractory, arithmetic)
                table[at + CURRENT + j], table[at + VOLTAGE + j], table[at + WAIT + j] = u, v, wait
                result = _outcome(total, u_before, u, v_before, v, over, table[at + SPIKING + j], cut)
                table[at + OUTCOME + j] = result
                outcome += result
            came[block] = outcome
            counters[core, _CLIPPED] += outcome >> _CUT


@njit(cache=True)
def send(cores: Any, first: int, last: int, fired: Fired) -> None:
    """Time the sweeps of cores first..last-1: units take turns by their numbers, messages leave while it goes on."""
    neurons, banks, counters = cores.neurons, cores.banks, cores.counters
    unit_ptr, block_ptr, table, came = neurons.unit_ptr, neurons.block_ptr, neurons.table, neurons.came
    place, in_order, bank_ptr, sent, busy = neurons.place, neurons.in_order, banks.unit_ptr, banks.sent, banks.active
    row, idle, (inactive, active, spike, each) = cores.leaving
    fired_ptr, unit, units, entry_ptr, entry, payload, leaves, messages, duration = fired
    for core in range(first, last):
        own, size = unit_ptr[core], unit_ptr[core + 1] - unit_ptr[core]
        begin, end = block_ptr[core], block_ptr[core + 1]
        n, m, seen, i = fired_ptr[core], entry_ptr[core], 0, 0
        if not in_order[core] and bank_ptr[core] == bank_ptr[core + 1]:
            firing = 0
            for block in range(begin, end):
                seen += came[block] & _LANE
                firing += came[block] >> _FIRED & _LANE
            i, seen = (0, 0) if firing > 0 else (size, seen)
        while i < size:
            if in_order[core] and i % LANES == 0 and not came[begin + i // LANES] >> _FIRED & _LANE:
                seen += came[begin + i // LANES] & _LANE
                i += LANES
                continue
            at = place[own + i]
            block = begin + at // LANES
            if block < end:
                result = int(table[np.uint64(block) * BLOCK + OUTCOME + np.uint64(at % LANES)])
                seen += result & _LANE
                value = result >> _FIRED & _LANE
            else:
                at += bank_ptr[core] - (end - begin) * LANES
                seen += busy[at]
                value = sent[at]
            if value != 0:
                now = idle[own + i] + seen * (active - inactive)
                now += (n + 1 - fired_ptr[core]) * spike + (m - entry_ptr[core]) * each
                unit[n] = i
                n += 1
                r = own + core + i
                for k in range(row[r], row[r + 1]):
                    now += each
                    entry[m], payload[m], leaves[m] = k, value, now
                    m += 1
            i += 1
        units[core], messages[core] = n - fired_ptr[core], m - entry_ptr[core]
        duration[core] = idle[own + size - 1] + seen * (active - inactive)
        duration[core] += units[core] * spike + messages[core] * each
        counters[core, _ACTIVE] += seen
        counters[core, _INACTIVE] += size - seen
        counters[core, _SPIKES] += units[core]
        counters[core, _OUTPUTS] += messages[core]
