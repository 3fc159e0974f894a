"""Do placements walk over every tile once, and can anybody's mapper take part, as long as it follows the rules?"""

from importlib.metadata import EntryPoint

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import LOIHI, draw_case, unmapped

import neurosim as ns
from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping import MappingProblem, Nets, mapper_names, registry
from neurosim.mapping.place.hilbert import hilbert_walk
from neurosim.mapping.place.order import place_along
from neurosim.mapping.place.problem import placement_of
from neurosim.mapping.place.row_major import row_major_walk
from neurosim.mapping.place.snake import snake_walk
from neurosim.network import Compartment, CompartmentNeuron, Network, Population

WALKS = {"sequential": row_major_walk, "snake": snake_walk, "hilbert": hilbert_walk}
sides = st.integers(1, 20)


def distances(walk):
    places = np.array(walk)
    return np.abs(np.diff(places, axis=0)).sum(axis=1)


@pytest.mark.parametrize("walk", WALKS.values())
@given(sides, sides)
def test_is_every_tile_visited_once(walk, columns, rows):
    tiles = walk(columns, rows)
    assert sorted(tiles) == sorted((x, y) for x in range(columns) for y in range(rows))
    assert tiles[0] == (0, 0)


@given(sides, sides)
def test_is_every_step_of_a_snake_to_a_neighbour(columns, rows):
    assert set(distances(snake_walk(columns, rows)).tolist()) <= {1}


@given(sides, sides)
def test_does_row_major_jump_only_from_the_end_of_a_row(columns, rows):
    tiles = row_major_walk(columns, rows)
    assert tiles == [(k % columns, k // columns) for k in range(columns * rows)]


@pytest.mark.parametrize("side", [1, 2, 4, 8, 16, 32])
@pytest.mark.parametrize("shape", ["square", "wide", "tall"])
def test_is_every_step_of_hilbert_to_a_neighbour_on_squares_and_their_doubles(side, shape):
    columns, rows = {"square": (side, side), "wide": (2 * side, side), "tall": (side, 2 * side)}[shape]
    assert set(distances(hilbert_walk(columns, rows)).tolist()) <= {1}


def test_does_the_first_hilbert_curve_turn_as_hilbert_drew_it():
    # Hilbert (1891): the curve of order 1 is a cup; each quadrant of order 2 holds one, turned at both ends.
    assert hilbert_walk(2, 2) in ([(0, 0), (0, 1), (1, 1), (1, 0)], [(0, 0), (1, 0), (1, 1), (0, 1)])
    for order in range(1, 5):
        side = 1 << order
        quarters = np.array(hilbert_walk(side, side)).reshape(4, -1, 2) // (side // 2)
        assert all(len(np.unique(quarter, axis=0)) == 1 for quarter in quarters)


@pytest.mark.parametrize(("columns", "rows"), [(8, 4), (64, 64)])
def test_does_hilbert_keep_clusters_closer_together_than_rows(columns, rows):
    # The point of it: within any 16 consecutive clusters the way from one to another is shorter.
    def spread(walk):
        places = np.array(walk)
        windows = np.lib.stride_tricks.sliding_window_view(places, 16, axis=0)
        return (windows.max(axis=2) - windows.min(axis=2)).sum(axis=1).mean()

    assert spread(hilbert_walk(columns, rows)) < spread(row_major_walk(columns, rows))


def placement(n, columns=8, rows=4, cores_per_tile=4):
    """Clusters that do not talk."""
    none = np.zeros(0, dtype=np.int64)
    nets = Nets(none, none, np.zeros(1, dtype=np.int64), none, none, 0)
    problem = MappingProblem("chip", n, nets, columns, rows, cores_per_tile, None)
    return placement_of(problem, np.arange(n, dtype=np.int32), "each")


def test_are_all_cores_of_a_tile_taken_before_the_next_tile():
    # Core id = tile x 4 + slot, tile = row x 8 + column.
    cores = place_along(placement(128), snake_walk(8, 4))
    tiles = cores[::4] // 4
    assert (cores.reshape(32, 4) % 4).tolist() == [[0, 1, 2, 3]] * 32
    assert tiles[:9].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 15]
    with pytest.raises(CapacityError, match="limit cores: needed 129, available 128"):
        place_along(placement(129), snake_walk(8, 4))


@pytest.mark.parametrize("name", WALKS)
def test_does_a_mapper_follow_its_walk(name):
    # One neuron per core: neuron k stands on the core k of the walk.
    chip = LOIHI.with_overrides({"limits.compartments": "1"})
    cell = CompartmentNeuron((Compartment(decay_u=0, decay_v=0, threshold=64),))
    mapping = ns.map(Network("cells", (Population("cells", 128, cell),), (), ("cells",)), chip, name)
    expected = [4 * (x + 8 * y) + slot for x, y in WALKS[name](8, 4) for slot in range(4)]
    assert mapping.core_of.tolist() == expected


# ---- mappers of other people ---------------------------------------------------------------------------------


def last_core_first(problem, *, seed=0):
    """Fill from the last core downwards, three neurons on each, starting ``seed`` cores before the end."""
    return problem.n_cores - 1 - seed - np.arange(problem.n_neurons) // 3


@pytest.fixture
def installed(monkeypatch):
    """Install mappers as if their packages had entry points."""

    def install(**mappers):
        class Point(EntryPoint):
            def load(self):
                return mappers[self.name]

        points = [Point(name, f"elsewhere:{name}", "neurosim.mappers") for name in mappers]
        monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "neurosim.mappers" else [])

    return install


def test_does_a_mapper_of_another_package_work(installed):
    installed(mine=last_core_first)
    assert "mine" in mapper_names()
    case = draw_case(2, ("add", "leak", "sum"))
    mapping = ns.map(case.network, LOIHI, "mine", seed=5)
    assert mapping.core_of[0] == 122
    assert mapping.core_of.dtype == np.int32
    assert (mapping.mapper, mapping.seed) == ("mine", 5)
    run = ns.simulate(mapping, case.pulses, record_spikes=True)
    spikes, _ = unmapped(mapping, case.pulses)
    for name, expected in spikes.items():
        assert np.array_equal(run.spikes.full[name], expected)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda p, *, seed=0: np.zeros(p.n_neurons + 1, dtype=np.int32), r"returned int32\[\d+\], needs int32\[\d+\]"),
        (lambda p, *, seed=0: np.zeros((p.n_neurons, 1), dtype=np.int32), r"returned int32\[\d+, 1\]"),
        (lambda p, *, seed=0: np.zeros(p.n_neurons), r"returned float64\[\d+\]"),
        (lambda p, *, seed=0: np.zeros(p.n_neurons, dtype=bool), r"returned bool\[\d+\]"),
        (lambda p, *, seed=0: None, r"returned object\[\]"),
        (lambda p, *, seed=0: np.full(p.n_neurons, 128), "names core 128, loihi has 0..127"),
        (lambda p, *, seed=0: np.arange(p.n_neurons) - 1, "names core -1, loihi has 0..127"),
        (lambda p, *, seed=0: np.full(p.n_neurons, 2**32), "names core 4294967296"),
    ],
)
def test_is_a_mapper_that_breaks_the_rules_refused(installed, wrong, words):
    installed(broken=wrong)
    with pytest.raises(NeurosimError, match=f"mapper 'broken' {words}"):
        ns.map(draw_case(2, ("add", "leak")).network, LOIHI, "broken")


def test_is_a_legal_looking_but_overfull_placement_of_a_mapper_refused(installed):
    installed(heap=lambda p, *, seed=0: np.zeros(p.n_neurons, dtype=np.int32))
    cell = CompartmentNeuron((Compartment(decay_u=0, decay_v=0, threshold=64),))
    network = Network("cells", (Population("cells", 1025, cell),), (), ("cells",))
    with pytest.raises(CapacityError, match="limit compartments on core 0: needed 1025, available 1024"):
        ns.load_program(ns.map(network, LOIHI, "heap"))


def test_does_an_unknown_mapper_name_the_nearest(installed):
    installed(mine=last_core_first)
    with pytest.raises(NeurosimError, match="unknown mapper 'hilbrt', did you mean 'hilbert'"):
        ns.map(draw_case(2, ("add",)).network, LOIHI, "hilbrt")
