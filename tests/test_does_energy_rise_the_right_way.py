"""Does energy rise with rate, synapses, voltage and distance, and does silence cost the static power alone?"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.network import AddAndFire, Network, Population, Projection, Source

CHIPS = ("truenorth", "loihi", "loihi2", "spinnaker2")
STEPS = 4


def load(name):
    """A chip; of TrueNorth a corner of 8 x 8 cores, since building 4,096 routers takes most of a second."""
    chip = ns.load_chip(name)
    return chip.with_overrides({"geometry.columns": "8", "geometry.rows": "8"}) if name == "truenorth" else chip


def network(inputs, neurons, synapses):
    """One layer of add-and-fire neurons that never reach their threshold; ``synapses`` per input line."""
    weights = np.zeros((inputs, neurons), dtype=np.int64)
    weights[:, :synapses] = 1
    return Network(
        "layer",
        (Population("in", inputs, Source()), Population("cells", neurons, AddAndFire(100))),
        (Projection.dense("in", "cells", weights),),
        ("cells",),
    )


def pulses(inputs, per_step):
    """The first ``per_step`` lines pulse in every step."""
    train = np.zeros((1, STEPS, inputs), dtype=np.bool_)
    train[:, :, :per_step] = True
    return train


def energy(chip, net, train, core=None):
    mapping = ns.map(net, chip)
    if core is not None:
        mapping = replace(mapping, core_of=np.full_like(mapping.core_of, core))
    return ns.price(ns.simulate(mapping, train), chip)


@pytest.mark.parametrize("name", CHIPS)
@settings(max_examples=8, deadline=None)
@given(fewer=st.integers(0, 10), more=st.integers(1, 6), synapses=st.integers(1, 8))
def test_does_a_higher_rate_cost_more(name, fewer, more, synapses):
    chip, net = load(name), network(16, 8, synapses)
    low, high = (energy(chip, net, pulses(16, n)) for n in (fewer, fewer + more))
    assert high.dynamic.value > low.dynamic.value
    assert high.total.value > low.total.value


@pytest.mark.parametrize("name", CHIPS)
@settings(max_examples=8, deadline=None)
@given(fewer=st.integers(1, 6), more=st.integers(1, 6), rate=st.integers(1, 8))
def test_do_more_synapses_cost_more(name, fewer, more, rate):
    chip = load(name)
    low, high = (energy(chip, network(8, 12, n), pulses(8, rate)) for n in (fewer, fewer + more))
    assert high.parts["synapse"].value > low.parts["synapse"].value
    assert high.dynamic.value > low.dynamic.value


@pytest.mark.parametrize("name", ["truenorth", "loihi", "loihi2"])  # SpiNNaker2's energy per hop is not published
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_does_a_longer_way_cost_more(name, data):
    chip = load(name)
    port = chip.io.ports[0]
    places = [(abs(x - port[0]), abs(y - port[1]), x, y) for x in range(chip.columns) for y in range(chip.rows)]
    near, far = data.draw(
        st.tuples(st.sampled_from(places), st.sampled_from(places)).filter(
            lambda pair: pair[0][0] <= pair[1][0] and pair[0][1] <= pair[1][1] and pair[0][:2] != pair[1][:2]
        )
    )
    net, train = network(4, 4, 2), pulses(4, 3)
    core = [(y * chip.columns + x) * chip.cores_per_tile for _, _, x, y in (near, far)]
    low, high = (energy(chip, net, train, c) for c in core)
    assert high.parts["network"].value > low.parts["network"].value
    assert high.parts["synapse"].value == low.parts["synapse"].value


@settings(max_examples=10, deadline=None)
@given(
    millivolts=st.tuples(st.integers(700, 1050), st.integers(700, 1050)).filter(lambda v: v[0] < v[1]),
    rate=st.integers(1, 8),
)
def test_does_a_higher_supply_cost_more(millivolts, rate):
    chips = [load("truenorth").with_overrides({"operating.voltage": f"{mv / 1000} V"}) for mv in millivolts]
    low, high = (energy(chip, network(8, 4, 2), pulses(8, rate)) for chip in chips)
    assert high.static.value > low.static.value
    ratio = (millivolts[1] / millivolts[0]) ** 2  # dynamic energy is C V^2
    assert high.dynamic.value / low.dynamic.value == pytest.approx(ratio, rel=1e-9)


def test_does_silence_on_truenorth_cost_exactly_leakage_and_scans():
    chip = ns.load_chip("truenorth")
    silent = energy(chip, network(8, 4, 2), pulses(8, 0))
    assert silent.dynamic.value == 0
    steps = STEPS + 1  # the layer runs one tick behind its input
    seconds = steps * chip.tick * 1e-12
    leak = chip.power["core_static"].si * seconds
    scans = steps * chip.constants().energy["memory_scan"].si
    assert silent.static.value == pytest.approx(4096 * (leak + scans), rel=1e-12)
    alone = ns.price(ns.simulate(ns.map(network(8, 4, 2), chip), pulses(8, 0)), chip, boundary="cores")
    assert alone.total.value == pytest.approx(leak + scans, rel=1e-12)


@pytest.mark.parametrize("name", ["loihi", "loihi2"])
def test_does_silence_on_a_barrier_chip_cost_static_power_and_idle_updates(name):
    chip = ns.load_chip(name)
    mapping = ns.map(network(8, 4, 2), chip)
    run = ns.simulate(mapping, pulses(8, 0))
    silent = ns.price(run, chip)
    assert run.activity.total("neuron_updates_inactive")[0] > 0
    powers = chip.power["chip_static"].si + chip.power["core_static"].si
    seconds = run.times.step_ends[0, -1] * 1e-12
    assert silent.static.value == pytest.approx(powers * seconds, rel=1e-12)
    assert silent.parts["synapse"].value == silent.parts["spike output"].value == silent.parts["network"].value == 0


def test_does_silence_on_spinnaker2_cost_sleep_and_the_timer():
    chip = ns.load_chip("spinnaker2")
    run = ns.simulate(ns.map(network(8, 4, 2), chip), pulses(8, 0))
    silent = ns.price(run, chip)
    seconds = (STEPS + 1) * chip.tick * 1e-12
    sleep = chip.levels["low"].power["sleep"].si
    assert silent.static.value == pytest.approx((chip.power["chip_static"].si + sleep) * seconds, rel=1e-12)
    assert silent.parts["synapse"].value == 0
