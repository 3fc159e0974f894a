"""Random neuron programs and small networks of them, and a statement of what a program computes in plain Python."""

from dataclasses import replace

import numpy as np
from strategies import GRAIN, Case, drained, draw_case

import neurosim as ns
from neurosim.cores.compartment import arithmetic
from neurosim.cores.compartment.programs import add_and_fire, leaky, resonate_and_fire, sigma_delta
from neurosim.engine.functional import run_functional
from neurosim.network import NeuronProgram, Population, ProgrammedNeuron, Projection

LOIHI2 = ns.load_chip("loihi2")
REGISTERS, PARAMETERS, TEMPORARIES = ["v", "w", "x"], ["p", "k"], ["a", "b"]
BINARY = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "min": min,
    "max": max,
    "less": lambda a, b: int(a < b),
    "greater-equal": lambda a, b: int(a >= b),
    "equal": lambda a, b: int(a == b),
}


def wrapped(value, bits):
    """The number that is left of a value in two's complement of so many bits."""
    value %= 2**bits
    return value - 2**bits if value >= 2 ** (bits - 1) else value


def toward_zero(value, places):
    size = abs(value) // 2**places
    return size if value >= 0 else -size


def run_once(program, registers, parameters, q, largest=2**23 - 1, sum_bits=22):
    """One step of one neuron: returns (new registers, value sent, active, results that were wrapped)."""
    x = dict.fromkeys(program.temporaries, 0) | registers | parameters
    waiting = arrived = wrapped(q, sum_bits)
    sent = overflows = at = 0
    while at < len(program.code):
        operation, *operands = program.code[at]
        sources = [x[o] if isinstance(o, str) else o for o in operands]
        at += 1
        match operation:
            case "jump":
                at = operands[0]
            case "jump-if":
                at = operands[1] if sources[0] else at
            case "skip-if":
                at += bool(sources[0])
            case "spike":
                sent = max(-largest, min(largest, (*sources, 1)[0]))
            case _:
                value, waiting = _result(operation, sources[1:], waiting)
                x[operands[0]] = wrapped(value, program.bits)
                overflows += x[operands[0]] != value
    after = {name: x[name] for name in program.registers}
    return after, sent, arrived != 0 or after != registers or sent != 0, overflows


def _result(operation, sources, waiting):
    match operation, sources:
        case "take", []:
            return waiting, 0
        case "move", [a]:
            return a, waiting
        case "negate", [a]:
            return -a, waiting
        case "select", [condition, a, b]:
            return a if condition else b, waiting
        case "shift-left", [a, places]:
            return a * 2**places, waiting
        case "shift-right", [a, places]:
            return a // 2**places, waiting
        case "multiply-shift", [a, b, places]:
            return toward_zero(a * b, places), waiting
    return BINARY[operation](*sources), waiting


def draw_program(rng):
    """Any program that may be written: all operations, all operands, any width."""
    bits, length = int(rng.choice([2, 8, 16, 24, 32])), int(rng.integers(1, 20))
    registers, temporaries, parameters = (
        names[: rng.integers(least, len(names) + 1)]
        for names, least in ((REGISTERS, 1), (TEMPORARIES, 0), (PARAMETERS, 0))
    )
    results = registers + temporaries

    def source():
        if rng.random() < 0.2:
            return int(rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1)))
        return str(rng.choice(results + parameters))

    def instruction(k):
        operation = str(rng.choice(["take", "move", "negate", "select", "shift-left", "shift-right", "multiply-shift",
                                    "skip-if", "jump", "jump-if", "spike", *BINARY]))  # fmt: skip
        result, places = str(rng.choice(results)), int(rng.integers(bits))
        match operation:
            case "take":
                return operation, result
            case "move" | "negate":
                return operation, result, source()
            case "select":
                return operation, result, source(), source(), source()
            case "shift-left" | "shift-right":
                return operation, result, source(), places
            case "multiply-shift":
                return operation, result, source(), source(), places
            case "skip-if":
                return (operation, source()) if k + 1 < length else ("take", result)
            case "jump":
                return operation, int(rng.integers(k + 1, length + 1))
            case "jump-if":
                return operation, source(), int(rng.integers(k + 1, length + 1))
            case "spike":
                return (operation, source()) if rng.random() < 0.5 else (operation,)
        return operation, result, source(), source()

    code = (("take", str(rng.choice(results))), *(instruction(k) for k in range(1, length)))
    return NeuronProgram("drawn", tuple(registers), tuple(parameters), code, tuple(temporaries), bits)


def draw_neuron(rng, size):
    """A drawn program, or one of the known ones, with values for its parameters and registers."""

    def values(program, low, high):
        one = rng.random() < 0.5
        low, high = max(low, program.low), min(high, program.high)
        return int(rng.integers(low, high + 1)) if one else rng.integers(low, high + 1, size)

    match rng.integers(8):
        case 0:
            return ProgrammedNeuron(add_and_fire(), {"threshold": values(add_and_fire(), 1, 500)})
        case 1:
            ranges = {"keep_u": (0, 4095), "keep_v": (0, 4096), "bias": (-50, 50), "threshold": (0, 500)}
            program = leaky()
            return ProgrammedNeuron(program, {name: values(program, *range) for name, range in ranges.items()})
        case 2 | 3:
            program = sigma_delta(int(rng.integers(0, 7)))
            return ProgrammedNeuron(program, {"threshold": values(program, 1, 300)})
        case 4:
            program = resonate_and_fire()
            turn = {"c": values(program, 3000, 4000), "d": values(program, 200, 2000)}
            return ProgrammedNeuron(program, turn | {"threshold": values(program, 50, 500)})
    program = draw_program(rng)
    return ProgrammedNeuron(
        program,
        {name: values(program, -(2**40), 2**40) for name in program.parameters},
        {name: values(program, -100, 100) for name in program.registers if rng.random() < 0.5},
    )


def draw_programmed_case(seed, kinds=(), graded_input=None):
    """A drawn network of other kinds with one to three programmed populations more, joined at random."""
    rng = np.random.default_rng([seed, 1])
    case = draw_case(seed, kinds or ("single",))
    network = case.network
    sizes = rng.integers(1, 9, rng.integers(1, 4)).tolist()
    added = tuple(Population(f"program{k}", size, draw_neuron(rng, size)) for k, size in enumerate(sizes))
    largest = int(rng.choice([1, 4, 100]))
    projections = [_projection(rng, network.sources[0], target, largest) for target in added]
    for source in (*network.populations, *added):
        for target in (*network.neurons, *added):
            joins = target in added or (source in added and target.name.startswith(("single", "pair", "sum")))
            if joins and rng.random() < 0.4:
                projections.append(_projection(rng, source, target, largest))
    outputs = (*network.outputs, added[0].name)
    before = rng.random() < 0.5
    network = replace(
        network,
        populations=added + network.populations if before else network.populations + added,
        projections=network.projections + tuple(projections),
        outputs=outputs,
    )
    inputs = case.pulses
    if rng.random() < 0.5 if graded_input is None else graded_input:
        inputs = inputs * rng.integers(-300, 300, inputs.shape)
    return Case(network, inputs)


def _projection(rng, source, target, largest):
    weights = rng.integers(-largest, largest + 1, (source.size, target.size))
    weights[rng.random(weights.shape) < 0.4] = 0
    dense = Projection.dense(source.name, target.name, weights, int(rng.choice([3, 4, 9])))
    port = int(rng.integers(target.compartments))
    return replace(dense, port=port, exponent=0 if target.name.startswith("sum") else GRAIN)


def unmapped(mapping, inputs):
    """Run the lowered network without a chip; returns pulses, answers (see strategies.unmapped) and values."""
    network, widths = mapping.lowered.network, arithmetic(mapping.chip)
    full = run_functional(network, drained(mapping, inputs), widths, seed=mapping.seed)
    answers = {}
    for name in network.outputs:
        end = mapping.lowered.lag[name] + inputs.shape[1]
        window = run_functional(network, drained(mapping, inputs, end), widths, seed=mapping.seed)
        fires = network.population(name).fires
        answers[name] = full.pulses[name][:, end - inputs.shape[1] : end].sum(1) if fires else window.final[name]
    return full.pulses, answers, full.values
