"""Multilevel partition: coarsen, cut the coarsest nodes into clusters, and refine on every level back down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from neurosim.mapping.hypergraph import hypergraph_of, packets
from neurosim.mapping.partition.coarsen import Level, affinities, coarsened
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.legalise import goals_of, legalise, pinned_first
from neurosim.mapping.partition.moves import loads_of, moved
from neurosim.mapping.partition.spectral import spectral_order
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Clusters = NDArray[np.int32]

_NODES = 40  # per cluster on the coarsest level
_FULL = 0.99  # of all cores' room: from there on one core more is tried, too, so that neurons can move


def multilevel(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> Clusters:
    """Partition for fewest packets (multilevel scheme of G. Karypis, V. Kumar 1999), within hard limits.

    Neurons join in pairs that share most spikes until few nodes per cluster are left; those are cut in halves by
    Fiedler vectors, and nodes move between clusters on every level. What clusters may hold is what the fullest core of
    a greedy growth holds; in the end they are repaired to the hard limits. Where time runs out parts are cut in the
    order that they have, and nodes stay.
    """
    watch = watch or Watch()
    return from_growth(problem, greedy(problem, seed=seed, watch=watch), seed, watch)


def from_growth(problem: MappingProblem, start: Clusters, seed: int, watch: Watch) -> Clusters:
    """Return the multilevel partition, given the greedy growth that tells how many clusters and how full."""
    clusters = int(start.max(initial=0)) + 1
    if clusters < 2 or watch.over:
        return start
    graph, rng = hypergraph_of(problem), np.random.default_rng(seed)
    most = loads_of(graph, start).held.max(axis=1)
    biggest = max(int(most[0]) // _NODES, 1)
    levels = coarsened(graph, goals_of(problem), _NODES * clusters, biggest, rng, watch)
    if watch.left <= 0:
        return start
    tight = clusters < problem.n_usable and graph.size.sum() > _FULL * clusters * most[0]
    shares, found = affinities(levels[-1].graph), list[Clusters]()
    for more in range(1 + int(tight)):
        if not found or not watch.over:
            found.append(_refined(problem, levels, shares, most, clusters + more, rng, watch))
    return min(found, key=lambda each: packets(problem, each))


def _refined(
    problem: MappingProblem,
    levels: list[Level],
    shares: csr_array,
    most: Ints,
    clusters: int,
    rng: np.random.Generator,
    watch: Watch,
) -> Clusters:
    """Cut the coarsest level and move nodes on every level down to the neurons; repair."""
    cluster_of = _cut(levels[-1], shares, most, clusters, rng, watch)
    for graph, group, above in reversed(levels):
        cluster_of = cluster_of[above] if len(above) else cluster_of
        cluster_of = moved(graph, cluster_of, most, np.flatnonzero(group < 0), rng, watch)
    return legalise(problem, cluster_of)


def _cut(
    level: Level, shares: csr_array, most: Ints, clusters: int, rng: np.random.Generator, watch: Watch
) -> Ints:  # fmt: skip
    """Return clusters of the coarsest nodes by recursive spectral bisection, those of fixed neurons first.

    Each cut divides a part so that both sides have the same share of their clusters' room.
    """
    graph, cluster_of = level.graph, np.zeros(level.graph.n_pins, dtype=np.int64)
    fill = np.stack([graph.size, graph.load]) / np.maximum(most[:2, None], 1)
    weight = fill[fill.sum(axis=1).argmax()]
    waiting = [(np.arange(graph.n_pins), 0, clusters)]
    while waiting:
        part, first, count = waiting.pop()
        if count == 1 or len(part) < 2:
            cluster_of[part] = first
            continue
        if not watch.over:
            part = part[spectral_order(csr_array(shares[part][:, part]), rng)]
        filled = np.cumsum(weight[part])
        left = count // 2
        cut = int(np.clip(np.abs(filled - filled[-1] * left / count).argmin() + 1, 1, len(part) - 1))
        waiting += [(part[:cut], first, left), (part[cut:], first + left, count - left)]
    return pinned_first(cluster_of, level.group).astype(np.int64)
