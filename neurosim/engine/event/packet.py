"""A spike packet, which is itself the SimPy event that moves it from link to link."""

from __future__ import annotations

import simpy


class SpikePacket(simpy.Event):
    """One packet on its way: an event that is scheduled again at every hop, so that a hop costs one event.

    ``number`` (>= 0, unique among the packets under way) decides between packets that arrive in the same
    picosecond: the smaller goes first. ``source`` and ``destination`` are endpoint indices, ``axon`` and
    ``payload`` are carried unread to the receiver, ``created`` and ``delivered`` are picoseconds (-1 until delivered).
    A process cannot wait for a packet; the mesh hands it to its ``deliver`` function instead.
    """

    __slots__ = ("axon", "created", "delivered", "destination", "number", "payload", "source")

    # A packet never fails and carries no value, so that nothing of simpy.Event needs setting up per packet.
    _ok = True
    _value = None

    def __init__(
        self, number: int, source: int, destination: int, axon: int = 0, created: int = 0, payload: int = 0
    ) -> None:
        self.number = number
        self.source = source
        self.destination = destination
        self.axon = axon
        self.created = created
        self.payload = payload
        self.delivered = -1

    def _desc(self) -> str:
        return f"SpikePacket({self.number}, {self.source} -> {self.destination}, axon {self.axon})"
