"""One compartment core while it runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.learning.plastic import fixed_weights, learned, learns, plastic_of, reload, rest
from neurosim.cores.compartment.learning.step import deliver_plastic, learn, note_fired
from neurosim.cores.compartment.limits import accumulator_slots
from neurosim.cores.compartment.noise import add_noise
from neurosim.cores.compartment.prices import COUNTERS, PROGRAM_COUNTERS, counters
from neurosim.cores.compartment.step import State, deliver, deliver_values, step_compartments
from neurosim.cores.compartment.vm import step_programs
from neurosim.cores.compartment.widths import arithmetic
from neurosim.cores.firing import Firing
from neurosim.program import Destinations, Program
from neurosim.results.learned import Learned

_INDEX = {name: k for k, name in enumerate(COUNTERS + PROGRAM_COUNTERS)}

_LEARNING = slice(_INDEX["synapse_updates"], _INDEX["trace_updates"] + 1)


class SweepTimes(NamedTuple):
    """Picoseconds per inactive update, active update, spike generation and output message."""

    inactive: int
    active: int
    spike: int
    message: int


@njit(cache=True)
def sweep(
    fired: NDArray[np.bool_],
    active: NDArray[np.bool_],
    drawing: NDArray[np.int64],
    out_ptr: NDArray[np.int64],
    times: SweepTimes,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Time the sweep over the compartments, one after another; messages leave while it goes on.

    ``drawing`` int64[n] is the time (ps) that each compartment takes to draw its noise.
    Returns fired units, the destination entry and leaving time of every message, and the sweep's length (ps).
    """
    messages = 0
    for i in range(fired.shape[0]):
        if fired[i]:
            messages += out_ptr[i + 1] - out_ptr[i]
    units = np.empty(fired.sum(), dtype=np.int64)
    entry = np.empty(messages, dtype=np.int64)
    leaves = np.empty(messages, dtype=np.int64)
    now = n = m = 0
    for i in range(fired.shape[0]):
        now += drawing[i] + (times.active if active[i] else times.inactive)
        if not fired[i]:
            continue
        units[n] = i
        n += 1
        now += times.spike
        for k in range(out_ptr[i], out_ptr[i + 1]):
            now += times.message
            entry[m] = k
            leaves[m] = now
            m += 1
    return units, entry, leaves, now


class CompartmentCore:
    """A core's state and counters; see cores.kind.CoreState for the meaning of each method."""

    def __init__(
        self, image: CompartmentImage, outputs: Destinations, program: Program, constants: ConstantSet
    ) -> None:
        self._image, self._out_ptr = image, outputs.ptr
        self._arithmetic = arithmetic(program.chip)
        self._graded = program.chip.limit("payload_bits") > 0
        self._counters = len(counters(program.chip))
        self._slots = accumulator_slots(image.longest, program.chip)
        self._times = SweepTimes(
            constants.duration("neuron_update_inactive"),
            constants.duration("neuron_update_active"),
            constants.duration("spike_generation"),
            constants.duration("output_message"),
        )
        self._drawing = np.zeros(image.n, dtype=np.int64)
        self._drawing[image.fixed[image.noise.unit]] = constants.duration("random_number")
        synapses = np.diff(image.axon_ptr)
        per_synapse = np.where(
            image.axon_sparse,
            constants.duration("synaptic_operation_sparse"),
            constants.duration("synaptic_operation"),
        )
        self.axon_time = (constants.duration("input_message") + synapses * per_synapse).tolist()
        self._sparse_synapses = np.where(image.axon_sparse, synapses, 0)
        self._dense_synapses = np.where(image.axon_sparse, 0, synapses)
        self._fired = np.zeros(image.n, dtype=np.bool_)
        self._active = np.zeros(image.n, dtype=np.bool_)
        self._sent = np.ones(image.n, dtype=np.int64)
        self._plastic, self._weight = None, image.weight
        if learns(image, program.options):
            self._plastic, self._loaded = (
                plastic_of([image], [np.arange(image.n)], program.chip, constants, 0) for _ in range(2)
            )
            self._weight = fixed_weights(image)
        self.reset()

    def reset(self) -> None:
        """Return to the state after loading, with all counters at zero."""
        self.rest()
        if self._plastic is not None:
            reload(self._plastic, self._loaded)

    def rest(self) -> None:
        """Return to the state after loading but for what has been learned."""
        if self._plastic is not None:
            rest(self._plastic)
        k = len(self._image.fixed)
        self._state = State(np.zeros(k, np.int64), self._image.initial.copy(), np.zeros(k, np.int64))
        self._registers = [bank.initial.copy() for bank in self._image.banks]
        self._sums = np.zeros((self._slots, self._image.n), dtype=np.int64)
        self._step = 0
        self.counters = np.zeros(self._counters, dtype=np.int64)

    def update(self) -> Firing:
        """Advance all units by one step and return who fired and when each message leaves."""
        slot = self._sums[self._step % self._slots]
        if not self._image.banks:
            self._step_compartments(slot, self._fired, self._active)
        else:
            self._step_mixed(slot)
        slot[:] = 0
        units, entry, leaves, length = sweep(self._fired, self._active, self._drawing, self._out_ptr, self._times)
        values = np.repeat(self._sent[units], np.diff(self._out_ptr)[units]) if self._image.banks else None
        firing = Firing(units, entry, np.ones_like(entry) if values is None else values, leaves, length)
        active = int(np.count_nonzero(self._active))
        count = self.counters
        count[_INDEX["neuron_updates_active"]] += active
        count[_INDEX["neuron_updates_inactive"]] += self._image.n - active
        count[_INDEX["spikes"]] += len(firing.units)
        count[_INDEX["output_messages"]] += len(firing.destination)
        if self._plastic is not None:
            note_fired(self._plastic, 0, units)
        return firing

    def _step_compartments(self, q: NDArray[np.int64], fired: NDArray[np.bool_], active: NDArray[np.bool_]) -> None:
        """Advance the units of fixed dynamics; all arrays are over those alone."""
        parameters, noise, count = self._image.parameters, self._image.noise, self.counters
        if len(noise.unit):
            parameters = parameters._replace(bias=add_noise(noise, self._step, q, parameters.bias))
            count[_INDEX["random_numbers"]] += len(noise.unit)
        clipped = step_compartments(q, self._state, parameters, self._arithmetic, fired, active)
        count[_INDEX["voltages_clipped"]] += clipped

    def _step_mixed(self, slot: NDArray[np.int64]) -> None:
        """Advance compartments and programmed neurons; they do not meet within a step, so their order is free."""
        fixed = self._image.fixed
        if len(fixed):
            fired, active = np.zeros((2, len(fixed)), dtype=np.bool_)
            self._step_compartments(slot[fixed], fired, active)
            self._fired[fixed], self._active[fixed] = fired, active
        for bank, registers in zip(self._image.banks, self._registers, strict=True):
            sent, active = np.zeros(len(bank.unit), dtype=np.int64), np.zeros(len(bank.unit), dtype=np.bool_)
            wrapped = step_programs(
                slot[bank.unit], registers, bank.parameters, bank.code, self._arithmetic, sent, active
            )
            self._sent[bank.unit], self._fired[bank.unit], self._active[bank.unit] = sent, sent != 0, active
            self.counters[_INDEX["registers_wrapped"]] += wrapped

    def finish_step(self, axons: NDArray[np.int64], payloads: NDArray[np.int64]) -> int:
        """Process the spikes that arrived in this step, given by input axon, and learn; returns how long that takes."""
        image = self._image
        synapses = image.axon_ptr, image.target, self._weight, image.delay, self._sums, self._step
        if self._graded and np.any(payloads != 1):
            deliver_values(axons, payloads, *synapses)
        else:
            deliver(axons, *synapses)
        count = self.counters
        count[_INDEX["input_messages"]] += len(axons)
        count[_INDEX["synaptic_operations_dense"]] += int(self._dense_synapses[axons].sum())
        count[_INDEX["synaptic_operations_sparse"]] += int(self._sparse_synapses[axons].sum())
        time = self._learn(axons, payloads)
        self._step += 1
        return time

    def _learn(self, axons: NDArray[np.int64], payloads: NDArray[np.int64]) -> int:
        """Process the synapses that learn and let them do so; returns how long the latter takes (ps)."""
        plastic, sums = self._plastic, self._sums
        if plastic is None:
            return 0
        deliver_plastic(plastic, 0, self._step, axons, payloads, self._graded, sums.reshape(-1), *sums.shape)
        return int(learn(plastic, 0, self._step, self.counters[_LEARNING]))

    def learned(self) -> Learned | None:
        """Return what the core's synapses have learned, None if they do not learn."""
        return None if self._plastic is None else learned(self._plastic)

    def membranes(self, units: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the voltages of some compartments or the first registers of programmed neurons, int64[k]."""
        membranes = np.empty(self._image.n, dtype=np.int64)
        membranes[self._image.fixed] = self._state.v
        for bank, registers in zip(self._image.banks, self._registers, strict=True):
            membranes[bank.unit] = registers[:, 0]
        return membranes[units]


def start(program: Program, core: int, constants: ConstantSet) -> CompartmentCore:
    """Return a core (index into Program.cores) in its state after loading."""
    return CompartmentCore(program.images[core], program.outputs[core], program, constants)
