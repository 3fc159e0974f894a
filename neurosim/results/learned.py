"""What synapses have learned."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Learned(NamedTuple):
    """What the synapses that learn hold after a run.

    ``synapse`` int64[n] are their places in the lowered network, ascending, over all projections one after another;
    ``weight``, ``delay`` (steps after the first) and ``tag`` int16[n] what they hold.
    """

    synapse: NDArray[np.int64]
    weight: NDArray[np.int16]
    delay: NDArray[np.int16]
    tag: NDArray[np.int16]


def joined(parts: list[Learned]) -> Learned | None:
    """Put together what several cores have learned, None if nothing learns."""
    if not parts:
        return None
    columns = [np.concatenate(values) for values in zip(*parts, strict=True)]
    order = np.argsort(columns[0])
    return Learned(*(values[order] for values in columns))
