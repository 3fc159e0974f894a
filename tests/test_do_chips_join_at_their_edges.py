"""Do tilings of several chips carry every packet over the one shared link of a side, and compute the same?"""

import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cases, draw_case, place, seeds, unmapped
from test_is_anything_lost_or_invented import identical

import neurosim as ns
from neurosim.chip import load_chip
from neurosim.cores import vocabulary_of
from neurosim.engine.event import Mesh, SpikePacket, list_links
from neurosim.engine.event.multicast import Forest, Leaf
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Network, Population, Projection, Source

TIMES = {
    "hop_latency_x": 400,
    "hop_latency_y": 600,
    "link_serialisation": 100,
    "inject_latency": 200,
    "inject_serialisation": 100,
    "eject_latency": 300,
    "eject_serialisation": 100,
    "edge_latency": 5000,
    "edge_serialisation": 700,
}


def simulate(sends, tiling, size, places, **changes):
    """Send packets (number, at, source, destination) over a tiling of chips of a size; returns times and the mesh."""
    env, delivered = simpy.Environment(), []
    columns, rows = tiling[0] * size[0], tiling[1] * size[1]
    mesh = Mesh(env, columns, rows, places, deliver=delivered.append, chip=size, **(TIMES | changes))
    for number, at, source, destination in sends:
        mesh.send(SpikePacket(number, source, destination, created=at), at)
    env.run()
    return {packet.number: packet.delivered for packet in delivered}, mesh


def walk(start, end, tiling, size, routing="xy"):
    """Links (kind, from, to) from tile to tile: one dimension, then the other; between chips the edge of the side."""
    return [link for link, _ in steps(start, end, tiling, size, routing)]


def steps(start, end, tiling, size, routing="xy"):
    """Yield links and the tiles at which they begin."""
    columns = tiling[0] * size[0]

    def chip(tile):
        return tile[0] // size[0] + tiling[0] * (tile[1] // size[1])

    here = start
    for axis in (0, 1) if routing == "xy" else (1, 0):
        while here[axis] != end[axis]:
            up = end[axis] > here[axis]
            onward = tuple(x + (1 if up else -1) * (k == axis) for k, x in enumerate(here))
            kind = ("WE", "SN")[axis][up]
            if chip(here) == chip(onward):
                yield (kind, here[0] + columns * here[1], onward[0] + columns * onward[1]), here
            else:
                yield (f"edge {kind}", chip(here), chip(onward)), here
            here = onward


def used(mesh):
    """Packets per link between tiles or chips, those that carried some."""
    links = zip(mesh.link_kind.tolist(), mesh.link_from.tolist(), mesh.link_to.tolist(), strict=True)
    counts = zip(links, mesh.packets_per_link().tolist(), strict=True)
    return Counter({link: count for link, count in counts if count and link[0] not in ("inject", "eject")})


def test_do_sides_stand_in_the_documented_order():
    # 2x2 chips of 1x2 tiles: a mesh of 2 columns and 4 rows; neighbours on one chip are north and south only.
    links = list_links(2, 4, [(1, 3)], (1, 2))
    assert links == [
        ("N", 0, 2),
        ("N", 1, 3),
        ("S", 2, 0),
        ("S", 3, 1),
        ("N", 4, 6),
        ("N", 5, 7),
        ("S", 6, 4),
        ("S", 7, 5),
        ("inject", 0, 7),
        ("eject", 7, 0),
        ("edge E", 0, 1),
        ("edge N", 0, 2),
        ("edge W", 1, 0),
        ("edge N", 1, 3),
        ("edge E", 2, 3),
        ("edge S", 2, 0),
        ("edge W", 3, 2),
        ("edge S", 3, 1),
    ]
    assert list_links(2, 4, [(1, 3)], (2, 4)) == list_links(2, 4, [(1, 3)])


@pytest.mark.parametrize("chip", [(3, 2), (2, 3), (0, 1), (8, 4)])
def test_are_chips_refused_that_do_not_fill_the_mesh(chip):
    with pytest.raises(NeurosimError, match=f"chips of {chip[0]}x{chip[1]} tiles do not fill a 4x4 mesh"):
        list_links(4, 4, [(0, 0)], chip)


@st.composite
def tilings(draw):
    """Chips per row and column, tiles per chip, places and packets at few distinct times, so that they meet."""
    tiling = draw(st.sampled_from([(2, 1), (1, 2), (2, 2), (3, 2), (1, 3)]))
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    tile = st.tuples(st.integers(0, tiling[0] * size[0] - 1), st.integers(0, tiling[1] * size[1] - 1))
    places = draw(st.lists(tile, min_size=2, max_size=8))
    end = st.integers(0, len(places) - 1)
    sends = sorted(draw(st.lists(st.tuples(st.integers(0, 4).map(lambda t: 100 * t), end, end), max_size=40)))
    return [(number, *send) for number, send in enumerate(sends)], tiling, size, places


@settings(max_examples=60, deadline=None)
@given(tilings())
def test_are_links_those_between_neighbours_on_a_chip_and_those_between_chips(case):
    _, tiling, size, places = case
    columns, rows = tiling[0] * size[0], tiling[1] * size[1]
    tiles = [(x, y) for y in range(rows) for x in range(columns)]
    beside = [(a, b) for a in tiles for b in tiles if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    expected = {link for a, b in beside for link in walk(a, b, tiling, size)}
    links = [link for link in list_links(columns, rows, places, size) if link[0] not in ("inject", "eject")]
    assert len(links) == len(set(links))
    assert set(links) == expected


@settings(max_examples=150, deadline=None)
@given(tilings(), st.integers(0, 3), st.sampled_from(["xy", "yx"]))
def test_does_every_packet_arrive_by_dimension_order_over_the_shared_sides(case, depth, routing):
    sends, tiling, size, places = case
    times, mesh = simulate(sends, tiling, size, places, depth=depth, routing=routing)
    assert times.keys() == {number for number, *_ in sends}
    assert mesh.in_flight == 0
    expected = Counter(link for _, _, a, b in sends for link in walk(places[a], places[b], tiling, size, routing))
    assert used(mesh) == expected
    free = {"inject": 200, "eject": 300, "E": 400, "W": 400, "N": 600, "S": 600}
    for number, at, a, b in sends:
        least = 500 + sum(free.get(kind, 5000) for kind, _, _ in walk(places[a], places[b], tiling, size, routing))
        assert times[number] >= at + least
        if len(sends) == 1:
            assert times[number] == at + least


@settings(max_examples=60, deadline=None)
@given(tilings(), st.integers(0, 2), st.randoms(use_true_random=False))
def test_are_times_the_same_whoever_was_scheduled_first(case, depth, random):
    sends, tiling, size, places = case
    first, _ = simulate(sends, tiling, size, places, depth=depth)
    again, _ = simulate(random.sample(sends, len(sends)), tiling, size, places, depth=depth)
    assert list(first.items()) == list(again.items())


@pytest.mark.parametrize("depth", [0, 4])
@pytest.mark.parametrize(("tiling", "size"), [((2, 1), (2, 2)), ((1, 2), (2, 2)), ((3, 1), (1, 2)), ((1, 1), (4, 4))])
def test_is_the_time_of_one_packet_that_of_its_hops_and_crossings(depth, tiling, size):
    columns, rows = tiling[0] * size[0], tiling[1] * size[1]
    across = tiling[0] - 1 + tiling[1] - 1
    hops_x, hops_y = columns - tiling[0], rows - tiling[1]
    times, mesh = simulate([(0, 50, 0, 1)], tiling, size, [(0, rows - 1), (columns - 1, 0)], depth=depth)
    assert times == {0: 50 + 200 + 400 * hops_x + 600 * hops_y + 5000 * across + 300}
    assert sum(n for (kind, _, _), n in used(mesh).items() if kind.startswith("edge")) == across


def test_do_all_rows_of_a_side_share_its_link():
    # Three packets reach the east side of chip 0 at 200 + 400 ps in three rows; the side passes one every 700 ps, the
    # one with the smaller number first. Those to the west have a link of their own, those to the north too.
    tiling, size = (2, 2), (2, 4)
    places = [(x, y) for y in range(8) for x in range(4)]

    def at(x, y):
        return places.index((x, y))

    east = [(k, 0, at(0, k), at(3, k)) for k in range(3)]
    west = [(10 + k, 0, at(2, k), at(1, k)) for k in range(2)]
    north = [(20 + k, 0, at(k, 3), at(k, 4)) for k in range(2)]
    other = [(30, 0, at(0, 5), at(2, 5))]  # on the chips above
    times, mesh = simulate([*east, *west, *north, *other], tiling, size, places)
    assert [times[k] for k in range(3)] == [200 + 400 + 5000 + 400 + 300 + 700 * k for k in range(3)]
    assert [times[10 + k] for k in range(2)] == [200 + 5000 + 300 + 700 * k for k in range(2)]
    assert [times[20 + k] for k in range(2)] == [200 + 5000 + 300 + 700 * k for k in range(2)]
    assert times[30] == 200 + 400 + 5000 + 300
    edges = {link: n for link, n in used(mesh).items() if link[0].startswith("edge")}
    assert edges == {("edge E", 0, 1): 3, ("edge W", 1, 0): 2, ("edge N", 0, 2): 2, ("edge E", 2, 3): 1}


def test_is_a_full_side_a_server_of_its_own_rate():
    # 40 packets at once from 4 rows: the last has waited for 39 others at the side, whatever came first.
    places = [(0, k) for k in range(4)] + [(1, k) for k in range(4)]
    sends = [(n, 0, n % 4, 4 + n % 4) for n in range(40)]
    times, _ = simulate(sends, (2, 1), (1, 4), places)
    assert sorted(times.values()) == [200 + 5000 + 300 + 700 * n for n in range(40)]


def test_does_one_slot_at_the_side_hold_back_all_rows():
    # With one slot per queue the head of a row that leads to a busy ejection link blocks the side for the others.
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    sends = [(0, 0, 0, 2), (1, 1, 0, 2), (2, 2, 0, 2), (3, 3, 1, 3)]
    changes = dict.fromkeys(("inject_latency", "inject_serialisation", "eject_latency"), 1)
    changes |= {"edge_latency": 10, "edge_serialisation": 1, "eject_serialisation": [1, 1, 100, 1]}
    free, _ = simulate(sends, (2, 1), (1, 2), places, **changes)
    assert free == {0: 12, 1: 112, 2: 212, 3: 15}
    # 0 crosses at 1 and leaves from 11 on; 1 crosses when 0 has left the queue, at 11; 2 when 1 leaves it, at 111; 3
    # gets into the side's queue when 2 leaves it at 111 and crosses at 112.
    held, _ = simulate(sends, (2, 1), (1, 2), places, depth=1, **changes)
    assert held == {0: 12, 1: 112, 2: 212, 3: 123}


@settings(max_examples=80, deadline=None)
@given(tilings(), st.data())
def test_does_a_tree_cross_a_side_once_per_row_or_column(case, data):
    # The hub is the last endpoint; from there on the way is that from the hub, not from where the spike came from. A
    # tree has one row, the hub's, and parts there into columns, each of which crosses sides on its own.
    _, tiling, size, places = case
    hub = len(places) - 1
    route = data.draw(st.lists(st.integers(0, hub - 1), min_size=1, max_size=6, unique=True))
    source = data.draw(st.integers(0, hub - 1))
    env, delivered = simpy.Environment(), []
    forest = Forest(hub, [[Leaf(endpoint, 3) for endpoint in route]], places)
    columns, rows = tiling[0] * size[0], tiling[1] * size[1]

    def deliver(packet):
        (forest.turn if packet.destination == hub else delivered.append)(packet)

    mesh = Mesh(env, columns, rows, places, deliver=deliver, chip=size, router=forest.router, **TIMES)
    forest.join(mesh)
    mesh.send(SpikePacket(0, source, hub, axon=0), 0)
    env.run()
    assert sorted(packet.destination for packet in delivered) == sorted(route)
    tree = {step for endpoint in route for step in steps(places[hub], places[endpoint], tiling, size)}
    there = Counter(walk(places[source], places[hub], tiling, size))
    assert used(mesh) == there + Counter(link for link, _ in tree)


EDGES = {"edge_crossing": '{ value = 80, unit = "ns"', "edge_serialisation": '{ value = 9, unit = "ns"'}


def with_edges(kind):
    vocabulary = vocabulary_of(kind)
    return replace(vocabulary, time=vocabulary.time | EDGES.keys())


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """A stand-in: Loihi's descriptor with figures for the links between chips."""
    text = (Path(__file__).parents[1] / "chips" / "loihi.toml").read_text()
    figures = "".join(f'{k} = {v}, source = "neurosim", confidence = "estimated" }}\n' for k, v in EDGES.items())
    for name in tomllib.loads(text)["constants"]:
        text = text.replace(f"[constants.{name}.time]\n", f"[constants.{name}.time]\n{figures}")
    if "neurosim = " not in text:
        text = text.replace("[sources]\n", '[sources]\nneurosim = "made up for this test"\n')
    path = tmp_path_factory.mktemp("board") / "board.toml"
    path.write_text(text)
    return load_chip(path, with_edges)


TILINGS = [(2, 1), (1, 2), (2, 2), (3, 2)]


@settings(max_examples=25, deadline=None)
@given(case=cases(late=False), seed=seeds, tiling=st.sampled_from(TILINGS))
def test_is_a_network_on_several_chips_spike_for_spike_the_network_without_a_chip(board, case, seed, tiling):
    mapping = place(case.network, seed, board.tiled(*tiling))
    run = ns.simulate(mapping, case.pulses, record_spikes=True)
    spikes, answers = unmapped(mapping, case.pulses)
    for name, expected in spikes.items():
        assert np.array_equal(run.spikes.full[name], expected), name
    for name, expected in answers.items():
        assert np.array_equal(run.answers[name], expected), name


@settings(max_examples=20, deadline=None)
@given(case=cases(late=False), seed=seeds, tiling=st.sampled_from(TILINGS))
def test_are_crossings_those_of_the_packets(board, case, seed, tiling):
    chip = board.tiled(*tiling)
    mapping = place(case.network, seed, chip)
    run = ns.simulate(mapping, case.pulses)
    size = chip.columns_per_chip, chip.rows_per_chip
    expected = Counter()
    for _, source, destination, *_ in run.times.first_packets.tolist():
        expected.update(walk(run.positions[source], run.positions[destination], tiling, size))
    crossings = sum(n for (kind, _, _), n in expected.items() if kind.startswith("edge"))
    activity = run.activity
    assert activity.total("edge_crossings")[0] == crossings
    assert activity.total("hops_east_west")[0] == sum(n for (kind, _, _), n in expected.items() if kind in "EW")
    assert activity.total("hops_north_south")[0] == sum(n for (kind, _, _), n in expected.items() if kind in "NS")
    first = ns.simulate(mapping, case.pulses[:1])
    links = zip(first.activity.links, first.activity.per_link.tolist(), strict=True)
    assert {link: n for link, n in links if n and link[0] not in ("inject", "eject")} == expected


def test_do_the_tilings_put_the_question(board):
    crossed = Counter()
    for seed in range(12):
        case, tiling = draw_case(seed, ("add", "leak", "pair")), TILINGS[seed % 4]
        run = ns.simulate(place(case.network, seed, board.tiled(*tiling)), case.pulses)
        for (kind, _, _), n in zip(run.activity.links, run.activity.per_link.tolist(), strict=True):
            crossed[kind] += n
    assert min(crossed[kind] for kind in ("edge E", "edge W", "edge N", "edge S")) > 100


def test_does_a_crossing_take_the_time_that_the_descriptor_says(board):
    # One pulse from the port at tile (0, 0) to a core at the far end of a row of two chips: seven hops on each.
    one = Network(
        "one", (Population("in", 1, Source()), Population("a", 1, AddAndFire(9.0))),
        (Projection.dense("in", "a", [[1.0]], 1),), ("a",),
    )  # fmt: skip
    chip = board.tiled(2, 1)
    lowered = ns.map(one, chip).lowered

    def latency(tile):
        mapping = Mapping(one, lowered, chip, np.full(lowered.network.n_neurons, 4 * tile, np.int32), "by hand", 0)
        [time] = ns.simulate(mapping, np.ones((1, 1, 1), bool)).times.packet_latency[0].tolist()
        return time

    hop = chip.constants().time["hop_east_west"].picoseconds()
    assert latency(7) - latency(0) == 7 * hop
    assert latency(8) - latency(7) == 80_000
    assert latency(15) - latency(0) == 14 * hop + 80_000


def test_is_the_result_on_several_chips_the_same_for_any_number_of_workers(board):
    case = draw_case(4, ("add", "leak", "single"), samples=5)
    mapping = place(case.network, 9, board.tiled(2, 2))
    runs = [ns.simulate(mapping, case.pulses, record_spikes=True, workers=workers) for workers in (1, 2, 1)]
    assert runs[0].activity.total("edge_crossings").min() > 0
    identical(runs[0], runs[1])
    identical(runs[0], runs[2])


def test_are_several_chips_without_figures_for_their_edges_refused():
    case = draw_case(4, ("sum",))
    with pytest.raises(NeurosimError, match=r"constant set silicon-fit has no time\.edge_crossing"):
        ns.simulate(place(case.network, 1, ns.load_chip("loihi").tiled(2, 1)), case.pulses)


# TrueNorth has the figures. A few columns of it, so that neurons on neighbouring chips are few hops apart; spikes
# that cross in a tick of 1 ms are never late.
NARROW = ns.load_chip("truenorth").with_overrides({"geometry.columns": "3", "geometry.rows": "33"})


@settings(max_examples=10, deadline=None)
@given(seeds, st.sampled_from(TILINGS))
def test_does_truenorth_compute_the_same_on_several_chips(seed, tiling):
    rng = np.random.default_rng(seed)
    populations = (
        Population("in", 5, Source()),
        Population("a", 6, AddAndFire(2.0)),
        Population("b", 4, AddAndFire(1.0)),
    )
    links = (
        Projection.dense("in", "a", rng.integers(-1, 2, (5, 6)), 1),
        Projection.dense("a", "b", rng.integers(-1, 2, (6, 4)), 1),
    )
    network = Network("two layers", populations, links, ("b",))
    pulses = rng.random((2, 8, 5)) < 0.6
    runs = {}
    for chip in (NARROW, NARROW.tiled(*tiling)):
        mapping = ns.map(network, chip)
        cores = len(np.unique(mapping.core_of))
        where = rng.choice(chip.n_cores, cores, replace=False)
        placed = replace(mapping, core_of=where[np.unique(mapping.core_of, return_inverse=True)[1]].astype(np.int32))
        runs[chip.n_chips] = ns.simulate(placed, pulses, record_spikes=True)
    one, several = runs.values()
    assert np.array_equal(one.answers["b"], several.answers["b"])
    for name, expected in one.spikes.full.items():
        assert np.array_equal(several.spikes.full[name], expected)
    assert several.activity.total("late_packets").tolist() == [0, 0]
    size, ends = (3, 33), several.positions
    crossed = sum(
        kind.startswith("edge")
        for _, start, end, *_ in several.times.first_packets.tolist()
        for kind, _, _ in walk(ends[start], ends[end], tiling, size)
    )
    assert several.activity.total("edge_crossings")[0] == crossed
    assert one.activity.total("edge_crossings").tolist() == [0, 0]
