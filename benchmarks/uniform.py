"""Programs of any size written straight into the memories of Loihi's 128 cores: what a core holds is not checked.

Every neuron sends to as many cores, drawn so that every core receives as much as it sends. All neurons fire with one
period, at phases of their own, whatever arrives.
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

CORES, SPREAD = 128, 8  # destination cores per neuron
_BIAS = 1 << 14  # large against what synapses of weight 1 and -1 add up to in a period
_NAME = "cells"


@dataclass(frozen=True)
class Size:
    """Neurons per core, synapses per packet and steps from one spike of a neuron to its next."""

    neurons: int
    synapses: int
    period: int

    @property
    def all_synapses(self) -> int:
        """Synapses of the whole program."""
        return CORES * self.neurons * SPREAD * self.synapses


def program(size: Size) -> Program:
    """Return the program."""
    rng = np.random.default_rng(1)
    n, total = size.neurons, CORES * size.neurons
    goals = rng.permuted(np.broadcast_to(np.arange(CORES), (n * SPREAD, CORES)), axis=1).T.reshape(CORES, n, SPREAD)
    neuron = CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=0),))
    network = Network("uniform", (Population(_NAME, total, neuron),), ())
    unit = np.tile(np.arange(n, dtype=np.int32), CORES)
    core = np.repeat(np.arange(CORES, dtype=np.int32), n)
    none = np.zeros(0, np.int32)
    return Program(
        ns.load_chip("loihi"),
        Lowered(network, (), {_NAME: 0}),
        np.arange(CORES, dtype=np.int32),
        tuple(_image(size, rng) for _ in range(CORES)),
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
