"""Do ticks start on time, drift when a core is late and catch up, and is what comes too late counted?"""

from itertools import pairwise

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from test_is_anything_lost_or_invented import identical

import neurosim as ns
from neurosim.engine.event import Mesh, SpikePacket
from neurosim.engine.event.tick import Tick
from neurosim.mapping import Mapping
from neurosim.network import Accumulator, AddAndFire, Network, Population, Projection, Source

PERIOD = 1000  # ps, of the scripted cores
HOP = 10  # ps, of their network: injection and ejection
TIMES = dict.fromkeys(("hop_latency_x", "hop_latency_y", "inject_latency", "eject_latency"), HOP // 2)
TIMES |= dict.fromkeys(("link_serialisation", "inject_serialisation", "eject_serialisation"), 0)


class Scripted:
    """Stands in for a core: step k takes as long as written; it notes starts, and what it takes over with each."""

    def __init__(self, env, durations):
        self.env, self.durations = env, durations
        self.started, self.arrived, self.taken, self.overruns = [], [], {}, 0

    def sweep(self, step, now):
        assert now == self.env.now
        self.started.append(now)
        return self.durations[step]

    def hand_over(self, step):
        self.taken[step] = sorted(self.arrived)
        self.arrived.clear()


def run_script(durations, sends=(), begin=0):
    """Run scripted cores for a sample; ``sends`` are (at, core) of packets, numbered in this order."""
    env = simpy.Environment(initial_time=begin)
    cores = [Scripted(env, row) for row in durations]

    def deliver(packet):
        cores[packet.destination].arrived.append(packet.number)
        tick.delivered(packet)

    mesh = Mesh(env, 1, 1, [(0, 0)] * len(cores), deliver=deliver, **TIMES)
    tick = Tick(env, cores, mesh, PERIOD)
    injected, ends = [], []
    for number, (at, core) in enumerate(sends):
        mesh.send(SpikePacket(number, core, core, created=begin + at), begin + at)
    sample = tick.sample(len(durations[0]), lambda _: injected.append(env.now), lambda _: ends.append(env.now))
    env.run(until=env.process(sample))
    return cores, ends, injected, tick, mesh


def expected_starts(durations):
    """Starts of the ticks of one core, and when its last one is over: none before its time, none before the other."""
    starts, done = [], 0
    for step, duration in enumerate(durations):
        starts.append(max(step * PERIOD, done))
        done = starts[-1] + duration
    return starts, done


@st.composite
def scripts(draw, longest):
    steps = draw(st.integers(1, 6))
    length = st.one_of(st.integers(0, longest), st.sampled_from([0, 1, PERIOD - 1, PERIOD, min(PERIOD + 1, longest)]))
    return draw(st.lists(st.lists(length, min_size=steps, max_size=steps), min_size=1, max_size=4))


@settings(max_examples=100, deadline=None)
@given(scripts(PERIOD), st.sampled_from([0, 1, 12_345]))
def test_do_steps_end_on_multiples_of_the_tick_while_no_core_overruns(durations, begin):
    cores, ends, injected, tick, _ = run_script(durations, begin=begin)
    steps = len(durations[0])
    assert ends == [begin + (step + 1) * PERIOD for step in range(steps)]
    assert injected == [begin + step * PERIOD for step in range(steps)]
    for core in cores:
        assert core.started == injected
        assert core.overruns == 0
    assert tick.late == 0


def test_does_a_late_core_drift_and_catch_up():
    # 1800 instead of 1000: the next tick starts at 1800, is over at 2300, in time for the one that is due at 3000
    # only after a third that starts at 2300. The core beside it keeps its own time.
    cores, ends, _, _, _ = run_script([[1800, 500, 400, 100], [10, 20, 30, 40]])
    assert cores[0].started == [0, 1800, 2300, 3000]
    assert cores[0].overruns == 2
    assert cores[1].started == [0, 1000, 2000, 3000]
    assert cores[1].overruns == 0
    assert ends == [1000, 2000, 3000, 4000]


def test_does_a_tick_that_ends_when_the_next_is_due_count_as_done():
    cores, _, _, _, _ = run_script([[PERIOD, PERIOD + 1, PERIOD - 1, PERIOD]])
    assert cores[0].started == [0, 1000, 2001, 3000]
    assert cores[0].overruns == 1


@settings(max_examples=100, deadline=None)
@given(scripts(3 * PERIOD))
def test_are_starts_and_overruns_those_of_a_core_that_never_skips_a_tick(durations):
    cores, ends, injected, _, _ = run_script(durations)
    steps, done = len(durations[0]), []
    for core, row in zip(cores, durations, strict=True):
        starts, over = expected_starts(row)
        done.append(over)
        assert core.started == starts
        assert core.overruns == sum(s + d > (k + 1) * PERIOD for k, (s, d) in enumerate(zip(starts, row, strict=True)))
    assert injected == [step * PERIOD for step in range(steps)]
    assert ends[:-1] == [(step + 1) * PERIOD for step in range(steps - 1)]
    assert ends[-1] == max(steps * PERIOD, *done)  # a sample is over when its last core is


@pytest.mark.parametrize(("arrival", "step"), [(PERIOD - 1, 0), (PERIOD, 1), (PERIOD + 1, 1), (2 * PERIOD, 2)])
def test_does_an_arrival_in_the_picosecond_of_a_start_belong_to_the_tick_that_starts(arrival, step):
    cores, _, _, _, _ = run_script([[100] * 4], [(arrival - HOP, 0)])
    assert cores[0].taken == {k: [0] if k == step else [] for k in range(4)}


@settings(max_examples=150, deadline=None)
@given(scripts(3 * PERIOD), st.data())
def test_does_a_core_take_over_what_came_before_its_tick_started(durations, data):
    at = st.one_of(st.integers(0, 8 * PERIOD), st.integers(1, 8).map(lambda k: k * PERIOD - HOP))
    sends = data.draw(st.lists(st.tuples(at, st.integers(0, len(durations) - 1)), max_size=20))
    cores, ends, _, tick, mesh = run_script(durations, sends)
    steps = len(durations[0])
    for index, (core, row) in enumerate(zip(cores, durations, strict=True)):
        starts, done = expected_starts(row)
        take_over = [*starts[1:], max(steps * PERIOD, done)]
        expected = {step: [] for step in range(steps)}
        for number, (time, destination) in enumerate(sends):
            after = [step for step in range(steps) if take_over[step] > time + HOP]
            if destination == index and after:
                expected[after[0]].append(number)
        assert core.taken == expected
    # Late is what is not there when the tick in which it was sent ends; everything arrives in the end.
    assert tick.late == sum((time + HOP) // PERIOD > time // PERIOD for time, _ in sends)
    assert mesh.in_flight == 0
    assert len(ends) == steps


# A chip whose cycle takes a microsecond at the low level: 10 for the timer, 5 per packet, 2 per synapse, 20 per neuron
# and 3 per spike sent. Packets take well below a microsecond.
MICROSECOND = 1_000_000
SLOW = {
    "level.low.clock": "1 MHz",
    "level.high.clock": "2 MHz",
    "cycles.tick": "10",
    "cycles.packet": "5",
    "cycles.synaptic_operation": "2",
    "cycles.neuron_update": "20",
    "cycles.spike": "3",
}
IDLE, WITH_SPIKE = 10 + 20, 10 + 5 + 2 + 20 + 3  # us, one neuron


def chip_of(tick, **changes):
    return ns.load_chip("spinnaker2").with_overrides({**SLOW, "clock.tick": tick, **changes})


def program_of(network, chip, core_of, policy="low"):
    mapping = ns.map(network, chip)
    placed = Mapping(network, mapping.lowered, chip, np.array(core_of, dtype=np.int32), "by hand", 0)
    return ns.load_program(placed, {"level_policy": policy})


def relay(chip, length=3, **options):
    """A line of neurons, each on a core of its own, that pass every pulse on."""
    names = ["in", *"abcdefgh"[:length]]
    populations = (Population("in", 1, Source()), *(Population(name, 1, AddAndFire(1.0)) for name in names[1:]))
    links = tuple(Projection.dense(a, b, [[1.0]], 1) for a, b in pairwise(names))
    network = Network("relay", populations, links, names[1:])
    return program_of(network, chip, [7 * k for k in range(length)], **options)


def pulses_at(*steps, length=8):
    pulses = np.zeros((1, length, 1), dtype=bool)
    pulses[0, list(steps), 0] = True
    return pulses


def when(run, name):
    return np.flatnonzero(run.spikes.full[name][0, :, 0]).tolist()


def test_are_ticks_of_a_whole_chip_on_time_and_spikes_where_they_belong():
    run = ns.simulate(relay(chip_of("45 us")), pulses_at(0, 3), record_spikes=True)
    assert run.times.step_ends[0].tolist() == [(k + 1) * 45 * MICROSECOND for k in range(run.chip_steps)]
    assert (when(run, "a"), when(run, "b"), when(run, "c")) == ([1, 4], [2, 5], [3, 6])
    assert run.activity.total("overruns").tolist() == [0]
    assert run.activity.total("late_packets").tolist() == [0]


def test_do_late_spikes_of_an_overrunning_core_act_one_tick_later():
    # Core a takes the pulse in tick 1, is busy from 35 to 75 us and sends at 75, when tick 2 has begun: b acts in
    # tick 3 instead of 2. Core b is then late in the same way, and c, which sends nothing, by 2 us. None loses more:
    # a tick without a spike takes 30 us, so that the next but one starts in time.
    assert (IDLE, WITH_SPIKE) == (30, 40)
    run = ns.simulate(relay(chip_of("35 us")), pulses_at(0), record_spikes=True)
    assert (when(run, "a"), when(run, "b"), when(run, "c")) == ([1], [3], [5])
    assert run.activity.total("overruns").tolist() == [3]
    assert run.activity.total("late_packets").tolist() == [0]  # each arrived in the tick in which it left
    packets = run.times.first_packets
    assert packets[:, 4].tolist() == [0, 75 * MICROSECOND, (3 * 35 + 40) * MICROSECOND]
    assert packets[:, 0].tolist() == [0, 1, 3]  # the step of the core that sent it
    assert run.times.step_ends[0].tolist() == [(k + 1) * 35 * MICROSECOND for k in range(run.chip_steps)]


def reckon(pulses, tick, steps):
    """One core by hand, in microseconds: starts of its ticks, pulses of its neuron, overruns, the end.

    Every pulse is there within a microsecond of the start of its tick by the clock.
    """
    waiting, done, membrane, overruns = list(np.flatnonzero(pulses) * tick), 0, 0, 0
    starts, fired = [], []
    for step in range(steps):
        starts.append(max(done, step * tick))
        taken = [at for at in waiting if at < starts[-1]]
        waiting = waiting[len(taken) :]
        membrane += len(taken)
        fired.append(membrane >= 1)
        membrane -= fired[-1]
        done = starts[-1] + IDLE + 7 * len(taken)
        overruns += done > (step + 1) * tick
    return starts, fired, overruns, max(done, steps * tick)


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 60), st.lists(st.booleans(), min_size=1, max_size=30))
def test_does_a_core_of_the_chip_drift_as_reckoned(tick, pulses):
    program = relay(chip_of(f"{tick} us"), length=1)
    run = ns.simulate(program, np.array(pulses)[None, :, None], record_spikes=True)
    _, fired, overruns, end = reckon(pulses, tick, run.chip_steps)
    assert run.spikes.full["a"][0, :, 0].tolist() == fired
    assert run.activity.total("overruns").tolist() == [overruns]
    clock = [(step + 1) * tick for step in range(run.chip_steps - 1)]
    assert run.times.step_ends[0].tolist() == [at * MICROSECOND for at in (*clock, end)]


def test_do_the_cases_put_the_question():
    # 30 us and 7 us per pulse, one pulse every 35 us: a tick takes 37.5 us on average and the core is ever later.
    starts, fired, overruns, _ = reckon([True] * 30, 35, 31)
    assert starts[:4] == [0, 35, 72, 116]  # at 72 the pulse sent at 70 is there too
    assert overruns == 30
    assert sum(fired) == 30
    assert starts[-1] - 30 * 35 > 35
    assert reckon([True] * 9 + [False] * 30, 35, 39)[2] < 30  # and catches up


def test_are_packets_that_cross_into_another_tick_counted_as_late():
    # The event router takes 100 us and passes on what it has. The pulse sent at 0 arrives after 100 us, in tick 2 of
    # 45 us, and acts in tick 3; a sends at 3 x 45 + 40 = 175 us, b gets it after 275 us, in tick 6, and acts in tick 7.
    chip = chip_of("45 us", **{"time.router_latency": "100 us"})
    run = ns.simulate(relay(chip), pulses_at(0, length=12), record_spikes=True)
    assert (when(run, "a"), when(run, "b"), when(run, "c")) == ([3], [7], [11])
    assert run.activity.total("late_packets").tolist() == [3]
    assert run.activity.total("overruns").tolist() == [0]
    assert run.times.step_ends[0].tolist() == [(k + 1) * 45 * MICROSECOND for k in range(run.chip_steps)]


@pytest.mark.parametrize("picoseconds", [-1, 0, 1])
def test_does_a_pulse_that_arrives_as_a_tick_starts_wait_for_the_next(picoseconds):
    # The router's latency moves the arrival by single picoseconds across the start of tick 1.
    quick = ns.simulate(relay(chip_of("45 us", **{"time.router_latency": "1 us"}), length=1), pulses_at(0))
    [rest] = quick.times.packet_latency[0].tolist()
    latency = 45 * MICROSECOND - (rest - MICROSECOND) + picoseconds
    chip = chip_of("45 us", **{"time.router_latency": f"{latency} ps"})
    run = ns.simulate(relay(chip, length=1), pulses_at(0), record_spikes=True)
    assert run.times.packet_latency[0].tolist() == [45 * MICROSECOND + picoseconds]
    assert when(run, "a") == [1 if picoseconds < 0 else 2]
    assert run.activity.total("late_packets").tolist() == [picoseconds >= 0]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_do_inputs_of_the_last_tick_count(steps):
    populations = (
        Population("in", 1, Source()),
        Population("a", 1, AddAndFire(1.0)),
        Population("b", 2, Accumulator()),
    )
    links = (Projection.dense("in", "a", [[1.0]], 0), Projection.dense("a", "b", [[3.0, -5.0]], 0))
    network = Network("chain", populations, links, ("a", "b"))
    program = program_of(network, chip_of("80 us"), [0, 9, 9])
    run = ns.simulate(program, pulses_at(*range(steps), length=steps), record_spikes=True)
    assert run.chip_steps == steps + 2
    assert run.answers["a"].tolist() == [[steps]]
    assert run.answers["b"].tolist() == [[3 * steps, -5 * steps]]
    last = ns.simulate(program, pulses_at(steps - 1, length=steps))
    assert last.answers["a"].tolist() == [[1]]
    assert last.answers["b"].tolist() == [[3, -5]]


def test_do_inputs_wait_in_the_port_over_ticks():
    # Six lines pulse in tick 0; the port passes one packet every 25 us, so that ticks of 60 us get 3, 2 and 1 (at 0,
    # 25, 50; 75, 100; 125) and the sum is 3 in tick 1, 5 in tick 2 and 6 in tick 3. None is late: each leaves the
    # outside when the port is free.
    populations = (Population("in", 6, Source()), Population("sum", 1, Accumulator()))
    network = Network("wait", populations, (Projection.dense("in", "sum", np.ones((6, 1)), 0),), ("sum",))
    program = program_of(network, chip_of("60 us", **{"time.io_serialisation": "25 us"}), [0])
    pulses = np.zeros((1, 4, 6), dtype=bool)
    pulses[0, 0] = True
    answers = [ns.simulate(program, pulses[:, :steps]).answers["sum"].tolist() for steps in (1, 2, 3)]
    assert answers == [[[3]], [[5]], [[6]]]
    run = ns.simulate(program, pulses)
    assert run.activity.total("late_packets").tolist() == [0]
    assert run.times.first_packets[:, 4].tolist() == [k * 25 * MICROSECOND for k in range(6)]
    # Six more in tick 1, from 60 us on. The port's link takes them as they come: those of 0 25 50 60 75 85 100 110 125
    # 135 160 185 us pass at 0 25 50 75 100 125 150 175 200 225 250 275 us. From the sixth on that is another tick.
    pulses[0, 1] = True
    run = ns.simulate(program, pulses[:, :2])
    assert run.times.first_packets[6:, 4].tolist() == [(60 + k * 25) * MICROSECOND for k in range(6)]
    assert np.diff(np.sort(run.times.first_packets[:, 5])).tolist() == [25 * MICROSECOND] * 11
    assert run.activity.total("late_packets").tolist() == [7]
    assert run.answers["sum"].tolist() == [[5]]  # those before tick 2, which starts at 120 us


def test_is_a_line_without_synapses_no_packet_and_no_time():
    populations = (Population("in", 3, Source()), Population("sum", 1, Accumulator()))
    weights = Projection("in", "sum", np.array([0, 0, 0, 1]), np.array([0], np.int32), np.array([1]), 1)
    program = program_of(Network("one line", populations, (weights,), ("sum",)), chip_of("50 us"), [0])
    run = ns.simulate(program, np.ones((1, 1, 3), dtype=bool))
    assert run.activity.total("packets").tolist() == [1]
    assert run.times.first_packets[:, 4].tolist() == [0]


def busy(seed, samples=4, **changes):
    """A recurrent network on six cores, too much for its ticks, with pulses of several samples."""
    rng = np.random.default_rng(seed)
    populations = (
        Population("in", 6, Source()),
        Population("a", 12, AddAndFire(2.0)),
        Population("b", 5, AddAndFire(3.0)),
    )
    links = (
        Projection.dense("in", "a", rng.integers(-1, 3, (6, 12)), 1),
        Projection.dense("a", "a", rng.integers(-2, 2, (12, 12)), 2),
        Projection.dense("a", "b", rng.integers(0, 3, (12, 5)), 1),
    )
    network = Network("busy", populations, links, ("a", "b"))
    program = program_of(network, chip_of("60 us", **changes), 9 * rng.integers(0, 6, 17), policy="auto")
    return program, rng.random((samples, 9, 6)) < 0.5


# What makes packets late: slow hops, a crowded event router, crowded links, a slow port.
CROWDED = [
    {"time.hop_east_west": "20 us"},
    {"time.router_serialisation": "15 us"},
    {"time.link_serialisation": "7 us"},
    {"time.io_serialisation": "30 us"},
]


@pytest.mark.parametrize("changes", CROWDED, ids=str)
def test_does_nothing_of_one_sample_reach_the_next(changes):
    program, pulses = busy(3, **changes)
    pulses[2] = False
    together = ns.simulate(program, pulses, record_spikes=True)
    assert together.activity.total("overruns").max() > 10
    assert together.activity.total("late_packets").max() > 10
    for name in ("spikes", "packets", "packets_received", "late_packets", "synaptic_operations_low", "hops_east_west"):
        assert together.activity.total(name)[2] == 0
    for k in range(len(pulses)):
        alone = ns.simulate(program, pulses[k : k + 1], record_spikes=True)
        assert np.array_equal(alone.activity.per_core[0], together.activity.per_core[k])
        assert np.array_equal(alone.activity.network[0], together.activity.network[k])
        assert np.array_equal(alone.times.step_ends[0], together.times.step_ends[k])
        for name in together.answers:
            assert np.array_equal(alone.answers[name][0], together.answers[name][k])
            assert np.array_equal(alone.spikes.full[name][0], together.spikes.full[name][k])


@pytest.mark.parametrize("changes", CROWDED, ids=str)
def test_is_the_result_the_same_for_any_number_of_workers_and_the_second_time(changes):
    runs = []
    for workers in (1, 2, 3, 1):
        program, pulses = busy(5, samples=5, **changes)
        runs.append(ns.simulate(program, pulses, record_spikes=True, workers=workers))
    for run in runs[1:]:
        identical(runs[0], run)


@pytest.mark.parametrize("changes", CROWDED, ids=str)
def test_do_the_tables_of_a_run_have_the_same_totals(changes):
    program, pulses = busy(7, **changes)
    run = ns.simulate(program, pulses)
    activity, packets = run.activity, run.times.first_packets
    assert activity.total("late_packets").sum() > 0
    assert activity.packets_per_step.sum() == activity.total("packets").sum()
    assert len(packets) == activity.total("packets")[0]
    assert np.all(packets[:, 5] > packets[:, 4])  # every one was delivered, the late ones too
    assert np.all(np.diff(packets[:, 0]) >= 0)
    assert run.positions == ((0, 0), *(program.position(k) for k in range(len(program.cores))))
    assert activity.per_step.sum(axis=0).tolist() == activity.per_core.sum(axis=(0, 1)).tolist()
    # Packets of cores by their own step: as many as neurons of a fired in it, each of which sends to some core.
    from_cores = np.bincount(packets[packets[:, 1] > 0, 0], minlength=run.chip_steps)
    assert from_cores.tolist() == run.spikes.counts["a"][0].tolist()
