"""Refinement: neurons move between clusters, or change places, where that saves packets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import Hypergraph, hypergraph_of, packets
from neurosim.mapping.partition.fill import fill_along
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.kernels import Loads, Spread, improve, spread_out
from neurosim.mapping.partition.legalise import legalise
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Clusters = NDArray[np.int32]

_ROUNDS = 20
_ENOUGH = 1e-3  # of all packets: a round that saves less is the last
_WORTH = 1.5  # times the packets of the best start
_SLOTS = 1 << 20  # pairs of clusters at most that are told apart when neurons wait for an exchange


def refined(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> Clusters:
    """Refine the sequential fill, the greedy growth or both, and return the better: the default partitioner.

    A start with far more packets, or with more cores than there are, is not worth it beside a better one.
    """
    watch = watch or Watch()
    starts = [fill_along(problem, np.arange(problem.n_neurons)), greedy(problem, seed=seed, watch=watch)]
    starts.sort(key=lambda start: _rank(problem, start))
    best = refine(problem, starts[0], seed=seed, watch=watch)
    (over, least), (more, other) = (_rank(problem, start) for start in starts)
    if more == over and other <= _WORTH * least:
        best = min(best, refine(problem, starts[1], seed=seed, watch=watch), key=lambda found: _rank(problem, found))
    return best


def _rank(problem: MappingProblem, cluster_of: Clusters) -> tuple[int, float]:
    """Return cores beyond those that there are, then packets: less is better."""
    return max(int(cluster_of.max(initial=-1)) + 1 - problem.n_usable, 0), packets(problem, cluster_of)


def refine(problem: MappingProblem, start: Clusters, *, seed: int = 0, watch: Watch | None = None) -> Clusters:
    """Return legal clusters with at most the packets of ``start``, which is legal.

    Rounds of moves and exchanges on the connectivity-1 gain (C. M. Fiduccia, R. M. Mattheyses, DAC 1982, without
    moves that lose), bounded by what the fullest cluster of ``start`` holds; then a repair to the hard limits.
    """
    watch = watch or Watch()
    if start.max(initial=0) == 0 or watch.over:
        return start
    graph = hypergraph_of(problem)
    moved = _improved(problem, graph, start, np.random.default_rng(seed), watch)
    legal = legalise(problem, moved)
    better = packets(problem, legal) < packets(problem, start) and legal.max() <= max(start.max(), problem.n_usable - 1)
    return legal if better else start


def _improved(
    problem: MappingProblem, graph: Hypergraph, start: Clusters, rng: np.random.Generator, watch: Watch
) -> Clusters:
    cluster_of, clusters = start.astype(np.int64), int(start.max()) + 1
    room = np.minimum(np.diff(graph.net_ptr), clusters) + 1
    ptr = np.concatenate([[0], np.cumsum(room)]).astype(np.int64)
    none = np.zeros(graph.n_nets, dtype=np.int64)
    spread = Spread(ptr, none, np.zeros(ptr[-1], dtype=np.int64), np.zeros(ptr[-1], dtype=np.int64))
    held = np.zeros((3, clusters), dtype=np.int64)
    loads = Loads(held, np.zeros_like(held))
    spread_out(graph, cluster_of, spread, loads)
    loads.most[:] = held.max(axis=1, keepdims=True)
    free = np.setdiff1d(np.arange(problem.n_neurons), np.array(list(problem.pins), dtype=np.int64))
    waiting = np.full(min(clusters * clusters, _SLOTS), -1, dtype=np.int64)
    wish, least = np.full(problem.n_neurons, -1, dtype=np.int64), packets(problem, start)
    with watch.interruptible():
        for k in watch.rounds(_ROUNDS):
            saved = improve(graph, cluster_of, spread, loads, rng.permutation(free), waiting, wish)
            least -= saved
            watch.report("partition: moves", (k + 1) / _ROUNDS, least)
            if saved <= _ENOUGH * least:
                break
    return cluster_of.astype(np.int32)
