"""Cycles of a tick, performance levels and the multiply-accumulate array, reckoned by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processing_elements import CHIP, CYCLES, FAST, LEVEL_CHANGE, MIDDLE, SLOW, StandIn, program_of, tick_through

from neurosim.chip import load_chip
from neurosim.cores import processor
from neurosim.errors import UnsupportedError
from neurosim.mapping import refuse_illegal
from neurosim.network import Accumulator, AddAndFire, Network, Population, Projection, Source
from neurosim.results.energy import Power, energy_figure

UPDATE, OPERATION, PACKET, SPIKE, TICK = (
    CYCLES[name] for name in ("neuron_update", "synaptic_operation", "packet", "spike", "tick")
)
PERIOD = {"slow": 8_000, "middle": 5_000, "fast": 4_000}  # ps: 125, 200 and 250 MHz


def small():
    """Two lines onto three neurons; line 0 has a row of 3 synapses, line 1 one of 1. Neurons 0 and 1 send on."""
    populations = (
        Population("in", 2, Source()),
        Population("a", 3, AddAndFire(np.array([1.0, 100.0, 1.0]))),
        Population("out", 1, Accumulator()),
    )
    projections = (
        Projection.dense("in", "a", [[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]], 1),
        Projection.dense("a", "out", [[1.0], [1.0], [0.0]], 1),
    )
    return Network("small", populations, projections, ("out",))


def run(pulses, chip=CHIP, **options):
    return tick_through(program_of(small(), chip, [0, 0, 0, 1], **options), np.array(pulses, dtype=bool))


def counted(core, chip=CHIP):
    return dict(zip(processor.counters(chip), core.counters.tolist(), strict=True))


def test_an_idle_tick_costs_the_timer_and_the_updates():
    firing = run([[0, 0]], level_policy="low").firings[0]
    assert firing[0].duration == (TICK + 3 * UPDATE) * PERIOD["slow"]
    assert firing[1].duration == (TICK + UPDATE) * PERIOD["slow"]


def test_a_tick_takes_packets_walks_rows_updates_and_sends():
    firing = run([[1, 1], [0, 0]], level_policy="low").firings[1][0]
    before = TICK + 2 * PACKET + 4 * OPERATION
    assert firing.units.tolist() == [0, 2]
    assert firing.destination.tolist() == [0]  # neuron 2 has nowhere to send to
    assert firing.time.tolist() == [(before + UPDATE + SPIKE) * PERIOD["slow"]]
    assert firing.duration == (before + 3 * UPDATE + SPIKE) * PERIOD["slow"]


def test_packets_leave_one_after_another_while_the_neurons_are_updated():
    network = small()
    populations = (*network.populations[:1], Population("a", 3, AddAndFire(1.0)), network.populations[2])
    both = Network("two", populations, network.projections, ("out",))
    program = program_of(both, core_of=[0, 0, 0, 1], level_policy="low")
    firing = tick_through(program, np.array([[1, 0], [0, 0]], dtype=bool)).firings[1][0]
    before = TICK + PACKET + 3 * OPERATION
    assert firing.destination.tolist() == [0, 1]
    assert [t // PERIOD["slow"] for t in firing.time] == [before + UPDATE + SPIKE, before + 2 * UPDATE + 2 * SPIKE]


def test_counters_add_up_over_ticks_and_levels():
    pulses = [[1, 1], [0, 0], [0, 1], [0, 0]]  # queue of core 0: 0, 2, 0, 1 spikes
    cores = run(pulses, level_policy="auto", level_threshold=1).cores
    first = counted(cores[0])
    assert first["ticks_slow"] == 3 and first["ticks_fast"] == 1
    assert first["neuron_updates_slow"] == 9 and first["neuron_updates_fast"] == 3
    assert first["synaptic_operations_slow"] == 1 and first["synaptic_operations_fast"] == 4
    assert first["overhead_cycles_fast"] == TICK + 2 * PACKET + SPIKE
    assert first["overhead_cycles_slow"] == 3 * TICK + PACKET
    assert first["level_changes"] == 2
    assert first["packets_received"] == 3
    assert first["spikes"] == 4  # neuron 0 in tick 1; neuron 2, which gets 2 and then 1, in ticks 1, 2 and 3
    fast = TICK + 2 * PACKET + 4 * OPERATION + 3 * UPDATE + SPIKE
    slow = 3 * TICK + PACKET + OPERATION + 9 * UPDATE
    assert first["busy_ps_fast"] == fast * PERIOD["fast"] + LEVEL_CHANGE
    assert first["busy_ps_slow"] == slow * PERIOD["slow"] + LEVEL_CHANGE  # the way back falls in the third tick
    assert counted(cores[1])["packets_received"] == 1


@given(st.integers(0, 2**32 - 1), st.sampled_from(["low", "high", "auto", "fast"]))
@settings(max_examples=30, deadline=None)
def test_duration_is_what_the_counters_say(seed, policy):
    rng = np.random.default_rng(seed)
    ticks = run(rng.random((12, 2)) < 0.5, level_policy=policy, level_threshold=int(rng.integers(0, 3)))
    for k, core in enumerate(ticks.cores):
        count = counted(core)
        cycles = {
            level: count[f"overhead_cycles_{level}"]
            + count[f"neuron_updates_{level}"] * UPDATE
            + count[f"synaptic_operations_{level}"] * OPERATION
            for level in ("slow", "fast")
        }
        busy = sum(number * PERIOD[level] for level, number in cycles.items()) + count["level_changes"] * LEVEL_CHANGE
        assert sum(firing[k].duration for firing in ticks.firings) == busy
        assert count["busy_ps_slow"] + count["busy_ps_fast"] == busy


def lines(width, chip=CHIP, fan_out=10, **options):
    """A core of 20 summing neurons fed by ``width`` lines with rows of ``fan_out`` synapses."""
    weights = np.zeros((width, 20))
    for row in range(width):
        weights[row, (row + np.arange(fan_out)) % 20] = 1.0
    populations = (Population("in", width, Source()), Population("n", 20, Accumulator()))
    network = Network("lines", populations, (Projection.dense("in", "n", weights, 1),), ("n",))
    return program_of(network, chip, **options)


def levels_taken(program, queued):
    """Positions of the level for given numbers of queued spikes, each after an empty tick."""
    width = program.lowered.network.n_inputs
    pulses = np.zeros((2 * len(queued) + 1, width), dtype=bool)
    for k, number in enumerate(queued):
        pulses[2 * k, :number] = True
    core = processor.start(program, 0, program.chip.set)
    taken = []
    for row in pulses:
        core.update()
        taken.append(core.level)
        core.finish_step(np.flatnonzero(row), np.zeros(row.sum(), dtype=np.int64))
    return taken[1::2]


def test_the_policies_low_and_high_and_a_level_by_name_stay_where_they_are():
    chip = StandIn(levels_in_order=(SLOW, MIDDLE, FAST))
    for policy, position in (("low", 0), ("high", 2), ("middle", 1), ("slow", 0)):
        program = lines(50, chip, level_policy=policy)
        assert levels_taken(program, [0, 1, 50]) == [position] * 3
        assert counted(tick_through(program, np.ones((3, 50), dtype=bool)).cores[0], chip)["level_changes"] == 0


def test_auto_goes_up_when_more_spikes_are_queued_than_the_threshold():
    assert levels_taken(lines(50, level_threshold=20), [0, 20, 21, 50]) == [0, 0, 1, 1]
    assert levels_taken(lines(50, level_threshold=0), [0, 1]) == [0, 1]


def test_with_three_levels_each_takes_in_proportion_to_its_clock():
    """Threshold 20 at 125 MHz: 200 MHz takes up to floor(20 x 8 / 5) = 32."""
    chip = StandIn(levels_in_order=(SLOW, MIDDLE, FAST))
    assert levels_taken(lines(50, chip, level_threshold=20), [20, 21, 32, 33]) == [0, 1, 1, 2]


def test_the_threshold_is_reckoned_from_the_rows_to_fill_half_of_the_tick():
    """A tick of 0.1 ms has 12,500 cycles at 125 MHz and 20,000 at 200 MHz; rows have 10 synapses."""
    fixed, per_spike = TICK + 20 * UPDATE, PACKET + 10 * OPERATION
    slow, middle = (12_500 // 2 - fixed) // per_spike, (20_000 // 2 - fixed) // per_spike
    assert (slow, middle) == (20, 37)
    chip = StandIn(levels_in_order=(SLOW, MIDDLE, FAST), tick=100_000_000)
    assert levels_taken(lines(50, chip), [slow, slow + 1, middle, middle + 1]) == [0, 1, 1, 2]


def test_a_core_whose_neurons_alone_fill_the_tick_takes_every_spike_at_the_top():
    chip = StandIn(tick=20_000_000)
    assert levels_taken(lines(5, chip), [0, 1]) == [0, 1]


def joules(core, chip, constants):
    """One core's counts times what the kind's price list names for each; counts of the network left out."""
    count, total = counted(core, chip), 0.0
    for term in processor.prices(chip):
        if isinstance(term, Power):
            _, name, power = term.power.split(".")
            assert term.unit == "tick"
            total += count[term.counter] * chip.tick * 1e-12 * chip.levels[name].power[power].si
        elif term.counter in count:
            total += count[term.counter] * energy_figure(chip, constants, term.energy).si
    return total


def test_on_a_bursty_load_auto_costs_less_than_high_and_is_never_as_late_as_low():
    pulses = np.zeros((40, 200), dtype=bool)
    pulses[::10] = True  # bursts of 200 spikes x 10 synapses, 9 quiet ticks between
    chip = StandIn(tick=200_000_000)
    result = {}
    for policy in ("low", "high", "auto"):
        ticks = tick_through(lines(200, chip, level_policy=policy), pulses)
        result[policy] = max(f[0].duration for f in ticks.firings), joules(ticks.cores[0], chip, chip.set)
    worst, energy = ({policy: pair[k] for policy, pair in result.items()} for k in (0, 1))
    burst = TICK + 200 * (PACKET + 10 * OPERATION) + 20 * UPDATE
    assert worst == {
        "low": burst * PERIOD["slow"],
        "high": burst * PERIOD["fast"],
        "auto": burst * PERIOD["fast"] + LEVEL_CHANGE,
    }
    assert worst["auto"] < chip.tick < worst["low"]
    assert energy["low"] < energy["auto"] < energy["high"]


def test_energies_are_counts_times_the_figures_of_their_level():
    """One tick with 2 packets, 4 operations, 3 updates and 1 spike sent, all at the slow level; one tick without."""
    core = run([[1, 1], [0, 0]], level_policy="low").cores[0]
    picojoules = 6 * 600 + 4 * 150 + (2 * TICK + 2 * PACKET + SPIKE) * 8
    assert joules(core, CHIP, CHIP.set) == pytest.approx(picojoules * 1e-12 + 2 * 1e-3 * 1e-3)


def test_the_multiply_accumulate_array_takes_useful_units_per_cycle():
    """64 units at 16 % make 10.24 multiply-adds per cycle: 1024 x 100 in 10,000 cycles; 0.52 pJ each."""
    assert processor.mac_array(102_400, CHIP, CHIP.set) == (10_000, pytest.approx(102_400 * 0.52e-12))
    assert processor.mac_array(102_401, CHIP, CHIP.set).cycles == 10_001
    assert processor.mac_array(0, CHIP, CHIP.set) == (0, 0.0)
    full = StandIn({"mac_utilisation_percent": 100})
    assert processor.mac_array(784 * 500, full, full.set).cycles == 784 * 500 // 64


def test_inputs_have_no_payload():
    assert processor.stamp(3, 7, 1) == 0
    with pytest.raises(UnsupportedError, match="graded input 5"):
        processor.stamp(0, 0, 5)


PRODUCT, PROTOTYPE = (
    load_chip(name, lambda _: processor.VOCABULARY) for name in ("spinnaker2", "spinnaker2-prototype")
)


@pytest.mark.parametrize("chip", [PRODUCT, PROTOTYPE], ids=lambda chip: chip.name)
def test_descriptors_hold_what_the_price_list_names(chip):
    network = ("packets", "hops_east_west", "hops_north_south")
    for term in processor.prices(chip):
        assert term.counter in (*processor.counters(chip), *network)
        if not isinstance(term, Power):
            assert energy_figure(chip, chip.constants(), term.energy).dimension == "energy"


def summing(chip, neurons, width, **options):
    """Lines that each reach all of the summing neurons of one core."""
    populations = (Population("in", width, Source()), Population("n", neurons, Accumulator()))
    dense = Projection.dense("in", "n", np.ones((width, neurons)), 1)
    return program_of(Network("summing", populations, (dense,), ("n",)), chip, **options)


def test_a_thousand_neurons_and_twelve_thousand_events_fill_a_tick_of_the_product_chip():
    """Printed for the whole chip, 150,000 neurons and 1.8e9 events per second at 1 ms: a 150th of that per core."""
    program = summing(PRODUCT, 1000, 12, level_policy="high")
    refuse_illegal(PRODUCT.name, processor.usage(program))
    ticks = tick_through(program, np.ones((2, 12), dtype=bool), PRODUCT.constants())
    assert ticks.firings[1][0].duration == pytest.approx(PRODUCT.tick, rel=0.1)


def test_an_idle_core_of_the_product_chip_costs_little_more_than_sleep():
    """100 updates of 664 pJ and 500 cycles of 8.3 pJ, beside 1.054 mW for 1 ms."""
    core = tick_through(summing(PRODUCT, 100, 1), np.zeros((1, 1), dtype=bool), PRODUCT.constants()).cores[0]
    assert joules(core, PRODUCT, PRODUCT.constants()) == pytest.approx(100 * 664e-12 + 500 * 8.3e-12 + 1.054e-6)


def test_the_prototype_has_no_multiply_accumulate_array():
    with pytest.raises(UnsupportedError, match="spinnaker2-prototype: mac_units 0"):
        processor.mac_array(1, PROTOTYPE, PROTOTYPE.constants())
