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
    """What a sample leaves: ``ends`` int64[steps] (ps), ``sent`` int64[steps] packets, ``per_step`` [steps, k] counters.

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


@njit(cache=True)
def _parameters(flat: Flat, a: int, b: int) -> Parameters:
    p = flat.parameters
    return Parameters(
        p.decay_u[a:b], p.decay_v[a:b], p.bias[a:b], p.threshold[a:b], p.refractory[a:b], p.join[a:b], p.spiking[a:b]
    )


@njit(cache=True)
def _noise(flat: Flat, core: int) -> Noise:
    n, a, b = flat.noise, flat.noise_ptr[core], flat.noise_ptr[core + 1]
    return Noise(n.unit[a:b], n.key[a:b], n.base[a:b], n.shift[a:b], n.onto_current[a:b], n.magnitude)


@njit(cache=True)
def _update(flat: Flat, live: Live, core: int, step: int) -> None:
    """Advance the compartments of one core."""
    a, b = flat.ptr[core], flat.ptr[core + 1]
    begin = flat.sums_ptr[core] + (step % flat.slots[core]) * (b - a)
    slot, p, count = live.sums[begin : begin + b - a], _parameters(flat, a, b), live.counters[core]
    draws = flat.noise_ptr[core + 1] - flat.noise_ptr[core]
    if draws:
        bias = add_noise(_noise(flat, core), step, slot, p.bias)
        p = Parameters(p.decay_u, p.decay_v, bias, p.threshold, p.refractory, p.join, p.spiking)
        count[RANDOM] += draws
    state = State(live.state.u[a:b], live.state.v[a:b], live.state.wait[a:b])
    count[CLIPPED] += step_compartments(slot, state, p, flat.arithmetic, live.fired[a:b], live.active[a:b])
    slot[:] = 0


@njit(cache=True)
def _inject(lines: Lines, pulses: NDArray[np.bool_], now: int, packets: Packets) -> int:
    """Write the packets of the input lines; returns how many they are."""
    n = 0
    for port in range(lines.ports):
        at = now
        for line in range(port, len(pulses), lines.ports):
            if not pulses[line]:
                continue
            for entry in range(lines.ptr[line], lines.ptr[line + 1]):
                packets.source[n], packets.goal[n], packets.axon[n] = port, lines.goal[entry], lines.axon[entry]
                packets.created[n] = packets.time[n] = at
                at += lines.spacing
                n += 1
        packets.ptr[port + 1] = n
    return n


@njit(cache=True)
def _send(flat: Flat, live: Live, core: int, now: int, packets: Packets, n: int) -> tuple[int, Ints, int]:
    """Write the packets of one core's sweep after n others; returns (packets, units that fired, end of the sweep)."""
    a, b = flat.ptr[core], flat.ptr[core + 1]
    out, count = flat.sending, live.counters[core]
    units, entry, leaves, length = sweep(
        live.fired[a:b], live.active[a:b], flat.drawing[a:b], out.ptr[a + core : b + core + 1], flat.times
    )
    endpoint = flat.first + core
    for k in range(len(entry)):
        e = out.base[core] + entry[k]
        packets.source[n], packets.goal[n], packets.axon[n] = endpoint, out.goal[e], out.axon[e]
        packets.created[n] = packets.time[n] = now + leaves[k]
        n += 1
    packets.ptr[endpoint + 1] = n
    active = 0
    for i in range(a, b):
        active += live.active[i]
    count[ACTIVE] += active
    count[INACTIVE] += b - a - active
    count[SPIKES] += len(units)
    count[OUTPUTS] += len(entry)
    return n, units, now + length


@njit(cache=True)
def _receive(flat: Flat, live: Live, core: int, step: int, packets: Packets, axons: Ints) -> int:
    """Let the synapses of one core's arrivals act; returns when they are processed (ps), 0 if there are none."""
    endpoint, into = flat.first + core, flat.receiving
    first, n = packets.begin[endpoint], packets.arrivals[endpoint]
    busy, base, count = 0, into.axon[core], live.counters[core]
    for k in range(n):
        p = packets.arrived[first + k]
        axon = packets.axon[p]
        axons[k] = axon
        busy = max(packets.time[p], busy) + into.time[base + axon]
        count[DENSE] += into.dense[base + axon]
        count[SPARSE] += into.sparse[base + axon]
    count[INPUTS] += n
    if n:
        s, t = into.synapse[core], into.synapse[core + 1]
        ring = live.sums[flat.sums_ptr[core] : flat.sums_ptr[core + 1]]
        sums = ring.reshape(flat.slots[core], flat.ptr[core + 1] - flat.ptr[core])
        ptr = into.ptr[base + core : into.axon[core + 1] + core + 1]
        deliver(axons[:n], ptr, into.target[s:t], into.weight[s:t], into.delay[s:t], sums, step)
    return busy


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
    cores, now, step = len(flat.slots), 0, 0
    fired, traced, late = np.empty((1024, 2), np.int64), np.empty((1024, 6), np.int64), np.empty((16, 1), np.int64)
    n_fired = n_traced = n_late = 0
    axons = scratch.taken
    before = np.zeros(live.counters.shape[1], dtype=np.int64)
    for step in range(len(pulses)):
        quiet, n = now, _inject(lines, pulses[step], now, packets)
        for core in range(cores):
            _update(flat, live, core, step)
            n, units, end = _send(flat, live, core, now, packets, n)
            quiet = max(quiet, end)
            fired = _grown(fired, n_fired + len(units))
            for unit in units:
                fired[n_fired, 0], fired[n_fired, 1] = step, flat.ptr[core] + unit
                n_fired += 1
        for k in range(len(sheet.read)):
            if sheet.read[k] == step:
                sheet.voltages[k, :] = live.state.v
        carry(w, runs, trees, links, packets, scratch)
        for core in range(cores):
            quiet = max(quiet, _receive(flat, live, core, step, packets, axons))
        if tracing:
            traced = _grown(traced, n_traced + n)
        for p in range(n):
            quiet = max(quiet, packets.time[p])
            latency = packets.time[p] - packets.created[p]
            if latency < len(sheet.bins):
                sheet.bins[latency] += 1
            else:
                late = _grown(late, n_late + 1)
                late[n_late, 0] = latency
                n_late += 1
            if tracing:
                traced[n_traced, 0], traced[n_traced, 1], traced[n_traced, 2] = step, packets.source[p], packets.goal[p]
                traced[n_traced, 3], traced[n_traced, 4] = packets.axon[p], packets.created[p]
                traced[n_traced, 5] = packets.time[p]
                n_traced += 1
        now = quiet + barrier
        sheet.ends[step] = now
        sheet.sent[step] = n
        for k in range(live.counters.shape[1]):
            total = live.counters[:, k].sum()
            sheet.per_step[step, k] = total - before[k]
            before[k] = total
    return fired[:n_fired], traced[:n_traced], late[:n_late]
