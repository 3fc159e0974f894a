"""Does a network lowered, mapped and loaded on crossbar cores give the pulses of the network itself?

Cores run here in lockstep: in every tick all of them update, then what they sent arrives.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from neurosim.chip import load_chip
from neurosim.cores import crossbar
from neurosim.cores.crossbar.prices import COUNTERS
from neurosim.cores.crossbar.vocabulary import VOCABULARY
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping, MappingProblem, assign, nets_of, refuse_illegal
from neurosim.network import LIF, AddAndFire, CrossbarNeuron, Network, Population, Projection, Source

CHIP = load_chip("truenorth", lambda _: VOCABULARY)


def smaller(rows=64, columns=64, **limits):
    sizes = {f"limits.{name}": str(value) for name, value in limits.items()}
    return CHIP.with_overrides(sizes | {"geometry.rows": str(rows), "geometry.columns": str(columns)})


# ---- the whole way, without the event kernel ---------------------------------------------------------------


def mapped(network, chip=CHIP, seed=0, core_of=None):
    """Lower and place as the library does, with this core kind."""
    lowered = crossbar.lower(network, chip)
    nets = nets_of(lowered.network)
    problem = MappingProblem(
        chip.name,
        lowered.network.n_neurons,
        nets,
        chip.columns,
        chip.rows,
        chip.cores_per_tile,
        crossbar.core_filler(lowered, nets, chip),
    )
    core_of = assign("sequential", problem, seed) if core_of is None else core_of(lowered.network)
    return Mapping(network, lowered, chip, core_of, "sequential", seed)


def loaded(mapping):
    program = crossbar.load(mapping, nets_of(mapping.lowered.network))
    refuse_illegal(mapping.chip.name, crossbar.usage(program))
    return program


class Lockstep:
    """Cores of a program and the spikes between them; nothing takes time."""

    def __init__(self, program):
        self.program = program
        constants = program.chip.constants()
        self.cores = [crossbar.start(program, k, constants) for k in range(len(program.cores))]

    def run(self, pulses, ticks):
        """Pulses bool[ticks, size] of every population, for input pulses bool[T, lines]."""
        program = self.program
        seen = {name: np.zeros((ticks, len(m.core)), bool) for name, m in program.members.items()}
        for tick in range(ticks):
            arriving = [[] for _ in self.cores]
            lines = np.flatnonzero(pulses[tick]) if tick < len(pulses) else []
            for line in lines:
                for entry in range(program.inputs.ptr[line], program.inputs.ptr[line + 1]):
                    due = crossbar.stamp(int(program.inputs.statics()[entry]), tick, 1)
                    arriving[program.inputs.core[entry]].append((program.inputs.axon[entry], due))
            for k, core in enumerate(self.cores):
                firing = core.update()
                assert len(np.unique(firing.destination)) == len(firing.destination) <= len(firing.units)
                for name, members in program.members.items():
                    here = members.core == k
                    seen[name][tick, here] = np.isin(members.soma[here], firing.units)
                out = program.outputs[k]
                for entry, due in zip(firing.destination, firing.payload, strict=True):
                    arriving[out.core[entry]].append((out.axon[entry], due))
            for core, spikes in zip(self.cores, arriving, strict=True):
                pairs = np.array(spikes, dtype=np.int64).reshape(-1, 2)
                core.finish_step(pairs[:, 0].copy(), pairs[:, 1].copy())
        return seen

    def total(self, counter):
        return sum(int(core.counters[COUNTERS.index(counter)]) for core in self.cores)


def assert_same_pulses(network, pulses, chip=CHIP, seed=0):
    """Compare every population of the network, shifted by its lag; returns the lockstep run's cores."""
    mapping = mapped(network, chip, seed)
    lag, steps = mapping.lowered.lag, len(pulses)
    run = Lockstep(loaded(mapping))
    seen = run.run(pulses, steps + mapping.lowered.extra_steps)
    expected = run_functional(network, pulses[None]).pulses
    for name, wanted in expected.items():
        found = seen[name][lag[name] : lag[name] + steps]
        assert np.array_equal(found, wanted[0]), f"{name}: {found.sum()} pulses, expected {wanted.sum()}"
    assert run.total("late_spikes") == 0
    assert run.total("potentials_clipped") == run.total("negative_thresholds") == 0
    return run, mapping


def pulses_for(network, steps, seed=0, rate=0.4):
    return np.random.default_rng(seed).random((steps, network.n_inputs)) < rate


# ---- constructs, one by one --------------------------------------------------------------------------------


def chain(weights, thresholds, delay=0, scale=1.0):
    """A source and one add-and-fire population per weight matrix."""
    populations = [Population("in", weights[0].shape[0], Source())]
    projections = []
    for k, (matrix, threshold) in enumerate(zip(weights, thresholds, strict=True)):
        populations.append(Population(f"p{k}", matrix.shape[1], AddAndFire(threshold)))
        projections.append(Projection.dense(populations[-2].name, f"p{k}", matrix * scale, delay))
    return Network("chain", tuple(populations), tuple(projections), (populations[-1].name,))


def ternary(rng, rows, columns, density=0.7):
    return rng.choice([-1, 1, 1], (rows, columns)) * (rng.random((rows, columns)) < density)


@pytest.mark.parametrize("scale", [1.0, 0.25, 1.5, 3.0])
def test_does_a_ternary_network_need_a_pair_of_axon_types(scale):
    rng = np.random.default_rng(3)
    network = chain([ternary(rng, 12, 40), ternary(rng, 40, 20)], [2.0 * scale, 3.0 * scale], scale=scale)
    run, mapping = assert_same_pulses(network, pulses_for(network, 25))
    assert {len(np.unique(image.axon_type)) for image in run.program.images} == {2}
    assert mapping.lowered.exact
    assert mapping.lowered.lag == {"in": 0, "p0": 1, "p1": 2}
    # The least factor that makes weights and thresholds whole, 1 where they are.
    assert mapping.lowered.scale["p0"] == {1.0: 1, 0.25: 4, 1.5: 2 / 3, 3.0: 1}[scale]
    assert sum(len(image.axon_type) for image in run.program.images) > 12 + 40  # sources of both signs stand twice


def test_do_four_different_weights_map_each_neuron_with_its_own():
    rng = np.random.default_rng(4)
    levels = np.array([[-7, -2, 3, 255], [-255, 1, 2, 5], [1, 2, 3, 4], [-4, -3, -2, -1]])
    weights = np.stack([rng.choice(levels[j % 4], 9) * (rng.random(9) < 0.8) for j in range(30)], axis=1)
    network = chain([weights], [4.0])
    run, _ = assert_same_pulses(network, pulses_for(network, 30))
    tables = run.program.images[0].registers.weight[:, :30]
    for j in range(30):
        assert set(tables[:, j]) - {0} == set(weights[:, j]) - {0}


def test_does_one_number_per_neuron_take_one_axon_per_source():
    weights = np.arange(1, 21) * np.ones((6, 1), dtype=np.int64)  # twenty strengths, each neuron has one
    run, mapping = assert_same_pulses(network := chain([weights], [20.0]), pulses_for(network, 20))
    assert [len(image.axon_type) for image in run.program.images] == [6]
    assert mapping.lowered.records[0].cost == "none"


def test_do_thresholds_differ_from_neuron_to_neuron():
    rng = np.random.default_rng(5)
    network = chain([ternary(rng, 8, 10)], [np.arange(1.0, 11.0)])
    assert_same_pulses(network, pulses_for(network, 40, rate=0.7))


def test_do_synapses_between_one_pair_of_neurons_add_up():
    weights = np.ones((3, 2))
    populations = (Population("in", 3, Source()), Population("out", 2, AddAndFire(3.0)))
    twice = tuple(Projection.dense("in", "out", w * weights, d) for w, d in ((1, 0), (2, 0), (1, 3), (-3, 5)))
    network = Network("twice", populations, twice, ("out",))
    run, _ = assert_same_pulses(network, pulses_for(network, 40))
    assert len(run.program.images[0].axon_type) == 9  # three delays for each source
    gone = Network("gone", populations, (twice[0], Projection.dense("in", "out", -weights, 0)), ("out",))
    assert not assert_same_pulses(gone, pulses_for(gone, 9))[0].program.images[0].rows.any()


@pytest.mark.parametrize("reset", ["zero", "subtract", "subtract-late"])
@pytest.mark.parametrize("threshold", [2.0, 3.0, 0.0])
def test_is_a_neuron_without_decay_exact_in_every_reset(reset, threshold):
    rng = np.random.default_rng(6)
    leaky = LIF(decay=1.0, threshold=threshold, initial=np.array([0.0, -2.0, -5.0]), reset=reset)
    network = Network(
        "lif",
        (Population("in", 5, Source()), Population("out", 3, leaky)),
        (Projection.dense("in", "out", ternary(rng, 5, 3)),),
        ("out",),
    )
    assert_same_pulses(network, pulses_for(network, 40))


def test_does_a_threshold_between_whole_numbers_fire_above_it():
    leaky = LIF(decay=1.0, threshold=2.5)
    network = Network(
        "between",
        (Population("in", 1, Source()), Population("out", 1, leaky)),
        (Projection.dense("in", "out", [[1]]),),
        ("out",),
    )
    run, _ = assert_same_pulses(network, np.ones((9, 1), bool))
    assert run.total("spikes") == 3


def test_is_a_bias_a_leak():
    """The neuron is behind by a step in which its bias counts: the record says so, and the pulses are one early."""
    leaky = LIF(decay=1.0, bias=1.0, threshold=4.0, reset="zero")
    network = Network(
        "bias",
        (Population("in", 1, Source()), Population("out", 1, leaky)),
        (Projection.dense("in", "out", [[1]]),),
        ("out",),
    )
    mapping = mapped(network)
    assert not mapping.lowered.exact
    seen = Lockstep(loaded(mapping)).run(np.zeros((20, 1), bool), 20)["out"]
    assert np.flatnonzero(seen[:, 0]).tolist() == [4, 9, 14, 19]  # above 4, so every fifth tick


def test_do_delays_and_loops_keep_their_length():
    rng = np.random.default_rng(7)
    populations = (
        Population("in", 4, Source()),
        Population("a", 6, AddAndFire(2.0)),
        Population("b", 5, AddAndFire(1.0)),
    )
    projections = (
        Projection.dense("in", "a", ternary(rng, 4, 6)),
        Projection.dense("in", "b", ternary(rng, 4, 5, 0.3), 14),
        Projection.dense("a", "b", ternary(rng, 6, 5), 3),
        Projection.dense("b", "a", -(ternary(rng, 5, 6) ** 2), 2),
        Projection.dense("a", "a", ternary(rng, 6, 6, 0.4), 1),
    )
    network = Network("loop", populations, projections, ("a", "b"))
    assert_same_pulses(network, pulses_for(network, 60))


# ---- fan-out -----------------------------------------------------------------------------------------------


def test_do_copies_serve_several_cores_and_axon_types():
    rng = np.random.default_rng(8)
    network = chain([ternary(rng, 6, 5), ternary(rng, 5, 40)], [1.0, 2.0])
    run, mapping = assert_same_pulses(network, pulses_for(network, 30), smaller(neurons=16, axons=32))
    assert [p.name for p in mapping.lowered.network.neurons] == ["p0", "p1"]  # no relay: one step per population
    assert any(record.name == "copies" for record in mapping.lowered.records)
    columns = sum(image.n for image in run.program.images)
    assert columns > 45  # neurons and their copies
    assert max(image.targets.max() for image in run.program.images) == 1
    entries = sum(len(outputs.core) for outputs in run.program.outputs)
    assert columns == 45 + entries - 5  # each of the five has one column per target axon, and no other is needed


def test_are_copies_no_pulses_of_the_population():
    network = chain([np.eye(2, dtype=int), np.ones((2, 30), dtype=int)], [1.0, 1.0])
    run, _ = assert_same_pulses(network, np.ones((5, 2), bool), smaller(neurons=12))
    assert run.total("spikes") > 2 * 6 + 30 * 5  # copies fire, and cost
    assert run.total("output_spikes") == 30 * 5  # the last population's only


def test_does_a_neuron_that_is_read_out_and_sends_on_stand_twice():
    network = chain([np.eye(3, dtype=int), np.eye(3, dtype=int)], [1.0, 1.0])
    both = Network("both", network.populations, network.projections, ("p0", "p1"))
    pulses = pulses_for(both, 12)
    run, _ = assert_same_pulses(both, pulses)
    assert [image.n for image in run.program.images] == [9]
    assert run.total("output_spikes") == 2 * pulses.sum()


def test_do_relays_serve_where_copies_do_not_fit():
    """Each of 3 neurons reaches 40 cores of 4 neurons; 4 columns do not hold that, relays of relays do."""
    network = chain([np.eye(3, dtype=int), np.ones((3, 160), dtype=int)], [1.0, 2.0])
    run, mapping = assert_same_pulses(network, pulses_for(network, 20), smaller(neurons=4, axons=8))
    splitters = [record for record in mapping.lowered.records if record.name.startswith("splitter")]
    assert splitters
    assert all(record.fidelity == "exact" for record in splitters)
    assert mapping.lowered.lag["p0"] == 1
    assert mapping.lowered.lag["p1"] > 3  # a step for every relay on the way
    assert max(image.targets.max() for image in run.program.images) == 1
    assert max(image.n for image in run.program.images) == 4


def test_does_a_loop_that_needs_ever_more_copies_get_relays():
    rng = np.random.default_rng(9)
    n = 60
    loop = np.zeros((n, n), dtype=int)
    for j in range(n):
        loop[rng.choice(n, 20, replace=False), j] = 1
    network = Network(
        "loop",
        (Population("in", n, Source()), Population("a", n, AddAndFire(5.0))),
        (Projection.dense("in", "a", 3 * np.eye(n, dtype=int)), Projection.dense("a", "a", loop, 3)),
        ("a",),
    )
    run, mapping = assert_same_pulses(network, pulses_for(network, 25), smaller(neurons=16, axons=100))
    assert "a~relay" in run.program.members
    assert mapping.lowered.lag == {"in": 0, "a": 1, "a~relay": 2}


def test_do_relays_save_cores_where_copies_need_more_than_the_chip_has():
    """Eight layers of 16 neurons need 4 cores each, as what they reach does; one relay in time makes it one each."""
    dense = np.ones((16, 16), dtype=int)
    network = chain([*[dense] * 8, np.ones((16, 64), dtype=int)], [5.0] * 9)
    pulses = pulses_for(network, 8)
    roomy, tight = smaller(neurons=16, axons=64), smaller(33, 1, neurons=16, axons=64)
    run, mapping = assert_same_pulses(network, pulses, roomy)
    assert (len(run.program.cores), mapping.lowered.lag["p8"]) == (8 * 4 + 4, 9)
    run, mapping = assert_same_pulses(network, pulses, tight)
    assert (len(run.program.cores), mapping.lowered.lag["p8"]) == (8 + 4 + 4, 10)
    assert [r.name for r in mapping.lowered.records if "splitter" in r.name] == ["splitter p7"]


def test_do_relays_follow_neurons_that_draw():
    """What follows a stochastic population is what follows its pulses when they are given from outside."""
    rng = np.random.default_rng(10)
    noisy = CrossbarNeuron(
        weights=(100, 0, 0, 0),
        stochastic_weights=(True,),
        threshold=1,
        threshold_mask=1,
        reset_mode=0,
        negative_threshold=10,
    )
    weights = ternary(rng, 4, 50)
    populations = (
        Population("in", 3, Source()),
        Population("noisy", 4, noisy),
        Population("out", 50, AddAndFire(2.0)),
    )
    network = Network(
        "noise",
        populations,
        (Projection.dense("in", "noisy", np.ones((3, 4), dtype=int)), Projection.dense("noisy", "out", weights)),
        ("out",),
    )
    chip, steps = smaller(neurons=16), 60
    pulses = pulses_for(network, steps, rate=0.6)
    mapping = mapped(network, chip)
    lag = mapping.lowered.lag
    assert lag == {"in": 0, "noisy": 1, "noisy~relay": 2, "out": 3}
    run = Lockstep(loaded(mapping))
    seen = run.run(pulses, steps + 3)
    given = seen["noisy"][1 : 1 + steps]
    assert 0.05 < given.mean() < 0.6
    after = Network(
        "after",
        (Population("noisy", 4, Source()), populations[2]),
        (Projection.dense("noisy", "out", weights),),
        ("out",),
    )
    assert np.array_equal(seen["out"][3:], run_functional(after, given[None]).pulses["out"][0])
    again = Lockstep(loaded(mapping)).run(pulses, steps + 3)
    assert np.array_equal(again["noisy"], seen["noisy"])
    other = Lockstep(loaded(mapped(network, chip, seed=1))).run(pulses, steps + 3)
    assert not np.array_equal(other["noisy"], seen["noisy"])
    assert all(image.targets.max() <= 1 for image in run.program.images)


def test_do_crossbar_neurons_pass_unchanged_with_axon_types_for_weights():
    """Two tonic neurons and one that pulses excite and silence, by hand: leak 1 to 3, then type 2 takes 5 away."""
    neuron = CrossbarNeuron(
        weights=(1, -5, 0, 0), threshold=3, leak=np.array([1, 1, 0]), reset_mode=0, negative_threshold=10
    )
    types = np.array([[0, 2, 0], [1, 0, 1]])
    network = Network(
        "native",
        (Population("in", 2, Source()), Population("n", 3, neuron)),
        (Projection.dense("in", "n", types, 1),),
        ("n",),
    )
    mapping = mapped(network)
    assert mapping.lowered.lag == {"in": 0, "n": 0}
    assert mapping.lowered.network.population("n").neuron is neuron
    run = Lockstep(loaded(mapping))
    pulses = np.zeros((12, 2), bool)
    pulses[4, 0] = True
    pulses[[0, 1, 2, 8], 1] = True
    seen = run.run(pulses, 12)["n"]
    # 0: ticks 0 1 2 3 ... potential 1, 3 fires (line 1 in tick 1), 2, 4 fires, 1, 2, 3 fires, 1, 2, 4 fires
    assert np.flatnonzero(seen[:, 0]).tolist() == [1, 3, 6, 9]
    # 1: 1 2 3 fires in tick 2, 5 would be next; line 0 in tick 5 takes 5 away: 1 2 (3 - 5) = -2 -1 0 1 2 3
    assert np.flatnonzero(seen[:, 1]).tolist() == [2, 10]
    assert np.flatnonzero(seen[:, 2]).tolist() == [3]
    assert [sorted(image.axon_type) for image in run.program.images] == [[0, 1]]


@pytest.mark.parametrize(
    ("changes", "rests"),
    [
        ({}, True),
        ({"initial": 2}, True),
        ({"initial": 3}, False),  # fires at once
        ({"initial": -9}, True),
        ({"initial": -10}, False),  # below the negative threshold
        ({"leak": 1}, False),
        ({"leak": 1, "leak_reversal": True}, True),  # nothing happens at zero
        ({"leak": 1, "leak_reversal": True, "initial": 1}, False),
        ({"leak": 1, "leak_reversal": True, "stochastic_leak": True}, False),  # it draws all the same
        ({"threshold_mask": 1}, False),
        ({"stochastic_weights": (True,)}, True),  # it draws with pulses only
    ],
)
def test_is_retiming_called_exact_only_for_neurons_at_rest(changes, rests):
    neuron = CrossbarNeuron(**{"weights": (1,), "threshold": 3, "negative_threshold": 9, **changes})
    network = Network(
        "rest",
        (Population("in", 1, Source()), Population("n", 1, neuron)),
        (Projection.dense("in", "n", [[1]]),),
        ("n",),
    )
    lowered = crossbar.lower(network, CHIP)
    assert lowered.lag == {"in": 0, "n": 1}
    assert lowered.exact == rests
    late = Network("late", network.populations, (Projection.dense("in", "n", [[1]], 1),), ("n",))
    assert crossbar.lower(late, CHIP).exact  # nothing is moved


# ---- any network, any small chip ---------------------------------------------------------------------------


def draw_network(seed):
    """One or two sources and up to four summing populations, joined at random, deep or in loops."""
    rng = np.random.default_rng(seed)
    scale = float(rng.choice([1, 0.5, 3]))
    sources = [Population(f"in{k}", int(rng.integers(1, 8)), Source()) for k in range(rng.integers(1, 3))]
    groups = []
    for k in range(rng.integers(1, 5)):
        size = int(rng.integers(1, 25))
        threshold = scale * rng.integers(1, 5, size if rng.random() < 0.4 else None)
        reset = str(rng.choice(["zero", "subtract", "subtract-late"]))
        model = LIF(1.0, threshold=threshold, reset=reset) if rng.random() < 0.4 else AddAndFire(threshold)
        groups.append(Population(f"p{k}", size, model))
    projections = []
    for k, group in enumerate(groups):
        levels = scale * rng.choice([-3, -2, -1, 1, 1, 2, 7, 255], rng.integers(1, 5), replace=False)
        befores = [sources[rng.integers(len(sources))], *(g for g in groups if rng.random() < 0.5)]
        for before in befores:
            shape = (before.size, group.size)
            back = before in groups[k:]
            for delay in rng.choice([9, 12] if back else [0, 0, 1, 3], rng.integers(1, 3), replace=False):
                matrix = rng.choice(levels, shape) * (rng.random(shape) < 0.5)
                projections.append(Projection.dense(before.name, group.name, matrix, int(delay)))
    # One weight value per pair and delay: what adds up could make more than four.
    unique = {(p.source, p.target, int(p.delay)): p for p in projections}
    outputs = tuple(g.name for g in groups if rng.random() < 0.5) or (groups[-1].name,)
    return Network(f"random {seed}", (*sources, *groups), tuple(unique.values()), outputs)


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, (40, 256), (24, 256), (64, 100)]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_are_the_pulses_of_any_network_kept(seed, size):
    network = draw_network(seed)
    chip = CHIP if size is None else smaller(neurons=size[0], axons=size[1])
    try:
        crossbar.lower(network, chip)
    except NeurosimError as error:  # on a small chip relays may make a loop, or the ways beside them, too long
        assert size is not None
        assert "circle" in str(error) or "delay_max" in str(error)
        reject()
    assert_same_pulses(network, pulses_for(network, 15, seed), chip)


# ---- placements other than the sequential one --------------------------------------------------------------


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_does_any_placement_compute_the_same(seed):
    """Neurons on any of a few cores: copies are made where the placement asks for them."""
    rng = np.random.default_rng(seed)
    network = chain([ternary(rng, 4, 12), ternary(rng, 12, 12), ternary(rng, 12, 5)], [1.0, 2.0, 1.0])
    cores = rng.choice(CHIP.n_cores, 5, replace=False)
    mapping = mapped(network, core_of=lambda n: rng.choice(cores, n.n_neurons).astype(np.int32))
    pulses = pulses_for(network, 12, seed)
    seen = Lockstep(loaded(mapping)).run(pulses, 12 + 3)
    expected = run_functional(network, pulses[None]).pulses
    for k in range(3):
        assert np.array_equal(seen[f"p{k}"][k + 1 : k + 13], expected[f"p{k}"][0])
