"""Links: servers in first-in, first-out order, with unbounded or with bounded entry queues.

Events of the same picosecond are taken in the order of SimPy's priority: first the wake-ups of links
(negative priority, in link order), then packets (their number). No order depends on who scheduled first.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

import simpy
from simpy.events import EventCallbacks

from neurosim.engine.event.packet import SpikePacket
from neurosim.errors import NeurosimError


class Clock(Protocol):
    """What links use of simpy.Environment: time and delays in integer picoseconds, integer priorities."""

    @property
    def now(self) -> int:
        """Return the time (ps)."""

    def schedule(self, event: simpy.Event, priority: int, delay: int) -> None:
        """Let an event happen ``delay`` ps from now."""


class Stop:
    """A place where packets arrive: the entry of a link, or a receiver.

    ``arrivals`` is the callback list that a packet carries on its way here; ``slots`` and ``waiting`` are the
    free places and the links that wait for one (used by bounded queues only).
    """

    __slots__ = ("arrivals", "slots", "waiting")

    def __init__(self, arrive: Callable[[SpikePacket], None]) -> None:
        # A tuple shared by all packets: SimPy only reads it, and a process cannot add itself to it.
        self.arrivals = cast("EventCallbacks", (arrive,))
        self.slots = sys.maxsize
        self.waiting: deque[BufferedLink] = deque()


class Onward(Protocol):
    """What stands at the far end of a link: it names the next stop of a packet."""

    def next_link(self, packet: SpikePacket, /) -> Stop:
        """Return where the packet goes from here; depends on the packet and fixed tables only."""


class Receiver(Stop):
    """The end of the way, which always accepts."""

    __slots__ = ()

    def next_link(self, packet: SpikePacket) -> Stop:
        """Return the receiver itself."""
        return self


class Link(Stop):
    """A directed link with an unbounded entry queue.

    A packet that joins at time t starts at ``start = max(t, free_at)``, keeps the link busy until
    ``start + serialisation`` and arrives at its next stop at ``start + latency`` (ps). ``latency`` >= 1 is
    the whole time of the hop on an idle network, pipeline included; it may be shorter than
    ``serialisation``. ``rank`` (negative, unique) orders the wake-ups of links.
    Raises NeurosimError for times out of range.
    """

    __slots__ = ("env", "free_at", "latency", "longest_wait", "onward", "packets", "rank", "serialisation")

    def __init__(self, env: simpy.Environment, rank: int, latency: int, serialisation: int, onward: Onward) -> None:
        if latency < 1:
            raise NeurosimError(f"link latency must be at least 1 ps, found {latency}")
        if serialisation < 0:
            raise NeurosimError(f"link serialisation must be at least 0 ps, found {serialisation}")
        super().__init__(self.join)
        self.env = cast("Clock", env)
        self.rank = rank
        self.latency = latency
        self.serialisation = serialisation
        self.onward = onward
        self.free_at = 0
        self.packets = 0
        self.longest_wait = 0

    @property
    def busy(self) -> int:
        """Time for which the packets that joined occupy the link (ps)."""
        return self.packets * self.serialisation

    @property
    def longest_queue(self) -> int:
        """Largest number of packets that waited at once, the one in service not counted."""
        return -(-self.longest_wait // self.serialisation) if self.longest_wait else 0

    def join(self, packet: SpikePacket) -> None:
        """Take a packet that arrives now; its next event is the arrival at its next stop."""
        env = self.env
        wait = self.free_at - (now := env.now)
        if wait < 0:
            wait = 0
        elif wait > self.longest_wait:
            self.longest_wait = wait
        self.free_at = now + wait + self.serialisation
        self.packets += 1
        packet.callbacks = self.onward.next_link(packet).arrivals
        env.schedule(packet, packet.number, wait + self.latency)


class WakeUp(simpy.Event):
    """The event that tells a link that it is free again; each link has one, scheduled as often as needed."""

    __slots__ = ()

    _ok = True
    _value = None

    def __init__(self) -> None:
        """Leave out the set-up of simpy.Event: callbacks are set whenever the event is scheduled."""


class BufferedLink(Link):
    """A link whose entry queue has ``depth`` slots, with credits and head-of-line blocking.

    A packet takes its slot when it starts service on the link before, and gives it back when it starts
    here. A head packet that finds no free slot at its next stop waits for one, in the order of asking; a
    freed slot goes to the first link that waits, which starts in the same picosecond. The default depth is
    unbounded, as fits a source queue. While no slot is missing, times are those of Link.
    Raises NeurosimError if ``depth`` < 1.
    """

    __slots__ = ("_wake_up", "_wake_ups", "deepest", "queue")

    def __init__(
        self,
        env: simpy.Environment,
        rank: int,
        latency: int,
        serialisation: int,
        onward: Onward,
        *,
        depth: int = sys.maxsize,
    ) -> None:
        if depth < 1:
            raise NeurosimError(f"link queue needs at least 1 slot, found {depth}")
        super().__init__(env, rank, latency, serialisation, onward)
        self.slots = depth
        self.queue: deque[SpikePacket] = deque()
        self.deepest = 0
        self._wake_up = WakeUp()
        self._wake_ups = cast("EventCallbacks", (self._on_free,))

    @property
    def longest_queue(self) -> int:
        """Largest number of packets that waited at once, the one in service not counted."""
        return self.deepest

    def join(self, packet: SpikePacket) -> None:
        """Take a packet that arrives now; it starts at once if the link and its next stop are free."""
        self.packets += 1
        if self.queue:
            self._enqueue(packet)
        elif self.free_at > (now := self.env.now):
            self._enqueue(packet)
            self._sleep(now)
        elif (stop := self.onward.next_link(packet)).slots:
            stop.slots -= 1
            self._start(packet, stop, now)
            if self.waiting:
                self._release()
            else:
                self.slots += 1
        else:
            self._enqueue(packet)
            stop.waiting.append(self)

    def _enqueue(self, packet: SpikePacket) -> None:
        self.queue.append(packet)
        self.deepest = max(self.deepest, len(self.queue))

    def _start(self, packet: SpikePacket, stop: Stop, now: int) -> None:
        """Send a packet to a stop where it has a slot."""
        self.free_at = now + self.serialisation
        packet.callbacks = stop.arrivals
        self.env.schedule(packet, packet.number, self.latency)

    def _sleep(self, now: int) -> None:
        """Ask to be woken when the link is free again; there is never more than one such event under way."""
        self._wake_up.callbacks = self._wake_ups
        self.env.schedule(self._wake_up, self.rank, self.free_at - now)

    def _on_free(self, _: simpy.Event) -> None:
        """Start the head packet, or let it wait for a slot at its next stop."""
        stop = self.onward.next_link(self.queue[0])
        if stop.slots:
            stop.slots -= 1
            self._start_head(stop)
            self._release()
        else:
            stop.waiting.append(self)

    def _start_head(self, stop: Stop) -> None:
        now = self.env.now
        self._start(self.queue.popleft(), stop, now)
        if self.queue:
            self._sleep(now)

    def _release(self) -> None:
        """Give one slot back; a link that starts with it gives back a slot of its own, and so on upstream."""
        stop = self
        while stop.waiting:
            upstream = stop.waiting.popleft()
            upstream._start_head(stop)
            stop = upstream
        stop.slots += 1
