"""Spectral placement (K. M. Hall 1970): two eigenvectors of the traffic's Laplacian are column and row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from neurosim.mapping.partition.spectral import vectors
from neurosim.mapping.place.board import board_of
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.place.region import nearest_cores
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FAINT = 1e-6  # of the mean traffic: ties parts together that do not talk


def spectral(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Sort clusters into columns by one eigenvector and within each by the other; the best of all eight turns counts.

    The columns are those of the free cores nearest to the ports. Fixed clusters take part in the eigenvectors only.
    """
    if len(problem.movable) < 3:
        return problem.placed(nearest_cores(problem, len(problem.movable)))
    plane = vectors(_traffic(problem), 2, np.random.default_rng(seed))[problem.movable]
    seats = nearest_cores(problem, len(problem.movable))
    found = []
    for swap in (False, True):
        for right in (1, -1):
            for up in (1, -1):
                turned = plane[:, ::-1] if swap else plane
                found.append(_sorted_in(problem, seats, turned * np.array([right, up])))
    return min(found, key=problem.cost)


def _traffic(problem: PlacementProblem) -> csr_array:
    board, n = board_of(problem), problem.n_clusters
    graph = csr_array((board.weight, board.other, board.ptr), shape=(n, n))
    faint = _FAINT * (float(board.weight.mean()) if len(board.weight) else 1.0) or 1.0
    k = np.arange(n - 1)
    path = csr_array((np.full(n - 1, faint), (k, k + 1)), shape=(n, n))
    return csr_array(graph + path + path.T)


def _sorted_in(problem: PlacementProblem, seats: Ints, plane: Floats) -> Ints:
    """Return the placement on ``seats`` that keeps the order of columns, and in each that of rows."""
    tile = seats // problem.cores_per_tile
    seats = seats[np.lexsort((seats, problem.ways.y[tile], problem.ways.x[tile]))]
    column = problem.ways.x[seats // problem.cores_per_tile]
    order = np.argsort(plane[:, 0], kind="stable")
    order = order[np.lexsort((plane[order, 1], column))]
    cores = np.empty(len(seats), dtype=np.int64)
    cores[order] = seats
    return problem.placed(cores)
