"""Is no legal mapping refused, whatever the network, the mapper and the chip?"""

import numpy as np
from engine_cases import SPINNAKER, TRUENORTH, integer_case
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from programmed_networks import draw_programmed_case
from strategies import LOIHI, cases, draw_case, place, seeds

import neurosim as ns
from neurosim.check import check
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping, mapper_names
from neurosim.network import LIF, CrossbarNeuron, Network, Population, Projection, Source

LOIHI2 = ns.load_chip("loihi2")


def mapped(network, chip, mapper):
    """Map, or leave out a network that does not fit and one that the mapper says it cannot divide."""
    try:
        return ns.map(network, chip, mapper)
    except NeurosimError:
        return assume(False)


def accepted(mapping, pulses):
    result = check(mapping, inputs=pulses)
    assert result.passed, result.findings
    assert all(line.legal and line.agrees for line in result.lines)


SLOW = {"mesh", "exact"}  # a process of its own, and a solver; their mappings are legal in their own tests
QUICK = [name for name in mapper_names() if name not in SLOW]


@settings(max_examples=25)
@given(cases(samples=1), st.sampled_from(QUICK), st.sampled_from([LOIHI, LOIHI2]))
def test_is_no_mapping_of_compartments_refused(case, mapper, chip):
    accepted(mapped(case.network, chip, mapper), case.pulses)


@settings(max_examples=20)
@given(cases(samples=1), seeds)
def test_is_no_legal_placement_at_random_refused(case, seed):
    accepted(place(case.network, seed), case.pulses)


@settings(max_examples=20)
@given(st.integers(0, 2**20), st.integers(1, 3), st.sampled_from(QUICK), st.sampled_from([SPINNAKER, TRUENORTH]))
def test_is_no_mapping_on_a_clock_refused(seed, layers, mapper, chip):
    net, pulses = integer_case(seed, layers)
    accepted(mapped(net, chip, mapper), pulses[:1])


@settings(max_examples=15)
@given(st.integers(0, 2**20), st.integers(1, 3), st.sampled_from([SPINNAKER, TRUENORTH]))
def test_is_no_random_placement_on_a_clock_refused(seed, layers, chip):
    net, pulses = integer_case(seed, layers)
    mapping = ns.map(net, chip)
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.array(chip.usable_cores))[: int(rng.integers(1, 30))]
    core_of = rng.choice(pool, mapping.lowered.network.n_neurons).astype(np.int32)
    accepted(Mapping(net, mapping.lowered, chip, core_of, "random", 0), pulses[:1])


@settings(max_examples=15)
@given(st.integers(0, 2**20), st.sampled_from(QUICK))
def test_is_no_mapping_of_programmed_neurons_refused(seed, mapper):
    case = draw_programmed_case(seed)
    accepted(mapped(case.network, LOIHI2, mapper), case.pulses)


@settings(max_examples=10)
@given(st.integers(0, 2**20), st.sampled_from(QUICK))
def test_is_no_mapping_of_crossbar_neurons_refused(seed, mapper):
    # Leaks, reversals, all resets, negative thresholds, weights of three types, delays; more cores than one.
    rng = np.random.default_rng(seed)
    n, lines = int(rng.integers(2, 30)), int(rng.integers(1, 20))
    neuron = CrossbarNeuron(
        weights=(2, -1, 3),
        threshold=rng.integers(1, 6, n),
        leak=int(rng.integers(-2, 3)),
        leak_reversal=bool(rng.integers(2)),
        reset_mode=int(rng.integers(3)),
        negative_threshold=4,
        initial=rng.integers(-3, 1, n),
    )
    kinds = [rng.integers(0, 2, (lines, n)) * kind for kind in (1, 2, 3)]
    projections = [Projection.dense("in", "a", types, int(rng.integers(1, 9))) for types in kinds]
    projections.append(Projection.dense("a", "a", (rng.random((n, n)) < 0.3).astype(int), 2))
    net = Network("drawn", (Population("in", lines, Source()), Population("a", n, neuron)), tuple(projections), ("a",))
    narrow = TRUENORTH.with_overrides({"limits.neurons": "64", "limits.axons": "120"})
    accepted(mapped(net, narrow, mapper), rng.random((1, 12, lines)) < 0.3)


@settings(max_examples=15)
@given(
    st.integers(0, 2**20),
    st.sampled_from(QUICK),
    st.sampled_from([("loihi", "zero"), *(("spinnaker2", reset) for reset in ("zero", "subtract", "subtract-late"))]),
)
def test_is_no_mapping_of_leaky_neurons_refused(seed, mapper, case):
    rng = np.random.default_rng(seed)
    n, lines = int(rng.integers(1, 40)), int(rng.integers(1, 20))
    neuron = LIF(decay=0.9, bias=0.01, threshold=1.0, initial=rng.random(n), reset=case[1])
    projections = (
        Projection.dense("in", "a", rng.normal(size=(lines, n)), 1),
        Projection.dense("a", "a", rng.normal(size=(n, n)) * 0.3, int(rng.integers(1, 9))),
    )
    net = Network("leaky", (Population("in", lines, Source()), Population("a", n, neuron)), projections, ("a",))
    accepted(mapped(net, ns.load_chip(case[0]), mapper), rng.random((1, 12, lines)) < 0.3)


def test_is_noise_that_goes_by_number_no_divergence():
    # Lowering makes two compartments of each neuron that adds, so that those after it draw other noise.
    case = draw_case(827774637, ("add", "sum", "single"), samples=1, late=True)
    mapping = ns.map(case.network, LOIHI)
    assert mapping.lowered.exact
    assert mapping.lowered.network.population("add0").compartments == 2
    accepted(mapping, case.pulses)
