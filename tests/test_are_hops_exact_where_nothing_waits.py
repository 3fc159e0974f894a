"""Does the network model "counts" count what the exact one counts, and take the times of an empty network?"""

import numpy as np
import pytest
from engine_cases import CONGESTED, CROSSBARS, SPINNAKER, TICKS, TRUENORTH, integer_case, placed
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LOIHI, cases, place, seeds

import neurosim as ns
from neurosim.engine.compiled.agreement import first_difference
from neurosim.results.activity import NETWORK_COUNTERS
from neurosim.scenario.run import prepare, run_scenario
from neurosim.scenario.schema import load_scenario

HOPS = [NETWORK_COUNTERS.index(name) for name in ("packets", "hops_east_west", "hops_north_south", "edge_crossings")]


def counted(program, pulses, threads=1):
    """Run both engines without waiting; returns the run after they were found equal."""
    runs = [
        ns.simulate(program, pulses, engine=engine, network="counts", record_spikes=True, threads=threads)
        for engine in ("event", "compiled")
    ]
    assert {run.network for run in runs} == {"counts"}
    assert first_difference(*runs) is None
    return runs[1]


def same_loads(program, pulses, run):
    """Compare with the exact network, where no packet came too late for its step."""
    exact = ns.simulate(program, pulses, record_spikes=True)
    if exact.activity.total("late_packets").sum() or exact.activity.total("overruns").sum():
        return False
    np.testing.assert_array_equal(run.activity.per_link, exact.activity.per_link)
    np.testing.assert_array_equal(run.activity.network[:, HOPS], exact.activity.network[:, HOPS])
    for name, spikes in exact.spikes.full.items():
        np.testing.assert_array_equal(run.spikes.full[name], spikes)
    # Waiting only ever adds to a packet's way.
    values, counts = run.times.packet_latency
    others, numbers = exact.times.packet_latency
    assert counts.sum() == numbers.sum()
    assert values @ counts <= others @ numbers
    return True


@settings(max_examples=25, deadline=None)
@given(cases(), seeds, st.sampled_from(CONGESTED))
def test_do_loads_and_spikes_stay_on_barrier_chips(case, seed, slow):
    program = ns.load_program(place(case.network, seed, LOIHI.with_overrides(slow)))
    assert same_loads(program, case.pulses, counted(program, case.pulses))


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 2), st.sampled_from([*map(SPINNAKER.with_overrides, TICKS)]))
def test_do_loads_and_spikes_stay_with_trees(seed, layers, chip):
    net, pulses = integer_case(seed, layers)
    program = placed(net, chip, seed)
    same_loads(program, pulses, counted(program, pulses))


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 2), st.sampled_from([*map(TRUENORTH.with_overrides, CROSSBARS[1:])]))
def test_do_loads_and_spikes_stay_on_several_chips(seed, layers, chip):
    net, pulses = integer_case(seed, layers)
    program = placed(net, chip, seed, 10)
    same_loads(program, pulses, counted(program, pulses, threads=1 + seed % 3))


@pytest.mark.parametrize("chip", ["loihi", "truenorth", "spinnaker2"])
def test_is_the_time_that_of_an_empty_network(chip):
    net, _ = integer_case(4, 2)
    program = placed(net, ns.load_chip(chip), 4, 20)
    run = ns.simulate(program, np.ones((1, 4, net.n_inputs), dtype=bool), network="counts")
    constants, tile = program.chip.constants(), program.chip.event_router
    half = max(constants.duration("spike_within_tile") // 2, constants.duration("link_serialisation"), 1)
    ways = set()
    for _, source, goal, _, created, delivered in run.times.first_packets.tolist():
        at = run.positions[source]
        to = run.positions[goal] if goal < len(run.positions) else tile
        x, y = abs(to[0] - at[0]), abs(to[1] - at[1])
        last = half if goal < len(run.positions) else constants.duration("router_latency")
        hops = x * constants.duration("hop_east_west") + y * constants.duration("hop_north_south")
        assert delivered - created == half + hops + last
        ways.add((x, y))
    assert len(ways) > 1


def test_does_the_report_say_that_nothing_waited():
    changes = [("scenario.chips", ["loihi"]), ("scenario.samples", 2), ("scenario.network", "counts")]
    result = run_scenario(prepare(load_scenario("demo", changes)), workers=1)
    for run in result.runs:
        assert any("network model 'counts'" in warning for warning in run.warnings)
        assert run.as_dict()["network"] == "counts"
