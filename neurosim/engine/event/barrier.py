"""The barrier: a step ends when every core has swept and every packet is processed, plus the barrier's own time.

Cores that learn do so once all is quiet, side by side; then the barrier's own time follows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import simpy

from neurosim.engine.event.core import Core
from neurosim.engine.event.mesh import Mesh
from neurosim.engine.event.packet import SpikePacket


class Barrier:
    """Steps of a barrier chip: each takes as long as it takes. ``time`` is the barrier's own (ps)."""

    late = 0  # a barrier waits for every packet

    def __init__(self, env: simpy.Environment, cores: Sequence[Core], mesh: Mesh, time: int) -> None:
        self.env, self.cores, self.mesh, self.time = env, cores, mesh, time
        self._start = env.event()
        self._quiet = env.event()
        self._sweeping = 0
        self._step = 0
        for core in cores:
            env.process(self._core(core))

    def sample(
        self, steps: int, inject: Callable[[int], None], record: Callable[[int], None]
    ) -> Generator[simpy.Event, Any, None]:
        """Run the steps of one sample: inputs enter at a step's start, ``record`` follows its end."""
        for step in range(steps):
            self._step = step
            inject(step)
            self._quiet, self._sweeping = self.env.event(), len(self.cores)
            start, self._start = self._start, self.env.event()
            start.succeed()
            yield self._quiet
            busy = max((core.busy_until for core in self.cores), default=0) - int(self.env.now)
            yield self.env.timeout(max(busy, 0))
            learning = max((core.hand_over(step) for core in self.cores), default=0)
            yield self.env.timeout(learning + self.time)
            record(step)

    def _core(self, core: Core) -> Generator[simpy.Event, Any, None]:
        """One core's process: wait for the start of a step, sweep, report the end."""
        while True:
            yield self._start
            yield self.env.timeout(core.sweep(self._step, int(self.env.now)))
            self._sweeping -= 1
            self._check()

    def delivered(self, packet: SpikePacket) -> None:
        """Note that a packet has arrived."""
        self._check()

    def _check(self) -> None:
        if not self._sweeping and not self.mesh.in_flight:
            self._quiet.succeed()
