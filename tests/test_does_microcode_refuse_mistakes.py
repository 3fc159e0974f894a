"""Does every mistake in a neuron program end in one line that names the program, the instruction and what is wrong?"""

from dataclasses import replace

import numpy as np
import pytest
from programmed_networks import LOIHI2

import neurosim as ns
from neurosim.cores import core_kind
from neurosim.cores.compartment import arithmetic, lower
from neurosim.cores.compartment.programs import add_and_fire, sigma_delta
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import Mapping, nets_of
from neurosim.network import LIF, AddAndFire, Network, NeuronProgram, Population, ProgrammedNeuron, Projection, Source

LOIHI = ns.load_chip("loihi")


def program(text, **changes):
    parts = {"registers": ["v", "w"], "parameters": ["threshold"], "temporaries": ["below"]}
    return NeuronProgram.from_text("tried", text, **(parts | changes))


def message(call, *arguments, kind=NeurosimError, **named):
    with pytest.raises(kind) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- instructions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("adds v v w", "unknown operation 'adds', did you mean 'add'?"),
        ("multiply_shift v v w 3", "unknown operation 'multiply_shift', did you mean 'multiply-shift'?"),
        ("Add v v w", "unknown operation 'Add', did you mean 'add'?"),
        ("add v w", "needs 3 operands (result, source, source), found 2"),
        ("take", "needs 1 operand (result), found 0"),
        ("take v w", "needs 1 operand (result), found 2"),
        ("spike v w", "needs no operands or 1 operand (source), found 2"),
        ("add x v w", "unknown register 'x' (known: below, threshold, v, w)"),
        ("add v v treshold", "unknown register 'treshold', did you mean 'threshold'?"),
        ("add v v W", "unknown register 'W' (known: below, threshold, v, w)"),
        ("move threshold v", "parameter 'threshold' is read only"),
        ("move 3 v", "result 3, must be a register or a temporary"),
        ("move v 8388608", "number 8388608 is outside -8388608..8388607, 24 bits"),
        ("move v -8388609", "number -8388609 is outside -8388608..8388607, 24 bits"),
        ("shift-left v w 24", "24 places, must be 0..23"),
        ("shift-right v w -1", "-1 places, must be 0..23"),
        ("multiply-shift v w w w", "places 'w', must be a whole number"),
        ("jump 1", "jumps back to instruction 1; programs only run forward"),
        ("jump 0", "jumps back to instruction 0; programs only run forward"),
        ("jump-if v 5", "jumps to instruction 5, the program ends at 4"),
        ("jump there", "unknown label 'there', did you mean 'here'?"),
    ],
)
def test_is_a_wrong_instruction_named(line, says):
    text = f"take v\n{line}\nadd v v w\nhere: spike"
    assert message(program, text) == f"program tried: instruction 1 '{line}': {says}"


def test_is_the_instruction_counted_without_comments_and_labels():
    text = "# what it does\ntake v  # the input\n\nstart:\n  add v v w\nmiddle: nonsense v"
    assert message(program, text).startswith("program tried: instruction 2 'nonsense v': unknown operation 'nonsense'")


def test_is_a_skip_of_nothing_refused():
    assert message(program, "take v\nskip-if v") == (
        "program tried: instruction 1 'skip-if v': nothing follows that could be skipped"
    )
    program("skip-if v\ntake v")


def test_is_a_loop_refused_in_either_form():
    said = message(program, "again: take v\njump-if v again")
    assert said == "program tried: instruction 1 'jump-if v 0': jumps back to instruction 0; programs only run forward"
    said = message(NeuronProgram, "loop", ("v",), (), (("take", "v"), ("jump", 1)))
    assert said == "program loop: instruction 1 'jump 1': jumps back to instruction 1; programs only run forward"


@pytest.mark.parametrize("operand", [1.5, None, True, ("v",)])
def test_is_an_operand_that_is_neither_name_nor_number_refused(operand):
    said = message(NeuronProgram, "odd", ("v",), (), (("move", "v", operand),))
    assert said.endswith(f"operand {operand!r}, must be a name or a whole number")
    assert message(NeuronProgram, "odd", ("v",), (), (("shift-left", "v", "v", operand),)).endswith("whole number")


@pytest.mark.parametrize("line", ["take v", (), None])
def test_is_an_instruction_that_is_no_tuple_refused(line):
    said = message(NeuronProgram, "odd", ("v",), (), (("take", "v"), line))
    assert said == f"program odd: instruction 1 is {line!r}, needs a tuple of an operation and its operands"


def test_is_a_label_that_stands_twice_refused():
    assert message(program, "jump a\na: take v\na: take w") == "program tried: label 'a' stands twice"


def test_are_text_and_tuples_the_same_program():
    text = program("take v\nless below v threshold\njump-if below end\nspike\nend:")
    code = (("take", "v"), ("less", "below", "v", "threshold"), ("jump-if", "below", 4), ("spike",))
    assert text == NeuronProgram("tried", ("v", "w"), ("threshold",), code, ("below",))
    assert hash(text) == hash(NeuronProgram("tried", ("v", "w"), ("threshold",), code, ("below",)))
    as_lists = [list(line) for line in code]
    assert NeuronProgram("tried", ["v", "w"], ["threshold"], as_lists, ["below"]) == text


# ---- the program as a whole ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bits": 1}, "registers of 1 bits, must be 2..32"),
        ({"bits": 33}, "registers of 33 bits, must be 2..32"),
        ({"bits": 24.0}, "registers of 24.0 bits, must be 2..32"),
        ({"registers": []}, "no registers; the first one is the membrane"),
        ({"registers": ["v", "v"]}, "'v' stands twice among registers, parameters and temporaries"),
        ({"temporaries": ["v"]}, "'v' stands twice among registers, parameters and temporaries"),
        ({"parameters": ["v"]}, "'v' stands twice among registers, parameters and temporaries"),
        ({"registers": ["v", "3"]}, "'3' cannot be a name: small letters, digits and _, and no operation's name"),
        ({"registers": ["v", "U"]}, "'U' cannot be a name: small letters, digits and _, and no operation's name"),
        ({"registers": ["v", "take"]}, "'take' cannot be a name: small letters, digits and _, and no operation's name"),
    ],
)
def test_is_a_wrong_program_named(changes, says):
    assert message(program, "take v", **changes) == f"program tried: {says}"


def test_is_an_empty_program_refused():
    assert message(program, "# nothing\nlabel:") == "program tried: no instructions"


# ---- its values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "initial", "says"),
    [
        ({}, {}, "program add-and-fire: parameter 'threshold' has no value"),
        ({"treshold": 3}, {}, "unknown parameter of program add-and-fire: 'treshold', did you mean 'threshold'?"),
        ({"threshold": 1.0}, {}, "program add-and-fire: parameter 'threshold' holds float64, needs whole numbers"),
        ({"threshold": True}, {}, "program add-and-fire: parameter 'threshold' holds bool, needs whole numbers"),
        (
            {"threshold": np.array([5, 2**23])},
            {},
            "program add-and-fire: parameter 'threshold' 8388608, the register holds -8388608..8388607",
        ),
        ({"threshold": 5}, {"u": 1}, "unknown register of program add-and-fire: 'u' (known: v)"),
        ({"threshold": 5}, {"v": -(2**23) - 1}, "program add-and-fire: register 'v' -8388609, the register holds"),
    ],
)
def test_are_wrong_values_named(parameters, initial, says):
    assert message(ProgrammedNeuron, add_and_fire(), parameters, initial).startswith(says)


def network(neuron, size=2, weights=((1, 1),), exponent=6, delay=1):
    wires = replace(Projection.dense("in", "n", weights, delay), exponent=exponent)
    return Network("net", (Population("in", 1, Source()), Population("n", size, neuron)), (wires,), ("n",))


def test_is_an_array_of_another_size_refused():
    neuron = ProgrammedNeuron(add_and_fire(), {"threshold": np.array([1, 2, 3])})
    assert message(network, neuron) == "network net: population 'n': threshold has shape (3,), needs () or (2,)"


def test_does_the_digest_see_programs_and_their_values():
    def digest(threshold=5, initial=0, program=None):
        return network(ProgrammedNeuron(program or add_and_fire(), {"threshold": threshold}, {"v": initial})).digest()

    other = replace(add_and_fire(), code=(*add_and_fire().code[:-1], ("spike", "threshold")))
    many = np.arange(2000)
    digests = [
        digest(),
        digest(6),
        digest(initial=1),
        digest(program=other),
        digest(program=add_and_fire(16)),
        network(ProgrammedNeuron(add_and_fire(), {"threshold": many}), 2000, np.ones((1, 2000), int)).digest(),
        network(ProgrammedNeuron(add_and_fire(), {"threshold": many[::-1]}), 2000, np.ones((1, 2000), int)).digest(),
    ]
    assert len(set(digests)) == len(digests)
    assert digest() == digest()


# ---- the chip ------------------------------------------------------------------------------------------------

PLAIN = ProgrammedNeuron(add_and_fire(), {"threshold": 64})
GRADED = ProgrammedNeuron(sigma_delta(3), {"threshold": 8})


def test_is_a_program_refused_on_a_chip_of_fixed_neurons():
    said = message(ns.map, network(PLAIN), LOIHI, kind=UnsupportedError)
    assert said == "loihi: population 'n': limit programmable: the chip's neurons run no programs"
    ns.load_program(ns.map(network(PLAIN), LOIHI2))


def test_is_it_refused_by_the_loader_too():
    net = network(PLAIN)
    mapping = Mapping(net, lower(net, LOIHI2), LOIHI, np.zeros(2, dtype=np.int32), "by hand", 0)
    said = message(core_kind("compartment").load, mapping, nets_of(mapping.lowered.network), kind=UnsupportedError)
    assert "limit programmable" in said


def test_are_graded_spikes_refused_where_there_are_none():
    chip = LOIHI2.with_overrides({"limits.payload_bits": "0"})
    said = message(ns.map, network(GRADED), chip, kind=UnsupportedError)
    assert said == "loihi2: population 'n': limit payload_bits: spikes carry values, available 0 bits"
    ns.map(network(PLAIN), chip)
    said = message(run_functional, network(GRADED), np.ones((1, 2, 1), dtype=bool), arithmetic(LOIHI))
    assert "population 'n': spikes carry values" in said


def test_are_graded_inputs_refused_where_there_are_none():
    net = network(LIF(0.9), weights=[[1.0, 2.0]], exponent=0)
    inputs = np.array([[[1], [3]]])
    for chip in (LOIHI, ns.load_chip("truenorth")):
        mapping = ns.map(net if chip is LOIHI else _crossbar_net(), chip)
        said = message(ns.simulate, mapping, inputs, kind=UnsupportedError)
        assert said == (
            f"{chip.name}: limit payload_bits: inputs are int64 of 1..3 and need 3 bits, available 0;"
            " plain pulses are bool"
        )
    ns.simulate(ns.map(net, LOIHI2), inputs)


def _crossbar_net():
    wires = Projection.dense("in", "n", [[1, 1]])
    return Network("net", (Population("in", 1, Source()), Population("n", 2, AddAndFire(2.0))), (wires,), ("n",))


@pytest.mark.parametrize(("value", "bits"), [(2**23 - 1, 24), (2**23, 25), (-(2**23) + 1, 24), (-(2**23), 25)])
def test_is_an_input_beyond_the_payload_refused(value, bits):
    mapping = ns.map(network(PLAIN), LOIHI2)
    inputs = np.array([[[value], [0]]])
    if bits == 24:
        ns.simulate(mapping, inputs)
        return
    said = message(ns.simulate, mapping, inputs, kind=UnsupportedError)
    assert said.startswith("loihi2: limit payload_bits: inputs are int64 of ")
    assert "need 25 bits, available 24" in said


def test_are_inputs_that_are_no_whole_numbers_refused():
    assert "inputs are float64" in message(ns.simulate, ns.map(network(PLAIN), LOIHI2), np.ones((1, 2, 1)))


def test_are_real_weights_onto_programs_refused():
    said = message(ns.map, network(PLAIN, weights=[[1.5, 2.0]]), LOIHI2, kind=UnsupportedError)
    assert said == "loihi2: projection in -> n: weights are float64, compartments need integer weights"


def test_is_a_program_that_is_too_long_refused():
    def long(n):
        code = (("take", "v"),) + (("add", "v", "v", 1),) * (n - 1)
        return network(ProgrammedNeuron(NeuronProgram("long", ("v",), (), code)))

    ns.load_program(ns.map(long(128), LOIHI2))
    said = message(ns.map, long(129), LOIHI2, kind=CapacityError)
    assert said == ("loihi2: limit program_length_max on a core with neuron 0 alone: needed 129, available 128")
