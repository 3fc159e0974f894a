"""Sequential fill: neurons in order, a new core when the next one does not fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.mapping.problem import MappingProblem


def sequential_fill(problem: MappingProblem) -> NDArray[np.int32]:
    """Return the cluster of every neuron, int32[n]; clusters are numbered in the order of opening.

    Raises NeurosimError when one neuron does not fit on an empty core, naming the limit.
    """
    cluster_of = np.zeros(problem.n_neurons, dtype=np.int32)
    core, cluster = problem.new_core(), 0
    for neuron in range(problem.n_neurons):
        if core.add(neuron) is not None:
            core, cluster = problem.new_core(), cluster + 1
            limit = core.add(neuron)
            if limit is not None:
                raise NeurosimError(f"{problem.chip}: neuron {neuron} does not fit on an empty core: {limit}")
        cluster_of[neuron] = cluster
    return cluster_of
