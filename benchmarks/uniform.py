"""Programs of any size written straight into the memories of cores of Loihi: what a core holds is not checked.

Every neuron sends SPREAD packets to cores of its group, drawn so that every core receives as much as it sends. All
neurons fire with one period, at phases of their own, whatever arrives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import neurosim as ns
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.noise import Noise
from neurosim.cores.compartment.step import Parameters
from neurosim.mapping import Lowered
from neurosim.network import Compartment, CompartmentNeuron, Network, Population
from neurosim.program import Destinations, Members, Program

SPREAD = 8  # packets per spike
_BIAS = 1 << 14  # large against what synapses of weight 1 and -1 add up to in a period
_NAME = "cells"


@dataclass(frozen=True)
class Size:
    """Neurons per core, synapses per packet, steps from one spike of a neuron to its next, cores, cores of a group.

    A group is as many cores that follow each other; more than 128 cores stand on a mesh of as many more rows.
    """

    neurons: int
    synapses: int
    period: int
    cores: int = 128
    group: int = 128

    @property
    def all_synapses(self) -> int:
        """Synapses of the whole program."""
        return self.cores * self.neurons * SPREAD * self.synapses


def program(size: Size) -> Program:
    """Return the program."""
    rng = np.random.default_rng(1)
    n, cores, group, chip = size.neurons, size.cores, min(size.group, size.cores), ns.load_chip("loihi")
    total, rows = cores * n, -(-cores // (chip.columns * chip.cores_per_tile))
    members = np.broadcast_to(np.arange(group), (n * SPREAD * (cores // group), group))
    drawn = rng.permuted(members, axis=1).reshape(cores // group, n * SPREAD, group).swapaxes(1, 2)
    goals = (drawn + group * np.arange(cores // group)[:, None, None]).reshape(cores, n, SPREAD)
    neuron = CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=0),))
    network = Network("uniform", (Population(_NAME, total, neuron),), ())
    unit = np.tile(np.arange(n, dtype=np.int32), cores)
    core = np.repeat(np.arange(cores, dtype=np.int32), n)
    none = np.zeros(0, np.int32)
    return Program(
        chip.with_overrides({"geometry.rows": str(max(chip.rows, rows))}),
        Lowered(network, (), {_NAME: 0}),
        np.arange(cores, dtype=np.int32),
        tuple(_image(size, rng) for _ in range(cores)),
        Destinations(np.zeros(1, np.int64), none, none),
        tuple(map(_outputs, goals)),
        {_NAME: Members(core, unit, unit)},
        f"uniform {size}",
    )


def _outputs(goals: NDArray[np.int64]) -> Destinations:
    """Entry j of neuron i goes to axon i * SPREAD + j of its core; entries are in ascending order of core."""
    order = np.argsort(goals, axis=1, kind="stable")
    axons = np.arange(goals.size).reshape(goals.shape)
    columns = (np.take_along_axis(values, order, axis=1).ravel().astype(np.int32) for values in (goals, axons))
    return Destinations(np.arange(0, goals.size + 1, SPREAD), *columns)


def _image(size: Size, rng: np.random.Generator) -> CompartmentImage:
    n, axons = size.neurons, size.neurons * SPREAD
    synapses = axons * size.synapses
    zeros = np.zeros(n, np.int64)
    target = rng.integers(0, n, synapses, dtype=np.int32)
    weight = rng.integers(0, 2, synapses, dtype=np.int8).astype(np.int32) * 2 - 1
    threshold = zeros + size.period * _BIAS - _BIAS // 2
    parameters = Parameters(zeros + 4095, zeros, zeros + _BIAS, threshold, zeros + 1, zeros, np.ones(n, np.bool_))
    empty = np.zeros(0, np.int64)
    return CompartmentImage(
        n,
        parameters,
        rng.integers(0, size.period, n) * _BIAS,
        np.arange(0, synapses + 1, size.synapses),
        target,
        weight,
        np.zeros(synapses, np.int16),
        np.ones(axons, np.int64),
        np.ones(axons, np.bool_),
        np.zeros(axons, np.int64),
        2,
        Noise(empty, empty.astype(np.uint64), empty, empty, empty.astype(np.bool_), 127),
        np.arange(n),
    )
