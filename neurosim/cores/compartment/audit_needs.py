"""The limits of compartment cores, reckoned from network and places without the tables that loading makes."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.audit import Ints, Synapses, greatest, per_core, synapses_of, usages
from neurosim.mapping.legality import Usage
from neurosim.network import (
    Compartment,
    CompartmentNeuron,
    LearningRule,
    Network,
    NeuronProgram,
    Population,
    ProgrammedNeuron,
    Projection,
)

_PROFILE = ("decay_u", "decay_v", "refractory")


class Format(NamedTuple):
    """Bits per weight, sign mode, exponent, bits per delay and per tag, and the rule of synapses that learn."""

    bits: int
    sign: str
    exponent: int
    delay_bits: int
    tag_bits: int = 0
    rule: LearningRule | None = None
    modulates: bool = False


def needs(network: Network, core_of: NDArray[np.int32], chip: Chip) -> list[Usage]:
    """Return how much of every limit each core needs."""
    cores = core_of.astype(np.int64)
    synapses = synapses_of(network, np.zeros(network.n_synapses, dtype=np.int64))
    compartments = np.concatenate([np.full(p.size, p.compartments, dtype=np.int64) for p in network.neurons])
    count = per_core(cores, cores, compartments)
    where, formats = cores[synapses.target], [_format(p, chip) for p in network.projections]
    longest = np.array([_longest(p, chip) for p in network.projections], dtype=np.int64)[synapses.projection]
    late = greatest(where, np.maximum(synapses.delay - 1, longest))
    net = synapses.projection * (network.n_inputs + network.n_neurons) + synapses.source
    from_neuron = np.flatnonzero(synapses.source >= network.n_inputs)
    sender = cores[synapses.source[from_neuron] - network.n_inputs]
    pairs = net[from_neuron] * chip.n_cores + where[from_neuron]
    words, distinct = _memory(synapses, net, where, _units(cores, compartments), count, formats, chip)
    widths = np.array([f.bits for f in formats], dtype=np.int64)[synapses.projection]
    wanted = {
        "compartments": count,
        "input_axons": per_core(where, net),
        "output_axons": per_core(sender, pairs),
        "synapse_memory_words": words,
        "synapse_formats": distinct,
        "delay_max": late,
        "accumulator_slots": {core: n * _slots(late.get(core, 0), chip) for core, n in count.items()},
        "weight_bits_max": greatest(where, widths),
        "learning_rules": _rules(network, synapses.projection, where),
        **_registers(network, cores),
    }
    if chip.limit("programmable"):
        wanted |= _programs(network, cores, words, chip)
    return usages(chip, cores, wanted)


def _slots(delay: int, chip: Chip) -> int:
    """Return the slots for delays up to ``delay``: a power of two that holds the one being read and all to come."""
    slots = 1
    while slots < delay + 2:
        slots *= 2
    return max(slots, chip.limit("delay_window"))


def _longest(projection: Projection, chip: Chip) -> int:
    """Return the longest delay after the next step that synapses which learn are stored for, 0 for others.

    All of a projection are stored alike, wherever they lie, and for what a rule may make of their delays.
    """
    rule = projection.learning
    if rule is None:
        return 0
    longest = int(np.max(projection.delay, initial=1)) - 1
    if any(each.target == "d" for each in rule.sums):
        longest = max(longest, chip.limit("delay_max") if rule.max_delay is None else rule.max_delay)
    return longest


def _format(projection: Projection, chip: Chip) -> Format:
    """Return how the synapses of a projection are stored."""
    delay = int(np.max(projection.delay, initial=1)) - 1 if len(projection.targets) else 0
    delay_bits = max(delay, _longest(projection, chip)).bit_length()
    if projection.modulates:
        return Format(chip.width("reward_bits"), "mixed", 0, delay_bits, modulates=True)
    rule = projection.learning
    if rule is not None:  # weights have their full width, and tags are stored where they are read or changed
        tag = chip.width("tag_bits") if "t" in rule.variables else 0
        return Format(chip.limit("weight_bits_max"), rule.sign, projection.exponent, delay_bits, tag, rule)
    low, high = int(projection.weights.min(initial=0)), int(projection.weights.max(initial=0))
    sign = "mixed" if low < 0 < high else "negative" if low < 0 else "positive"
    bits = max(max(high, -low).bit_length() + (sign == "mixed"), 1)
    bits += bits == chip.limit("weight_bits_gap")
    return Format(bits, sign, projection.exponent, delay_bits)


def _rules(network: Network, projection: Ints, where: Ints) -> dict[int, int]:
    """Return how many different rules the synapses of every core have."""
    learning = [p.learning for p in network.projections]
    number = {rule: k for k, rule in enumerate(dict.fromkeys(learning)) if rule is not None}
    rule = np.array([number.get(each, -1) if each is not None else -1 for each in learning], dtype=np.int64)[projection]
    return per_core(where[rule >= 0], rule[rule >= 0])


def _units(cores: Ints, compartments: Ints) -> Ints:
    """Return the first compartment of each neuron on its core: neurons of a core stand in ascending order."""
    first, filled = np.zeros(len(cores), dtype=np.int64), defaultdict[int, int](int)
    for neuron, (core, width) in enumerate(zip(cores.tolist(), compartments.tolist(), strict=True)):
        first[neuron] = filled[core]
        filled[core] += width
    return first


def _memory(
    synapses: Synapses, net: Ints, where: Ints, first: Ints, count: dict[int, int], formats: list[Format], chip: Chip
) -> tuple[dict[int, int], dict[int, int]]:
    """Return the words of synapse memory and the number of synapse formats of every core, axon by axon."""
    unit = first[synapses.target] + synapses.port
    order = np.lexsort((unit, net, where))
    begins = np.flatnonzero(np.diff(where[order], prepend=-1) | np.diff(net[order], prepend=-1))
    jumps = np.diff(unit[order], prepend=0) != 1
    jumps[begins] = False  # the step onto an axon's first synapse is no gap of its own
    sparse = np.add.reduceat(jumps, begins) > 0 if len(begins) else begins > 0
    size, head = np.diff(np.append(begins, len(order))), order[begins]
    core, projection = where[head], synapses.projection[head]
    index = {each: _index_bits(n, chip) for each, n in count.items()}
    bits = np.array([f.bits + f.delay_bits + f.tag_bits for f in formats], dtype=np.int64)[projection]
    bits = bits + np.where(sparse, [index[each] for each in core.tolist()], 0).astype(np.int64)
    distinct = {each: k for k, each in enumerate(dict.fromkeys(formats))}
    kind = 2 * np.array([distinct[each] for each in formats], dtype=np.int64)[projection] + sparse
    return per_core(core, core, _words(size, bits, chip)), per_core(core, kind)


def _index_bits(compartments: int, chip: Chip) -> int:
    bits = chip.limit("index_bits_min")
    while 1 << bits < compartments and bits < chip.limit("index_bits_max"):
        bits += 1
    return bits


def _words(synapses: Ints, bits: Ints, chip: Chip) -> Ints:
    """Return the words of axons: blocks of synapses with a header each, every block from a word's beginning."""
    block, word, header = (chip.limit(name) for name in ("synapse_block", "word_bits", "synapse_header_bits"))
    words, left = np.zeros_like(synapses), synapses.copy()
    while left.any():
        here = np.minimum(left, block)
        words += np.where(here > 0, (here * bits + header + word - 1) // word, 0)
        left -= here
    return words


def _registers(network: Network, cores: Ints) -> dict[str, dict[int, int]]:
    """Return profiles, thresholds and the longest refractory time of every core."""
    profiles, thresholds = defaultdict[int, set[object]](set), defaultdict[int, set[int]](set)
    refractory, at = dict.fromkeys(np.unique(cores).tolist(), 0), 0
    for population in network.neurons:
        here = cores[at : at + population.size]
        at += population.size
        if isinstance(population.neuron, ProgrammedNeuron):
            profile = (population.neuron.program, _shared(population.neuron))
            for core in np.unique(here).tolist():
                profiles[core].add(profile)
            continue
        for part in _parts(population):
            table = [np.broadcast_to(np.asarray(getattr(part, name)), population.size) for name in _PROFILE]
            bound = np.broadcast_to(np.asarray(part.threshold), population.size)
            for core, *values, threshold in zip(here, *table, bound, strict=True):
                rest = part.join, part.spiking, part.noise_target != "none"
                profiles[int(core)].add((*map(int, values), *rest))
                thresholds[int(core)].add(int(threshold))
                refractory[int(core)] = max(refractory[int(core)], int(values[-1]))
    return {
        "compartment_profiles": {core: len(found) for core, found in profiles.items()},
        "threshold_profiles": {core: len(found) for core, found in thresholds.items()},
        "refractory_max": refractory,
    }


def _parts(population: Population) -> tuple[Compartment, ...]:
    return population.neuron.compartments if isinstance(population.neuron, CompartmentNeuron) else ()


def _shared(model: ProgrammedNeuron) -> tuple[tuple[str, int], ...]:
    """Return the parameters that all neurons of a population share, which belong to a profile."""
    given = ((name, model.parameters[name]) for name in model.program.parameters)
    return tuple((name, int(value)) for name, value in given if np.ndim(value) == 0)


def _programs(network: Network, cores: Ints, words: dict[int, int], chip: Chip) -> dict[str, dict[int, int]]:
    """Return bytes of memory, the largest state and the instructions of all different programs of every core."""
    state, largest = defaultdict[int, int](int), defaultdict[int, int](int)
    codes, at = defaultdict[int, set[NeuronProgram]](set), 0
    for population in network.neurons:
        each = _state_bytes(population, chip)
        for core in cores[at : at + population.size].tolist():
            state[core] += each * population.compartments
            largest[core] = max(largest[core], each)
            if isinstance(population.neuron, ProgrammedNeuron):
                codes[core].add(population.neuron.program)
        at += population.size
    word_bytes = chip.limit("word_bits") // 8
    return {
        "core_memory_bytes": {core: n + words.get(core, 0) * word_bytes for core, n in state.items()},
        "state_bytes_max": dict(largest),
        "program_length_max": {c: sum(len(p.code) for p in found) for c, found in codes.items()},
    }


def _state_bytes(population: Population, chip: Chip) -> int:
    """Return the bytes of state of one compartment or programmed neuron."""
    model = population.neuron
    if isinstance(model, ProgrammedNeuron):
        own = len(model.program.registers) + len(model.program.parameters) - len(_shared(model))
        bits = own * model.program.bits
    else:
        bits = chip.width("current_bits") + chip.width("voltage_bits") + chip.limit("refractory_max").bit_length()
    return max((bits + 7) // 8, chip.limit("state_bytes_min"))
