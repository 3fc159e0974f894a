"""Refinement: neurons move between clusters, or change places, where that saves packets."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import hypergraph_of, packets
from neurosim.mapping.partition.fill import fill_along
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.legalise import legalise
from neurosim.mapping.partition.moves import loads_of, moved
from neurosim.mapping.partition.multilevel import from_growth
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Clusters = NDArray[np.int32]

_WORTH = 1.25  # times the packets of the best start
_LONGER = 4  # multilevel partition in terms of the growth


def refined(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> Clusters:
    """Refine sequential fill, greedy growth and multilevel partition and return the best: the default partitioner.

    A start with far more packets, or with more cores than there are, is not worth it beside a better one. Multilevel
    partition takes several times as long as the growth and is left out where there is no time for that.
    """
    watch, began = watch or Watch(), perf_counter()
    found = [fill_along(problem, np.arange(problem.n_neurons)), greedy(problem, seed=seed, watch=watch)]
    if watch.left > _LONGER * (perf_counter() - began):
        found.append(from_growth(problem, found[1], seed, watch))
    over, least = min(_rank(problem, start) for start in found)
    for start in found[:]:
        more, other = _rank(problem, start)
        if more == over and other <= _WORTH * least:
            found.append(refine(problem, start, seed=seed, watch=watch))
    return min(found, key=lambda each: _rank(problem, each))


def _rank(problem: MappingProblem, cluster_of: Clusters) -> tuple[int, float]:
    """Return cores beyond those that there are, then packets: less is better."""
    return max(int(cluster_of.max(initial=-1)) + 1 - problem.n_usable, 0), packets(problem, cluster_of)


def refine(problem: MappingProblem, start: Clusters, *, seed: int = 0, watch: Watch | None = None) -> Clusters:
    """Return legal clusters with at most the packets of ``start``, which is legal.

    Rounds of moves and exchanges, bounded by what the fullest cluster of ``start`` holds; then a repair to the limits.
    """
    watch = watch or Watch()
    if start.max(initial=0) == 0 or watch.over:
        return start
    graph = hypergraph_of(problem)
    most = loads_of(graph, start).held.max(axis=1)
    free = np.setdiff1d(np.arange(problem.n_neurons), np.array(list(problem.pins), dtype=np.int64))
    better = moved(graph, start, most, free, np.random.default_rng(seed), watch)
    legal = legalise(problem, better)
    saves = packets(problem, legal) < packets(problem, start)
    return legal if saves and legal.max() <= max(start.max(), problem.n_usable - 1) else start
