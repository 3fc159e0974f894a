"""The barrier on the compiled engine: a step ends when all is quiet, plus the barrier's own time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.flow import Packets, packets_of, scratch_of
from neurosim.engine.compiled.messages import Messages
from neurosim.engine.compiled.parts import Parts
from neurosim.engine.compiled.recorder import ArrayRecorder
from neurosim.engine.compiled.step import carry
from neurosim.errors import UnsupportedError

Ints = NDArray[np.int64]


class Barrier:
    """Steps of a barrier chip; ``time`` is the barrier's own (ps). Raises UnsupportedError for multicast."""

    kernels = (carry,)

    def __init__(self, parts: Parts, time: int) -> None:
        if parts.trees.hub >= 0:
            raise UnsupportedError("the compiled engine has no multicast on barrier chips")
        self._parts, self._time = parts, time
        self._packets, self._scratch = packets_of(0, len(parts.wires.ends)), scratch_of(0, parts.runs)
        self._axon_time = [np.asarray(core.axon_time, dtype=np.int64) for core in parts.cores]

    @property
    def counters(self) -> list[Ints]:
        """Counters of every core since the sample began."""
        return [core.counters for core in self._parts.cores]

    def finish(self, recorder: ArrayRecorder) -> None:
        """Record what was kept over all samples: nothing."""

    def sample(self, recorder: ArrayRecorder, sample: int, pulses: NDArray[Any], trace: bool) -> tuple[int, int]:
        """Run the steps of one sample [steps, input lines]; returns (overruns, late packets), both 0."""
        now = 0
        for core in self._parts.cores:
            core.reset()
        for step in range(len(pulses)):
            now = self._step(recorder, sample, step, pulses[step], now, trace)
        return 0, 0

    def _step(
        self, recorder: ArrayRecorder, sample: int, step: int, pulses: NDArray[Any], now: int, trace: bool
    ) -> int:
        parts = self._parts
        messages = parts.ports.inject(pulses, step, now)
        quiet = now
        for index, (core, address) in enumerate(zip(parts.cores, parts.addresses, strict=True)):
            firing = core.update()
            recorder.swept(sample, index, step, firing.units, core)
            leaving = now + firing.time
            messages.append(address.messages(firing.destination, firing.payload, leaving))
            quiet = max(quiet, now + int(firing.duration))
        packets, n = self._fill(messages)
        carry(parts.wires, parts.runs, parts.trees, parts.network.links, packets, self._scratch)
        end = max(quiet, int(packets.time[:n].max(initial=0)), self._process(packets)) + self._time
        for index, core in enumerate(parts.cores):
            here = arrivals(packets, parts.first_core + index)
            core.finish_step(packets.axon[here], packets.payload[here])
            recorder.end_core_step(index, step, core.counters)
        recorder.end_step(sample, step, end)
        recorder.sent(step, n)
        recorder.latencies(packets.time[:n] - packets.created[:n])
        if trace:
            columns = (packets.source, packets.goal, packets.axon, packets.created, packets.time)
            recorder.trace(step, np.stack([column[:n] for column in columns], axis=1))
        return end

    def _fill(self, messages: list[Messages]) -> tuple[Packets, int]:
        """Write the packets of a step side by side; returns them and how many they are."""
        counts = [len(m.goal) for m in messages]
        n = sum(counts)
        if n > len(self._packets.time):
            self._packets = packets_of(2 * n, len(self._parts.wires.ends))
            self._scratch = scratch_of(2 * n, self._parts.runs)
        packets = self._packets
        np.cumsum(counts, out=packets.ptr[1:])
        packets.source[:n] = np.repeat(np.arange(len(counts)), counts)
        for column, name in (("goal", "goal"), ("axon", "axon"), ("payload", "payload"), ("created", "time")):
            getattr(packets, column)[:n] = np.concatenate([getattr(m, name) for m in messages])
        packets.time[:n] = packets.created[:n]
        return packets, n

    def _process(self, packets: Packets) -> int:
        """Return when the last core has processed its arrivals, one after another (ps), 0 if there are none."""
        first = self._parts.first_core
        return max(
            (process(packets, first + k, axon_time) for k, axon_time in enumerate(self._axon_time)),
            default=0,
        )


def arrivals(packets: Packets, endpoint: int) -> Ints:
    """Return the packets that arrived at an endpoint, in that order."""
    first = packets.begin[endpoint]
    return packets.arrived[first : first + packets.arrivals[endpoint]]


@njit(cache=True)
def process(packets: Packets, endpoint: int, axon_time: Ints) -> int:
    """Return when an endpoint has processed its arrivals one after another (ps), 0 if there are none."""
    busy = 0
    first = packets.begin[endpoint]
    for k in range(first, first + packets.arrivals[endpoint]):
        p = packets.arrived[k]
        busy = max(packets.time[p], busy) + axon_time[packets.axon[p]]
    return busy
