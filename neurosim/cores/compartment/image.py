"""The memories of one compartment core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.bank import Bank
from neurosim.cores.compartment.learning.image import PlasticImage
from neurosim.cores.compartment.noise import Noise
from neurosim.cores.compartment.step import Parameters


@dataclass(frozen=True, eq=False)
class CompartmentImage:
    """What one core holds: ``n`` units, which are compartments or programmed neurons, and synapse lists by input axon.

    ``fixed`` int64[k] are the units that are compartments; ``parameters``, ``initial`` (int64[k], voltage before the
    first step) and ``noise`` speak of those, by their number among them. ``banks`` are the programmed neurons.
    ``axon_ptr`` int64[axons + 1]; per synapse ``target`` int32 (unit), ``weight`` int32 (effective),
    ``delay`` int16 (0 = the next step); per axon ``axon_bits`` int64 (bits per synapse with index),
    ``axon_sparse`` bool (an index is stored) and ``axon_format`` int64 (number of its synapse format).
    ``weight_bits`` is the widest stored weight. ``plastic`` is what learns.
    """

    n: int
    parameters: Parameters
    initial: NDArray[np.int64]
    axon_ptr: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.int32]
    delay: NDArray[np.int16]
    axon_bits: NDArray[np.int64]
    axon_sparse: NDArray[np.bool_]
    axon_format: NDArray[np.int64]
    weight_bits: int
    noise: Noise
    fixed: NDArray[np.int64]
    banks: tuple[Bank, ...] = ()
    plastic: PlasticImage | None = None

    @property
    def longest(self) -> int:
        """The longest delay that a synapse has or may come to, in steps after the first."""
        return max(int(self.delay.max(initial=0)), self.plastic.longest if self.plastic else 0)
