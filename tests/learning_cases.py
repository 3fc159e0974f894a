"""Random networks that learn, for the simulator and, in the same words, for the plain statement of learning."""

from dataclasses import replace

import learning_statement as plain
import numpy as np

from neurosim.network import (
    Compartment,
    CompartmentNeuron,
    LearningRule,
    Network,
    Population,
    Projection,
    Source,
    Trace,
)

BEFORE, AFTER, OWN = ["x0", "x1", "x2"], ["y0", "y1", "y2", "y3", "r"], ["w", "d", "t"]


def random_term(rng):
    """A product with a spike count or a trace in it, most of the time, and up to three factors more."""
    factors = [str(rng.choice(BEFORE + AFTER))]
    for _ in range(rng.integers(4)):
        variable = str(rng.choice(BEFORE + AFTER + OWN))
        constant = int(rng.integers(-20, 21))
        match rng.integers(4):
            case 0:
                variable = f"({variable} {'-' if constant < 0 else '+'} {abs(constant)})"
            case 1 if variable in OWN:
                variable = f"sgn({variable} {'-' if constant < 0 else '+'} {abs(constant)})"
            case 2 if rng.random() < 0.5:
                variable = f"({abs(constant)} - {variable})"
        factors.append(variable)
    if rng.random() < 0.2:
        factors.append("u1")
    scale = [str(rng.integers(1, 8)), f"2^{rng.integers(-7, 1)}"]
    return "*".join([str(part) for part in rng.permutation([*scale, *factors])])


def random_rule_text(rng, target):
    text = f"d{target} = {random_term(rng)}"
    for _ in range(rng.integers(4)):
        text += f" {rng.choice(['+', '-'])} {random_term(rng)}"
    return text


def random_rule(rng, epoch, after, reward_tau):
    targets = ["w"] + [name for name in ("d", "t") if rng.random() < 0.4]
    texts = tuple(random_rule_text(rng, target) for target in targets)
    x1, x2 = (Trace(int(rng.integers(1, 128)), float(rng.choice([0, 2, 16.8, 50, np.inf]))) for _ in range(2))
    y1, y2, y3 = after
    sign = str(rng.choice(["mixed", "excitatory", "inhibitory"]))
    return LearningRule(texts, x1, x2, y1, y2, y3, reward_tau, epoch, sign, max_delay=int(rng.choice([6, 14])))


def random_case(seed, samples=2, steps=None):
    """Return (network, pulses bool[samples, steps, lines], plain net, pulses for it)."""
    rng = np.random.default_rng(seed)
    sources = {"in": int(rng.integers(1, 5)), "drive": 0, "reward": 2}
    neurons = {"a": int(rng.integers(1, 5)), "b": int(rng.integers(1, 4))}
    sources["drive"] = sum(neurons.values())
    threshold = {name: 64 * int(rng.choice([100, 300])) for name in neurons}
    decay = {name: int(rng.choice([0, 2000, 4095])) for name in neurons}
    epoch, reward_tau = int(rng.choice([1, 1, 2, 5])), float(rng.choice([0, 3.5]))
    after = [Trace(int(rng.integers(1, 128)), float(rng.choice([2, 33.7]))) for _ in range(3)]
    made = []
    for name, size in neurons.items():
        places = np.arange(size) + (0 if name == "a" else neurons["a"])
        made.append(fixed("drive", name, np.stack([places, np.arange(size)], axis=1), 200, 1))
        gains = {(i, j): int(rng.integers(-60, 61)) for i in range(2) for j in range(size)}
        if not rng.integers(2):  # one reward for all
            gains = {(i, j): gains[i, 0] for i, j in gains}
        delays = dict.fromkeys(gains, int(rng.integers(1, 4)))
        made.append(plain.Projection("reward", name, gains, delays, dict.fromkeys(gains, 0), modulates=True))
    for source, target in (("in", "a"), ("a", "b"), ("b", "a"), ("in", "b")):
        if source == "in" or rng.random() < 0.6:
            made.append(
                plastic(rng, source, target, {**sources, **neurons}, random_rule(rng, epoch, after, reward_tau))
            )
    order = rng.permutation(len(made))
    net = plain.Net(sources, neurons, threshold, decay, [made[k] for k in order])
    steps = steps or int(rng.integers(10, 40))
    pulses = rng.random((samples, steps, sum(sources.values()))) < rng.choice([0.1, 0.4])
    return network_of(net, seed), pulses, net, [split(net, sample) for sample in pulses]


def fixed(source, target, pairs, weight, delay):
    weights = {(int(i), int(j)): weight for i, j in pairs}
    return plain.Projection(source, target, weights, dict.fromkeys(weights, delay), dict.fromkeys(weights, 0))


def plastic(rng, source, target, sizes, rule):
    low, high, step = plain.weight_limits(rule.sign)
    pairs = [(i, j) for i in range(sizes[source]) for j in range(sizes[target]) if rng.random() < 0.8] or [(0, 0)]
    weights = {pair: int(rng.integers(low // step, high // step + 1)) * step for pair in pairs}
    delays = {pair: int(rng.integers(1, 6)) for pair in pairs}
    tags = {pair: int(rng.integers(-256, 256)) for pair in pairs}
    learns_delays = any(text.startswith("dd") for text in rule.rules)
    longest = max(max(delays.values()) - 1, rule.max_delay if learns_delays else 0)
    return plain.Projection(source, target, weights, delays, tags, int(rng.integers(-2, 2)), rule, False, longest)


def split(net, sample):
    """Pulses of one sample as the statement wants them."""
    names = np.repeat(list(net.sources), list(net.sources.values()))
    lines = np.concatenate([np.arange(size) for size in net.sources.values()])
    return [{name: lines[row & (names == name)].tolist() for name in net.sources} for row in sample]


def network_of(net, seed):
    """The same net for the simulator."""
    cells = {
        name: CompartmentNeuron((Compartment(decay_u=4095, decay_v=net.decay[name], threshold=net.threshold[name]),))
        for name in net.neurons
    }
    populations = [Population(name, size, Source()) for name, size in net.sources.items()]
    populations += [Population(name, size, cells[name]) for name, size in net.neurons.items()]
    sizes = net.sources | net.neurons
    projections = [projection_of(p, sizes) for p in net.projections]
    return Network(f"learner {seed}", tuple(populations), tuple(projections), tuple(net.neurons))


def projection_of(p, sizes):
    pairs = sorted(p.weight)
    rows = np.bincount([i for i, _ in pairs], minlength=sizes[p.source])
    columns = (np.array([store[pair] for pair in pairs]) for store in (p.weight, p.delay, p.tag))
    weight, delay, tag = columns
    made = Projection(
        p.source,
        p.target,
        np.concatenate([[0], np.cumsum(rows)]).astype(np.int64),
        np.array([j for _, j in pairs], dtype=np.int32),
        weight,
        delay.astype(np.int16),
        0,
        0 if p.modulates else 6 + p.exponent,
    )
    if p.rule is not None:
        return replace(made, learning=p.rule, tags=tag.astype(np.int16))
    return replace(made, modulates=p.modulates)


def held(net, machine):
    """What the learning synapses of the statement hold: rows (number, weight, delay after the first step, tag)."""
    rows = [
        (machine.synapse[k, i, j], p.weight[i, j], p.delay[i, j] - 1, p.tag[i, j])
        for k, p in enumerate(net.projections)
        if p.rule is not None
        for i, j in p.weight
    ]
    return np.array(sorted(rows))


def one_synapse(rule, before, after, weight, steps, copies=1):
    """Return (network, pulses) of neurons "after", each with one synapse that learns, which fire in given steps.

    Pulses before the synapse come in steps ``before``; each of the ``copies`` has its own line.
    """
    cell = CompartmentNeuron((Compartment(decay_u=4095, decay_v=4095, threshold=64 * 100),))
    one = np.eye(copies, dtype=np.int64)
    learning = replace(Projection.dense("before", "after", one, 1), weights=np.full(copies, weight), exponent=6)
    drive = replace(Projection.dense("drive", "after", np.full((1, copies), 120), 1), exponent=6)
    network = Network(
        "one synapse",
        (Population("before", copies, Source()), Population("drive", 1, Source()), Population("after", copies, cell)),
        (replace(learning, learning=rule), drive),
        ("after",),
    )
    pulses = np.zeros((1, steps, copies + 1), dtype=np.bool_)
    pulses[0, [step for step in before if step < steps], :copies] = True
    pulses[0, np.array(after, dtype=int) - 1, copies] = True
    return network, pulses
