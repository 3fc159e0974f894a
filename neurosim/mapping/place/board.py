"""A placement that searches change: the problem as kernels read it, and who sits where at the moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.kernels import Board, Seats
from neurosim.mapping.place.problem import PlacementProblem

Ints = NDArray[np.int64]


def board_of(problem: PlacementProblem) -> Board:
    """Return the traffic by cluster, both ways in one list."""
    n = problem.n_clusters
    one = np.concatenate([problem.source, problem.target])
    other = np.concatenate([problem.target, problem.source])
    sides = np.repeat([1, 2], len(problem.source))
    key, index = np.unique(one * max(n, 1) + other, return_inverse=True)
    weight = np.bincount(index, np.tile(problem.spikes, 2), minlength=len(key)).astype(np.float64)
    both = np.bincount(index, sides, minlength=len(key)).astype(np.int64)
    ptr = np.searchsorted(key // max(n, 1), np.arange(n + 1)).astype(np.int64)
    far = 2 * (problem.columns + problem.rows)
    penalty = 1.0 + far * float(problem.spikes.sum() + np.maximum(problem.entering, 0).sum())
    ports = np.array(problem.ports, dtype=np.int64)
    return Board(ptr, key % max(n, 1), weight, both, ports, problem.entering, problem.ways, penalty)


class State:
    """A placement under change, from ``places`` (core of every cluster) on."""

    def __init__(self, problem: PlacementProblem, places: NDArray[np.integer]) -> None:
        self._problem = problem
        self.movable = problem.movable
        cores = problem.free
        tile_of = places.astype(np.int64) // problem.cores_per_tile
        cluster, place = np.full(len(cores), -1, dtype=np.int64), np.full(problem.n_clusters, -1, dtype=np.int64)
        place[self.movable] = np.searchsorted(cores, places[self.movable])
        cluster[place[self.movable]] = self.movable
        slot = np.full(problem.columns * problem.rows * problem.cores_per_tile, -1, dtype=np.int64)
        slot[cores] = np.arange(len(cores))
        shape = (problem.rows, problem.columns, problem.cores_per_tile)
        self.seats = Seats(
            cores // problem.cores_per_tile,
            cluster,
            place,
            slot.reshape(shape),
            tile_of,
            tile_of % problem.columns,
            tile_of // problem.columns,
        )

    def places(self) -> Ints:
        """Return the core of every cluster now."""
        return self._problem.placed(self._problem.free[self.seats.place[self.movable]])
