"""The processing element against plain statements of its arithmetic in whole numbers and fractions."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processing_elements import CHIP, StandIn, program_of, tick_through

from neurosim.cores.processor import lower
from neurosim.cores.processor.scale import values_of
from neurosim.engine.functional import run_functional
from neurosim.network import LIF, Accumulator, AddAndFire, Network, Population, Projection, Source

ONE = 2**15
KINDS = ("add", "sum", "zero", "subtract", "subtract-late")
few = settings(max_examples=40, deadline=None)


def s16_15(x):
    """Round a fraction to s16.15: the nearest multiple of 2**-15, halves up."""
    return Fraction(floor(x * ONE + Fraction(1, 2)), ONE)


class Golden:
    """One neuron in exact fractions: v is its membrane, ``fired`` whether it fired in the last tick."""

    def __init__(self, kind, decay=0, bias=0, threshold=0, initial=0):
        self.kind, self.decay, self.bias, self.threshold = kind, *map(Fraction, (decay, bias, threshold))
        self.v, self.fired, self.saturated = Fraction(initial), False, 0

    def tick(self, arriving):
        if self.kind in ("add", "sum"):
            self.v += arriving
            self.fired = self.kind == "add" and self.v >= self.threshold
            if self.fired:
                self.v -= self.threshold
            return
        self.v = s16_15(self.decay * self.v) + self.bias + arriving
        if self.kind == "subtract-late" and self.fired:
            self.v -= self.threshold
        held = min(max(self.v, Fraction(-(2**16))), 2**16 - Fraction(1, ONE))
        self.saturated += held != self.v
        self.v = held
        self.fired = self.v > self.threshold
        if self.fired and self.kind == "zero":
            self.v = Fraction(0)
        if self.fired and self.kind == "subtract":
            self.v -= self.threshold


def golden_run(network, neurons, pulses):
    """A spike sent in tick t adds its weight in tick t + delay, delays from 1; returns pulses and membranes by name."""
    fired, membranes, line = {}, {}, 0
    for p in network.sources:
        fired[p.name] = pulses[:, line : line + p.size]
        line += p.size
    for p in network.neurons:
        fired[p.name] = np.zeros((len(pulses), p.size), dtype=bool)
        membranes[p.name] = [[None] * p.size for _ in pulses]
    for t in range(len(pulses)):
        arriving = {p.name: [Fraction(0)] * p.size for p in network.neurons}
        for projection in network.projections:
            for row in range(len(projection.indptr) - 1):
                for s in range(projection.indptr[row], projection.indptr[row + 1]):
                    sent = t - int(projection.delays[s])
                    if sent >= 0 and fired[projection.source][sent, row]:
                        arriving[projection.target][projection.targets[s]] += Fraction(float(projection.weights[s]))
        for p in network.neurons:
            for k, neuron in enumerate(neurons[p.name]):
                neuron.tick(arriving[p.name][k])
                fired[p.name][t, k], membranes[p.name][t][k] = neuron.fired, neuron.v
    return fired, membranes


def draw_network(seed, kinds):
    """A random network on the grid of the element, with its golden neurons; one core per few neurons."""
    rng = np.random.default_rng(seed)
    source = Population("in", int(rng.integers(1, 6)), Source())
    groups, neurons, unit = [], {}, {}
    for k, kind in enumerate(kinds):
        name, size = f"{kind}{k}", int(rng.integers(1, 6))
        unit[name] = float(2.0 ** rng.integers(-3, 4))
        threshold = rng.integers(1, 300, size) * unit[name]
        decay, bias, initial = (rng.integers(low, ONE + 1, size) / ONE for low in (0, -ONE, -ONE))
        if kind == "add":
            groups.append(Population(name, size, AddAndFire(threshold)))
            neurons[name] = [Golden(kind, threshold=x) for x in threshold]
        elif kind == "sum":
            groups.append(Population(name, size, Accumulator()))
            neurons[name] = [Golden(kind) for _ in range(size)]
        else:
            groups.append(Population(name, size, LIF(decay, bias, threshold, initial, kind)))
            columns = zip(decay, bias, threshold, initial, strict=True)
            neurons[name] = [Golden(kind, *column) for column in columns]
    projections = []
    for target in groups:
        for origin in [source, *groups]:
            if origin is source or rng.random() < 0.5:
                shape = (origin.size, target.size)
                weights = rng.integers(-128, 128, shape) * unit[target.name] * 2.0 ** rng.integers(-1, 2)
                made = Projection.dense(origin.name, target.name, weights * (rng.random(shape) < 0.8))
                delays = rng.integers(1, 16, len(made.targets)).astype(np.int16)
                projections.append(
                    Projection(*(made.source, made.target, made.indptr, made.targets, made.weights), delays)
                )
    network = Network(f"random {seed}", (source, *groups), tuple(projections), (groups[-1].name,))
    core_of = rng.integers(0, int(rng.integers(1, 6)), network.n_neurons)
    return network, neurons, core_of, rng.random((int(rng.integers(1, 30)), source.size)) < rng.choice([0.2, 0.6])


@few
@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
def test_a_network_on_the_grid_computes_what_fractions_say(seed, kinds):
    network, neurons, core_of, pulses = draw_network(seed, kinds)
    program = program_of(network, core_of=core_of)
    ticks = tick_through(program, pulses)
    fired, membranes = golden_run(network, neurons, pulses)
    for p in network.neurons:
        assert np.array_equal(ticks.pulses[p.name], fired[p.name])
        scale = Fraction(program.lowered.scale[p.name])
        expected = [[v * scale for v in row] for row in membranes[p.name]]
        assert ticks.membranes[p.name].tolist() == expected
    assert ticks.total("membranes_saturated") == sum(n.saturated for group in neurons.values() for n in group)


@few
@given(st.integers(0, 2**32 - 1))
def test_whole_numbers_without_delay_answer_like_the_unmapped_network(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 8, 4).tolist()
    populations = [Population("in", sizes[0], Source())]
    populations += [Population(f"a{k}", sizes[k], AddAndFire(float(rng.integers(1, 9)))) for k in (1, 2)]
    populations.append(Population("out", sizes[3], Accumulator()))
    names = [p.name for p in populations]
    pairs = [(0, 1), (1, 2), (2, 3), (0, 3)]
    projections = tuple(
        Projection.dense(names[a], names[b], rng.integers(-5, 6, (sizes[a], sizes[b])).astype(float)) for a, b in pairs
    )
    network = Network("layers", tuple(populations), projections, ("out",))
    pulses = rng.random((20, sizes[0])) < 0.5
    program = program_of(network, core_of=rng.integers(0, 4, network.n_neurons))
    assert program.lowered.exact
    extra = program.lowered.extra_steps
    ticks = tick_through(program, np.concatenate([pulses, np.zeros((extra, sizes[0]), dtype=bool)]))
    reference = run_functional(network, pulses[None], trace=True)
    for name, lag in program.lowered.lag.items():
        if name in ("a1", "a2"):
            assert np.array_equal(ticks.pulses[name][lag : lag + 20], reference.pulses[name][0])
    lag = program.lowered.lag["out"]
    assert np.array_equal(ticks.membranes["out"][lag : lag + 20], reference.membranes["out"][0])


def single(neuron, weight=1.0, delay=1, inputs=1):
    weights = np.full((inputs, 1), weight)
    populations = (Population("in", inputs, Source()), Population("n", 1, neuron))
    return Network("single", populations, (Projection.dense("in", "n", weights, delay),), ("n",))


def one_pulse(ticks, lines=1):
    pulses = np.zeros((ticks, lines), dtype=bool)
    pulses[0] = True
    return pulses


@pytest.mark.parametrize("delay", [1, 2, 7, 15])
def test_a_delay_of_d_adds_the_weight_d_ticks_after_the_spike_was_sent(delay):
    ticks = tick_through(program_of(single(Accumulator(), 5.0, delay)), one_pulse(20))
    assert ticks.membranes["n"].ravel().tolist() == [0] * delay + [5] * (20 - delay)


def test_a_decayed_membrane_rounds_to_the_nearest_and_halves_up():
    half = 0.5
    start = np.array([3, -3, 5, -5]) / ONE
    network = Network(
        "halves",
        (Population("in", 1, Source()), Population("n", 4, LIF(decay=half, threshold=1.0, initial=start))),
        (Projection.dense("in", "n", np.ones((1, 4)), 1),),
        ("n",),
    )
    ticks = tick_through(program_of(network), np.zeros((1, 1), dtype=bool))
    assert ticks.membranes["n"][0].tolist() == [2, -1, 3, -2]


def test_a_membrane_saturates_and_is_counted():
    pulses = np.ones((40, 1), dtype=bool)
    leaky = tick_through(program_of(single(LIF(decay=1.0, threshold=65535.0), -127.0 * 64)), pulses)
    assert leaky.membranes["n"][-1, 0] == -(2**31)
    assert leaky.total("membranes_saturated") == 39 - 8  # 8 x 127 x 64 is below 2**16, 9 x that is not


def test_a_delay_slot_wraps_at_its_bytes():
    narrow = StandIn({"bytes_per_delay_slot_and_neuron": 2})
    network = single(Accumulator(), 127.0, inputs=300)
    program = program_of(network, narrow)
    assert [r.name for r in program.lowered.records if r.fidelity == "approximate"] == ["range n"]
    ticks = tick_through(program, one_pulse(2, 300))
    assert ticks.membranes["n"][-1, 0] == 127 * 300 - 2**16
    wide = tick_through(program_of(network), one_pulse(2, 300))
    assert wide.membranes["n"][-1, 0] == 127 * 300


@few
@given(st.integers(0, 2**32 - 1), st.sampled_from(["add", "sum", "leak"]))
def test_real_weights_are_stored_within_half_a_step_of_their_projection(seed, kind):
    rng = np.random.default_rng(seed)
    model = {"add": AddAndFire(1.7), "sum": Accumulator(), "leak": LIF(decay=0.93, threshold=1.7)}[kind]
    weights = [rng.normal(0, spread, (5, 4)) for spread in (1.0, 10.0 ** rng.uniform(-2, 0))]
    populations = (Population("a", 5, Source()), Population("b", 5, Source()), Population("n", 4, model))
    projections = tuple(Projection.dense(name, "n", w, 1) for name, w in zip("ab", weights, strict=True))
    lowered = lower(Network("real", populations, projections, ("n",)), CHIP)
    units = 2**15 if kind == "leak" else 1
    factor = lowered.scale["n"] / units
    for original, stored in zip(weights, lowered.network.projections, strict=True):
        assert stored.weights.min() >= -128 and stored.weights.max() <= 127
        matrix = np.zeros((5, 4))
        matrix[stored.rows, stored.targets] = values_of(stored) / factor
        assert np.abs(matrix - original).max() <= np.abs(original).max() / 127 * (1 + 1e-12)
    if kind == "add":
        assert float(lowered.network.population("n").neuron.threshold[0]) == pytest.approx(1.7 * factor, rel=1e-12)


def test_a_leaky_membrane_stays_within_the_sum_of_its_roundings():
    """Each product is off by at most half a unit of 2**-15, and decays: in all at most half a unit / (1 - decay)."""
    decay = 31000 / ONE
    pulses = np.random.default_rng(1).random((400, 1)) < 0.3
    ticks = tick_through(program_of(single(LIF(decay=decay, threshold=30000.0), 1.0)), pulses)
    v, worst = 0.0, 0.0
    for t in range(1, 400):
        v = decay * v + pulses[t - 1, 0]
        worst = max(worst, abs(ticks.membranes["n"][t, 0] - v * ONE))
    assert 0 < worst <= 0.5 / (1 - decay)


def test_a_core_that_is_reset_repeats_itself():
    network, _, core_of, pulses = draw_network(5, ["subtract-late", "add"])
    first = tick_through(program_of(network, core_of=core_of), pulses)
    state = first.cores[0]
    counters = state.counters.copy()
    state.reset()
    assert not state.counters.any()
    again = tick_through(program_of(network, core_of=core_of), pulses)
    assert np.array_equal(again.cores[0].counters, counters)
    assert np.array_equal(state.update().units, first.firings[0][0].units)


def test_two_projections_from_one_neuron_to_one_core_are_one_row_and_one_packet():
    populations = (Population("in", 1, Source()), Population("a", 2, Accumulator()), Population("b", 1, Accumulator()))
    projections = (
        Projection.dense("in", "a", [[3.0, 4.0]], 1),
        Projection.dense("in", "b", [[256.0]], 2),
        Projection.dense("in", "b", [[1.0]], 1),
    )
    program = program_of(Network("rows", populations, projections, ("a",)))
    assert program.images[0].rows == 1
    assert program.inputs.ptr.tolist() == [0, 1]
    ticks = tick_through(program, one_pulse(4))
    assert ticks.membranes["a"][-1].tolist() == [3, 4]
    assert ticks.membranes["b"].ravel().tolist() == [0, 1, 257, 257]


def test_leaky_neurons_fire_above_their_threshold_and_others_at_it():
    pulses = np.ones((4, 1), dtype=bool)
    above = tick_through(program_of(single(LIF(decay=1.0, threshold=2.0, reset="subtract"))), pulses)
    assert above.membranes["n"].ravel().tolist() == [0, ONE, 2 * ONE, ONE]  # 3 fires and leaves 1
    assert above.pulses["n"].ravel().tolist() == [False, False, False, True]
    at = tick_through(program_of(single(AddAndFire(2.0))), pulses)
    assert at.membranes["n"].ravel().tolist() == [0, 1, 0, 1]
    assert at.pulses["n"].ravel().tolist() == [False, False, True, False]


def test_bias_and_first_membrane_are_scaled_with_real_weights():
    model = LIF(decay=0.75, bias=0.013, threshold=3.0, initial=-0.31)
    program = program_of(single(model, 0.37))
    ticks = tick_through(program, one_pulse(6))
    stored = program.lowered.network.population("n").neuron
    v, rounding = -0.31, 2.0 / program.lowered.scale["n"]
    for t in range(6):
        v = 0.75 * v + 0.013 + (0.37 if t == 1 else 0.0)
        assert ticks.membranes["n"][t, 0] / program.lowered.scale["n"] == pytest.approx(v, abs=4 * rounding)
    assert float(stored.decay[0]) == 0.75


def test_thresholds_of_an_array_are_off_by_less_than_a_fraction_of_the_least():
    """Real weights, thresholds below a weight: the whole numbers are at least 2**15, so 2**-16 of each at most."""
    wanted = np.array([0.011, 0.5, 0.913])
    populations = (Population("in", 1, Source()), Population("n", 3, AddAndFire(wanted)))
    network = Network("array", populations, (Projection.dense("in", "n", [[1.1, -0.7, 0.3]], 1),), ("n",))
    lowered = lower(network, CHIP)
    got = lowered.network.population("n").neuron.threshold / lowered.scale["n"]
    assert np.abs(got / wanted - 1).max() <= 2.0**-16


def test_a_large_threshold_takes_resolution_from_the_weights_but_fits_the_format():
    """With weights at full range 100 / 0.0037 x 127 would be beyond 2**16; the membrane keeps half of its range."""
    populations = (
        Population("a", 1, Source()),
        Population("b", 1, Source()),
        Population("n", 1, LIF(0.9, threshold=100.0)),
    )
    weights = {"a": 0.0037, "b": 1e-9}
    projections = tuple(Projection.dense(name, "n", [[weight]], 1) for name, weight in weights.items())
    program = program_of(Network("large", populations, projections, ("n",)))
    units = program.lowered.scale["n"] / ONE
    assert 100.0 * units == 2**15
    first, second = program.lowered.network.projections
    assert first.weights[0] * 2.0**first.exponent == pytest.approx(0.0037 * units, rel=1 / 64 / 2)
    assert len(second.weights) == 0 and second.exponent == -15  # below the grid
    assert "1 of 2 round to zero" in " ".join(record.what for record in program.lowered.records)
