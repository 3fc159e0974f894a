"""Does every mapper, whatever its method, return legal mappings, repeat itself, and say why where there is none?"""

import dataclasses
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_cases import check, problem_from, random_rows, traffic

import neurosim as ns
from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping import Watch, assign, mapper_names, registry
from neurosim.mapping.hypergraph import packets
from neurosim.mapping.registry import OWN, full_name, mapper

MAPPERS = mapper_names()
LARGE = [name for name in MAPPERS if name not in ("exact", "mesh")]  # these two are for few neurons, or slow
EVERY = pytest.mark.parametrize("name", MAPPERS)


def chain(n, **more):
    """One input line, and neurons each of which drives the next two."""
    rows = [(0, [0]), *((1 + k, [t for t in (k + 1, k + 2) if t < n]) for k in range(n))]
    return problem_from(rows, n, **more)


@EVERY
def test_is_nothing_mapped_to_nothing(name):
    core_of = assign(name, problem_from([], 0), 0)
    assert (core_of.shape, core_of.dtype) == ((0,), np.int32)


@EVERY
def test_does_one_neuron_find_the_only_core(name):
    problem = problem_from([(0, [0]), (1, [0])], 1, shape=(2, 1, 1), unusable=frozenset({0}))
    assert assign(name, problem, 0).tolist() == [1]


@EVERY
def test_is_a_network_without_synapses_mapped(name):
    check(problem := problem_from([], 7), assign(name, problem, 0))


@EVERY
def test_is_too_large_a_network_refused_with_the_reason(name):
    problem = chain(7, shape=(2, 1, 1), neurons=3)
    with pytest.raises(NeurosimError) as caught:
        assign(name, problem, 0)
    message = str(caught.value)
    if name == "exact":
        assert message == "chip: no mapping exists within the limits of its cores (2 cores)"
    else:
        assert message == "chip: limit cores: needed 3, available 2"


@EVERY
def test_is_a_neuron_that_fits_nowhere_refused_with_the_reason(name):
    problem = problem_from([(0, [0, 1]), (1, [2]), (2, [2]), (3, [2])], 4, axons=2)
    with pytest.raises(CapacityError, match="chip: limit axons on a core with neuron 2 alone: needed 3, available 2"):
        assign(name, problem, 0)


@EVERY
def test_is_the_room_of_exactly_full_cores_used(name):
    problem = chain(6, shape=(2, 1, 1), neurons=3)
    check(problem, assign(name, problem, 0))


@EVERY
def test_do_fixed_neurons_stay_and_dead_cores_stay_empty(name):
    fixed = {0: 8, 1: 8, 5: 2, 9: 4}
    problem = chain(10, fixed=fixed, unusable=frozenset({0, 1, 7}), neurons=3)
    check(problem, assign(name, problem, 3))


@EVERY
def test_do_fixed_neurons_leave_room_that_others_must_use(name):
    problem = chain(6, shape=(2, 1, 1), fixed={0: 1, 5: 0}, neurons=3)
    check(problem, assign(name, problem, 0))


@EVERY
@pytest.mark.parametrize("cores_per_tile", [1, 2])
def test_does_no_way_cross_a_dead_link(name, cores_per_tile):
    dead = frozenset({(1, 2), (4, 3), (0, 3), (5, 8)})
    problem = chain(10, shape=(3, 3, cores_per_tile), dead_links=dead, neurons=3)
    check(problem, assign(name, problem, 1))


@EVERY
def test_is_a_port_that_dead_links_cut_off_refused(name):
    problem = chain(4, dead_links=frozenset({(0, 1), (0, 3)}), unusable=frozenset({0}))
    with pytest.raises(NeurosimError, match=r"^chip: .*dead link"):
        assign(name, problem, 0)


@EVERY
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_are_mappings_of_random_networks_legal(name, seed):
    if name == "mesh" and seed % 4:
        return  # starts a process each time
    rng = np.random.default_rng(seed)
    n, few = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    rows = random_rows(rng, n, 2, rng.choice([0.1, 0.5]))
    axons = max([1, *(sum(neuron in targets for _, targets in rows) for neuron in range(n))])
    shape = [(3, 3, 1), (3, 2, 2)][rng.integers(2)]
    problem = problem_from(
        rows,
        n,
        shape,
        2,
        neurons=few,
        axons=axons + int(rng.integers(3)),
        rates=rng.choice([0.0, 1.0, 7.0], 2 + n) if rng.random() < 0.7 else None,
        hub=int(rng.integers(6)) if rng.random() < 0.3 else None,
        ports=(0, 4),
    )
    check_legal_or_full(problem, name, seed % 100)


def check_legal_or_full(problem, name, seed):
    """Heuristics may need more cores than there are, and must then say so; one neuron per core always fits here."""
    try:
        core_of = assign(name, problem, seed, Watch(5.0))
    except CapacityError as error:
        assert error.limit == "cores"
        assert error.needed > error.available == problem.n_usable
        return
    hub_free = dataclasses.replace(problem, hub=None)
    check(hub_free, core_of)


@EVERY
def test_does_the_same_seed_give_the_same_mapping(name):
    rng = np.random.default_rng(4)
    problem = problem_from(random_rows(rng, 9, 1, 0.3), 9, neurons=4)
    first, second = (assign(name, problem, 11) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", ["random", "hypergraph", "swarm", "annealing"])
def test_does_another_seed_search_elsewhere(name):
    problem = grid(12, neurons=4)
    found = {assign(name, problem, seed).tobytes() for seed in range(3)}
    assert len(found) > 1


def grid(side, neurons=16, **more):
    """Neurons on a square, each of which drives its right and upper neighbour, in random order."""
    rng = np.random.default_rng(0)
    number = rng.permutation(side * side).reshape(side, side)
    rows = [(0, [0])]
    for y in range(side):
        for x in range(side):
            near = [(x + 1, y), (x, y + 1)]
            rows.append((1 + int(number[y, x]), [int(number[b, a]) for a, b in near if a < side and b < side]))
    rows.sort()
    return problem_from(rows, side * side, (8, 8, 1), neurons=neurons, **more)


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("limit", [0.0, 0.2])
def test_is_a_time_limit_kept_and_the_best_so_far_returned(name, limit):
    problem = grid(24)
    assign(name, grid(8, neurons=4), 0)  # compiles
    begin = time.thread_time()
    check(problem, assign(name, problem, 0, Watch(limit)))
    assert time.thread_time() - begin < limit + 4


@pytest.mark.parametrize(("name", "stands_in"), [("hypergraph+snake", "greedy+snake"), ("mesh", "greedy+hilbert")])
def test_does_a_library_without_a_time_limit_keep_ours_and_say_so(name, stands_in):
    problem, watch = grid(24), Watch(0.0)
    begin = time.monotonic()
    core_of = assign(name, problem, 0, watch)
    assert time.monotonic() - begin < 4
    check(problem, core_of)
    assert np.array_equal(core_of, assign(stands_in, problem, 0))
    first, last = watch.notes[0].split(" in the ")
    assert (len(watch.notes), first) == (1, f"{name.split('+')[0]}: Mt-KaHyPar did not finish")
    assert last.endswith("s left: greedy growth kept")


def test_does_the_placer_have_time_left_when_the_partitioner_takes_all(tmp_path, monkeypatch):
    from neurosim.mapping import watch

    clock = iter(range(1000))  # a second passes between any two looks
    monkeypatch.setattr(watch.time, "monotonic", lambda: float(next(clock)))
    file = tmp_path / "slow.py"
    file.write_text(
        "def part(problem, *, seed, watch):\n"
        "    while not watch.over: pass\n"
        "    return list(range(problem.n_neurons))\n"
        "def place(problem, *, seed, watch):\n"
        "    assert 20 < watch.left <= 25\n"
        "    return problem.cores[: problem.n_clusters]\n"
    )
    assert assign(f"{file}:part+{file}:place", chain(7), 0, Watch(100.0)).tolist() == list(range(7))


def test_does_an_interrupted_library_keep_ours_and_say_so(monkeypatch):
    from neurosim.mapping import kahypar

    def interrupt(*how, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(kahypar.subprocess, "run", interrupt)
    problem, watch = grid(8, neurons=4), Watch()
    assert np.array_equal(assign("hypergraph+snake", problem, 0, watch), assign("greedy+snake", problem, 0))
    assert watch.interrupted
    assert watch.notes == ["hypergraph: Mt-KaHyPar interrupted: greedy growth kept"]


@pytest.mark.parametrize("name", ["annealing", "swarm", "force", "assignment", "refined"])
def test_does_an_interrupted_search_return_the_best_so_far(name):
    calls = []

    def interrupt(stage, done, cost):
        calls.append((stage, done, cost))
        if len(calls) == 2:
            raise KeyboardInterrupt

    problem = grid(24)
    watch = Watch(progress=interrupt)
    check(problem, assign(name, problem, 0, watch))
    assert watch.interrupted
    assert len(calls) == 2
    assert all(0 <= done <= 1 and cost > 0 for _, done, cost in calls)


def test_does_an_interrupted_mapping_say_so():
    def interrupt(stage, done, cost):
        raise KeyboardInterrupt

    network = ns.load_network("mnist-pulsed")
    chip = ns.load_chip("loihi").with_overrides({"limits.compartments": "16"})
    assert ns.map(network, chip, "annealing", progress=interrupt).notes == ("interrupted: the best found by then",)
    assert ns.map(network, chip, "hilbert", progress=interrupt).notes == ()


@pytest.mark.parametrize("name", ["greedy", "refined", "hypergraph", "metis", "spectral", "exact"])
def test_do_neurons_that_talk_most_share_a_core(name):
    # A ring of four: 0-1 and 2-3 talk a hundred times as much as 1-2 and 3-0, and two neurons fit on a core.
    rows = [(1, [1]), (2, [2]), (3, [3]), (4, [0])]
    problem = problem_from(rows, 4, neurons=2, rates=np.array([0, 100.0, 1.0, 100.0, 1.0]))
    core_of = assign(name, problem, 0)
    assert (core_of[0] == core_of[1], core_of[2] == core_of[3]) == (True, True)
    turned = dataclasses.replace(problem, rates=np.array([0, 1.0, 100.0, 1.0, 100.0]))
    core_of = assign(name, turned, 0)
    assert (core_of[1] == core_of[2], core_of[3] == core_of[0]) == (True, True)


@pytest.mark.parametrize("name", ["greedy", "annealing", "force", "swarm", "spectral", "assignment", "default"])
def test_do_searches_beat_chance(name):
    problem = grid(16)
    chance = np.mean([traffic(problem, assign("random", problem, seed)) for seed in range(5)])
    assert traffic(problem, assign(name, problem, 0)) < 0.8 * chance


@pytest.mark.parametrize("name", ["greedy", "multilevel", "refined", "metis", "hypergraph", "spectral"])
def test_are_separate_groups_found_in_any_order(name):
    # Eight groups of sixteen that talk among themselves only, in random order: no packet need leave a core.
    rng = np.random.default_rng(1)
    group = rng.permutation(np.repeat(np.arange(8), 16))
    rows = [(1 + v, [int(t) for t in np.flatnonzero(group == group[v]) if t != v]) for v in range(128)]
    problem = problem_from(rows, 128, (4, 4, 1), neurons=16)
    core_of = assign(f"{name}+hilbert", problem, 0)
    check(problem, core_of)
    assert traffic(problem, core_of) == 0


def test_does_the_multilevel_partition_save_packets_on_a_sheet_of_neurons():
    # 24 x 24 neurons in random order, 16 on a core: squares of 4 x 4 send 2 x 24 x 5 packets, and the input one.
    problem = grid(24)
    core_of = assign("multilevel+hilbert", problem, 0)
    check(problem, core_of)
    assert packets(problem, core_of) <= 1.2 * (2 * 24 * 5 + 1)


# ---- contradictions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fixed": {9: 0}}, r"fixed: neuron 9, the network has 0\.\.3"),
        ({"fixed": {1: 9}}, r"fixed: neuron 1 on core 9, chip has 0\.\.8"),
        ({"fixed": {1: 4}, "unusable": frozenset({4})}, "fixed: neuron 1 on core 4, which chip does not have free"),
        ({"fixed": dict.fromkeys(range(4), 2)}, "limit neurons on core 2 with the 4 neurons fixed there: needed 4"),
        ({"rates": np.ones(4)}, r"rates: found \[4\] values, needs 5"),
        ({"rates": np.array([1, 1, -1, 1, 1.0])}, "rates: must be finite and not negative"),
        ({"rates": np.array([1, 1, np.nan, 1, 1.0])}, "rates: must be finite"),
        ({"dead_links": frozenset({(0, 2)})}, "dead link 0 -> 2: these tiles are no neighbours"),
        ({"dead_links": frozenset({(2, 3)})}, "dead link 2 -> 3: these tiles are no neighbours"),
        ({"dead_links": frozenset({(8, 9)})}, "dead link 8 -> 9: these tiles are no neighbours"),
        ({"ports": (9,)}, r"port or hub at tile 9, there are tiles 0\.\.8"),
        ({"fixed": {0: 0, 1: 2}, "dead_links": frozenset({(1, 2)})}, "on the way from core 0 to core 2, both fixed"),
    ],
)
def test_is_a_contradiction_told_in_one_line(more, words):
    with pytest.raises(NeurosimError, match=words) as caught:
        assign("sequential", chain(4, **more), 0)
    assert "\n" not in str(caught.value)


# ---- names ---------------------------------------------------------------------------------------------------


def test_are_the_entry_points_the_own_mappers():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    points = project["project"]["entry-points"]
    assert {kind: points[f"neurosim.{kind}s"] for kind in OWN} == OWN


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("sequential", "sequential+row-major"),
        ("snake", "sequential+snake"),
        ("random", "random+random"),
        ("metis", "metis+annealing"),
        ("default", "refined+annealing"),
        ("mesh", "mesh"),
        ("hypergraph+force", "hypergraph+force"),
    ],
)
def test_what_does_a_name_stand_for(name, full):
    assert full_name(name) == full


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("anealing", "unknown mapper 'anealing', did you mean 'annealing'"),
        ("metos+force", "unknown partitioner 'metos', did you mean 'metis'"),
        ("metis+forse", "unknown placer 'forse', did you mean 'force'"),
        ("nowhere.py:place", "nowhere.py: no such file"),
    ],
)
def test_is_an_unknown_name_refused_with_the_nearest(name, words):
    with pytest.raises(NeurosimError, match=words):
        mapper(name)


STRANGER = """
import numpy as np

def last_first(problem, *, seed=0):
    return problem.usable[::-1][np.arange(problem.n_neurons) // 3]

def crash(problem, *, seed=0):
    raise KeyError("oops")

def twice(problem, *, seed=0):
    return np.zeros(problem.n_clusters, int)

def everywhere(problem, *, seed=0):
    return np.arange(problem.n_neurons) - 1

def away(problem, *, seed=0):
    return problem.cores[-problem.n_clusters:] + 1000
"""


@pytest.fixture
def stranger(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(STRANGER)
    return path


def test_does_a_function_in_a_file_take_part(stranger):
    problem = chain(7)
    assert assign(f"{stranger}:last_first", problem, 0).tolist() == [8, 8, 8, 7, 7, 7, 6]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{}:crash", "mapper '.*mine.py:crash' failed: KeyError: 'oops'"),
        ("sequential+{}:crash", "placer '.*mine.py:crash' failed: KeyError: 'oops'"),
        ("sequential+{}:twice", "placer '.*mine.py:twice' put 3 clusters on core 0"),
        ("sequential+{}:away", "placer '.*mine.py:away' uses core 1006, which chip does not have free"),
        ("{}:everywhere+snake", "partitioner '.*mine.py:everywhere' returned cluster -1, the first is 0"),
        ("{}:crush", "mine.py: unknown function 'crush', did you mean 'crash'"),
    ],
)
def test_is_a_strangers_mistake_told_by_name(stranger, name, words):
    with pytest.raises(NeurosimError, match=words):
        assign(name.format(stranger), chain(7), 0)


def test_is_a_mapper_that_ignores_fixed_neurons_or_dead_links_refused(stranger):
    name = f"{stranger}:last_first"
    with pytest.raises(NeurosimError, match="put neuron 0, fixed to core 0, on core 8"):
        assign(name, chain(7, fixed={0: 0}), 0)
    with pytest.raises(NeurosimError, match="sends over dead links on 1 ways"):
        assign(name, chain(7, dead_links=frozenset({(8, 7)})), 0)


@pytest.mark.parametrize(("name", "package"), [("metis", "pymetis"), ("hypergraph", "mtkahypar"), ("exact", "ortools")])
def test_does_a_missing_library_say_what_to_install(name, package, monkeypatch):
    from neurosim.mapping import extras

    def missing(module):
        raise ImportError(module)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(NeurosimError, match=rf"needs {package}: pip install 'neurosim\[mapping\]'"):
        assign(name, chain(5), 0)


def test_may_nobody_take_the_name_of_an_own_mapper(monkeypatch):
    from importlib.metadata import EntryPoint

    point = EntryPoint("annealing", "elsewhere:annealing", "neurosim.mappers")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert full_name("annealing") == "sequential+annealing"
