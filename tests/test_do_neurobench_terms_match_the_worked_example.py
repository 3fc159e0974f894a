"""Do the NeuroBench terms match the worked example of NeuroBench 2.3, which can be checked by hand?

Layers 3 -> 2 -> 2, beta 0.5, threshold 1, reset to zero in the same step.
"""

import numpy as np
import pytest

from neurosim.engine.functional import run_functional
from neurosim.network import LIF, Accumulator, AddAndFire, Network, Population, Projection, Source
from neurosim.results.neurobench import neurobench

W1 = np.array([[0.8, 0.0, 0.5], [0.0, 1.3, -0.4]])  # (out, in), as the example prints them
W2 = np.array([[1.5, 0.0], [0.3, 0.9]])
INPUTS = (("101", "010", "111", "000"), ("011", "010", "100", "101"))
HIDDEN = (("10", "01", "10", "00"), ("00", "01", "00", "10"))
OUTPUT = (("10", "01", "10", "00"), ("00", "00", "00", "10"))
LABELS = (0, 1)


def bits(samples):
    return np.array([[[c == "1" for c in step] for step in sample] for sample in samples])


@pytest.fixture(scope="module")
def network():
    return Network(
        "worked example",
        (Population("in", 3, Source()), Population("hidden", 2, LIF(0.5)), Population("out", 2, LIF(0.5))),
        (Projection.dense("in", "hidden", W1.T), Projection.dense("hidden", "out", W2.T)),
        ("out",),
    )


@pytest.fixture(scope="module")
def run(network):
    return run_functional(network, bits(INPUTS))


@pytest.fixture(scope="module")
def terms(network, run):
    return neurobench(network, run.pulses, run.synaptic_events, run.membrane_updates)


def test_are_the_pulses_those_of_the_example(run):
    np.testing.assert_array_equal(run.pulses["hidden"], bits(HIDDEN))
    np.testing.assert_array_equal(run.pulses["out"], bits(OUTPUT))


def test_are_the_effective_operations_per_sample_those_of_the_example(run, terms):
    assert sum(run.synaptic_events).tolist() == [13, 11]
    assert terms.effective_acs == 12
    assert terms.effective_macs == 0
    assert terms.dense == 40


def test_are_the_membrane_updates_per_sample_those_of_the_example(run, terms):
    assert sum(run.membrane_updates.values()).tolist() == [10, 12]
    assert terms.membrane_updates == 11


def test_are_the_sparsities_those_of_the_example(network, run, terms):
    assert terms.activation_sparsity == 0.71875
    assert terms.connection_sparsity == 0.3
    for name, sparsity in (("hidden", 0.6875), ("out", 0.75)):
        assert 1 - run.pulses[name].mean() == sparsity


def test_are_the_neuron_operations_and_the_footprint_those_of_the_example(terms):
    assert terms.neuron_operations_effective == 44
    assert terms.neuron_operations_dense == 64
    assert terms.footprint == 40  # ten float32 weights; the package adds 40 bytes of its framework's buffers


def test_is_the_accuracy_that_of_the_example(run):
    decisions = run.answer("out").argmax(axis=1)
    assert (decisions == np.array(LABELS)).mean() == 0.5


def test_do_graded_inputs_turn_the_first_layer_into_multiply_adds(network):
    """Values other than -1, 0, 1 make the operations of the layer that gets them MACs; zeros still cost nothing."""
    values = np.array([[[0.5, 0.0, 2.0], [0.0, 0.0, 0.25]]])
    run = run_functional(network, values)
    terms = neurobench(network, run.pulses, run.synaptic_events, run.membrane_updates, binary_inputs=False)
    # By hand: line 0 meets one weight, line 2 two. Step 1: 0.8 * 0.5 + 0.5 * 2 = 1.4 fires hidden 0, which has
    # two non-zero weights; step 2 reaches 0.125 and -0.5 and fires nothing.
    assert terms.effective_macs == 3 + 2
    assert terms.effective_acs == 2


def test_do_stored_zeros_count_neither_as_weights_nor_as_operations():
    zero = Projection(
        "in", "out", np.array([0, 2], dtype=np.int64), np.array([0, 1], dtype=np.int32), np.array([0.0, 1.0])
    )
    network = Network("zeros", (Population("in", 1, Source()), Population("out", 2, LIF(0.5))), (zero,), ("out",))
    run = run_functional(network, np.ones((1, 3, 1), dtype=np.bool_))
    terms = neurobench(network, run.pulses, run.synaptic_events, run.membrane_updates)
    assert terms.connection_sparsity == 0.5
    assert terms.effective_acs == 3
    assert terms.dense == 6


def test_are_neurons_without_a_published_count_left_out_of_the_neuron_operations():
    populations = (
        Population("in", 2, Source()),
        Population("hidden", 2, AddAndFire(1.0)),
        Population("out", 1, Accumulator()),
    )
    projections = (Projection.dense("in", "hidden", np.eye(2)), Projection.dense("hidden", "out", [[1.0], [2.0]]))
    network = Network("adders", populations, projections, ("out",))
    run = run_functional(network, bits((("10", "00", "01"),)))
    terms = neurobench(network, run.pulses, run.synaptic_events, run.membrane_updates)
    assert terms.neuron_operations_effective is None
    assert terms.neuron_operations_dense is None
    assert terms.activation_sparsity == 1 - 2 / 6  # the accumulator has no outputs
    # First step: all three. Then: step 2 nothing moves; step 3 hidden 1 adds 1, fires and falls back to 0, which is
    # where it was; the accumulator adds 2.
    assert terms.membrane_updates == 3 + 0 + 1
