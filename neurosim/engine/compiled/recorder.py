"""What a run leaves, recorded in whole arrays; the result is put together as on the event kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.tally import Tally
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
        self._slow, self._counted = Tally(), [np.zeros((0, 2), dtype=np.int64)]
        self._owners = np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._whose]).astype(np.int32)
        self._pulse_counts = np.zeros((len(self._names), self._ends.shape[1]), dtype=np.int64)
        # Where the answers of each population that is read out by its pulses begin, -1 for others.
        sizes = [self._answers[name].shape[1] if self._fires.get(name) else 0 for name in self._names]
        begin = np.cumsum([0, *sizes])
        self._answer_at = np.where(sizes, begin[:-1], -1).astype(np.int64)
        self._pulse_answers = np.zeros(begin[-1], dtype=np.int64)
        lags = np.array([program.lag[name] for name in self._names], dtype=np.int64)
        self._window = np.stack([lags, lags + self._steps], axis=1)

    def steps(self, sample: int, ends: Ints, sent: Ints, counters: Ints) -> None:
        """Record ends (ps), packets sent and counters [steps, k] of all steps of a sample."""
        self._ends[sample] = ends
        self._packets_per_step += sent
        self._per_step += counters

    def latencies(self, values: Ints) -> None:
        """Count the latencies (ps) of delivered packets."""
        self._slow.add(values)

    def latency_counts(self, bins: Ints) -> None:
        """Count the packets of each latency (ps), given as their number per latency."""
        used = np.flatnonzero(bins)
        self._counted.append(np.stack([used, bins[used]], axis=1))

    def slow_latencies(self, rows: Ints) -> None:
        """Count packets given as rows (latency in ps, packets), in which a latency may come again."""
        self._counted.append(rows)

    def _latencies(self) -> tuple[Ints, Ints]:
        rows = np.concatenate([self._slow.rows(), *self._counted])
        rows = rows[np.argsort(rows[:, 0])]  # those of one latency are added up
        first = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
        return rows[first, 0], np.add.reduceat(rows[:, 1], first) if len(rows) else rows[:, 1]

    def fired(self, sample: int, rows: Ints, wanted: bool = False) -> Ints:
        """Record pulses of a sample as rows (step, unit), where units are numbered core by core.

        Returns rows (step, population, neuron) of those that are somas, none if nobody has ``wanted`` them.
        """
        count_pulses(rows, self._owners, self._window, self._answer_at, self._pulse_counts, self._pulse_answers)
        keep = sample == 0 and self._kept_pulses < TRACE_ROWS
        if not (keep or wanted or self._full or self._sink is not None):
            return rows[:0]
        pulses = somas(rows, self._owners)
        for population, name in enumerate(self._full):
            here = pulses[pulses[:, 1] == population]
            self._full[name][sample, here[:, 0], here[:, 2]] = True
        if keep:
            self._pulses_of_first.append(pulses)
            self._kept_pulses += len(pulses)
        if self._sink is not None and len(pulses):
            self._sink.spikes(sample, pulses)
        return pulses

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
        for population, name in enumerate(self._names):
            self._counts[name][sample] = self._pulse_counts[population]
            begin = self._answer_at[population]
            if begin >= 0:
                answers = self._answers[name]
                answers[sample] = self._pulse_answers[begin : begin + answers.shape[1]]
        self._pulse_counts[:] = 0
        self._pulse_answers[:] = 0

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
            spikes=replace(run.spikes, first_sample=_by_step([none[:, :3], *self._pulses_of_first])),
            times=replace(run.times, first_packets=_by_step([none, *self._trace])),
        )


def _by_step(parts: Sequence[Ints]) -> Ints:
    """Join rows that begin with a step, in its order; cores that are late write theirs later."""
    rows = bounded(np.concatenate(parts))
    return rows[np.argsort(rows[:, 0], kind="stable")]


@njit(cache=True)
def count_pulses(
    rows: Ints, owners: NDArray[np.int32], window: Ints, answer_at: Ints, counts: Ints, answers: Ints
) -> None:
    """Count pulses (step, unit) by population and step, and those of each neuron that is read out, in its window."""
    for k in range(len(rows)):
        step, population, neuron = rows[k, 0], owners[rows[k, 1], 0], owners[rows[k, 1], 1]
        if population < 0:
            continue
        counts[population, step] += 1
        if answer_at[population] >= 0 and window[population, 0] <= step < window[population, 1]:
            answers[answer_at[population] + neuron] += 1


@njit(cache=True)
def somas(rows: Ints, owners: NDArray[np.int32]) -> Ints:
    """Return rows (step, population, neuron) of the rows (step, unit) whose unit is a neuron's soma."""
    pulses = np.empty((len(rows), 3), np.int64)
    n = 0
    for k in range(len(rows)):
        population, neuron = owners[rows[k, 1], 0], owners[rows[k, 1], 1]
        pulses[n, 0], pulses[n, 1], pulses[n, 2] = rows[k, 0], population, neuron
        n += population >= 0
    return pulses[:n]
