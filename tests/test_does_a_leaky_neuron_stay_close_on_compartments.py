"""Does a leaky neuron with reset to zero stay close to its equation when its weights and decays become integers?"""

import math

import numpy as np
import pytest

import neurosim as ns
from neurosim.cores.compartment.lower import lower
from neurosim.cores.compartment.widths import arithmetic
from neurosim.engine.functional import run_functional
from neurosim.network import LIF, Network, Population, Projection, Source

LOIHI = ns.load_chip("loihi")


def driven(neuron, weights, delay=1):
    populations = Population("in", len(weights), Source()), Population("n", 1, neuron)
    wires = Projection.dense("in", "n", np.array(weights)[:, None], delay)
    return Network("leaky", populations, (wires,), ("n",))


def voltages(network, inputs):
    """Voltages on the chip in the network's own units, and the lowered network."""
    lowered = lower(network, LOIHI)
    run = run_functional(lowered.network, inputs, arithmetic(LOIHI), trace=True)
    return run.membranes["n"][0, :, 0] / lowered.scale["n"], lowered


@pytest.mark.parametrize("threshold", [1e3, 50.0])
def test_does_a_voltage_below_threshold_differ_by_no_more_than_the_roundings(threshold):
    """Per step: half a unit of 1/4096 in the decay, one of 1/scale toward zero, half a bias, and the weights' error."""
    rng = np.random.default_rng(3)
    weights = rng.normal(0, 0.4, 6)
    neuron = LIF(0.83, bias=0.037, threshold=threshold, initial=-0.6)
    inputs = rng.random((1, 80, 6)) < 0.5
    seen, lowered = voltages(driven(neuron, weights), inputs)
    v, expected = -0.6, []
    for t in range(80):
        v = 0.83 * v + 0.037 + (inputs[0, t - 1] @ weights if t else 0.0)  # a delay of one step
        expected.append(v)
    grain = 1 / lowered.scale["n"]
    per_step = np.abs(expected).max() / 8192 + 1.5 * grain + 6 * 0.5 * 64 * grain
    assert np.abs(seen - expected).max() <= per_step / (1 - 0.83) + grain
    assert np.abs(expected).max() > 1
    assert not lowered.exact


def test_does_the_published_recurrent_network_keep_its_rate():
    """The network of four simulators: single pulses differ, as it is chaotic, its 23,272 pulses hardly."""
    rng = np.random.default_rng(42)
    targets = np.array([(c := rng.choice(1023, 128, replace=False)) + (c >= i) for i in range(1024)])
    excitatory, current, voltage = rng.random(1024) < 0.8, rng.uniform(1.00, 1.18, 1024), rng.random(1024)
    decay = math.exp(-1 / 20)
    wires = Projection(
        "n", "n", np.arange(1025) * 128, np.sort(targets, axis=1).ravel().astype(np.int32),
        np.repeat(np.where(excitatory, 0.008, -0.032), 128), 1,
    )  # fmt: skip
    neuron = LIF(decay, bias=(1 - decay) * current, initial=voltage)
    lowered = lower(Network("recurrent", (Population("n", 1024, neuron),), (wires,)), LOIHI)
    run = run_functional(lowered.network, np.zeros((1, 1000, 0), dtype=bool), arithmetic(LOIHI))
    assert int(run.pulses["n"].sum()) == pytest.approx(23272, rel=0.01)


def test_do_integer_weights_keep_fine_decays_and_biases():
    """They are scaled by a whole number, here 63, so that they stay exact and the bias is not a few units only."""
    lowered = lower(driven(LIF(0.9, bias=0.05, threshold=3.0), [2, -1]), LOIHI)
    assert lowered.scale["n"] == 63 * 64
    assert lowered.network.projections[0].weights.tolist() == [126, -63]
    assert {r.name: r.fidelity for r in lowered.records} == {"quantise n": "exact", "leak n": "approximate"}


@pytest.mark.parametrize(("changed", "largest"), [("bias", 4095 * 2**7), ("initial", 2**23 - 1), ("threshold", 2**23)])
def test_is_the_scale_small_enough_for_every_register(changed, largest):
    values = {"bias": 0.0, "initial": 0.0, "threshold": 1.0} | {changed: 900.0}
    lowered = lower(driven(LIF(0.9, **values), [0.5]), LOIHI)
    register = getattr(lowered.network.population("n").neuron.compartments[0], changed)
    assert 0.98 * largest < int(register) <= largest
    assert int(register) / lowered.scale["n"] == pytest.approx(900, rel=1e-3)
