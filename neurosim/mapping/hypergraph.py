"""The network as an undirected hypergraph: what partitioners work on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.problem import MappingProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Hypergraph(NamedTuple):
    """Nets and their pins (neurons), both ways in compressed rows; a pin stands once in its net, ascending.

    Net e has pins ``pin[net_ptr[e] : net_ptr[e + 1]]``: its target neurons and its source, if that is a neuron.
    Neuron v lies on nets ``net[pin_ptr[v] : pin_ptr[v + 1]]``. ``weight`` float64[nets] are spikes in the window. So a
    net whose pins lie in L clusters sends weight x (L - 1) packets between cores (L of them if an input line feeds it).
    """

    net_ptr: Ints
    pin: Ints
    pin_ptr: Ints
    net: Ints
    weight: Floats

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
    pairs = np.unique(keys)
    net, pin = pairs // n, pairs % n
    order = np.argsort(pin, kind="stable")
    return Hypergraph(
        _starts(net, nets.n), pin, _starts(pin, problem.n_neurons), net[order], problem.spikes.astype(np.float64)
    )


def _starts(rows: Ints, n: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64)


def packets(problem: MappingProblem, cluster_of: NDArray[np.int32]) -> float:
    """Return the packets between cores in the window: each net's spikes times its target clusters but its own."""
    nets, k = problem.nets, int(cluster_of.max(initial=0)) + 1
    pairs = np.unique(nets.net_of_synapse * k + cluster_of[nets.target])
    net, cluster = pairs // k, pairs % k
    neuron = nets.source[net] - nets.n_inputs
    local = (neuron >= 0) & (cluster_of[np.maximum(neuron, 0)] == cluster) if len(cluster_of) else neuron >= 0
    return float(problem.spikes[net[~local]].sum())
