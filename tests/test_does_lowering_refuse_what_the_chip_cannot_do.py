"""Does everything that compartments cannot express end in one line that names the culprit, the limit and the value?"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import neurosim as ns
from neurosim.errors import NeurosimError
from neurosim.network import LIF, Accumulator, AddAndFire, Compartment, CompartmentNeuron, Network, Population, Source
from neurosim.network import Projection as Wires

LOIHI = ns.load_chip("loihi")
PLAIN = CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=640),))
PAIR = CompartmentNeuron((Compartment(4095, 0, 640), Compartment(4095, 0, 640, join="add")))


def network(neuron, weights=((1, 1),), delay=0, exponent=0):
    """One input line onto two neurons "n"."""
    dense = Wires.dense("in", "n", weights, delay)
    populations = Population("in", 1, Source()), Population("n", 2, neuron)
    return Network("net", populations, (replace(dense, exponent=exponent),), ("n",))


def load(net):
    return ns.load_program(ns.map(net, LOIHI))


def refusal(net):
    with pytest.raises(NeurosimError) as caught:
        load(net)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("reset", ["subtract", "subtract-late"])
def test_is_a_leak_with_subtractive_reset_refused(reset):
    message = refusal(network(LIF(0.9, reset=reset)))
    assert message == f"loihi: population 'n': reset '{reset}' with leak, the chip resets to zero"
    load(network(LIF(0.9, reset="zero")))


@pytest.mark.parametrize(
    ("threshold", "found"), [(0.0, "0"), (-1.5, "-1.5"), (np.array([1.0, 0.0]), "0"), (np.array([-2.0, 5.0]), "-2")]
)
def test_is_an_add_and_fire_threshold_that_is_not_positive_refused(threshold, found):
    assert refusal(network(AddAndFire(threshold))) == f"loihi: population 'n': threshold {found}, must be above 0"


def test_is_a_threshold_that_vanishes_beside_the_weights_refused():
    for neuron in (AddAndFire(0.001), LIF(0.9, threshold=0.001), LIF(0.9, threshold=np.array([1.0, 0.001]))):
        message = refusal(network(neuron))
        assert message.startswith("loihi: population 'n': threshold 0.001 is below ")
        assert message.endswith("weight step of 0.00787")  # 1 / 127


@pytest.mark.parametrize(
    ("neuron", "says"),
    [
        (LIF(1.01), "decay 1.01..1.01, must lie in 0..1"),
        (LIF(np.array([0.5, -0.1])), "decay -0.1..0.5, must lie in 0..1"),
        (LIF(0.5, threshold=-1.0), "threshold -1, must not be negative"),
    ],
)
def test_is_a_leaky_neuron_outside_the_registers_refused(neuron, says):
    assert refusal(network(neuron)) == f"loihi: population 'n': {says}"


def test_is_a_neuron_model_without_a_rewrite_refused_by_name():
    @dataclass(frozen=True, eq=False)
    class Resonator:
        frequency: float = 1.0

    assert refusal(network(Resonator())) == "loihi: population 'n': neuron Resonator unsupported"


@pytest.mark.parametrize(
    ("weights", "needed"),
    [([[128, -1]], 9), ([[-128, 1]], 9), ([[256, 1]], 9), ([[-1, -1000]], 10), ([[65, -1]], None)],
)
def test_are_weights_of_too_many_bits_refused(weights, needed):
    net = network(PLAIN, np.array(weights), delay=1, exponent=6)
    if needed is None:
        load(net)  # 7 bits and the sign
        return
    low, high = min(*weights[0], 0), max(*weights[0], 0)
    assert refusal(net) == (
        f"loihi: projection in -> n: limit weight_bits_max: weights {low}..{high} need {needed} bits, available 8"
    )


def test_are_weights_that_the_chip_would_round_refused():
    """It adds multiples of 64, so that 3 * 2**5 would become 64."""
    message = refusal(network(PLAIN, np.array([[3, 2]]), delay=1, exponent=5))
    assert message.startswith("loihi: projection in -> n: weights times 2**5 are not multiples of 64")
    assert "projection in -> n: weights times 2**0" in refusal(network(PLAIN, np.array([[3, 2]]), delay=1))
    load(network(PLAIN, np.array([[4, 2]]), delay=1, exponent=5))


def test_are_weights_beyond_the_largest_exponent_refused():
    message = refusal(network(PLAIN, np.array([[255, 1]]), delay=1, exponent=14))
    assert message == (
        "loihi: projection in -> n: limits weight_exponent_min, weight_exponent_max: exponent 8, available -8..7"
    )
    load(network(PLAIN, np.array([[255, 1]]), delay=1, exponent=13))


def test_are_real_weights_onto_compartments_refused():
    message = refusal(network(PLAIN, [[1.5, 2.0]], delay=1, exponent=6))
    assert message == "loihi: projection in -> n: weights are float64, compartments need integer weights"


def test_is_a_delay_beyond_the_field_of_the_synapse_refused():
    """The field holds 0..62 and counts from the next step on, so that 63 steps are the longest."""
    for neuron in (PLAIN, AddAndFire(3.0), Accumulator()):
        exponent = 6 if neuron is PLAIN else 0
        load(network(neuron, np.array([[1, 2]]), delay=63, exponent=exponent))
        message = refusal(network(neuron, np.array([[1, 2]]), delay=64, exponent=exponent))
        assert message == "loihi: projection in -> n: limit delay_max: delay of 64 steps, available 1..63"


def test_is_a_delay_refused_that_becomes_too_long_by_retiming():
    populations = Population("in", 1, Source()), Population("n", 1, AddAndFire(1.0)), Population("m", 1, Accumulator())
    chain = Wires.dense("in", "n", [[1]]), Wires.dense("n", "m", [[1]])
    load(Network("net", populations, (*chain, Wires.dense("in", "m", [[1]], delay=61))))
    message = refusal(Network("net", populations, (*chain, Wires.dense("in", "m", [[1]], delay=62))))
    assert message == "loihi: projection in -> m: limit delay_max: delay of 64 steps, available 1..63"


def test_is_a_single_late_synapse_found_among_others():
    wires = Wires.dense("in", "n", np.array([[1, 2]]))
    late = Wires("in", "n", wires.indptr, wires.targets, wires.weights, np.array([1, 70], dtype=np.int16), 0, 6)
    net = Network("net", (Population("in", 1, Source()), Population("n", 2, PLAIN)), (late,))
    assert "projection in -> n: limit delay_max: delay of 70 steps" in refusal(net)


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("decay_u", 4096),
        ("decay_v", -1),
        ("threshold", 2**17 * 64),
        ("threshold", 65),
        ("threshold", -64),
        ("bias", 4096 * 2**7),
        ("bias", 4097 * 2 + 1),
        ("refractory", 0),
        ("refractory", 65),
        ("initial", 2**23),
        ("initial", -(2**23)),
    ],
)
def test_is_a_value_that_no_register_holds_refused(changed, value):
    part = replace(PLAIN.compartments[0], **{changed: np.array([value, value])})
    assert changed in refusal(network(CompartmentNeuron((part,)), np.array([[1, 2]]), delay=1, exponent=6))


def test_is_a_join_without_a_compartment_before_it_refused():
    message = refusal(network(CompartmentNeuron(PAIR.compartments[1:]), np.array([[1, 2]]), delay=1, exponent=6))
    assert "population 'n'" in message
    assert "join 'add'" in message
    load(network(PAIR, np.array([[1, 2]]), delay=1, exponent=6))
