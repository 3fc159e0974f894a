"""Do processing elements in flat arrays do what each of them does alone, tick by tick and in every division of work?

Elements drawn at random (tables, neurons, levels, policies) get spikes drawn at random. After every tick all that the
protocol of neurosim.cores.flat asks for is compared: who fired, what is sent when, how long it took, membranes,
counters; and that a call for some cores leaves what belongs to others alone.
"""

from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from processing_elements import CHIP, FAST, MIDDLE, SLOW, StandIn
from strategies import draw_case, seeds

import neurosim as ns
from neurosim.cores import processor
from neurosim.cores.flat import Arrivals, fired_of, read_membranes, receive_spikes, stamp_input, sweep_cores
from neurosim.cores.processor.image import ProcessorImage
from neurosim.cores.processor.step import Parameters
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.mapping import Mapping
from neurosim.program import Destinations

UNTOUCHED = -77


@njit
def sweep(cores, first, last, step, fired):
    sweep_cores(cores, first, last, step, fired)


@njit
def receive(cores, first, last, step, arrivals):
    return receive_spikes(cores, first, last, step, arrivals)


@njit
def stamp(cores, static, step, value):
    return stamp_input(cores, static, step, value)


@njit
def membranes(cores, into):
    read_membranes(cores, into)


# ---- the comparison ----------------------------------------------------------------------------------------


def divide(rng, cores, how):
    """Ranges of cores that cover all of them once, in any order."""
    if how == "whole":
        return [(0, cores)]
    cuts = range(1, cores) if how == "single" else np.flatnonzero(rng.random(cores) < 0.4)
    ends = np.unique([0, *cuts, cores]).tolist()
    ranges = list(pairwise(ends))
    return [ranges[k] for k in rng.permutation(len(ranges))]


def draw_arrivals(rng, images, most):
    """Spikes on any rows, for each core somewhere in the columns, and the same as one array per core."""
    axons = [rng.integers(0, max(image.rows, 1), rng.integers(0, most + 1) * (image.rows > 0)) for image in images]
    axon = rng.integers(0, 1 << 40, sum(map(len, axons)) + 20)  # what is no core's own would be out of range
    begin, at = np.zeros(len(images), dtype=np.int64), int(rng.integers(0, 5))
    for k in rng.permutation(len(images)).tolist():
        begin[k] = at
        axon[at : at + len(axons[k])] = axons[k]
        at += len(axons[k])
    return Arrivals(begin, np.array([len(x) for x in axons]), axon, np.zeros_like(axon), np.zeros_like(axon)), axons


def flat_firing(fired, core):
    """What a core left in the common arrays, in the form of Firing."""
    u, e = fired.unit_ptr[core], fired.entry_ptr[core]
    to = e + fired.messages[core]
    units = fired.unit[u : u + fired.units[core]]
    return units, fired.entry[e:to], fired.payload[e:to], fired.leaves[e:to], fired.duration[core]


def sweep_and_compare(cores, ranges, step, fired, firings):
    for first, last in ranges:
        for values in fired:
            if values is not fired.unit_ptr and values is not fired.entry_ptr:
                values[:] = UNTOUCHED
        counters = cores.counters.copy()
        sweep(cores, first, last, step, fired)
        for core, firing in enumerate(firings):
            if first <= core < last:
                for here, there in zip(flat_firing(fired, core), firing, strict=True):
                    assert np.array_equal(here, there)
            else:
                own = slice(fired.entry_ptr[core], fired.entry_ptr[core + 1])
                assert np.all(fired.unit[fired.unit_ptr[core] : fired.unit_ptr[core + 1]] == UNTOUCHED)
                for values in (fired.entry[own], fired.payload[own], fired.leaves[own]):
                    assert np.all(values == UNTOUCHED)
                assert fired.units[core] == fired.messages[core] == fired.duration[core] == UNTOUCHED
                assert np.array_equal(cores.counters[core], counters[core])


def compare(program, constants, rng, steps=12, most=12, how="divided", runs=2):
    """Tick both for some steps, as loaded and then reset; returns counters of the last run, summed over cores."""
    states = [processor.start(program, k, constants) for k in range(len(program.images))]
    cores, fired = processor.flat(program, constants), fired_of(program, multicast=True)
    units = [np.arange(image.n, dtype=np.int32) for image in program.images]
    found = np.zeros(sum(map(len, units)), dtype=np.int64)
    for again in range(runs):
        if again:
            for state in states:
                state.reset()
            processor.reset(cores)
        for step in range(steps):
            firings = [state.update() for state in states]
            sweep_and_compare(cores, divide(rng, len(states), how), step, fired, firings)
            assert np.array_equal(cores.counters, [state.counters for state in states])
            membranes(cores, found)
            expected = [state.membranes(own) for state, own in zip(states, units, strict=True)]
            assert np.array_equal(found, np.concatenate(expected))
            arrivals, axons = draw_arrivals(rng, program.images, most)
            for state, own in zip(states, axons, strict=True):
                state.finish_step(own, np.zeros_like(own))
            for first, last in divide(rng, len(states), how):
                assert receive(cores, first, last, step, arrivals) == 0
            assert np.array_equal(cores.counters, [state.counters for state in states])
    totals = np.sum([state.counters for state in states], axis=0).tolist()
    return dict(zip(processor.counters(program.chip), totals, strict=True))


# ---- elements drawn at random ------------------------------------------------------------------------------


def draw_row(rng, n, longest):
    """Targets and delays of one row: everybody, a range with gaps, a few, none, some twice, one delay or many."""
    targets = [
        np.arange(n),
        np.flatnonzero(rng.random(n) < 0.7),
        rng.integers(0, n, rng.integers(0, 4)),
        np.zeros(0, dtype=np.int64),
        np.sort(rng.integers(0, n, n)),
    ][rng.integers(5)]
    size = len(targets) if rng.random() < 0.4 else 1
    return targets, np.broadcast_to(rng.integers(1, longest + 1, size), len(targets))


def draw_image(rng, bits):
    n, rows, longest = int(rng.integers(1, 20)), int(rng.integers(0, 12)), int(rng.choice([1, 1, 2, 4, 15]))
    drawn = [draw_row(rng, n, longest) for _ in range(rows)]
    targets = np.concatenate([*(row for row, _ in drawn), np.zeros(0)]).astype(np.int32)
    delays = np.concatenate([*(delay for _, delay in drawn), np.zeros(0)]).astype(np.int16)
    low, high = -(1 << (bits - 1)), 1 << (bits - 1)
    threshold = rng.choice([1, 50, 2000, 2**24], n) * rng.integers(1, 5, n)
    sums_only = rng.random(n) < 0.2
    parameters = Parameters(
        rng.choice([0, 1 << 15, 20_000, 32_000], n),
        rng.choice([0, 0, 7, -9, 30_000], n),
        threshold,
        np.where(sums_only, 1 << 31, threshold),
        rng.choice([0, 0, 4, 15], n),
        rng.integers(0, 3, n),
    )
    return ProcessorImage(
        n,
        parameters,
        rng.choice([0, 0, 5, -(2**31), 2**31 - 1], n),
        np.cumsum([0, *(len(row) for row, _ in drawn)]).astype(np.int64),
        targets,
        rng.integers(low, high, len(targets)).astype(np.min_scalar_type(low)),
        rng.integers(0, int(rng.choice([1, 1, 4, 25])), len(targets)).astype(np.int8),
        delays,
    )


LEVELS = [(SLOW,), (SLOW, FAST), (SLOW, MIDDLE, FAST)]


def draw_program(seed):
    """One to six elements on a chip with one to three levels, under any policy; some neurons send, some do not."""
    rng = np.random.default_rng(seed)
    levels, bits = LEVELS[rng.integers(3)], int(rng.choice([8, 16]))
    limits = {"weight_bits": bits, "bytes_per_delay_slot_and_neuron": int(rng.choice([2, 4]))}
    chip = StandIn(limits, levels, tick=int(rng.choice([1_000, 40, 20])) * 1_000_000)
    images = tuple(draw_image(rng, bits) for _ in range(rng.integers(1, 7)))
    policy = str(rng.choice(["auto", "auto", "auto", "low", "high", levels[-1].name]))
    options = [{}, {"level_policy": policy}, {"level_policy": policy, "level_threshold": int(rng.integers(0, 8))}]
    outputs = tuple(draw_outputs(rng, image.n) for image in images)
    return SimpleNamespace(images=images, outputs=outputs, chip=chip, options=options[rng.integers(3)])


def draw_outputs(rng, n):
    counts = rng.integers(0, 3, n)
    nowhere = np.zeros(counts.sum(), dtype=np.int32)
    return Destinations(np.cumsum([0, *counts]).astype(np.int64), nowhere, nowhere)


@settings(max_examples=120, deadline=None)
@given(seeds, st.sampled_from(["whole", "single", "divided"]))
def test_do_drawn_elements_agree(seed, how):
    program = draw_program(seed)
    compare(program, program.chip.set, np.random.default_rng([seed, 1]), how=how)


def test_is_everything_seen_that_an_element_can_do():
    # Both kinds of rows, rings that wrap, sums that wrap, membranes that saturate, changes of level, neurons that fire
    # and send nothing: without these the test above would not show a fault.
    seen = Counter()
    for seed in range(60):
        program = draw_program(seed)
        rng = np.random.default_rng([seed, 1])
        seen.update(compare(program, program.chip.set, rng, steps=8, runs=1))
        table = processor.flat(program, program.chip.set).rows.table
        seen["rows as ranges"] += int(np.count_nonzero(table[:, 2] >= 0))
        seen["scattered rows"] += int(np.count_nonzero((table[:, 2] < 0) & (table[:, 3] > 0)))
        seen["empty rows"] += int(np.count_nonzero(table[:, 3] == 0))
        seen["slots"] += sum(image.delay_slots > 1 for image in program.images)
    names = ("level_changes", "membranes_saturated", "spikes", "ticks_slow", "ticks_middle", "ticks_fast")
    rare = {name: seen[name] for name in (*names, "rows as ranges", "scattered rows", "empty rows", "slots")}
    assert min(rare.values()) > 30, rare


# ---- elements as they are loaded ---------------------------------------------------------------------------

SPINNAKER = ns.load_chip("spinnaker2")
CHIPS = {
    "as it is": SPINNAKER,
    "short tick": SPINNAKER.with_overrides({"clock.tick": "20 us"}),
    "long weights": SPINNAKER.with_overrides({"limits.weight_bits": "16"}),
}


@settings(max_examples=25, deadline=None)
@given(seeds, st.lists(st.sampled_from(["add", "sum", "leak"]), min_size=1, max_size=3), st.sampled_from(sorted(CHIPS)))
def test_do_loaded_networks_agree(seed, kinds, name):
    chip, rng = CHIPS[name], np.random.default_rng(seed)
    network = draw_case(seed, kinds).network
    lowered = processor.lower(network, chip)
    where = rng.choice(rng.permutation(chip.n_cores)[: rng.integers(1, 8)], lowered.network.n_neurons)
    program = ns.load_program(Mapping(network, lowered, chip, where.astype(np.int32), "drawn", 0))
    compare(program, chip.constants(), rng, steps=6, runs=1)


@pytest.mark.parametrize("model", ["mnist-pulsed", "mnist-common"])
def test_do_the_models_of_the_catalog_agree(model):
    program = ns.load_program(ns.map(ns.load_network(model), SPINNAKER))
    counters = compare(program, SPINNAKER.constants(), np.random.default_rng(1), steps=12, most=200, runs=1)
    assert min(counters["spikes"], counters["packets_received"]) > 10


# ---- what is refused, and what is odd ----------------------------------------------------------------------


def one_element(**options):
    image = draw_image(np.random.default_rng(3), 8)
    outputs = draw_outputs(np.random.default_rng(3), image.n)
    return SimpleNamespace(images=(image,), outputs=(outputs,), chip=CHIP, options=options)


def test_is_a_value_refused_and_a_plain_pulse_stamped_with_nothing():
    cores = processor.flat(one_element(), CHIP.set)
    assert stamp(cores, 4, 9, 1) == 0
    with pytest.raises(UnsupportedError, match="graded input 5: a processor core takes spikes without payload"):
        stamp(cores, 4, 9, 5)


def test_is_a_policy_refused_as_by_the_single_element():
    with pytest.raises(NeurosimError, match="level policy of chip stand-in: 'autp', did you mean 'auto'"):
        processor.flat(one_element(level_policy="autp"), CHIP.set)


def test_does_a_threshold_beyond_all_integers_mean_always_the_slowest():
    program = one_element(level_threshold=10**30)
    counters = compare(program, CHIP.set, np.random.default_rng(0), most=40)
    assert counters["ticks_slow"] == 12


def test_do_spikes_that_arrive_in_several_parts_act_together():
    program = one_element()
    [image] = program.images
    state, cores, fired = (
        processor.start(program, 0, CHIP.set),
        processor.flat(program, CHIP.set),
        fired_of(program, True),
    )
    axons = np.arange(image.rows).repeat(2)
    state.update()
    sweep(cores, 0, 1, 0, fired)
    state.finish_step(axons, np.zeros_like(axons))
    zero, columns = np.zeros(1, dtype=np.int64), np.zeros_like(axons)
    for a, b in ((0, 1), (1, 1), (1, len(axons))):
        receive(cores, 0, 1, 0, Arrivals(zero + a, zero + b - a, axons, columns, columns))
    sweep_and_compare(cores, [(0, 1)], 1, fired, [state.update()])
    assert np.array_equal(cores.counters, [state.counters])
