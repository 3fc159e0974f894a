"""Sequential fill: neurons in order, a new core when the next one does not fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError
from neurosim.mapping.partition.fill import fill_along
from neurosim.mapping.partition.settle import settle
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch


def sequential(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Fill cores in neuron order, around fixed neurons if there are any; ``seed`` has no effect."""
    return sequential_fill(problem)


def sequential_fill(problem: MappingProblem) -> NDArray[np.int32]:
    """Return the cluster of every neuron, int32[n]; clusters are numbered in the order of opening.

    Raises CapacityError when one neuron does not fit on an empty core.
    """
    if problem.fixed:
        return fill_along(problem, np.arange(problem.n_neurons))
    return settle(problem, lambda sends: _fill(problem, sends.tolist()))


def _fill(problem: MappingProblem, sends: list[int]) -> NDArray[np.int32]:
    cluster_of = np.zeros(problem.n_neurons, dtype=np.int32)
    core, cluster = problem.new_core(), 0
    for neuron in range(problem.n_neurons):
        if core.add(neuron, sends[neuron]) is not None:
            core, cluster = problem.new_core(), cluster + 1
            limit = core.add(neuron, sends[neuron])
            if limit is not None:
                where = f"a core with neuron {neuron} alone"
                raise CapacityError(problem.chip, limit.limit, limit.needed, limit.available, where)
        cluster_of[neuron] = cluster
    return cluster_of
