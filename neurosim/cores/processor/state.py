"""One processing element while it runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.firing import Firing
from neurosim.cores.processor.image import ProcessorImage
from neurosim.cores.processor.level import Ladder, Policy, ladder
from neurosim.cores.processor.prices import counters
from neurosim.cores.processor.step import State, send_spikes, step_neurons, walk_rows
from neurosim.cores.processor.widths import arithmetic
from neurosim.program import Destinations, Program


class ProcessorCore:
    """A core's state and counters; see cores.kind.CoreState for the meaning of each method.

    A tick is: choose the level, take the queued spikes and walk their rows, update all neurons, send one packet per
    spike that has somewhere to go. ``level`` is the position (slowest first) of the level at which the core works
    and then sleeps until its next tick.
    """

    def __init__(self, image: ProcessorImage, outputs: Destinations, program: Program, constants: ConstantSet) -> None:
        self._image, self._arithmetic = image, arithmetic(program.chip)
        self._ladder: Ladder = ladder(Policy.of(program), image, program.chip, constants)
        self._cycles = {name: figure.whole() for name, figure in constants.cycles.items()}
        self._change = constants.duration("level_change")
        self._sends = np.diff(outputs.ptr) > 0
        self._index = {name: k for k, name in enumerate(counters(program.chip))}
        self.axon_time = [0] * image.rows
        self.reset()

    def reset(self) -> None:
        """Return to the state after loading, with all counters at zero, at the level of an empty queue."""
        n = self._image.n
        self._state = State(self._image.initial.copy(), np.zeros(n, dtype=np.bool_))
        self._sums = np.zeros((self._image.delay_slots, n), dtype=np.int64)
        self._queue = np.zeros(0, dtype=np.int64)
        self._tick = 0
        self.level = self._ladder.rest
        self.counters = np.zeros(len(self._index), dtype=np.int64)

    def update(self) -> Firing:
        """Work through one tick and return who fired, when each packet leaves, and how long it all took."""
        image, queued = self._image, len(self._queue)
        change = self._take_level(queued)
        operations = walk_rows(
            self._queue,
            image.row_ptr,
            image.target,
            image.weight,
            image.shift,
            image.delay,
            self._sums,
            self._tick,
        )
        slot = self._sums[self._tick % len(self._sums)]
        saturated = step_neurons(0, image.n, slot, 0, self._state, image.parameters, self._arithmetic)
        cycles, period = self._cycles, self._ladder.periods[self.level]
        before = cycles["tick"] + queued * cycles["packet"]
        begin = change + (before + operations * cycles["synaptic_operation"]) * period
        update, spike = cycles["neuron_update"] * period, cycles["spike"] * period
        unit, sender, leaves = np.empty((3, image.n), dtype=np.int64)
        spikes, sent, end = send_spikes(
            0, image.n, self._state.fired, self._sends, begin, update, spike, 0, unit, 0, sender, leaves
        )
        self._count("spikes", spikes)
        self._count("packets_received", queued)
        self._count("membranes_saturated", saturated)
        self._count_here("neuron_updates", image.n)
        self._count_here("synaptic_operations", operations)
        self._count_here("overhead_cycles", before + sent * cycles["spike"])
        self._count_here("busy_ps", end)
        self._count_here("ticks", 1)
        self._tick += 1
        return Firing(unit[:spikes], sender[:sent], np.zeros(sent, dtype=np.int64), leaves[:sent], end)

    def finish_step(self, axons: NDArray[np.int64], payloads: NDArray[np.int64]) -> None:
        """Queue the spikes that arrived since the last tick started, by synapse row; they act in the next one."""
        self._queue = axons.astype(np.int64)

    def membranes(self, units: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the membranes of some neurons, int64[k]: whole units, or units of 2**-15 with leak."""
        membranes: NDArray[np.int64] = self._state.v[units]
        return membranes

    def _take_level(self, queued: int) -> int:
        """Choose the level of this tick; returns the time (ps) that changing to it takes."""
        level = self._ladder.level(queued)
        if level == self.level:
            return 0
        self.level = level
        self._count("level_changes", 1)
        return self._change

    def _count(self, name: str, number: int) -> None:
        self.counters[self._index[name]] += number

    def _count_here(self, name: str, number: int) -> None:
        self._count(f"{name}_{self._ladder.names[self.level]}", number)


def start(program: Program, core: int, constants: ConstantSet) -> ProcessorCore:
    """Return a core (index into Program.cores) in its state after loading; raises NeurosimError for bad options."""
    return ProcessorCore(program.images[core], program.outputs[core], program, constants)
