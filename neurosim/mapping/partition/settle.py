"""Clusters that hold what they need, destinations included."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.problem import MappingProblem, distinct

Ints = NDArray[np.int64]
Clusters = NDArray[np.int32]

_TRIES = 64  # a chain of layers settles one layer per try, from its end


def members(cluster_of: Clusters) -> list[Ints]:
    """Return the neurons of every cluster, ascending."""
    order = np.argsort(cluster_of, kind="stable")
    counts = np.bincount(cluster_of, minlength=int(cluster_of.max(initial=-1)) + 1)
    return np.split(order, np.cumsum(counts)[:-1]) if len(counts) else []


def overfull(problem: MappingProblem, cluster_of: Clusters, sends: Ints) -> Iterator[int]:
    """Yield the clusters that exceed a limit of their core."""
    for k, neurons in enumerate(members(cluster_of)):
        if problem.excess(neurons, sends[neurons]) is not None:
            yield k


def settle(problem: MappingProblem, make: Callable[[Ints], Clusters]) -> Clusters:
    """Return clusters that hold the destinations that they have in the end.

    How many cores a neuron sends to is known only when all have their clusters: ``make`` is called with the fewest
    possible, int64[neurons], and again with more room until its clusters hold what they send.
    """
    nets = problem.nets
    reckoned = nets.sends(np.zeros(problem.n_neurons, dtype=np.int32))
    for attempt in range(_TRIES):
        cluster_of = make(reckoned)
        sends = nets.sends(cluster_of)
        if np.all(sends <= reckoned) or next(overfull(problem, cluster_of, sends), None) is None:
            return cluster_of
        reckoned = np.maximum(sends, reckoned) if attempt < _TRIES - 2 else _most(problem)
    return cluster_of


def _most(problem: MappingProblem) -> Ints:
    """Return the (net, core) pairs of every neuron when no two of its targets share a core."""
    pairs = distinct(problem.nets.net_of_synapse * max(problem.n_neurons, 1) + problem.nets.target)
    neuron = problem.nets.source[pairs // max(problem.n_neurons, 1)] - problem.nets.n_inputs
    return np.bincount(neuron[neuron >= 0], minlength=problem.n_neurons)


def numbered(cluster_of: NDArray[np.integer], pinned: int) -> Clusters:
    """Return clusters without gaps in their numbers, in the same order; the first ``pinned`` keep theirs."""
    used = np.union1d(np.arange(pinned), cluster_of)
    return np.searchsorted(used, cluster_of).astype(np.int32)
