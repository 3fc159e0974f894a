"""A plain statement of learning on compartment cores, for tests: whole numbers, loops, and nothing of the simulator.

Neurons are single compartments whose current lasts one step and whose voltage keeps all or nothing of itself, on a
chip that counts 64 per weight unit. Rules are read by Python itself, term by term, in exact fractions.
"""

import ast
import math
import re
from dataclasses import dataclass
from fractions import Fraction

WORD = (1 << 64) - 1
STRIDE = 0x9E3779B97F4A7C15
PURPOSES = {"x1": 0, "x2": 1, "y1": 2, "y2": 3, "y3": 4, "r": 5, "w": 6, "d": 7, "t": 8}


def scrambled(z):
    """The output function of SplitMix64 (Steele, Lea and Flood, 2014)."""
    z &= WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def drawn(seed, purpose, step, thing, bits):
    """A uniform number of so many bits: what a thing draws for a purpose in a step since loading."""
    page = scrambled(scrambled(seed) + (16 * step + PURPOSES[purpose] + 1) * STRIDE)
    return scrambled(page + (thing + 1) * STRIDE) >> (64 - bits)


def clip(value, low, high):
    return max(low, min(value, high))


def terms(rule):
    """Split a rule at the + and - that stand outside brackets and exponents; returns target and terms with signs."""
    target, text = (part.replace(" ", "") for part in rule.split("="))
    found, depth, start = [], 0, 0
    for k, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter in "+-" and depth == 0 and k > start and text[k - 1] != "^":
            found.append(text[start:k])
            start = k
    return target[1], [*found, text[start:]]


def value_of(term, names):
    """The value of one term as a Fraction; ``names`` gives the variables."""
    code = term.replace("^", "**").lstrip("+")
    code = re.sub(r"(?<![\w.])(\d+)", r"F(\1)", code)
    tree = ast.parse(code, mode="eval")
    sign = lambda value: (value > 0) - (value < 0)  # noqa: E731
    return Fraction(eval(compile(tree, "rule", "eval"), {"F": Fraction, "sgn": sign, **names}))


@dataclass
class Projection:
    """Synapses (before, after) with weight, delay (steps from sending to acting), tag, and what becomes of them.

    ``longest`` is the most that a delay may come to beyond one step.
    """

    source: str
    target: str
    weight: dict
    delay: dict
    tag: dict
    exponent: int = 0
    rule: object = None
    modulates: bool = False
    longest: int = 0


@dataclass
class Net:
    """Sizes of sources and of neurons by name, thresholds and voltage decays of the neurons, projections in order."""

    sources: dict
    neurons: dict
    threshold: dict
    decay: dict
    projections: list


def traced(seed, name, trace, value, step, thing, spikes):
    """A trace after a step: 12 bits of decay, rounded at random, then an impulse per spike, 7 bits in all."""
    if trace is None:
        return 0
    kept = round(4096 * (math.exp(-1 / trace.tau) if trace.tau else 0))
    value = (value * kept + drawn(seed, name, step, thing, 12)) // 4096 if value else 0
    return min(value + spikes * trace.impulse, 127)


def weight_limits(sign):
    """Weights are 0 to 255, 0 to -255, or even numbers of either sign up to 254; returns low, high, step."""
    return {"excitatory": (0, 255, 1), "inhibitory": (-255, 0, 1), "mixed": (-254, 254, 2)}[sign]


def evaluate(projection, key, number, names, clock, seed, epoch):
    """Apply the rules of a projection to one synapse at the end of an epoch (numbered from 1)."""
    stores = {"w": projection.weight, "d": projection.delay, "t": projection.tag}
    old = {"w": projection.weight[key], "d": projection.delay[key] - 1, "t": projection.tag[key]}
    names = names | old | {f"u{k}": int(epoch % 2**k == 0) for k in range(10)}
    low, high, grid = weight_limits(projection.rule.sign)
    ranges = {"w": (low, high, grid, 0), "d": (0, projection.longest, 1, 1), "t": (-256, 255, 1, 0)}
    for rule in projection.rule.rules:
        target, parts = terms(rule)
        total = old[target] * 128
        for part in parts:
            amount = value_of(part, names) * 128
            assert amount.denominator == 1
            total = clip(total + clip(int(amount), -(2**15), 2**15 - 1), -(2**15), 2**15 - 1)
        low, high, grid, shift = ranges[target]
        bits = 7 + grid.bit_length() - 1
        rounded = (total + drawn(seed, target, clock, number, bits)) >> bits
        stores[target][key] = clip(rounded * grid, low, high) + shift


def effect(weight, exponent):
    """What a weight adds: times 64 and 2**exponent, forced to a multiple of 64, at most 2^21 - 64."""
    size = abs(weight) * 64
    size = size << exponent if exponent >= 0 else size >> -exponent
    size = min(size // 64 * 64, 2**21 - 64)
    return size if weight > 0 else -size


def toward_zero(value, keep):
    return value * keep // 4096 if value >= 0 else -(-value * keep // 4096)


class Machine:
    """Runs samples of a net, one after another, and learns."""

    def __init__(self, net, seed):
        self.net, self.seed, self.clock = net, seed, 0
        first, self.neuron = 0, {}
        for name, size in net.neurons.items():
            self.neuron[name], first = first, first + size
        self.axon, self.synapse = {}, {}  # numbers over the whole network
        for k, p in enumerate(net.projections):
            for before, after in sorted(p.weight):
                self.axon.setdefault((k, before), len(self.axon))
                self.synapse[k, before, after] = len(self.synapse)

    def sample(self, pulses):
        """Run the pulses [steps] of {source: [lines that pulse]}; returns per step {neurons: [those that fire]}."""
        net = self.net
        voltage = {name: [0] * size for name, size in net.neurons.items()}
        waiting, coming = {}, {}
        traces, reward = {}, {name: [0] * size for name, size in net.neurons.items()}
        raster = []
        for step, given in enumerate(pulses):
            spikes = dict(given)
            for name, size in net.neurons.items():
                fired = []
                for j in range(size):
                    v = toward_zero(voltage[name][j], 4096 - net.decay[name]) + waiting.pop((step, name, j), 0)
                    if v > net.threshold[name]:
                        v = 0
                        fired.append(j)
                    voltage[name][j] = v
                spikes[name] = fired
            raster.append({name: spikes[name] for name in net.neurons})
            for p in net.projections:
                for before, after in p.weight:
                    if before in spikes[p.source]:
                        delay, weight = p.delay[before, after], p.weight[before, after]
                        if p.modulates:
                            place = step + delay - 1, p.target, after
                            coming[place] = coming.get(place, 0) + weight
                        else:
                            place = step + delay, p.target, after
                            waiting[place] = waiting.get(place, 0) + effect(weight, p.exponent)
            self.learn(step, spikes, coming, traces, reward)
            self.clock += 1
        return raster

    def learn(self, step, spikes, coming, traces, reward):
        net, seed, clock = self.net, self.seed, self.clock
        learning = [(k, p) for k, p in enumerate(net.projections) if p.rule is not None]
        for k, p in learning:
            for before in {before for before, _ in p.weight}:
                new, axon = int(before in spikes[p.source]), self.axon[k, before]
                old = traces.get((k, before), (0, 0, 0))
                traces[k, before] = (
                    min(old[0] + new, 31),
                    traced(seed, "x1", p.rule.x1, old[1], clock, axon, new),
                    traced(seed, "x2", p.rule.x2, old[2], clock, axon, new),
                )
        rules = {p.target: p.rule for _, p in reversed(learning)}
        for name, rule in rules.items():
            for j in range(net.neurons[name]):
                new, number = int(j in spikes[name]), self.neuron[name] + j
                old = traces.get((name, j), (0, 0, 0, 0))
                post = [
                    traced(seed, y, getattr(rule, y), value, clock, number, new)
                    for y, value in zip(("y1", "y2", "y3"), old[1:], strict=True)
                ]
                traces[name, j] = min(old[0] + new, 31), *post
                r = reward[name][j]
                if rule.reward_tau and r:
                    kept = round(4096 * math.exp(-1 / rule.reward_tau))
                    size = (abs(r) * kept + drawn(seed, "r", clock, number, 12)) // 4096
                    r = size if r > 0 else -size
                reward[name][j] = clip(r + coming.pop((step, name, j), 0), -128, 127)
        for k, p in learning:
            if (step + 1) % p.rule.epoch == 0:
                self.end_epoch(k, p, step, traces, reward)
        for place, trace in traces.items():
            rule = rules[place[0]] if place[0] in rules else net.projections[place[0]].rule
            if (step + 1) % rule.epoch == 0:
                traces[place] = 0, *trace[1:]
        for name, rule in rules.items():
            if (step + 1) % rule.epoch == 0 and not rule.reward_tau:
                reward[name] = [0] * net.neurons[name]

    def end_epoch(self, k, p, step, traces, reward):
        for before, after in sorted(p.weight):
            x, y = traces[k, before], traces[p.target, after]
            names = dict(zip(("x0", "x1", "x2"), x, strict=True)) | {"r": reward[p.target][after]}
            names |= dict(zip(("y0", "y1", "y2", "y3"), y, strict=True))
            number, epoch = self.synapse[k, before, after], (step + 1) // p.rule.epoch
            evaluate(p, (before, after), number, names, self.clock, self.seed, epoch)
