"""The barrier on compartment cores that run in flat arrays: one call per sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.engine.compiled.flat import Lines, flat_of, live_of, reset
from neurosim.engine.compiled.flow import packets_of, scratch_of
from neurosim.engine.compiled.parts import Parts
from neurosim.engine.compiled.recorder import ArrayRecorder
from neurosim.engine.compiled.sample import Sheet, run_sample
from neurosim.program import Program

Ints = NDArray[np.int64]
_BINS = 1 << 18  # latencies below this many picoseconds are counted in place, others listed


class FlatBarrier:
    """Steps of a barrier chip; ``time`` is the barrier's own, ``spacing`` that between two packets of a port (ps)."""

    kernels = (run_sample,)

    def __init__(
        self, program: Program, constants: ConstantSet, parts: Parts, counters: int, spacing: int, time: int
    ) -> None:
        self._program, self._parts, self._time, self._counters = program, parts, time, counters
        self._flat = flat_of(program, constants, parts.cores, parts.first_core)
        inputs = program.inputs
        goal, axon = inputs.core.astype(np.int64) + parts.first_core, inputs.axon.astype(np.int64)
        self._lines = Lines(parts.first_core, spacing, inputs.ptr.astype(np.int64), goal, axon)
        # No compartment fires and no line pulses more than once in a step.
        room = len(goal) + len(self._flat.sending.goal)
        self._packets, self._scratch = packets_of(room, len(parts.wires.ends)), scratch_of(room, parts.runs)
        self._bins = np.zeros(_BINS, dtype=np.int64)
        self._live = live_of(self._flat, program, counters)
        self._initial = self._live.state.v.copy()

    @property
    def counters(self) -> list[Ints]:
        """Counters of every core since the sample began."""
        return list(self._live.counters)

    def finish(self, recorder: ArrayRecorder) -> None:
        """Record the latencies of all samples."""
        recorder.latency_counts(self._bins)
        self._bins[:] = 0

    def sample(self, recorder: ArrayRecorder, sample: int, pulses: NDArray[Any], trace: bool) -> tuple[int, int]:
        """Run the steps of one sample [steps, input lines]; returns (overruns, late packets), both 0."""
        parts, steps, k = self._parts, len(pulses), self._counters
        live = self._live
        reset(live, self._initial)
        read = recorder.readout_steps()
        ends, sent = np.zeros((2, steps), dtype=np.int64)
        voltages = np.zeros((len(read), self._flat.ptr[-1]), dtype=np.int64)
        sheet = Sheet(
            ends, sent, np.zeros((steps, k), dtype=np.int64), np.array(read, dtype=np.int64), voltages, self._bins
        )
        fired, traced, late = run_sample(
            self._flat,
            live,
            self._lines,
            parts.wires,
            parts.runs,
            parts.trees,
            parts.network.links,
            self._packets,
            self._scratch,
            pulses.astype(np.bool_),
            self._time,
            sheet,
            trace,
        )
        recorder.steps(sample, sheet.ends, sheet.sent, sheet.per_step)
        recorder.fired(sample, fired[:, 0], fired[:, 1], self._flat.ptr)
        recorder.membranes(sample, dict(zip(read, sheet.voltages, strict=True)), self._flat.ptr)
        recorder.latencies(late[:, 0])
        if trace:
            recorder.traced(traced)
        return 0, 0
