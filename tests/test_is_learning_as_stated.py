"""Do both engines learn what a plain statement of the published equations learns, bit for bit?

Random rules, traces, epochs, third factors and spike trains; the statement (learning_statement.py) reads rules with
Python's own arithmetic, in fractions, and knows nothing of the simulator. Golden vectors are worked by hand.
"""

import copy
from collections import Counter

import learning_statement as plain
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learning_cases import held, one_synapse, random_case

import neurosim as ns
from neurosim.engine.compiled.agreement import first_difference
from neurosim.errors import CapacityError
from neurosim.mapping import Mapping
from neurosim.network import LearningRule, Trace

LOIHI, LOIHI2 = ns.load_chip("loihi"), ns.load_chip("loihi2")
SEED = 5
ENGINES = ("event", "compiled")


def placed(network, chip, seed):
    """Put the neurons on a few cores, as the chip allows."""
    rng = np.random.default_rng(seed)
    mapping = ns.map(network, chip)
    n = mapping.lowered.network.n_neurons
    for _ in range(20):
        cores = rng.choice(rng.choice(chip.n_cores, 3, replace=False), n).astype(np.int32)
        try:
            return ns.load_program(Mapping(network, mapping.lowered, chip, cores, "random", SEED))
        except CapacityError:
            continue
    return ns.load_program(Mapping(network, mapping.lowered, chip, np.arange(n, dtype=np.int32), "random", SEED))


def rasters(run, sample, names):
    steps = run.spikes.full[names[0]].shape[1]
    return [{name: np.flatnonzero(run.spikes.full[name][sample, t]).tolist() for name in names} for t in range(steps)]


def agree(seed, keep):
    network, pulses, net, given_pulses = random_case(seed)
    program = placed(network, LOIHI2, seed)
    runs = [
        ns.simulate(program, pulses, engine=engine, record_spikes=True, learning="keep" if keep else "reset")
        for engine in ENGINES
    ]
    assert first_difference(*runs) is None
    machine, start = plain.Machine(net, SEED), copy.deepcopy(net)
    for sample, train in enumerate(given_pulses):
        if not keep:
            machine = plain.Machine(copy.deepcopy(start), SEED)
        assert machine.sample(train) == rasters(runs[0], sample, list(net.neurons))
    learned = runs[0].learned
    found = np.stack([learned.synapse, learned.weight, learned.delay, learned.tag], axis=1)
    np.testing.assert_array_equal(found, held(machine.net, machine))
    return network, runs[0], start, machine


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_do_engines_and_statement_agree_on_random_rules(seed, keep):
    agree(seed, keep)


def test_do_the_cases_put_the_question():
    seen = Counter()
    for seed in range(15):
        _, run, start, machine = agree(seed, seed % 2 == 0)
        before, after = held(start, plain.Machine(start, SEED)), held(machine.net, machine)
        for k, name in enumerate(("weights", "delays", "tags"), 1):
            seen[name] += int((before[:, k] != after[:, k]).sum())
        seen["fired"] += int(run.activity.total("spikes").sum())
        for p in start.projections:
            if p.rule is not None:
                seen[f"epoch {p.rule.epoch}"] += 1
                seen[p.rule.sign] += 1
    assert min(seen.values()) > 2, seen
    assert len(seen) == 10


# ---- golden vectors ------------------------------------------------------------------------------------------------


FOREVER = float("inf")  # a trace that does not decay is not rounded either


def learned_weight(rule, before, after, start=0, steps=8, engine="event", **fields):
    """The weight of one synapse after pulses before it in some steps and after it in others."""
    network, pulses = one_synapse(LearningRule((rule,), **fields), before, after, start, steps)
    run = ns.simulate(ns.map(network, LOIHI), pulses, engine=engine, record_spikes=True)
    assert np.flatnonzero(run.spikes.full["after"][0]).tolist() == after
    return int(run.learned.weight[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_does_a_pair_rule_add_what_it_says(engine):
    traces = {"x1": Trace(3, FOREVER), "y1": Trace(5, FOREVER)}
    # Step 2: x1 = 3, y0 = 1: +6. Step 3: y1 = 5, x0 = 1: -20. Step 5: x1 = 6, y0 = 1: +12.
    assert learned_weight("dw = 2*x1*y0 - 4*y1*x0", [0, 3], [2, 5], engine=engine, **traces) == 6 - 20 + 12
    # Both in one step: each trace holds the impulse of that step.
    assert learned_weight("dw = 2*x1*y0 - 4*y1*x0", [3], [3], engine=engine, **traces) == 6 - 20


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("dw = 2*x0", 2 * 3),  # epochs of 4 steps: three spikes before, two after, in two epochs
        ("dw = 2*x0*y0", 2 * (2 * 1 + 1 * 1)),
        ("dw = 2*u0", 2 + 2),
        ("dw = 2*u1", 2),  # in every second epoch
        ("dw = 2*(x0 + 3)", 2 * (5 + 4)),
        ("dw = -2*(3 - x0)", -2 * (1 + 2)),
        ("dw = 2*sgn(w - 1)", -2 - 2),
        ("dw = 2^3*x0 - 6*u0", 8 * 3 - 6 * 2),
        ("dw = 2*x1*u0", 2 * (14 + 21)),
    ],
)
def test_are_epochs_counts_and_constants_as_written(rule, expected):
    assert learned_weight(rule, [0, 1, 6], [2, 5], x1=Trace(7, FOREVER), epoch=4) == expected


def test_do_traces_counts_and_weights_saturate():
    every = list(range(8))
    assert learned_weight("dw = x1*u0", every, [], x1=Trace(100, FOREVER), sign="excitatory", steps=1) == 100
    assert learned_weight("dw = x1*u0", every, [], x1=Trace(100, FOREVER), sign="excitatory", steps=2) == 227
    assert learned_weight("dw = x1*u0", every, [], x1=Trace(100, FOREVER), sign="excitatory", steps=3) == 255
    assert learned_weight("dw = -2^6*x0", every, [], 100, sign="mixed") == -254
    assert learned_weight("dw = 2*x0", list(range(40)), [], sign="excitatory", steps=40, epoch=40) == 2 * 31
    # The first product fills the accumulator to just below 256, so that the second leaves nothing of it.
    assert learned_weight("dw = 7*2^5*x0*x0*x0 - 2^7*x0", [0, 1], [], sign="excitatory", steps=2, epoch=2) == 0


@pytest.mark.parametrize("tau", [2.0, 16.8, 33.7])
def test_does_a_trace_decay_exponentially_on_average(tau):
    # A thousand synapses copy their trace in one step; its mean is that of the exponential, whose decay is rounded to
    # 1/4096 (0.1 % of a time constant per step), and single traces are whole numbers.
    after = int(tau)
    rule = LearningRule(("dw = x1*y0",), x1=Trace(120, tau), sign="excitatory")
    network, pulses = one_synapse(rule, [0], [after], 0, after + 1, copies=1000)
    weight = ns.simulate(ns.map(network, LOIHI), pulses).learned.weight
    assert len(np.unique(weight)) > 1
    error = weight.std() / np.sqrt(len(weight))
    assert abs(weight.mean() - 120 * np.exp(-after / tau)) < 4 * error + 0.1


def test_is_a_small_change_made_as_often_as_it_should():
    rule = LearningRule(("dw = 2^-5*x0",), sign="excitatory")
    network, pulses = one_synapse(rule, [0], [], 0, 1, copies=1000)
    weight = ns.simulate(ns.map(network, LOIHI), pulses).learned.weight
    assert set(weight.tolist()) == {0, 1}
    assert abs(weight.mean() - 1 / 32) < 4 * np.sqrt(1 / 32 * 31 / 32 / 1000)


def test_does_what_is_learned_act_from_the_next_step_on():
    # The synapse begins with 60 of the 100 that the neuron needs and gains 64 at the end of the step of the first
    # pulse: that pulse falls short, the second, in the next step, does not.
    network, pulses = one_synapse(LearningRule(("dw = 2^6*x0",)), [0, 1], [], 60, 4)
    for engine in ENGINES:
        run = ns.simulate(ns.map(network, LOIHI), pulses, engine=engine, record_spikes=True)
        assert np.flatnonzero(run.spikes.full["after"][0]).tolist() == [2]
