"""Is what a core kind tells of many neurons at once what it tells of them one by one, and what is found loaded?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import draw_case

import neurosim as ns
from neurosim.cores import core_kind, processor
from neurosim.cores.problem import problem_of
from neurosim.errors import NeurosimError
from neurosim.mapping import assign
from neurosim.mapping.bounds import least_cores
from neurosim.network import AddAndFire, Network, Population, Projection, Source

SEEDS = st.integers(0, 2**32 - 1)
TIGHT = {
    "loihi": {
        "limits.compartments": (2, 40),
        "limits.input_axons": (2, 40),
        "limits.output_axons": (2, 40),
        "limits.synapse_memory_words": (4, 40),
        "limits.synapse_formats": (1, 6),
        "limits.compartment_profiles": (1, 6),
        "limits.threshold_profiles": (1, 6),
    },
    "loihi2": {"limits.compartments": (2, 40), "limits.core_memory_bytes": (200, 2000)},
    "truenorth": {"limits.axons": (2, 40), "limits.neurons": (2, 60)},
    "spinnaker2": {"limits.data_bytes": (100, 3000)},
}


def layers(rng):
    """Two layers of summing neurons after an input, with weights of one value, which every core kind takes."""
    sizes = rng.integers(2, 12, 3).tolist()
    names = ("in", "a", "b")
    neurons = (Source(), AddAndFire(2.0), AddAndFire(3.0))
    populations = tuple(Population(*each) for each in zip(names, sizes, neurons, strict=True))
    pairs = ((0, 1), (1, 2), (0, 2)) if rng.random() < 0.5 else ((0, 1), (1, 2))
    projections = []
    for s, t in pairs:
        weights = (rng.random((sizes[s], sizes[t])) < 0.6).astype(int)
        weights[0, 0] = 1
        projections.append(Projection.dense(names[s], names[t], weights))
    return Network("layers", populations, tuple(projections), ("b",))


def asked(name, seed):
    """Return the problem of a random network on a chip of which one limit is tight; None where it cannot be lowered."""
    rng = np.random.default_rng(seed)
    chip = ns.load_chip(name)
    limit, (low, high) = list(TIGHT[name].items())[rng.integers(len(TIGHT[name]))]
    chip = chip.with_overrides({limit: str(int(rng.integers(low, high)))})
    if name.startswith("loihi"):
        network = draw_case(int(rng.integers(2**31)), tuple(rng.choice(["add", "leak", "single", "pair"], 2))).network
    else:
        network = layers(rng)
    try:
        return problem_of(core_kind(chip.core_kind).lower(network, chip), chip), rng
    except NeurosimError:
        return None, rng


@pytest.mark.parametrize("name", TIGHT)
@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_does_a_core_hold_at_once_what_it_holds_one_by_one(name, seed):
    problem, rng = asked(name, seed)
    if problem is None:
        return
    chosen = np.flatnonzero(rng.random(problem.n_neurons) < rng.random())
    sends = rng.integers(0, 3, problem.n_neurons)
    core = problem.new_core()
    for k, neuron in enumerate(chosen.tolist()):
        before = chosen[:k]
        assert problem.excess(before, sends[before]) is None
        refused = core.add(neuron, int(sends[neuron]))
        now = chosen[: k + 1]
        at_once = problem.excess(now, sends[now])
        assert (refused is None) == (at_once is None)
        if refused is not None:
            assert refused == at_once
            return


@pytest.mark.parametrize("name", TIGHT)
@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_are_loaded_mappings_legal_and_above_the_bound(name, seed):
    rng = np.random.default_rng(seed)
    chip = ns.load_chip(name)
    for limit, (low, high) in TIGHT[name].items():
        if rng.random() < 0.5:
            chip = chip.with_overrides({limit: str(int(rng.integers((low + high) // 2, 4 * high)))})
    network = draw_case(seed, ("add", "leak")).network if name.startswith("loihi") else layers(rng)
    mapper = ["greedy", "refined", "random", "spectral", "metis", "hypergraph"][rng.integers(6)]
    try:
        mapping = ns.map(network, chip, mapper, seed=seed % 100)
    except NeurosimError:
        return
    ns.load_program(mapping)  # refuses every limit that is exceeded
    assert len(mapping.cores) >= least_cores(problem_of(mapping.lowered, chip))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_are_router_entries_known_before_loading(seed):
    rng = np.random.default_rng(seed)
    chip = ns.load_chip("spinnaker2")
    lowered = processor.lower(layers(rng), chip)
    problem = problem_of(lowered, chip)
    core_of = rng.integers(0, 6, problem.n_neurons).astype(np.int32)
    mapping = ns.map(layers(np.random.default_rng(seed)), chip)
    loaded = ns.load_program(type(mapping)(mapping.network, lowered, chip, core_of, "drawn", 0))
    entries = processor.router_entries(loaded)
    for room in (entries, entries - 1):
        tight = problem_of(lowered, chip.with_overrides({"limits.router_entries": str(room)}))
        limit = tight.whole(core_of)
        assert (limit is None) == (room == entries)
        assert limit is None or (limit.limit, limit.needed, limit.available) == ("router_entries", entries, room)


def test_is_a_router_table_that_overflows_refused_while_mapping():
    chip = ns.load_chip("spinnaker2").with_overrides({"limits.router_entries": "1"})
    problem = problem_of(processor.lower(layers(np.random.default_rng(2)), chip), chip)
    with pytest.raises(NeurosimError, match="limit router_entries on the chip, by mapper 'random': needed"):
        assign("random", problem, 0)


# ---- what people hand in -------------------------------------------------------------------------------------


def test_are_rates_fixed_neurons_and_dead_parts_taken_by_name():
    network = draw_case(3, ("add", "leak")).network
    names = [p.name for p in network.populations]
    rates = dict.fromkeys(names, 2.0)
    last = names[-1]
    mapping = ns.map(
        network,
        ns.load_chip("loihi"),
        "greedy+force",
        rates=rates,
        fixed={last: 77},
        dead_cores=[0, 1, 2, 3],
        dead_links=[((5, 0), (6, 0))],
        time_limit=5.0,
    )
    size = network.population(last).size
    assert set(mapping.core_of[-size:].tolist()) == {77}
    assert not set(mapping.core_of.tolist()) & {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rates": {"nobody": 1.0}}, "rates: population.*'nobody'"),
        ({"rates": {}}, "rates: none given for population 'in0'"),
        ({"fixed": {"in0": 3}}, "fixed: population 'in0' is a source, which stands on no core"),
        ({"fixed": {"add0": [1, 2]}}, r"fixed: population 'add0' has \d+ neurons, found \[2\] values"),
        ({"dead_cores": [128]}, r"dead core 128: loihi has cores 0\.\.127"),
        ({"dead_links": [((0, 0), (1, 1))]}, "no neighbours among the 8 x 4 tiles of loihi"),
        ({"dead_links": [((7, 0), (8, 0))]}, "no neighbours among"),
        ({"rates": np.ones(3)}, r"rates: found \[3\] values, needs"),
    ],
)
def test_is_what_does_not_exist_refused_by_name(more, words):
    network = draw_case(3, ("add", "leak")).network
    assert network.population("add0").size > 2
    with pytest.raises(NeurosimError, match=words):
        ns.map(network, ns.load_chip("loihi"), **more)
