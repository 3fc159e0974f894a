"""Is the noise of compartments a uniform number of -127..127 plus 64 * offset, times 2^(exponent - 7), and costs what?

The sequence is this project's own; it is stated here once more, in unbounded integers.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.cores.compartment.widths import arithmetic
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError
from neurosim.network import LIF, Compartment, CompartmentNeuron, Network, Population, Projection, Source

LOIHI = ns.load_chip("loihi")
WIDTHS = arithmetic(LOIHI)
WORD = 2**64
NEVER = (2**17 - 1) * 64


def split_mix(position):
    """The published SplitMix64: output at a position of the sequence that starts at 0."""
    z = position % WORD
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB % WORD
    return z ^ z >> 31


def drawn(seed, compartment, step):
    stride = 0x9E3779B97F4A7C15
    key = split_mix(seed + (compartment + 1) * stride)
    return (split_mix(key + (step + 1) * stride) >> 32) * 255 // 2**32 - 127


def scaled(x, exponent, offset=0):
    x += 64 * offset
    size = abs(x) * 2**exponent // 2**7
    return size if x >= 0 else -size


def noisy(target="current", exponent=7, offset=0, **changes):
    """A compartment that forgets current and voltage at once, so that it shows the noise of the step."""
    values = {"decay_u": 4095, "decay_v": 4095, "threshold": NEVER, "spiking": False}
    return Compartment(**{**values, **changes}, noise_target=target, noise_exponent=exponent, noise_offset=offset)


def network_of(*compartments, size=3):
    neuron = CompartmentNeuron(compartments)
    wires = Projection("in", "n", np.array([0, 1]), np.zeros(1, dtype=np.int32), np.array([1]), 1, 0, 6)
    return Network("noisy", (Population("in", 1, Source()), Population("n", size, neuron)), (wires,), ("n",))


def trace(network, steps, seed=0):
    """Voltages of the first compartments without any input, [steps][neuron]."""
    run = run_functional(network, np.zeros((1, steps, 1), dtype=bool), WIDTHS, trace=True, seed=seed)
    return run.membranes["n"][0].astype(int).tolist()


def test_does_the_hash_repeat_the_published_generator():
    # First outputs of SplitMix64 from seed 1234567, as its authors' program prints them.
    stride = 0x9E3779B97F4A7C15
    assert [split_mix(1234567 + k * stride) for k in (1, 2, 3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@given(
    st.sampled_from(["current", "voltage"]),
    st.integers(0, 14),
    st.integers(-3, 3),
    st.integers(0, 2**70),
    st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_is_every_draw_the_stated_one(target, exponent, offset, seed, size):
    seen = trace(network_of(noisy(target, exponent, offset), size=size), 6, seed)
    v = [0] * size
    for step, row in enumerate(seen):
        kept = [abs(x) // 4096 * (1 if x >= 0 else -1) for x in v]  # decay 4095 keeps one part in 4096
        v = [kept[k] + scaled(drawn(seed, k, step), exponent, offset) for k in range(size)]
        assert row == v


def test_are_the_numbers_uniform_from_minus_to_plus_127():
    values, counts = np.unique(np.array(trace(network_of(noisy(), size=100), 2550)), return_counts=True)
    assert values.tolist() == list(range(-127, 128))
    expected = 255_000 / 255
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert 190 < chi_square < 325  # 254 degrees of freedom: mean 254, standard deviation 22.5


def test_do_neighbouring_compartments_steps_and_seeds_differ():
    a, b = (np.array(trace(network_of(noisy(), size=50), 400, seed)) for seed in (0, 1))
    for x, y in ((a, b), (a[1:], a[:-1]), (a[:, 1:], a[:, :-1])):
        assert abs(np.corrcoef(x.ravel(), y.ravel())[0, 1]) < 4 / np.sqrt(x.size)


def test_does_noise_on_the_current_pass_its_filter_and_noise_on_the_voltage_not():
    seen = trace(network_of(noisy("current", decay_u=0, decay_v=0), size=1), 2)
    first, second = drawn(0, 0, 0), drawn(0, 0, 1)
    kept = abs(first) * 4095 // 4096 * (1 if first >= 0 else -1)
    assert seen == [[first], [first + kept + second]]
    assert trace(network_of(noisy("voltage", decay_u=0, decay_v=0), size=1), 2) == [[first], [first + second]]


def test_do_all_kinds_of_populations_before_it_shift_its_number():
    """Compartments are numbered through the network; sources have none, other neurons one."""
    quiet = Compartment(decay_u=4095, decay_v=4095, threshold=NEVER)
    populations = (
        Population("a", 2, LIF(0.5)),
        Population("in", 4, Source()),
        Population("b", 3, CompartmentNeuron((quiet, quiet))),
        Population("n", 2, CompartmentNeuron((noisy("voltage"), replace(quiet, join="add")))),
    )
    network = Network("mixed", populations, (), ("n",))
    run = run_functional(network, np.zeros((1, 3, 4), dtype=bool), WIDTHS, trace=True)
    assert run.membranes["n"][0].tolist() == [[drawn(0, 8, t), drawn(0, 10, t)] for t in range(3)]
    assert not run.membranes["b"].any()


def loud(size):
    """Noise that often crosses the threshold, on one of two compartments, and a recurrent connection."""
    dendrite = noisy("current", 12, decay_u=1000, decay_v=1000)
    soma = Compartment(4095, 4095, threshold=64 * 40, join="add")
    base = network_of(dendrite, soma, size=size)
    ring = Projection(
        "n", "n", np.arange(size + 1), np.roll(np.arange(size, dtype=np.int32), 1), np.full(size, 9), 1, 1, 6
    )
    return replace(base, projections=(*base.projections, ring))


@pytest.mark.parametrize("mapper", ["sequential", "hilbert"])
def test_does_the_placement_leave_the_noise_as_it_is(mapper):
    network = loud(600)  # of two compartments each: two cores
    inputs = np.zeros((2, 30, 1), dtype=bool)
    program = ns.load_program(ns.map(network, LOIHI, mapper, seed=5))
    assert len(program.cores) == 2
    run = ns.simulate(program, inputs, record_spikes=True)
    expected = run_functional(network, inputs, WIDTHS, seed=5)
    np.testing.assert_array_equal(run.spikes.full["n"], expected.pulses["n"])
    assert 0.05 < expected.pulses["n"].mean() < 0.95
    np.testing.assert_array_equal(expected.pulses["n"][0], expected.pulses["n"][1])  # every inference starts anew


def chip_with(energy, time):
    return LOIHI.with_overrides({"energy.random_number": energy, "time.random_number": time})


def test_is_every_draw_counted_priced_and_timed():
    """40 neurons draw in each of 7 steps and nothing is sent, so that a step lasts as long as the sweep."""
    inputs = np.zeros((3, 7, 1), dtype=bool)
    noisy_network, quiet_network = network_of(noisy(), size=40), network_of(noisy("none"), size=40)
    free, costly = chip_with("0 pJ", "0 ns"), chip_with("6 pJ", "11 ns")
    run, slow = (ns.simulate(ns.map(noisy_network, chip), inputs) for chip in (free, costly))
    assert run.activity.total("random_numbers").tolist() == [40 * 7] * 3
    np.testing.assert_array_equal(
        slow.times.step_ends - run.times.step_ends, np.tile(np.arange(1, 8) * 440_000, (3, 1))
    )
    neuron = [ns.price(run, chip).parts["neuron"].value for chip in (free, costly)]
    assert neuron[1] - neuron[0] == pytest.approx(40 * 7 * 6e-12)
    quiet = ns.simulate(ns.map(quiet_network, costly), inputs)
    assert quiet.activity.total("random_numbers").tolist() == [0] * 3
    assert ns.price(quiet, costly).parts["neuron"].value == ns.price(quiet, free).parts["neuron"].value


@pytest.mark.parametrize(
    ("compartment", "says"),
    [
        (noisy(exponent=-1), "noise_exponent -1..-1, must be at least 0"),
        (noisy(exponent=22), "population 'n': noise_exponent 22..22"),
        (
            noisy(exponent=np.array([3, 22, 0])),
            "noise_exponent 0..22, must be at least 0 and leave the noise below 2097152",
        ),
        (noisy("curent"), "noise_target of population 'n': 'curent', did you mean 'current'?"),
    ],
)
def test_is_noise_refused_that_the_synaptic_sum_cannot_hold(compartment, says):
    with pytest.raises(NeurosimError) as caught:
        ns.load_program(ns.map(network_of(compartment), LOIHI))
    assert says in str(caught.value)


def test_does_a_lagging_population_with_noise_count_as_restless():
    network = network_of(noisy())
    direct = replace(network.projections[0], delay=0)
    records = ns.map(replace(network, projections=(direct,)), LOIHI).lowered.records
    assert [(r.name, r.fidelity) for r in records] == [("retime", "approximate")]
