"""All crossbar cores of a program side by side, for the compiled engine; see cores.flat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.arena import together
from neurosim.cores.crossbar.image import stack
from neurosim.cores.crossbar.prices import COUNTERS
from neurosim.cores.crossbar.step import (
    BLOCK,
    Arithmetic,
    Buffers,
    Crossbar,
    Draws,
    Parameters,
    State,
    space,
    step_cores,
    time_up_to,
)
from neurosim.cores.crossbar.widths import arithmetic
from neurosim.cores.crossbar.words import WORD
from neurosim.cores.fetch import fetch
from neurosim.cores.flat import Arrivals, Fired, bind
from neurosim.program import Program

Ints = NDArray[np.int64]
_UPDATES, _SCANS, _OUTPUTS, _LATE = (
    COUNTERS.index(name) for name in ("neuron_updates", "memory_scans", "output_spikes", "late_spikes")
)
_ENTRY, _HOW = range(2)  # columns of Cores.sending
_SILENT = -1  # entry of a column that sends nothing


class Cores(NamedTuple):
    """Memories and state of all cores; the columns of core c are units ``ptr[c]:ptr[c + 1]``.

    ``ring`` uint64[slots, cores, words] holds one bit per axon for each of the next ticks, by tick modulo the slots.
    ``sending`` int32[units, 2]: per column the entry of its core's destination lists or -1, and twice its delay in
    ticks, plus 1 if its spikes leave the chip. ``update``, ``event`` and ``spike`` are times (ps). ``first_v`` and
    ``first_register`` are those after loading.
    """

    bar: Crossbar
    parameters: Parameters
    draws: Draws
    state: State
    arithmetic: Arithmetic
    ptr: Ints
    ring: NDArray[np.uint64]
    sending: NDArray[np.int32]
    update: int
    event: int
    spike: int
    first_v: NDArray[np.int32]
    first_register: Ints
    counters: Ints


def flat(program: Program, constants: ConstantSet) -> Cores:
    """Return all cores of a program in their state after loading."""
    images, chip, time = program.images, program.chip, constants.duration
    bar, parameters, draws, state = stack(images)
    words = -(-bar.rows.shape[1] // WORD)
    cores = Cores(
        bar,
        parameters,
        draws,
        state,
        arithmetic(chip),
        np.cumsum([0, *(image.n for image in images)]).astype(np.int64),
        np.zeros((chip.limit("scheduler_slots"), len(images), words), np.uint64),
        np.concatenate([_sending(program, core) for core in range(len(images))]),
        time("neuron_update"),
        time("synaptic_operation"),
        time("spike_generation"),
        state.v.copy(),
        state.register.copy(),
        np.zeros((len(images), len(COUNTERS)), np.int64),
    )
    return together(cores)


def _sending(program: Program, core: int) -> NDArray[np.int32]:
    image, ptr = program.images[core], program.outputs[core].ptr
    entry = np.where(ptr[1:] > ptr[:-1], ptr[:-1], _SILENT)
    return np.stack([entry, 2 * image.delay + image.off_chip], axis=1).astype(np.int32)


def reset(cores: Cores) -> None:
    """Return to the state after loading, the generators included, with all counters at zero.

    What a column drew last, its leak and thresholds, need not be set back: it draws before it uses them.
    """
    cores.state.v[:] = cores.first_v
    cores.state.register[:] = cores.first_register
    cores.ring[:] = 0
    cores.counters[:] = 0


@njit(cache=True)
def _sweep(cores: Cores, first: int, last: int, step: int, fired: Fired) -> None:
    """Do as update() of the cores first..last-1."""
    bar, parameters, draws, state, widths = cores.bar, cores.parameters, cores.draws, cores.state, cores.arithmetic
    counters, slots = cores.counters, cores.ring[step % cores.ring.shape[0]]
    buffers = space(min(BLOCK, last - first), bar.rows.shape[1], bar.rows.shape[2])
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        _fetch_room(fired, begin, end)
        step_cores(slots[begin:end], bar, parameters, draws, state, widths, buffers, counters[begin:end], begin)
        _send(cores, begin, end, step, buffers, fired)


@njit(cache=True)
def _fetch_room(fired: Fired, first: int, last: int) -> None:
    """Ask for the places where some cores will write what they fire."""
    unit_ptr, unit, entry_ptr, entry = fired.unit_ptr, fired.unit, fired.entry_ptr, fired.entry
    payload, leaves = fired.payload, fired.leaves
    for c in range(first, last):
        fetch(unit, unit_ptr[c])
        fetch(entry, entry_ptr[c])
        fetch(payload, entry_ptr[c])
        fetch(leaves, entry_ptr[c])


@njit(cache=True)
def _send(cores: Cores, first: int, last: int, step: int, buffers: Buffers, fired: Fired) -> None:
    """Write what some cores fired, and count; row 0 of the buffers is that of the first core."""
    # Arrays are taken out of their tuples once: inside the loop that would cost as much as the work.
    words, ptr, sending, counters = cores.bar.words, cores.ptr, cores.sending, cores.counters
    update, event, spike = cores.update, cores.event, cores.spike
    n_fired, columns, events, before = buffers.n_fired, buffers.fired, buffers.events, buffers.before
    unit_ptr, unit, units, duration = fired.unit_ptr, fired.unit, fired.units, fired.duration
    entry_ptr, entry, payload, leaves = fired.entry_ptr, fired.entry, fired.payload, fired.leaves
    messages = fired.messages
    for c in range(first, last):
        for i in range(n_fired[c - first]):
            fetch(sending, 2 * (ptr[c] + columns[c - first, i]))
    for c in range(first, last):
        r, base, n, k, outside = c - first, ptr[c], ptr[c + 1] - ptr[c], entry_ptr[c], 0
        for i in range(n_fired[r]):
            column = np.int64(columns[r, i])
            goes, how = sending[base + column, _ENTRY], sending[base + column, _HOW]
            unit[unit_ptr[c] + i] = column
            outside += how & 1
            if goes != _SILENT:
                entry[k], payload[k] = goes, step + (how >> 1)
                leaves[k] = time_up_to(column + 1, events[r, i], i + 1, update, event, spike)
                k += 1
        units[c], messages[c] = n_fired[r], k - entry_ptr[c]
        duration[c] = time_up_to(n, before[r, words[c]], n_fired[r], update, event, spike)
        counters[c, _UPDATES] += n
        counters[c, _SCANS] += 1
        counters[c, _OUTPUTS] += outside


@njit(cache=True)
def _receive(cores: Cores, first: int, last: int, step: int, arrivals: Arrivals) -> int:
    """Do as finish_step() of the cores first..last-1; their spikes act in later sweeps."""
    ring, counters = cores.ring, cores.counters
    begin, count, axon, payload = arrivals.begin, arrivals.count, arrivals.axon, arrivals.payload
    slots, now = ring.shape[0], step + 1
    here = now % slots
    for c in range(first, last):
        late = 0
        for k in range(begin[c], begin[c] + count[c]):
            due, on = payload[k], axon[k]
            late += due < now
            slot = here + due - now
            if slot >= slots:
                slot -= slots
            if slot < 0 or slot >= slots:  # late, or beyond the ring
                slot = due % slots
            ring[slot, c, on >> 6] |= np.uint64(1) << np.uint64(on & 63)
        counters[c, _LATE] += late
    return 0


@njit(cache=True, inline="always")
def _stamp(static: int, step: int, value: int) -> int:
    return step + static


@njit(cache=True)
def _membranes(cores: Cores, membranes: Ints) -> None:
    """Write the potentials of all columns, core by core."""
    v, ptr = cores.state.v, cores.ptr
    for c in range(ptr.shape[0] - 1):
        for j in range(ptr[c + 1] - ptr[c]):
            membranes[ptr[c] + j] = v[c, j]


bind(Cores, sweep=_sweep, receive=_receive, stamp=_stamp, membranes=_membranes)
