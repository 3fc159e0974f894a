"""NeuroBench terms of a functional run (definitions of the neurobench package, version 2.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.network import LIF, Accumulator, Network

_OPERATIONS_PER_UPDATE = 4  # NeuroBench's count for a leaky neuron, either reset
_BYTES = 4  # a float32 parameter


@dataclass(frozen=True)
class NeuroBench:
    """The metrics under the names that NeuroBench prints, means per sample where it takes means.

    ``footprint`` bytes of the weights as float32; ``neuron_operations`` covers leaky neurons only, since
    NeuroBench defines no count for add-and-fire neurons, and is None without any.
    """

    footprint: int
    connection_sparsity: float
    activation_sparsity: float
    effective_acs: float
    effective_macs: float
    dense: float
    membrane_updates: float
    neuron_operations_effective: float | None
    neuron_operations_dense: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return asdict(self)


def neurobench(
    network: Network,
    pulses: Mapping[str, NDArray[np.bool_]],
    synaptic_events: Sequence[NDArray[np.int64]],
    membrane_updates: Mapping[str, NDArray[np.int64]],
    binary_inputs: bool = True,
) -> NeuroBench:
    """Compute the terms from pulses bool[n, T, size], events int64[n] per projection and updates int64[n].

    ``binary_inputs`` tells whether all inputs are -1, 0 or 1; otherwise operations on input synapses are MACs.
    """
    firing = [p for p in network.neurons if not isinstance(p.neuron, Accumulator)]
    steps = next(iter(pulses.values())).shape[1]
    weights = network.n_dense_weights
    used = sum(int(np.count_nonzero(p.weights)) for p in network.projections)
    outputs = sum(pulses[p.name].size for p in firing)
    fired = sum(np.count_nonzero(pulses[p.name]) for p in firing)
    is_mac = [not binary_inputs and network.population(p.source).is_source for p in network.projections]
    means = [float(events.mean()) for events in synaptic_events]
    leaky = [p for p in network.neurons if isinstance(p.neuron, LIF)]
    updates = {name: float(values.mean()) for name, values in membrane_updates.items()}
    return NeuroBench(
        footprint=weights * _BYTES,
        connection_sparsity=round(1 - used / weights, 4) if weights else 0.0,
        activation_sparsity=1 - fired / outputs if outputs else 0.0,
        effective_acs=sum(m for m, mac in zip(means, is_mac, strict=True) if not mac),
        effective_macs=sum(m for m, mac in zip(means, is_mac, strict=True) if mac),
        dense=float(weights * steps),
        membrane_updates=sum(updates.values()),
        neuron_operations_effective=(_OPERATIONS_PER_UPDATE * sum(updates[p.name] for p in leaky) if leaky else None),
        neuron_operations_dense=(float(_OPERATIONS_PER_UPDATE * steps * sum(p.size for p in leaky)) if leaky else None),
    )
