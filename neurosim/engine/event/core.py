"""A core on the event kernel: it sweeps over its units, sends spike packets, and takes those that arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neurosim.cores.firing import Firing
from neurosim.cores.kind import CoreState
from neurosim.engine.event.packet import SpikePacket

if TYPE_CHECKING:
    from neurosim.engine.event.mesh import Mesh
    from neurosim.program import Destinations

_ENDPOINT_SHIFT = 32  # packet numbers: endpoint first, then the order of sending within the sample


class Sender:
    """An endpoint of the mesh that sends packets and numbers them within a sample.

    ``sent`` counts them by the step in which they were sent, ``trace`` collects (step, packet) if asked.
    """

    def __init__(self, mesh: Mesh, endpoint: int) -> None:
        self._mesh, self.endpoint = mesh, endpoint
        self.sent: Counter[int] = Counter()
        self.reset()

    def reset(self, trace: bool = False) -> None:
        """Start a sample: numbers begin again. They run on over steps, as a late packet may still be under way."""
        self._next, self._step = self.endpoint << _ENDPOINT_SHIFT, 0
        self.sent.clear()
        self.trace: list[tuple[int, SpikePacket]] | None = [] if trace else None

    def begin(self, step: int) -> None:
        """Start a step: packets sent from now on belong to it."""
        self._step = step

    def send(self, destination: int, axon: int, payload: int, at: int, copies: int = 1) -> None:
        """Send one packet to an endpoint at an absolute time (ps); ``copies`` numbers are reserved for it."""
        packet = SpikePacket(self._next, self.endpoint, destination, axon, at, payload)
        self._next += copies
        self._mesh.send(packet, at)
        self.sent[self._step] += 1
        if self.trace is not None:
            self.trace.append((self._step, packet))


class Dispatch(Protocol):
    """How an entry of a firing becomes a packet: to one core, or to the hub of a multicast tree."""

    def __call__(self, entry: int, payload: int, at: int) -> None:
        """Send what belongs to the entry at an absolute time (ps)."""


def unicast(sender: Sender, destinations: Destinations, first_core: int) -> Dispatch:
    """Return a dispatch by destination lists: entry k goes to one axon of one core."""
    core, axon = (destinations.core + first_core).tolist(), destinations.axon.tolist()

    def dispatch(entry: int, payload: int, at: int) -> None:
        sender.send(core[entry], axon[entry], payload, at)

    return dispatch


def multicast(sender: Sender, hub: int, first_route: int, copies: list[int]) -> Dispatch:
    """Return a dispatch by routes: unit k sends one packet to the hub, where its tree begins."""

    def dispatch(entry: int, payload: int, at: int) -> None:
        if copies[first_route + entry]:
            sender.send(hub, first_route + entry, payload, at, copies[first_route + entry])

    return dispatch


class Core:
    """One core of the program (``index`` into Program.cores).

    A sweep and the processing of arriving spikes go on side by side: the former sends packets while it runs, the
    latter takes arrivals one after another until ``busy_until`` (ps). What arrives acts in a later step.
    """

    def __init__(self, index: int, state: CoreState, sender: Sender, dispatch: Dispatch) -> None:
        self.index, self.state, self.sender, self._dispatch = index, state, sender, dispatch
        self.busy_until = 0
        self.overruns = 0
        self._arrived: list[int] = []
        self._payloads: list[int] = []
        self.on_sweep: Callable[[int, int, Firing], None] | None = None
        self.on_end: Callable[[int, int], None] | None = None

    def reset(self, keep: bool = False) -> None:
        """Return to the state after loading, or ``keep`` what has been learned."""
        if keep and hasattr(self.state, "rest"):
            self.state.rest()
        else:
            self.state.reset()
        self.overruns = self.busy_until = 0
        self._arrived.clear()
        self._payloads.clear()

    def sweep(self, step: int, now: int) -> int:
        """Advance all units, send their packets, and return how long the sweep takes (ps)."""
        firing = self.state.update()
        if self.on_sweep is not None:
            self.on_sweep(self.index, step, firing)
        self.sender.begin(step)
        dispatch = self._dispatch
        messages = (firing.destination.tolist(), firing.payload.tolist(), firing.time.tolist())
        for entry, payload, time in zip(*messages, strict=True):
            dispatch(entry, payload, now + time)
        return int(firing.duration)

    def receive(self, packet: SpikePacket) -> None:
        """Queue an arriving spike for synaptic processing."""
        start = max(packet.delivered, self.busy_until)
        self.busy_until = start + self.state.axon_time[packet.axon]
        self._arrived.append(packet.axon)
        self._payloads.append(packet.payload)

    def hand_over(self, step: int) -> int:
        """Give the state what arrived in a step; sums of integers, so the order of arrival does not matter.

        Returns how long the core then takes to learn (ps).
        """
        arrived = np.array(self._arrived, dtype=np.int64), np.array(self._payloads, dtype=np.int64)
        time = self.state.finish_step(*arrived)
        self._arrived.clear()
        self._payloads.clear()
        if self.on_end is not None:
            self.on_end(self.index, step)
        return time or 0
