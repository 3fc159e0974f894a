"""Random placement: the baseline that knows nothing of the traffic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch


def random(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int64]:
    """Place clusters on random free cores."""
    return problem.placed(np.random.default_rng(seed).permutation(problem.free))
