"""The barrier: a step ends when every core has swept and every packet is processed, plus the barrier's own time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy


class Barrier:
    """Synchronises the cores of a chip.

    ``step_start`` is the event that the next step's start triggers. ``busy`` tells whether packets are under
    way; the mesh's owner calls ``check`` after every delivery.
    """

    def __init__(self, env: simpy.Environment, n_cores: int, time: int, in_flight: Callable[[], int]) -> None:
        self.env, self._n_cores, self.time, self._in_flight = env, n_cores, time, in_flight
        self.step_start = env.event()
        self._quiet = env.event()
        self._sweeping = 0

    def swept(self) -> None:
        """One core has finished its sweep."""
        self._sweeping -= 1
        self.check()

    def check(self) -> None:
        """End the waiting if all cores have swept and no packet is under way."""
        if not self._sweeping and not self._in_flight():
            self._quiet.succeed()

    def step(self, busy_until: Callable[[], int]) -> Generator[simpy.Event, Any, None]:
        """Run one step: start the cores, wait for quiet, for the last synaptic processing, and for the barrier.

        ``busy_until`` is asked once all is quiet and returns when the last core has processed its arrivals (ps).
        """
        self._quiet = self.env.event()
        self._sweeping = self._n_cores
        start, self.step_start = self.step_start, self.env.event()
        start.succeed()
        yield self._quiet
        remaining = busy_until() - int(self.env.now)
        yield self.env.timeout(max(remaining, 0) + self.time)
