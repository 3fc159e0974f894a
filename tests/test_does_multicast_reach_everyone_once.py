"""Does one packet to the event router reach every core of its route once, over a tree whose links carry it once?"""

from collections import Counter
from itertools import product

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.engine.event import Mesh, SpikePacket
from neurosim.engine.event.chip import EventChip
from neurosim.engine.event.multicast import Forest, Leaf
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.network import Accumulator, AddAndFire, Network, Population, Projection, Source

TIMES = {
    "hop_latency_x": 400,
    "hop_latency_y": 600,
    "link_serialisation": 100,
    "inject_latency": 200,
    "inject_serialisation": 100,
    "eject_latency": 300,
    "eject_serialisation": 100,
}
SPINNAKER2 = ns.load_chip("spinnaker2")


def build(columns, rows, places, routes, **changes):
    """A mesh whose last endpoint is the hub; ``routes`` are lists of (endpoint, axon)."""
    env, delivered = simpy.Environment(), []
    hub = len(places) - 1
    forest = Forest(hub, [[Leaf(*end) for end in route] for route in routes], places)

    def deliver(packet):
        if packet.destination == hub:
            forest.turn(packet)
        else:
            delivered.append(packet)

    mesh = Mesh(env, columns, rows, places, deliver=deliver, router=forest.router, **(TIMES | changes))
    forest.join(mesh)
    return env, mesh, forest, delivered


def under_way(env):
    return [event.number for *_, event in env._queue if isinstance(event, SpikePacket)]


def send_all(sends, *arguments, **changes):
    """Send (number, at, source, route) in the given order; returns the packets delivered, in order, and the mesh."""
    env, mesh, forest, delivered = build(*arguments, **changes)
    for number, at, source, route in sends:
        mesh.send(SpikePacket(number, source, forest.hub, axon=route, created=at), at)
    while env.peek() != float("inf"):
        env.step()
        numbers = under_way(env)
        assert len(numbers) == len(set(numbers))  # copies, too, have numbers of their own
        assert mesh.in_flight == len(numbers)
    return delivered, mesh


def walk(start, end, columns):
    """Links from tile to tile, the column first, then the row."""
    (x, y), goal = start, end
    while (x, y) != goal:
        step = (np.sign(goal[0] - x), 0) if x != goal[0] else (0, np.sign(goal[1] - y))
        onward = (int(x + step[0]), int(y + step[1]))
        yield x + columns * y, onward[0] + columns * onward[1]
        x, y = onward


def used(mesh):
    """Packets per mesh link (from tile, to tile), per injection and per ejection link (endpoint)."""
    found = {"mesh": Counter(), "inject": Counter(), "eject": Counter()}
    links = zip(mesh.link_kind.tolist(), mesh.link_from.tolist(), mesh.link_to.tolist(), strict=True)
    for (kind, start, end), count in zip(links, mesh.packets_per_link().tolist(), strict=True):
        if count:
            what = kind if kind in found else "mesh"
            found[what][{"mesh": (start, end), "inject": start, "eject": end}[what]] = count
    return found


@st.composite
def forests(draw):
    """A mesh with some endpoints, the hub last, routes with and without leaves, and packets on them."""
    columns, rows = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    place = st.tuples(st.integers(0, columns - 1), st.integers(0, rows - 1))
    places = draw(st.lists(place, min_size=2, max_size=9))
    hub = len(places) - 1
    leaf = st.tuples(st.integers(0, hub - 1), st.integers(0, 3))
    routes = draw(st.lists(st.lists(leaf, max_size=12, unique=True), min_size=1, max_size=4))
    # Few distinct times, so that packets meet. Numbers as senders give them: one per leaf and at least one.
    send = st.tuples(st.integers(0, 3).map(lambda t: 100 * t), st.integers(0, hub - 1), st.integers(0, len(routes) - 1))
    sends, ranks = [], Counter()
    for at, source, route in sorted(draw(st.lists(send, min_size=1, max_size=12))):
        sends.append(((source << 32) + ranks[source], at, source, route))
        ranks[source] += max(len(routes[route]), 1)
    return columns, rows, places, routes, sends


@settings(max_examples=150, deadline=None)
@given(forests())
def test_does_every_leaf_get_one_packet_with_its_axon(forest):
    columns, rows, places, routes, sends = forest
    delivered, mesh = send_all(sends, columns, rows, places, routes)
    got = Counter((packet.origin, packet.destination, packet.axon) for packet in delivered)
    assert got == {(number, *leaf): 1 for number, _, _, route in sends for leaf in routes[route]}
    created = {number: at for number, at, _, _ in sends}
    assert all(packet.created == created[packet.origin] < packet.delivered for packet in delivered)
    assert mesh.in_flight == 0
    assert len({packet.number for packet in delivered}) == len(delivered)


@settings(max_examples=150, deadline=None)
@given(forests())
def test_does_every_link_of_a_tree_carry_a_packet_once(forest):
    columns, rows, places, routes, sends = forest
    hub = len(places) - 1
    _, mesh = send_all(sends, columns, rows, places, routes)
    expected = {"mesh": Counter(), "inject": Counter(), "eject": Counter()}
    for _, _, source, route in sends:
        leaves = routes[route]
        tree = {link for endpoint, _ in leaves for link in walk(places[hub], places[endpoint], columns)}
        expected["mesh"].update(list(walk(places[source], places[hub], columns)))
        expected["mesh"].update(tree)
        expected["inject"].update([source, *([hub] if leaves else [])])
        expected["eject"].update([hub, *(endpoint for endpoint, _ in leaves)])
    assert used(mesh) == expected


def test_is_a_tree_smaller_than_its_paths():
    # From (2, 2) to all 25 tiles of a 5x5 mesh: 24 links, where single packets would take 60.
    places = [(x, y) for y in range(5) for x in range(5)] + [(2, 2)]
    _, mesh = send_all([(0, 0, 12, 0)], 5, 5, places, [[(k, 7) for k in range(25)]])
    assert used(mesh)["mesh"].total() == 24
    assert set(used(mesh)["mesh"].values()) == {1}
    assert sum(abs(x - 2) + abs(y - 2) for x, y in places) == 60


def test_are_times_those_of_the_way_to_the_hub_and_down_the_tree():
    # 200 to enter, 400 across, 300 into the hub; 200 out of it, then 400 per column, 600 per row, 300 to leave. The
    # hub passes one packet every 1000. Leaves of one tile leave side by side, two axons of one endpoint in turn.
    places = [(0, 0), (3, 0), (3, 2), (0, 2), (3, 2), (1, 0)]
    routes = [[(1, 5), (2, 6), (3, 7), (4, 8), (4, 9)], [(0, 1)]]
    changes = {"eject_serialisation": [100] * 5 + [1000]}
    delivered, _ = send_all([(0, 0, 0, 0), (10, 0, 0, 1)], 4, 3, places, routes, **changes)
    turn = 200 + 400 + 300
    times = {(packet.destination, packet.axon): packet.delivered for packet in delivered}
    assert times == {
        (1, 5): turn + 200 + 2 * 400 + 300,
        (2, 6): turn + 200 + 2 * 400 + 2 * 600 + 300,
        (3, 7): turn + 200 + 400 + 2 * 600 + 300,
        (4, 8): turn + 200 + 2 * 400 + 2 * 600 + 300,
        (4, 9): turn + 200 + 2 * 400 + 2 * 600 + 300 + 100,
        (0, 1): turn + 1000 + 200 + 400 + 300,
    }


@settings(max_examples=100, deadline=None)
@given(forests(), st.randoms(use_true_random=False))
def test_are_times_the_same_whoever_was_scheduled_first(forest, random):
    columns, rows, places, routes, sends = forest
    first, mesh = send_all(sends, columns, rows, places, routes)
    shuffled = [random.sample(route, len(route)) for route in routes]
    again, other = send_all(random.sample(sends, len(sends)), columns, rows, places, shuffled)
    assert [(p.number, p.destination, p.axon, p.delivered) for p in again] == [
        (p.number, p.destination, p.axon, p.delivered) for p in first
    ]
    assert np.array_equal(other.packets_per_link(), mesh.packets_per_link())


def test_are_bounded_queues_refused():
    with pytest.raises(NeurosimError, match="multicast needs unbounded link queues, found buffer_depth 2"):
        build(2, 1, [(0, 0), (1, 0)], [], depth=2)
    program = ns.load_program(ns.map(random_network(1)[0], SPINNAKER2.with_overrides({"flow.buffer_depth": "4"})))
    with pytest.raises(NeurosimError, match="found buffer_depth 4"):
        ns.simulate(program, np.zeros((1, 1, program.lowered.network.n_inputs), dtype=bool))


def test_are_several_event_routers_refused():
    mapping = ns.map(random_network(1)[0], SPINNAKER2.tiled(2, 1))
    with pytest.raises(NeurosimError, match="spinnaker2: several chips with an event router each"):
        ns.simulate(mapping, np.zeros((1, 1, mapping.lowered.network.n_inputs), dtype=bool))


def random_network(seed):
    """Integer add-and-fire neurons and sums, recurrent, at random, and pulses bool[2, T, input lines]."""
    rng = np.random.default_rng(seed)
    sources = [Population(f"in{k}", int(rng.integers(1, 6)), Source()) for k in range(rng.integers(1, 3))]
    groups = [
        Population(f"a{k}", int(rng.integers(1, 13)), AddAndFire(float(rng.integers(1, 6))))
        for k in range(rng.integers(1, 4))
    ]
    groups.append(Population("sum", int(rng.integers(1, 5)), Accumulator()))

    def joined(a, b, least):
        weights = rng.integers(-3, 6, (a.size, b.size)) * (rng.random((a.size, b.size)) < 0.7)
        weights[0, 0] = 1
        return Projection.dense(a.name, b.name, weights, int(least + rng.integers(0, 3)))

    links = [joined(sources[rng.integers(len(sources))], group, 0) for group in groups]
    for (i, a), (j, b) in product(enumerate(groups[:-1]), enumerate(groups)):
        if rng.random() < 0.6:
            links.append(joined(a, b, 0 if i < j else len(groups)))
    network = Network(f"random {seed}", (*sources, *groups), tuple(links), ("sum", "a0"))
    return network, rng.random((2, rng.integers(1, 13), network.n_inputs)) < rng.choice([0.3, 0.6, 1.0])


def spread(network, seed, chip=SPINNAKER2):
    """Put every neuron on any element of the chip: all over it, on a few, or in a few quads."""
    rng = np.random.default_rng(seed)
    pool = np.array(chip.usable_cores)
    match rng.integers(3):
        case 0:
            pool = rng.choice(pool, rng.integers(1, 6), replace=False)
        case 1:
            pool = pool[np.isin(pool // 4, rng.choice(pool // 4, 2))]
    mapping = ns.map(network, chip)
    core_of = rng.choice(pool, mapping.lowered.network.n_neurons).astype(np.int32)
    return Mapping(network, mapping.lowered, chip, core_of, "random", 0)


def drained(mapping, pulses):
    more = np.zeros((len(pulses), mapping.lowered.extra_steps, pulses.shape[2]), dtype=bool)
    return np.concatenate([pulses, more], axis=1)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_is_a_network_on_the_whole_chip_spike_for_spike_the_network_without_a_chip(seed, place):
    network, pulses = random_network(seed)
    mapping = spread(network, place)
    run = ns.simulate(mapping, pulses, record_spikes=True)
    network, steps = mapping.lowered.network, pulses.shape[1]
    expected = run_functional(network, drained(mapping, pulses), trace=True)
    for name, fired in expected.pulses.items():
        assert np.array_equal(run.spikes.full[name], fired), name
    # A population that lags behind the input by L answers for the steps L to L + T.
    end = {name: mapping.lowered.lag[name] + steps for name in network.outputs}
    assert np.array_equal(run.answers["sum"], expected.membranes["sum"][:, end["sum"] - 1])
    assert np.array_equal(run.answers["a0"], expected.pulses["a0"][:, end["a0"] - steps : end["a0"]].sum(axis=1))
    assert run.activity.total("late_packets").tolist() == run.activity.total("overruns").tolist() == [0, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_are_packets_and_hops_those_of_the_spikes(seed, place):
    network, pulses = random_network(seed)
    mapping = spread(network, place)
    run = ns.simulate(mapping, pulses)
    network, columns = mapping.lowered.network, SPINNAKER2.columns
    fed = drained(mapping, pulses)
    spikes = run_functional(network, fed).pulses
    first = dict(zip((p.name for p in network.neurons), starts(network.neurons), strict=True))
    line = dict(zip((p.name for p in network.sources), starts(network.sources), strict=True))
    tile = {core: (core // 4 % columns, core // 4 // columns) for core in range(SPINNAKER2.n_cores)}
    hub = SPINNAKER2.event_router
    packets, arrived, taken, links = 0, 0, 0, Counter()
    for population in network.populations:
        for neuron in range(population.size):
            cores = {
                int(mapping.core_of[first[p.target] + target])
                for p in network.projections
                if p.source == population.name
                for target in p.targets[p.indptr[neuron] : p.indptr[neuron + 1]]
            }
            if not cores:
                continue
            if population.is_source:
                fired, start = fed[:, :, line[population.name] + neuron], (0, 0)
            else:
                fired = spikes[population.name][:, :, neuron]
                start = tile[int(mapping.core_of[first[population.name] + neuron])]
            count = int(fired.sum())
            packets += count
            arrived += count * len(cores)
            taken += int(fired[:, :-1].sum()) * len(cores)  # no tick follows that would take those of the last one
            tree = {link for core in cores for link in walk(hub, tile[core], columns)}
            for link in (*walk(start, hub, columns), *tree):
                links[link] += count
    activity = run.activity
    assert activity.total("packets").sum() == packets == activity.packets_per_step.sum()
    assert run.times.packet_latency[1].sum() == arrived
    assert activity.total("packets_received").sum() == taken
    mesh = {
        (a, b): n for (kind, a, b), n in zip(activity.links, activity.per_link.tolist(), strict=True) if kind in "EWNS"
    }
    assert {link: n for link, n in mesh.items() if n} == {link: n for link, n in links.items() if n}
    hops = activity.total("hops_east_west") + activity.total("hops_north_south")
    assert hops.sum() == links.total()


def test_does_the_event_router_pass_one_packet_after_another():
    # Five pulses come to it within nanoseconds and leave its queue every 5 us; the network beyond is far quicker.
    populations = (Population("in", 5, Source()), Population("sum", 1, Accumulator()))
    network = Network("five", populations, (Projection.dense("in", "sum", np.ones((5, 1)), 1),), ("sum",))
    chip = SPINNAKER2.with_overrides({"time.router_serialisation": "5 us", "time.router_latency": "20 us"})
    run = ns.simulate(ns.map(network, chip), np.ones((1, 1, 5), dtype=bool))
    turned = run.times.first_packets[:, 5]  # the packets of senders end at the router
    assert np.diff(turned).tolist() == [5_000_000] * 4
    assert 20_000_000 < turned[0] < 20_300_000


def test_have_all_packets_of_a_chip_numbers_of_their_own():
    # Links so slow that packets of several ticks, and many copies of each, are under way together.
    network, pulses = random_network(9)
    chip = SPINNAKER2.with_overrides({"time.link_serialisation": "20 us", "time.hop_east_west": "2 ms"})
    event_chip = EventChip(ns.load_program(spread(network, 10, chip)), chip.constants())
    env, most = event_chip.env, 0
    step = env.step

    def checked():
        nonlocal most
        step()
        numbers = under_way(env)
        assert len(numbers) == len(set(numbers))
        most = max(most, len(numbers))

    env.step = checked
    run = event_chip.run(pulses)
    assert most > 50
    assert run.activity.total("late_packets").min() > 50


def starts(populations):
    return np.cumsum([0, *(p.size for p in populations)])[:-1].tolist()


def test_do_the_random_networks_put_the_question():
    # Spikes to several cores, over several tiles, on many elements.
    total, cores = Counter(), 0
    for seed in range(20):
        network, pulses = random_network(seed)
        run = ns.simulate(spread(network, seed), pulses)
        total.update(run.activity.summary())
        cores = max(cores, len(run.activity.cores))
    assert total["spikes"] > 1000
    assert total["hops"] > 3 * total["packets"]
    assert total["packets_received"] > 2 * total["packets"]
    assert cores > 20
