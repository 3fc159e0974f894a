"""Does the functional reference repeat vectors on which other simulators agree?

The single neuron was run with snnTorch 1.0.0, the recurrent network with NEST 3.10, Brian2 2.9 and Lava 0.10.
"""

import math

import numpy as np
import pytest

from neurosim.engine.functional import run_functional
from neurosim.network import LIF, Network, Population, Projection, Source

CURRENT = [0.6, 0.6, 0.6, 0.6, 0.0, 0.6, 2.5, 0.6, 0.6, 0.0, 0.6, 0.6]
PULSES_ZERO = [0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1]
PULSES_SUBTRACT = [0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0]
MEMBRANE = {
    "zero": [0.6, 0, 0.6, 0, 0, 0.6, 0, 0.6, 0, 0, 0.6, 0],
    "subtract": [0.6, 0.14, 0.726, 0.2534, 0.2281, 0.8053, 2.2247, 1.6023, 1.042, 0.9378, 0.444, 0.9996],
    "subtract-late": [0.6, 1.14, 0.626, 1.1634, 0.0471, 0.6424, 3.0781, 2.3703, 1.7333, 0.5599, 1.104, 0.5936],
}
PRINTED = 0.5e-4  # half of the last printed digit


@pytest.mark.parametrize(
    ("reset", "pulses"), [("zero", PULSES_ZERO), ("subtract", PULSES_SUBTRACT), ("subtract-late", PULSES_SUBTRACT)]
)
def test_does_one_leaky_neuron_repeat_the_printed_digits(reset, pulses):
    network = Network(
        "one",
        (Population("in", 1, Source()), Population("out", 1, LIF(0.9, reset=reset))),
        (Projection.dense("in", "out", [[1.0]]),),
        ("out",),
    )
    run = run_functional(network, np.array(CURRENT).reshape(1, -1, 1), trace=True)
    assert run.pulses["out"][0, :, 0].tolist() == [bool(p) for p in pulses]
    np.testing.assert_allclose(run.membranes["out"][0, :, 0], MEMBRANE[reset], atol=PRINTED, rtol=0)
    assert run.final["out"][0, 0] == run.membranes["out"][0, -1, 0]
    assert run.answer("out")[0, 0] == sum(pulses)


@pytest.mark.parametrize(("weight", "fires"), [(1.0, False), (np.nextafter(1, 2), True)])
def test_does_a_leaky_neuron_fire_only_above_its_threshold(weight, fires):
    populations = Population("in", 1, Source()), Population("out", 1, LIF(0.9))
    network = Network("one", populations, (Projection.dense("in", "out", [[weight]]),))
    assert run_functional(network, np.ones((1, 1, 1), dtype=bool)).pulses["out"].item() == fires


N, STEPS, FAN_OUT = 1024, 1000, 128
PER_HUNDRED = [2277, 2176, 2310, 2451, 2252, 2304, 2639, 2162, 2371, 2330]
FIRST_NEURONS = [18, 22, 16, 29, 25, 25, 22, 19, 24, 25, 20, 27, 32, 4, 23, 29]
FIRST_PULSES = [(0, 207), (0, 585), (0, 698), (0, 806), (0, 895), (1, 529), (2, 432), (2, 462)]


@pytest.fixture(scope="module")
def drawn():
    """The recurrent network's draws, in their published order: targets [N, FAN_OUT], signs, currents, voltages."""
    rng = np.random.default_rng(42)
    targets = np.empty((N, FAN_OUT), dtype=np.int64)
    for i in range(N):
        chosen = rng.choice(N - 1, FAN_OUT, replace=False)
        targets[i] = chosen + (chosen >= i)
    excitatory = rng.random(N) < 0.8
    current = rng.uniform(1.00, 1.18, N)
    return targets, excitatory, current, rng.random(N)


@pytest.fixture(scope="module", params=["no source", "silent source"])
def run(request, drawn):
    targets, excitatory, current, voltage = drawn
    decay = math.exp(-1 / 20)
    neurons = Population("neurons", N, LIF(decay, bias=(1 - decay) * current, initial=voltage))
    recurrent = Projection(
        "neurons",
        "neurons",
        np.arange(N + 1, dtype=np.int64) * FAN_OUT,
        np.sort(targets, axis=1).ravel().astype(np.int32),
        np.repeat(np.where(excitatory, 0.008, -0.032), FAN_OUT),
        delay=1,
    )
    if request.param == "no source":
        network = Network("recurrent", (neurons,), (recurrent,), ("neurons",))
        return run_functional(network, np.zeros((1, STEPS, 0), dtype=np.bool_))
    unused = Projection.dense("in", "neurons", np.ones((1, N)))
    network = Network("recurrent", (Population("in", 1, Source()), neurons), (unused, recurrent), ("neurons",))
    return run_functional(network, np.zeros((1, STEPS, 1), dtype=np.bool_))


def test_are_the_random_draws_those_of_the_publication(drawn):
    targets, excitatory, current, voltage = drawn
    assert targets[0, :6].tolist() == [443, 352, 474, 142, 633, 658]
    assert int(excitatory.sum()) == 834
    assert current[0] == 1.0376863782949066
    assert voltage[0] == 0.9080592485574706


def test_does_the_recurrent_network_repeat_the_raster_of_four_simulators(run):
    pulses = run.pulses["neurons"][0]
    assert int(pulses.sum()) == 23272
    assert pulses.reshape(10, 100, N).sum(axis=(1, 2)).tolist() == PER_HUNDRED
    step, neuron = np.nonzero(pulses)
    assert int((step * neuron).sum()) == 6_005_474_260
    assert list(zip(step[:8].tolist(), neuron[:8].tolist(), strict=True)) == FIRST_PULSES


def test_does_each_neuron_of_the_recurrent_network_pulse_as_often_as_published(run):
    count = run.pulses["neurons"][0].sum(axis=0)
    assert count[:16].tolist() == FIRST_NEURONS
    assert (int(count.min()), int(count.max()), int((count == 0).sum())) == (0, 40, 5)
    assert round(float(count.mean()), 4) == 22.7266
    np.testing.assert_array_equal(run.answer("neurons")[0], count)


def test_are_the_synaptic_events_of_the_recurrent_network_those_published(run):
    assert int(run.synaptic_events[-1][0]) == 2_978_816
    assert [int(events[0]) for events in run.synaptic_events[:-1]] in ([], [0])


def test_does_the_order_of_a_step_matter_for_that_raster(drawn):
    """A delay of two steps instead of one gives another raster, so the test above can tell them apart."""
    targets, excitatory, current, voltage = drawn
    decay = math.exp(-1 / 20)
    weights = np.repeat(np.where(excitatory, 0.008, -0.032), FAN_OUT)
    indptr = np.arange(N + 1, dtype=np.int64) * FAN_OUT
    late = Projection("n", "n", indptr, np.sort(targets, axis=1).ravel().astype(np.int32), weights, delay=2)
    neuron = LIF(decay, bias=(1 - decay) * current, initial=voltage)
    network = Network("late", (Population("n", N, neuron),), (late,))
    pulses = run_functional(network, np.zeros((1, 100, 0), dtype=np.bool_)).pulses["n"][0]
    assert int(pulses.sum()) != PER_HUNDRED[0]
