"""Does a mapped network compute, spike for spike and answer for answer, what it computes without a chip?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import GRAIN, KINDS, LOIHI, LONGEST, cases, draw_case, place, seeds, unmapped

import neurosim as ns
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

# The same chip with so little room that a handful of neurons needs several cores; one tree of five still fits.
NARROW = LOIHI.with_overrides({"limits.compartments": "7", "limits.threshold_profiles": "5"})


def same_as_unmapped(mapping, pulses, **how):
    run = ns.simulate(mapping, pulses, record_spikes=True, **how)
    spikes, answers = unmapped(mapping, pulses)
    assert run.spikes.full.keys() == spikes.keys()
    for name, expected in spikes.items():
        assert np.array_equal(run.spikes.full[name], expected), name
        assert np.array_equal(run.spikes.counts[name], expected.sum(axis=2)), name
    assert run.answers.keys() == answers.keys()
    for name, expected in answers.items():
        assert np.array_equal(run.answers[name], expected), name
    return run


@settings(max_examples=60, deadline=None)
@given(cases(), seeds, st.sampled_from(sorted(LOIHI.constant_sets)))
def test_is_a_random_placement_over_the_chip_like_no_chip(case, seed, constants):
    same_as_unmapped(place(case.network, seed), case.pulses, constants=constants)


@settings(max_examples=30, deadline=None)
@given(cases(samples=1), st.sampled_from(["sequential", "snake", "hilbert"]), st.booleans())
def test_is_the_placement_of_a_mapper_like_no_chip(case, mapper, narrow):
    same_as_unmapped(ns.map(case.network, NARROW if narrow else LOIHI, mapper), case.pulses)


def test_do_the_random_networks_put_the_question():
    # Many spikes between cores and between tiles, several populations on one core, and pulses after long delays.
    spikes = late = hops = shared = 0
    for seed in range(20):
        case = draw_case(seed, KINDS[seed % 5 :] + KINDS[: seed % 2], late=seed % 2 == 1)
        mapping = place(case.network, seed)
        run = ns.simulate(mapping, case.pulses)
        spikes += run.activity.total("spikes").sum()
        late += sum(counts[:, LONGEST:].sum() for counts in run.spikes.counts.values())
        hops += run.activity.summary()["hops"]
        shared += len(mapping.cores) < mapping.lowered.network.n_neurons
    assert spikes > 10_000
    assert late > 1_000
    assert hops > 1_000
    assert shared > 10


@pytest.mark.parametrize("delay", [1, 2, 7, 8, 62, LONGEST])
@pytest.mark.parametrize("apart", [0, 1, 127])
def test_does_a_spike_act_after_its_delay_wherever_the_target_is(delay, apart):
    # One pulse in step 2 makes one spike in step 2 + delay, through one synapse above the threshold, and that one
    # makes a second spike 1 step later in a neuron on another core.
    neuron = CompartmentNeuron((Compartment(decay_u=4095, decay_v=4095, threshold=64),))
    populations = (Population("in", 1, Source()), Population("a", 1, neuron), Population("b", 1, neuron))
    projections = (
        Projection("in", "a", np.array([0, 1]), np.array([0], np.int32), np.array([2]), delay, 0, GRAIN),
        Projection("a", "b", np.array([0, 1]), np.array([0], np.int32), np.array([2]), 1, 0, GRAIN),
    )
    network = Network("relay", populations, projections, ("b",))
    mapping = ns.map(network, LOIHI)
    spread = type(mapping)(network, mapping.lowered, LOIHI, np.array([0, apart], np.int32), "by hand", 0)
    pulses = np.zeros((1, 70, 1), dtype=bool)
    pulses[0, 2, 0] = True
    run = ns.simulate(spread, pulses, record_spikes=True)
    assert np.flatnonzero(run.spikes.full["a"][0, :, 0]).tolist() == [2 + delay]
    assert np.flatnonzero(run.spikes.full["b"][0, :, 0]).tolist() == [3 + delay]
    assert run.answers["b"].tolist() == [[1]]


def test_does_a_ring_of_cores_pass_one_spike_around():
    # 128 neurons, one per core, in a ring in scattered order: the spike is at place k in step k + 1.
    order = np.random.default_rng(3).permutation(LOIHI.n_cores).astype(np.int32)
    n = LOIHI.n_cores
    neuron = CompartmentNeuron((Compartment(decay_u=4095, decay_v=4095, threshold=64),))
    ring = Projection("ring", "ring", np.arange(n + 1), (np.arange(n, dtype=np.int32) + 1) % n, np.full(n, 2), 1, 0, 6)
    start = Projection("in", "ring", np.array([0, 1]), np.array([0], np.int32), np.array([2]), 1, 0, GRAIN)
    network = Network("ring", (Population("in", 1, Source()), Population("ring", n, neuron)), (start, ring), ("ring",))
    mapping = ns.map(network, LOIHI)
    scattered = type(mapping)(network, mapping.lowered, LOIHI, order, "by hand", 0)
    pulses = np.zeros((1, n + 10, 1), dtype=bool)
    pulses[0, 0, 0] = True
    run = same_as_unmapped(scattered, pulses)
    steps, places = np.nonzero(run.spikes.full["ring"][0])
    assert steps.tolist() == list(range(1, n + 10))
    assert places.tolist() == [k % n for k in range(n + 9)]
    assert len(run.activity.cores) == n


def test_does_a_layered_network_survive_any_mapper():
    # Four populations of all kinds on many cores, several samples, compared sample by sample.
    case = draw_case(11, ("add", "leak", "single", "sum"), samples=5)
    counts = {}
    for name in ("sequential", "snake", "hilbert"):
        mapping = ns.map(case.network, NARROW, name)
        assert len(mapping.cores) > 3
        counts[name] = same_as_unmapped(mapping, case.pulses).spikes.counts
    for name, values in counts["snake"].items():
        assert np.array_equal(values, counts["sequential"][name])
        assert np.array_equal(values, counts["hilbert"][name])
