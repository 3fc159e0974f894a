"""What a core does in the first part of a step, the same for every core kind."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Firing(NamedTuple):
    """Who fired, and one entry per message that is sent.

    ``units`` int64[k] units that fired, in the order of the sweep; per message ``destination`` int64[m] (entry in
    the core's destination lists; for multicast kinds the sending unit), ``payload`` int64[m] (see
    CoreKind.stamp) and ``time`` int64[m], when it leaves in picoseconds after the start of the step, not
    descending; ``duration`` of the whole sweep in picoseconds.
    """

    units: NDArray[np.int64]
    destination: NDArray[np.int64]
    payload: NDArray[np.int64]
    time: NDArray[np.int64]
    duration: int
