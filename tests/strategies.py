"""Random small networks, pulses and placements for property tests, and the unmapped run to compare with."""

import contextlib
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

import neurosim as ns
from neurosim.cores.compartment import arithmetic, lower
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError
from neurosim.mapping import Mapping
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    Population,
    Projection,
    Source,
)

LOIHI = ns.load_chip("loihi")
GRAIN = 6  # integer weights of compartments count in units of 2**6, the least that Loihi adds
LONGEST = 63  # a spike acts 1 step later at the earliest and the synapse's delay field adds up to 62
NOISE = 5  # seed of the noise that compartments draw
KINDS = ("add", "sum", "leak", "single", "pair")


@dataclass(frozen=True)
class Case:
    """A network and pulses bool[n, T, input lines] for it."""

    network: Network
    pulses: np.ndarray

    def __repr__(self):
        populations = ", ".join(f"{p.name}[{p.size}]" for p in self.network.populations)
        projections = ", ".join(f"{p.source}->{p.target}.{p.port}" for p in self.network.projections)
        return f"Case({populations}; {projections}; pulses {self.pulses.shape})"


def _compartment(rng, size, **changes):
    values = {
        "decay_u": int(rng.choice([0, 1024, 4095])),
        "decay_v": int(rng.choice([0, 512, 4095])),
        "threshold": 64 * rng.choice([1, 2, 5, 9], size),
        "bias": rng.choice([0, 0, 30, -30, 100], size),
        "refractory": int(rng.choice([1, 1, 3])),
        "initial": rng.choice([0, 0, 500, -500], size),
        "noise_target": str(rng.choice(["none", "none", "current", "voltage"])),
        "noise_exponent": int(rng.integers(2, 9)),
        "noise_offset": int(rng.integers(-1, 2)),
    }
    return Compartment(**{**values, **changes})


def _model(kind, size, rng):
    match kind:
        case "add":
            return AddAndFire(float(rng.integers(1, 5)))
        case "sum":
            return Accumulator()
        case "leak":
            return LIF(decay=float(rng.choice([0.5, 0.9, 1.0])), bias=float(rng.choice([0, 0.3])), threshold=1.5)
        case "single":
            return CompartmentNeuron((_compartment(rng, size),))
    return CompartmentNeuron(_tree(rng, size, int(rng.choice([2, 2, 2, 3, 5]))))


def _tree(rng, size, parts):
    """Compartments of one neuron, dendrites first: a pair, a chain or a tree, all joined in the end."""
    tree, waiting = [], 0
    for left in range(parts, 0, -1):
        takes = 0 if waiting == 0 else int(rng.integers(0 if waiting < left else 1, min(waiting, 2) + 1))
        takes = max(takes, min(waiting, 2) if left == 1 else 0)
        join = str(rng.choice(["add", "max", "min", "pass", "gate", "block"])) if takes else "none"
        spiking = left == 1 or bool(rng.integers(2))
        tree.append(_compartment(rng, size, join=join, takes=max(takes, 1), spiking=spiking))
        waiting += 1 - takes
    return tuple(tree)


def _projection(rng, source, target, delays, largest):
    """Draw rows of targets, with repetitions now and then: two synapses of one pair may differ in delay."""
    repeats = rng.random() < 0.3
    width = target.size * 2 if repeats else target.size
    rows = [
        np.sort(rng.choice(target.size, rng.integers(0, width + 1), replace=repeats)) if rng.random() < 0.9 else []
        for _ in range(source.size)
    ]
    if not any(len(row) for row in rows):
        rows[0] = [0]
    n = sum(map(len, rows))
    signs = rng.choice([1, 1, -1], n) if rng.random() < 0.7 else np.ones(n, dtype=np.int64)
    weights = signs * rng.integers(1, largest, n, endpoint=True)
    compartments = isinstance(target.neuron, CompartmentNeuron)
    if not compartments and rng.random() < 0.3:
        weights = weights * 0.37
    return Projection(
        source.name,
        target.name,
        np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        np.concatenate(rows).astype(np.int32),
        weights,
        rng.choice(delays, n).astype(np.int16) if rng.random() < 0.6 else int(rng.choice(delays)),
        int(rng.integers(target.compartments)),
        GRAIN if compartments else 0,
    )


def draw_case(seed, kinds, samples=2, late=False):
    """Build a network with one population per kind, every one fed, and joined at random, and pulses for it.

    Without ``late`` there are projections without delay; with it delays reach the chip's longest.
    """
    rng = np.random.default_rng(seed)
    sources = tuple(Population(f"in{k}", int(rng.integers(1, 7)), Source()) for k in range(rng.integers(1, 3)))
    sizes = rng.integers(1, 13, len(kinds)).tolist()
    groups = tuple(
        Population(f"{kind}{k}", size, _model(kind, size, rng))
        for k, (kind, size) in enumerate(zip(kinds, sizes, strict=True))
    )
    forward = [1, 2, 8, 40, LONGEST] if late else [0, 1, 3]
    back = [1, 5, LONGEST] if late else [len(kinds), len(kinds) + 3]  # a circle needs a step of delay per projection
    largest = int(rng.choice([1, 4, 100]))  # one for all, so that synapse formats suffice
    projections = [_projection(rng, sources[rng.integers(len(sources))], g, forward, largest) for g in groups]
    for a, before in enumerate(groups):
        for b, after in enumerate(groups):
            if rng.random() < 0.4:
                projections.append(_projection(rng, before, after, forward if a < b else back, largest))
    outputs = tuple(g.name for g in groups if rng.random() < 0.5) or (groups[-1].name,)
    network = Network(f"random {seed}", sources + groups, tuple(projections), outputs)
    steps = int(rng.integers(64, 75) if late else rng.integers(1, 13))
    return Case(network, rng.random((samples, steps, network.n_inputs)) < rng.choice([0.1, 0.5, 1.0]))


@st.composite
def cases(draw, samples=2, late=None):
    """Networks with pulses; every second one has long delays unless ``late`` says which."""
    return draw_case(
        draw(st.integers(0, 2**32 - 1)),
        draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)),
        samples,
        draw(st.booleans()) if late is None else late,
    )


def place(network, seed, chip=LOIHI):
    """Put every neuron of a network on any core of the chip, legally: over all cores, a few, or a few tiles."""
    lowered = lower(network, chip)
    for attempt in range(100):
        mapping = _place(network, lowered, [seed, attempt], chip)
        with contextlib.suppress(CapacityError):
            ns.load_program(mapping)
            return mapping
    raise AssertionError("no legal placement found")


def _place(network, lowered, seed, chip):
    rng = np.random.default_rng(seed)
    pool = np.arange(chip.n_cores)
    match rng.integers(3):
        case 0:
            pool = rng.choice(pool, rng.integers(1, 6), replace=False)
        case 1:
            tiles = rng.choice(chip.n_cores // chip.cores_per_tile, rng.integers(1, 4), replace=False)
            pool = pool[np.isin(pool // chip.cores_per_tile, tiles)]
    return Mapping(
        network, lowered, chip, rng.choice(pool, lowered.network.n_neurons).astype(np.int32), "random", NOISE
    )


seeds = st.integers(0, 2**32 - 1)


def drained(mapping, pulses, steps=None):
    """Pulses followed by empty steps, as many as the chip needs until the last population has seen everything."""
    more = np.zeros((len(pulses), mapping.lowered.extra_steps, pulses.shape[2]), dtype=bool)
    return np.concatenate([pulses, more], axis=1)[:, :steps]


def unmapped(mapping, pulses):
    """Run the lowered network without a chip; returns pulses and answers by population.

    A population with lag L answers for the steps L to L + T: its membrane after the last, or its pulses in them.
    """
    network = mapping.lowered.network
    widths = arithmetic(mapping.chip)
    full = run_functional(network, drained(mapping, pulses), widths, seed=mapping.seed)
    answers = {}
    for name in network.outputs:
        end = mapping.lowered.lag[name] + pulses.shape[1]
        window = run_functional(network, drained(mapping, pulses, end), widths, seed=mapping.seed)
        fires = network.population(name).neuron.compartments[-1].spiking
        answers[name] = full.pulses[name][:, end - pulses.shape[1] : end].sum(1) if fires else window.final[name]
    return full.pulses, answers
