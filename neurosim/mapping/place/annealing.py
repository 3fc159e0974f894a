"""Simulated annealing of a placement (S. Kirkpatrick et al. 1983), with a reach that shrinks as it cools."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.board import State, board_of
from neurosim.mapping.place.hilbert import hilbert
from neurosim.mapping.place.kernels import Board, anneal, descend, sample
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_ROUNDS = 200  # temperatures
_HOT, _COLD = 1.0, 1e-3  # first and last temperature, in mean absolute changes of cost by random exchanges
_MOVES = 10_000  # per cluster, unless that is too much work
_WORK = 1_500_000_000  # neighbours looked at in all
_SMALL = 100  # clusters up to which the search is begun anew several times
_STARTS = 4
_SAMPLES = 2000
_GROUP = 64  # clusters that are moved between two looks at the clock


def annealing(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Anneal from a Hilbert placement and end with exchanges that save; small problems several times, the best counts.

    The schedule depends on the problem alone, so one seed gives one placement unless the time limit cuts it short.
    """
    watch = watch or Watch()
    start = hilbert(problem)
    best, least = start, problem.cost(start) + _bad(problem, start)
    starts = _STARTS if len(problem.movable) <= _SMALL else 1
    for k, child in enumerate(np.random.SeedSequence(seed).spawn(starts)):
        if watch.over:
            break
        found = cooled(problem, start, child, watch, part=(k / starts, (k + 1) / starts))
        cost = problem.cost(found) + _bad(problem, found)
        if cost < least:
            best, least = found, cost
    return best


def _bad(problem: PlacementProblem, places: Ints) -> float:
    return board_of(problem).penalty * problem.cut_off(places) if problem.ways.broken else 0.0


def cooled(
    problem: PlacementProblem,
    start: Ints,
    seed: np.random.SeedSequence,
    watch: Watch,
    part: tuple[float, float] = (0.0, 1.0),
) -> Ints:
    """Return the best placement seen in one annealing from ``start``."""
    board, state = board_of(problem), State(problem, start)
    if not len(state.movable):
        return start
    bits = np.random.default_rng(seed).integers(1, 2**62, 1)
    unit = sample(board, state.seats, state.movable, _SAMPLES, bits)
    moves = _moves_per_round(board, len(state.movable))
    best, cost, least = start, 0.0, 0.0
    with watch.interruptible():
        for k in watch.rounds(_ROUNDS):
            done = k / (_ROUNDS - 1)
            heat = unit * _HOT * (_COLD / _HOT) ** done
            reach = max(1, math.ceil(max(problem.columns, problem.rows) * (1 - done)))
            change, _ = anneal(board, state.seats, state.movable, heat, reach, moves, bits)
            cost += change
            if cost < least - 1e-9:
                best, least = state.places(), cost
            watch.report("place: annealing", part[0] + (part[1] - part[0]) * done, problem.cost(best))
    return descended(problem, best, watch)


def _moves_per_round(board: Board, movable: int) -> int:
    degree = 1 + len(board.other) / max(movable, 1)
    return int(max(200, min(_MOVES * movable, _WORK / (4 * degree)) // _ROUNDS))


def descended(problem: PlacementProblem, start: Ints, watch: Watch) -> Ints:
    """Return a placement that no exchange of two clusters, or of a cluster and an empty core, makes better.

    On very large problems the search ends before that, after a fixed amount of work.
    """
    board, state = board_of(problem), State(problem, start)
    groups = np.array_split(state.movable, max(-(-len(state.movable) // _GROUP), 1))
    degree = 1 + len(board.other) / max(problem.n_clusters, 1)
    work = 2 * degree * len(groups[0]) * max(len(problem.free), 1)
    quiet = 0  # groups in a row of which no cluster has moved
    with watch.interruptible():
        for k in watch.rounds(len(groups) + int(_WORK / max(work, 1))):
            quiet = 0 if descend(board, state.seats, groups[k % len(groups)]) else quiet + 1
            if quiet == len(groups):
                break
    return state.places()
