"""Quadratic assignment: the fast approximate QAP algorithm of scipy (J. T. Vogelstein et al. 2015), then exchanges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import quadratic_assignment

from neurosim.errors import NeurosimError
from neurosim.mapping.geometry import distances
from neurosim.mapping.place.annealing import descended
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.place.region import nearest_cores
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST = 1500  # places: its matrices are dense, and its steps cubic
_SPARE = 1.25  # places per cluster, where there are so many
_STARTS = 2000  # divided by places: FAQ runs from that many starts, at least 1 and at most 30


def assignment(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Solve the relaxed quadratic assignment problem from several starts and polish each by exchanges of two.

    Ports and fixed clusters are facilities with a given place. Raises NeurosimError for more places than dense
    matrices serve.
    """
    watch, n = watch or Watch(), len(problem.movable)
    places = nearest_cores(problem, min(len(problem.free), max(n, int(_SPARE * n))))
    if len(places) > _MOST:
        raise NeurosimError(f"placer 'assignment': {n} clusters, at most {int(_MOST / _SPARE)} with dense matrices")
    best = problem.placed(places)
    if n < 2:
        return best
    flow, way, given = _matrices(problem, places)
    starts = int(np.clip(_STARTS // len(places), 1, 30))
    with watch.interruptible():
        for k in watch.rounds(starts):
            found = _relaxed(flow, way, given, np.random.default_rng([seed, k]), k > 0)
            polished = descended(problem, problem.placed(places[found[:n]]), watch)
            best = min(best, polished, key=problem.cost)
            watch.report("place: assignment", (k + 1) / starts, problem.cost(best))
    return best


def _matrices(problem: PlacementProblem, places: Ints) -> tuple[Floats, Floats, Ints]:
    """Return flow and distance between facilities and places, and (facility, place) pairs that are given.

    Facilities: movable clusters, nobody (one per spare place), fixed clusters, ports. Places: free, then those given.
    """
    m, fixed = len(places), np.flatnonzero(problem.fixed >= 0)
    tiles = np.concatenate([places, problem.fixed[fixed]]) // problem.cores_per_tile
    tiles = np.concatenate([tiles, np.array(problem.ports, dtype=np.int64)])
    number = np.zeros(problem.n_clusters, dtype=np.int64)
    number[problem.movable], number[fixed] = np.arange(len(problem.movable)), m + np.arange(len(fixed))
    flow = np.zeros((len(tiles), len(tiles)))
    flow[number[problem.source], number[problem.target]] = problem.spikes
    for k in range(len(problem.ports)):
        flow[m + len(fixed) + k, number] = np.maximum(problem.entering[k], 0)
    way = distances(problem.ways, tiles[:, None], tiles[None, :]).astype(np.float64)
    given = np.arange(m, len(tiles))
    return flow, way, np.stack([given, given], axis=1)


def _relaxed(flow: Floats, way: Floats, given: Ints, rng: np.random.Generator, anywhere: bool) -> Ints:
    options: dict[str, Any] = {"P0": "randomized" if anywhere else "barycenter", "rng": rng}
    if len(given):
        options["partial_match"] = given
    found: Ints = quadratic_assignment(flow, way, method="faq", options=options).col_ind
    return found
