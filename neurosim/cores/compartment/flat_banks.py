"""The programmed neurons of all cores: codes, parameters and registers of all banks one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.bank import Bank
from neurosim.cores.compartment.flat_neurons import LANES, starts
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.prices import COUNTERS, PROGRAM_COUNTERS
from neurosim.cores.compartment.vm import Code, step_programs

Ints = NDArray[np.int64]

_WRAPPED = (COUNTERS + PROGRAM_COUNTERS).index("registers_wrapped")


class Banks(NamedTuple):
    """Core k has banks ``ptr[k]:ptr[k + 1]``, and their units are ``unit_ptr[k]:unit_ptr[k + 1]`` of all in banks.

    A bank's row of ``extent`` int64[banks, 12] tells where its units, registers, parameters, lines of code and
    constants begin, how many units, registers, parameters, lines and constants there are, registers and parameters
    per unit, and the temporaries and bits of its program. ``membrane`` int64[units] is where the first register of
    each unit is; ``waiting`` takes what arrived, ``sent`` and ``active`` what came of it.
    """

    ptr: Ints
    unit_ptr: Ints
    extent: Ints
    code: Ints
    constants: Ints
    parameters: Ints
    registers: Ints
    initial: Ints
    membrane: Ints
    waiting: Ints
    sent: Ints
    active: NDArray[np.bool_]


def banks_of_cores(images: Sequence[CompartmentImage]) -> Banks:
    """Lay out the programmed neurons of some cores; banks of one program share its code."""
    banks = [bank for image in images for bank in image.banks]
    codes = list({id(bank.code): bank.code for bank in banks}.values())
    number = {id(code): k for k, code in enumerate(codes)}
    which = np.array([number[id(bank.code)] for bank in banks], dtype=np.int64)
    sizes = np.array([_sizes(bank) for bank in banks], dtype=np.int64).reshape(-1, 7)
    units, registers, parameters = sizes[:, 0], sizes[:, 1], sizes[:, 2]
    begin = [starts(units)[:-1], starts(units * registers)[:-1], starts(units * parameters)[:-1]]
    begin.append(starts(len(code.table) for code in codes)[which])
    begin.append(starts(len(code.constants) for code in codes)[which])
    ptr, unit_ptr, nothing = starts(len(image.banks) for image in images), starts(units), np.zeros(0, dtype=np.int64)
    initial = np.concatenate([nothing, *(bank.initial.ravel() for bank in banks)])
    waiting, sent = np.zeros((2, unit_ptr[-1]), dtype=np.int64)
    return Banks(
        ptr,
        unit_ptr[ptr],
        np.column_stack([*begin, sizes]),
        np.concatenate([np.zeros((0, 5), dtype=np.int64), *(code.table for code in codes)]),
        np.concatenate([nothing, *(code.constants for code in codes)]),
        np.concatenate([nothing, *(bank.parameters.ravel() for bank in banks)]),
        initial.copy(),
        initial,
        starts(np.repeat(registers, units))[:-1],
        waiting,
        sent,
        np.zeros(unit_ptr[-1], dtype=np.bool_),
    )


def _sizes(bank: Bank) -> tuple[int, ...]:
    code = bank.code
    sizes = len(bank.unit), code.registers, bank.parameters.shape[1], len(code.table), len(code.constants)
    return *sizes, code.temporaries, code.bits


@njit(cache=True)
def step_banks(cores: Any, first: int, last: int, step: int) -> None:
    """Run the programs of cores first..last-1 for a step."""
    banks, synapses, block_ptr = cores.banks, cores.synapses, cores.neurons.block_ptr
    sums, width, slots, ring_ptr = synapses.sums, synapses.width, synapses.slots, synapses.ring_ptr
    ptr, unit_ptr, extent, waiting, sent, active = (
        banks.ptr,
        banks.unit_ptr,
        banks.extent,
        banks.waiting,
        banks.sent,
        banks.active,
    )
    for core in range(first, last):
        begin, end = unit_ptr[core], unit_ptr[core + 1]
        row = ring_ptr[core] + (step & (slots[core] - 1)) * width[core]
        row += (block_ptr[core + 1] - block_ptr[core]) * LANES
        for k in range(begin, end):
            waiting[k] = int(sums[row + k - begin]) << synapses.grain
            sums[row + k - begin] = 0
        for bank in range(ptr[core], ptr[core + 1]):
            unit, register, parameter, line, constant, n, r, p, lines, constants, temporaries, bits = (
                extent[bank, 0],
                extent[bank, 1],
                extent[bank, 2],
                extent[bank, 3],
                extent[bank, 4],
                extent[bank, 5],
                extent[bank, 6],
                extent[bank, 7],
                extent[bank, 8],
                extent[bank, 9],
                extent[bank, 10],
                extent[bank, 11],
            )
            cores.counters[core, _WRAPPED] += step_programs(
                waiting[unit : unit + n],
                banks.registers[register : register + n * r].reshape(n, r),
                banks.parameters[parameter : parameter + n * p].reshape(n, p),
                Code(
                    banks.code[line : line + lines],
                    banks.constants[constant : constant + constants],
                    r,
                    temporaries,
                    bits,
                ),
                cores.arithmetic,
                sent[unit : unit + n],
                active[unit : unit + n],
            )
