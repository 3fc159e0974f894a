"""Does the GA144 run networks as the other chips do: mapped, simulated on either engine, priced, compared?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import neurosim as ns
from neurosim.errors import UnsupportedError
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.pulses import encode
from neurosim.program import Program

STEPS = 12


@cache
def program() -> Program:
    return ns.load_program(ns.map(load_model("mnist-common").network, ns.load_chip("ga144")))


def pulses(n: int) -> np.ndarray:
    return encode("bernoulli", load_dataset("mnist-test").images[:n], STEPS, seed=1, draw_images=1000)


def test_do_both_engines_give_the_same_run() -> None:
    run = ns.simulate(program(), pulses(2), engine="both", record_spikes=True)
    assert run.engine == "both"


def test_do_pulses_per_step_and_population_come_from_what_nodes_send() -> None:
    from neurosim.engine.functional import run_functional

    network, given = load_model("mnist-common").network, pulses(8)
    run, reference = ns.simulate(program(), given, record_spikes=True), run_functional(network, given)
    for name, fired in reference.pulses.items():
        assert np.array_equal(run.spikes.full[name], fired)
        assert np.array_equal(run.spikes.counts[name], fired.sum(axis=2))
    assert np.array_equal(run.answers["output"], reference.pulses["output"].sum(axis=1))
    events = sum(run.activity.total("synaptic_operations_done"))
    assert events == sum(int(each.sum()) for each in reference.synaptic_events)


def test_do_workers_change_nothing() -> None:
    one, two = (ns.simulate(program(), pulses(6), workers=n) for n in (1, 2))
    assert np.array_equal(one.activity.per_core, two.activity.per_core)
    assert np.array_equal(one.times.step_ends, two.times.step_ends)


def test_is_energy_power_times_time_and_leakage() -> None:
    chip, run = ns.load_chip("ga144"), ns.simulate(program(), pulses(3))
    energy = ns.price(run, chip)
    running = sum(run.activity.total(f"running_ps_{name}").mean() for name in ("synapses", "neurons", "network"))
    turns = sum(run.activity.total(f"unext_{name}").mean() for name in ("synapses", "neurons", "network"))
    # 4.5 mW (3.2..7.0) while a node runs, 7.5 pJ per turn of unext, 99 nW for each of 144 nodes
    assert energy.dynamic.value == pytest.approx(running * 1e-12 * 4.5e-3 + turns * 7.5e-12, rel=1e-9)
    assert energy.dynamic.low == pytest.approx(running * 1e-12 * 3.2e-3 + turns * 6.4e-12, rel=1e-9)
    assert energy.dynamic.high == pytest.approx(running * 1e-12 * 7.0e-3 + turns * 10.8e-12, rel=1e-9)
    latency = run.times.step_ends[:, -1].mean() * 1e-12
    assert energy.static.value == pytest.approx(144 * 99e-9 * latency, rel=1e-9)
    assert energy.per_core.sum() == pytest.approx(energy.dynamic.value, rel=1e-9)


def test_do_more_steps_take_as_much_more() -> None:
    run = ns.simulate(program(), pulses(2))
    ends = run.times.step_ends
    assert np.all(np.diff(ends, axis=1) > 0)
    assert set(run.activity.total("unext_network").tolist()) == {STEPS * 170}  # words passed on do not depend on data


def test_is_a_world_refused() -> None:
    with pytest.raises(UnsupportedError, match="a world needs steps"):
        ns.simulate(program(), pulses(1), world=ns.World())
