"""Capacities of a compartment core: asked while mapping, checked on what is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.bank import banks_of, compartment_bytes, is_programmed
from neurosim.cores.compartment.encode import Encoding, encode
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.memory import axon_words, index_bits, is_dense
from neurosim.cores.compartment.noise import Noise, noise_of
from neurosim.cores.compartment.registers import registers
from neurosim.cores.compartment.step import Parameters
from neurosim.cores.compartment.widths import arithmetic
from neurosim.errors import UnsupportedError
from neurosim.mapping.legality import Usage
from neurosim.mapping.lowering import Lowered
from neurosim.mapping.problem import CoreFill, Nets
from neurosim.network import NeuronProgram
from neurosim.program import Program

Ints = NDArray[np.int64]

LIMITS = (
    "compartments",
    "input_axons",
    "output_axons",
    "synapse_memory_words",
    "compartment_profiles",
    "threshold_profiles",
    "synapse_formats",
    "delay_max",
    "accumulator_slots",
    "refractory_max",
    "weight_bits_max",
    "learning_rules",
)
PROGRAM_LIMITS = ("core_memory_bytes", "state_bytes_max", "program_length_max")  # of chips with programmable neurons


def limits_of(chip: Chip) -> tuple[str, ...]:
    """Return the names of the limits that are checked on this chip."""
    return LIMITS + (PROGRAM_LIMITS if chip.limit("programmable") else ())


def accumulator_slots(delay: int, chip: Chip) -> int:
    """Return the accumulator slots per compartment for synaptic delays up to ``delay`` steps.

    A power of two, at least the default window; a delay d needs d + 2 slots (the one being read and the next d + 1).
    """
    return max(int(chip.limit("delay_window")), 1 << (delay + 1).bit_length())


def usage(program: Program) -> tuple[Usage, ...]:
    """Return how much of every limit each core uses, from the loaded tables alone."""
    chip = program.chip
    result: list[Usage] = []
    for k, image in enumerate(program.images):
        core = int(program.cores[k])
        needs = _needs(image, len(program.outputs[k].core), chip)
        result += [Usage(name, core, needs[name], chip.limit(name)) for name in limits_of(chip)]
    return tuple(result)


def _needs(image: CompartmentImage, output_axons: int, chip: Chip) -> dict[str, int]:
    counts = np.diff(image.axon_ptr)
    delay = image.longest
    words = int(axon_words(counts, image.axon_bits, chip).sum())
    profiles = len(np.unique(_profiles(image.parameters, image.noise), axis=0))
    needs = {
        "compartments": image.n,
        "input_axons": len(counts),
        "output_axons": output_axons,
        "synapse_memory_words": words,
        "compartment_profiles": profiles + len({bank.profile for bank in image.banks}),
        "threshold_profiles": len(np.unique(image.parameters.threshold)),
        "synapse_formats": len(np.unique(image.axon_format)),
        "delay_max": delay,
        "accumulator_slots": accumulator_slots(delay, chip) * image.n,
        "refractory_max": int(image.parameters.refractory.max(initial=0)),
        "weight_bits_max": int(image.weight_bits),
        "learning_rules": image.plastic.rules if image.plastic else 0,
    }
    if not chip.limit("programmable"):
        return needs
    states = [len(image.fixed) * [compartment_bytes(chip)], *(len(b.unit) * [b.state_bytes] for b in image.banks)]
    programs = {bank.program for bank in image.banks}
    return needs | _programmed(sum(map(sum, states)), max(map(max, filter(None, states))), programs, words, chip)


def _programmed(state: int, largest: int, programs: Iterable[NeuronProgram], words: int, chip: Chip) -> dict[str, int]:
    """Return what counts on chips with programmable neurons besides.

    One memory holds the state of all neurons (``state`` bytes, at most ``largest`` each) and the synapse ``words``;
    the instructions of all different programs of a core share one store.
    """
    return {
        "core_memory_bytes": state + words * chip.limit("word_bits") // 8,
        "state_bytes_max": largest,
        "program_length_max": sum(len(program.code) for program in programs),
    }


def format_numbers(encodings: list[Encoding]) -> Ints:
    """Number the encodings of projections, int64[projections]: equal ones share a synapse format."""
    distinct = {encoding: k for k, encoding in enumerate(dict.fromkeys(encodings))}
    return np.array([distinct[encoding] for encoding in encodings], dtype=np.int64)


def _rule_numbers(encodings: list[Encoding]) -> Ints:
    """Number the learning rules of projections, int64[projections]; -1 for those that do not learn."""
    rules = list(dict.fromkeys(e.rule for e in encodings if e.rule is not None))
    return np.array([rules.index(e.rule) if e.rule is not None else -1 for e in encodings], dtype=np.int64)


def _profiles(p: Parameters, noise: Noise) -> Ints:
    """Return what compartments of one profile share, one row per compartment; biases are each compartment's own."""
    draws = np.zeros(len(p.join), dtype=np.int64)
    draws[noise.unit] = 1
    return np.stack([p.decay_u, p.decay_v, p.refractory, p.join, p.spiking.astype(np.int64), draws], axis=1)


def core_filler(lowered: Lowered, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Return a function that opens an empty core, for mappers; raises UnsupportedError as ``load`` does."""
    shared = _Shared.of(lowered, nets, chip)
    return lambda: CompartmentFill(shared)


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all cores of one mapping have in common.

    ``unit_ptr`` compartments of each neuron; ``profile`` and ``threshold`` numbers per compartment (a programmed
    neuron counts as one, with threshold -1); ``refractory``, ``delay`` and ``weight_bits`` the largest per neuron;
    ``port``, ``bits`` (per synapse, without index), ``format`` (dense one of each pair) and ``rule`` (number of the
    learning rule, -1 for none) per net; ``state`` in bytes and number of the program (-1 for none) per compartment,
    ``programs`` by number.
    """

    chip: Chip
    nets: Nets
    unit_ptr: Ints
    profile: Ints
    threshold: Ints
    refractory: Ints
    delay: Ints
    weight_bits: Ints
    port: Ints
    bits: Ints
    format: Ints
    rule: Ints
    state: Ints
    program: Ints
    programs: tuple[NeuronProgram, ...]

    @classmethod
    def of(cls, lowered: Lowered, nets: Nets, chip: Chip) -> _Shared:
        network = lowered.network
        if not network.neurons:
            raise UnsupportedError(f"{chip.name}: network {network.name} has no population that computes")
        parameters, _ = registers(network, chip)
        fixed, banks = np.flatnonzero(~is_programmed(network)), banks_of(network, chip)
        noise = noise_of(network, arithmetic(chip), 0).on(fixed)
        units = np.concatenate([np.full(p.size, p.compartments, dtype=np.int64) for p in network.neurons])
        unit_ptr = np.concatenate([[0], np.cumsum(units)]).astype(np.int64)
        encodings = [encode(p, chip)[0] for p in network.projections]
        projection = nets.projection
        per_synapse = projection[nets.net_of_synapse]
        delay, weight_bits = np.zeros((2, len(units)), dtype=np.int64)
        delays = [
            np.maximum(p.delays.astype(np.int64) - 1, e.longest)
            for p, e in zip(network.projections, encodings, strict=True)
        ]
        start = np.cumsum([0, *map(len, delays)])
        own = np.array([e.bits for e in encodings], dtype=np.int64)
        np.maximum.at(delay, nets.target, np.concatenate([*delays, start[:0]])[start[per_synapse] + nets.synapse])
        np.maximum.at(weight_bits, nets.target, own[per_synapse])
        profile, threshold, refractory, state, program = np.zeros((5, unit_ptr[-1]), dtype=np.int64)
        profile[fixed] = np.unique(_profiles(parameters, noise), axis=0, return_inverse=True)[1].ravel()
        threshold[fixed] = np.unique(parameters.threshold, return_inverse=True)[1]
        refractory[fixed], state[fixed], program[fixed] = parameters.refractory, compartment_bytes(chip), -1
        profiles = {bank.profile: len(fixed) + k for k, bank in enumerate(banks)}
        programs = {bank.program: k for k, bank in enumerate(banks)}
        for bank in banks:
            profile[bank.unit], threshold[bank.unit] = profiles[bank.profile], -1
            state[bank.unit], program[bank.unit] = bank.state_bytes, programs[bank.program]
        return cls(
            chip,
            nets,
            unit_ptr,
            profile,
            threshold,
            np.maximum.reduceat(refractory, unit_ptr[:-1]),
            delay,
            weight_bits,
            np.array([p.port for p in network.projections], dtype=np.int64)[projection],
            np.array([e.synapse_bits for e in encodings], dtype=np.int64)[projection],
            2 * format_numbers(encodings)[projection],
            _rule_numbers(encodings)[projection],
            state,
            program,
            tuple(bank.program for bank in banks),
        )

    def needs(self, neurons: Ints, sends: Ints) -> dict[str, int]:
        """Return how much of every limit a core with exactly these neurons (ascending) uses."""
        chip, sizes = self.chip, np.diff(self.unit_ptr)[neurons]
        first, compartments = np.cumsum(sizes) - sizes, int(sizes.sum())
        units = np.repeat(self.unit_ptr[neurons] - first, sizes) + np.arange(compartments)
        counts, nets = self.nets.reaching_each(neurons)
        order = np.argsort(nets, kind="stable")
        target = (np.repeat(first, counts) + self.port[nets])[order]
        net, begin, synapses = np.unique(nets[order], return_index=True, return_counts=True)
        sparse = ~is_dense(target, np.append(begin, len(target)))
        bits = self.bits[net] + np.where(sparse, index_bits(compartments, chip), 0)
        words = int(axon_words(synapses, bits, chip).sum())
        delay = int(self.delay[neurons].max(initial=0))
        needs = {
            "compartments": compartments,
            "input_axons": len(net),
            "output_axons": int(sends.sum()),
            "synapse_memory_words": words,
            "compartment_profiles": len(np.unique(self.profile[units])),
            "threshold_profiles": len(set(self.threshold[units].tolist()) - {-1}),
            "synapse_formats": len(np.unique(self.format[net] + sparse)),
            "delay_max": delay,
            "accumulator_slots": accumulator_slots(delay, chip) * compartments,
            "refractory_max": int(self.refractory[neurons].max(initial=0)),
            "weight_bits_max": int(self.weight_bits[neurons].max(initial=0)),
            "learning_rules": len(set(self.rule[net].tolist()) - {-1}),
        }
        if not chip.limit("programmable"):
            return needs
        state = self.state[units]
        run = [self.programs[k] for k in set(self.program[units].tolist()) - {-1}]
        return needs | _programmed(int(state.sum()), int(state.max(initial=0)), run, words, chip)


def _exceeded(needs: dict[str, int], chip: Chip) -> Usage | None:
    """Return the first limit that is exceeded."""
    for limit, needed in needs.items():
        if needed > chip.limit(limit):
            return Usage(limit, -1, needed, chip.limit(limit))
    return None


class _Axons(NamedTuple):
    """The input axons that some nets have on a core, one entry per net.

    ``synapses``, 0 = no axon; ``last`` compartment reached; ``sparse``, an index is stored.
    """

    synapses: Ints
    last: Ints
    sparse: NDArray[np.bool_]

    def of(self, nets: Ints) -> _Axons:
        return _Axons(self.synapses[nets], self.last[nets], self.sparse[nets])


class CompartmentFill:
    """One core being filled; ``needs`` says how much of each limit it uses, as ``usage`` will find it loaded."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        n = shared.nets.n
        self._axons = _Axons(np.zeros(n, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.bool_))
        self._profiles: set[int] = set()
        self._thresholds: set[int] = set()
        self._programs: set[int] = set()
        self._rules: set[int] = set()
        self._state = 0
        self._formats = np.zeros(int(shared.format.max(initial=-1)) + 2, dtype=np.int64)
        self.needs = dict.fromkeys(limits_of(shared.chip), 0)

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        """Place one more neuron here and return None, or leave the core as it is and return the exceeded limit."""
        shared, chip, needs = self._shared, self._shared.chip, self.needs
        units = slice(shared.unit_ptr[neuron], shared.unit_ptr[neuron + 1])
        profiles = self._profiles.union(shared.profile[units].tolist())
        thresholds = self._thresholds.union(shared.threshold[units].tolist()) - {-1}
        programs = self._programs.union(shared.program[units].tolist()) - {-1}
        state = self._state + int(shared.state[units].sum())
        rules = self._rules.union(shared.rule[shared.nets.reaching(neuron)].tolist()) - {-1}
        nets, added = np.unique(shared.nets.reaching(neuron), return_counts=True)
        before = self._axons.of(nets)
        after = self._grown(before, needs["compartments"] + shared.port[nets], added)
        formats = self._formats.copy()
        np.subtract.at(formats, (shared.format[nets] + before.sparse)[before.synapses > 0], 1)
        np.add.at(formats, shared.format[nets] + after.sparse, 1)
        compartments = needs["compartments"] + units.stop - units.start
        delay = max(needs["delay_max"], int(shared.delay[neuron]))
        wanted = {
            "compartments": int(compartments),
            "input_axons": needs["input_axons"] + int((before.synapses == 0).sum()),
            "output_axons": needs["output_axons"] + sends,
            "synapse_memory_words": self._memory(nets, before, after, int(compartments)),
            "compartment_profiles": len(profiles),
            "threshold_profiles": len(thresholds),
            "synapse_formats": int(np.count_nonzero(formats)),
            "delay_max": delay,
            "accumulator_slots": accumulator_slots(delay, chip) * int(compartments),
            "refractory_max": max(needs["refractory_max"], int(shared.refractory[neuron])),
            "weight_bits_max": max(needs["weight_bits_max"], int(shared.weight_bits[neuron])),
            "learning_rules": len(rules),
        }
        if chip.limit("programmable"):
            largest = max(needs["state_bytes_max"], int(shared.state[units].max()))
            run = [shared.programs[k] for k in programs]
            wanted |= _programmed(state, largest, run, wanted["synapse_memory_words"], chip)
        exceeded = _exceeded(wanted, chip)
        if exceeded is not None:
            return exceeded
        for column, values in zip(self._axons, after, strict=True):
            column[nets] = values
        self._profiles, self._thresholds, self._formats, self.needs = profiles, thresholds, formats, wanted
        self._programs, self._state, self._rules = programs, state, rules
        return None

    def hold(self, neurons: Ints, sends: Ints) -> Usage | None:
        """Return the limit that an empty core with exactly these neurons (ascending) exceeds, None if it holds them."""
        return _exceeded(self._shared.needs(neurons, sends), self._shared.chip)

    def least(self, neurons: Ints) -> tuple[Usage, ...]:
        """Return what these neurons need at least of each limit, summed over however many cores they are spread."""
        shared, chip = self._shared, self._shared.chip
        nets = shared.nets.reaching_each(neurons)[1]
        sending = np.isin(shared.nets.source - shared.nets.n_inputs, neurons)
        needs = {
            "compartments": int(np.diff(shared.unit_ptr)[neurons].sum()),
            "input_axons": len(np.unique(nets)),
            "output_axons": int(sending.sum()),
            "synapse_memory_words": -(-int(shared.bits[nets].sum()) // chip.limit("word_bits")),
        }
        return tuple(Usage(limit, -1, needed, chip.limit(limit)) for limit, needed in needs.items())

    @staticmethod
    def _grown(before: _Axons, target: Ints, added: Ints) -> _Axons:
        """Return the axons when each reaches ``added`` times one more compartment, ``target``."""
        adjoins = (before.synapses == 0) | (target == before.last + 1)
        return _Axons(before.synapses + added, target, before.sparse | ~adjoins | (added > 1))

    def _memory(self, nets: Ints, before: _Axons, after: _Axons, compartments: int) -> int:
        """Return the words of the whole core when these axons have grown."""
        chip, total = self._shared.chip, self.needs["synapse_memory_words"]
        old, new = index_bits(self.needs["compartments"], chip), index_bits(compartments, chip)
        total += self._words(nets, after, new) - self._words(nets, before, old)
        if new != old:  # the index of every sparse axon grows, also of those that stay as they are
            others = np.flatnonzero(self._axons.sparse)
            others = others[~np.isin(others, nets, assume_unique=True)]
            same = self._axons.of(others)
            total += self._words(others, same, new) - self._words(others, same, old)
        return total

    def _words(self, nets: Ints, axons: _Axons, index: int) -> int:
        bits = self._shared.bits[nets] + np.where(axons.sparse, index, 0)
        return int(axon_words(axons.synapses, bits, self._shared.chip).sum())
