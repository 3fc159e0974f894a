"""Hyperedges on cores: which cores each axon reaches, with how many synapses and how many spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.mapping.problem import Nets

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Edges:
    """Hyperedge e has ``weight[e]`` spikes from ``source[e]`` (input lines first, then neurons) on core ``home[e]``.

    An input line is on no core, -1. Entries ``ptr[e]:ptr[e + 1]`` of ``core`` are the different cores that it
    reaches, ascending, and of ``synapses`` how many synapses it has there. An edge without spikes keeps its entries.
    """

    source: Ints
    home: Ints
    weight: Floats
    ptr: Ints
    core: Ints
    synapses: Ints
    n_inputs: int

    @property
    def n(self) -> int:
        """Number of hyperedges."""
        return len(self.source)

    @property
    def edge(self) -> Ints:
        """Hyperedge of every entry."""
        return np.repeat(np.arange(self.n, dtype=np.int64), np.diff(self.ptr))

    @property
    def remote(self) -> NDArray[np.bool_]:
        """Whether an entry is another core than that of the source."""
        away: NDArray[np.bool_] = self.core != self.home[self.edge]
        return away

    def sum_per_edge(self, entries: NDArray[np.generic]) -> Floats:
        """Add up a value per entry over each hyperedge."""
        sums: Floats = np.bincount(self.edge, weights=entries.astype(np.float64), minlength=self.n).astype(np.float64)
        return sums

    def without_inputs(self) -> Edges:
        """Return the hyperedges that neurons send."""
        kept = self.source >= self.n_inputs
        entry = kept[self.edge]
        ptr = np.concatenate([[0], np.cumsum(np.diff(self.ptr)[kept])]).astype(np.int64)
        own = self.source[kept], self.home[kept], self.weight[kept]
        return Edges(*own, ptr, self.core[entry], self.synapses[entry], self.n_inputs)


def edges_of(nets: Nets, core_of: NDArray[np.int32], rates: Floats | None = None, per_source: bool = False) -> Edges:
    """Return the hyperedges of a placement: one per net, or per source where one packet serves all its nets.

    ``rates`` float64[inputs + neurons] are spikes of each source in the window, None for one each. Raises
    NeurosimError for rates of another length, below 0 or not finite.
    """
    if rates is not None and (rates.shape != (nets.n_inputs + len(core_of),) or not np.isfinite(rates).all()):
        raise NeurosimError(f"rates are float64{list(rates.shape)}, need {nets.n_inputs + len(core_of)} finite numbers")
    if rates is not None and rates.min(initial=0.0) < 0:
        raise NeurosimError(f"rates: found {rates.min():g} spikes, must be at least 0")
    source, which = np.arange(nets.n), nets.net_of_synapse
    if per_source:
        source, group = np.unique(nets.source, return_inverse=True)
        which = group.ravel()[which]
    else:
        source = nets.source
    cores = int(core_of.max(initial=0)) + 1
    pairs, synapses = np.unique(which * cores + core_of[nets.target], return_counts=True)
    ptr = np.searchsorted(pairs // cores, np.arange(len(source) + 1)).astype(np.int64)
    neuron = source - nets.n_inputs
    home = np.where(neuron >= 0, core_of[np.maximum(neuron, 0)] if len(core_of) else -1, -1).astype(np.int64)
    weight = np.ones(len(source)) if rates is None else rates[source].astype(np.float64)
    return Edges(source.astype(np.int64), home, weight, ptr, pairs % cores, synapses.astype(np.int64), nets.n_inputs)
