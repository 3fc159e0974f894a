"""Dead links: placements of any placer changed, as little as it takes, until no way crosses one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.mapping.geometry import dead_on_way
from neurosim.mapping.place.board import State, board_of
from neurosim.mapping.place.kernels import anneal
from neurosim.mapping.place.problem import PlacementProblem

Ints = NDArray[np.int64]

_ROUNDS = 60
_MOVES = 400  # per cluster and round
_HEAT = 0.3  # of one dead link: now and then a way over one more is taken


def avoiding(problem: PlacementProblem, places: Ints, seed: int) -> Ints:
    """Return a placement without a dead link on any way: ``places`` itself if it is one.

    Moves only clusters that a dead link cuts off, to random places, and all clusters if that does not suffice; traffic
    does not count, so that a placer keeps its character. Raises NeurosimError when none is found.
    """
    if not problem.cut_off(places):
        return places
    _refuse_hopeless(problem)
    board = board_of(problem)
    board = board._replace(weight=np.zeros_like(board.weight), entering=np.minimum(board.entering, 0.0), penalty=1.0)
    state, bits = State(problem, places), np.random.default_rng(seed).integers(1, 2**62, 1)
    reach = max(problem.columns, problem.rows)
    for k in range(_ROUNDS):
        now = state.places()
        if not problem.cut_off(now):
            return now
        chosen = _cut_off(problem, now) if k < _ROUNDS // 2 else state.movable
        if not len(chosen):
            break
        heat = _HEAT * (k % (_ROUNDS // 2)) / _ROUNDS
        anneal(board, state.seats, chosen, heat, reach, _MOVES * len(chosen), bits)
    found = state.places()
    if problem.cut_off(found):
        raise NeurosimError(
            f"{problem.chip}: dead links: no placement found without one on a way; {problem.cut_off(found)} of"
            f" {len(problem.source) + np.count_nonzero(problem.entering >= 0)} ways still cross one"
        )
    return found


def _refuse_hopeless(problem: PlacementProblem) -> None:
    """Raise NeurosimError for a way between two ends that are both fixed, or from a port to a fixed cluster."""
    tile = problem.fixed // problem.cores_per_tile
    both = (problem.fixed[problem.source] >= 0) & (problem.fixed[problem.target] >= 0)
    bad = both & (dead_on_way(problem.ways, tile[problem.source], tile[problem.target]) > 0)
    if bad.any():
        k = bad.argmax()
        one, other = problem.fixed[problem.source[k]], problem.fixed[problem.target[k]]
        raise NeurosimError(f"{problem.chip}: a dead link is on the way from core {one} to core {other}, both fixed")
    for port, spikes in zip(problem.ports, problem.entering, strict=True):
        bad = (problem.fixed >= 0) & (spikes >= 0) & (dead_on_way(problem.ways, port, tile) > 0)
        if bad.any():
            core = problem.fixed[bad.argmax()]
            raise NeurosimError(
                f"{problem.chip}: a dead link is on the way from the port to core {core}, which is fixed"
            )


def _cut_off(problem: PlacementProblem, places: Ints) -> Ints:
    """Return the movable clusters at either end of a way over a dead link."""
    tile = places // problem.cores_per_tile
    bad = dead_on_way(problem.ways, tile[problem.source], tile[problem.target]) > 0
    clusters = [problem.source[bad], problem.target[bad]]
    for port, spikes in zip(problem.ports, problem.entering, strict=True):
        clusters.append(np.flatnonzero((spikes >= 0) & (dead_on_way(problem.ways, port, tile) > 0)))
    return np.intersect1d(np.concatenate(clusters), problem.movable)
