"""Placement along a walk over the tiles: what row-major, snake and Hilbert have in common."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError
from neurosim.mapping.problem import MappingProblem


def place_along(
    problem: MappingProblem, cluster_of: NDArray[np.int32], walk: Iterable[tuple[int, int]]
) -> NDArray[np.int32]:
    """Return the core of every neuron, int32[n]: cluster k takes the k-th core along ``walk`` (column, row).

    All cores of a tile are taken before the next tile. Raises CapacityError when there are too few cores.
    """
    needed = int(cluster_of.max(initial=-1)) + 1
    if needed > problem.n_usable:
        raise CapacityError(problem.chip, "cores", needed, problem.n_usable)
    tiles = np.array([row * problem.columns + column for column, row in walk], dtype=np.int32)
    cores = (tiles[:, None] * problem.cores_per_tile + np.arange(problem.cores_per_tile)).ravel()
    if problem.unusable:
        cores = cores[~np.isin(cores, sorted(problem.unusable))]
    return cores[cluster_of].astype(np.int32)
