"""One crossbar core while it runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.crossbar.image import CrossbarImage, buffers, stack
from neurosim.cores.crossbar.prices import COUNTERS
from neurosim.cores.crossbar.step import State, leaving_times, put_slot, step_cores
from neurosim.cores.crossbar.widths import arithmetic
from neurosim.cores.crossbar.words import WORD
from neurosim.cores.firing import Firing
from neurosim.program import Destinations, Program

_INDEX = {name: k for k, name in enumerate(COUNTERS)}


class CrossbarCore:
    """A core's state and counters; see cores.kind.CoreState for the meaning of each method.

    The payload of a spike is the tick in which it is due. The scheduler is a ring of slots, one bit per axon, indexed
    by that tick modulo the number of slots; a slot is read at the start of its tick and cleared. A spike that comes
    after its tick has begun is counted as late and acts when the ring comes round.
    """

    def __init__(self, image: CrossbarImage, outputs: Destinations, chip: Chip, constants: ConstantSet) -> None:
        self._image, self._arithmetic = image, arithmetic(chip)
        self._bar, self._parameters, self._draws, self._first = stack([image])
        self._buffers = buffers(self._bar, self._first)
        self._out_ptr = outputs.ptr
        names = ("neuron_update", "synaptic_operation", "spike_generation")
        self._times = tuple(constants.duration(name) for name in names)
        axons = len(image.axon_type)
        self._ring = np.zeros((chip.limit("scheduler_slots"), -(-axons // WORD)), np.uint64)
        self.axon_time = [0] * axons
        self.counters = np.zeros(len(COUNTERS), np.int64)
        self.reset()

    def reset(self) -> None:
        """Return to the state after loading, the generator included, with all counters at zero."""
        self._state = State._make([values.copy() for values in self._first])
        self._ring[:] = 0
        self._tick = 0
        self.counters = np.zeros(len(COUNTERS), np.int64)

    def update(self) -> Firing:
        """Let the spikes of this tick act, advance all neurons and return who fired and when each spike leaves."""
        slot = self._tick % len(self._ring)
        now, count = self._ring[slot : slot + 1], self.counters
        memories = self._bar, self._parameters, self._draws, self._state, self._arithmetic
        step_cores(now, *memories, self._buffers, count[None, :], 0)
        leaves, length = leaving_times(0, self._bar, self._buffers, self._image.n, *self._times)
        units = self._buffers.fired[0, : len(leaves)].astype(np.int64)
        count[_INDEX["neuron_updates"]] += self._image.n
        count[_INDEX["memory_scans"]] += 1
        count[_INDEX["output_spikes"]] += int(np.count_nonzero(self._image.off_chip[units]))
        sending = self._out_ptr[units + 1] > self._out_ptr[units]
        senders = units[sending]
        due = self._tick + self._image.delay[senders]
        self._tick += 1
        return Firing(units, self._out_ptr[senders], due, leaves[sending], length)

    def finish_step(self, axons: NDArray[np.int64], payloads: NDArray[np.int64]) -> None:
        """Put the spikes that arrived in this tick, by input axon and the tick they are due in, in their slots."""
        late = put_slot(self._ring, axons, payloads, self._tick)
        self.counters[_INDEX["late_spikes"]] += late

    def membranes(self, units: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the potentials of some columns, int64[k]."""
        potentials: NDArray[np.int64] = self._state.v[0, units].astype(np.int64)
        return potentials


def start(program: Program, core: int, constants: ConstantSet) -> CrossbarCore:
    """Return a core (index into Program.cores) in its state after loading."""
    return CrossbarCore(program.images[core], program.outputs[core], program.chip, constants)
