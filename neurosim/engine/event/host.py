"""The chip's I/O ports: input pulses become spike packets at the start of a step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.core import Sender
from neurosim.engine.event.packet import SpikePacket
from neurosim.program import Destinations


class Ports:
    """All I/O ports of a chip; input line k enters through port k modulo the number of ports.

    A port sends one packet after another, ``spacing`` picoseconds apart, in ascending order of input lines.
    """

    def __init__(
        self, senders: list[Sender], destinations: Destinations, spacing: int, stamp: Callable[[int, int, int], int]
    ) -> None:
        self._senders, self._spacing, self._stamp = senders, spacing, stamp
        columns = (destinations.core.tolist(), destinations.axon.tolist(), destinations.statics().tolist())
        entries = list(zip(*columns, strict=True))
        self._targets = [entries[a:b] for a, b in pairwise(destinations.ptr.tolist())]

    def inject(self, pulses: NDArray[Any], step: int, now: int, trace: list[SpikePacket] | None) -> None:
        """Send the packets of one step's pulses [input lines]: bool, or integers on chips with graded spikes."""
        at = [now] * len(self._senders)
        for sender in self._senders:
            sender.begin()
        for line in np.flatnonzero(pulses).tolist():
            port, value = line % len(self._senders), int(pulses[line])
            for core, axon, static in self._targets[line]:
                packet = self._senders[port].send(core, axon, self._stamp(static, step, value), at[port])
                at[port] += self._spacing
                if trace is not None:
                    trace.append(packet)
