"""A whole sample on compartment cores in one call: neurons, sweeps, packets, network, synapses and the barrier."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.noise import Noise, add_noise
from neurosim.cores.compartment.state import sweep
from neurosim.cores.compartment.step import Parameters, State, deliver, step_compartments
from neurosim.engine.compiled.exact import Trees
from neurosim.engine.compiled.flat import (
    ACTIVE,
    CLIPPED,
    DENSE,
    INACTIVE,
    INPUTS,
    OUTPUTS,
    RANDOM,
    SPARSE,
    SPIKES,
    Flat,
    Lines,
    Live,
)
from neurosim.engine.compiled.flow import Packets, Scratch
from neurosim.engine.compiled.step import carry
from neurosim.engine.compiled.wires import Runs, Wires

Ints = NDArray[np.int64]


class Sheet(NamedTuple):
    """What a sample leaves: per step ``ends`` (ps), ``sent`` (packets) and counters ``per_step`` int64[steps, k].

    ``voltages`` int64[k, compartments] are those after the sweep of steps ``read`` int64[k]. ``bins`` int64[b] counts
    packets by latency (ps) as far as it goes.
    """

    ends: Ints
    sent: Ints
    per_step: Ints
    read: Ints
    voltages: Ints
    bins: Ints


@njit(cache=True)
def _grown(rows: Ints, needed: int) -> Ints:
    """Return the same rows with room for at least as many as needed."""
    if needed <= rows.shape[0]:
        return rows
    grown = np.empty((max(needed, 2 * rows.shape[0]), rows.shape[1]), dtype=np.int64)
    grown[: rows.shape[0], :] = rows
    return grown


# Arrays are taken out of their tuples once per step, not per core or packet, where that would cost more than the work.


@njit(cache=True)
def _update(flat: Flat, live: Live, step: int) -> None:
    """Advance the compartments of all cores."""
    ptr, slots, sums_ptr, noise_ptr = flat.ptr, flat.slots, flat.sums_ptr, flat.noise_ptr
    decay_u, decay_v, all_bias, threshold, refractory, join, spiking = flat.parameters
    unit, key, base, shift, onto_current, magnitude = flat.noise
    u, v, wait = live.state
    sums, fired, active, counters = live.sums, live.fired, live.active, live.counters
    for core in range(len(slots)):
        a, b = ptr[core], ptr[core + 1]
        begin = sums_ptr[core] + (step % slots[core]) * (b - a)
        slot, bias = sums[begin : begin + b - a], all_bias[a:b]
        c, d = noise_ptr[core], noise_ptr[core + 1]
        if d > c:
            noise = Noise(unit[c:d], key[c:d], base[c:d], shift[c:d], onto_current[c:d], magnitude)
            bias = add_noise(noise, step, slot, bias)
            counters[core, RANDOM] += d - c
        own = Parameters(decay_u[a:b], decay_v[a:b], bias, threshold[a:b], refractory[a:b], join[a:b], spiking[a:b])
        clipped = step_compartments(
            slot, State(u[a:b], v[a:b], wait[a:b]), own, flat.arithmetic, fired[a:b], active[a:b]
        )
        counters[core, CLIPPED] += clipped
        slot[:] = 0


@njit(cache=True)
def _inject(lines: Lines, pulses: NDArray[np.bool_], now: int, packets: Packets) -> int:
    """Write the packets of the input lines; returns how many they are."""
    entries, to, onto, spacing = lines.ptr, lines.goal, lines.axon, lines.spacing
    source, goal, axon, created, time = packets.source, packets.goal, packets.axon, packets.created, packets.time
    n = 0
    for port in range(lines.ports):
        at = now
        for line in range(port, len(pulses), lines.ports):
            if not pulses[line]:
                continue
            for entry in range(entries[line], entries[line + 1]):
                source[n], goal[n], axon[n] = port, to[entry], onto[entry]
                created[n] = time[n] = at
                at += spacing
                n += 1
        packets.ptr[port + 1] = n
    return n


@njit(cache=True)
def _send(flat: Flat, live: Live, now: int, packets: Packets, n: int, units: Ints) -> tuple[int, int, int]:
    """Write the packets of all sweeps after n others, and in ``units`` the compartments that fired.

    Returns the numbers of both and the end of the last sweep (ps).
    """
    ptr, drawing, times, first = flat.ptr, flat.drawing, flat.times, flat.first
    rows, base, to, onto = flat.sending
    fired, active, counters = live.fired, live.active, live.counters
    source, goal, axon, created, time = packets.source, packets.goal, packets.axon, packets.created, packets.time
    quiet, spikes = now, 0
    for core in range(len(ptr) - 1):
        a, b = ptr[core], ptr[core + 1]
        here, entry, leaves, length = sweep(fired[a:b], active[a:b], drawing[a:b], rows[a + core : b + core + 1], times)
        for k in range(len(entry)):
            e = base[core] + entry[k]
            source[n], goal[n], axon[n] = first + core, to[e], onto[e]
            created[n] = time[n] = now + leaves[k]
            n += 1
        for k in range(len(here)):
            units[spikes] = a + here[k]
            spikes += 1
        packets.ptr[first + core + 1] = n
        quiet = max(quiet, now + length)
        busy = np.count_nonzero(active[a:b])
        counters[core, ACTIVE] += busy
        counters[core, INACTIVE] += b - a - busy
        counters[core, SPIKES] += len(here)
        counters[core, OUTPUTS] += len(entry)
    return n, spikes, quiet


@njit(cache=True)
def _receive(flat: Flat, live: Live, step: int, packets: Packets, axons: Ints) -> int:
    """Let the synapses of all arrivals act; returns when they are processed (ps), 0 if there are none."""
    ptr, slots, sums_ptr, first = flat.ptr, flat.slots, flat.sums_ptr, flat.first
    rows, base, synapse, processing, dense, sparse, target, weight, delay = flat.receiving
    begin, arrivals, arrived, axon, time = (
        packets.begin,
        packets.arrivals,
        packets.arrived,
        packets.axon,
        packets.time,
    )
    sums, counters = live.sums, live.counters
    last = 0
    for core in range(len(slots)):
        start, n = begin[first + core], arrivals[first + core]
        if n == 0:
            continue
        busy = dense_events = sparse_events = 0
        for k in range(n):
            p = arrived[start + k]
            axons[k] = axon[p]
            at = base[core] + axon[p]
            busy = max(time[p], busy) + processing[at]
            dense_events += dense[at]
            sparse_events += sparse[at]
        last = max(last, busy)
        counters[core, INPUTS] += n
        counters[core, DENSE] += dense_events
        counters[core, SPARSE] += sparse_events
        s, t = synapse[core], synapse[core + 1]
        ring = sums[sums_ptr[core] : sums_ptr[core + 1]].reshape(slots[core], ptr[core + 1] - ptr[core])
        own = rows[base[core] + core : base[core + 1] + core + 1]
        deliver(axons[:n], own, target[s:t], weight[s:t], delay[s:t], ring, step)
    return last


@njit(cache=True)
def _latencies(packets: Packets, n: int, bins: Ints, late: Ints, n_late: int) -> tuple[int, Ints, int]:
    """Count n latencies; returns when the last packet was delivered (ps), and the list of those beyond the bins."""
    created, time = packets.created, packets.time
    last = 0
    for p in range(n):
        last = max(last, time[p])
        latency = time[p] - created[p]
        if latency < len(bins):
            bins[latency] += 1
        else:
            late = _grown(late, n_late + 1)
            late[n_late, 0] = latency
            n_late += 1
    return last, late, n_late


@njit(cache=True)
def _trace(step: int, packets: Packets, n: int, traced: Ints, after: int) -> Ints:
    """Add rows (step, source, goal, axon, created, delivered) of n packets after some others."""
    traced = _grown(traced, after + n)
    rows = traced[after : after + n]
    rows[:, 0] = step
    rows[:, 1], rows[:, 2], rows[:, 3] = packets.source[:n], packets.goal[:n], packets.axon[:n]
    rows[:, 4], rows[:, 5] = packets.created[:n], packets.time[:n]
    return traced


@njit(cache=True)
def run_sample(
    flat: Flat,
    live: Live,
    lines: Lines,
    w: Wires,
    runs: Runs,
    trees: Trees,
    links: Ints,
    packets: Packets,
    scratch: Scratch,
    pulses: NDArray[np.bool_],
    barrier: int,
    sheet: Sheet,
    tracing: bool,
) -> tuple[Ints, Ints, Ints]:
    """Run the steps of one sample, pulses bool[steps, input lines], from the state after loading.

    Returns rows (step, compartment that fired), rows (step, source, goal, axon, created, delivered) of packets where
    ``tracing``, and rows (latency) of the packets beyond the last bin.
    """
    fired, traced, late = np.empty((1024, 2), np.int64), np.empty((1024, 6), np.int64), np.empty((16, 1), np.int64)
    n_fired = n_traced = n_late = now = 0
    units, before = np.empty(flat.ptr[-1], dtype=np.int64), np.zeros(live.counters.shape[1], dtype=np.int64)
    for step in range(len(pulses)):
        _update(flat, live, step)
        n, spikes, swept = _send(flat, live, now, packets, _inject(lines, pulses[step], now, packets), units)
        fired = _grown(fired, n_fired + spikes)
        fired[n_fired : n_fired + spikes, 0] = step
        fired[n_fired : n_fired + spikes, 1] = units[:spikes]
        n_fired += spikes
        for k in range(len(sheet.read)):
            if sheet.read[k] == step:
                sheet.voltages[k, :] = live.state.v
        carry(w, runs, trees, links, packets, scratch)
        processed = _receive(flat, live, step, packets, scratch.taken)
        delivered, late, n_late = _latencies(packets, n, sheet.bins, late, n_late)
        if tracing:
            traced = _trace(step, packets, n, traced, n_traced)
            n_traced += n
        now = max(swept, delivered, processed) + barrier
        sheet.ends[step], sheet.sent[step] = now, n
        total = live.counters.sum(axis=0)
        sheet.per_step[step] = total - before
        before = total
    return fired[:n_fired], traced[:n_traced], late[:n_late]
