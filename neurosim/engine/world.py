"""What lies around a chip: SimPy processes that give it pulses and see what fires, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import simpy
from numpy.typing import NDArray

from neurosim.errors import NeurosimError


class World:
    """A SimPy environment beside a chip, on either engine: sensors, a host, a plant that is to be controlled.

    Write processes on ``env``, whose time is in picoseconds after the start of the sample. ``pulse`` sends a pulse on
    an input line with the next step that begins. ``fired`` is a SimPy store of (step, population, neuron); it gets
    what a step has fired when the next step begins, as a host would read it. The world stands still while a step
    runs and catches up when the next one begins.
    """

    def __init__(self) -> None:
        self.env = simpy.Environment(initial_time=0)
        self.fired = simpy.Store(self.env)
        self._pulses: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._names: Sequence[str] = ()
        self._seen: list[NDArray[np.int64]] = []

    def pulse(self, line: int, value: int = 1) -> None:
        """Send a pulse with the next step that begins; raises NeurosimError for an input line that does not exist."""
        if not 0 <= line < len(self._pulses):
            raise NeurosimError(f"input line {line}: the network has lines 0..{len(self._pulses) - 1}")
        self._pulses[line] = value

    def begin(self, lines: int, populations: Sequence[str]) -> None:
        """Take the number of input lines and the names of the populations; called by the engine before the run."""
        self._pulses, self._names = np.zeros(lines, dtype=np.int32), populations

    def see(self, rows: NDArray[np.int64]) -> None:
        """Take what fired as rows (step, population index, neuron); called by the engine."""
        self._seen.append(rows)

    def turn(self, step: int, now: int) -> NDArray[np.int32]:
        """Let the world catch up with the beginning of a step (ps); returns its pulses. Called by the engine."""
        rows = np.concatenate([np.zeros((0, 3), dtype=np.int64), *self._seen])
        known = rows[:, 0] < step
        self._seen = [rows[~known]]
        rows = rows[known]
        if now > self.env.now:
            self.env.run(until=now)
        for fired, population, neuron in rows[np.lexsort(rows.T[::-1])].tolist():
            self.fired.put((fired, self._names[population], neuron))
        self.env.run(until=now + 1)  # SimPy stops before that time, so that all that happens now has happened
        pulses = self._pulses.copy()
        self._pulses[:] = 0
        return pulses
