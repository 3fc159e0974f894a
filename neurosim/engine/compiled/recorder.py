"""What a run leaves, recorded in whole arrays; the result is put together as on the event kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.recorder import Recorder
from neurosim.engine.how import Sink
from neurosim.program import Program
from neurosim.results import Run
from neurosim.results.activity import TRACE_ROWS, bounded

Ints = NDArray[np.int64]


class ArrayRecorder(Recorder):
    """The recorder of the event kernel, filled with arrays instead of single packets and pulses."""

    def __init__(
        self,
        program: Program,
        counters: tuple[str, ...],
        shape: tuple[int, ...],
        record_spikes: bool,
        sink: Sink | None = None,
    ) -> None:
        super().__init__(program, counters, shape, record_spikes, sink)
        self._pulses_of_first: list[Ints] = []
        self._trace: list[Ints] = []
        self._kept_pulses = self._kept_packets = 0
        self._owners = np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._whose])

    def steps(self, sample: int, ends: Ints, sent: Ints, counters: Ints) -> None:
        """Record ends (ps), packets sent and counters [steps, k] of all steps of a sample."""
        self._ends[sample] = ends
        self._packets_per_step += sent
        self._per_step += counters

    def latencies(self, values: Ints) -> None:
        """Count the latencies (ps) of delivered packets."""
        if len(values):
            self._latency.update(_counted(*np.unique(values, return_counts=True)))

    def latency_counts(self, bins: Ints) -> None:
        """Count the packets of each latency (ps), given as their number per latency."""
        used = np.flatnonzero(bins)
        self._latency.update(_counted(used, bins[used]))

    def fired(self, sample: int, rows: Ints) -> Ints:
        """Record pulses of a sample as rows (step, unit), where units are numbered core by core.

        Returns rows (step, population, neuron) of those that are somas.
        """
        owners = self._owners[rows[:, 1]]
        pulses = np.concatenate([rows[:, :1], owners], axis=1)[owners[:, 0] >= 0]
        for population, name in enumerate(self._names):
            here = pulses[pulses[:, 1] == population] if len(self._names) > 1 else pulses
            self._count(sample, name, here[:, 0], here[:, 2])
        if sample == 0 and self._kept_pulses < TRACE_ROWS:
            self._pulses_of_first.append(pulses)
            self._kept_pulses += len(pulses)
        if self._sink is not None:
            self._sink.spikes(sample, pulses)
        return pulses

    def _count(self, sample: int, name: str, steps: Ints, neurons: Ints) -> None:
        counts = self._counts[name]
        counts[sample] += np.bincount(steps, minlength=counts.shape[1])
        if self._full:
            self._full[name][sample, steps, neurons] = True
        if name in self._answers and self._fires[name]:
            lag = self.program.lag[name]
            window = (steps >= lag) & (steps < lag + self._steps)
            answers = self._answers[name]
            answers[sample] += np.bincount(neurons[window], minlength=answers.shape[1])

    def readout_steps(self) -> list[int]:
        """Return the steps after whose sweep membranes are read, ascending."""
        lags = {self.program.lag[name] for name, fires in self._fires.items() if not fires}
        return [lag + self._steps - 1 for lag in sorted(lags)]

    def membranes(self, sample: int, membranes: dict[int, Ints], ptr: Ints) -> None:
        """Record the answers of populations that do not fire from the membranes after their last step."""
        for name, fires in self._fires.items():
            if not fires:
                members = self.program.members[name]
                after = membranes[self.program.lag[name] + self._steps - 1]
                self._answers[name][sample] = after[ptr[members.core] + members.state]

    def traced(self, sample: int, packets: Ints) -> None:
        """Keep packets int64[k, 6] (step, source, destination, axon, created, delivered) of the first sample."""
        if sample == 0 and self._kept_packets < TRACE_ROWS:
            self._trace.append(packets.copy())
            self._kept_packets += len(packets)
        if self._sink is not None and len(packets):
            self._sink.packets(sample, packets)

    @property
    def wants_packets(self) -> bool:
        """Whether packets of the steps to come are still to be traced, once the first sample runs."""
        return self._sink is not None or self._kept_packets < TRACE_ROWS

    def finish_sample(self, sample: int, counters: Ints, links: Ints, stragglers: tuple[int, int]) -> None:
        """Record a sample: counters [cores, k], packets per link, (overruns, late packets)."""
        self._per_core[sample], self._stragglers[sample] = counters, stragglers
        self._per_link.append(links)

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
            spikes=replace(run.spikes, first_sample=bounded(np.concatenate([none[:, :3], *self._pulses_of_first]))),
            times=replace(run.times, first_packets=bounded(np.concatenate([none, *self._trace]))),
        )


def _counted(values: Ints, counts: Ints) -> dict[int, int]:
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
