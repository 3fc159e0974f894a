"""What a run leaves, recorded in whole arrays; the result is put together as on the event kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.recorder import Recorder
from neurosim.program import Program
from neurosim.results import Run

Ints = NDArray[np.int64]


class ArrayRecorder(Recorder):
    """The recorder of the event kernel, filled with arrays instead of single packets and pulses."""

    def __init__(
        self, program: Program, counters: tuple[str, ...], shape: tuple[int, ...], record_spikes: bool
    ) -> None:
        super().__init__(program, counters, shape, record_spikes)
        self._pulses_of_first: list[Ints] = []
        self._trace: list[Ints] = []
        self._latencies: list[Ints] = []
        self._owners = np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._whose])

    def _pulses(self, sample: int, step: int, owners: Ints) -> None:
        owners = owners[owners[:, 0] >= 0]
        if sample == 0:
            steps = np.full((len(owners), 1), step, dtype=np.int64)
            self._pulses_of_first.append(np.concatenate([steps, owners], axis=1))
        for population in np.unique(owners[:, 0]).tolist():
            name, neurons = self._names[population], owners[owners[:, 0] == population, 1]
            self._counts[name][sample, step] += len(neurons)
            if self._full:
                self._full[name][sample, step, neurons] = True
            if name in self._answers and 0 <= step - self.program.lag[name] < self._steps:
                self._answers[name][sample, neurons] += 1

    def sent(self, step: int, packets: int) -> None:
        """Count packets that were sent in a step."""
        self._packets_per_step[step] += packets

    def trace(self, step: int, packets: Ints) -> None:
        """Keep packets int64[k, 5] (source, destination, axon, created, delivered) of one step of the first sample."""
        steps = np.full((len(packets), 1), step, dtype=np.int64)
        self._trace.append(np.concatenate([steps, packets], axis=1))

    def latencies(self, values: Ints) -> None:
        """Take the latencies (ps) of delivered packets, to be counted at the end of the sample."""
        self._latencies.append(values.copy())

    def latency_counts(self, bins: Ints) -> None:
        """Take the number of packets per latency (ps)."""
        used = np.flatnonzero(bins)
        self._latency.update(dict(zip(used.tolist(), bins[used].tolist(), strict=True)))

    def steps(self, sample: int, ends: Ints, sent: Ints, counters: Ints) -> None:
        """Record ends (ps), packets sent and counters [steps, k] of all steps of a sample."""
        self._ends[sample] = ends
        self._packets_per_step += sent
        self._per_step += counters

    def fired(self, sample: int, step: Ints, unit: Ints, ptr: Ints) -> None:
        """Record all pulses of a sample, by step and unit; those of core c are ``ptr[c]:ptr[c + 1]``."""
        owners = self._owners[unit]
        for population, name in enumerate(self._names):
            here = owners[:, 0] == population
            steps, neurons = step[here], owners[here, 1]
            self._counts[name][sample] = np.bincount(steps, minlength=self._counts[name].shape[1])
            if self._full:
                self._full[name][sample, steps, neurons] = True
            if name in self._answers and self._fires[name]:
                lag = self.program.lag[name]
                window = (steps >= lag) & (steps < lag + self._steps)
                answers = self._answers[name]
                answers[sample] = np.bincount(neurons[window], minlength=answers.shape[1])
        if sample == 0:
            somas = owners[:, 0] >= 0
            self._pulses_of_first.append(np.concatenate([step[somas, None], owners[somas]], axis=1))

    def readout_steps(self) -> list[int]:
        """Return the steps after whose sweep membranes are read, ascending."""
        lags = {self.program.lag[name] for name, fires in self._fires.items() if not fires}
        return [lag + self._steps - 1 for lag in sorted(lags)]

    def membranes(self, sample: int, voltages: dict[int, Ints], ptr: Ints) -> None:
        """Record the answers of populations that do not fire from the membranes after their last step."""
        for name, fires in self._fires.items():
            if not fires:
                members = self.program.members[name]
                after = voltages[self.program.lag[name] + self._steps - 1]
                self._answers[name][sample] = after[ptr[members.core] + members.state]

    def traced(self, packets: Ints) -> None:
        """Keep packets int64[k, 6] (step, source, destination, axon, created, delivered) of the first sample."""
        self._trace.append(packets)

    def finish_sample(self, sample: int, counters: Sequence[Ints], links: Ints, stragglers: tuple[int, int]) -> None:
        """Record a sample: counters of every core, packets per link, (overruns, late packets)."""
        values, counts = np.unique(np.concatenate([*self._latencies, links[:0]]), return_counts=True)
        latency = Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        self.end_sample(sample, counters, links, latency, stragglers)
        self._latencies.clear()

    def result(
        self,
        constants: str,
        links: Sequence[tuple[str, int, int]],
        positions: Sequence[tuple[int, int]],
        hub: int | None = None,
    ) -> Run:
        """Return the run; packets that the event router ``hub`` sends on are not counted as sent again."""
        run = super().result(constants, links, positions, hub)
        none = np.zeros((0, 6), dtype=np.int64)
        return replace(
            run,
            engine="compiled",
            spikes=replace(run.spikes, first_sample=np.concatenate([none[:, :3], *self._pulses_of_first])),
            times=replace(run.times, first_packets=np.concatenate([none, *self._trace])),
        )
