"""Random fill: the baseline that knows nothing of the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.partition.fill import fill_along
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch


def random(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Fill cores with neurons in random order, as many on each as it holds."""
    return fill_along(problem, np.random.default_rng(seed).permutation(problem.n_neurons))
