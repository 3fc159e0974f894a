"""All processing elements of a program in flat arrays, for the compiled engine (see neurosim.cores.flat)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.flat import Arrivals, Fired, bind
from neurosim.cores.processor.flat_rows import BEGIN, END, OPERATIONS, PLACE, SCATTERED, rows_of
from neurosim.cores.processor.image import ProcessorImage
from neurosim.cores.processor.level import Ladder, Policy, ladder
from neurosim.cores.processor.prices import PER_LEVEL, SINGLE, counters, stamp
from neurosim.cores.processor.step import Parameters, State, send_spikes, step_neurons
from neurosim.cores.processor.widths import Arithmetic, arithmetic
from neurosim.program import Program

Ints = NDArray[np.int64]

# Places of the counters, in the order of prices.counters; of those in PER_LEVEL the place among them.
_SPIKES, _RECEIVED, _CHANGES, _SATURATED = range(len(SINGLE))
_UPDATES, _OPERATIONS, _OVERHEAD, _BUSY, _TICKS = range(len(PER_LEVEL))
_UNBOUNDED = 1 << 62


class Costs(NamedTuple):
    """The time of a level change (ps), and the cycles of the parts of a tick."""

    level_change: int
    neuron_update: int
    synaptic_operation: int
    packet: int
    spike: int
    tick: int


class Rows(NamedTuple):
    """Synapse rows of all cores, see flat_rows.rows_of."""

    table: Ints
    place: NDArray[np.int32]
    weight: Ints


class ProcessorCores(NamedTuple):
    """The cores side by side: ``cores`` int64[cores, columns] says where what belongs to each of them lies.

    ``sends`` tells which neurons have somewhere to send to. ``sums`` are rings of slots, of one sum per neuron each.
    """

    counters: Ints
    cores: Ints
    state: State
    initial: Ints
    parameters: Parameters
    arithmetic: Arithmetic
    sends: NDArray[np.bool_]
    sums: Ints
    rows: Rows
    costs: Costs


# Columns of ``cores``: the neurons are _FIRST.._LAST-1, the ring of sums is _RING.._RING_END-1 and has _SLOTS, the
# synapse rows begin at _ROW. _QUEUED spikes with so many synaptic _OPERATIONS wait for the next tick. _LEVEL is the
# present one, _REST that before the first tick. From _LEVELS on stand for each level the most queued spikes for which
# it is taken, and its period (ps).
_FIRST, _LAST, _RING, _RING_END, _SLOTS, _ROW, _QUEUED, _QUEUED_OPERATIONS, _LEVEL, _REST, _LEVELS = range(11)


def flat(program: Program, constants: ConstantSet) -> ProcessorCores:
    """Lay out the cores of a program in their state after loading; raises NeurosimError for bad options."""
    images, chip = program.images, program.chip
    policy = Policy.of(program)
    cores = _cores(images, [ladder(policy, image, chip, constants) for image in images])
    initial = np.concatenate([image.initial for image in images])
    columns = zip(*(image.parameters for image in images), strict=True)
    cycles = {name: figure.whole() for name, figure in constants.cycles.items()}
    return ProcessorCores(
        np.zeros((len(images), len(counters(chip))), dtype=np.int64),
        cores,
        State(initial.copy(), np.zeros(len(initial), dtype=np.bool_)),
        initial,
        Parameters(*(np.concatenate(column) for column in columns)),
        arithmetic(chip),
        np.concatenate([np.diff(out.ptr) > 0 for out in program.outputs]),
        np.zeros(cores[-1, _RING_END], dtype=np.int64),
        Rows(*rows_of(images)),
        Costs(**{name: cycles[name] for name in Costs._fields[1:]}, level_change=constants.duration("level_change")),
    )


def _cores(images: Sequence[ProcessorImage], ladders: Sequence[Ladder]) -> Ints:
    slots = [image.delay_slots for image in images]
    neurons, rows = _starts(image.n for image in images), _starts(image.rows for image in images)
    ring = _starts(image.n * own for image, own in zip(images, slots, strict=True))
    none = np.zeros(len(images), dtype=np.int64)
    rest = np.array([own.rest for own in ladders], dtype=np.int64)
    fixed = (neurons[:-1], neurons[1:], ring[:-1], ring[1:], slots, rows[:-1], none, none, rest, rest)
    return np.column_stack([*fixed, [_levels(own) for own in ladders]]).astype(np.int64)


def _levels(own: Ladder) -> list[int]:
    bounds = [*own.bounds, *[_UNBOUNDED] * (len(own.periods) - len(own.bounds))]
    return [x for bound, period in zip(bounds, own.periods, strict=True) for x in (min(bound, _UNBOUNDED), period)]


def _starts(counts: Iterable[int]) -> Ints:
    return np.cumsum([0, *counts]).astype(np.int64)


def reset(cores: ProcessorCores) -> None:
    """Return all cores to the state after loading, counters at zero, step 0."""
    cores.state.v[:] = cores.initial
    cores.cores[:, _LEVEL] = cores.cores[:, _REST]
    cores.cores[:, _QUEUED : _QUEUED_OPERATIONS + 1] = 0
    for values in (cores.state.fired, cores.sums, cores.counters):
        values[:] = 0


@njit(cache=True)
def sweep(cores: ProcessorCores, first: int, last: int, step: int, fired: Fired) -> None:
    """Work through one tick of cores first..last-1; see ProcessorCore.update."""
    counters, table, sends, sums, costs = cores.counters, cores.cores, cores.sends, cores.sums, cores.costs
    state, parameters, widths = cores.state, cores.parameters, cores.arithmetic
    unit_ptr, unit, units, entry_ptr, entry, payload, leaves, messages, duration = fired
    levels = (table.shape[1] - _LEVELS) // 2
    for k in range(first, last):
        a, b = table[k, _FIRST], table[k, _LAST]
        queued, operations = table[k, _QUEUED], table[k, _QUEUED_OPERATIONS]
        table[k, _QUEUED] = table[k, _QUEUED_OPERATIONS] = 0
        level = 0
        while table[k, _LEVELS + 2 * level] < queued:
            level += 1
        period = table[k, _LEVELS + 2 * level + 1]
        begin = 0
        if level != table[k, _LEVEL]:
            table[k, _LEVEL] = level
            counters[k, _CHANGES] += 1
            begin = costs.level_change
        slot = table[k, _RING] + step % table[k, _SLOTS] * (b - a)
        saturated = step_neurons(a, b, sums, slot, state, parameters, widths)
        before = costs.tick + queued * costs.packet
        begin += (before + operations * costs.synaptic_operation) * period
        update, spike = costs.neuron_update * period, costs.spike * period
        u, e = unit_ptr[k], entry_ptr[k]
        spikes, sent, end = send_spikes(a, b, state.fired, sends, begin, update, spike, u, unit, e, entry, leaves)
        for i in range(e, e + sent):
            payload[i] = 0
        units[k], messages[k], duration[k] = spikes, sent, end
        counters[k, _SPIKES] += spikes
        counters[k, _RECEIVED] += queued
        counters[k, _SATURATED] += saturated
        at = len(SINGLE) + level
        counters[k, at + levels * _UPDATES] += b - a
        counters[k, at + levels * _OPERATIONS] += operations
        counters[k, at + levels * _OVERHEAD] += before + sent * costs.spike
        counters[k, at + levels * _BUSY] += end
        counters[k, at + levels * _TICKS] += 1


@njit(cache=True)
def receive(cores: ProcessorCores, first: int, last: int, step: int, arrivals: Arrivals) -> int:
    """Queue the spikes that arrived at cores first..last-1; they act in the next tick, so that nothing is done yet.

    Their rows are added to the ring right here, in the slots as seen from the next tick: nobody reads those before,
    and the order of whole numbers in a sum does not matter.
    """
    table, sums = cores.cores, cores.sums
    rows, place, weight = cores.rows
    begin, number, axon = arrivals.begin, arrivals.count, arrivals.axon
    for k in range(first, last):
        end = table[k, _RING_END]
        size = end - table[k, _RING]
        origin = table[k, _RING] + (step + 1) % table[k, _SLOTS] * (table[k, _LAST] - table[k, _FIRST])
        operations = 0
        for p in range(begin[k], begin[k] + number[k]):
            # Unsigned places are not checked for counting from the end, so that ranges become vector instructions.
            row = np.uint64(table[k, _ROW] + axon[p])
            operations += rows[row, OPERATIONS]
            s, t = np.uint64(rows[row, BEGIN]), np.uint64(rows[row, END])
            if rows[row, PLACE] == SCATTERED:
                for i in range(s, t):
                    at = origin + place[i]
                    sums[np.uint64(at - size if at >= end else at)] += weight[i]
            else:
                at = origin + rows[row, PLACE]
                to = np.uint64(at - size if at >= end else at)
                for i in range(t - s):
                    sums[to + i] += weight[s + i]
        table[k, _QUEUED] += number[k]
        table[k, _QUEUED_OPERATIONS] += operations
    return 0


@njit(cache=True)
def membranes(cores: ProcessorCores, into: Ints) -> None:
    """Write the membranes of all neurons, core by core, into int64[neurons]."""
    v = cores.state.v
    for i in range(len(v)):
        into[i] = v[i]


bind(ProcessorCores, sweep=sweep, receive=receive, stamp=njit(cache=True)(stamp), membranes=membranes)
