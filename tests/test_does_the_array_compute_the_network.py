"""Do the programs of GA144 nodes compute the network, pulse for pulse? Against the network's own definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurosim.api import load_chip
from neurosim.cores.f18a.array import Array, collector, feeder
from neurosim.cores.f18a.host import decode, encode, encode_events
from neurosim.cores.f18a.limits import core_filler, usage
from neurosim.cores.f18a.load import ArrayProgram, load
from neurosim.cores.f18a.lower import lower
from neurosim.cores.f18a.plan import EVENTS
from neurosim.cores.f18a.result import ArrayResult
from neurosim.cores.f18a.statement import pulses_of
from neurosim.engine.compiled.array import run_array as run_compiled
from neurosim.engine.event.array import run_array as run_event
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.mapping import Mapping, MappingProblem, assign, nets_of
from neurosim.network import AddAndFire, Network, Population, Projection
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.neuron import Source
from neurosim.network.pulses import encode as draw

Pulses = NDArray[np.bool_]


def mapped(network: Network) -> Mapping:
    chip = load_chip("ga144")
    lowered = lower(network, chip)
    nets = nets_of(lowered.network)
    problem = MappingProblem(
        "ga144", lowered.network.n_neurons, nets, chip.columns, chip.rows, 1, core_filler(lowered, nets, chip)
    )
    return Mapping(network, lowered, chip, assign("sequential", problem, 0), "sequential", 0)


def loaded(network: Network, **strategy: Any) -> ArrayProgram:
    mapping = mapped(network)
    return load(mapping, nets_of(mapping.lowered.network), **strategy)


@cache
def common() -> ArrayProgram:
    return loaded(load_model("mnist-common").network)


def digits(n: int, steps: int) -> Pulses:
    return draw("bernoulli", load_dataset("mnist-test").images[:n], steps, seed=1, draw_images=1000)


def run(program: ArrayProgram, pulses: Pulses, steps: int, engine: Callable[..., ArrayResult]) -> ArrayResult:
    """Run pulses [T, lines] of inferences of so many steps, all in one go."""
    words = encode(pulses, program.plan.host_words)
    stream = encode_events(words, program.plan.slots) if program.plan.coding == EVENTS else words.ravel()
    nodes = []
    for image in program.images:
        memory = {**image.program.memory, **({} if image.steps is None else {image.steps: steps - 1})}
        nodes.append(replace(image.program, memory=memory))
    comb, (node, port, _) = program.plan.comb, program.spike_words[-1]
    hosts = [feeder(comb.top, comb.entry, stream.tolist()), collector(node, port)]
    return engine(Array(program.chip, nodes, hosts), opcodes=10**9)


def answers(program: ArrayProgram, result: ArrayResult, pulses: Pulses) -> Pulses:
    """Who of the last population fired, bool[T, neurons of the network]."""
    node, port, words = program.spike_words[-1]
    received = np.array(result.host(node, port).words).reshape(len(pulses), len(words))
    fired: Pulses = decode(received, words, pulses.shape[1], program.lowered.network.n_neurons)
    return fired


def expected(network: Network, pulses: Pulses) -> Pulses:
    """Who of the last population fires, by the network's definition, bool[T, its size]."""
    fired: Pulses = run_functional(network, pulses[None]).pulses[network.outputs[0]][0]
    return fired


def layered(seed: int) -> Network:
    """A network of random layers with whole weights, thresholds and sizes that do not come out even."""
    draw_ = np.random.default_rng(seed)
    largest = (1, 1, 3, 7, 40)[seed % 5]
    sizes = [int(draw_.integers(5, 40)), *draw_.integers(1, 11, size=1 + seed % 2).tolist(), int(draw_.integers(2, 6))]
    populations = [Population("in", sizes[0], Source())]
    projections = []
    for k, size in enumerate(sizes[1:]):
        name = f"layer{k}"
        populations.append(Population(name, size, AddAndFire(float(draw_.integers(1, 3 * largest + 1)))))
        weights = draw_.integers(-largest, largest + 1, size=(sizes[k], size)) * (draw_.random((sizes[k], size)) < 0.6)
        projections.append(Projection.dense(populations[-2].name, name, weights.astype(float)))
        if k == 1:
            more = draw_.integers(-1, 2, size=(sizes[0], size))
            projections.append(Projection.dense("in", name, more.astype(float)))
    return Network(f"random{seed}", tuple(populations), tuple(projections), (populations[-1].name,))


def test_does_the_second_statement_follow_the_network() -> None:
    network, pulses = load_model("mnist-common").network, digits(60, 8)
    reference = run_functional(network, pulses)
    fired = pulses_of(common().plan, pulses, network.n_neurons)
    assert np.array_equal(fired[:, :, :128], reference.pulses["hidden"])
    assert np.array_equal(fired[:, :, 128:], reference.pulses["output"])


@pytest.mark.parametrize("engine", [run_event, run_compiled])
def test_do_nodes_fire_as_the_network_does(engine: Callable[..., ArrayResult]) -> None:
    network, program = load_model("mnist-common").network, common()
    for pulses in digits(2, 20):  # more steps than a stack has cells
        result = run(program, pulses, 20, engine)
        assert np.array_equal(answers(program, result, pulses)[:, 128:], expected(network, pulses))
        assert result.ended == "waiting"
        assert not result.doubts


def test_do_membranes_start_anew_with_every_inference() -> None:
    network, program = load_model("mnist-common").network, common()
    images = digits(3, 4)
    result = run(program, images.reshape(12, -1), 4, run_compiled)
    fired = answers(program, result, images.reshape(12, -1))[:, 128:].reshape(3, 4, 10)
    assert np.array_equal(fired, np.stack([expected(network, pulses) for pulses in images]))


@pytest.mark.parametrize("seed", range(10))
def test_do_random_layers_fire_as_the_network_does(seed: int) -> None:
    network = layered(seed)
    pulses = np.random.default_rng(seed).random((24, network.n_inputs)) < 0.4
    program = loaded(network)
    last = network.population(network.outputs[0]).size
    want = expected(network, pulses)
    assert np.array_equal(pulses_of(program.plan, pulses[None], network.n_neurons)[0, :, -last:], want)
    result = run(program, pulses, 24, run_compiled)
    assert np.array_equal(answers(program, result, pulses)[:, -last:], want)
    assert not result.doubts


@pytest.mark.parametrize("strategy", [{"leaves": 1}, {"coding": EVENTS, "leaves": 1}])
def test_do_other_strategies_compute_the_same(strategy: dict[str, Any]) -> None:
    weights = np.random.default_rng(5).integers(-1, 2, size=(32, 16)).astype(float)
    populations = (Population("in", 32, Source()), Population("out", 16, AddAndFire(4.0)))
    network = Network("two", populations, (Projection.dense("in", "out", weights),), ("out",))
    pulses = np.random.default_rng(6).random((16, 32)) < 0.3
    program = loaded(network, **strategy)
    result = run(program, pulses, 16, run_compiled)
    assert np.array_equal(answers(program, result, pulses), expected(network, pulses))


def test_is_every_word_of_every_node_accounted_for() -> None:
    program = common()
    for image in program.images:
        assert image.words == len(image.program.ram()) <= 64
        assert image.code + image.synapses + image.membranes == image.words
    assert sum(image.membranes for image in program.images) == 138  # one word per neuron, groups of 4, 4 and 2
    assert all(each.legal for each in usage(program))


def test_does_a_network_that_does_not_fit_say_how_many_words_it_needs() -> None:
    # 100,352 + 1,280 weights, four to a word, and 138 membranes, against 144 x 64 words
    with pytest.raises(CapacityError, match="needed 25546, available 9216"):
        lower(load_model("mnist-pulsed").network, load_chip("ga144"))
    weights = np.ones((250, 48))
    populations = (Population("in", 250, Source()), Population("out", 48, AddAndFire(4.0)))
    network = Network("wide", populations, (Projection.dense("in", "out", weights),), ("out",))
    with pytest.raises(CapacityError, match="available"):
        loaded(network)


def test_is_a_neuron_that_hears_too_many_lines_refused_at_once() -> None:
    # The longest row of cells has 9 cells with two leaves of two words of 16 lines.
    def dense(lines: int) -> Network:
        populations = (Population("in", lines, Source()), Population("out", 1, AddAndFire(4.0)))
        return Network("wide", populations, (Projection.dense("in", "out", np.full((lines, 1), 9.0)),), ("out",))

    assert len(loaded(dense(576)).images) > 27
    with pytest.raises(CapacityError, match="needed 577, available 576"):
        loaded(dense(577))


def two(weights: NDArray[np.float64], threshold: float = 2.0, delay: int = 0, source: str = "in") -> Network:
    populations = (Population("in", 3, Source()), Population("out", 3, AddAndFire(threshold)))
    projections = (
        Projection.dense("in", "out", np.ones((3, 3))), Projection.dense(source, "out", weights, delay=delay)
    )  # fmt: skip
    return Network("two", populations, projections, ("out",))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (two(np.full((3, 3), 0.5)), "no whole number"),
        (two(np.full((3, 3), 2.0**18)), "at most 131071"),
        (two(np.ones((3, 3)), delay=1), "delay 1"),
        (two(np.ones((3, 3)), source="out"), "form a circle"),
        (two(np.ones((3, 3)), threshold=1.5), "threshold 1.5"),
    ],
)
def test_is_what_nodes_cannot_do_refused(network: Network, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        lower(network, load_chip("ga144"))
