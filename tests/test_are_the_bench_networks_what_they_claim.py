"""Bench networks: pinned by digest, of the published sizes, the same graph in both orders, with recorded rates."""

import numpy as np
import pytest

import neurosim as ns
from neurosim.benchset import bench_names, build, catalog, pinned, recorded_rates
from neurosim.benchset.catalog import graph, shuffle
from neurosim.benchset.graph import NEURONS
from neurosim.benchset.microcircuit import PROBABILITIES, SIZES
from neurosim.benchset.rates import pulses
from neurosim.cores import core_kind
from neurosim.cores.problem import problem_of
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError
from neurosim.mapping import assign
from neurosim.mapping.metrics import static_metrics

QUICK = ["mlp-3", "conv-4", "lenet", "vgg-11-lite", "small-world", "erdos-renyi", "reservoir", "windowed-layers"]

# Digests written down once; another generator, library or seed gives others.
DIGESTS = {
    "mlp-3 given": "ae38f66cfc12070b",
    "conv-4 shuffled": "47adaadecc09e81e",
    "brunel given": "148551129e221775",
    "microcircuit-5 given": "700052ceb02c2a50",
    "small-world shuffled": "c7e7dd8e36255e08",
}


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_digest_is_the_one_written_down(name):
    network, order = name.split()
    assert build(network, order).digest()[:16] == DIGESTS[name]


@pytest.mark.parametrize("name", QUICK)
def test_every_network_has_its_pinned_digest_in_both_orders(name):
    for order in ("given", "shuffled"):
        assert build(name, order).digest() == pinned()[f"{name} {order}"]


def test_all_thirteen_are_pinned_and_all_differ():
    assert set(pinned()) == {f"{name} {order}" for name in bench_names() for order in ("given", "shuffled")}
    assert len(set(pinned().values())) == 26


def test_another_digest_is_refused(monkeypatch):
    monkeypatch.setattr(catalog, "pinned", lambda: {"mlp-3 given": "0" * 64})
    with pytest.raises(NeurosimError, match=r"bench network mlp-3, given: digest is .*, pinned is 000000000000"):
        build("mlp-3")


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(NeurosimError, match="did you mean 'mlp-3'"):
        build("mlp3")


# Sizes from the shapes: products of layer sizes; for windows and kernels, places minus what is cut at the borders.
@pytest.mark.parametrize(
    ("name", "neurons", "synapses"),
    [
        ("mlp-3", 894, 784 * 100 + 100 * 10),
        ("mlp-5", 1394, 784 * 300 + 300 * 200 + 200 * 100 + 100 * 10),
        ("conv-4", 4096, 3 * 16 * (3 * 16 - 2) ** 2),
        ("dense-layers", 2048, 7 * 256 * 256),
        ("windowed-layers", 4096, 7 * (512 * 33 - 2 * sum(range(1, 17)))),
        (
            "lenet",
            784 + 6 * 784 + 6 * 196 + 16 * 100 + 16 * 25 + 120 + 84 + 10,
            6 * (5 * 28 - 6) ** 2 + 4704 + 1600 * 150 + 1600 + 400 * 120 + 120 * 84 + 840,
        ),
    ],
)
def test_sizes_follow_from_the_shapes(name, neurons, synapses):
    made = graph(name)
    assert (made.n, len(made.source)) == (neurons, synapses)


def test_the_microcircuit_has_the_published_populations():
    assert sum(SIZES) == 77169
    assert np.array(PROBABILITIES).shape == (8, 8)
    made = graph("microcircuit-5")
    assert made.n == sum(round(0.05 * size) for size in SIZES)
    # The probability between L2/3e and itself is 0.1009 among 20683 neurons: about 2199 synapses per neuron, 5 % here.
    e = round(0.05 * SIZES[0])
    inside = np.count_nonzero((made.source < e) & (made.target < e))
    drawn = np.log1p(-0.1009) / np.log1p(-1 / 20683**2) * 0.05 * 0.05
    expected = e * e * (1 - np.exp(-drawn / e**2))  # different pairs among so many drawn with repetition
    assert inside == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("name", ["conv-4", "small-world", "reservoir"])
def test_no_synapse_stands_twice_or_leads_back(name):
    made = graph(name)
    assert len(np.unique(made.source * made.n + made.target)) == len(made.source)
    assert not np.any(made.source == made.target)


@pytest.mark.parametrize("name", ["mlp-3", "reservoir"])
def test_the_shuffled_network_is_the_same_graph(name):
    made, mixed = graph(name), graph(name, "shuffled")
    order = shuffle(name, made.n)
    assert sorted(order.tolist()) == list(range(made.n))
    assert np.any(order != np.arange(made.n))
    back = mixed.shuffled(np.argsort(order))
    assert back.network("x").digest() == made.network("x").digest()


@pytest.mark.parametrize(
    ("name", "room", "cut", "packets"), [("mlp-3", 32, 78944, 3200), ("conv-4", 64, 101568, 16896)]
)
def test_a_sequential_fill_costs_what_an_independent_count_says(name, room, cut, packets):
    """A spike from each neuron, none from lines: counted by layer and core borders (3 x 1024 neurons x 5.5 cores)."""
    chip = ns.load_chip("loihi").with_overrides({"limits.compartments": str(room)})
    network = build(name)
    rates = np.repeat([0.0, 1.0], [network.n_inputs, network.n_neurons])
    problem = problem_of(core_kind(chip.core_kind).lower(network, chip), chip, rates=rates)
    metrics = static_metrics(problem, assign("sequential", problem, 0))
    assert (metrics.edge_cut, metrics.packets) == (cut, packets)


def test_rates_are_those_of_the_unmapped_run_and_move_with_the_neurons():
    name = "reservoir"
    inputs, made = pulses(name), graph(name)
    rates = recorded_rates(name)
    run = run_functional(build(name, "shuffled"), inputs)
    fired = run.pulses[NEURONS].sum(axis=(0, 1)) / len(inputs)
    assert np.array_equal(recorded_rates(name, "shuffled")[made.lines :], fired)
    assert np.array_equal(rates[: made.lines], inputs.sum(axis=(0, 1)) / len(inputs))
    assert 0 < fired.mean() < inputs.shape[1] / 2  # neither silent nor firing in every step


def test_rates_are_kept_by_hash(tmp_path):
    first = recorded_rates("mlp-3", cache=tmp_path)
    files = list(tmp_path.iterdir())
    assert len(files) == 1
    np.save(files[0], first + 1)
    assert np.array_equal(recorded_rates("mlp-3", cache=tmp_path), first + 1)  # it is read, not run again
    files[0].write_bytes(b"not an array")
    with pytest.raises(NeurosimError, match="damaged"):
        recorded_rates("mlp-3", cache=tmp_path)
