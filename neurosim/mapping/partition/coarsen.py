"""Coarsening: pairs of nodes of a hypergraph become one, again and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from neurosim.mapping.hypergraph import Hypergraph, from_pairs
from neurosim.mapping.partition.kernels import pair
from neurosim.mapping.problem import distinct
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_LEAST_SHRINK = 0.95  # a level that keeps more of its nodes is the last
_WORK = 300_000_000  # pairs of pins looked at per level: longer nets are left out


class Level(NamedTuple):
    """A hypergraph, the group of every node (nodes of different groups never join), and its node one level up.

    ``above`` is empty on the coarsest level.
    """

    graph: Hypergraph
    group: Ints
    above: Ints


def coarsened(
    graph: Hypergraph, group: Ints, nodes: int, biggest: int, rng: np.random.Generator, watch: Watch
) -> list[Level]:
    """Return the levels from fine to coarse, down to about ``nodes`` nodes of at most ``biggest`` neurons each."""
    levels, none = list[Level](), np.zeros(0, dtype=np.int64)
    graph = _fewer_nets(graph)
    while graph.n_pins > nodes and not watch.over:
        partner = pair(graph, group, biggest, _longest(graph), rng.permutation(graph.n_pins))
        leader = np.minimum(partner, np.arange(graph.n_pins))
        names, above = np.unique(leader, return_inverse=True)
        if len(names) > _LEAST_SHRINK * graph.n_pins:
            break
        levels.append(Level(graph, group, above.astype(np.int64)))
        graph, group = _joined(graph, above, len(names)), group[names]
    return [*levels, Level(graph, group, none)]


def _longest(graph: Hypergraph) -> int:
    """Return the pins of the longest net that counts, such that all that count are not too much work."""
    pins = np.sort(np.diff(graph.net_ptr))
    work = np.cumsum(pins.astype(np.float64) ** 2)
    kept = int(np.searchsorted(work, _WORK, side="right"))
    return int(pins[kept - 1]) if kept else 2


def _joined(graph: Hypergraph, above: Ints, n: int) -> Hypergraph:
    net = np.repeat(np.arange(graph.n_nets), np.diff(graph.net_ptr))
    pairs = distinct(net * n + above[graph.pin])
    size = np.bincount(above, graph.size, minlength=n).astype(np.int64)
    load = np.bincount(above, graph.load, minlength=n).astype(np.int64)
    return _fewer_nets(from_pairs(pairs // n, pairs % n, graph.weight, size, load, graph.axons))


def _fewer_nets(graph: Hypergraph) -> Hypergraph:
    """Return the hypergraph with nets of the same pins as one.

    Pins are compared by the sum of 64 random bits each, and by their number: two different nets are as good as never
    taken for one. Nets of one pin stay, because they take an axon.
    """
    if not graph.n_nets or not len(graph.pin):
        return graph
    bits = np.random.default_rng(0).integers(0, 2**64, graph.n_pins, dtype=np.uint64)
    counts = np.diff(graph.net_ptr)
    chosen = np.flatnonzero(counts)
    sums = np.add.reduceat(bits[graph.pin], graph.net_ptr[chosen])
    keys = np.stack([sums, counts[chosen].astype(np.uint64)], axis=1)
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    index = index.ravel()
    weight = np.bincount(index, graph.weight[chosen]).astype(np.float64)
    axons = np.bincount(index, graph.axons[chosen]).astype(np.int64)
    kept = chosen[first]
    sizes = counts[kept]
    place = np.repeat(graph.net_ptr[kept] - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    net = np.repeat(np.arange(len(kept)), sizes)
    return from_pairs(net, graph.pin[place], weight, graph.size, graph.load, axons)


def affinities(graph: Hypergraph) -> csr_array:
    """Return what every two nodes share, float64[n, n]: weight / (pins - 1) of each net but the longest."""
    pins = np.diff(graph.net_ptr)
    counted = (pins > 1) & (pins <= _longest(graph))
    share = np.where(counted, graph.weight / np.maximum(pins - 1, 1), 0.0) + (counted * np.finfo(np.float64).tiny)
    rows = csr_array((np.ones(len(graph.pin)), graph.pin, graph.net_ptr), shape=(graph.n_nets, graph.n_pins))
    both = csr_array(rows.T @ diags_array(share) @ rows)
    both.setdiag(0)
    both.eliminate_zeros()
    return both
