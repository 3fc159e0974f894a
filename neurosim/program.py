"""The Program: what is loaded into the chip's memories, as flat integer arrays ready for any engine."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.mapping.lowering import Lowered


@dataclass(frozen=True, eq=False)
class Destinations:
    """Unicast lists in compressed rows: source k sends to ``core[i], axon[i]`` for i in ``ptr[k]:ptr[k+1]``.

    ``core`` is an index into Program.cores, ``axon`` one of that core's input axons; destinations of one source
    are in ascending order of core, which is the order of sending. ``static`` is a value that belongs to the entry
    and that the core kind turns into the packet's payload (a delay on TrueNorth).
    """

    ptr: NDArray[np.int64]
    core: NDArray[np.int32]
    axon: NDArray[np.int32]
    static: NDArray[np.int32] | None = None

    def statics(self) -> NDArray[np.int32]:
        """Return the static value of every entry, zeros where the core kind has none."""
        return np.zeros_like(self.core) if self.static is None else self.static


@dataclass(frozen=True, eq=False)
class Members:
    """Where the neurons of one population are: index into Program.cores and unit on that core, int[size].

    ``soma`` is the unit that fires, ``state`` the unit whose membrane is read out.
    """

    core: NDArray[np.int32]
    soma: NDArray[np.int32]
    state: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Program:
    """A mapped network as the chip's tables.

    ``cores`` int32[c] physical ids in use, ascending; ``images`` one value per core in use, of the core kind's
    own type; ``inputs`` destinations of every input line; ``outputs`` destinations of every unit of every core.
    ``members`` says where each population went; ``options`` are choices of a run that a core kind reads when it
    starts (performance-level policy); they are not part of what is loaded.
    """

    chip: Chip
    lowered: Lowered
    cores: NDArray[np.int32]
    images: tuple[Any, ...]
    inputs: Destinations
    outputs: tuple[Destinations, ...]
    members: Dict[str, Members]
    mapping_digest: str
    options: Dict[str, Any] = field(default_factory=dict)

    @property
    def lag(self) -> Dict[str, int]:
        """Steps by which each population runs behind the input."""
        return self.lowered.lag

    @property
    def learns(self) -> bool:
        """Whether any synapse has a learning rule."""
        return self.lowered.network.learns

    @property
    def readouts(self) -> tuple[str, ...]:
        """Names of the populations that are read out."""
        return self.lowered.network.outputs

    def position(self, core: int) -> tuple[int, int]:
        """Return column and row of the tile of a core in use (index into ``cores``)."""
        tile = int(self.cores[core]) // self.chip.cores_per_tile
        return tile % self.chip.columns, tile // self.chip.columns

    @property
    def tiles_used(self) -> int:
        """Number of tiles with at least one core in use."""
        return len(np.unique(self.cores // self.chip.cores_per_tile))
