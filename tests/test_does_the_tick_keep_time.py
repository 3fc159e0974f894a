"""Do ticks start on time, drift when a core is late and catch up, and is what comes too late counted?"""

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
    links = tuple(Projection.dense(a, b, [[1.0]], 1) for a, b in zip(names[:-1], names[1:], strict=True))
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


def test_is_a_core_late_for_as_long_as_its_work_exceeds_the_tick():
    # A pulse in every tick: 40 us of work in 35 us, so core a falls behind by 5 us in every tick and takes an eighth
    # pulse together with the seventh (tick 8 starts at 35 + 7 x 40 = 315 us, when the pulse sent at 280 is there).
    run = ns.simulate(relay(chip_of("35 us"), length=1), pulses_at(*range(20), length=20), record_spikes=True)
    work = 37  # us: nothing to send
    steps, start, starts = run.chip_steps, 0, []
    for step in range(steps):
        starts.append(max(start, 35 * step))
        start = starts[-1] + (work if step else IDLE)
    assert run.activity.total("overruns").tolist() == [sum(s + work > 35 * (k + 1) for k, s in enumerate(starts))]
    assert run.times.step_ends[0, -1] == start * MICROSECOND
    assert run.times.step_ends[0, :-1].tolist() == [(k + 1) * 35 * MICROSECOND for k in range(steps - 1)]
