"""The network as an undirected hypergraph: what partitioners work on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.problem import MappingProblem, distinct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Hypergraph(NamedTuple):
    """Nets and their pins (neurons), both ways in compressed rows; a pin stands once in its net, ascending.

    Net e has pins ``pin[net_ptr[e] : net_ptr[e + 1]]``: its target neurons and its source, if that is a neuron.
    Neuron v lies on nets ``net[pin_ptr[v] : pin_ptr[v + 1]]``. ``weight`` float64[nets] are spikes in the window. So a
    net whose pins lie in L clusters sends weight x (L - 1) packets between cores (L of them if an input line feeds it).

    Where several neurons or nets stand as one: ``size`` int64[n] neurons and ``load`` int64[n] nets on each of them
    summed, ``axons`` int64[nets] nets.
    """

    net_ptr: Ints
    pin: Ints
    pin_ptr: Ints
    net: Ints
    weight: Floats
    size: Ints
    load: Ints
    axons: Ints

    @property
    def n_nets(self) -> int:
        """Number of nets."""
        return len(self.weight)

    @property
    def n_pins(self) -> int:
        """Number of neurons."""
        return len(self.pin_ptr) - 1


def hypergraph_of(problem: MappingProblem) -> Hypergraph:
    """Return the hypergraph of a mapping problem."""
    nets, n = problem.nets, max(problem.n_neurons, 1)
    own = np.flatnonzero(nets.source >= nets.n_inputs)
    keys = np.concatenate([nets.net_of_synapse * n + nets.target, own * n + nets.source[own] - nets.n_inputs])
    pairs = distinct(keys)
    net, pin = pairs // n, pairs % n
    single = np.ones(problem.n_neurons, dtype=np.int64)
    load = np.bincount(pin, minlength=problem.n_neurons).astype(np.int64)
    axons = np.ones(nets.n, dtype=np.int64)
    return from_pairs(net, pin, problem.spikes.astype(np.float64), single, load, axons)


def from_pairs(net: Ints, pin: Ints, weight: Floats, size: Ints, load: Ints, axons: Ints) -> Hypergraph:
    """Return the hypergraph of (net, pin) pairs, sorted and each once."""
    order = np.argsort(pin, kind="stable")
    return Hypergraph(_starts(net, len(weight)), pin, _starts(pin, len(size)), net[order], weight, size, load, axons)


def _starts(rows: Ints, n: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64)


def packets(problem: MappingProblem, cluster_of: NDArray[np.int32]) -> float:
    """Return the packets between cores in the window: each net's spikes times its target clusters but its own."""
    nets, k = problem.nets, int(cluster_of.max(initial=0)) + 1
    pairs = distinct(nets.net_of_synapse * k + cluster_of[nets.target])
    net, cluster = pairs // k, pairs % k
    neuron = nets.source[net] - nets.n_inputs
    local = (neuron >= 0) & (cluster_of[np.maximum(neuron, 0)] == cluster) if len(cluster_of) else neuron >= 0
    return float(problem.spikes[net[~local]].sum())
