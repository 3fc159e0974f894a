"""All compartment cores of a program in flat arrays, so that a whole sample runs without Python."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.compartment.flat_banks import Banks, banks_of_cores, step_banks
from neurosim.cores.compartment.flat_neurons import BLOCK, LANES, VOLTAGE, Neurons, neurons_of
from neurosim.cores.compartment.flat_noise import Draws, draw_noise, draws_of
from neurosim.cores.compartment.flat_sweep import Leaving, advance, leaving_of, send
from neurosim.cores.compartment.flat_synapses import Synapses, Times, receive, synapses_of
from neurosim.cores.compartment.prices import counters
from neurosim.cores.compartment.step import Arithmetic
from neurosim.cores.compartment.widths import arithmetic
from neurosim.cores.flat import Fired, bind
from neurosim.program import Program

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


def flat(program: Program, constants: ConstantSet) -> CompartmentCores:
    """Return the cores of a program in their state after loading."""
    chip, images, time = program.chip, program.images, constants.duration
    widths = arithmetic(chip)
    neurons = neurons_of(images, widths)
    synapse_times = Times(time("input_message"), time("synaptic_operation"), time("synaptic_operation_sparse"))
    graded = chip.limit("payload_bits") > 0
    return CompartmentCores(
        np.zeros((len(images), len(counters(chip))), dtype=np.int64),
        widths,
        neurons,
        draws_of(images, neurons),
        banks_of_cores(images),
        synapses_of(images, neurons, widths.synaptic_sum_bits, graded, synapse_times),
        leaving_of(program, constants),
    )


def reset(cores: CompartmentCores) -> None:
    """Return to the state after loading, with all counters at zero."""
    cores.neurons.table[:] = cores.neurons.initial
    cores.banks.registers[:] = cores.banks.initial
    cores.synapses.sums[:] = 0
    cores.counters[:] = 0


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
