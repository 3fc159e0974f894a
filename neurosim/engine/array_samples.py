"""What both engines share when a network runs on an array: hosts and programs of a sample, and the Run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.f18a import isa
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import Array, Host, Send, collector
from neurosim.cores.f18a.host import decode, encode, encode_events
from neurosim.cores.f18a.load import ArrayProgram
from neurosim.cores.f18a.plan import EVENTS
from neurosim.cores.f18a.prices import CLASSES, COUNTERS, ROLES
from neurosim.cores.f18a.program import NodeProgram
from neurosim.cores.f18a.timing import durations
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.program import Program
from neurosim.results import Activity, Run, Spikes, Times
from neurosim.results.activity import NETWORK_COUNTERS, bounded

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a sample left: per node (ascending) ``opcodes`` [nodes, 32], and words fetched, sent and active ps.

    ``answers`` are the words that the host received, with their ``times`` (ps); ``seen`` the words of each watched
    channel.
    """

    opcodes: Ints
    fetched: Ints
    read: Ints
    sent: Ints
    active: Ints
    answers: Ints
    times: Ints
    seen: tuple[Ints, ...]


class Samples:
    """A program made ready for samples of some number of steps."""

    def __init__(self, program: Program, constants: ConstantSet, how: How) -> None:
        if not isinstance(program, ArrayProgram):
            raise UnsupportedError(f"{program.chip.name}: programs of core kind '{program.chip.core_kind}' unsupported")
        if how.router is not None:
            raise UnsupportedError(f"{program.chip.name}: nodes have no routers, words are passed on by code")
        self.program, self.constants, self.network = program, constants, how.network

    def programs(self, steps: int) -> list[NodeProgram]:
        """Return the nodes' programs for inferences of so many steps."""
        return [
            image.program
            if image.steps is None
            else replace(image.program, memory={**image.program.memory, image.steps: steps - 1})
            for image in self.program.images
        ]

    def words(self, pulses: NDArray[Any]) -> list[Ints]:
        """Return what the host sends for each of the samples ``pulses`` [n, T, input lines]."""
        plan = self.program.plan
        found = encode(pulses.astype(np.bool_), plan.host_words)
        return [encode_events(each, plan.slots) if plan.coding == EVENTS else each.ravel() for each in found]

    def array(self, words: Sequence[int], steps: int) -> Array:
        """Return the array with hosts that send the words as fast as they are taken, and take the answers."""
        plan = self.program.plan
        node, port, _ = self.program.spike_words[-1]
        top = plan.comb.top, plan.comb.entry
        hosts = (Host(*top, tuple(Send(int(word)) for word in words), listens=False), collector(node, port))
        watch = tuple((node, port) for node, port, _ in self.program.spike_words[:-1])
        return Array(self.program.chip, self.programs(steps), hosts, constants=self.constants.name, watch=watch)


def refuse_extras(chip: str, world: World | None) -> None:
    """Raise UnsupportedError for a world: an array takes its words as fast as it can, not step by step."""
    if world is not None:
        raise UnsupportedError(f"{chip}: a world needs steps; nodes take words as they come")


class ArrayRun:
    """Collects outcomes of n samples of T steps and makes the Run."""

    def __init__(self, samples: Samples, shape: tuple[int, ...], record_spikes: bool, sink: Sink | None) -> None:
        self._samples, self._program, self._sink = samples, samples.program, sink
        n, self._steps, self._lines = shape
        network = self._program.lowered.network
        self._sizes = {p.name: p.size for p in network.neurons}
        self._per_core = np.zeros((n, len(self._program.cores), len(COUNTERS)), dtype=np.int64)
        self._moved = np.zeros(n, dtype=np.int64)
        self._ends = np.zeros((n, self._steps), dtype=np.int64)
        self._counts = {name: np.zeros((n, self._steps), dtype=np.int64) for name in self._sizes}
        self._full = {
            name: np.zeros((n, self._steps, size), dtype=np.bool_)
            for name, size in self._sizes.items()
            if record_spikes
        }
        self._answers = {name: np.zeros((n, self._sizes[name]), dtype=np.int64) for name in network.outputs}
        self._per_step = np.zeros((self._steps, len(COUNTERS)), dtype=np.int64)
        self._first: Ints = np.zeros((0, 3), dtype=np.int64)
        sources = self._lines + network.n_neurons
        self._pulses = np.zeros((n, sources), dtype=np.int64)  # of every line and neuron, by sample
        self._pulses_per_step = np.zeros((self._steps, sources), dtype=np.int64)
        times = durations(self._program.chip, samples.constants)
        self._unext = int(times[reg.MICRONEXT])
        self._roles = [ROLES[image.kind] for image in self._program.images]
        self._has_neurons = np.array([image.membranes > 0 for image in self._program.images])

    def add(self, sample: int, pulses: NDArray[Any], outcome: Outcome) -> None:
        """Take the outcome of a sample; raises NeurosimError when the words are not those of its steps."""
        fired = self._fired(outcome)
        self._spikes(sample, fired)
        answers = self._program.plan.answers
        self._ends[sample] = outcome.times.reshape(self._steps, len(answers))[:, -1]
        active = np.concatenate([pulses, fired], axis=1)
        self._pulses[sample] = active.sum(axis=0)
        self._pulses_per_step += active
        self._count(sample, outcome, fired.sum(axis=0))
        self._moved[sample] = outcome.read.sum() + len(outcome.answers)

    def _fired(self, outcome: Outcome) -> NDArray[np.bool_]:
        """Return who fired, bool[T, neurons], as the words on the channels tell."""
        first, neurons = self._lines, self._program.lowered.network.n_neurons
        fired = np.zeros((self._steps, neurons), dtype=np.bool_)
        channels = (*outcome.seen, outcome.answers)
        for (node, port, words), seen in zip(self._program.spike_words, channels, strict=True):
            if len(seen) != self._steps * len(words):
                raise NeurosimError(
                    f"{self._program.chip.name}: node {node:03d} sent {len(seen)} words through {port}, expected"
                    f" {self._steps * len(words)}"
                )
            fired |= decode(seen.reshape(self._steps, len(words)), words, first, neurons)
        return fired

    def _spikes(self, sample: int, fired: NDArray[np.bool_]) -> None:
        first = 0
        rows = []
        for k, (name, size) in enumerate(self._sizes.items()):
            mine = fired[:, first : first + size]
            first += size
            self._counts[name][sample] = mine.sum(axis=1)
            if name in self._answers:
                self._answers[name][sample] = mine.sum(axis=0)
            if name in self._full:
                self._full[name][sample] = mine
            step, neuron = np.nonzero(mine)
            rows.append(np.stack([step, np.full(len(step), k), neuron], axis=1))
        self._per_step[:, COUNTERS.index("spikes")] += fired.sum(axis=1)
        if sample == 0 or self._sink is not None:
            ordered = np.concatenate(rows)
            ordered = ordered[np.lexsort(ordered.T[::-1])]
            if sample == 0:
                self._first = bounded(ordered)
            if self._sink is not None:
                self._sink.spikes(sample, ordered)

    def _count(self, sample: int, outcome: Outcome, fired: Ints) -> None:
        row = self._per_core[sample]

        def put(name: str, values: Any) -> None:
            row[:, COUNTERS.index(name)] = values

        opcodes, active = outcome.opcodes, outcome.active
        put("spikes", _per_node(self._program, fired))
        put("neuron_updates_done", opcodes[:, isa.MINUS_IF] * self._has_neurons)
        for name, values in _classes(opcodes, outcome.read + outcome.sent).items():
            put(f"opcodes_{name}", values)
        put("words_fetched", outcome.fetched)
        put("words_sent", outcome.sent)
        unext = opcodes[:, isa.UNEXT]
        for role in set(ROLES.values()):
            here = np.array([mine == role for mine in self._roles])
            put(f"running_ps_{role}", (active - unext * self._unext) * here)
            put(f"unext_{role}", unext * here)
        put("suspended_ps", np.maximum(self._ends[sample, -1] - active, 0))

    def result(self, engine: str) -> Run:
        """Return the run."""
        program, n = self._program, len(self._per_core)
        events, done = _events_matrix(program), COUNTERS.index("synaptic_operations_done")
        self._per_core[:, :, done] = _product(self._pulses, events)
        self._per_step[:, done] = _product(self._pulses_per_step, events).sum(axis=1)
        network = np.zeros((n, len(NETWORK_COUNTERS)), dtype=np.int64)
        network[:, NETWORK_COUNTERS.index("packets")] = self._moved
        network[:, NETWORK_COUNTERS.index("chip_steps")] = self._steps
        none = np.zeros(0, dtype=np.int64)
        return Run(
            program.chip.name,
            program.chip.core_kind,
            self._samples.constants.name,
            engine,
            program.mapping_digest,
            self._steps,
            self._steps,
            Activity(
                COUNTERS,
                program.cores,
                self._per_core,
                network,
                self._per_step,
                np.zeros(self._steps, dtype=np.int64),
                none,
                (),
            ),
            Spikes(tuple(self._sizes), self._counts, self._first, self._full),
            Times(self._ends, (none, none), np.zeros((0, 6), dtype=np.int64)),
            self._answers,
            tuple(program.position(k) for k in range(len(program.cores))),
            self._samples.network,
        )


def _classes(opcodes: Ints, ports: Ints) -> dict[str, Ints]:
    """Return the opcodes of each class, int64[nodes]; reads and writes of ports are not among those of memory."""
    found = {name: opcodes[:, sorted(codes)].sum(axis=1) for name, codes in isa.CLASSES.items()}
    found["port"], found["io"] = ports, np.zeros_like(ports)
    found["memory"] = found["memory"] - ports
    return {name: found[name] for name in CLASSES}


def _per_node(program: ArrayProgram, fired: Ints) -> Ints:
    """Return the spikes of every node from those of every neuron."""
    found = np.zeros(len(program.cores), dtype=np.int64)
    first = 0
    for members in program.members.values():
        np.add.at(found, members.core, fired[first : first + len(members.core)])
        first += len(members.core)
    return found


def _product(counts: Ints, matrix: Ints) -> Ints:
    """Return a product of whole numbers; float64 holds all of them below 2**53."""
    found: Ints = (counts.astype(np.float64) @ matrix.astype(np.float64)).astype(np.int64)
    return found


def _events_matrix(program: ArrayProgram) -> Ints:
    """Return how many weights a pulse of a line or neuron adds at each node, int64[lines and neurons, nodes]."""
    network = program.lowered.network
    found = np.zeros((network.n_inputs + network.n_neurons, len(program.cores)), dtype=np.int64)
    place = {image.node: k for k, image in enumerate(program.images)}
    for each in program.plan.branches:
        for seat in each.seats:
            for k, part in enumerate(seat.parts):
                slot = each.branch.slots[seat.slot + k]
                for node, words in zip(slot.leaves, part.leaves, strict=False):
                    lines = [line for word in words for line in word.lines if line >= 0]
                    found[lines, place[node]] = np.count_nonzero(seat.group.weights[lines], axis=1)
    return found
