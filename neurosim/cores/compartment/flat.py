"""All compartment cores of a program in flat arrays, so that a whole sample runs without Python."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.compartment.flat_banks import Banks, banks_of_cores, step_banks
from neurosim.cores.compartment.flat_learning import learn_all, note_all_fired, receive_plastic
from neurosim.cores.compartment.flat_neurons import BLOCK, LANES, VOLTAGE, Neurons, neurons_of
from neurosim.cores.compartment.flat_noise import Draws, draw_noise, draws_of
from neurosim.cores.compartment.flat_sweep import Leaving, advance, leaving_of, send
from neurosim.cores.compartment.flat_synapses import Synapses, Times, receive, synapses_of
from neurosim.cores.compartment.learning.plastic import Plastic, learned, learns, plastic_of, reload, rest
from neurosim.cores.compartment.prices import counters
from neurosim.cores.compartment.step import Arithmetic
from neurosim.cores.compartment.widths import arithmetic
from neurosim.cores.flat import Arrivals, Fired, bind
from neurosim.program import Program
from neurosim.results.learned import Learned

Ints = NDArray[np.int64]


class CompartmentCores(NamedTuple):
    """The cores of a program side by side."""

    counters: Ints
    arithmetic: Arithmetic
    neurons: Neurons
    draws: Draws
    banks: Banks
    synapses: Synapses
    leaving: Leaving


class LearningCores(NamedTuple):
    """The same with synapses that learn; ``loaded`` is what learning begins with."""

    counters: Ints
    cores: CompartmentCores
    plastic: Plastic
    loaded: Plastic


def flat(program: Program, constants: ConstantSet) -> CompartmentCores | LearningCores:
    """Return the cores of a program in their state after loading."""
    images = program.images
    learning = any(learns(image, program.options) for image in images)
    cores = _flat(program, constants, learning)
    if not learning:
        return cores
    places = np.split(cores.neurons.place, cores.neurons.unit_ptr[1:-1])
    plastic, loaded = (plastic_of(images, places, program.chip, constants, cores.synapses.grain) for _ in range(2))
    return LearningCores(cores.counters, cores, plastic, loaded)


def _flat(program: Program, constants: ConstantSet, learning: bool) -> CompartmentCores:
    chip, images, time = program.chip, program.images, constants.duration
    widths = arithmetic(chip)
    neurons = neurons_of(images, widths)
    synapse_times = Times(time("input_message"), time("synaptic_operation"), time("synaptic_operation_sparse"))
    least = 1 << chip.width("weight_shift") if learning else 0
    graded = chip.limit("payload_bits") > 0
    return CompartmentCores(
        np.zeros((len(images), len(counters(chip))), dtype=np.int64),
        widths,
        neurons,
        draws_of(images, neurons),
        banks_of_cores(images),
        synapses_of(images, neurons, widths.synaptic_sum_bits, graded, synapse_times, least),
        leaving_of(program, constants),
    )


def reset(cores: CompartmentCores | LearningCores) -> None:
    """Return to the state after loading, with all counters at zero."""
    rest_cores(cores)
    if isinstance(cores, LearningCores):
        reload(cores.plastic, cores.loaded)


def rest_cores(cores: CompartmentCores | LearningCores) -> None:
    """Return to the state after loading but for what has been learned."""
    if isinstance(cores, LearningCores):
        rest(cores.plastic)
        cores = cores.cores
    cores.neurons.table[:] = cores.neurons.initial
    cores.banks.registers[:] = cores.banks.initial
    cores.synapses.sums[:] = 0
    cores.counters[:] = 0


def learned_by(cores: CompartmentCores | LearningCores) -> Learned | None:
    """Return what the synapses of all cores have learned, None if they do not learn."""
    return learned(cores.plastic) if isinstance(cores, LearningCores) else None


@njit(cache=True)
def _sweep(cores: CompartmentCores, first: int, last: int, step: int, fired: Fired) -> None:
    draw_noise(cores, first, last, step)
    advance(cores, first, last, step)
    step_banks(cores, first, last, step)
    send(cores, first, last, fired)


@njit(cache=True)
def _stamp(static: int, step: int, value: int) -> int:
    return value


@njit(cache=True)
def _membranes(cores: CompartmentCores, membranes: Ints) -> None:
    unit_ptr, block_ptr, table, place = (
        cores.neurons.unit_ptr,
        cores.neurons.block_ptr,
        cores.neurons.table,
        cores.neurons.place,
    )
    bank_ptr, membrane, registers = cores.banks.unit_ptr, cores.banks.membrane, cores.banks.registers
    for core in range(len(unit_ptr) - 1):
        fixed = (block_ptr[core + 1] - block_ptr[core]) * LANES
        for u in range(unit_ptr[core], unit_ptr[core + 1]):
            at = place[u]
            if at < fixed:
                block = np.uint64(block_ptr[core] + at // LANES)
                membranes[u] = table[block * BLOCK + VOLTAGE + np.uint64(at % LANES)]
            else:
                membranes[u] = registers[membrane[bank_ptr[core] + at - fixed]]


bind(CompartmentCores, sweep=_sweep, receive=receive, stamp=_stamp, membranes=_membranes)


# ---- with synapses that learn ----------------------------------------------------------------------------------


@njit(cache=True)
def _sweep_learning(cores: LearningCores, first: int, last: int, step: int, fired: Fired) -> None:
    _sweep(cores.cores, first, last, step, fired)
    note_all_fired(cores.plastic, first, last, fired)


@njit(cache=True)
def _receive_learning(cores: LearningCores, first: int, last: int, step: int, arrivals: Arrivals) -> int:
    return receive_plastic(cores.cores, cores.plastic, first, last, step, arrivals)


@njit(cache=True)
def _learn(cores: LearningCores, first: int, last: int, step: int) -> int:
    return learn_all(cores.plastic, cores.counters, first, last, step)


@njit(cache=True)
def _membranes_learning(cores: LearningCores, membranes: Ints) -> None:
    _membranes(cores.cores, membranes)


bind(
    LearningCores,
    sweep=_sweep_learning,
    receive=_receive_learning,
    stamp=_stamp,
    membranes=_membranes_learning,
    learn=_learn,
)
