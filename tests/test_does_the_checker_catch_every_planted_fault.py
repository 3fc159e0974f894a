"""Does the checker catch every planted fault, in the right place, and does it refuse no legal mapping?"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from engine_cases import SPINNAKER, TRUENORTH, integer_case
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_faults import CASES, FAULTS
from programmed_networks import draw_programmed_case
from strategies import LOIHI, cases, draw_case, place, seeds

import neurosim as ns
from neurosim.check import check
from neurosim.cores import core_kind
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.mapping import Mapping, mapper_names
from neurosim.network import LIF, CrossbarNeuron, Network, Population, Projection, Source

LOIHI2 = ns.load_chip("loihi2")


@cache
def sound(chip):
    mapping, pulses = CASES[chip]()
    return mapping, ns.load_program(mapping), pulses


@pytest.mark.parametrize("chip", CASES)
def test_is_what_faults_are_planted_in_sound(chip):
    mapping, program, pulses = sound(chip)
    assert len(mapping.cores) > 2
    result = check(mapping, program=program, inputs=pulses)
    assert result.findings == []
    assert {part.verdict for part in result.parts} == {"passed"}


def test_are_there_faults_enough_of_every_kind():
    assert len({name for name, *_ in FAULTS}) == len(FAULTS) >= 25
    assert {part for _, _, part, _ in FAULTS} == {
        "legality",
        "placement",
        "completeness",
        "routes",
        "equivalence",
        "timing",
    }


@pytest.mark.parametrize(("name", "chip", "part", "fault"), FAULTS, ids=[name for name, *_ in FAULTS])
def test_is_a_planted_fault_caught(name, chip, part, fault):
    mapping, program, pulses = sound(chip)
    changes = fault(mapping, program)
    if "mapping" not in changes:
        changes = {"program": program, **changes}
    elif "program" not in changes:
        changes["program"] = core_kind(mapping.chip.core_kind).load(changes["mapping"], _nets(mapping))
    result = check(changes.pop("mapping", mapping), inputs=pulses, **changes)
    assert not result.passed
    failed = result.part(part)
    assert failed.verdict == "failed", result.findings
    assert failed.count >= len(failed.findings) >= 1
    assert all("\n" not in finding and len(finding) < 250 for finding in result.findings)


def _nets(mapping):
    from neurosim.mapping import nets_of

    return nets_of(mapping.lowered.network)


def test_is_silence_no_proof_of_equivalence():
    mapping, program, pulses = sound("loihi")
    quiet = ns.map(integer_case(1, 3)[0], SPINNAKER)
    result = check(quiet, inputs=np.zeros((1, 4, quiet.lowered.network.n_inputs), bool))
    assert (result.passed, result.part("equivalence").verdict) == (True, "not checked")
    assert check(mapping, program=program, inputs=pulses).part("equivalence").verdict == "passed"


def test_is_noise_that_goes_by_number_no_divergence():
    # Lowering makes two compartments of each neuron that adds, so that those after it draw other noise.
    case = draw_case(827774637, ("add", "sum", "single"), samples=1, late=True)
    mapping = ns.map(case.network, LOIHI)
    assert mapping.lowered.exact
    assert mapping.lowered.network.population("add0").compartments == 2
    accepted(mapping, case.pulses)


# ---- legal mappings ------------------------------------------------------------------------------------------


def accepted(mapping, pulses):
    result = check(mapping, inputs=pulses)
    assert result.passed, result.findings
    assert all(line.legal and line.agrees for line in result.lines)


SLOW = {"mesh", "exact"}  # a process of its own, and a solver; their mappings are legal in their own tests
QUICK = [name for name in mapper_names() if name not in SLOW]


@settings(max_examples=40)
@given(cases(samples=1), st.sampled_from(QUICK), st.sampled_from([LOIHI, LOIHI2]))
def test_is_no_mapping_of_compartments_refused(case, mapper, chip):
    try:
        mapping = ns.map(case.network, chip, mapper)
    except CapacityError:
        return
    accepted(mapping, case.pulses)


@settings(max_examples=25)
@given(cases(samples=1), seeds)
def test_is_no_legal_placement_at_random_refused(case, seed):
    accepted(place(case.network, seed), case.pulses)


@settings(max_examples=40)
@given(st.integers(0, 2**20), st.integers(1, 3), st.sampled_from(QUICK), st.sampled_from([SPINNAKER, TRUENORTH]))
def test_is_no_mapping_on_a_clock_refused(seed, layers, mapper, chip):
    net, pulses = integer_case(seed, layers)
    accepted(ns.map(net, chip, mapper), pulses[:1])


@settings(max_examples=25)
@given(st.integers(0, 2**20), st.integers(1, 3), st.sampled_from([SPINNAKER, TRUENORTH]))
def test_is_no_random_placement_on_a_clock_refused(seed, layers, chip):
    net, pulses = integer_case(seed, layers)
    mapping = ns.map(net, chip)
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.array(chip.usable_cores))[: int(rng.integers(1, 30))]
    core_of = rng.choice(pool, mapping.lowered.network.n_neurons).astype(np.int32)
    accepted(Mapping(net, mapping.lowered, chip, core_of, "random", 0), pulses[:1])


@settings(max_examples=30)
@given(st.integers(0, 2**20), st.sampled_from(QUICK))
def test_is_no_mapping_of_programmed_neurons_refused(seed, mapper):
    case = draw_programmed_case(seed)
    try:
        accepted(ns.map(case.network, LOIHI2, mapper), case.pulses)
    except (CapacityError, UnsupportedError):
        return


@settings(max_examples=30)
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
    accepted(ns.map(net, narrow, mapper), rng.random((1, 12, lines)) < 0.3)


@settings(max_examples=30)
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
    accepted(ns.map(net, ns.load_chip(case[0]), mapper), rng.random((1, 12, lines)) < 0.3)


# ---- an array without routers ----------------------------------------------------------------------------------


@cache
def array():
    mapping = ns.map(ns.load_network("mnist-common"), ns.load_chip("ga144"))
    return mapping, ns.load_program(mapping)


NO_INPUTS = np.zeros((0, 1, 784), bool)


def test_is_a_legal_array_accepted_word_by_word():
    mapping, program = array()
    result = check(mapping, program=program, inputs=NO_INPUTS)
    assert result.findings == []
    words = [line for line in result.lines if line.limit == "ram_words"]
    assert len(words) == len(program.images)
    assert all(line.loaded == line.needed for line in words)
    assert result.part("completeness").verdict == "not checked"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (lambda image: {"membranes": image.membranes + 1}, "the loaded tables take"),
        (lambda image: {"program": replace(image.program, words=(), memory={0: 1})}, "network and places 1"),
    ],
)
def test_is_a_wrong_count_of_words_caught(changes, said):
    mapping, program = array()
    first, *others = program.images
    broken = replace(program, images=(replace(first, **changes(first)), *others))
    result = check(mapping, program=broken, inputs=NO_INPUTS)
    assert any(said in finding for finding in result.findings)


def test_are_two_programs_for_one_node_caught():
    mapping, program = array()
    cores = program.cores.copy()
    cores[1] = cores[0]
    result = check(mapping, program=replace(program, cores=cores), inputs=NO_INPUTS)
    assert result.part("legality").verdict == "failed"
