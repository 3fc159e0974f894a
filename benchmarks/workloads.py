"""The networks that the benchmarks run, given once and taken by every simulator: neurons, synapses, cores, inputs.

All neurons are single integer compartments of Loihi. Their weights and thresholds are multiples of 64, so that their
arithmetic is exact in floating point too and another simulator fires in the same steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neurosim as ns
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.mapping import Mapping
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source
from neurosim.program import Program

GRAIN = 6  # weights and thresholds are multiples of 2**6
FORGET = 4095  # the decay of the current by which nothing is left of it in the next step
DECAY, LEAK = 4096, 64  # v loses 64/4096 per step
THRESHOLD, BIAS = 128 << GRAIN, 235  # and with this bias reaches the threshold in about 50 steps
STEPS = {"a": 1000, "b": 1000, "c": 100}


@dataclass(frozen=True, eq=False)
class Workload:
    """A network on a chip, the core id of every neuron, and ``inputs`` bool[1, steps, lines]."""

    name: str
    title: str
    network: Network
    chip: Chip
    core_of: NDArray[np.int32]
    inputs: NDArray[np.bool_]

    def program(self) -> Program:
        """Return what is loaded into the chip; raises CapacityError for what it cannot hold."""
        lowered = core_kind(self.chip.core_kind).lower(self.network, self.chip)
        return ns.load_program(Mapping(self.network, lowered, self.chip, self.core_of, "by hand", 0))


def workload(name: str, steps: int | None = None) -> Workload:
    """Return workload a, b or c with so many steps (None: as many as it is meant to have)."""
    return {"a": _a, "b": _b, "c": _c}[name](steps or STEPS[name])


def _a(steps: int) -> Workload:
    cores = 4 * np.repeat(np.arange(32), 32)  # one core of each tile
    title = "1,024 leaky neurons x 128 random synapses, 32 cores, 2 % firing"
    return _quiet("a", title, _recurrent(1024, 128), ns.load_chip("loihi"), cores, steps)


def _c(steps: int) -> Workload:
    # Random targets reach every core from everywhere: more axons than Loihi's cores have room for.
    room = {f"limits.{table}": "16384" for table in ("input_axons", "output_axons")}
    chip = ns.load_chip("loihi").with_overrides(room)
    title = "16,384 leaky neurons x 128 random synapses, 128 cores, 2 % firing"
    return _quiet("c", title, _recurrent(16384, 128), chip, np.repeat(np.arange(128), 128), steps)


def _quiet(name: str, title: str, network: Network, chip: Chip, cores: NDArray[Any], steps: int) -> Workload:
    return Workload(name, title, network, chip, cores.astype(np.int32), np.zeros((1, steps, 1), dtype=np.bool_))


def _recurrent(n: int, fan_out: int) -> Network:
    """Return neurons that a bias makes fire about every 50 steps, and that excite and inhibit each other a little."""
    rng = np.random.default_rng(1)
    bias = rng.integers(BIAS - 20, BIAS + 21, n)
    # Each starts somewhere on its way from 0 to the threshold, so that as many fire in the first step as later.
    goal, keep = bias * DECAY / LEAK, 1 - LEAK / DECAY
    period = np.log(1 - THRESHOLD / goal) / np.log(keep)
    initial = (goal * (1 - keep ** (period * rng.random(n)))).astype(np.int64)
    neuron = Compartment(decay_u=FORGET, decay_v=LEAK, threshold=THRESHOLD, bias=bias, initial=initial)
    targets = np.empty((n, fan_out), dtype=np.int32)
    for row in targets:
        row[:] = np.sort(rng.choice(n, fan_out, replace=False))
    weights = 2 * rng.integers(0, 2, n * fan_out) - 1
    starts = np.arange(0, n * fan_out + 1, fan_out)
    synapses = Projection("cells", "cells", starts, targets.ravel(), weights, 1, 0, GRAIN)
    populations = (Population("in", 1, Source()), Population("cells", n, CompartmentNeuron((neuron,))))
    return Network("recurrent", populations, (synapses,), ("cells",))


def _b(steps: int) -> Workload:
    rng = np.random.default_rng(2)
    populations = (
        Population("in", 784, Source()),
        Population("hidden", 256, _integrator(200)),
        Population("out", 10, _integrator(200)),
    )
    projections = (
        _dense("in", "hidden", rng.integers(1, 9, (784, 256)) * (2 * rng.integers(0, 2, (784, 256)) - 1)),
        _dense("hidden", "out", rng.integers(1, 9, (256, 10))),
    )
    cores = np.append(4 + np.repeat(np.arange(8), 32), np.full(10, 12)).astype(np.int32)
    return Workload(
        "b",
        "784-256-10, 30 % of inputs pulsing, 9 cores",
        Network("layers", populations, projections, ("out",)),
        ns.load_chip("loihi"),
        cores,
        rng.random((1, steps, 784)) < 0.3,
    )


def _integrator(threshold: int) -> CompartmentNeuron:
    return CompartmentNeuron((Compartment(decay_u=FORGET, decay_v=0, threshold=threshold << GRAIN),))


def _dense(source: str, target: str, weights: NDArray[Any]) -> Projection:
    return replace(Projection.dense(source, target, weights, delay=1), exponent=GRAIN)
