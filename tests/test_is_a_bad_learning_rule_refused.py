"""Is whatever cannot be learned refused, in one line that points at the place?"""

import re
from dataclasses import replace

import numpy as np
import pytest
from learning_cases import one_synapse

import neurosim as ns
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.network import LIF, LearningRule, Network, Population, Projection, Source, Trace
from neurosim.network.rule_text import read_rule

LOIHI = ns.load_chip("loihi")
TRACES = {name: Trace(10, 20.0) for name in ("x1", "x2", "y1", "y2", "y3")}


@pytest.mark.parametrize(
    ("rule", "column", "problem"),
    [
        ("dw = 2*z1*x0", 8, "unknown variable 'z1' (known: d, r, t, w, x0, x1, x2, y0, y1, y2, y3)"),
        ("dw = x0*", 9, "found the end, must be a factor"),
        ("dw x0", 4, "found 'x0', must be '='"),
        ("dv = x0", 1, "unknown rule 'dv' (known: dd, dt, dw)"),
        ("", 1, "found the end, must begin with dw, dd or dt"),
        ("dw = 3^2*x0", 7, "found 3^, only powers of 2 can be written"),
        ("dw = 2^x0", 8, "found 'x0', must be a whole exponent"),
        ("dw = x0*(y1 + y2)", 15, "found 'y2', brackets hold one variable and a constant"),
        ("dw = x0*(3)", 9, "brackets hold one variable and a constant, found no variable"),
        ("dw = x0*(y1 + 3", 16, "found the end, must be ')'"),
        ("dw = sgn(x1)*x0", 6, "sgn(x1): only the signs of w, d and t can be taken"),
        ("dw = x0 y0", 9, "found 'y0', must be +, -, * or the end"),
        ("dw = x0*u1*u2", 6, "a product has at most one decimation u0, u1, ..."),
        ("dw = x0 / 2", 9, "found '/', must be +, -, * or the end"),
        ("dw = 0.5*x0", 7, "found '.', must be +, -, * or the end"),
    ],
)
def test_does_the_reader_point_at_the_place(rule, column, problem):
    line = f"rule '{rule}': column {column}: {problem}"
    with pytest.raises(NeurosimError, match=f"^{re.escape(line)}$"):
        LearningRule((rule,), **TRACES)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"rules": ()}, "rules: found none, must hold at least one of dw, dd and dt"),
        ({"rules": ("dw = x0", "dw = y0")}, "rule 'dw = y0': column 1: dw stands twice"),
        ({"rules": ("dw = 2*x1*y0",)}, "rule 'dw = 2*x1*y0': column 8: variable 'x1' has no impulse and time constant"),
        ({"epoch": 0}, "epoch: found 0, must be a whole number of at least 1 step"),
        ({"epoch": 1.5}, "epoch: found 1.5, must be a whole number of at least 1 step"),
        ({"reward_tau": -1.0}, "reward_tau: found -1.0, must be at least 0 steps"),
        ({"sign": "both"}, "sign: found 'both', must be mixed, excitatory or inhibitory"),
    ],
)
def test_is_a_rule_refused_that_says_nothing_sensible(fields, problem):
    with pytest.raises(NeurosimError, match=f"^{re.escape(problem)}$"):
        LearningRule(**{"rules": ("dw = x0",), **fields})


@pytest.mark.parametrize("given", [(-1, 2.0), (1.5, 2.0), (1, -2.0), (1, float("nan"))])
def test_is_a_trace_refused_that_is_none(given):
    with pytest.raises(NeurosimError, match="of a trace: found"):
        Trace(*given)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("dw = " + " + ".join(["x0"] * 17), "column 86: limit learning_products_max: 17 products, available 16"),
        ("dw = x0*y0*x1*y1*w*x2", "column 20: limit learning_factors_max: 6 factors, available 5"),
        ("dw = x0*(y1 - 129)", "column 9: limit learning_constant_bits: constant -129, available -128..127"),
        ("dw = y0 + 2^-8*x0", "column 11: scale 1*2^-8, available -8..7 times 2^-7..8"),
        ("dw = 9*x0", "column 6: scale 9*2^0, available -8..7 times 2^-7..8"),
        ("dw = 2^12*x0", "column 6: scale 1*2^12, available -8..7 times 2^-7..8"),
        ("dw = x0*u10", "column 6: limit decimation_max: u10, available u0..u9"),
        ("dw = x0*u1 + y0*u2", "column 14: products of one rule share one decimation"),
    ],
)
def test_is_a_rule_refused_that_the_chip_cannot_hold(rule, problem):
    network, _ = one_synapse(LearningRule((rule,), **TRACES), [0], [1], 0, 3)
    line = f"loihi: projection before -> after: rule '{rule}': {problem}"
    with pytest.raises(UnsupportedError, match=f"^{re.escape(line)}$"):
        ns.map(network, LOIHI)


def test_are_the_largest_rules_held():
    largest = [
        "dw = " + " + ".join(["x0"] * 16),
        "dw = x0*y0*x1*y1*w",
        "dw = x0*(y1 - 128)*u9",
        "dw = -2^-7*7*2^8*2^7*x0",
    ]
    for rule in largest:
        network, _ = one_synapse(LearningRule((rule,), **TRACES, epoch=63), [0], [1], 0, 3)
        ns.load_program(ns.map(network, LOIHI))


def learner(**changes):
    network, _ = one_synapse(LearningRule(("dw = x0",)), [0], [1], 0, 3)
    return replace(network, projections=(replace(network.projections[0], **changes), *network.projections[1:]))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"learning": LearningRule(("dw = x0",), epoch=64)}, "limit epoch_max: epoch of 64 steps, available 1..63"),
        (
            {"learning": LearningRule(("dw = x0",), x1=Trace(128, 2.0))},
            "limit trace_bits: impulse 128 of x1, available 0..127",
        ),
        ({"weights": np.array([3])}, "weight 3, mixed synapses that learn hold -254..254 in steps of 2"),
        (
            {"learning": LearningRule(("dw = x0",), sign="excitatory"), "weights": np.array([256])},
            "weight 256, excitatory synapses that learn hold 0..255 in steps of 1",
        ),
        ({"weights": np.array([0.5])}, "learns from float64 weights, needs whole ones"),
        ({"tags": 256}, "limit tag_bits: tags 256..256, available -256..255"),
        ({"exponent": 14}, "limits weight_exponent_min, weight_exponent_max: exponent 8, available -8..7"),
        ({"learning": LearningRule(("dd = x0",), max_delay=63)}, "limit delay_max: max_delay 63, available 0..62"),
    ],
)  # fmt: skip
def test_is_a_projection_refused_that_the_chip_cannot_hold(changes, problem):
    with pytest.raises(UnsupportedError, match=f"^{re.escape(f'loihi: projection before -> after: {problem}')}"):
        ns.map(learner(**changes), LOIHI)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tags": np.array([1, 2])}, "tags are int64[2], needs whole numbers, one per synapse"),
        ({"tags": np.array([0.5])}, "tags are float64[1], needs whole numbers, one per synapse"),
        ({"learning": None, "tags": 3}, "has tags and no learning rule"),
        ({"modulates": True}, "modulates and learns, can only do one of them"),
        ({"learning": LearningRule(("dw = r*x0",))}, "its rule reads r, and no projection modulates after"),
    ],
)
def test_is_a_network_refused_that_contradicts_itself(changes, problem):
    with pytest.raises(NeurosimError, match=f"projection before -> after: {re.escape(problem)}$"):
        learner(**changes)


def two_rules(**second):
    network = learner()
    first = network.projections[0]
    other = replace(first, source="drive", learning=LearningRule(("dw = x0",), **second))
    return replace(network, projections=(first, other))


def test_do_rules_of_one_neuron_and_one_chip_agree():
    with pytest.raises(NeurosimError, match="drive -> after: y1, y2, y3 and reward_tau belong to the neuron"):
        two_rules(y1=Trace(3, 4.0))
    with pytest.raises(UnsupportedError, match=r"drive -> after: epoch of 4 steps, and of 1 in before -> after"):
        ns.map(two_rules(epoch=4), LOIHI)


def modulated(gains, chip):
    """Two neurons that learn with a third factor, of two weights."""
    network, _ = one_synapse(LearningRule(("dw = x0",)), [0], [1], 0, 3, copies=2)
    gain = replace(Projection.dense("drive", "after", np.array([gains]), 1), modulates=True)
    return ns.map(replace(network, projections=(*network.projections, gain)), ns.load_chip(chip))


def test_is_the_third_factor_one_for_all_or_one_for_each():
    modulated([5, 5], "loihi")
    modulated([5, -6], "loihi2")
    with pytest.raises(UnsupportedError, match="limit local_third_factor: the reward is one value for all neurons"):
        modulated([5, -6], "loihi")
    with pytest.raises(UnsupportedError, match=r"limit reward_bits: weights 0\.\.128 .* available -128\.\.127"):
        modulated([128, 128], "loihi")


def test_do_other_neurons_and_engines_refuse_to_learn():
    populations = Population("in", 1, Source()), Population("a", 1, LIF(0.5))
    synapse = replace(Projection.dense("in", "a", [[1]], 1), learning=LearningRule(("dw = x0",)))
    with pytest.raises(UnsupportedError, match="in -> a: learns, but a is not made of compartments or programs"):
        ns.map(Network("leaky", populations, (synapse,), ("a",)), LOIHI)
    with pytest.raises(NeurosimError, match=r"learns or modulates, which the functional run does not do"):
        run_functional(learner(), np.zeros((1, 1, 2), dtype=bool))


def test_are_blanks_and_signs_free():
    one, other = (read_rule(text).products[0] for text in ("dw=-(3-x1)*6*2^-3", "dw = 3 * 2^-2 * (x1 - 3)"))
    assert (one.mantissa, one.exponent) == (other.mantissa, other.exponent) == (3, -2)
    assert [(f.variable, f.constant) for f in one.factors] == [(f.variable, f.constant) for f in other.factors]
