"""The memory of one processing element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.processor.step import Parameters


@dataclass(frozen=True, eq=False)
class ProcessorImage:
    """What one element holds: ``n`` neurons and one synapse row per neuron or input line that sends here.

    ``row_ptr`` int64[rows + 1]; per synapse ``target`` int32 (neuron), ``weight`` int8 (wider where the chip's
    weights are), ``shift`` int8 (the weight counts 2**shift times) and ``delay`` int16 (1 = acts in the tick in
    which the spike is taken from the queue). ``initial`` int64[n] membranes before the first tick.
    """

    n: int
    parameters: Parameters
    initial: NDArray[np.int64]
    row_ptr: NDArray[np.int64]
    target: NDArray[np.int32]
    weight: NDArray[np.int8]
    shift: NDArray[np.int8]
    delay: NDArray[np.int16]

    @property
    def rows(self) -> int:
        """Number of synapse rows."""
        return len(self.row_ptr) - 1

    @property
    def synapses(self) -> int:
        """Number of synapses."""
        return len(self.target)

    @property
    def delay_slots(self) -> int:
        """Slots of the ring buffer: the longest delay, at least 1."""
        return max(int(self.delay.max(initial=1)), 1)
