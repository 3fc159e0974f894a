"""The host's side of a sample: it calls compiled code for many steps at once and takes away what that has written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.compiled.counts import count_latencies, settle
from neurosim.engine.compiled.exact import clear_links
from neurosim.engine.compiled.late import run_late, start_late
from neurosim.engine.compiled.recorder import ArrayRecorder
from neurosim.engine.compiled.sample import Chip, run_steps
from neurosim.engine.compiled.sheet import (
    BINS,
    FIRED,
    LATE,
    NOW,
    OVERRUNS,
    SLOW,
    TALLIES,
    TRACED,
    Sheet,
)
from neurosim.engine.compiled.team import team_of
from neurosim.engine.compiled.wires import JOINED
from neurosim.engine.world import World

Ints = NDArray[np.int64]
_BUDGET = 1 << 17  # rows that may wait in the sheet before they are taken away


def make_ready(chip: Chip) -> None:
    """Let the compiled code for a chip be made, or taken from disk."""
    rows = np.zeros((0, 6), dtype=np.int64)
    none, pulses = rows[:, 0].copy(), np.zeros((0, len(chip.entries.line_ptr) - 1), dtype=np.int32)
    tally = np.zeros(TALLIES, dtype=np.int64)
    sheet = Sheet(tally, none, none, rows[None], rows, none, rows, none, none, rows[:, :2].copy(), rows)
    run_steps(chip, team_of(1, 1, 1), 0, pulses, 0, 0, sheet, 1, False)


class Steps:
    """Runs samples on a chip and gives what they leave to a recorder; ``reset`` loads the cores' state."""

    def __init__(
        self, chip: Chip, reset: Callable[[Any], None], recorder: ArrayRecorder, threads: int, budget: int = _BUDGET
    ) -> None:
        self._chip, self.reset, self._recorder, self._budget = chip, reset, recorder, budget
        self._team = team_of(threads, len(chip.fired.units), len(chip.net.wires.ends))
        self._pool = ThreadPoolExecutor(threads)  # all of a team must run at a time; starts no thread before it is used
        self._bins = np.zeros(BINS, dtype=np.int64)
        self._before = np.zeros_like(chip.cores.counters)
        units, packets = len(chip.fired.unit), len(chip.room.packets.entry)
        copies = chip.room.copy.shape[1]
        # Memory that nobody has written to takes no room.
        self._fired = np.zeros((budget + units, 2), dtype=np.int64)
        self._slow = np.zeros(budget + max(packets, copies), dtype=np.int64)
        self._traced = np.zeros((budget + packets, 6), dtype=np.int64)

    def sample(self, sample: int, pulses: NDArray[np.int32], tracing: bool, world: World | None = None) -> None:
        """Run the steps of one sample [steps, input lines] from the state after loading.

        A ``world`` gives the pulses of every step when it begins, and sees what has fired.
        """
        chip, recorder, steps = self._chip, self._recorder, len(pulses)
        self.reset(chip.cores)
        clear_links(chip.net.wires, chip.net.links)
        chip.net.links[:, JOINED] = 0
        sheet, late, step = self._sheet(steps), None, 0
        event_by_event = chip._replace(entries=chip.entries._replace(counting=False))  # links count there
        while step < steps:
            stop = steps
            if world is not None:
                pulses[step], stop = world.turn(step, int(sheet.tally[NOW])), step + 1
            trace = tracing and recorder.wants_packets
            if late is None:
                step = self._advance(pulses, step, stop, sheet, trace)
                self._take(sample, sheet, world)
                if step < 0:
                    late, step = self._start_late(-1 - step, sheet), -step
            if late is not None:
                until = stop if stop < steps else -1
                traffic, *rows = run_late(event_by_event, late[0], late[1], pulses, until, sheet, trace)
                late, step = (traffic, late[1]), stop
                self._give(sample, world, *rows)
        if chip.net.counting:
            if chip.net.trees.hub < 0:
                recorder.slow_latencies(count_latencies(chip.entries, sheet.bins))
            settle(chip.net.wires, chip.net.grid, chip.net.trees, chip.entries, chip.net.links)
        recorder.steps(sample, sheet.ends, sheet.sent, sheet.per_step.sum(axis=0))
        recorder.membranes(sample, dict(zip(sheet.read.tolist(), sheet.membranes, strict=True)), chip.fired.unit_ptr)
        stragglers = int(sheet.tally[OVERRUNS]), int(sheet.tally[LATE])
        recorder.finish_sample(sample, chip.cores.counters, chip.net.links[:, JOINED].copy(), stragglers)

    def finish(self) -> None:
        """Record what was kept over all samples."""
        self._recorder.latency_counts(self._bins)
        self._bins[:] = 0
        self._pool.shutdown()

    def _sheet(self, steps: int) -> Sheet:
        ends, sent = np.zeros((2, steps), dtype=np.int64)
        read = np.array(self._recorder.readout_steps(), dtype=np.int64)
        self._before[:] = 0
        return Sheet(
            np.zeros(TALLIES, dtype=np.int64),
            ends,
            sent,
            np.zeros((self._team.n, steps, self._before.shape[1]), dtype=np.int64),
            self._before,
            read,
            np.zeros((len(read), len(self._chip.fired.unit)), dtype=np.int64),
            self._bins,
            self._slow,
            self._fired,
            self._traced,
        )

    def _advance(self, pulses: NDArray[np.int32], step: int, stop: int, sheet: Sheet, tracing: bool) -> int:
        """Run steps from one on; returns as ``run_steps``."""
        team, given = self._team, (pulses, step, stop, sheet, self._budget, tracing)
        team.gate[:] = 0
        others = [self._pool.submit(run_steps, self._chip, team, thread, *given) for thread in range(1, team.n)]
        step = int(run_steps(self._chip, team, 0, *given))
        for other in others:
            other.result()
        return step

    def _start_late(self, step: int, sheet: Sheet) -> Any:
        chip = self._chip
        first_core, packets = chip.entries.first_core, chip.room.packets
        return start_late(chip.net, packets, chip.fired, first_core, chip.clock.period, step, sheet)

    def _take(self, sample: int, sheet: Sheet, world: World | None) -> None:
        """Take the rows out of the sheet."""
        fired, traced, slow = (int(sheet.tally[place]) for place in (FIRED, TRACED, SLOW))
        self._give(sample, world, sheet.fired[:fired], sheet.traced[:traced], sheet.slow[:slow])
        sheet.tally[[FIRED, TRACED, SLOW]] = 0

    def _give(self, sample: int, world: World | None, fired: Ints, traced: Ints, slow: Ints) -> None:
        recorder = self._recorder
        pulses = recorder.fired(sample, fired, world is not None)
        recorder.traced(sample, traced)
        recorder.latencies(slow)
        if world is not None:
            world.see(pulses)
