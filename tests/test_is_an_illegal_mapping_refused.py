"""Is every mapping that Loihi would reject refused, by name, and is none of them ever made by a mapper?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import GRAIN, KINDS, LOIHI, cases, draw_case

import neurosim as ns
from neurosim.cores import core_kind
from neurosim.cores.compartment import lower
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import Mapping, MappingProblem, nets_of
from neurosim.mapping.partition.sequential import sequential_fill
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

KIND = core_kind("compartment")
CELL = {"decay_u": 4095, "decay_v": 0, "threshold": 64}


def cells(n, **changes):
    return Population("cells", n, CompartmentNeuron((Compartment(**(CELL | changes)),)))


def lines(n):
    return Population("lines", n, Source())


def synapses(source, matrix, delay=1, target="cells", port=0):
    p = Projection.dense(source, target, matrix, delay)
    return Projection(source, target, p.indptr, p.targets, p.weights, delay, port, GRAIN)


def network(*parts):
    populations = tuple(p for p in parts if isinstance(p, Population))
    projections = tuple(p for p in parts if isinstance(p, Projection))
    return Network("planted", populations, projections, tuple(p.name for p in populations if not p.is_source)[:1])


def load(net, core_of=0):
    """Place by hand and load; everything on core 0 unless told otherwise. Returns usage by (core, limit)."""
    lowered = lower(net, LOIHI)
    places = np.broadcast_to(np.asarray(core_of, dtype=np.int32), (lowered.network.n_neurons,)).copy()
    program = ns.load_program(Mapping(net, lowered, LOIHI, places, "by hand", 0))
    return {(u.core, u.limit): u.needed for u in KIND.usage(program)}


def refused(net, limit, needed, available, core_of=0, core=0):
    with pytest.raises(CapacityError) as caught:
        load(net, core_of)
    error = caught.value
    assert (error.limit, error.needed, error.available) == (limit, needed, available)
    assert f"limit {limit} on core {core}: needed {needed}, available {available}" in str(error)


# ---- one over each limit, and exactly at it ------------------------------------------------------------------


def test_compartments():
    assert load(network(cells(1024)))[0, "compartments"] == 1024
    refused(network(cells(1025)), "compartments", 1025, 1024)
    pair = CompartmentNeuron((Compartment(**CELL, spiking=False), Compartment(**CELL, join="add")))
    assert load(network(Population("pairs", 512, pair)))[0, "compartments"] == 1024
    refused(network(Population("pairs", 513, pair)), "compartments", 1026, 1024)


def test_input_axons():
    def fan_in(n):
        return network(lines(n), cells(1), synapses("lines", np.ones((n, 1), dtype=int)))

    assert load(fan_in(4096))[0, "input_axons"] == 4096
    refused(fan_in(4097), "input_axons", 4097, 4096)


def test_output_axons():
    # 1024 cells on core 0 send to one cell on each of 4 cores; cell 0 alone sends to one more core.
    def fan_out(more):
        matrix = np.zeros((1029, 1029), dtype=int)
        matrix[:1024, 1024:1028] = 1
        matrix[0, 1028] = more
        return network(cells(1029), synapses("cells", matrix))

    places = np.r_[np.zeros(1024), 1, 2, 3, 4, 5].astype(np.int32)
    assert load(fan_out(0), places)[0, "output_axons"] == 4096
    refused(fan_out(1), "output_axons", 4097, 4096, places)


def test_does_synapse_memory_hold_what_the_formula_says():
    # 8-bit weights of one sign, targets without gap: 64 synapses take 64 x 8 + 10 = 522 bits, so 9 words of 64.
    # 113 axons of 1024 synapses: 113 x 16 x 9 = 16272 words. One of 768: 12 x 9 = 108, together 16380.
    # Four words are left: 30 synapses take 30 x 8 + 10 = 250 bits and fit, 31 take 258 bits and need 5.
    def filled(rest):
        matrix = np.zeros((115, 1024), dtype=int)
        matrix[:113] = 200
        matrix[113, :768] = 200
        matrix[114, :rest] = 200
        return network(lines(115), cells(1024), synapses("lines", matrix))

    assert load(filled(30))[0, "synapse_memory_words"] == 16384
    refused(filled(31), "synapse_memory_words", 16385, 16384)


# (compartments, targets, weights by turns, delay) and the words of one axon, added up by hand.
PACKED = [
    # one excitatory weight of 1 bit, no index: 1 + 10 bits
    (1, [0], [1], 1, 1),
    # 54 of 1 bit: 64 bits fill the word; 55: 65 bits need two
    (100, range(54), [1], 1, 1),
    (100, range(55), [1], 1, 2),
    # 64 synapses: one block of 74 bits; 65: a second block, with a header of its own, for one synapse
    (100, range(64), [1], 1, 2),
    (100, range(65), [1], 1, 3),
    # a gap makes it sparse: 6 bits of index at least (50 compartments), so 7 bits each: 7 x 7 + 10 = 59, 8: 66
    (50, range(0, 14, 2), [1], 1, 1),
    (50, range(0, 16, 2), [1], 1, 2),
    # 64 compartments still take 6 bits of index, 65 take 7: 7 x 8 + 10 = 66
    (64, range(0, 14, 2), [1], 1, 1),
    (65, range(0, 14, 2), [1], 1, 2),
    # 1024 compartments: 10 bits; 4 x 11 + 10 = 54, 5 x 11 + 10 = 65
    (1024, range(0, 8, 2), [1], 1, 1),
    (1024, range(0, 10, 2), [1], 1, 2),
    # both signs: 1 bit of size and 1 of sign; 27 x 2 + 10 = 64
    (100, range(27), [1, -1], 1, 1),
    (100, range(28), [1, -1], 1, 2),
    # weights up to 64 need 7 bits, which are stored in 8: 6 x 8 + 10 = 58, 7 x 8 + 10 = 66
    (100, range(6), [64], 1, 1),
    (100, range(7), [64], 1, 2),
    # a delay of 4 steps is stored as 3 in 2 bits, one of 5 as 4 in 3 bits: 18 x 3 + 10 = 64, 18 x 4 + 10 = 82
    (100, range(18), [1], 4, 1),
    (100, range(18), [1], 5, 2),
]


@pytest.mark.parametrize(("compartments", "targets", "weights", "delay", "words"), PACKED)
def test_is_one_axon_packed_as_the_formula_says(compartments, targets, weights, delay, words):
    matrix = np.zeros((1, compartments), dtype=int)
    targets = list(targets)
    matrix[0, targets] = np.resize(weights, len(targets))
    net = network(lines(1), cells(compartments), synapses("lines", matrix, delay))
    assert load(net)[0, "synapse_memory_words"] == words


def test_does_a_repeated_target_need_an_index():
    # Targets 0, 0, 2 span as many compartments as there are synapses, but are no run: 3 x (1 + 1 + 6) + 10 bits
    # fit one word, 18 x 3 + 10 without index too; so fill up: 8 synapses over 8 compartments with one repetition.
    # Two delays, 1 bit: dense 8 x 2 + 10 = 26 bits (1 word), sparse 8 x 8 + 10 = 74 bits (2 words).
    targets = np.array([0, 1, 2, 3, 4, 5, 5, 7], dtype=np.int32)
    delays = np.array([1, 1, 1, 1, 1, 1, 2, 1], dtype=np.int16)
    p = Projection("lines", "cells", np.array([0, 8]), targets, np.ones(8, dtype=int), delays, 0, GRAIN)
    assert load(network(lines(1), cells(8), p))[0, "synapse_memory_words"] == 2
    run = Projection("lines", "cells", np.array([0, 8]), np.arange(8, dtype=np.int32), p.weights, delays, 0, GRAIN)
    assert load(network(lines(1), cells(8), run))[0, "synapse_memory_words"] == 1


def test_threshold_profiles():
    def with_thresholds(n):
        return network(cells(n, threshold=64 * np.arange(1, n + 1)))

    assert load(with_thresholds(8))[0, "threshold_profiles"] == 8
    refused(with_thresholds(9), "threshold_profiles", 9, 8)
    load(with_thresholds(9), [0] * 8 + [1])


def test_compartment_profiles():
    # What a profile holds: decays, refractory time and whether noise is drawn; a bias is the compartment's own.
    def with_decays(n):
        return network(cells(n, decay_v=np.arange(n), bias=np.arange(n) - 9))

    assert load(with_decays(32))[0, "compartment_profiles"] == 32
    refused(with_decays(33), "compartment_profiles", 33, 32)
    twice = network(cells(32, decay_v=np.arange(32) // 2, refractory=1 + np.arange(32) % 2))
    assert load(twice)[0, "compartment_profiles"] == 32
    quiet, noisy = (Compartment(**CELL, noise_target=target) for target in ("none", "current"))
    both = (Population(name, 2, CompartmentNeuron((cell,))) for name, cell in (("quiet", quiet), ("noisy", noisy)))
    assert load(network(*both))[0, "compartment_profiles"] == 2


def test_synapse_formats():
    # Seven widths of one sign (1 to 6 bits and 8), then the same widths of the other sign.
    sizes = [1, 3, 7, 15, 31, 63, 255, -1, -3]

    def with_formats(n):
        matrices = [synapses("lines", np.full((1, 2), size)) for size in sizes[:n]]
        return network(lines(1), cells(2), *matrices)

    assert load(with_formats(8))[0, "synapse_formats"] == 8
    refused(with_formats(9), "synapse_formats", 9, 8)


def test_delay():
    # A spike acts in the next step at the earliest; the field of 6 bits adds up to 62 steps to that.
    def with_delay(delay):
        return network(lines(1), cells(1), synapses("lines", [[1]], delay))

    assert load(with_delay(63))[0, "delay_max"] == 62
    with pytest.raises(NeurosimError, match="delay_max"):
        load(with_delay(64))


@pytest.mark.parametrize(
    ("delay", "slots"), [(1, 8), (7, 8), (8, 16), (15, 16), (16, 32), (31, 32), (32, 64), (63, 64)]
)
def test_accumulators(delay, slots):
    # 8 slots for each of 1024 compartments: longer delays leave fewer compartments. A delay field of d needs d + 2.
    fit = 8 * 1024 // slots

    def with_delay(n):
        return network(lines(1), cells(n), synapses("lines", np.ones((1, n), dtype=int), delay))

    assert load(with_delay(fit))[0, "accumulator_slots"] == 8192
    more = "compartments" if fit == 1024 else "accumulator_slots"
    refused(with_delay(fit + 1), more, 1025 if fit == 1024 else 8192 + slots, 1024 if fit == 1024 else 8192)
    assert len(ns.map(with_delay(fit), LOIHI).cores) == 1
    assert len(ns.map(with_delay(fit + 1), LOIHI).cores) == 2


def test_refractory():
    assert load(network(cells(2, refractory=64)))[0, "refractory_max"] == 64
    refused(network(cells(2, refractory=65)), "refractory_max", 65, 64)
    with pytest.raises(UnsupportedError, match="refractory 0"):
        load(network(cells(2, refractory=0)))


@pytest.mark.parametrize(("weights", "bits"), [([256], 9), ([-256], 9), ([128, -1], 9), ([300, -300], 10)])
def test_weights(weights, bits):
    load(network(lines(1), cells(2), synapses("lines", [[255, 1]])))
    load(network(lines(1), cells(2), synapses("lines", [[127, -127]])))
    matrix = np.array([weights])
    with pytest.raises(UnsupportedError, match=rf"weight_bits_max.*{bits} bits.*available 8"):
        load(network(lines(1), cells(len(weights)), synapses("lines", matrix)))


@pytest.mark.parametrize(
    ("register", "held", "not_held"),
    [
        ("decay_u", [0, 4095], [-1, 4096]),
        ("decay_v", [0, 4095], [-1, 4096]),
        ("threshold", [0, 64, 64 * (2**17 - 1)], [-64, 32, 100, 64 * 2**17]),
        ("bias", [0, -4095, 4095 * 128, -4095 * 64], [4097, 4096 * 128, -8193]),
        ("initial", [-(2**23) + 1, 2**23 - 1], [-(2**23), 2**23]),
    ],
)
def test_registers(register, held, not_held):
    for value in held:
        load(network(cells(2, **{register: value})))
    for value in not_held:
        with pytest.raises(UnsupportedError, match=f"'cells': {register} {value},"):
            load(network(cells(2, **{register: np.array([0, value])})))


@pytest.mark.parametrize("join", ["add", "max", "min", "pass"])
def test_a_first_compartment_that_joins_nothing(join):
    with pytest.raises(UnsupportedError, match=f"'cells': the first compartment has join '{join}'"):
        load(network(cells(2, join=join)))


def test_cores():
    # Neurons of 513 compartments: one per core, and there are 128 cores.
    big = CompartmentNeuron((Compartment(**CELL),) + (Compartment(**CELL, join="add"),) * 512)

    def crowd(n):
        return network(Population("big", n, big))

    assert len(ns.map(crowd(128), LOIHI).cores) == 128
    with pytest.raises(CapacityError) as caught:
        ns.map(crowd(129), LOIHI)
    assert (caught.value.limit, caught.value.needed, caught.value.available) == ("cores", 129, 128)
    with pytest.raises(CapacityError) as caught:
        load(crowd(2), [5, 128])
    assert (caught.value.limit, caught.value.needed, caught.value.available) == ("cores", 129, 128)


@pytest.mark.parametrize("core_of", [np.zeros(3, np.int32), np.zeros(2), np.zeros((2, 1), np.int32), np.array([-1, 0])])
def test_a_placement_that_is_none(core_of):
    net = network(cells(2))
    with pytest.raises(NeurosimError, match="placement"):
        Mapping(net, lower(net, LOIHI), LOIHI, core_of, "by hand", 0)


def test_a_network_without_neurons():
    with pytest.raises(NeurosimError, match="no population that computes"):
        ns.map(Network("nothing", (lines(3),), (), ()), LOIHI)


# ---- mappers -------------------------------------------------------------------------------------------------


def problem_of(net, chip):
    lowered = lower(net, chip)
    nets = nets_of(lowered.network)
    fill = KIND.core_filler(lowered, nets, chip)
    geometry = (chip.columns, chip.rows, chip.cores_per_tile)
    return MappingProblem(chip.name, lowered.network.n_neurons, nets, *geometry, fill), lowered


TIGHT = {
    "compartments": st.integers(2, 20),
    "input_axons": st.integers(4, 30),
    "output_axons": st.integers(2, 30),
    "synapse_memory_words": st.integers(4, 60),
    "compartment_profiles": st.integers(2, 4),
    "threshold_profiles": st.integers(2, 4),
    "synapse_formats": st.integers(2, 6),
    "accumulator_slots": st.sampled_from([128, 512, 8192]),
}


@st.composite
def tight_chips(draw):
    """Loihi with some of its capacities cut down, so that small networks meet them."""
    chosen = draw(st.lists(st.sampled_from(sorted(TIGHT)), max_size=4, unique=True))
    return LOIHI.with_overrides({f"limits.{name}": str(draw(TIGHT[name])) for name in chosen})


@settings(max_examples=120, deadline=None)
@given(cases(samples=1), tight_chips(), st.sampled_from(["sequential", "snake", "hilbert"]))
def test_does_no_mapper_ever_make_an_illegal_mapping(case, chip, mapper):
    try:
        mapping = ns.map(case.network, chip, mapper)
    except CapacityError as error:  # a neuron that fits nowhere, or too few cores
        assert error.needed > error.available
        return
    for usage in KIND.usage(ns.load_program(mapping)):
        assert usage.legal, usage


MIDDLING = {"accumulator_slots": 128, "compartment_profiles": 2, "input_axons": 30, "output_axons": 20}
MIDDLING |= {"compartments": 8, "synapse_formats": 5, "synapse_memory_words": 40, "threshold_profiles": 3}


@pytest.mark.parametrize(("limit", "available"), MIDDLING.items())
def test_does_every_limit_make_a_mapper_open_more_cores(limit, available):
    # So that the property above is not true for want of networks that meet the limit.
    spread = 0
    for seed in range(24):
        case = draw_case(seed, [KINDS[seed % 5], KINDS[seed % 3], "add"], samples=1)
        try:
            cut = ns.map(case.network, LOIHI.with_overrides({f"limits.{limit}": str(available)}))
        except CapacityError:
            continue
        spread += len(cut.cores) > len(ns.map(case.network, LOIHI).cores)
    assert spread >= 3


@settings(max_examples=60, deadline=None)
@given(cases(samples=1), tight_chips())
def test_does_filling_a_core_reckon_what_loading_finds(case, chip):
    problem, lowered = problem_of(case.network, chip)
    try:
        core_of = sequential_fill(problem)
    except CapacityError:
        return
    if core_of.max() >= chip.n_cores:
        return
    mapping = Mapping(case.network, lowered, chip, core_of, "fill", 0)
    found = {(u.core, u.limit): u.needed for u in KIND.usage(KIND.load(mapping, problem.nets))}
    sends = problem.nets.sends(core_of)
    for core in np.unique(core_of).tolist():
        fill = problem.new_core()
        for neuron in np.flatnonzero(core_of == core).tolist():
            assert fill.add(neuron, int(sends[neuron])) is None
        assert fill.needs == {limit: n for (c, limit), n in found.items() if c == core}


@pytest.mark.parametrize("n", [63, 64, 65, 128, 129, 300])
def test_does_filling_follow_the_index_as_it_grows(n):
    # Axons with gaps, drawn ones and one dense one; the index of all grows when compartments pass 64, 128 and 256.
    rng = np.random.default_rng(n)
    matrix = rng.random((40, n)) < 0.3
    matrix[0] = True
    net = network(lines(40), cells(n), synapses("lines", matrix.astype(int)))
    problem, lowered = problem_of(net, LOIHI)
    fill = problem.new_core()
    assert [fill.add(neuron) for neuron in range(n)] == [None] * n
    mapping = Mapping(net, lowered, LOIHI, np.zeros(n, dtype=np.int32), "by hand", 0)
    assert fill.needs == {u.limit: u.needed for u in KIND.usage(KIND.load(mapping, problem.nets))}


def test_does_a_refused_neuron_leave_the_core_as_it_was():
    case = draw_case(3, ("add", "single", "pair"))
    chip = LOIHI.with_overrides({"limits.synapse_memory_words": "30"})
    problem, _ = problem_of(case.network, chip)
    tried, plain = problem.new_core(), problem.new_core()
    refusals = 0
    for neuron in range(problem.n_neurons):
        if (limit := tried.add(neuron)) is not None:
            refusals += 1
            assert limit.needed > limit.available
        else:
            assert plain.add(neuron) is None
        assert tried.needs == plain.needs
    assert refusals > 0


def test_does_a_wide_fan_out_make_the_mapper_spread_the_senders():
    # 8 senders to 12 neurons that fill 3 cores of 4 compartments: 24 (neuron, core) pairs, of which a core holds 6.
    chip = LOIHI.with_overrides({"limits.compartments": "4", "limits.output_axons": "6"})
    senders = Population("senders", 8, CompartmentNeuron((Compartment(**CELL),)))
    net = network(senders, cells(12), synapses("senders", np.ones((8, 12), dtype=int)))
    mapping = ns.map(net, chip)
    ns.load_program(mapping)
    senders_per_core = np.bincount(mapping.core_of[:8])
    assert max(senders_per_core) <= 2
    assert len(ns.map(net, LOIHI.with_overrides({"limits.compartments": "4"})).cores) == 5 < len(mapping.cores)
    with pytest.raises(CapacityError, match="output_axons"):
        ns.map(net, LOIHI.with_overrides({"limits.compartments": "4", "limits.output_axons": "2"}))


def test_does_a_neuron_that_fits_nowhere_say_why():
    net = network(lines(4097), cells(1), synapses("lines", np.ones((4097, 1), dtype=int)))
    with pytest.raises(CapacityError, match="input_axons on a core with neuron 0 alone: needed 4097, available 4096"):
        ns.map(net, LOIHI)
