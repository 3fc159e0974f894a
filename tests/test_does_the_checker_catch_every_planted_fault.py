"""Does the checker catch every planted fault, in the right place, and does it refuse no legal mapping?"""

from functools import cache

import numpy as np
import pytest
from engine_cases import SPINNAKER, TRUENORTH, integer_case
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_faults import CASES, FAULTS
from strategies import LOIHI, cases, place, seeds

import neurosim as ns
from neurosim.check import check
from neurosim.cores import core_kind
from neurosim.errors import CapacityError
from neurosim.mapping import Mapping, mapper_names

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
