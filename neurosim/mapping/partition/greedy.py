"""Greedy growth: each core takes the neurons that have most axons in common with those it holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import Hypergraph, hypergraph_of
from neurosim.mapping.partition.fill import longest, pinned_members, refused
from neurosim.mapping.partition.kernels import close, grow, include
from neurosim.mapping.partition.moves import new_growth
from neurosim.mapping.partition.settle import settle
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_IDLE = 0.01  # of the mean weight: an axon takes room even when its neuron never fires


def greedy(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Fill one core after another, each time with the neuron on the nets of most spikes that the core has already.

    The next core starts with the first neuron that found no room. ``seed`` has no effect. Raises CapacityError when
    one neuron does not fit on an empty core.
    """
    graph = hypergraph_of(problem)
    idle = _IDLE * float(graph.weight.mean()) if len(graph.weight) else 0.0
    graph = graph._replace(weight=graph.weight + (idle or 1.0))
    return settle(problem, lambda sends: _Greedy(problem, graph, sends).clusters())


class _Greedy:
    """One pass over all cores, with the destinations reckoned with so far."""

    def __init__(self, problem: MappingProblem, graph: Hypergraph, sends: Ints) -> None:
        self._problem, self._graph, self._sends = problem, graph, sends
        n = problem.n_neurons
        self._order = np.zeros(n, dtype=np.int64)
        self._growth = new_growth(graph)

    def clusters(self) -> NDArray[np.int32]:
        """Return the cluster of every neuron; cores with fixed neurons are the first and grow from those."""
        cluster_of = np.full(self._problem.n_neurons, -1, dtype=np.int32)
        pinned = pinned_members(self._problem)
        for group in pinned:
            self._growth.taken[group] = True
        cluster, guess, seed = 0, 64, -1
        while cluster < len(pinned) or not self._growth.taken.all():
            base = pinned[cluster] if cluster < len(pinned) else self._order[:0]
            count, seed = self._fill(base, guess, seed)
            if count == 0 and len(base) == 0:
                raise refused(self._problem, seed, self._sends)
            cluster_of[base], cluster_of[self._order[:count]] = cluster, cluster
            cluster, guess = cluster + 1, max(count, 1)
        return cluster_of

    def _fill(self, base: Ints, guess: int, seed: int) -> tuple[int, int]:
        """Fill a core around ``base`` or from ``seed`` on; returns how many of ``_order`` it takes and who is next."""
        graph, growth, grown = self._graph, self._growth, 0
        for neuron in base.tolist():
            include(graph, growth, neuron)
        if len(base) == 0 and seed >= 0 and not growth.taken[seed]:
            include(graph, growth, seed)
            self._order[0], grown = seed, 1
        free = grown + int((~growth.taken).sum())

        def holds(count: int) -> bool:
            nonlocal grown
            grown = max(grown, grow(graph, growth, self._order, grown, count))
            neurons = np.sort(np.concatenate([base, self._order[:count]]))
            return self._problem.excess(neurons, self._sends[neurons]) is None

        kept = longest(holds, free, guess) if free else 0
        following = int(self._order[kept]) if kept < grown else -1
        close(growth, self._order, kept, grown)
        return kept, following
