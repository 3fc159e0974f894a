"""Does the checker read synapses that learn back, and their rules, tags and delays into its count of limits?"""

import pytest
from learning_cases import random_case
from strategies import place

import neurosim as ns
from neurosim.check import check

LOIHI2 = ns.load_chip("loihi2")


@pytest.mark.parametrize("seed", range(6))
def test_are_synapses_that_learn_read_back(seed):
    network, pulses, *_ = random_case(seed)
    result = check(place(network, seed, LOIHI2), inputs=pulses)
    assert result.findings == []
    assert result.part("completeness").verdict == result.part("legality").verdict == "passed"
    assert result.part("equivalence").verdict == "not checked"
    assert max(line.needed for line in result.lines if line.limit == "learning_rules") > 0


def test_is_a_wrong_register_found():
    mapping = ns.map(random_case(1)[0], LOIHI2)
    program = ns.load_program(mapping)
    program.images[0].plastic.weight[0] ^= 2
    assert check(mapping, program=program).part("completeness").verdict == "failed"
