"""Links, routers and the mesh against queueing laws, worked examples and invariants."""

import math
from collections import defaultdict

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.engine.event import BufferedLink, Link, Mesh, Receiver, Router, SpikePacket, list_links
from neurosim.errors import NeurosimError

CYCLE = 1000
TIMES = {
    "hop_latency_x": 4 * CYCLE,
    "hop_latency_y": 6 * CYCLE,
    "link_serialisation": CYCLE,
    "inject_latency": 2 * CYCLE,
    "inject_serialisation": CYCLE,
    "eject_latency": 3 * CYCLE,
    "eject_serialisation": CYCLE,
}


def simulate(packets, columns, rows, endpoints, **changes):
    """Send packets (number, at, source, destination) in the given order; returns those delivered and the mesh."""
    env = simpy.Environment()
    delivered = []
    mesh = Mesh(env, columns, rows, endpoints, deliver=delivered.append, **(TIMES | changes))
    for number, at, source, destination in packets:
        mesh.send(SpikePacket(number, source, destination, axon=number, created=at), at)
    env.run()
    return delivered, mesh


def times(delivered):
    return {packet.number: packet.delivered for packet in delivered}


@pytest.mark.parametrize("kind", [Link, BufferedLink])
@pytest.mark.parametrize(("inputs", "rho"), [(1, 0.9), (2, 0.6), (4, 0.8), (64, 0.5)])
def test_mean_wait_at_one_server_with_bernoulli_inputs(kind, inputs, rho):
    # Slotted server of unit service, n independent inputs: (n - 1) / n * rho / (2 (1 - rho)) slots.
    slots = 200_000
    rng = np.random.default_rng(7)
    arrivals = (rng.random((slots, inputs)) < rho / inputs).sum(axis=1)
    env = simpy.Environment()
    waits = []
    receiver = Receiver(lambda packet: waits.append(env.now - packet.created - 3 * CYCLE))
    link = kind(env, -1, 3 * CYCLE, CYCLE, receiver)

    def feed():
        number = 0
        for count in arrivals.tolist():
            for _ in range(count):
                link.join(SpikePacket(number, 0, 0, created=env.now))
                number += 1
            yield env.timeout(CYCLE)

    env.process(feed())
    env.run()
    assert len(waits) == link.packets == arrivals.sum()
    expected = (inputs - 1) / inputs * rho / (2 * (1 - rho))
    assert np.mean(waits) / CYCLE == pytest.approx(expected, rel=0.04, abs=1e-12)
    assert link.busy == link.packets * CYCLE


@pytest.mark.parametrize("kind", [Link, BufferedLink])
def test_queue_length_counts_those_that_wait(kind):
    # Four packets at once: one in service, three wait. Then one more, when two of the four still wait.
    env = simpy.Environment()
    link = kind(env, -1, 500, 100, Receiver(lambda packet: None))
    for number in range(4):
        link.join(SpikePacket(number, 0, 0))
    assert link.longest_queue == 3
    env.run(until=150)
    link.join(SpikePacket(4, 0, 0))
    assert link.longest_queue == 3
    env.run()
    assert link.free_at == 500


def test_a_hop_without_delay_is_refused():
    env = simpy.Environment()
    receiver = Receiver(lambda packet: None)
    with pytest.raises(NeurosimError, match="latency must be at least 1 ps, found 0"):
        Link(env, -1, 0, 5, receiver)
    with pytest.raises(NeurosimError, match="serialisation must be at least 0 ps, found -1"):
        Link(env, -1, 5, -1, receiver)
    with pytest.raises(NeurosimError, match="at least 1 slot"):
        BufferedLink(env, -1, 5, 1, receiver, depth=0)


def test_a_process_cannot_wait_for_a_packet():
    # The callback list is shared by all packets under way to one place.
    env = simpy.Environment()
    packet = SpikePacket(0, 0, 0)
    Link(env, -1, 500, 100, Receiver(lambda packet: None)).join(packet)

    def wait():
        yield packet

    env.process(wait())
    with pytest.raises(AttributeError):
        env.run()


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize(
    ("source", "destination", "columns_crossed", "rows_crossed"),
    [(0, 0, 0, 0), (0, 1, 0, 0), (0, 2, 3, 0), (0, 3, 3, 2), (3, 1, 3, 2), (2, 3, 0, 2)],
)
def test_zero_load_latency_and_one_event_per_hop(depth, source, destination, columns_crossed, rows_crossed):
    env = simpy.Environment()
    delivered = []
    places = [(0, 0), (0, 0), (3, 0), (3, 2)]
    mesh = Mesh(env, 4, 3, places, deliver=delivered.append, depth=depth, **TIMES)
    mesh.send(SpikePacket(9, source, destination, axon=17, created=123), 123)
    assert mesh.in_flight == 1
    events = 0
    while env.peek() != math.inf:
        env.step()
        events += 1
    hops = columns_crossed + rows_crossed
    (packet,) = delivered
    assert packet.delivered - packet.created == (2 + 4 * columns_crossed + 6 * rows_crossed + 3) * CYCLE
    assert (packet.number, packet.axon, mesh.in_flight) == (9, 17, 0)
    assert events == 1 + 1 + hops + 1  # entry, injection, hops, ejection
    assert mesh.packets_per_link().sum() == hops + 2


@pytest.mark.parametrize(("routing", "corner"), [("xy", 1), ("yx", 2)])
def test_packets_turn_where_the_routing_says(routing, corner):
    # Routers of a 2x2 mesh: 0 and 1 below, 2 and 3 above.
    _, mesh = simulate([(0, 0, 0, 1)], 2, 2, [(0, 0), (1, 1)], routing=routing)
    used = mesh.packets_per_link() == 1
    path = set(zip(mesh.link_kind[used].tolist(), mesh.link_from[used], mesh.link_to[used], strict=True))
    directions = ("E", "N") if routing == "xy" else ("N", "E")
    assert path == {
        ("inject", 0, 0),
        (directions[0], 0, corner),
        (directions[1], corner, 3),
        ("eject", 3, 1),
    }


def test_links_stand_in_the_documented_order():
    assert list_links(2, 2, [(1, 0), (1, 0)]) == [
        ("E", 0, 1),
        ("N", 0, 2),
        ("W", 1, 0),
        ("N", 1, 3),
        ("E", 2, 3),
        ("S", 2, 0),
        ("W", 3, 2),
        ("S", 3, 1),
        ("inject", 0, 1),
        ("inject", 1, 1),
        ("eject", 1, 0),
        ("eject", 1, 1),
    ]


def test_a_subclass_of_router_changes_the_way():
    class OddRowFirst(Router):
        def route(self, destination: int) -> Link:
            self.routing = "yx" if destination % 2 else "xy"
            return super().route(destination)

    places = [(0, 0), (1, 1), (1, 1)]
    _, mesh = simulate([(0, 0, 0, 1), (1, 0, 0, 2)], 2, 2, places, router=OddRowFirst)
    between = mesh.packets_per_link()[:8]
    ways = dict(zip(zip(mesh.link_from[:8], mesh.link_to[:8], strict=True), between, strict=True))
    assert [ways[0, 1], ways[1, 3], ways[0, 2], ways[2, 3]] == [1, 1, 1, 1]


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("n", [2, 17])
def test_burst_drains_at_the_rate_of_the_ejection_channel(depth, n):
    # n packets leave n endpoints of one tile at once; only the last channel is shared.
    places = [(0, 0)] * n + [(0, 0)]
    changes = {"eject_serialisation": 7 * CYCLE, "depth": depth}
    delivered, _ = simulate([(i, 0, i, n) for i in range(n)], 1, 1, places, **changes)
    arrivals = [packet.delivered for packet in delivered]
    assert arrivals == [(2 + 3) * CYCLE + i * 7 * CYCLE for i in range(n)]


def test_burst_from_everywhere_needs_at_least_one_cycle_per_packet():
    places = [(i % 5, i // 5) for i in range(25)]
    delivered, _ = simulate([(i, 0, i, 12) for i in range(25)], 5, 5, places)
    arrivals = [packet.delivered for packet in delivered]
    assert max(arrivals) - min(arrivals) >= 24 * CYCLE


@pytest.mark.parametrize(("depth", "interval"), [(1, 4000), (2, 2000), (4, 1000), (8, 1000)])
def test_credits_limit_a_stream_to_depth_packets_per_latency(depth, interval):
    # A slot is held from the start on the link before to the start here: one hop latency (4 cycles).
    packets = [(i, 0, 0, 1) for i in range(200)]
    delivered, _ = simulate(packets, 2, 1, [(0, 0), (1, 0)], depth=depth, inject_latency=4 * CYCLE)
    assert (delivered[-1].delivered - delivered[99].delivered) / 100 == interval


def test_head_of_line_blocking_by_hand():
    # Tile 0 sends 0, 1, 2 to a slow endpoint of tile 1, then 3 to a fast one. With one slot per queue:
    #   0 starts: injection 0, link 1, ejection 2 (busy to 12)    1: injection 1, link 2, ejection 12
    #   2: injection 2; its head place on the link is kept until 1 leaves the ejection queue: link 12, ejection 22
    #   3: injection 12, when 2 leaves the link's queue; link 13, ejection 14, delivered 15.
    places = [(0, 0), (1, 0), (1, 0)]
    changes = {
        "hop_latency_x": 1,
        "link_serialisation": 1,
        "inject_latency": 1,
        "inject_serialisation": 1,
        "eject_latency": 1,
        "eject_serialisation": [1, 10, 1],
    }
    packets = [(0, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 1), (3, 0, 0, 2)]
    blocked, mesh = simulate(packets, 2, 1, places, depth=1, **changes)
    assert times(blocked) == {0: 3, 1: 13, 2: 23, 3: 15}
    assert mesh.packets_per_link()[mesh.link_kind == "E"] == [4]
    free, _ = simulate(packets, 2, 1, places, **changes)
    assert times(free) == {0: 3, 1: 13, 2: 23, 3: 6}


@pytest.mark.parametrize("depth", [0, 2])
def test_the_smaller_number_goes_first_in_the_same_picosecond(depth):
    # Both reach the ejection channel at 5 cycles; packet 8 was scheduled first, in entry and on its hop.
    slow_first = {"inject_latency": [5 * CYCLE, 1 * CYCLE, CYCLE], "depth": depth}
    for packets, changes in (
        ([(8, 0, 0, 2), (3, 0, 1, 2)], {"depth": depth}),
        ([(8, 0, 0, 2), (3, 4 * CYCLE, 1, 2)], slow_first),
    ):
        delivered, _ = simulate(packets, 1, 1, [(0, 0)] * 3, **changes)
        assert [packet.number for packet in delivered] == [3, 8]
        assert delivered[1].delivered - delivered[0].delivered == CYCLE


class Junction:
    """Three links that lead to one slow link with a single slot: 100 ps per packet, 5 ps on the way."""

    def __init__(self, serialisation=(10, 10, 10)) -> None:
        self.env = simpy.Environment()
        self.delivered = []
        receiver = Receiver(lambda packet: self.delivered.append((packet.number, self.env.now)))
        self.out = BufferedLink(self.env, -1, 5, 100, receiver, depth=1)
        self.links = [BufferedLink(self.env, i - 4, 5, serialisation[i], self) for i in range(3)]

    def next_link(self, packet):
        return self.out

    def run(self, *sends):
        for number, at, link in sends:
            packet = SpikePacket(number, 0, 0)
            packet.callbacks = self.links[link].arrivals
            self.env.schedule(packet, number, at)
        self.env.run()
        return self.delivered


def test_a_freed_slot_goes_to_the_link_that_asked_first():
    # 9 passes; 8 keeps the slot until 105; the others ask at 12 (link 2), 13 (link 1) and 16 (link 0).
    sends = [(9, 0, 0), (8, 6, 0), (7, 12, 2), (6, 13, 1), (5, 14, 0)]
    assert Junction().run(*sends) == [(9, 10), (8, 110), (7, 210), (6, 310), (5, 410)]


def test_a_link_that_wakes_up_asks_before_a_packet_that_arrives():
    # At 10 ps link 0 is free again for packet 11, and packet 0 arrives at link 1; one slot is left.
    assert Junction().run((10, 0, 0), (11, 1, 0), (0, 10, 1)) == [(10, 10), (11, 110), (0, 210)]


def test_links_that_wake_up_together_ask_in_link_order():
    # Link 2 is busy from 0 to 40 and link 0 from 6 to 40; then packets 7 and 6 ask for the slot that 8 holds.
    junction = Junction((34, 10, 40))
    sends = [(9, 0, 2), (7, 1, 2), (8, 6, 0), (6, 7, 0)]
    assert junction.run(*sends) == [(9, 10), (8, 110), (6, 210), (7, 310)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": 0}, "mesh must be at least 1x1, found 0x2"),
        ({"endpoints": [(0, 0), (2, 1)]}, r"endpoint 1 at \(2, 1\) is outside the 2x2 mesh"),
        ({"routing": "xz"}, "unknown routing 'xz'"),
        ({"depth": -1}, "depth must be at least 0"),
        ({"hop_latency_y": 0}, "latency must be at least 1 ps"),
        ({"inject_serialisation": [1, 2, 3]}, "inject_serialisation needs one value for each of 2 endpoints"),
    ],
)
def test_a_wrong_mesh_is_refused(changes, message):
    arguments = {"columns": 2, "rows": 2, "endpoints": [(0, 0), (1, 1)], "deliver": print} | TIMES | changes
    with pytest.raises(NeurosimError, match=message):
        Mesh(simpy.Environment(), **arguments)


def test_a_wrong_packet_is_refused():
    with pytest.raises(NeurosimError, match="endpoint 5: the mesh has 2 endpoints"):
        simulate([(0, 0, 0, 5)], 2, 1, [(0, 0), (1, 0)])
    env = simpy.Environment(initial_time=100)
    mesh = Mesh(env, 1, 1, [(0, 0)], deliver=print, **TIMES)
    with pytest.raises(NeurosimError, match="at 40 ps, 60 ps ago"):
        mesh.send(SpikePacket(0, 0, 0), 40)


@st.composite
def networks(draw):
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    place = st.tuples(st.integers(0, columns - 1), st.integers(0, rows - 1))
    endpoints = draw(st.lists(place, min_size=1, max_size=6))
    end = st.integers(0, len(endpoints) - 1)
    # Few distinct times, so that most packets meet others in the same picosecond.
    sends = draw(st.lists(st.tuples(st.integers(0, 6).map(lambda t: t * CYCLE), end, end), max_size=60))
    packets = [(number, *send) for number, send in enumerate(sorted(sends))]
    serialisation = draw(st.sampled_from([0, 1, CYCLE, 3 * CYCLE]))
    changes = {
        "hop_latency_x": draw(st.sampled_from([1, CYCLE, 4 * CYCLE])),
        "link_serialisation": serialisation,
        "eject_serialisation": draw(st.sampled_from([CYCLE, 5 * CYCLE])),
        "routing": draw(st.sampled_from(["xy", "yx"])),
    }
    return packets, columns, rows, endpoints, changes


@given(networks(), st.integers(0, 3), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_everything_arrives_in_order_and_whoever_was_scheduled_first(network, depth, random):
    packets, columns, rows, endpoints, changes = network
    delivered, mesh = simulate(packets, columns, rows, endpoints, depth=depth, **changes)
    assert len(delivered) == len(packets)
    assert mesh.in_flight == 0

    by_pair = defaultdict(list)
    for packet in delivered:
        by_pair[packet.source, packet.destination].append(packet.number)
    assert all(numbers == sorted(numbers) for numbers in by_pair.values())

    counts = mesh.packets_per_link()
    places = np.array(endpoints)
    source, destination = np.array([p[2:] for p in packets], dtype=int).reshape(-1, 2).T
    across = np.abs(places[source] - places[destination]).sum(axis=0)
    assert counts[np.isin(mesh.link_kind, ["E", "W"])].sum() == across[0]
    assert counts[np.isin(mesh.link_kind, ["N", "S"])].sum() == across[1]
    ends = np.arange(len(endpoints))
    np.testing.assert_array_equal(counts[mesh.link_kind == "inject"], np.bincount(source, minlength=len(ends)))
    np.testing.assert_array_equal(counts[mesh.link_kind == "eject"], np.bincount(destination, minlength=len(ends)))
    if depth:
        bounded = [link for link, kind in zip(mesh.links, mesh.link_kind, strict=True) if kind != "inject"]
        assert all(link.longest_queue <= depth for link in bounded)

    shuffled = random.sample(packets, len(packets))
    again, other = simulate(shuffled, columns, rows, endpoints, depth=depth, **changes)
    assert [(p.number, p.delivered) for p in again] == [(p.number, p.delivered) for p in delivered]
    np.testing.assert_array_equal(other.packets_per_link(), counts)


@given(networks())
@settings(max_examples=100, deadline=None)
def test_large_buffers_give_the_times_of_unbounded_links(network):
    packets, columns, rows, endpoints, changes = network
    unbounded, mesh = simulate(packets, columns, rows, endpoints, depth=0, **changes)
    buffered, other = simulate(packets, columns, rows, endpoints, depth=len(packets) + 1, **changes)
    assert [(p.number, p.delivered) for p in buffered] == [(p.number, p.delivered) for p in unbounded]
    assert [link.longest_queue for link in other.links] == [link.longest_queue for link in mesh.links]
