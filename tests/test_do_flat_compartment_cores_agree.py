"""Do compartment cores in flat arrays do what they do one by one: who fires, when, what is counted, what is left?

Random networks on random places, driven step by step with random arrivals, in ranges of cores in any order. Widened
registers call for other types in the arrays; wide axons for blocks of weights.
"""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programmed_networks import LOIHI2, draw_programmed_case
from strategies import KINDS, LOIHI, cases, draw_case, place, seeds

import neurosim as ns
from neurosim.cores.compartment import counters, flat, reset, start
from neurosim.cores.flat import Arrivals, fired_of, read_membranes, receive_spikes, stamp_input, sweep_cores
from neurosim.mapping import Mapping
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

UNTOUCHED = -77


def ranges(rng, n):
    """All cores at once, one by one, or cut anywhere, in any order; empty ranges too."""
    cuts = [[0, n], [*range(n + 1)], [0, *sorted(rng.integers(0, n + 1, 3).tolist()), n]][rng.integers(3)]
    parts = list(pairwise(cuts))
    return [parts[k] for k in rng.permutation(len(parts))]


class Pair:
    """The cores of a program twice: in flat arrays, and one by one as the event kernel drives them."""

    def __init__(self, program, seed, values=0):
        self.program, self.rng, self.values = program, np.random.default_rng(seed), values
        constants = program.chip.constants()
        self.flat = flat(program, constants)
        self.states = [start(program, k, constants) for k in range(len(program.cores))]
        self.fired = fired_of(program, multicast=False)
        self.seen = Counter()

    def run(self, steps):
        for step in range(steps):
            self.update(step)
            self.finish_step(step)

    def reset(self):
        reset(self.flat)
        for state in self.states:
            state.reset()

    def update(self, step):
        fired = self.fired
        for part in (fired.unit, fired.units, fired.entry, fired.payload, fired.leaves, fired.messages, fired.duration):
            part[:] = UNTOUCHED
        swept = set()
        for first, last in ranges(self.rng, len(self.states)):
            sweep_cores(self.flat, first, last, step, fired)
            swept |= {*range(first, last)}
            for core in {*range(len(self.states))} - swept:
                assert {*self.part(core)} <= {UNTOUCHED}
        for core, state in enumerate(self.states):
            firing = state.update()
            units, messages = int(fired.units[core]), int(fired.messages[core])
            at, entry = int(fired.unit_ptr[core]), int(fired.entry_ptr[core])
            assert fired.unit[at : at + units].tolist() == firing.units.tolist()
            for column, expected in (
                (fired.entry, firing.destination),
                (fired.payload, firing.payload),
                (fired.leaves, firing.time),
            ):
                assert column[entry : entry + messages].tolist() == expected.tolist()
            assert fired.duration[core] == firing.duration
            self.seen["messages"] += messages
        self.compare()

    def part(self, core):
        """Everything of Fired that belongs to a core."""
        f = self.fired
        units = slice(f.unit_ptr[core], f.unit_ptr[core + 1])
        entries = slice(f.entry_ptr[core], f.entry_ptr[core + 1])
        columns = f.unit[units], f.entry[entries], f.payload[entries], f.leaves[entries]
        return [*np.concatenate(columns).tolist(), f.units[core], f.messages[core], f.duration[core]]

    def finish_step(self, step):
        arrivals = self.draw_arrivals()
        processed = []
        for first, last in ranges(self.rng, len(self.states)):
            before = self.flat.counters.copy()
            processed.append(receive_spikes(self.flat, first, last, step, arrivals))
            before[first:last] = self.flat.counters[first:last]
            assert np.array_equal(before, self.flat.counters)
        expected = 0
        for core, state in enumerate(self.states):
            here = slice(arrivals.begin[core], arrivals.begin[core] + arrivals.count[core])
            state.finish_step(arrivals.axon[here], arrivals.payload[here])
            busy = 0
            for axon, time in zip(arrivals.axon[here].tolist(), arrivals.time[here].tolist(), strict=True):
                busy = max(time, busy) + state.axon_time[axon]
            expected = max(expected, busy)
        assert max(processed) == expected
        self.compare()

    def draw_arrivals(self):
        """Some axons of every core, now and then twice; the cores' parts lie in any order with gaps between."""
        rng = self.rng
        axons = [len(image.axon_ptr) - 1 for image in self.program.images]
        count = np.array([rng.integers(n + 1) if rng.random() < 0.7 else 0 for n in axons])
        begin, end = np.zeros_like(count), 0
        for core in rng.permutation(len(axons)):
            begin[core] = end + rng.integers(3)
            end = begin[core] + count[core]
        axon, payload, time = np.full(end, 10**6), np.ones(end, dtype=np.int64), np.zeros(end, dtype=np.int64)
        for core, (a, n) in enumerate(zip(begin, count, strict=True)):
            axon[a : a + n] = rng.choice(axons[core], n, replace=rng.random() < 0.3) if n else 0
            time[a : a + n] = np.sort(rng.integers(0, 10**6, n))
            if rng.random() < 0.7:
                payload[a : a + n] = rng.integers(-self.values, self.values + 1, n) if self.values else 1
        return Arrivals(begin, count, axon, payload, time)

    def compare(self):
        """Counters and membranes."""
        names = counters(self.program.chip)
        for state, row in zip(self.states, self.flat.counters, strict=True):
            assert dict(zip(names, row.tolist(), strict=True)) == dict(zip(names, state.counters.tolist(), strict=True))
        sizes = [image.n for image in self.program.images]
        found = np.full(sum(sizes), UNTOUCHED, dtype=np.int64)
        read_membranes(self.flat, found)
        expected = [state.membranes(np.arange(n)) for state, n in zip(self.states, sizes, strict=True)]
        assert found.tolist() == np.concatenate(expected).tolist()


def agree(program, seed, values=0, steps=9):
    pair = Pair(program, seed, values)
    pair.run(steps)
    pair.reset()
    pair.run(3)
    return pair


@settings(max_examples=100, deadline=None)
@given(cases(), seeds)
def test_do_they_agree_on_random_networks_and_places(case, seed):
    agree(ns.load_program(place(case.network, seed)), seed)


@settings(max_examples=100, deadline=None)
@given(seeds, st.booleans())
def test_do_they_agree_on_programs_and_spikes_with_values(seed, small):
    network = draw_programmed_case(seed).network
    agree(ns.load_program(place(network, seed, LOIHI2)), seed, 3 if small else 2**23 - 1)


def broad(seed, sizes=(40, 70)):
    """Populations as large as several blocks of weights, with axons from thin to full and delays alike or mixed."""
    rng = np.random.default_rng(seed)
    neuron = CompartmentNeuron((Compartment(decay_u=0, decay_v=9, threshold=64 * 150, bias=3, noise_target="current"),))
    pair = CompartmentNeuron((Compartment(1024, 0, threshold=64), Compartment(0, 0, threshold=64 * 150, join="add")))
    populations = (Population("in", 9, Source()), Population("a", sizes[0], neuron), Population("b", sizes[1], pair))
    projections = []
    for source in populations:
        for target in populations[1:]:
            some = rng.random((source.size, target.size)) < rng.choice([0.05, 0.3, 0.9, 1.0], (source.size, 1))
            some[0, 0] = True
            weights = rng.integers(-127, 128, (source.size, target.size)) * some
            plain = Projection.dense(source.name, target.name, weights)
            delay = 1 if rng.random() < 0.5 else rng.choice([1, 2, 7], len(plain.targets)).astype(np.int16)
            columns = source.name, target.name, plain.indptr, plain.targets, plain.weights
            projections.append(Projection(*columns, delay, int(rng.integers(target.compartments)), 6))
    return Network("broad", populations, tuple(projections), ("b",))


def placed(network, seed, chip):
    """Put the neurons on four cores."""
    lowered = ns.map(network, chip).lowered
    cores = np.random.default_rng(seed).choice(4, lowered.network.n_neurons).astype(np.int32)
    return ns.load_program(Mapping(network, lowered, chip, cores, "random", 0))


WIDER = [
    {"time.random_number": "7 ns"},
    {"arithmetic.synaptic_sum_bits": "30"},  # sums in 32 bits
    {"arithmetic.synaptic_sum_bits": "45"},  # and in 64
    {"arithmetic.synaptic_sum_bits": "45", "arithmetic.current_bits": "40"},  # parameters and state in 64
]


@pytest.mark.parametrize("changes", WIDER, ids=range(len(WIDER)))
@pytest.mark.parametrize("seed", range(3))
def test_do_they_agree_on_broad_axons_and_wide_registers(changes, seed):
    roomy = {"limits.synapse_memory_words": "100000", "limits.synapse_formats": "64"}
    for chip, values in ((LOIHI, 0), (LOIHI2, 2**23 - 1)):
        agree(placed(broad(seed), seed, chip.with_overrides(roomy | changes)), seed, values)


def test_do_they_agree_where_voltages_are_clipped_and_rest():
    parts = Compartment(decay_u=4095, decay_v=0, bias=4095 << 7, threshold=(2**17 - 1) << 6, refractory=3)
    neuron = CompartmentNeuron((parts,))
    weights = np.full(20, -127)
    synapse = Projection("in", "a", np.array([0, 20]), np.arange(20, dtype=np.int32), weights, 1, 0, 12)
    network = Network("clipped", (Population("in", 1, Source()), Population("a", 20, neuron)), (synapse,), ("a",))
    pair = agree(ns.load_program(ns.map(network, LOIHI)), 1, steps=60)
    assert pair.seen["messages"] == 0
    pair.reset()
    pair.run(40)
    assert total(pair, "voltages_clipped") > 0
    assert total(pair, "spikes") > 0


def test_is_a_pulse_stamped_with_its_value():
    cores = flat(placed(broad(0), 0, LOIHI2), LOIHI2.constants())
    assert stamp_input(cores, 3, 5, -9) == -9


def total(pair, name):
    return int(pair.flat.counters[:, counters(pair.program.chip).index(name)].sum())


def test_do_the_cases_put_the_question():
    seen = Counter()
    for seed in range(30):
        chip, case = (LOIHI2, draw_programmed_case(seed)) if seed % 2 else (LOIHI, draw_case(seed, KINDS[seed % 5 :]))
        pair = agree(ns.load_program(place(case.network, seed, chip)), seed, 300)
        for name in {*counters(chip)} - {"voltages_clipped", "synapse_updates", "trace_updates"}:  # tested elsewhere
            seen[name] += total(pair, name)
        seen["messages"] += pair.seen["messages"]
        for image in pair.program.images:
            joins = bool(np.any(image.parameters.join))
            seen["mixed"] += len(image.banks) > 0 and len(image.fixed) > 0
            seen["programs alone"] += len(image.banks) > 0 and not len(image.fixed)
            seen["joined"] += joins
            seen["single"] += not joins and not image.banks
            seen["several delays"] += len(np.unique(image.delay)) > 1
    assert min(seen.values()) > 20, seen
    assert len(seen) == 15
