"""Greedy placement: the cluster that talks most to those that stand already, where that costs least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.board import board_of
from neurosim.mapping.place.kernels import Board
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def greedy(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Place clusters one by one; ports and fixed clusters stand from the start, else the most talkative begins.

    Ties go to the core nearest to the middle, then to the lowest id. ``seed`` has no effect.
    """
    board, places = board_of(problem), problem.fixed.copy()
    closeness = np.maximum(board.entering, 0).sum(axis=0)
    for k in np.flatnonzero(places >= 0).tolist():
        _come_closer(board, closeness, k)
    talk = np.array([board.weight[a:b].sum() for a, b in zip(board.ptr[:-1], board.ptr[1:], strict=True)])
    free, waiting = problem.free, np.isin(np.arange(problem.n_clusters), problem.movable)
    tiles = np.arange(problem.columns * problem.rows)
    to_middle = _to_middle(problem)[tiles]
    for _ in range(len(problem.movable)):
        rank = np.lexsort((-talk, -closeness, ~waiting))
        k = int(rank[0])
        cost = _cost_of_tiles(problem, board, places, k)[free // problem.cores_per_tile]
        best = int(np.lexsort((to_middle[free // problem.cores_per_tile], cost))[0])
        places[k], waiting[k] = free[best], False
        free = np.delete(free, best)
        _come_closer(board, closeness, k)
    return places


def _come_closer(board: Board, closeness: Floats, k: int) -> None:
    rows = slice(board.ptr[k], board.ptr[k + 1])
    closeness[board.other[rows]] += board.weight[rows]


def _to_middle(problem: PlacementProblem) -> Floats:
    x, y = problem.ways.x, problem.ways.y
    middle: Floats = np.abs(x - (problem.columns - 1) / 2) + np.abs(y - (problem.rows - 1) / 2)
    return middle


def _cost_of_tiles(problem: PlacementProblem, board: Board, places: Ints, k: int) -> Floats:
    """Return the cost of cluster k's traffic with those that stand already, on every tile."""
    ways, rows = problem.ways, slice(board.ptr[k], board.ptr[k + 1])
    other, weight = board.other[rows], board.weight[rows]
    stands = places[other] >= 0
    there = [places[other[stands]] // problem.cores_per_tile, np.array(problem.ports, dtype=np.int64)]
    weights = np.concatenate([weight[stands], np.maximum(board.entering[:, k], 0)])
    if ways.hub >= 0:
        to_hub: Floats = float(weights.sum()) * (np.abs(ways.x - ways.x[ways.hub]) + np.abs(ways.y - ways.y[ways.hub]))
        return to_hub
    tile = np.concatenate(there)
    return _along(ways.x[tile], weights, problem.columns)[ways.x] + _along(ways.y[tile], weights, problem.rows)[ways.y]


def _along(at: Ints, weight: Floats, length: int) -> Floats:
    """Return for each position of a line the weighted distance to some points."""
    line = np.arange(length)
    found: Floats = np.abs(line[:, None] - line) @ np.bincount(at, weight, minlength=length)
    return found
