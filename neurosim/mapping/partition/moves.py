"""Rounds of moves between clusters on one hypergraph, and the scratch that the compiled loops want."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import Hypergraph
from neurosim.mapping.partition.kernels import Growth, Loads, Spread, improve, spread_out
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_ROUNDS = 20
_ENOUGH = 1e-3  # of all packets: a round that saves less is the last
_SLOTS = 1 << 20  # pairs of clusters at most that are told apart when neurons wait for an exchange


def new_growth(graph: Hypergraph) -> Growth:
    """Return the state of an empty first cluster."""
    n = graph.n_pins
    return Growth(
        np.zeros(n, dtype=np.int64),
        np.full(n, -1, dtype=np.int64),
        np.zeros(n),
        np.zeros(n, dtype=np.bool_),
        np.full(graph.n_nets, -1, dtype=np.int64),
        np.zeros(3, dtype=np.int64),
    )


def loads_of(graph: Hypergraph, cluster_of: NDArray[np.integer]) -> Loads:
    """Return what clusters hold."""
    return _counted(graph, cluster_of.astype(np.int64))[1]


def _counted(graph: Hypergraph, cluster_of: Ints) -> tuple[Spread, Loads]:
    clusters = int(cluster_of.max(initial=0)) + 1
    room = np.minimum(np.diff(graph.net_ptr), clusters) + 1
    ptr = np.concatenate([[0], np.cumsum(room)]).astype(np.int64)
    none = np.zeros(graph.n_nets, dtype=np.int64)
    spread = Spread(ptr, none, np.zeros(ptr[-1], dtype=np.int64), np.zeros(ptr[-1], dtype=np.int64))
    held = np.zeros((3, clusters), dtype=np.int64)
    loads = Loads(held, np.zeros_like(held))
    spread_out(graph, cluster_of, spread, loads)
    return spread, loads


def moved(
    graph: Hypergraph, start: NDArray[np.integer], most: Ints, free: Ints, rng: np.random.Generator, watch: Watch
) -> Ints:
    """Return clusters of fewer packets, int64[n], after rounds of moves and exchanges of the nodes ``free``.

    No move fills a cluster beyond ``most`` int64[3] (see Loads); one that is beyond already may stay so. Gains are
    those of connectivity-1 (C. M. Fiduccia, R. M. Mattheyses, DAC 1982, without moves that lose).
    """
    cluster_of = start.astype(np.int64)
    spread, loads = _counted(graph, cluster_of)
    loads.most[:] = most[:, None]
    clusters = loads.held.shape[1]
    waiting = np.full(min(clusters * clusters, _SLOTS), -1, dtype=np.int64)
    wish = np.full(graph.n_pins, -1, dtype=np.int64)
    cost = float(graph.weight @ (spread.length - 1.0))
    with watch.interruptible():
        for k in watch.rounds(_ROUNDS):
            saved = improve(graph, cluster_of, spread, loads, rng.permutation(free), waiting, wish)
            cost -= saved
            watch.report("partition: moves", (k + 1) / _ROUNDS, cost)
            if saved <= _ENOUGH * cost:
                break
    return cluster_of
