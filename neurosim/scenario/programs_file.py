"""The scenario file of kind "programs": F18A programs, what surrounds them, and what of them is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from neurosim.cores.f18a import isa
from neurosim.document import Strict, Text, parse, refuse, validate
from neurosim.errors import FileError, nearest
from neurosim.scenario.schema import Positive, apply_change, find_scenario

KIND = "programs"
MEASURES = (
    "between labels",
    "time of opcodes",
    "latency of a word",
    "interval of words",
    "interval of turns",
    "mean power",
)

Node = Annotated[int, Field(ge=0, strict=True)]
Word = Annotated[int, Field(ge=-(1 << 17), le=isa.WORD_MASK, strict=True)]
Place = Annotated[str, Field(pattern=r"^[0-9]{1,5}\.[a-z]+$")]  # node and port, as 400.left
Opcode = Literal[isa.OPCODES]  # type: ignore[valid-type]  # a tuple of names


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class About(Strict):
    """``[scenario]``: the chip, and the constant sets to run with (none: the default one)."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    chip: str
    constants: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    engine: Literal["event"] = "event"


class BetweenLabels(Strict):
    """Time from the first opcode at one label to the first at another, in one node."""

    by: Literal["between labels"]
    node: Node | None = None
    start: Text
    end: Text
    over: Positive = 1


class OfOpcodes(Strict):
    """Time of all executions of some opcodes of a node."""

    by: Literal["time of opcodes"]
    node: Node | None = None
    opcodes: Annotated[tuple[Opcode, ...], Field(min_length=1)]
    over: Positive = 1


class Latency(Strict):
    """Time from the first word that is fed to the first one that is collected."""

    by: Literal["latency of a word"]
    over: Positive = 1


class Interval(Strict):
    """Mean time between the ``last`` words that are collected."""

    by: Literal["interval of words"]
    last: Positive


class Turns(Strict):
    """Mean time between the ``last`` executions of an opcode of a node."""

    by: Literal["interval of turns"]
    node: Node | None = None
    opcode: Opcode
    last: Positive


class Power(Strict):
    """Mean power of the nodes in use (``cores``) or of the whole chip."""

    by: Literal["mean power"]
    boundary: Literal["cores", "chip"] = "chip"


Measure = Annotated[BetweenLabels | OfOpcodes | Latency | Interval | Turns | Power, Field(discriminator="by")]


class Feed(Strict):
    """A process outside the chip that sends the words 0, 1, 2, … as fast as they are taken."""

    port: Place
    count: Positive


class Crystal(Strict):
    """A signal on pin 17 that changes at every half period: low at the start, ``edges`` changes."""

    node: Node
    hertz: Positive
    edges: Positive

    def times(self) -> list[int]:
        """Return the picoseconds of the edges."""
        half = round(1e12 / self.hertz / 2)
        return [half * (k + 1) for k in range(self.edges)]


class TimedProgram(Strict):
    """One program: its text, or that of an earlier one (``like``), with constants ``equ`` put before it.

    A text without a ``node`` line is for node 407. ``leaves`` are the words that must lie on top of its data stack at
    the end (T first), ``opcodes`` the most that a node may execute.
    """

    name: Text
    text: Text | None = None
    like: Text | None = None
    equ: dict[str, Word] = Field(default_factory=dict)
    feed: Feed | None = None
    collect: Place | None = None
    crystal: Crystal | None = None
    leaves: tuple[Word, ...] = ()
    opcodes: Positive = 50_000
    measure: Annotated[dict[str, Measure], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_a_text(self) -> TimedProgram:
        if (self.text is None) == (self.like is None):
            raise refuse("either text or like is needed")
        return self


class Changes(Strict):
    """``[chip.NAME]``: figures of the descriptor changed for this run."""

    set: dict[str, str] = Field(default_factory=dict)


class ProgramsScenario(Strict):
    """The whole file, resolved."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["programs"]
    scenario: About
    program: Annotated[tuple[TimedProgram, ...], Field(min_length=1)]
    chip: dict[str, Changes] = Field(default_factory=dict)

    def find(self, name: str) -> TimedProgram | None:
        """Return the program of that name."""
        return next((program for program in self.program if program.name == name), None)

    def text_of(self, program: TimedProgram) -> str:
        """Return the whole F18A text of a program, its constants before it on the first line, so that lines stay."""
        other = self.find(program.like) if program.like else None
        text = (other.text if other else program.text) or ""
        return "".join(f"equ {name} {value} " for name, value in program.equ.items()) + text


def load_programs(name_or_path: str | Path, changes: Sequence[tuple[str, Any]] = ()) -> ProgramsScenario:
    """Read a scenario of this kind and apply changes (dotted path, value); raises FileError or NeurosimError."""
    path = find_scenario(name_or_path)
    raw = parse(path)
    if raw.get("kind") != KIND:
        raise FileError(path, f"found {raw.get('kind', 'model')!r}, a scenario of kind '{KIND}' is needed", "kind")
    for dotted, value in changes:
        apply_change(raw, dotted, value)
    scenario = validate(ProgramsScenario, raw, path, MEASURES)
    for k, program in enumerate(scenario.program):
        where = f"program[{k}] ({program.name})"
        before = [other.name for other in scenario.program[:k] if other.text]
        if program.name in [other.name for other in scenario.program[:k]]:
            raise FileError(path, "stands twice", where)
        if program.like is not None and program.like not in before:
            raise FileError(path, f"like '{program.like}': no text of that name{nearest(program.like, before)}", where)
    return scenario
