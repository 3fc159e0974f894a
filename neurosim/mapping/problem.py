"""The mapping problem as plain data: what every mapper gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.legality import Usage
from neurosim.network import Network


class CoreFill(Protocol):
    """One core being filled, supplied by the core kind, which alone knows its limits.

    Exact when neurons come in ascending order, which is how loaders lay them out; in another order the memory
    that synapses take may differ from what is loaded.
    """

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        """Place one more neuron here and return None, or leave the core as it is and return the exceeded limit.

        ``sends`` is the number of (net, core) pairs that the neuron reaches, as far as the mapper knows it
        (see ``Nets.sends``); it fills the tables of destinations.
        """


@dataclass(frozen=True, eq=False)
class Nets:
    """The axons of a network as a directed hypergraph.

    Net k is one (projection, source neuron) pair with at least one synapse: ``projection[k]``, ``source[k]``
    (``n_inputs`` input lines first, then neurons), and its synapses ``ptr[k]:ptr[k + 1]`` of ``target`` (neuron) and
    ``synapse`` (index into the projection's arrays).
    """

    projection: NDArray[np.int32]
    source: NDArray[np.int64]
    ptr: NDArray[np.int64]
    target: NDArray[np.int64]
    synapse: NDArray[np.int64]
    n_inputs: int

    @property
    def n(self) -> int:
        """Number of nets."""
        return len(self.source)

    @property
    def net_of_synapse(self) -> NDArray[np.int64]:
        """Net of every synapse, int64[synapses]."""
        return np.repeat(np.arange(self.n, dtype=np.int64), np.diff(self.ptr))

    @cached_property
    def by_neuron(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Compressed rows: the nets that reach each neuron (with repetition), as (ptr, net)."""
        order = np.argsort(self.target, kind="stable")
        n = int(self.target.max(initial=-1)) + 1
        ptr = np.concatenate([[0], np.cumsum(np.bincount(self.target, minlength=n))]).astype(np.int64)
        return ptr, self.net_of_synapse[order]

    def reaching(self, neuron: int) -> NDArray[np.int64]:
        """Nets that reach a neuron, with repetition when a net has several synapses on it."""
        ptr, nets = self.by_neuron
        return nets[ptr[neuron] : ptr[neuron + 1]] if neuron + 1 < len(ptr) else nets[:0]

    def sends(self, core_of: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return how many (net, core) pairs each neuron sends to under an assignment to cores, int64[neurons]."""
        cores = int(core_of.max(initial=0)) + 1
        pairs = np.unique(self.net_of_synapse * cores + core_of[self.target])
        neuron = self.source[pairs // cores] - self.n_inputs
        return np.bincount(neuron[neuron >= 0], minlength=len(core_of))


def nets_of(network: Network) -> Nets:
    """Return the nets of a network; neurons are numbered over the populations that compute, in order."""
    line, neuron = _offsets(network)
    projection, source, counts, target, synapse = [], [], [], [], []
    for k, p in enumerate(network.projections):
        rows = np.flatnonzero(p.fan_out)
        base = line[p.source] if p.source in line else network.n_inputs + neuron[p.source]
        projection.append(np.full(len(rows), k, dtype=np.int32))
        source.append(base + rows)
        counts.append(p.fan_out[rows])
        target.append(neuron[p.target] + p.targets.astype(np.int64))
        synapse.append(np.arange(len(p.targets), dtype=np.int64))
    none = np.zeros(0, dtype=np.int64)
    return Nets(
        np.concatenate([*projection, none]).astype(np.int32),
        np.concatenate([*source, none]).astype(np.int64),
        np.concatenate([[0], np.cumsum(np.concatenate([*counts, none]))]).astype(np.int64),
        np.concatenate([*target, none]).astype(np.int64),
        np.concatenate([*synapse, none]).astype(np.int64),
        network.n_inputs,
    )


def _offsets(network: Network) -> tuple[dict[str, int], dict[str, int]]:
    line: dict[str, int] = {}
    for p in network.sources:
        line[p.name] = sum(network.population(q).size for q in line)
    neuron: dict[str, int] = {}
    for p in network.neurons:
        neuron[p.name] = sum(network.population(q).size for q in neuron)
    return line, neuron


def neuron_offsets(network: Network) -> dict[str, int]:
    """Return the number of each computing population's first neuron."""
    return _offsets(network)[1]


@dataclass(frozen=True, eq=False)
class MappingProblem:
    """What a mapper gets: neurons, nets, places and a way to ask whether a core still has room.

    ``columns`` x ``rows`` tiles of ``cores_per_tile`` cores; core id = tile * cores_per_tile + slot and
    tile = row * columns + column. ``new_core()`` opens an empty core of the chip's kind. ``unusable`` lists core ids
    that do not exist or are kept for the system; nothing may be placed there.
    """

    chip: str
    n_neurons: int
    nets: Nets
    columns: int
    rows: int
    cores_per_tile: int
    new_core: Callable[[], CoreFill]
    unusable: frozenset[int] = frozenset()

    @property
    def n_cores(self) -> int:
        """Number of places for cores; every core id is below it."""
        return self.columns * self.rows * self.cores_per_tile

    @property
    def n_usable(self) -> int:
        """Number of cores that can be used."""
        return self.n_cores - len(self.unusable)
