"""Particle swarm (J. Kennedy, R. Eberhart 1995) on random keys (J. C. Bean 1994)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.geometry import distances
from neurosim.mapping.place.hilbert import hilbert_walk
from neurosim.mapping.place.order import cores_along
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_PARTICLES = 40
_ROUNDS = 1000
_WORK = 200_000_000  # pairs of clusters looked at in all
_INERTIA, _PULL = 0.7298, 1.49618  # constriction coefficients of M. Clerc, J. Kennedy 2002
_FASTEST = 0.25  # of the range of keys, per round
_SPARE = 1.25  # seats per cluster, where there are so many


def swarm(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Search with particles that fly; the best position that any has seen is the placement.

    A position is one key in 0..1 per seat, the first for the movable clusters, the others for nobody. It is read by
    sorting: who has the k-th smallest key takes the k-th seat along a Hilbert curve. In each round a velocity becomes
    0.7298 v + 1.49618 r1 (own best - x) + 1.49618 r2 (best of all - x), with r1 and r2 uniform in 0..1 per key, at
    most a quarter of the range, and the position moves by it within 0..1. One particle starts as the Hilbert order.
    """
    watch, rng = watch or Watch(), np.random.default_rng(seed)
    walk = cores_along(problem, hilbert_walk(problem.columns, problem.rows))
    n = len(problem.movable)
    seats = walk[: min(len(walk), int(_SPARE * n) + 1)]
    keys = rng.random((_PARTICLES, len(seats)))
    keys[0] = (np.arange(len(seats)) + 0.5) / max(len(seats), 1)
    speed = rng.uniform(-_FASTEST, _FASTEST, keys.shape)
    own, own_cost = keys.copy(), _costs(problem, seats, keys)
    leader, least = own[own_cost.argmin()].copy(), float(own_cost.min())
    rounds = int(np.clip(_WORK // (_PARTICLES * max(len(problem.source), 1)), 20, _ROUNDS))
    with watch.interruptible():
        for k in watch.rounds(rounds if n > 1 else 0):
            r1, r2 = rng.random((2, *keys.shape))
            speed = _INERTIA * speed + _PULL * (r1 * (own - keys) + r2 * (leader - keys))
            speed = np.clip(speed, -_FASTEST, _FASTEST)
            keys = np.clip(keys + speed, 0, 1)
            cost = _costs(problem, seats, keys)
            better = cost < own_cost
            own[better], own_cost[better] = keys[better], cost[better]
            if own_cost.min() < least:
                leader, least = own[own_cost.argmin()].copy(), float(own_cost.min())
            if k % 20 == 0:
                watch.report("place: swarm", k / rounds, least)
    return problem.placed(seats[_ranks(leader)])


def _ranks(keys: Floats) -> Ints:
    """Return the seat that each key stands for, int64[..., seats]."""
    return np.argsort(np.argsort(keys, axis=-1, kind="stable"), axis=-1)


def _costs(problem: PlacementProblem, seats: Ints, keys: Floats) -> Floats:
    """Return the hop-weighted traffic of every particle's position."""
    places = np.tile(problem.fixed, (len(keys), 1))
    places[:, problem.movable] = seats[_ranks(keys)[:, : len(problem.movable)]]
    tile = places // problem.cores_per_tile
    cost: Floats = distances(problem.ways, tile[:, problem.source], tile[:, problem.target]) @ problem.spikes
    for port, spikes in zip(problem.ports, problem.entering, strict=True):
        cost = cost + distances(problem.ways, port, tile) @ np.maximum(spikes, 0)
    return cost
