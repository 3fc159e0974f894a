"""A core as a SimPy process: sweep over its units, send spike packets, process those that arrive."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from neurosim.cores.kind import CoreState
from neurosim.engine.event.packet import SpikePacket

if TYPE_CHECKING:
    from neurosim.engine.event.barrier import Barrier
    from neurosim.engine.event.mesh import Mesh
    from neurosim.program import Destinations

_ENDPOINT_SHIFT = 32  # packet numbers: endpoint first, then the order of sending within the step


class Sender:
    """An endpoint of the mesh that sends packets and numbers them within a step."""

    def __init__(self, mesh: Mesh, endpoint: int, first_core: int) -> None:
        self._mesh, self.endpoint, self._first_core = mesh, endpoint, first_core
        self._next = 0

    def begin(self) -> None:
        """Start a new step: numbers begin again."""
        self._next = self.endpoint << _ENDPOINT_SHIFT

    def send(self, core: int, axon: int, payload: int, at: int) -> SpikePacket:
        """Send one packet to an input axon of a core (index into Program.cores) at an absolute time (ps)."""
        packet = SpikePacket(self._next, self.endpoint, self._first_core + core, axon, at, payload)
        self._next += 1
        self._mesh.send(packet, at)
        return packet


class Core:
    """One core of the program.

    In every step the sweep over its units and the processing of incoming spikes go on side by side: the former
    sends packets while it runs, the latter takes arrivals one after another. What arrives acts in a later step.
    """

    def __init__(
        self,
        env: simpy.Environment,
        state: CoreState,
        sender: Sender,
        destinations: Destinations,
        barrier: Barrier,
    ) -> None:
        self.env, self.state, self._barrier = env, state, barrier
        self._sender = sender
        self._core, self._axon = destinations.core.tolist(), destinations.axon.tolist()
        self.synapses_free_at = 0
        self.arrived: list[int] = []
        self.payloads: list[int] = []
        self.fired = np.zeros(0, dtype=np.int64)
        self.trace: list[SpikePacket] | None = None
        env.process(self.run())

    def run(self) -> Generator[simpy.Event, Any, None]:
        """Take part in every step: wait for its start, sweep, report the end of the sweep."""
        while True:
            yield self._barrier.step_start
            firing = self.state.update()
            self.fired = firing.units
            now = int(self.env.now)
            self._sender.begin()
            messages = (firing.destination.tolist(), firing.payload.tolist(), firing.time.tolist())
            for entry, payload, time in zip(*messages, strict=True):
                packet = self._sender.send(self._core[entry], self._axon[entry], payload, now + time)
                if self.trace is not None:
                    self.trace.append(packet)
            yield self.env.timeout(firing.duration)
            self._barrier.swept()

    def receive(self, packet: SpikePacket) -> None:
        """Queue an arriving spike for synaptic processing."""
        start = packet.delivered
        start = max(start, self.synapses_free_at)
        self.synapses_free_at = start + self.state.axon_time[packet.axon]
        self.arrived.append(packet.axon)
        self.payloads.append(packet.payload)

    def finish_step(self) -> None:
        """Process the arrivals of the step: integer sums, so their order does not matter."""
        self.state.finish_step(np.array(self.arrived, dtype=np.int64), np.array(self.payloads, dtype=np.int64))
        self.arrived.clear()
        self.payloads.clear()
