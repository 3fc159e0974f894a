"""What a partitioner with one soft capacity is told: how many blocks, what a neuron weighs, what a block may weigh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import Hypergraph
from neurosim.mapping.problem import MappingProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LARGEST = 1 << 20  # of a rounded net weight


class Blocks(NamedTuple):
    """``n`` blocks of at most ``most``, and the weight of every neuron, int64[n]."""

    n: int
    weight: Ints
    most: int


def blocks_of(problem: MappingProblem, graph: Hypergraph, cluster_of: NDArray[np.int32]) -> Blocks:
    """Return the blocks that a greedy growth within all hard limits, ``cluster_of`` int32[neurons], fills.

    A neuron weighs 1, or as much as it has axons: whichever makes full cores more alike, since that is closer to
    the limit that binds.
    """
    n = int(cluster_of.max(initial=-1)) + 1
    found = []
    for weight in (np.ones(problem.n_neurons, dtype=np.int64), 1 + np.diff(graph.pin_ptr)):
        held = np.bincount(cluster_of, weight, minlength=n)
        full = held[: max(n - 1, 1)]  # the last one is not
        found.append((float(full.std() / full.mean()), Blocks(n, weight, int(held.max()))))
    return min(found, key=lambda pair: pair[0])[1]


def whole_weights(weight: Floats) -> Ints:
    """Return positive whole weights in about the same proportions, for libraries that take no other."""
    largest = float(weight.max(initial=0))
    if largest <= 0:
        return np.ones(len(weight), dtype=np.int64)
    plain = largest <= _LARGEST and bool(np.all(weight == np.round(weight)))
    scaled: Ints = (weight if plain else np.round(weight * (_LARGEST / largest))).astype(np.int64)
    return np.maximum(scaled, 1)
