"""Lowering to neuron programs, on chips that run them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.programs import add_and_fire, leaky_subtract, leaky_subtract_late
from neurosim.mapping.lowering import Record
from neurosim.network import LIF, NeuronProgram, Population, ProgrammedNeuron
from neurosim.network.microcode import WIDEST

_FREE = WIDEST - 2  # thresholds below 2**30 leave the widest register as much room again on top


def largest_threshold(chip: Chip) -> int:
    """Return the largest threshold of a lowered program in weight units."""
    return int(2 ** (_FREE - chip.width("weight_shift")))


def add_and_fire_program(
    population: Population, theta: NDArray[np.int64], chip: Chip
) -> tuple[Population, tuple[Record, ...]]:
    """Return an add-and-fire population as programs, and its record; ``theta`` are thresholds in weight units."""
    neuron = ProgrammedNeuron(add_and_fire(WIDEST), {"threshold": _one_or_all(theta << chip.width("weight_shift"))})
    return replace(population, neuron=neuron), (_record(population, neuron.program),)


def leaky_program(
    population: Population, model: LIF, scale: float, theta: NDArray[np.int64], chip: Chip
) -> tuple[Population, tuple[Record, ...]]:
    """Return a leaky population with subtractive reset as programs, and its record."""
    places, unit = chip.width("decay_bits"), 1 << chip.width("weight_shift")
    build = leaky_subtract if model.reset == "subtract" else leaky_subtract_late
    wanted = {
        "keep": np.asarray(model.decay, dtype=np.float64) * (1 << places),
        "bias": np.asarray(model.bias, dtype=np.float64) * scale * unit,
        "threshold": theta * float(unit),
    }
    start = np.asarray(model.initial, dtype=np.float64) * scale * unit
    whole = all(bool(np.all(value == np.rint(value))) for value in (*wanted.values(), start))
    parameters = {name: _one_or_all(np.rint(value).astype(np.int64)) for name, value in wanted.items()}
    initial = {"v": _one_or_all(np.rint(start).astype(np.int64))}
    neuron = ProgrammedNeuron(build(places, WIDEST), parameters, initial)
    keeps_all = bool(np.isin(model.decay, (0.0, 1.0)).all())
    leak = Record(
        f"leak {population.name}",
        f"decay rounded to 1/{1 << places}, bias and initial voltage to whole numbers",
        f"programs compute with whole numbers; a product is shifted by {places} places and rounds toward zero",
        "exact" if whole and keeps_all else "approximate",
    )
    return replace(population, neuron=neuron), (leak, _record(population, neuron.program))


def _record(population: Population, program: NeuronProgram) -> Record:
    return Record(
        f"program {population.name}",
        f"each neuron runs the program {program.name} and takes the threshold away itself",
        "the chip's neurons are programs",
        "exact",
        f"{population.size} neurons of {len(program.registers)} registers; {len(program.code)} instructions per core",
    )


def _one_or_all(values: NDArray[np.int64]) -> int | NDArray[np.int64]:
    """Return one number where all are equal, so that neurons share it and do not store it."""
    flat = np.atleast_1d(values)
    return int(flat[0]) if np.all(flat == flat[0]) else values
