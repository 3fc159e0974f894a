"""Groups: up to four neurons of one population that share synapse words, a cell and its leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.f18a import lanes
from neurosim.errors import UnsupportedError
from neurosim.mapping import neuron_offsets
from neurosim.network import AddAndFire, Network, Population
from neurosim.network.neuron import Parameter

Ints = NDArray[np.int64]

MOST = 4  # neurons of a group
LARGEST_OF_FOUR = 1  # largest weight for which four lanes hold bit words of a useful length
LARGEST_OF_TWO = 7


@dataclass(frozen=True, eq=False)
class Group:
    """Neurons ``members`` (numbers in the network) of a population, one threshold, in ``lanes`` lanes.

    ``weights`` int64[sources, lanes] over all input lines, then all neurons; lane k belongs to ``members[k]``, a lane
    beyond the members has no synapses. ``bias`` is added to each lane of a wide word, 0 for a single lane.
    """

    index: int
    population: str
    members: tuple[int, ...]
    lanes: int
    threshold: int
    bias: int
    weights: Ints

    @property
    def sources(self) -> Ints:
        """Lines and neurons with a synapse in this group."""
        return np.flatnonzero(self.weights.any(axis=1))

    def arranged(self, words: Sequence[Sequence[int]]) -> Group | None:
        """Return the group with its neurons on lanes that hold their sums over each of ``words``, None if none do."""
        if self.lanes < MOST:
            return self
        spread = np.array([np.abs(self.weights[list(word)]).sum(axis=0) for word in words]).reshape(-1, MOST)
        most = spread.max(axis=0, initial=0)
        wide = sorted(np.argsort(-most, kind="stable")[:2].tolist())
        narrow = [k for k in range(MOST) if k not in wide]
        places = [narrow[0], wide[0], narrow[1], wide[1]]
        if np.any(most[places] > lanes.NARROW):
            return None
        empty = [*self.members, *[-1] * (MOST - len(self.members))]
        return replace(self, members=tuple(empty[k] for k in places), weights=self.weights[:, places])


def lanes_for(size: int, largest: int) -> int:
    """Return how many lanes a group of ``size`` neurons with weights up to ``largest`` takes."""
    if largest > LARGEST_OF_TWO or size == 1:
        return 1
    return 2 if size == 2 or largest > LARGEST_OF_FOUR else 4


def weight_matrix(network: Network) -> Ints:
    """Return the weights of all synapses, int64[input lines and neurons, neurons]; several between two add up."""
    first = neuron_offsets(network)
    line: dict[str, int] = {}
    for source in network.sources:
        line[source.name] = sum(network.population(name).size for name in line)
    found = np.zeros((network.n_inputs + network.n_neurons, network.n_neurons), dtype=np.int64)
    for p in network.projections:
        base = line[p.source] if p.source in line else network.n_inputs + first[p.source]
        weights = np.rint(p.weights.astype(np.float64) * 2.0**p.exponent).astype(np.int64)
        np.add.at(found, (base + p.rows, first[p.target] + p.targets), weights)
    return found


def threshold_of(population: Population) -> Parameter:
    """Return the threshold of a population; raises UnsupportedError for one that does not add and fire."""
    if not isinstance(population.neuron, AddAndFire):
        raise UnsupportedError(f"population '{population.name}': its neurons must add and fire")
    return population.neuron.threshold


def groups_of(network: Network, clusters: Sequence[Sequence[int]], matrix: Ints) -> tuple[Group, ...]:
    """Return the groups of a lowered network, one per cluster of neurons (numbers in the network, ascending)."""
    first, found = neuron_offsets(network), []
    for k, cluster in enumerate(clusters):
        population = next(p for p in network.neurons if first[p.name] <= cluster[0] < first[p.name] + p.size)
        threshold = np.broadcast_to(np.asarray(threshold_of(population)), (population.size,))[
            cluster[0] - first[population.name]
        ]
        count = lanes_for(len(cluster), int(np.abs(matrix[:, list(cluster)]).max(initial=0)))
        weights = np.zeros((len(matrix), count), dtype=np.int64)
        weights[:, : len(cluster)] = matrix[:, list(cluster)]
        bias = (lanes.bias(weights) or 0) if count > 1 else 0
        found.append(Group(k, population.name, tuple(cluster), count, int(threshold), bias, weights))
    return tuple(found)
