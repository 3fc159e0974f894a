"""Repair: clusters of any partitioner become clusters that every hard limit of the chip lets pass.

Graph partitioners know one soft capacity; cores have several hard ones. Neurons that hang least on their cluster leave
it until it fits, and go where they have most axons in common and there is room.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import Hypergraph, hypergraph_of
from neurosim.mapping.partition.fill import longest, refused
from neurosim.mapping.partition.settle import members, numbered, settle
from neurosim.mapping.problem import MappingProblem, distinct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHOICES = 4  # clusters that a neuron without one asks for, nearest first


def legalise(problem: MappingProblem, cluster_of: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return legal clusters, int32[n], near to ``cluster_of`` int[n]; clusters that are legal keep their neurons.

    Raises CapacityError when one neuron does not fit on an empty core.
    """
    graph, wanted = hypergraph_of(problem), pinned_first(cluster_of, goals_of(problem))
    return settle(problem, lambda sends: _Repair(problem, graph, wanted, sends).clusters())


def goals_of(problem: MappingProblem) -> Ints:
    """Return the cluster that each fixed neuron must stand in, -1 for the others."""
    goal = np.full(problem.n_neurons, -1, dtype=np.int64)
    goal[list(problem.pins)] = list(problem.pins.values())
    return goal


def pinned_first(cluster_of: NDArray[np.integer], goal: Ints) -> NDArray[np.int32]:
    """Return clusters renumbered so that nodes stand in the cluster that ``goal`` int64[n] wants, -1 for any.

    The cluster with most of the nodes that want one becomes that one, if it is not another already, and else one that
    nobody wants; the other nodes come over to it.
    """
    clusters = np.unique(cluster_of, return_inverse=True)[1].astype(np.int64).ravel()
    pinned, fixed = int(goal.max(initial=-1)) + 1, np.flatnonzero(goal >= 0)
    if not pinned:
        return numbered(clusters, 0)
    count = max(int(clusters.max()) + 1, pinned)
    number = np.arange(count) + pinned
    votes = np.zeros((pinned, count), dtype=np.int64)
    np.add.at(votes, (goal[fixed], clusters[fixed]), 1)
    for k in range(pinned):
        free = number >= pinned
        wanted = np.where(votes[k] > 0, votes[k].max() + 1 + votes[k], votes.sum() - votes.sum(axis=0))
        number[np.where(free, wanted, -1).argmax()] = k
    result = number[clusters]
    result[fixed] = goal[fixed]
    return numbered(result, pinned)


class _Repair:
    """One repair with the destinations reckoned with so far; ``_groups`` are neurons per cluster, ascending."""

    def __init__(self, problem: MappingProblem, graph: Hypergraph, wanted: NDArray[np.int32], sends: Ints) -> None:
        self._problem, self._graph, self._sends = problem, graph, sends
        self._cluster_of = wanted.astype(np.int64)
        self._groups = members(wanted)

    def clusters(self) -> NDArray[np.int32]:
        """Return legal clusters."""
        homeless = self._evict()
        for choice in range(_CHOICES):
            if not len(homeless):
                break
            homeless = self._ask(homeless, choice)
        self._open(homeless)
        return numbered(self._cluster_of, len(self._problem.pinned_cores))

    def _fits(self, neurons: Ints) -> bool:
        rows = np.sort(neurons)
        return self._problem.excess(rows, self._sends[rows]) is None

    def _evict(self) -> Ints:
        """Take neurons out of clusters that are too full, those with fewest spikes on common nets first."""
        hold, homeless = None, [np.zeros(0, dtype=np.int64)]
        for k, neurons in enumerate(self._groups):
            if self._fits(neurons):
                continue
            hold = _hold(self._graph, self._cluster_of) if hold is None else hold
            fixed = np.isin(neurons, list(self._problem.pins))
            order = neurons[np.lexsort((neurons, -hold[neurons], ~fixed))]
            kept = longest(lambda count, order=order: self._fits(order[:count]), len(order), len(order) - 1)  # type: ignore[misc]
            self._groups[k] = np.sort(order[:kept])
            homeless.append(np.sort(order[kept:]))
        gone = np.concatenate(homeless)
        self._cluster_of[gone] = -1
        return gone

    def _ask(self, homeless: Ints, choice: int) -> Ints:
        """Let every neuron ask for its nearest cluster but ``choice``; returns those that found no room."""
        goal, nearness = _nearest(self._graph, self._cluster_of, homeless, choice)
        for k in np.unique(goal[goal >= 0]).tolist():
            asking = homeless[goal == k]
            asking = asking[np.lexsort((asking, -nearness[goal == k]))]
            self._take(k, asking)
        return homeless[self._cluster_of[homeless] < 0]

    def _take(self, k: int, asking: Ints) -> None:
        """Let a cluster take as many of those who ask as it holds."""
        own = self._groups[k]
        count = longest(lambda c: self._fits(np.concatenate([own, asking[:c]])), len(asking), len(asking))
        self._groups[k] = np.sort(np.concatenate([own, asking[:count]]))
        self._cluster_of[asking[:count]] = k

    def _open(self, homeless: Ints) -> None:
        """Put the rest on cores of their own, and where there is no further core, wherever there is room."""
        while len(homeless) and len(self._groups) < self._problem.n_usable:
            self._groups.append(homeless[:0])
            self._take(len(self._groups) - 1, homeless)
            if not len(self._groups[-1]):
                raise refused(self._problem, int(homeless[0]), self._sends)
            homeless = homeless[self._cluster_of[homeless] < 0]
        for k in np.argsort([len(group) for group in self._groups], kind="stable").tolist():
            if not len(homeless):
                return
            self._take(k, homeless)
            homeless = homeless[self._cluster_of[homeless] < 0]
        while len(homeless):  # one core too many each: who places the clusters says so
            self._groups.append(homeless[:0])
            self._take(len(self._groups) - 1, homeless)
            if not len(self._groups[-1]):
                raise refused(self._problem, int(homeless[0]), self._sends)
            homeless = homeless[self._cluster_of[homeless] < 0]


def _hold(graph: Hypergraph, cluster_of: Ints) -> Floats:
    """Return how strongly each neuron hangs on its cluster: spikes of its nets that have another pin there."""
    k = int(cluster_of.max(initial=0)) + 1
    net = np.repeat(np.arange(graph.n_nets), np.diff(graph.net_ptr))
    _, pair, counts = np.unique(net * k + cluster_of[graph.pin], return_inverse=True, return_counts=True)
    shared = np.where(counts[pair] > 1, graph.weight[net], 0.0)
    return np.bincount(graph.pin, shared, minlength=graph.n_pins).astype(np.float64)


def _nearest(graph: Hypergraph, cluster_of: Ints, neurons: Ints, choice: int) -> tuple[Ints, Floats]:
    """Return the cluster that is nearest to each neuron but ``choice``, -1 where none, and the spikes in common."""
    k = int(cluster_of.max(initial=0)) + 1
    net = np.repeat(np.arange(graph.n_nets), np.diff(graph.net_ptr))
    settled = cluster_of[graph.pin] >= 0
    pairs = distinct(net[settled] * k + cluster_of[graph.pin[settled]])
    ptr = np.searchsorted(pairs // k, np.arange(graph.n_nets + 1))
    row, nets = _gather(graph.pin_ptr, graph.net, neurons)
    entry, clusters = _gather(ptr, pairs % k, nets)
    found, index = np.unique(row[entry] * k + clusters, return_inverse=True)
    weight = np.bincount(index, graph.weight[nets[entry]], minlength=len(found))
    who, where = found // k, found % k
    order = np.lexsort((where, -weight, who))
    rank = np.arange(len(order)) - np.searchsorted(who[order], who[order])
    chosen = order[rank == choice]
    goal, nearness = np.full(len(neurons), -1, dtype=np.int64), np.zeros(len(neurons))
    goal[who[chosen]], nearness[who[chosen]] = where[chosen], weight[chosen]
    return goal, nearness


def _gather(ptr: Ints, values: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return (position in ``rows``, value) of all entries of some compressed rows."""
    first, end = ptr[rows], ptr[rows + 1]
    counts = end - first
    index = np.repeat(end - np.cumsum(counts), counts) + np.arange(counts.sum())
    return np.repeat(np.arange(len(rows)), counts), values[index]
