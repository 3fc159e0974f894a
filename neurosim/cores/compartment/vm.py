"""The interpreter of neuron programs: one numba function that every engine calls.

All values are integers. What is written to a register wraps at the program's width; a product is exact before it is
shifted, since two registers of at most 32 bits multiply within 64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.step import Arithmetic
from neurosim.cores.integers import wrap
from neurosim.network import NeuronProgram

# Numbered here and not by their order elsewhere, because compiled code is kept together with this file.
TAKE, MOVE, SELECT, AND, OR, SHIFT_LEFT, SHIFT_RIGHT, ADD, SUBTRACT, NEGATE, MIN, MAX = range(12)
MULTIPLY_SHIFT, LESS, GREATER_EQUAL, EQUAL, SKIP_IF, JUMP, JUMP_IF, SPIKE = range(12, 20)
NUMBERS = {
    "take": TAKE,
    "move": MOVE,
    "select": SELECT,
    "and": AND,
    "or": OR,
    "shift-left": SHIFT_LEFT,
    "shift-right": SHIFT_RIGHT,
    "add": ADD,
    "subtract": SUBTRACT,
    "negate": NEGATE,
    "min": MIN,
    "max": MAX,
    "multiply-shift": MULTIPLY_SHIFT,
    "less": LESS,
    "greater-equal": GREATER_EQUAL,
    "equal": EQUAL,
    "skip-if": SKIP_IF,
    "jump": JUMP,
    "jump-if": JUMP_IF,
    "spike": SPIKE,
}


class Code(NamedTuple):
    """A program as flat integers.

    ``table`` int64[k, 5] holds per instruction the operation, the slot of its result, two slots of sources, and a
    third slot, a number of places or the instruction to go on with. Slots are registers, temporaries, parameters and
    ``constants`` int64[c], in this order; ``bits`` is the width of all of them.
    """

    table: NDArray[np.int64]
    constants: NDArray[np.int64]
    registers: int
    temporaries: int
    bits: int


@lru_cache(maxsize=256)
def code_of(program: NeuronProgram) -> Code:
    """Return the flat form of a program."""
    numbers = sorted({1, *(x for line in program.code for x in line if isinstance(x, int))})
    slots: tuple[str | int, ...] = (*program.names, *numbers)
    slot = {name: k for k, name in enumerate(slots)}
    table = np.zeros((len(program.code), 5), dtype=np.int64)
    for row, (operation, *operands) in zip(table, program.code, strict=True):
        row[0] = NUMBERS[str(operation)]
        match operation, operands:
            case "jump", [target]:
                row[4] = target
            case "jump-if", [condition, target]:
                row[2], row[4] = slot[condition], target
            case "skip-if", [condition]:
                row[2] = slot[condition]
            case "spike", values:
                row[2] = slot[values[0] if values else 1]
            case "select", [result, condition, yes, no]:
                row[1:] = slot[result], slot[yes], slot[no], slot[condition]
            case "shift-left" | "shift-right", [result, source, places]:
                row[1], row[2], row[4] = slot[result], slot[source], places
            case "multiply-shift", [result, first, second, places]:
                row[1:] = slot[result], slot[first], slot[second], places
            case _, [result, *sources]:
                row[1] = slot[result]
                row[2 : 2 + len(sources)] = [slot[source] for source in sources]
    return Code(
        table, np.array(numbers, dtype=np.int64), len(program.registers), len(program.temporaries), program.bits
    )


@njit(cache=True, inline="always")
def _compared(operation, a, b):  # type: ignore[no-untyped-def]
    if operation == LESS:
        return 1 if a < b else 0
    if operation == GREATER_EQUAL:
        return 1 if a >= b else 0
    if operation == EQUAL:
        return 1 if a == b else 0
    if operation == MIN:
        return min(a, b)
    return max(a, b)


@njit(cache=True, inline="always")
def _computed(operation, a, b, places):  # type: ignore[no-untyped-def]
    if operation == ADD:
        return a + b
    if operation == SUBTRACT:
        return a - b
    if operation == NEGATE:
        return -a
    if operation == MULTIPLY_SHIFT:  # toward zero, as the decay of a compartment
        product = a * b
        return product >> places if product >= 0 else -(-product >> places)
    if operation == SHIFT_LEFT:
        return a << places
    if operation == SHIFT_RIGHT:
        return a >> places
    if operation == AND:
        return a & b
    if operation == OR:
        return a | b
    if operation == MOVE:
        return a
    return _compared(operation, a, b)


@njit(cache=True, inline="always")
def _fetch(x, registers, parameters, code):  # type: ignore[no-untyped-def]
    for k in range(code.registers):
        x[k] = registers[k]
    for k in range(code.temporaries):
        x[code.registers + k] = 0
    for k in range(parameters.shape[0]):
        x[code.registers + code.temporaries + k] = parameters[k]


@njit(cache=True, inline="always")
def _store(x, registers, code):  # type: ignore[no-untyped-def]
    changed = False
    for k in range(code.registers):
        changed = changed or registers[k] != x[k]
        registers[k] = x[k]
    return changed


@njit(cache=True)
def step_programs(
    q: NDArray[np.int64],
    registers: NDArray[np.int64],
    parameters: NDArray[np.int64],
    code: Code,
    arithmetic: Arithmetic,
    sent: NDArray[np.int64],
    active: NDArray[np.bool_],
) -> int:
    """Run one program once for every neuron and return how many results were wrapped.

    ``q`` int64[n] is the synaptic sum of the step, ``registers`` int64[n, r] the state, ``parameters`` int64[n, p].
    Writes ``sent``, the value of the neuron's spike (0 = none, clipped to the payload's largest magnitude), and
    ``active``: input arrived, a register changed, or it fired.
    """
    table, constants = code.table, code.registers + code.temporaries + parameters.shape[1]
    x = np.zeros(constants + code.constants.shape[0], dtype=np.int64)
    for k in range(code.constants.shape[0]):
        x[constants + k] = code.constants[k]
    wrapped = 0
    for i in range(q.shape[0]):
        _fetch(x, registers[i], parameters[i], code)
        total = wrap(q[i], arithmetic.synaptic_sum_bits)
        waiting = total
        sent[i] = 0
        at = 0
        while at < table.shape[0]:
            operation, a, b, last = table[at, 0], x[table[at, 2]], x[table[at, 3]], table[at, 4]
            at += 1
            if operation == JUMP or (operation == JUMP_IF and a != 0):
                at = last
            elif operation == SKIP_IF:
                at += 1 if a != 0 else 0
            elif operation == SPIKE:
                sent[i] = min(max(a, -arithmetic.payload_largest), arithmetic.payload_largest)
            elif operation != JUMP_IF:
                if operation == TAKE:
                    value, waiting = waiting, 0
                elif operation == SELECT:
                    value = a if x[last] != 0 else b
                else:
                    value = _computed(operation, a, b, last)
                held = wrap(value, code.bits)
                wrapped += held != value
                x[table[at - 1, 1]] = held
        changed = _store(x, registers[i], code)
        active[i] = total != 0 or changed or sent[i] != 0
    return wrapped
