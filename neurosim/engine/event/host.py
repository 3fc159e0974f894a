"""The chip's I/O ports: input pulses become spike packets at the start of a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.core import Dispatch, Sender
from neurosim.program import Destinations


class Ports:
    """All I/O ports of a chip; input line k enters through port k modulo the number of ports.

    A port sends one packet after another, ``spacing`` picoseconds apart, in ascending order of input lines.
    ``entries`` lists what each line sends: ranges of entries of the ports' dispatches.
    """

    def __init__(
        self,
        ports: Sequence[tuple[Sender, Dispatch]],
        entries: Sequence[range],
        statics: Sequence[int],
        spacing: int,
        stamp: Callable[[int, int, int], int],
    ) -> None:
        self._ports, self._entries, self._statics = ports, entries, statics
        self._spacing, self._stamp = spacing, stamp

    def inject(self, pulses: NDArray[Any], step: int, now: int) -> None:
        """Send the packets of one step's pulses [input lines]: bool, or integers on chips with graded spikes."""
        at = [now] * len(self._ports)
        for sender, _ in self._ports:
            sender.begin(step)
        for line in np.flatnonzero(pulses).tolist():
            port, value = line % len(self._ports), int(pulses[line])
            for entry in self._entries[line]:
                self._ports[port][1](entry, self._stamp(self._statics[entry], step, value), at[port])
                at[port] += self._spacing


def unicast_entries(destinations: Destinations) -> list[range]:
    """Return the entries of every input line of unicast lists."""
    ptr = destinations.ptr.tolist()
    return [range(a, b) for a, b in pairwise(ptr)]
