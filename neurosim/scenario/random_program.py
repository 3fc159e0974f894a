"""Cores of neurons that fire at random, written straight into a crossbar chip's memories.

The mapper is not meant for this: it knows no axon without synapses, to which a spike travels all the same, and it
places a network on as few cores as possible, not on cores all over the chip.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.cores.crossbar.draw import first_state
from neurosim.cores.crossbar.image import CrossbarImage, padded
from neurosim.cores.crossbar.registers import Registers, population_registers
from neurosim.errors import UnsupportedError
from neurosim.mapping import Lowered, refuse_illegal
from neurosim.network import CrossbarNeuron, Network, Population
from neurosim.network.generate import RandomCrossbars, random_crossbars, spread_places
from neurosim.program import Destinations, Members, Program

NAME = "neurons"  # the one population


def random_program(chip: Chip, neuron: CrossbarNeuron, cores: int, ones: int, seed: int) -> Program:
    """Return some cores of a chip, all their neurons alike, with random crossbars, targets and delays.

    Every core has all its neurons and axons in use and ``ones`` synapses per axon; the cores lie all over the mesh
    (``spread_places``) and send to each other. Raises UnsupportedError for a chip without a crossbar or without a
    single square mesh of one core per tile, CapacityError or NeurosimError for what does not fit.
    """
    refuse_unfit(chip)
    rng = np.random.default_rng(seed)
    places = np.sort(spread_places(cores, chip.columns, rng))
    axons, neurons = chip.limit("axons"), chip.limit("neurons")
    delays = chip.limit("delay_min"), chip.limit("delay_max")
    bars = random_crossbars(cores, axons, neurons, ones, delays, rng)
    own = population_registers(Population(NAME, neurons, neuron), chip).padded(padded(neurons))
    network = Network("random crossbars", (Population(NAME, cores * neurons, neuron),), ())
    program = Program(
        chip,
        Lowered(network, (), {NAME: 0}),
        places.astype(np.int32),
        tuple(_image(bars, k, own, first_state(seed, int(place))) for k, place in enumerate(places)),
        Destinations(np.zeros(1, np.int64), *(np.zeros(0, np.int32) for _ in range(3))),
        tuple(_outputs(bars, k) for k in range(cores)),
        {NAME: _members(cores, neurons)},
        _digest(chip, neuron, places, bars),
    )
    refuse_illegal(chip.name, core_kind(chip.core_kind).usage(program))
    return program


def refuse_unfit(chip: Chip) -> None:
    """Raise UnsupportedError for a chip without crossbars, or that is no single square mesh of one core per tile."""
    if chip.core_kind != "crossbar":
        raise UnsupportedError(f"{chip.name}: core kind {chip.core_kind}, random crossbars need core kind crossbar")
    if chip.n_chips != 1 or chip.columns != chip.rows or chip.n_cores != chip.columns * chip.rows:
        raise UnsupportedError(
            f"{chip.name}: {chip.n_chips} chips, {chip.columns} x {chip.rows} tiles in all and {chip.n_cores} cores:"
            " random crossbars need one chip with a square mesh and one core per tile"
        )


def _image(bars: RandomCrossbars, k: int, own: Registers, register: int) -> CrossbarImage:
    axons, neurons = bars.rows[k].shape
    rows = np.zeros((axons, padded(neurons)), np.uint8)
    rows[:, :neurons] = bars.rows[k]
    return CrossbarImage(
        n=neurons,
        axon_type=np.zeros(axons, np.uint8),
        rows=np.packbits(rows, axis=1, bitorder="little"),
        registers=own,
        off_chip=np.zeros(neurons, np.bool_),
        targets=np.ones(neurons, np.int64),
        delay=bars.delay[k],
        seed=register,
    )


def _outputs(bars: RandomCrossbars, k: int) -> Destinations:
    columns: tuple[NDArray[np.int32], ...] = tuple(
        each[k].astype(np.int32) for each in (bars.core, bars.axon, bars.delay)
    )
    return Destinations(np.arange(len(columns[0]) + 1, dtype=np.int64), *columns)


def _members(cores: int, neurons: int) -> Members:
    unit = np.tile(np.arange(neurons, dtype=np.int32), cores)
    return Members(np.repeat(np.arange(cores, dtype=np.int32), neurons), unit, unit)


def _digest(chip: Chip, neuron: CrossbarNeuron, places: NDArray[np.int64], bars: RandomCrossbars) -> str:
    sha = hashlib.sha256(f"{chip.digest} {neuron}".encode())
    for values in (places, bars.rows, bars.core, bars.axon, bars.delay):
        sha.update(np.ascontiguousarray(values).tobytes())
    return sha.hexdigest()
