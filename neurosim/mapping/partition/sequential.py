"""Sequential fill: neurons in order, a new core when the next one does not fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError
from neurosim.mapping.problem import MappingProblem


def sequential_fill(problem: MappingProblem) -> NDArray[np.int32]:
    """Return the cluster of every neuron, int32[n]; clusters are numbered in the order of opening.

    How many cores a neuron sends to is known only when all are filled: the fill starts with the fewest possible
    and is repeated, with more room for destinations, until no neuron sends to more than was reckoned with.
    Raises CapacityError when one neuron does not fit on an empty core.
    """
    reckoned = problem.nets.sends(np.zeros(problem.n_neurons, dtype=np.int32))
    while True:
        cluster_of = _fill(problem, reckoned.tolist())
        sends = problem.nets.sends(cluster_of)
        if np.all(sends <= reckoned):
            return cluster_of
        reckoned = np.maximum(sends, reckoned)


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
