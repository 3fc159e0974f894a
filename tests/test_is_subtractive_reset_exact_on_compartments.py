"""Does an add-and-fire network compute the same on compartments, which can only be reset to zero?

The expectation is add-and-fire itself, stated once more here on plain matrices: add the weights of the pulses,
fire at or above the threshold, take the threshold away.
"""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.cores.compartment.lower import lower
from neurosim.cores.compartment.widths import arithmetic
from neurosim.engine.functional import run_functional
from neurosim.errors import UnsupportedError
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    Population,
    Projection,
    Source,
)

LOIHI = ns.load_chip("loihi")
WIDTHS = arithmetic(LOIHI)
UNIT = 64  # what a weight of 1 adds
LARGEST = 127
HIGHEST_EXACT = 2048


@dataclass(frozen=True)
class Wire:
    """All synapses between two populations: weights [from, to] and delays [from, to] or one number."""

    source: str
    target: str
    weights: np.ndarray
    delay: object = 0

    def projection(self):
        dense = Projection.dense(self.source, self.target, self.weights)
        delay = self.delay if np.ndim(self.delay) == 0 else self.delay[dense.rows, dense.targets].astype(np.int16)
        return Projection(self.source, self.target, dense.indptr, dense.targets, dense.weights, delay)


def network_of(thresholds, wires, inputs):
    """Source "in", then populations by name with their thresholds; None accumulates."""
    populations = [Population("in", inputs, Source())]
    for name, (size, theta) in thresholds.items():
        populations.append(Population(name, size, Accumulator() if theta is None else AddAndFire(theta)))
    outputs = tuple(name for name, (_, theta) in thresholds.items() if theta is None)
    return Network("adders", tuple(populations), tuple(w.projection() for w in wires), outputs)


def add_and_fire(thresholds, wires, inputs):
    """Run the rules on inputs [T, lines]; returns pulses and membranes by population, [T, size] each.

    Populations must be given in the order in which pulses without delay pass.
    """
    steps = len(inputs)
    pulses = {"in": inputs} | {name: np.zeros((steps, size), bool) for name, (size, _) in thresholds.items()}
    membrane = {name: np.zeros((steps, size)) for name, (size, _) in thresholds.items()}
    for t in range(steps):
        for name, (size, theta) in thresholds.items():
            v = membrane[name][t - 1].copy() if t else np.zeros(size)
            for wire in (w for w in wires if w.target == name):
                for (row, column), weight in np.ndenumerate(wire.weights):
                    sent = t - int(np.broadcast_to(wire.delay, wire.weights.shape)[row, column])
                    if sent >= 0 and pulses[wire.source][sent, row]:
                        v[column] += weight
            if theta is not None:
                pulses[name][t] = v >= theta
                v = v - np.where(pulses[name][t], theta, 0)
            membrane[name][t] = v
    return pulses, membrane


def lowered_run(lowered, inputs):
    """Run the lowered network until its last population has seen all inputs; drops the sample axis."""
    drain = np.zeros((lowered.extra_steps, inputs.shape[1]), dtype=bool)
    return run_functional(lowered.network, np.concatenate([inputs, drain])[None], WIDTHS, trace=True)


def check(lowered, thresholds, wires, inputs):
    """Every population does in step t + lag what the rules do in step t, nothing before, and accumulates the same."""
    pulses, membrane = add_and_fire(thresholds, wires, inputs)
    run = lowered_run(lowered, inputs)
    for name, (_, theta) in thresholds.items():
        lag = lowered.lag[name]
        here = slice(lag, lag + len(inputs))
        np.testing.assert_array_equal(run.pulses[name][0, here], pulses[name])
        assert not run.pulses[name][0, :lag].any()
        if theta is None:
            np.testing.assert_array_equal(run.membranes[name][0, here], membrane[name] * UNIT)


def draw_adders(rng, layers, real=False):
    """A random network: layers in a row, skipping and recurrent connections, two accumulators at the end."""
    names = [f"layer{k}" for k in range(layers)]
    sizes = {"in": 4} | {name: int(rng.integers(1, 5)) for name in names} | {"out": 2}
    thresholds = {name: (sizes[name], draw_threshold(rng, sizes[name], real)) for name in names}
    thresholds["out"] = (2, None)
    order = list(sizes)
    wires = []
    for a, source in enumerate(order[:-1]):
        for b, target in enumerate(order):
            ahead = b - a
            if b == 0 or (ahead != 1 and rng.random() < 0.5):
                continue
            if target == "out" and ahead <= 0:
                continue
            shape = sizes[source], sizes[target]
            low = 0 if ahead > 0 else 1 - ahead  # a circle needs one step of delay per connection
            delay = rng.integers(low, low + 4, shape) if rng.random() < 0.5 else int(rng.integers(low, low + 2))
            wires.append(Wire(source, target, draw_weights(rng, shape, real), delay))
    return thresholds, wires


def draw_threshold(rng, size, real):
    if real:
        return rng.uniform(0.2, 4) if rng.random() < 0.5 else rng.uniform(0.2, 4, size)
    if rng.random() < 0.3:
        return float(rng.choice([1, 2, 3, 255, 256, 510, 1024, 2040, HIGHEST_EXACT]))
    power = rng.integers(0, 4)
    theta = rng.integers(1, 256, size) << power
    return np.minimum(theta, rng.choice([8, 64, 2040])).astype(float) if power == 0 else theta.astype(float)


def draw_weights(rng, shape, real):
    if real:
        return rng.normal(0.3, 1, shape) * rng.choice([0.01, 1, 3])
    top = rng.choice([3, 20, LARGEST])
    weights = rng.integers(-top, top + 1, shape)
    return np.where(rng.random(shape) < 0.2, 0, np.where(rng.random(shape) < 0.4, np.abs(weights), weights))


seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 3), st.integers(1, 40))
@settings(max_examples=120, deadline=None)
def test_do_integer_networks_compute_the_same_to_the_last_pulse(seed, layers, steps):
    rng = np.random.default_rng(seed)
    thresholds, wires = draw_adders(rng, layers)
    inputs = rng.random((steps, 4)) < rng.choice([0.2, 0.6, 1.0])
    lowered = lower(network_of(thresholds, wires, 4), LOIHI)
    check(lowered, thresholds, wires, inputs)
    assert lowered.exact
    assert all(lowered.scale[name] == UNIT for name in thresholds)


@given(seeds, st.integers(1, 3), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_do_rounded_networks_compute_what_their_rounded_weights_say(seed, layers, steps):
    """The reset stays exact; only weights and thresholds are approximate, and by no more than is recorded."""
    rng = np.random.default_rng(seed)
    thresholds, wires = draw_adders(rng, layers, real=True)
    inputs = rng.random((steps, 4)) < 0.6
    network = network_of(thresholds, wires, 4)
    lowered = lower(network, LOIHI)
    stored = [rounded_wire(lowered, wire, k) for k, wire in enumerate(wires)]
    rounded = {name: (size, rounded_threshold(lowered, name)) for name, (size, _) in thresholds.items()}
    check(lowered, rounded, stored, inputs)
    assert not lowered.exact
    for name in thresholds:
        check_rounding(network, lowered, name, [(w, s) for w, s in zip(wires, stored, strict=True) if w.target == name])


def rounded_wire(lowered, wire, index):
    """The weights of a wire as the lowered network holds them, in units."""
    p = lowered.network.projections[index]
    weights = np.zeros(wire.weights.shape)
    weights[p.rows, p.targets] = p.weights
    return Wire(wire.source, wire.target, weights, wire.delay)


def rounded_threshold(lowered, name):
    """What the reset synapse of each neuron takes away, in units; None for accumulators."""
    resets = [p for p in lowered.network.projections if p.source == p.target == name]
    if len(lowered.network.population(name).neuron) == 1:
        return None
    reset = resets[-1]
    np.testing.assert_array_equal(reset.rows, reset.targets)
    return -reset.weights * 2.0**reset.exponent / UNIT


def check_rounding(network, lowered, name, pairs):
    record = next(r for r in lowered.records if r.name == f"quantise {name}")
    scale = lowered.scale[name] / UNIT
    bound = float(re.search(r"off by at most ([\d.e+-]+)$", record.cost)[1])
    errors = [np.abs(s.weights / scale - w.weights).max() for w, s in pairs]
    assert max(errors) <= bound <= 0.51 / scale  # half a step, and the last digit rounded up
    lost = sum(int(((s.weights == 0) & (w.weights != 0)).sum()) for w, s in pairs)
    total = sum(int((w.weights != 0).sum()) for w, s in pairs)
    assert f"; {lost} of {total} round to zero and are not stored" in record.what
    assert record.fidelity == "approximate"
    assert all(np.abs(s.weights).max() <= LARGEST for _, s in pairs)
    model = network.population(name).neuron
    if isinstance(model, AddAndFire):
        theta = rounded_threshold(lowered, name)
        error = np.abs(theta / scale - model.threshold).max()
        named = re.search(r"; threshold [\d.]+, off by at most ([\d.e+-]+)$", record.what)
        assert error <= (float(named[1]) if named else 1e-9 * np.max(model.threshold))
        assert np.ndim(model.threshold) or named is None  # one number lands on the grid


# ---- single cases ------------------------------------------------------------------------------------------


def one_neuron(theta, weights):
    thresholds = {"n": (1, theta), "out": (1, None)}
    wires = [Wire("in", "n", np.array(weights)[:, None]), Wire("n", "out", np.array([[1]]))]
    return thresholds, wires


@pytest.mark.parametrize("theta", [1, 2, 64, 255, 256, 1536, 2040, HIGHEST_EXACT])
def test_does_it_fire_at_its_threshold_and_not_one_below(theta):
    """The soma keeps 1/4096 of its voltage: here it stands as high as it can before the deciding pulse."""
    near, rest = divmod(theta - 1, LARGEST)
    thresholds, wires = one_neuron(theta, [LARGEST, max(rest, 1), 1, -1])
    rows = [[1, 0, 0, 0]] * near + [[0, 1, 0, 0]] * (rest > 0) + [[0, 0, 0, 0]] * 3
    rows += [[0, 0, 1, 0]] + [[0, 0, 0, 0]] * 2  # the last unit
    inputs = np.array(rows, dtype=bool)
    lowered = lower(network_of(thresholds, wires, 4), LOIHI)
    assert lowered.exact
    run = lowered_run(lowered, inputs)
    assert np.flatnonzero(run.pulses["n"][0, :, 0]).tolist() == [len(rows) - 3 + 1]
    assert run.membranes["n"][0, len(rows) - 3, 0] == (theta - 1) * UNIT


def test_does_a_membrane_far_below_zero_come_back_unchanged():
    thresholds, wires = one_neuron(5, [-LARGEST, LARGEST])
    inputs = np.array([[1, 0]] * 20 + [[0, 1]] * 21, dtype=bool)
    lowered = lower(network_of(thresholds, wires, 2), LOIHI)
    check(lowered, thresholds, wires, inputs)
    assert np.flatnonzero(lowered_run(lowered, inputs).pulses["n"][0, :, 0]).tolist() == [
        41,
        42,
    ]  # and 127 - 5 in the drain


def test_does_a_jump_from_far_below_zero_to_the_threshold_fire():
    """2540 units below zero the soma would keep more than its margin of half a unit, did it not look at 0 instead."""
    thresholds, wires = one_neuron(5, [-LARGEST] * 20 + [LARGEST] * 20 + [5])
    inputs = np.zeros((4, 41), dtype=bool)
    inputs[0, :20] = inputs[2, 20:] = True
    lowered = lower(network_of(thresholds, wires, 41), LOIHI)
    check(lowered, thresholds, wires, inputs)
    assert np.flatnonzero(lowered_run(lowered, inputs).pulses["n"][0, :, 0]).tolist() == [3]


def test_does_the_residue_fire_again_without_input():
    thresholds, wires = one_neuron(10, [35])
    inputs = np.zeros((8, 1), dtype=bool)
    inputs[2] = True
    lowered = lower(network_of(thresholds, wires, 1), LOIHI)
    run = lowered_run(lowered, inputs)
    assert np.flatnonzero(run.pulses["n"][0, :, 0]).tolist() == [3, 4, 5]  # in steps 2, 3, 4 of the original
    assert run.final["n"][0, 0] == 5 * UNIT


@pytest.mark.parametrize("theta", [257, 511, 2049, 2560, 0.5, 100.25])
def test_is_a_threshold_that_one_synapse_cannot_hold_reached_by_scaling_the_weights(theta):
    thresholds, wires = one_neuron(theta, [3, -2])
    lowered = lower(network_of(thresholds, wires, 2), LOIHI)
    record = next(r for r in lowered.records if r.name == "quantise n")
    assert (record.fidelity, lowered.exact) == ("approximate", False)
    units = rounded_threshold(lowered, "n")[0]
    assert units == round(units) <= HIGHEST_EXACT
    mantissa = int(units)
    while mantissa % 2 == 0:
        mantissa //= 2
    assert mantissa <= 255
    assert units / (lowered.scale["n"] / UNIT) == pytest.approx(theta, rel=1e-12)
    assert "off by" not in record.what


def test_are_different_thresholds_rounded_to_one_grid():
    theta = np.array([1.0, 0.3, 0.77])
    thresholds = {"n": (3, theta), "out": (1, None)}
    wires = [Wire("in", "n", np.full((1, 3), 0.001)), Wire("n", "out", np.ones((3, 1)))]
    lowered = lower(network_of(thresholds, wires, 1), LOIHI)
    units = rounded_threshold(lowered, "n")
    # 0.001 would bear a factor of 127,000; the threshold allows 2048 units, in steps of 2048 / 128.
    assert units.tolist() == [2048, 16 * round(0.3 * 2048 / 16), 16 * round(0.77 * 2048 / 16)]
    worst = max(abs(units[k] / 2048 - theta[k]) for k in range(3))
    record = next(r for r in lowered.records if r.name == "quantise n")
    assert float(re.search(r"threshold 608..2048, off by at most ([\d.e-]+)$", record.what)[1]) >= worst
    assert "; 0 of 3 round to zero" in record.what


# ---- records -----------------------------------------------------------------------------------------------


def test_does_every_record_of_an_integer_network_say_exact():
    thresholds, wires = one_neuron(7, [3, -2])
    lowered = lower(network_of(thresholds, wires, 2), LOIHI)
    assert {r.name: r.fidelity for r in lowered.records} == {
        "retime": "exact",
        "quantise n": "exact",
        "subtractive reset n": "exact",
        "quantise out": "exact",
        "evidence out": "exact",
    }


def test_is_a_sum_that_can_wrap_recorded():
    """22 bits hold sums up to 32,767 units: 258 synapses of 127 fit, 259 do not."""
    for inputs, exact in ((258, True), (259, False)):
        thresholds, wires = one_neuron(2000, [LARGEST] * inputs)
        lowered = lower(network_of(thresholds, wires, inputs), LOIHI)
        assert lowered.exact == exact
        assert [r.name for r in lowered.records if r.fidelity == "approximate"] == ([] if exact else ["range n"])
        run = lowered_run(lowered, np.ones((1, inputs), dtype=bool))
        assert (run.membranes["n"][0, 1, 0] == LARGEST * inputs * UNIT) == exact


@pytest.mark.parametrize(
    ("neuron", "rests"),
    [
        (LIF(0.9), True),
        (LIF(0.9, bias=0.1), False),
        (LIF(0.9, initial=0.5), False),
        (CompartmentNeuron((Compartment(4095, 0, 640),)), True),
        (CompartmentNeuron((Compartment(4095, 0, 640), Compartment(4095, 0, 640, bias=1, join="add"))), False),
        (CompartmentNeuron((Compartment(4095, 0, 640, initial=-64),)), False),
    ],
)
def test_is_retiming_called_exact_only_for_neurons_that_rest_until_their_input(neuron, rests):
    weights = np.ones((1, 1), dtype=np.int64)
    populations = Population("in", 1, Source()), Population("n", 1, neuron)
    exponent = 6 if isinstance(neuron, CompartmentNeuron) else 0
    dense = Projection.dense("in", "n", weights)
    wire = Projection("in", "n", dense.indptr, dense.targets, dense.weights, 0, 0, exponent)
    lowered = lower(Network("one", populations, (wire,)), LOIHI)
    record = lowered.records[0]
    assert (lowered.scale["n"] == 1) == isinstance(neuron, CompartmentNeuron)  # their voltages are the chip's already
    assert (record.name, record.fidelity) == ("retime", "exact" if rests else "approximate")
    assert record.what.endswith(" n") != rests


# ---- retiming ----------------------------------------------------------------------------------------------


def lags_and_delays(populations, wires):
    thresholds = dict.fromkeys(populations, (1, 1))
    lowered = lower(network_of(thresholds, wires, 1), LOIHI)
    delays = [int(p.delays[0]) if len(p.targets) else None for p in lowered.network.projections[: len(wires)]]
    return [lowered.lag[name] for name in populations], delays


def wire(source, target, delay=0, weight=1):
    return Wire(source, target, np.array([[weight]]), delay)


def test_do_layers_in_a_row_run_one_step_behind_each_other():
    chain = [wire("in", "a"), wire("a", "b"), wire("b", "c")]
    assert lags_and_delays("abc", chain) == ([1, 2, 3], [1, 1, 1])


def test_does_a_connection_that_skips_layers_wait_for_them():
    wires = [wire("in", "a"), wire("a", "b"), wire("b", "c"), wire("in", "c"), wire("a", "c", 2)]
    assert lags_and_delays("abc", wires) == ([1, 2, 3], [1, 1, 1, 3, 4])


def test_is_a_network_with_enough_delay_left_alone():
    wires = [wire("in", "a", 1), wire("a", "b", 5), wire("b", "a", 1), wire("a", "a", 1)]
    assert lags_and_delays("ab", wires) == ([0, 0], [1, 5, 1, 1])
    lowered = lower(network_of({"a": (1, 1), "b": (1, 1)}, wires, 1), LOIHI)
    assert "retime" not in [r.name for r in lowered.records]
    assert lowered.extra_steps == 0


def test_does_a_circle_give_up_delay_to_the_connections_that_have_none():
    wires = [wire("in", "a"), wire("a", "b"), wire("b", "c"), wire("c", "a", 3)]
    assert lags_and_delays("abc", wires) == ([1, 2, 3], [1, 1, 1, 1])


@pytest.mark.parametrize("late", [0, 1, 2])
def test_is_a_circle_with_less_than_one_step_per_connection_refused(late):
    wires = [wire("in", "a"), wire("a", "b"), wire("b", "c"), wire("c", "b", late), wire("c", "a", 2)]
    if late == 2:
        wires[-1] = wire("c", "a", 3)
        assert lags_and_delays("abc", wires) == ([1, 2, 3], [1, 1, 1, 1, 1])
        return
    with pytest.raises(UnsupportedError) as caught:
        lags_and_delays("abc", wires)
    message = str(caught.value)
    assert message.startswith("network adders: projections ")
    assert any(f"projections {circle} form" in message for circle in ("b -> c -> b", "c -> b -> c", "a -> b -> c -> a"))
    assert "\n" not in message


def test_does_the_refusal_name_the_circle_in_the_direction_of_the_pulses():
    wires = [wire("in", "a"), wire("a", "b"), wire("b", "c"), wire("c", "a", 2), wire("c", "d"), wire("d", "e")]
    with pytest.raises(
        UnsupportedError, match=r"projections (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c) form"
    ):
        lags_and_delays("abcde", wires)


def test_is_a_neuron_that_feeds_itself_at_once_refused():
    with pytest.raises(UnsupportedError, match="projections a -> a form a circle"):
        lags_and_delays("a", [wire("in", "a"), wire("a", "a")])


def test_does_a_connection_without_synapses_ask_for_nothing():
    wires = [wire("in", "a"), wire("a", "a", 0, weight=0), wire("b", "a", 0, weight=0), wire("a", "b", 0)]
    assert lags_and_delays("ab", wires)[0] == [1, 2]


def test_do_delays_of_single_synapses_all_shift():
    thresholds = {"a": (2, 1), "b": (2, 1)}
    delays = np.array([[0, 3], [7, 0]])
    wires = [Wire("in", "a", np.ones((1, 2))), Wire("a", "b", np.array([[1, 2], [3, 4]]), delays)]
    lowered = lower(network_of(thresholds, wires, 1), LOIHI)
    assert lowered.network.projections[1].delays.tolist() == [1, 4, 8, 1]
