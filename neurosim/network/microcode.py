"""Neuron programs: a short list of integer instructions, checked when it is put together.

An instruction is a tuple of an operation and its operands, or a line of text with the same words. Programs only run
forward, so that every step ends. What each operation computes stands in docs/semantics.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurosim.errors import NeurosimError, nearest, unknown

Instruction = tuple[str | int, ...]

# Operands by operation: r result, a register or temporary; s source, any name or a whole number; n places to shift;
# j the number of the instruction to go on with. A spike without a source has the value 1.
OPERATIONS = {
    "take": "r",
    "move": "rs",
    "select": "rsss",
    "and": "rss",
    "or": "rss",
    "shift-left": "rsn",
    "shift-right": "rsn",
    "add": "rss",
    "subtract": "rss",
    "negate": "rs",
    "min": "rss",
    "max": "rss",
    "multiply-shift": "rssn",
    "less": "rss",
    "greater-equal": "rss",
    "equal": "rss",
    "skip-if": "s",
    "jump": "j",
    "jump-if": "sj",
    "spike": "",
}
_MEANING = {"r": "result", "s": "source", "n": "places", "j": "instruction"}
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
WIDEST = 32  # bits; products of two registers stay within the interpreter's 64


@dataclass(frozen=True)
class NeuronProgram:
    """What a programmable neuron does in every step, once.

    ``registers`` are its state and keep their values from step to step; the first is its membrane, which is read out.
    ``parameters`` are read only; ``temporaries`` start every step at 0. All are signed numbers of ``bits`` bits that
    wrap. ``code`` holds one tuple per instruction, numbered from 0; see ``from_text`` for the form with labels.
    Raises NeurosimError that names the number and the text of the first wrong instruction.
    """

    name: str
    registers: tuple[str, ...]
    parameters: tuple[str, ...]
    code: tuple[Instruction, ...]
    temporaries: tuple[str, ...] = ()
    bits: int = 24

    def __post_init__(self) -> None:
        for name in ("registers", "parameters", "temporaries"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "code", tuple(_as_tuple(self.name, k, line) for k, line in enumerate(self.code)))
        _check_names(self)
        for k, instruction in enumerate(self.code):
            problem = _problem(self, k, instruction)
            if problem:
                raise NeurosimError(f"program {self.name}: instruction {k} '{_text(instruction)}': {problem}")

    @classmethod
    def from_text(
        cls,
        name: str,
        text: str,
        registers: Sequence[str],
        parameters: Sequence[str] = (),
        temporaries: Sequence[str] = (),
        bits: int = 24,
    ) -> NeuronProgram:
        """Read a program of one instruction per line; ``#`` starts a comment, ``label:`` names the next instruction.

        Jumps go to labels. Raises NeurosimError as the constructor does, and for labels that are missing or stand
        twice.
        """
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        code, labels = _read(name, [line for line in lines if line])
        resolved = tuple(_resolved(name, k, words, labels) for k, words in enumerate(code))
        return cls(name, tuple(registers), tuple(parameters), resolved, tuple(temporaries), bits)

    @property
    def fires(self) -> bool:
        """Whether it can spike at all."""
        return any(instruction[0] == "spike" for instruction in self.code)

    @property
    def graded(self) -> bool:
        """Whether its spikes carry values."""
        return any(instruction[0] == "spike" and len(instruction) > 1 for instruction in self.code)

    @property
    def low(self) -> int:
        """Least value of a register."""
        return int(-(2 ** (self.bits - 1)))

    @property
    def high(self) -> int:
        """Largest value of a register."""
        return -self.low - 1

    @property
    def names(self) -> tuple[str, ...]:
        """Registers, temporaries and parameters, in this order."""
        return self.registers + self.temporaries + self.parameters


def _as_tuple(program: str, number: int, line: Any) -> Instruction:
    if isinstance(line, str) or not isinstance(line, Sequence) or not line:
        raise NeurosimError(
            f"program {program}: instruction {number} is {line!r}, needs a tuple of an operation and its operands"
        )
    return tuple(line)


def _check_names(program: NeuronProgram) -> None:
    where = f"program {program.name}"
    if not isinstance(program.bits, int) or not 2 <= program.bits <= WIDEST:
        raise NeurosimError(f"{where}: registers of {program.bits} bits, must be 2..{WIDEST}")
    if not program.code:
        raise NeurosimError(f"{where}: no instructions")
    if not program.registers:
        raise NeurosimError(f"{where}: no registers; the first one is the membrane")
    for name, count in Counter(program.names).items():
        if count > 1:
            raise NeurosimError(f"{where}: '{name}' stands twice among registers, parameters and temporaries")
        if not _NAME.fullmatch(name) or name in OPERATIONS:
            raise NeurosimError(
                f"{where}: '{name}' cannot be a name: small letters, digits and _, and no operation's name"
            )


def _problem(program: NeuronProgram, number: int, instruction: Instruction) -> str | None:
    """Return what is wrong with an instruction, or None."""
    operation, *operands = instruction
    if not isinstance(operation, str) or operation not in OPERATIONS:
        return f"unknown operation '{operation}'{nearest(str(operation), OPERATIONS)}"
    forms = [OPERATIONS[operation]] + (["s"] if operation == "spike" else [])
    form = next((form for form in forms if len(form) == len(operands)), None)
    if form is None:
        needs = " or ".join(_needs(form) for form in forms)
        return f"needs {needs}, found {len(operands)}"
    problems = (_operand(program, number, kind, operand) for kind, operand in zip(form, operands, strict=True))
    found = next((problem for problem in problems if problem), None)
    if not found and operation == "skip-if" and number + 1 == len(program.code):
        return "nothing follows that could be skipped"
    return found


def _needs(form: str) -> str:
    count = "no operands" if not form else "1 operand" if len(form) == 1 else f"{len(form)} operands"
    return f"{count} ({', '.join(_MEANING[kind] for kind in form)})" if form else count


def _operand(program: NeuronProgram, number: int, kind: str, operand: str | int) -> str | None:
    if kind in "nj":
        return _place(program, number, kind, operand)
    if isinstance(operand, bool) or not isinstance(operand, str | int):
        return f"operand {operand!r}, must be a name or a whole number"
    if isinstance(operand, int):
        if kind == "r":
            return f"result {operand}, must be a register or a temporary"
        fits = program.low <= operand <= program.high
        return None if fits else f"number {operand} is outside {program.low}..{program.high}, {program.bits} bits"
    if operand not in program.names:
        return f"unknown register '{operand}'{nearest(operand, program.names)}"
    if kind == "r" and operand in program.parameters:
        return f"parameter '{operand}' is read only"
    return None


def _place(program: NeuronProgram, number: int, kind: str, operand: str | int) -> str | None:
    """Return what is wrong with a number of places or with the target of a jump, or None."""
    if isinstance(operand, bool) or not isinstance(operand, int):
        return f"{_MEANING[kind]} '{operand}', must be a whole number"
    if kind == "n":
        fits = 0 <= operand < program.bits
        return None if fits else f"{operand} places, must be 0..{program.bits - 1}"
    if operand <= number:
        return f"jumps back to instruction {operand}; programs only run forward"
    length = len(program.code)
    return f"jumps to instruction {operand}, the program ends at {length}" if operand > length else None


def _text(instruction: Instruction) -> str:
    return " ".join(map(str, instruction))


# ---- the form as text ----------------------------------------------------------------------------------------


def _read(program: str, lines: list[str]) -> tuple[list[list[str]], dict[str, int]]:
    """Split lines into words and collect labels, with the number of the instruction that follows each."""
    code: list[list[str]] = []
    labels: dict[str, int] = {}
    for line in lines:
        label, colon, rest = line.partition(":")
        if colon:
            if label.strip() in labels:
                raise NeurosimError(f"program {program}: label '{label.strip()}' stands twice")
            labels[label.strip()] = len(code)
        if words := (rest if colon else line).split():
            code.append(words)
    return code, labels


def _resolved(program: str, number: int, words: list[str], labels: dict[str, int]) -> Instruction:
    """Return an instruction with whole numbers as such and the label of a jump as the instruction it names."""
    operation, *operands = words
    values: list[str | int] = [int(word) if re.fullmatch(r"[+-]?[0-9]+", word) else word for word in operands]
    if OPERATIONS.get(operation, "").endswith("j") and values and isinstance(values[-1], str):
        if values[-1] not in labels:
            where = f"program {program}: instruction {number} '{' '.join(words)}':"
            raise NeurosimError(f"{where} {unknown('label', values[-1], labels)}")
        values[-1] = labels[values[-1]]
    return (operation, *values)
