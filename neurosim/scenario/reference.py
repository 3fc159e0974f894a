"""What the unmapped network makes of the pulses: the figures that every chip's run is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.functional import run_functional
from neurosim.network import Network
from neurosim.results import NeuroBench, neurobench


@dataclass(frozen=True, eq=False)
class Reference:
    """A functional run of n samples, reduced to what is asked of it, so that no array of all pulses is kept.

    ``decisions`` int64[n]; ``pulse_counts[p]`` int64[n] over all steps and neurons; ``additions`` synaptic events per
    inference.
    """

    decisions: NDArray[np.int64]
    pulse_counts: Mapping[str, NDArray[np.int64]]
    additions: float
    neurobench: NeuroBench

    @classmethod
    def of(cls, network: Network, pulses: NDArray[Any]) -> Reference:
        """Run a network on pulses bool[n, T, input lines]; raises NeurosimError as ``run_functional`` does."""
        run = run_functional(network, pulses)
        return cls(
            np.argmax(run.answer(network.outputs[0]), axis=1),
            {name: np.count_nonzero(fired, axis=(1, 2)) for name, fired in run.pulses.items()},
            float(sum(events.mean() for events in run.synaptic_events)),
            neurobench(network, run.pulses, run.synaptic_events, run.membrane_updates),
        )
