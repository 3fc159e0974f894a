"""Does a step take the time, and cost the energy, that the published figures give when added up by hand?

Tiny networks, one step each. A cell is idle (nothing changes), drifting (its voltage changes) or firing.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LOIHI, cases, place, seeds

import neurosim as ns
from neurosim.cores.compartment import lower
from neurosim.mapping import Mapping
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

COLUMNS, CORES_PER_TILE = 8, 4


@dataclass(frozen=True)
class Figures:
    """Picoseconds and picojoules per operation, and nanoseconds of the barrier by tiles in use."""

    inactive: tuple[int, float]
    active: tuple[int, float]
    spike: tuple[int, float]
    output: tuple[int, float]
    incoming: tuple[int, float]
    dense: tuple[int, float]
    sparse: tuple[int, float]
    within: tuple[int, float]  # from leaving to arriving inside one tile
    east: tuple[int, float]
    north: tuple[int, float]
    barrier: tuple[tuple[int, int], ...]


# Davies et al., IEEE Micro 38(1), 82 (2018); what it does not print apart is zero. A packet takes 2.1 ns in a tile.
DAVIES = Figures(
    inactive=(5300, 52),
    active=(8400, 81),
    spike=(0, 0),
    output=(0, 0),
    incoming=(0, 0),
    dense=(3500, 23.6),
    sparse=(3500, 23.6),
    within=(2100, 1.7),
    east=(4100, 3.0),
    north=(6500, 4.0),
    barrier=((1, 113), (32, 465)),
)
# SANA-FE's fit to silicon: visit + update, and so on. It names no time within a tile; a packet is then as long as
# it takes to leave the core and enter the other one at the peak of a tile, 3.44e9 spikes/s: twice 291 ps.
SILICON = Figures(
    inactive=(6000, 51.2),
    active=(9700, 51.2 + 21.6),
    spike=(30000, 69.3),
    output=(5100, 111),
    incoming=(16000, 0),
    dense=(3800, 35.5),
    sparse=(4700, 33.6),
    within=(2 * 291, 0),
    east=(4100, 3.0),
    north=(6500, 4.2),
    barrier=((1, 600), (2, 1000), (4, 1400), (29, 1800)),
)
SETS = pytest.mark.parametrize(("constants", "f"), [("davies2018", DAVIES), ("silicon-fit", SILICON)])


def barrier(f, tiles):
    """Interpolate between published numbers of tiles, constant beyond; picoseconds, halves to even."""
    points = f.barrier
    if tiles >= points[-1][0]:
        return points[-1][1] * 1000
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= tiles <= x1:
            return round(1000 * (y0 + Fraction(y1 - y0) * (tiles - x0) / (x1 - x0)))
    raise AssertionError(tiles)


def network_of(cells, synapses, lines=0):
    """Build one population: a letter per cell, ``idle``, ``drift`` or ``fire``; synapses (cell, targets) of weight 1.

    With lines, synapses of negative cells -1, -2... are those of input lines 0, 1...
    """
    n = len(cells)
    never = 64 * (2**17 - 1)
    cell = Compartment(
        decay_u=4095,
        decay_v=0,
        threshold=np.array([0 if kind == "fire" else never for kind in cells]),
        bias=np.array([{"idle": 0, "drift": 1, "fire": 64}[kind] for kind in cells]),
    )
    populations = [Population("cells", n, CompartmentNeuron((cell,)))]
    inside = np.zeros((n, n), dtype=np.int64)
    outside = np.zeros((lines, n), dtype=np.int64)
    for source, targets in synapses:
        (outside[-source - 1] if source < 0 else inside[source])[list(targets)] = 1
    projections = []
    if inside.any():
        projections.append(projection("cells", inside))
    if lines:
        populations.append(Population("lines", lines, Source()))
        projections.append(projection("lines", outside))
    return Network("micro", tuple(populations), tuple(projections), ("cells",))


def projection(source, matrix):
    dense = Projection.dense(source, "cells", matrix, delay=1)
    return Projection(source, "cells", dense.indptr, dense.targets, dense.weights, 1, 0, 6)


def run(cells, cores, synapses=(), lines=0, constants="silicon-fit", chip=LOIHI):
    network = network_of(cells, synapses, lines)
    core_of = np.broadcast_to(np.asarray(cores, dtype=np.int32), (len(cells),)).copy()
    mapping = Mapping(network, lower(network, chip), chip, core_of, "by hand", 0)
    return ns.simulate(mapping, np.ones((1, 1, lines), dtype=bool), constants=constants)


def cost(*arguments, **how):
    """Return the picoseconds of the step and the dynamic picojoules."""
    result = run(*arguments, **how)
    assert result.times.step_ends.shape == (1, 1)
    return np.array([result.times.step_ends[0, 0], ns.price(result, LOIHI).dynamic.value * 1e12])


def same(measured, *expected):
    """Compare with a sum of (picoseconds, picojoules): times exactly."""
    time, energy = np.sum(np.array(expected, dtype=float), axis=0)
    assert measured[0] == time
    assert measured[1] == pytest.approx(energy, rel=1e-9, abs=1e-6)


def times(n, figure):
    return np.array(figure) * n


@SETS
def test_does_a_sweep_visit_every_compartment_once(constants, f):
    def step(*kinds):
        return cost(["idle"] * 50 + list(kinds), 0, constants=constants)

    same(step(), times(50, f.inactive), (barrier(f, 1), 0))
    same(step("idle") - step(), f.inactive)
    same(step("drift") - step(), f.active)
    same(step("fire") - step(), f.active, f.spike)
    same(step("fire", "drift", "idle", "fire") - step(), *[f.active] * 3, *[f.spike] * 2, f.inactive)


@SETS
def test_does_a_core_that_is_not_the_slowest_cost_no_time(constants, f):
    cells = ["idle"] * 30 + ["drift"] * 7
    cores = [0] * 30 + [1] * 7
    slowest = max(30 * f.inactive[0], 7 * f.active[0])
    expected = (slowest + barrier(f, 1), 30 * f.inactive[1] + 7 * f.active[1])
    same(cost(cells, cores, constants=constants), expected)


@SETS
@pytest.mark.parametrize("cores", [1, 2, 3])
def test_does_each_destination_core_cost_one_message(constants, f, cores):
    # Behind the firing cell the sweep goes on for longer than anything that the messages cause elsewhere.
    def step(k):
        cells = ["fire"] + ["idle"] * 100 + ["idle"] * cores
        return cost(cells, [0] * 101 + list(range(1, cores + 1)), [(0, range(101, 101 + k))], constants=constants)

    same(step(cores) - step(cores - 1), f.output, (0, f.within[1]), (0, f.incoming[1]), (0, f.dense[1]))


@SETS
@pytest.mark.parametrize("every", [1, 2])
def test_does_each_synapse_and_each_message_take_its_time(constants, f, every):
    # Forty cells fire at one core, which is busy from the first arrival on. Every second target makes axons sparse.
    synapse = f.dense if every == 1 else f.sparse

    def step(firing, synapses):
        cells = ["fire"] * firing + ["idle"] * 128
        targets = range(firing, firing + synapses * every, every)
        return cost(cells, [0] * firing + [1] * 128, [(k, targets) for k in range(firing)], constants=constants)

    one_message = [f.incoming, *[synapse] * 60]
    sender = np.array([f.active, f.spike, f.output, f.within])
    first = sender.sum(axis=0)[0]
    expected = first + 40 * np.sum(one_message, axis=0)[0] + barrier(f, 1)
    energy = 40 * (sender.sum(axis=0)[1] + np.sum(one_message, axis=0)[1]) + 128 * f.inactive[1]
    same(step(40, 60), (expected, energy))
    same(step(40, 61) - step(40, 60), times(40, synapse))
    same(step(41, 60) - step(40, 60), *one_message, (0, sender.sum(axis=0)[1]))


def test_are_messages_sent_in_ascending_order_of_core():
    # The cells stand on the cores in another order than in the network.
    cores = [0, 9, 3, 126, 40]
    result = run(["fire", *["idle"] * 4], cores, [(0, [1, 2, 3, 4])])
    packets = result.times.first_packets[np.argsort(result.times.first_packets[:, 4])]
    endpoints = [1 + sorted(cores).index(core) for core in (3, 9, 40, 126)]
    assert packets[:, 2].tolist() == endpoints
    fired = SILICON.active[0] + SILICON.spike[0]
    assert packets[:, 4].tolist() == [fired + (k + 1) * SILICON.output[0] for k in range(4)]


PLACES = [((0, 0), (0, 0)), ((0, 0), (1, 0)), ((0, 0), (7, 0)), ((7, 2), (3, 2)), ((5, 0), (5, 3)), ((5, 3), (5, 1))]


@SETS
@pytest.mark.parametrize(("start", "end"), [*PLACES, ((0, 3), (7, 0)), ((6, 1), (2, 3))])
def test_does_each_hop_take_its_time_in_each_direction(constants, f, start, end):
    cores = [CORES_PER_TILE * (x + COLUMNS * y) + k for k, (x, y) in enumerate((start, end))]
    east, north = abs(start[0] - end[0]), abs(start[1] - end[1])
    expected = [f.active, f.spike, f.output, f.within, times(east, f.east), times(north, f.north), f.incoming, f.dense]
    measured = cost(["fire", "idle"], cores, [(0, [1])], constants=constants)
    same(measured, *expected, (0, f.inactive[1]), (barrier(f, 1 + (start != end)), 0))


@SETS
@pytest.mark.parametrize("tiles", [1, 2, 3, 4, 10, 28, 29, 30, 32])
def test_does_the_barrier_take_the_time_of_the_tiles_in_use(constants, f, tiles):
    cores = [CORES_PER_TILE * ((5 * k) % 32) + k % CORES_PER_TILE for k in range(tiles)]
    same(cost(["idle"] * tiles, cores, constants=constants), (f.inactive[0] + barrier(f, tiles), tiles * f.inactive[1]))


@SETS
def test_is_a_step_as_long_as_the_sweep_or_the_last_arrival(constants, f):
    # A spike from the corner to the corner; behind the firing cell more and more idle ones.
    fired = f.active[0] + f.spike[0] + f.output[0]
    arrival = fired + f.within[0] + 7 * f.east[0] + 3 * f.north[0] + f.incoming[0] + f.dense[0]
    seen = set()
    for n in range(0, 20):
        sweep = fired + n * f.inactive[0]
        seen.add(sweep > arrival)
        cells = ["fire", "idle", *["idle"] * n]
        measured = cost(cells, [0, 127, *[0] * n], [(0, [1])], constants=constants)
        assert measured[0] == max(sweep, arrival) + barrier(f, 2), n
    assert seen == {False, True}


@SETS
def test_does_processing_go_on_beside_the_sweep_of_the_same_core(constants, f):
    # A cell that fires at its own core: the sweep over 50 more cells hides the synaptic operation.
    sweep = f.active[0] + f.spike[0] + f.output[0] + 50 * f.inactive[0]
    assert cost(["fire", *["idle"] * 50], 0, [(0, [1])], constants=constants)[0] == sweep + barrier(f, 1)


@SETS
@pytest.mark.parametrize("lines", [1, 2, 5])
def test_do_input_pulses_enter_one_after_another_at_the_port(constants, f, lines):
    # The port stands at tile (0, 0); a line's packet leaves 291 ps after that of the line before it.
    result = run(["idle"], 31, [(-k - 1, [0]) for k in range(lines)], lines, constants)
    way = f.within[0] + 7 * f.east[0]
    created, delivered = result.times.first_packets[:, 4], result.times.first_packets[:, 5]
    assert created.tolist() == [291 * k for k in range(lines)]
    assert delivered.tolist() == [291 * k + way for k in range(lines)]
    free = 0
    for arrival in delivered.tolist():
        free = max(free, arrival) + f.incoming[0] + f.dense[0]
    assert result.times.step_ends[0, 0] == free + barrier(f, 1)


def endpoint(core):
    """Number of a core among the endpoints when cores 0..127 are all in use: one port comes first."""
    return 1 + core


@pytest.mark.parametrize("swapped", [False, True])
def test_are_packets_of_one_picosecond_served_in_the_order_of_their_senders(swapped):
    # Cells on cores 1, 2 and 3 fire at the same time at core 0 of the same tile: all reach its ejection link at once.
    # The order of cells in the network must not matter.
    order = [3, 1, 2] if swapped else [1, 2, 3]
    result = run(["fire"] * 3 + ["idle"] * 2, [*order, 0, 0], [(k, [3]) for k in range(3)])
    packets = result.times.first_packets
    by_sender = {int(row[1]): int(row[5]) for row in packets}
    assert len(set(packets[:, 4].tolist())) == 1
    first = by_sender[endpoint(1)]
    assert by_sender == {endpoint(1): first, endpoint(2): first + 291, endpoint(3): first + 582}


def test_does_the_port_come_before_cores_and_a_lower_core_before_a_higher_from_any_side():
    # East and west neighbours, three hops of the same length, and all reach the middle in the same picosecond.
    west, middle, east = (CORES_PER_TILE * tile for tile in (1, 2, 3))
    cells, cores = ["fire", "fire", "idle"], [east, west, middle]
    result = run(cells, cores, [(0, [2]), (1, [2])])
    sources = result.times.first_packets[np.argsort(result.times.first_packets[:, 5]), 1].tolist()
    assert sources == [1, 3]  # endpoints: port, west, middle, east
    # The port sends its second packet when the core on its tile sends its first.
    fired = SILICON.active[0] + SILICON.spike[0] + SILICON.output[0]
    chip = LOIHI.with_overrides({"time.io_serialisation": f"{fired} ps"})
    result = run(["fire", "idle"], [1, 0], [(0, [1]), (-1, [1]), (-2, [1])], 2, chip=chip)
    packets = {tuple(row[[1, 4]].tolist()): int(row[5]) for row in result.times.first_packets}
    assert (0, fired) in packets
    assert (2, fired) in packets
    assert packets[0, fired] == packets[2, fired] - 291


DEPTH = "constants.silicon-fit.flow.buffer_depth"


@settings(max_examples=40, deadline=None)
@given(cases(samples=1), seeds, st.sampled_from([1, 4, 16]))
def test_does_the_depth_of_buffers_matter_only_when_they_fill(case, seed, depth):
    placed = place(case.network, seed)
    free, bounded = (ns.simulate(with_depth(placed, d), case.pulses, record_spikes=True) for d in (0, depth))
    fewest = free.activity.packets_per_step <= depth  # no buffer can be full in these steps
    spans = [np.diff(result.times.step_ends[0], prepend=0) for result in (free, bounded)]
    assert np.array_equal(spans[0][fewest], spans[1][fewest])
    for name, pulses in free.spikes.full.items():
        assert np.array_equal(pulses, bounded.spikes.full[name])
    assert np.array_equal(free.activity.per_core, bounded.activity.per_core)
    assert np.array_equal(free.activity.per_link, bounded.activity.per_link)


DEPTHS = {depth: LOIHI.with_overrides({DEPTH: str(depth)}) for depth in (0, 1, 4, 16)}


def with_depth(mapping, depth):
    return Mapping(mapping.network, mapping.lowered, DEPTHS[depth], mapping.core_of, "by hand", 0)


def test_do_full_buffers_hold_packets_back():
    # 100 cells on the four cores of each of two tiles fire at once at one core, whose ejection is slow: with few
    # places in the queues a tile's own packets have to wait, not those from afar.
    chip = {"time.link_serialisation": "4 ns", "constants.silicon-fit.time.spike_generation": "0 ns"}
    ends = []
    for depth in (0, 1):
        slow = LOIHI.with_overrides(chip | {DEPTH: str(depth)})
        cells = ["fire"] * 800 + ["idle"]
        result = run(
            cells,
            [*(4 * k + j for k in (1, 2) for j in range(4) for _ in range(100)), 0],
            [(k, [800]) for k in range(800)],
            chip=slow,
        )
        assert result.activity.total("packets").tolist() == [800]
        ends.append(result.times.first_packets[:, 5].tolist())
    assert ends[0] != ends[1]
    assert max(ends[0]) <= max(ends[1])


@settings(max_examples=25, deadline=None)
@given(cases(samples=1), seeds)
def test_is_no_packet_faster_than_its_way(case, seed):
    mapping = place(case.network, seed)
    result = ns.simulate(mapping, case.pulses)
    tiles = [(0, 0)] + [((core // 4) % 8, core // 32) for core in mapping.cores.tolist()]
    waits = []
    for _, source, destination, _, created, delivered in result.times.first_packets.tolist():
        (x0, y0), (x1, y1) = tiles[source], tiles[destination]
        waits.append(delivered - created - 582 - 4100 * abs(x1 - x0) - 6500 * abs(y1 - y0))
    assert min(waits, default=0) == 0


def test_is_the_latency_of_an_inference_the_end_of_its_last_step():
    cells = ["idle"] * 10
    result = run(cells, 0)
    latency = ns.results.inference_latency(result, LOIHI, ns.results.Host())
    seconds = (10 * 6.0 + 600) * 1e-9
    assert latency.mean == pytest.approx(seconds, rel=1e-12)
    slow = ns.results.inference_latency(result, LOIHI, ns.results.Host(step_overhead="step_overhead_blouw"))
    assert slow.mean == pytest.approx(seconds + 337e-6, rel=1e-12)
