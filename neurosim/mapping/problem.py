"""The mapping problem as plain data: what every mapper gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.geometry import Ways, ways_of
from neurosim.mapping.legality import Usage
from neurosim.network import Network


def distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the different values of an array, ascending; quicker than numpy's hashing for millions of them."""
    ordered = np.sort(keys)
    first = np.concatenate([np.ones(min(len(keys), 1), dtype=np.bool_), ordered[1:] != ordered[:-1]])
    found: NDArray[np.int64] = ordered[first]
    return found


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


class BulkFill(CoreFill, Protocol):
    """A CoreFill that can also tell for many neurons at once: exactly what adding them in this order would tell."""

    def hold(self, neurons: NDArray[np.int64], sends: NDArray[np.int64]) -> Usage | None:
        """Return the limit that an empty core with exactly these neurons (ascending) exceeds, None if it holds them.

        ``sends`` int64[neurons] as in ``add``.
        """

    def least(self, neurons: NDArray[np.int64]) -> tuple[Usage, ...]:
        """Return what these neurons need at least of each limit, summed over however many cores they are spread.

        ``needed`` may exceed ``available``, which is that of one core: their ratio bounds the number of cores.
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

    def reaching_each(self, neurons: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (count per neuron, nets one after another): what ``reaching`` gives for each of some neurons."""
        ptr, nets = self.by_neuron
        first, end = ptr[np.minimum(neurons, len(ptr) - 1)], ptr[np.minimum(neurons + 1, len(ptr) - 1)]
        counts = end - first
        return counts, nets[np.repeat(end - np.cumsum(counts), counts) + np.arange(counts.sum())]

    def sends(self, core_of: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return how many (net, core) pairs each neuron sends to under an assignment to cores, int64[neurons]."""
        cores = int(core_of.max(initial=0)) + 1
        pairs = distinct(self.net_of_synapse * cores + core_of[self.target])
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
    that do not exist, are dead or are kept for the system; nothing may be placed there.

    ``rates`` float64[inputs + neurons]: spikes of each source in a window, None for one each. ``fixed`` gives the core
    of neurons that have no choice. ``dead_links`` are directed links, as (from tile, to tile) of neighbours, which no
    dimension-ordered (X, then Y) route may use. Input line k enters at tile ``ports[k % len(ports)]``; every
    packet passes tile ``hub``, if there is one. ``whole`` names the limit that an assignment of all neurons (cores or
    clusters, int32[n]) exceeds in tables that the chip has once, if there are such.
    """

    chip: str
    n_neurons: int
    nets: Nets
    columns: int
    rows: int
    cores_per_tile: int
    new_core: Callable[[], CoreFill]
    unusable: frozenset[int] = frozenset()
    rates: NDArray[np.float64] | None = None
    fixed: Mapping[int, int] = field(default_factory=dict)
    dead_links: frozenset[tuple[int, int]] = frozenset()
    ports: tuple[int, ...] = ()
    hub: int | None = None
    whole: Callable[[NDArray[np.int32]], Usage | None] | None = None

    @property
    def n_cores(self) -> int:
        """Number of places for cores; every core id is below it."""
        return self.columns * self.rows * self.cores_per_tile

    @property
    def n_usable(self) -> int:
        """Number of cores that can be used."""
        return self.n_cores - len(self.unusable)

    @cached_property
    def usable(self) -> NDArray[np.int64]:
        """Ids of the cores that can be used, ascending."""
        return np.setdiff1d(np.arange(self.n_cores), np.array(sorted(self.unusable), dtype=np.int64))

    @cached_property
    def ways(self) -> Ways:
        """The ways between tiles."""
        return ways_of(self.columns, self.rows, self.hub, self.dead_links)

    @property
    def spikes(self) -> NDArray[np.float64]:
        """Spikes of each net in the window, float64[nets]: its source's rate, 1 where no rates are given."""
        if self.rates is None:
            return np.ones(self.nets.n)
        return np.asarray(self.rates, dtype=np.float64)[self.nets.source]

    @cached_property
    def pins(self) -> dict[int, int]:
        """The cluster of each fixed neuron: cores that hold any are clusters 0, 1, ... by ascending core id."""
        cluster = {core: k for k, core in enumerate(self.pinned_cores)}
        return {neuron: cluster[core] for neuron, core in self.fixed.items()}

    @cached_property
    def pinned_cores(self) -> list[int]:
        """Ids of the cores that hold fixed neurons, ascending."""
        return sorted(set(self.fixed.values()))

    def excess(self, neurons: NDArray[np.int64], sends: NDArray[np.int64]) -> Usage | None:
        """Return the limit that a core with exactly these neurons (ascending) exceeds, None if it holds them.

        ``sends`` int64[neurons] as in CoreFill.add. Asks the core kind for all of them at once where it can tell.
        """
        core = self.new_core()
        at_once = getattr(core, "hold", None)
        if at_once is not None:
            usage: Usage | None = at_once(neurons, sends)
            return usage
        for neuron, targets in zip(neurons.tolist(), sends.tolist(), strict=True):
            limit = core.add(neuron, targets)
            if limit is not None:
                return limit
        return None
