"""The Mapping: which core computes which neuron."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping.lowering import Lowered
from neurosim.network import Network


@dataclass(frozen=True, eq=False)
class Mapping:
    """A lowered network on a chip: ``core_of`` int32[neurons] holds the physical core of every neuron.

    ``notes`` tell where the result is not what the mapper's name promises, since its time ran out.
    Raises NeurosimError for a placement of wrong shape and CapacityError for a core that the chip does not have.
    """

    network: Network
    lowered: Lowered
    chip: Chip
    core_of: NDArray[np.int32]
    mapper: str
    seed: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, core_of = self.lowered.network.n_neurons, self.core_of
        if core_of.shape != (n,) or core_of.dtype != np.int32:
            raise NeurosimError(f"placement is {core_of.dtype}{list(core_of.shape)}, needs int32[{n}]")
        if core_of.min(initial=0) < 0:
            raise NeurosimError(f"placement names core {core_of.min()}, the first core is 0")
        if core_of.max(initial=0) >= self.chip.n_cores:
            raise CapacityError(self.chip.name, "cores", int(core_of.max()) + 1, self.chip.n_cores)

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
