"""Placement along a walk over the tiles: what row-major, snake and Hilbert have in common."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.problem import PlacementProblem

Ints = NDArray[np.int64]


def cores_along(problem: PlacementProblem, walk: Iterable[tuple[int, int]]) -> Ints:
    """Return the free cores in the order of a walk over (column, row), all of a tile before the next tile."""
    tiles = np.array([row * problem.columns + column for column, row in walk], dtype=np.int64)
    cores = (tiles[:, None] * problem.cores_per_tile + np.arange(problem.cores_per_tile)).ravel()
    return cores[np.isin(cores, problem.free)]


def place_along(problem: PlacementProblem, walk: Iterable[tuple[int, int]]) -> Ints:
    """Return the core of every cluster: the k-th movable cluster takes the k-th free core along the walk."""
    return problem.placed(cores_along(problem, walk))
