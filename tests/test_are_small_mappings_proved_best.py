"""Does the exact mapper find what trying everything finds, does no heuristic beat it, and do bounds stay below?"""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_cases import check, problem_from, random_rows, traffic

from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping import assign, exact, mapper_names
from neurosim.mapping.bounds import gilmore_lawler, least_cores, nearest_hops
from neurosim.mapping.geometry import ways_of
from neurosim.mapping.hypergraph import packets
from neurosim.mapping.partition import exact as exact_partition
from neurosim.mapping.place import exact as exact_placement
from neurosim.mapping.place.problem import PlacementProblem, placement_of
from neurosim.mapping.registry import find, names_of

SEEDS = st.integers(0, 2**32 - 1)


def legal(problem, core_of):
    try:
        check(problem, np.array(core_of))
    except AssertionError:
        return False
    return True


def small(seed, n=5, shape=(2, 2, 1), **more):
    rng = np.random.default_rng(seed)
    rows = random_rows(rng, n, 1, 0.4)
    widest = max(1, *(sum(v in targets for _, targets in rows) for v in range(n)))
    rates = rng.integers(0, 9, 1 + n).astype(float)
    return problem_from(rows, n, shape, neurons=int(rng.integers(2, 4)), axons=widest + 1, rates=rates, **more)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_does_the_solver_find_what_trying_everything_finds(seed):
    problem = small(seed, dead_links=frozenset({(0, 1)}) if seed % 3 == 0 else frozenset())
    tried = [c for c in itertools.product(range(4), repeat=5) if legal(problem, c)]
    if not tried:
        with pytest.raises(NeurosimError, match="no mapping exists within"):
            exact.solve(problem)
        return
    found = exact.solve(problem)
    assert found.proved
    check(problem, found.choice)
    best = min(traffic(problem, np.array(c)) for c in tried)
    assert traffic(problem, found.choice) == pytest.approx(best)
    assert found.cost == pytest.approx(best)
    assert found.bound == pytest.approx(best)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_does_the_partition_solver_find_what_trying_everything_finds(seed):
    problem = small(seed)
    tried = [c for c in itertools.product(range(4), repeat=5) if legal(problem, c)]
    if not tried:
        return
    found = exact_partition.solve(problem)
    assert found.proved
    assert found.cost == pytest.approx(min(packets(problem, np.array(c)) for c in tried))


@pytest.mark.parametrize("seed", range(8))
def test_does_no_heuristic_beat_a_proved_optimum(seed):
    problem = small(seed, 7, (3, 2, 1))
    best, fewest = exact.solve(problem), exact_partition.solve(problem)
    assert best.proved
    assert fewest.proved
    tried = 0
    for name in mapper_names():
        if name in ("exact", "mesh"):
            continue
        try:
            core_of = assign(name, problem, seed)
        except CapacityError:
            continue  # it needs more cores than there are
        tried += 1
        check(problem, core_of)
        assert traffic(problem, core_of) >= best.cost - 1e-6, name
        assert packets(problem, core_of) >= fewest.cost - 1e-6, name
        assert len(set(core_of.tolist())) >= -(-7 // problem.new_core().limits["neurons"])
    assert tried > 5


def placement(rng, n, shape=(3, 3), port=True, hub=None, dead=()):
    columns, rows = shape
    flow = rng.integers(0, 9, (n, n)) * (rng.random((n, n)) < 0.6)
    np.fill_diagonal(flow, 0)
    source, target = np.nonzero(flow)
    entering = rng.integers(0, 5, (int(port), n)).astype(float)
    return PlacementProblem(
        "grid",
        n,
        source,
        target,
        flow[source, target].astype(float),
        np.arange(columns * rows),
        columns,
        rows,
        1,
        ways_of(columns, rows, hub, dead),
        (0,) * port,
        entering,
        np.full(n, -1),
    )


def walked(problem, places):
    """Return spikes x links by coordinates alone."""

    def links(a, b):
        return abs(a % problem.columns - b % problem.columns) + abs(a // problem.columns - b // problem.columns)

    def way(a, b):
        hub = problem.ways.hub
        return links(a, b) if hub < 0 else links(a, hub) + links(hub, b)

    pairs = zip(problem.source, problem.target, problem.spikes, strict=True)
    total = sum(w * way(places[a], places[b]) for a, b, w in pairs)
    return total + sum(w * way(0, p) for row in problem.entering for w, p in zip(row, places, strict=True))


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_is_a_proved_placement_the_best_of_all_and_above_every_bound(seed):
    rng = np.random.default_rng(seed)
    hub = int(rng.integers(6)) if rng.random() < 0.3 else None
    problem = placement(rng, int(rng.integers(2, 5)), (3, 2), bool(rng.integers(2)), hub)
    best = min(walked(problem, p) for p in itertools.permutations(range(6), problem.n_clusters))
    found = exact_placement.solve(problem)
    assert found.proved
    assert found.cost == pytest.approx(best)
    assert problem.cost(found.choice) == pytest.approx(walked(problem, found.choice.tolist()))
    assert gilmore_lawler(problem) <= best + 1e-9
    assert nearest_hops(problem) <= best + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_does_no_placer_beat_a_proved_placement_or_a_bound(seed):
    problem = placement(np.random.default_rng(seed), 5)
    best = exact_placement.solve(problem)
    assert best.proved
    assert gilmore_lawler(problem) <= best.cost + 1e-9
    for name in names_of("placer"):
        assert problem.cost(find("placer", name)(problem, seed=seed)) >= best.cost - 1e-9, name


def test_is_the_gilmore_lawler_bound_tight_where_it_must_be():
    # One cluster talks to four: placed around it, every packet takes one link, and the bound says so.
    flow = np.zeros((5, 5))
    flow[0, 1:] = [4, 3, 2, 1]
    source, target = np.nonzero(flow)
    problem = PlacementProblem(
        "star", 5, source, target, flow[source, target], np.arange(9), 3, 3, 1, ways_of(3, 3), (), np.zeros((0, 5)),
        np.full(5, -1),
    )  # fmt: skip
    assert gilmore_lawler(problem) == nearest_hops(problem) == exact_placement.solve(problem).cost == 10


def test_do_fixed_clusters_count_in_the_bound():
    # Two clusters fixed in opposite corners of 3 x 3: every packet between them takes four links.
    problem = PlacementProblem(
        "pair", 2, np.array([0]), np.array([1]), np.array([7.0]), np.arange(9), 3, 3, 1, ways_of(3, 3), (),
        np.zeros((0, 2)), np.array([0, 8]),
    )  # fmt: skip
    assert problem.cost(np.array([0, 8])) == exact_placement.solve(problem).cost == 28
    assert gilmore_lawler(problem) <= 28


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_is_the_traffic_of_clusters_that_of_their_neurons(seed):
    problem = small(seed, 7, (3, 2, 2))
    core_of = np.random.default_rng(seed).integers(0, 12, 7)
    cores, clusters = np.unique(core_of, return_inverse=True)
    reckoned = placement_of(problem, clusters, "any")
    assert reckoned.cost(cores) == pytest.approx(traffic(problem, core_of))
    inputs = np.maximum(reckoned.entering, 0).sum()
    assert reckoned.spikes.sum() + inputs == pytest.approx(packets(problem, clusters.astype(np.int32)))


def test_do_core_kinds_that_tell_nothing_have_a_bound_of_one_core():
    assert least_cores(small(1)) == 1
    assert least_cores(problem_from([], 0)) == 0
    assert least_cores(small(1, fixed={0: 1, 1: 3})) == 2
