"""Does the checker catch every planted fault, in the right place?"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from engine_cases import SPINNAKER, integer_case
from planted_faults import CASES, FAULTS

import neurosim as ns
from neurosim.check import check
from neurosim.cores import core_kind


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
