"""Are the metrics of a mapping those reckoned by hand, those of published bounds, and those that a run counts?"""

from itertools import pairwise, product

import numpy as np
import pytest
from engine_cases import CROSSBARS, LOIHI2, SPINNAKER, TRUENORTH, integer_case, placed

import neurosim as ns
from neurosim.cores import core_kind
from neurosim.errors import NeurosimError
from neurosim.mapping import MappingProblem, Nets, nets_of
from neurosim.mapping.metrics import (
    Grid,
    StaticMetrics,
    as_dict,
    edges_of,
    figures,
    gini,
    grid_of,
    link_loads,
    static_metrics,
    traffic_of,
)

LOIHI = ns.load_chip("loihi")


def problem_of(edges, n_neurons, columns, rows, n_inputs=0):
    """Build a problem from hyperedges (source, destination neurons); nothing limits a core."""
    sources = np.array([source for source, _ in edges], dtype=np.int64)
    targets = [list(destinations) for _, destinations in edges]
    ptr = np.concatenate([[0], np.cumsum([len(t) for t in targets])]).astype(np.int64)
    target = np.concatenate([np.zeros(0, np.int64), *(np.array(t, np.int64) for t in targets)])
    projection = np.zeros(len(sources), np.int32)
    nets = Nets(projection, sources, ptr, target, np.arange(len(target)), n_inputs)
    return MappingProblem("hand", n_neurons, nets, columns, rows, 1, lambda: None)


# ---- by hand -------------------------------------------------------------------------------------------------

# Three neurons on a 3 x 2 mesh of one core per tile: 0 and 1 on core 0 at (0, 0), 2 on core 5 at (2, 1), 3 on core 1
# at (1, 0). Neuron 0 fires 2 times and has synapses on 1, 2 and (twice) 3; neuron 2 fires 5 times and reaches 0 and 1;
# neuron 3 fires 3 times and reaches itself.
BY_HAND = problem_of([(0, [1, 2, 3, 3]), (2, [0, 1]), (3, [3])], 4, 3, 2)
CORE_OF = np.array([0, 0, 5, 1], dtype=np.int32)
RATES = np.array([2.0, 7.0, 5.0, 3.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("edge_cut", 2 * 3 + 5 * 2),  # neuron 0: one synapse on core 5, two on core 1; neuron 2: both on core 0
        ("hyperedge_cut", 2 + 5),
        ("packets", 2 * 2 + 5 * 1),
        ("soed", 2 * 3 + 5 * 1),  # neuron 0 reaches cores 0, 1 and 5; neuron 2 has no synapse at home
        ("injected", 2 * 3 + 5 + 3),
        ("hop_weighted", 2 * (3 + 1) + 5 * 3),
        ("multicast_traffic", 2 * 3 + 5 * 3),  # the way to (2, 1) passes (1, 0)
        ("average_hops", 23 / 9),
        ("jin_energy", 2 * (4 + 0.3 + 2 + 0.1) + 5 * (4 + 0.3)),
        ("jin_latency_mean", (3.04 + 1.02 + 3.04) / 3),
        ("jin_latency_max", 3.04),
        ("link_load_max", 5),  # W from (2, 1), W from (1, 1), S from (0, 1)
        ("link_load_mean", 23 / 14),
        ("link_load_variance", (3 * 25 + 16 + 2 * 4) / 14 - (23 / 14) ** 2),
        ("links_used", 6),  # three of neuron 2; E from (0, 0) with 4 packets, E from (1, 0) and N from (2, 0) with 2
        ("links", 14),
        ("saturation_at_unit_bandwidth", 1 / 7),  # core 0 takes 2 packets from itself and 5 from neuron 2
        ("cores_used", 3),
        ("core_balance", 2 / (4 / 3)),
        ("fan_out_mean", (3 + 1 + 1) / 3),
        ("fan_out_max", 3),
    ],
)
def test_is_each_metric_what_its_definition_says(name, expected):
    assert getattr(static_metrics(BY_HAND, CORE_OF, rates=RATES), name) == pytest.approx(expected, rel=1e-12)


def test_is_every_metric_checked_by_hand_above():
    checked = {name for name, _ in test_is_each_metric_what_its_definition_says.pytestmark[0].args[1]}
    assert checked | {"link_load_gini"} == {figure.name for figure in figures(StaticMetrics)}


@pytest.mark.parametrize(
    ("loads", "expected"),
    [([1, 1, 1, 1], 0), ([0, 0, 0, 4], 0.75), ([0, 0], 0), ([1, 3], 0.25), ([2, 4, 6], 2 / 9)],
)
def test_is_the_gini_coefficient_that_of_mean_differences(loads, expected):
    # Half the mean absolute difference of all pairs over the mean, e.g. (1, 3): (2 + 2) / 4 / 2 / 2 = 1/4.
    assert gini(np.array(loads, dtype=float)) == pytest.approx(expected)


def test_do_input_lines_come_from_the_ports():
    # One line to neurons on cores 0 and 3 of a 2 x 2 mesh: no core is its own, from the port at (1, 0) it is 1 hop to
    # each. Without ports it does not count.
    problem = problem_of([(0, [0, 1])], 2, 2, 2, n_inputs=1)
    places = np.array([0, 3], dtype=np.int32)
    metrics = static_metrics(problem, places, grid=Grid(2, 2, ports=((1, 0),)))
    assert (metrics.packets, metrics.hop_weighted, metrics.edge_cut, metrics.link_load_max) == (2, 2, 2, 1)
    assert static_metrics(problem, places).packets == 0


def test_does_a_hub_lengthen_the_way_and_share_the_tree():
    # From (0, 0) to (2, 0) and (2, 1) by way of a hub at (1, 1): 2 hops there; from there 1 E, then S for one of them.
    problem = problem_of([(0, [1, 2])], 3, 3, 2)
    metrics = static_metrics(problem, np.array([0, 2, 5], dtype=np.int32), grid=Grid(3, 2, hub=(1, 1)))
    assert metrics.packets == 2
    assert metrics.injected == 1
    assert metrics.hop_weighted == (2 + 2) + (2 + 1)
    assert metrics.multicast_traffic == 2 + 2
    assert metrics.links_used == 4


def test_does_a_tiling_add_up_what_leaves_a_side():
    # Two chips of 2 x 2 side by side. Rows 0 and 1 both send east: the shared link carries 3 + 4.
    problem = problem_of([(0, [1]), (2, [3])], 4, 4, 2)
    rates = np.array([3.0, 0, 4.0, 0])
    metrics = static_metrics(problem, np.array([0, 3, 4, 7], dtype=np.int32), grid=Grid(4, 2, chip=(2, 2)), rates=rates)
    assert metrics.link_load_max == 7
    assert metrics.links == 2 * 8 + 2
    assert metrics.links_used == 2 * 2 + 1


@pytest.mark.parametrize(
    "rates", [np.ones(3), np.array([1.0, 1, 1, -1]), np.array([1.0, 1, np.nan, 1]), np.ones((4, 1))]
)
def test_are_impossible_rates_refused(rates):
    with pytest.raises(NeurosimError, match="rates"):
        static_metrics(BY_HAND, CORE_OF, rates=rates)


def test_are_metrics_plain_numbers():
    assert all(isinstance(value, float | int) for value in as_dict(static_metrics(BY_HAND, CORE_OF)).values())


# ---- cut against packets: two networks filled in order, reckoned elsewhere with other code ----------------------


def layered(*sizes):
    """All to all between layers; every neuron stands on a core."""
    starts = np.cumsum([0, *sizes]).tolist()
    layers = [range(a, b) for a, b in pairwise(starts)]
    edges = [(k, after) for before, after in pairwise(layers) for k in before]
    return edges, starts[-1]


def convolved(side, channels, layers):
    """3 x 3 kernels over all channels, no neuron beyond the border; channel by channel, row by row."""

    def number(layer, c, y, x):
        return ((layer * channels + c) * side + y) * side + x

    def window(at):
        return range(max(at - 1, 0), min(at + 2, side))

    places = list(product(range(channels), range(side), range(side)))
    edges = [
        (number(k, c, y, x), [number(k + 1, d, b, a) for d in range(channels) for b in window(y) for a in window(x)])
        for k in range(layers - 1)
        for c, y, x in places
    ]
    return edges, layers * len(places)


@pytest.mark.parametrize(
    ("network", "per_core", "cut", "packets"),
    [(layered(784, 100, 10), 32, 78_944, 3_200), (convolved(16, 4, 4), 64, 101_568, 16_896)],
    ids=["784-100-10", "convolutions"],
)
def test_are_cut_and_packets_those_of_an_independent_reckoning(network, per_core, cut, packets):
    edges, n = network
    metrics = static_metrics(problem_of(edges, n, 16, 16), (np.arange(n) // per_core).astype(np.int32))
    assert (metrics.edge_cut, metrics.packets) == (cut, packets)


# ---- bounds of synthetic traffic on a mesh ---------------------------------------------------------------------

K = 8
NODES = [(x, y) for y in range(K) for x in range(K)]


def pattern(send, weight):
    """One neuron per tile; ``send(x, y)`` lists where its packets go, ``weight`` packets to each."""
    edges = [(x + K * y, sorted({a + K * b for a, b in send(x, y)})) for x, y in NODES]
    problem = problem_of(edges, K * K, K, K)
    return static_metrics(problem, np.arange(K * K, dtype=np.int32), rates=np.full(K * K, weight))


PATTERNS = [
    # name, destinations of a tile, packets to each, accepted packets per node and cycle
    ("uniform", lambda x, y: NODES, 1 / K**2, 4 / K),
    ("transpose", lambda x, y: [(y, x)], 1.0, 1 / (K - 1)),
    ("bit-complement", lambda x, y: [(K - 1 - x, K - 1 - y)], 1.0, 2 / K),
    ("tornado", lambda x, y: [((x + (K // 2 - 1)) % K, y)], 1.0, 1 / 3),
    ("neighbor", lambda x, y: [((x + 1) % K, y)], 1.0, 1.0),
    ("all to one", lambda x, y: [(3, 3)], 1.0, 1 / K**2),
]


@pytest.mark.parametrize(("name", "send", "weight", "accepted"), PATTERNS, ids=[p[0] for p in PATTERNS])
def test_is_saturation_that_of_synthetic_traffic(name, send, weight, accepted):
    assert pattern(send, weight).saturation_at_unit_bandwidth == pytest.approx(accepted, rel=1e-9)


def test_are_hops_and_loads_of_uniform_traffic_those_of_the_formulas():
    metrics = pattern(lambda x, y: NODES, 1 / K**2)
    assert metrics.link_load_max == pytest.approx(K / 4)
    # Mean hops over all pairs, a tile itself included: 2 (k^2 - 1) / (3 k); a packet to oneself is not remote.
    assert metrics.hop_weighted / K**2 == pytest.approx(2 * (K**2 - 1) / (3 * K))
    assert metrics.average_hops == pytest.approx(2 * (K**2 - 1) / (3 * K) * K**2 / (K**2 - 1))


def test_is_a_tree_never_longer_than_its_paths_nor_shorter_than_the_farthest():
    rng = np.random.default_rng(4)
    for _ in range(30):
        n = int(rng.integers(2, 30))
        ends = rng.choice(64, int(rng.integers(1, 12))).tolist()
        places = rng.integers(0, 64, 64).astype(np.int32)
        problem = problem_of([(n, sorted(set(ends)))], 64, K, K)
        m = static_metrics(problem, places)
        assert m.jin_latency_max // 1 <= m.multicast_traffic <= m.hop_weighted
        assert m.multicast_traffic >= m.packets  # each other tile is entered by a link of its own
        assert m.hyperedge_cut <= m.packets <= m.edge_cut
        assert m.packets <= m.soed <= m.packets + m.hyperedge_cut


# ---- the same counts as a simulation ---------------------------------------------------------------------------


def predicted(program, run):
    """Return static link loads for the pulses that the run has counted, in the order of the run's links."""
    network = program.lowered.network
    kind = core_kind(program.chip.core_kind)
    grid = grid_of(program.chip, kind.MULTICAST)
    fired = np.concatenate([run.spikes.full[p.name].sum(axis=(0, 1)) for p in network.neurons])
    core_of = np.concatenate([program.cores[program.members[p.name].core] for p in network.neurons])
    return network, grid, fired, core_of


def same_loads(program, pulses):
    run = ns.simulate(program, pulses, record_spikes=True)
    network, grid, fired, core_of = predicted(program, run)
    given = pulses.reshape(-1, pulses.shape[2]).sum(axis=0)
    rates = np.concatenate([given, fired]).astype(float)
    edges = edges_of(nets_of(network), core_of, rates, per_source=grid.hub is not None)
    loads = link_loads(traffic_of(edges, grid, program.cores.astype(np.int64)))
    links = run.activity.links
    assert np.array_equal(loads.at(links), run.activity.per_link)
    between = [link for link in links if link[0] not in ("inject", "eject")]
    assert sorted(loads.links) == sorted(between)
    return run


@pytest.mark.parametrize("chip", [LOIHI, LOIHI2, SPINNAKER, TRUENORTH], ids=lambda chip: chip.name)
@pytest.mark.parametrize("seed", range(6))
def test_are_predicted_link_loads_those_of_a_simulation(chip, seed):
    net, pulses = integer_case(seed, 1 + seed % 3)
    run = same_loads(placed(net, chip, seed), pulses)
    if seed == 2:
        assert run.activity.total("packets").sum() > 100


@pytest.mark.parametrize("number", [1, 2])
def test_are_loads_between_chips_those_of_a_simulation(number):
    net, pulses = integer_case(7, 3)
    chip = TRUENORTH.with_overrides(CROSSBARS[number])
    run = same_loads(placed(net, chip, 3), pulses)
    assert run.activity.total("edge_crossings").sum() > 0
