"""The tick: steps start on a fixed clock, whether or not the work of the last one is done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, cast

import simpy

from neurosim.engine.event.core import Core
from neurosim.engine.event.link import Clock
from neurosim.engine.event.mesh import Mesh
from neurosim.engine.event.packet import SpikePacket

_FIRST = -(1 << 40)  # before links and packets: what arrives in the picosecond of a tick's start belongs to the next
_HOST = _FIRST - 1  # the host's timer comes before those of the cores


class Tick:
    """Ticks of ``period`` picoseconds; every core has its own timer and there is no barrier.

    A core that is still sweeping when its next tick is due overruns: that is counted, and the next tick starts
    late, as soon as it is done (drift). A core takes over what arrived before its tick started. A packet that
    arrives when the tick in which it was sent is over is late: counted in ``late``.
    """

    def __init__(self, env: simpy.Environment, cores: Sequence[Core], mesh: Mesh, period: int) -> None:
        self.env, self.cores, self.mesh, self.period = env, cores, mesh, period
        self.late = 0
        self._begin = 0

    def sample(
        self, steps: int, inject: Callable[[int], None], record: Callable[[int], None]
    ) -> Generator[simpy.Event, Any, None]:
        """Run the ticks of one sample: inputs enter at a tick's start, ``record`` follows its end."""
        self._begin, self.late = int(self.env.now), 0
        running = [self.env.process(self._core(core, steps)) for core in self.cores]
        for step in range(steps):
            inject(step)
            yield self._at(self._begin + (step + 1) * self.period, _HOST)
            if step < steps - 1:
                record(step)
        yield simpy.AllOf(self.env, running)
        record(steps - 1)
        while self.mesh.in_flight:  # stragglers, so that the next sample starts on an empty network
            yield self.env.timeout(self.period)

    def _core(self, core: Core, steps: int) -> Generator[simpy.Event, Any, None]:
        """One core's process over a sample."""
        for step in range(steps):
            due = self._begin + step * self.period
            if self.env.now < due:
                yield self._at(due)
            if step:
                core.hand_over(step - 1)
            yield self._at(int(self.env.now) + core.sweep(step, int(self.env.now)))
            core.overruns += self.env.now > due + self.period
        end = self._begin + steps * self.period
        if self.env.now < end:
            yield self._at(end)
        core.hand_over(steps - 1)

    def _at(self, time: int, priority: int = _FIRST) -> simpy.Event:
        """Return an event at an absolute time, taken before links and packets of the same picosecond."""
        event = self.env.event()
        event._ok, event._value = True, None
        cast("Clock", self.env).schedule(event, priority, time - int(self.env.now))
        return event

    def delivered(self, packet: SpikePacket) -> None:
        """Count the packet if the tick in which it was sent is over."""
        tick = (packet.created - self._begin) // self.period
        self.late += packet.delivered >= self._begin + (tick + 1) * self.period
