"""Does the checker read synapses that learn back, and their rules, tags and delays into its count of limits?"""

import pytest
from learning_cases import random_case
from strategies import place

import neurosim as ns
from neurosim.check import check
from neurosim.check.equivalence import equivalence
from neurosim.cores import core_kind

LOIHI2 = ns.load_chip("loihi2")


@pytest.mark.parametrize("seed", range(6))
def test_are_synapses_that_learn_read_back(seed):
    network, pulses, *_ = random_case(seed)
    result = check(place(network, seed, LOIHI2), inputs=pulses)
    assert result.findings == []
    assert result.part("completeness").verdict == result.part("legality").verdict == "passed"
    assert result.part("equivalence").verdict == "passed"
    assert result.part("equivalence").note.endswith("against the lowered network on one core")
    assert max(line.needed for line in result.lines if line.limit == "learning_rules") > 0


def test_is_a_wrong_register_found():
    mapping = ns.map(random_case(1)[0], LOIHI2)
    program = ns.load_program(mapping)
    program.images[0].plastic.weight[0] ^= 2
    assert check(mapping, program=program).part("completeness").verdict == "failed"


def test_is_a_run_in_which_nothing_learns_told_from_one_that_learns():
    kind, found = core_kind(LOIHI2.core_kind), []
    for seed in range(6):
        network, pulses, *_ = random_case(seed, steps=40)
        mapping = place(network, seed, LOIHI2)
        for learning in ("off", "reset"):
            run = ns.simulate(mapping, pulses, record_spikes=True, learning=learning)
            found.append((learning, equivalence(mapping, kind, run, pulses).verdict))
    assert {verdict for learning, verdict in found if learning == "reset"} == {"passed"}
    assert ("off", "failed") in found
