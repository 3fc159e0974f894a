"""What one core holds for learning: its synapses that learn, the neurons behind them, and what modulates those."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.encode import Encoding

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PlasticImage:
    """The part of a core that learns.

    ``axon`` int64[p] are the input axons whose synapses learn, ``ptr`` int64[p + 1] where the synapses of each begin;
    ``number`` int64[p] is the axon's place in the network, by which it draws, ``scheme`` int64[p] its entry of
    ``schemes``, which are the same on all cores. Per synapse ``synapse`` int64[s] (place in the network), ``post``
    int64[s] (entry of the neurons), ``weight``, ``tag`` int16[s] before the first step. Per neuron ``soma`` int64[n]
    (unit), ``neuron`` int64[n] (place in the network), ``kind`` int64[n] (an entry of ``schemes`` that says how it
    traces). ``modulator`` int64[m] are the input axons that modulate, ``modulated`` int64[m + 1] where their entries
    begin in ``goal`` (entry of the neurons), ``gain`` and ``lag`` (steps). ``seed`` is that of the mapping.
    """

    schemes: tuple[Encoding, ...]
    axon: Ints
    ptr: Ints
    number: Ints
    scheme: Ints
    synapse: Ints
    post: Ints
    weight: NDArray[np.int16]
    tag: NDArray[np.int16]
    soma: Ints
    neuron: Ints
    kind: Ints
    modulator: Ints
    modulated: Ints
    goal: Ints
    gain: Ints
    lag: Ints
    seed: int

    @property
    def longest(self) -> int:
        """The longest delay that a synapse may come to, in steps after the first."""
        return max((self.schemes[k].longest for k in np.unique(self.scheme).tolist()), default=0)

    @property
    def rules(self) -> int:
        """Number of different rules on the core."""
        return len({self.schemes[k].rule for k in np.unique(self.scheme).tolist()})
