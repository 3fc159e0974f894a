"""The recorder: what a run leaves, as integer arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurosim.program import Program
from neurosim.results import Activity, Run, Spikes, Times
from neurosim.results.activity import bounded

if TYPE_CHECKING:
    from neurosim.cores.kind import CoreState
    from neurosim.engine.event.core import Sender
    from neurosim.engine.how import Sink


class Recorder:
    """Collects counters, times, pulses and answers of n samples of T steps."""

    def __init__(
        self,
        program: Program,
        counters: tuple[str, ...],
        shape: tuple[int, ...],
        record_spikes: bool,
        sink: Sink | None = None,
    ) -> None:
        self.program, self._counters, self._sink = program, counters, sink
        n, self._steps, _ = shape
        chip_steps = self._steps + program.lowered.extra_steps
        cores = len(program.cores)
        self._names = tuple(program.members)
        self._per_core = np.zeros((n, cores, len(counters)), dtype=np.int64)
        self._per_step = np.zeros((chip_steps, len(counters)), dtype=np.int64)
        self._before = np.zeros((cores, len(counters)), dtype=np.int64)
        self._stragglers = np.zeros((n, 2), dtype=np.int64)
        self._fires = {name: program.lowered.network.population(name).fires for name in program.readouts}
        self._packets_per_step = np.zeros(chip_steps, dtype=np.int64)
        self._ends = np.zeros((n, chip_steps), dtype=np.int64)
        self._per_link: list[NDArray[np.int64]] = []
        self._latency: Counter[int] = Counter()
        self._first_packets: list[tuple[int, ...]] = []
        self._raster: list[tuple[int, int, int]] = []
        size = {name: program.lowered.network.population(name).size for name in self._names}
        self._counts = {name: np.zeros((n, chip_steps), dtype=np.int64) for name in self._names}
        self._full = {
            name: np.zeros((n, chip_steps, size[name]), dtype=np.bool_) for name in self._names if record_spikes
        }
        self._answers = {name: np.zeros((n, size[name]), dtype=np.int64) for name in program.readouts}
        self._whose = _unit_owners(program)

    def begin_sample(self) -> None:
        """Start a sample: all counters of the cores are at zero."""
        self._before[:] = 0

    def swept(self, sample: int, core: int, step: int, units: NDArray[np.int64], state: CoreState) -> NDArray[np.int64]:
        """Record what a core did in a step: the units that fired, and membranes when they are read out.

        Returns rows (step, population, neuron) of the units that are somas.
        """
        pulses = self._pulses(sample, step, self._whose[core][units])
        for name in self.program.readouts:
            if step == self.program.lag[name] + self._steps - 1 and not self._fires[name]:
                members = self.program.members[name]
                here = members.core == core
                self._answers[name][sample, here] = state.membranes(members.state[here])
        return pulses

    def end_core_step(self, core: int, step: int, counters: NDArray[np.int64]) -> None:
        """Record the counters of a core after a step."""
        self._per_step[step] += counters - self._before[core]
        self._before[core] = counters

    def end_step(self, sample: int, step: int, time: int) -> None:
        """Record the end of a step at ``time`` (ps after the sample's start)."""
        self._ends[sample, step] = time

    def _pulses(self, sample: int, step: int, owners: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count pulses given as rows (population, neuron); population -1 is a unit that is no soma."""
        rows = np.insert(owners[owners[:, 0] >= 0], 0, step, axis=1)
        if self._sink is not None and len(rows):
            self._sink.spikes(sample, rows)
        for _, population, neuron in rows.tolist():
            name = self._names[population]
            self._counts[name][sample, step] += 1
            if sample == 0:
                self._raster.append((step, population, neuron))
            if self._full:
                self._full[name][sample, step, neuron] = True
            if name in self._answers and 0 <= step - self.program.lag[name] < self._steps:
                self._answers[name][sample, neuron] += 1
        return rows

    def packets(self, sample: int, senders: Sequence[Sender], begin: int) -> None:
        """Count the packets of a sample by step and keep those that were traced, once all are delivered."""
        for sender in senders:
            for step, number in sender.sent.items():
                self._packets_per_step[step] += number
        traced = [entry for sender in senders for entry in sender.trace or ()]
        rows: list[tuple[int, ...]] = [
            (step, p.source, p.destination, p.axon, p.created - begin, p.delivered - begin)
            for step, p in sorted(traced, key=itemgetter(0))
        ]
        if sample == 0:
            self._first_packets = rows
        if self._sink is not None:
            self._sink.packets(sample, np.array(rows, dtype=np.int64).reshape(-1, 6))

    def end_sample(
        self,
        sample: int,
        counters: Sequence[NDArray[np.int64]],
        links: NDArray[np.int64],
        latency: Counter[int],
        stragglers: tuple[int, int],
    ) -> None:
        """Record a sample: counters of every core, packets per link, packet latencies, (overruns, late packets)."""
        self._stragglers[sample] = stragglers
        self._per_core[sample] = counters
        self._per_link.append(links)
        self._latency.update(latency)

    def _latencies(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the latencies that occurred (ps), ascending, and how many packets had each."""
        rows = np.array(sorted(self._latency.items()), dtype=np.int64).reshape(-1, 2)
        return rows[:, 0].copy(), rows[:, 1].copy()

    def result(
        self,
        constants: str,
        links: Sequence[tuple[str, int, int]],
        positions: Sequence[tuple[int, int]],
        hub: int | None = None,
    ) -> Run:
        """Return the run; packets that the event router ``hub``, the last endpoint, sends on count once only."""
        program = self.program
        per_link = np.stack(self._per_link)
        values, counts = self._latencies()
        kinds = np.array([kind if start != hub or kind != "inject" else "hub" for kind, start, _ in links])
        edge = np.char.startswith(kinds, "edge")
        network = np.stack(
            [
                per_link[:, kinds == "inject"].sum(axis=1),
                per_link[:, (kinds == "E") | (kinds == "W")].sum(axis=1),
                per_link[:, (kinds == "N") | (kinds == "S")].sum(axis=1),
                per_link[:, edge].sum(axis=1),
                np.full(len(per_link), self._ends.shape[1]),
                self._stragglers[:, 0],
                self._stragglers[:, 1],
            ],
            axis=1,
        ).astype(np.int64)
        return Run(
            program.chip.name,
            program.chip.core_kind,
            constants,
            "event",
            program.mapping_digest,
            self._steps,
            self._ends.shape[1],
            Activity(
                self._counters,
                program.cores,
                self._per_core,
                network,
                self._per_step,
                self._packets_per_step,
                per_link.sum(axis=0),
                tuple(links),
            ),
            Spikes(
                self._names,
                self._counts,
                bounded(np.array(sorted(self._raster), dtype=np.int64).reshape(-1, 3)),
                self._full,
            ),
            Times(self._ends, (values, counts), bounded(np.array(self._first_packets, dtype=np.int64).reshape(-1, 6))),
            self._answers,
            tuple(positions[:hub]),
        )


def _unit_owners(program: Program) -> list[NDArray[np.int64]]:
    """For every core a table from unit to (population, neuron); -1 where the unit is no soma."""
    owners = []
    for index in range(len(program.cores)):
        tables = [
            (k, members.soma[members.core == index], np.flatnonzero(members.core == index))
            for k, members in enumerate(program.members.values())
        ]
        size = len(program.outputs[index].ptr) - 1
        table = np.full((size, 2), -1, dtype=np.int64)
        for k, soma, neuron in tables:
            table[soma, 0], table[soma, 1] = k, neuron
        owners.append(table)
    return owners
