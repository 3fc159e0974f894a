"""The Mapping: which core computes which neuron."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.mapping.lowering import Lowered
from neurosim.network import Network


@dataclass(frozen=True, eq=False)
class Mapping:
    """A lowered network on a chip: ``core_of`` int32[neurons] holds the physical core of every neuron."""

    network: Network
    lowered: Lowered
    chip: Chip
    core_of: NDArray[np.int32]
    mapper: str
    seed: int

    @property
    def cores(self) -> NDArray[np.int32]:
        """Physical ids of the cores in use, ascending."""
        return np.unique(self.core_of)

    def digest(self) -> str:
        """SHA-256 of the chip, the lowered network and the placement."""
        sha = hashlib.sha256()
        sha.update(self.chip.digest.encode())
        sha.update(self.lowered.network.digest().encode())
        sha.update(np.ascontiguousarray(self.core_of).tobytes())
        return sha.hexdigest()
