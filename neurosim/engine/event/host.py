"""The chip's I/O ports: input pulses become spike packets at the start of a step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.core import Sender
from neurosim.engine.event.packet import SpikePacket
from neurosim.program import Destinations


class Ports:
    """All I/O ports of a chip; input line k enters through port k modulo the number of ports.

    A port sends one packet after another, ``spacing`` picoseconds apart, in ascending order of input lines.
    """

    def __init__(self, senders: list[Sender], destinations: Destinations, spacing: int) -> None:
        self._senders, self._spacing = senders, spacing
        ptr, core, axon = destinations.ptr.tolist(), destinations.core.tolist(), destinations.axon.tolist()
        self._targets = [list(zip(core[a:b], axon[a:b], strict=True)) for a, b in pairwise(ptr)]

    def inject(self, pulses: NDArray[np.bool_], now: int, trace: list[SpikePacket] | None) -> None:
        """Send the packets of one step's pulses, bool[input lines]."""
        at = [now] * len(self._senders)
        for sender in self._senders:
            sender.begin()
        for line in np.flatnonzero(pulses).tolist():
            port = line % len(self._senders)
            for core, axon in self._targets[line]:
                packet = self._senders[port].send(core, axon, at[port])
                at[port] += self._spacing
                if trace is not None:
                    trace.append(packet)
