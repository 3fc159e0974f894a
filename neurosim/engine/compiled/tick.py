"""The tick on the compiled engine: every core has its own timer, and the network runs in between."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.compiled.exact import advance
from neurosim.engine.compiled.messages import Messages
from neurosim.engine.compiled.parts import Parts
from neurosim.engine.compiled.recorder import ArrayRecorder
from neurosim.engine.compiled.step import FOREVER

Ints = NDArray[np.int64]
_TIMERS = -(1 << 40)  # timers come before links and packets of the same picosecond
_HOST = -1


class Tick:
    """Ticks of ``period`` picoseconds; see the event kernel's Tick for what overruns and late packets are."""

    kernels = (advance,)

    def __init__(self, parts: Parts, period: int) -> None:
        self._parts, self._period = parts, period
        self._sample = self._steps = self._late = 0
        self._trace: list[tuple[int, Ints]] | None = None

    @property
    def counters(self) -> list[Ints]:
        """Counters of every core since the sample began."""
        return [core.counters for core in self._parts.cores]

    def finish(self, recorder: ArrayRecorder) -> None:
        """Record what was kept over all samples: nothing."""

    def sample(self, recorder: ArrayRecorder, sample: int, pulses: NDArray[Any], trace: bool) -> tuple[int, int]:
        """Run the ticks of one sample [ticks, input lines]; returns (overruns, late packets)."""
        self._recorder = recorder
        for core in self._parts.cores:
            core.reset()
        self._sample, self._steps, self._late = sample, len(pulses), 0
        self._trace = [] if trace else None
        network, overruns, now = self._parts.network, 0, 0
        # Times are ps after the sample's start. Who goes first in one picosecond does not matter.
        timers = [(0, who, 0) for who in range(_HOST, len(self._parts.cores))]
        while timers:
            now, who, step = heapq.heappop(timers)
            network.advance(now, _TIMERS)
            if who == _HOST:
                done = now
                self._inject(pulses[step], step, now)
            else:
                done = self._core(who, step, now)
                overruns += step < self._steps and done > (step + 1) * self._period
            if step + (who == _HOST) < self._steps:
                heapq.heappush(timers, (max(done, (step + 1) * self._period), who, step + 1))
        self._recorder.end_step(sample, self._steps - 1, now)
        network.advance(FOREVER, 0)
        for step, places in self._trace or ():
            self._recorder.trace(step, network.trace(places))
        self._trace = None
        self._forget()
        return overruns, self._late

    def _inject(self, pulses: NDArray[Any], step: int, now: int) -> None:
        """Send the inputs of a tick, which begins now."""
        if step:
            self._recorder.end_step(self._sample, step - 1, now)
            self._forget()
        for port, messages in enumerate(self._parts.ports.inject(pulses, step, now)):
            self._send(port, step, messages)

    def _core(self, index: int, step: int, now: int) -> int:
        """Begin a core's tick, or only end the last one; returns when it is done (ps)."""
        parts = self._parts
        core, endpoint = parts.cores[index], parts.first_core + index
        if step:
            axons, payloads, _ = parts.network.take(endpoint)
            core.finish_step(axons, payloads)
            self._recorder.end_core_step(index, step - 1, core.counters)
        if step == self._steps:
            return now
        firing = core.update()
        self._recorder.swept(self._sample, index, step, firing.units, core)
        messages = parts.addresses[index].messages(firing.destination, firing.payload, now + firing.time)
        self._send(endpoint, step, messages)
        return now + int(firing.duration)

    def _send(self, endpoint: int, step: int, messages: Messages) -> None:
        places = self._parts.network.send(endpoint, messages)
        self._recorder.sent(step, len(places))
        if self._trace is not None:
            self._trace.append((step, places))

    def _forget(self) -> None:
        """Count the packets that have arrived, and drop them unless they are traced, when there are no others."""
        done = self._parts.network.forget() if self._trace is None else None
        if done is not None:
            created, delivered = done
            self._recorder.latencies(delivered - created)
            self._late += int(np.count_nonzero(delivered >= (created // self._period + 1) * self._period))
