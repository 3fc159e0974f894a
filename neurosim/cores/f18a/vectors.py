"""Test vectors for F18A processors: JSON files with states before and after, read strictly and run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from neurosim.chip import Chip
from neurosim.cores.f18a import isa
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import LATEST, Array
from neurosim.cores.f18a.node import run_node
from neurosim.cores.f18a.options import Options
from neurosim.cores.f18a.program import NodeProgram, NodeState, load_node, node_state
from neurosim.cores.f18a.registers import empty_state
from neurosim.cores.f18a.result import ArrayResult
from neurosim.document import Exact, Strict, Text, validate
from neurosim.errors import FileError, NeurosimError

LARGEST = 64 * 1024 * 1024  # bytes of a file
MOST_STEPS = 10_000_000
RunArray = Callable[..., ArrayResult]
WordValue = Annotated[int, Field(ge=0, le=isa.WORD_MASK)]


class Init(Exact):
    """State before: ``d`` is T, S and the ring from its top, ``r`` R and its ring, ``ram`` 64 words in hex."""

    p: Annotated[int, Field(ge=0, le=isa.P_MASK)]
    a: WordValue
    b: Annotated[int, Field(ge=0, le=isa.ADDRESS_MASK)]
    carry: Annotated[int, Field(ge=0, le=1)] = 0
    d: Annotated[list[WordValue], Field(min_length=10, max_length=10)]
    r: Annotated[list[WordValue], Field(min_length=9, max_length=9)]
    ram: str


class Final(Exact):
    """State after; what is left out is not compared. ``ram_diff`` goes from address to word, both in hex."""

    p: int | None = None
    i: int | None = None
    slot: int | None = None
    a: int | None = None
    b: int | None = None
    carry: int | None = None
    d: list[int] | None = None
    r: list[int] | None = None
    ram_diff: dict[str, str] = Field(default_factory=dict)


class Single(Exact):
    """One node that executes ``steps`` opcodes."""

    id: Text
    steps: Annotated[int, Field(ge=0, le=MOST_STEPS)]
    rom: Text | None = None
    init: Init
    final: Final
    opcounts: dict[str, int] | None = None
    word_fetches: int | None = None
    cat: str | None = None
    desc: str | None = None
    program_words: int | None = None
    hazard_free: bool | None = None


class Member(Exact):
    """A node of a multi vector and the number of opcodes that it executes."""

    coord: Annotated[int, Field(ge=0, le=10_000)]
    opcodes: int | None = None
    init: Init
    final: Final


class Multi(Exact):
    """Neighbouring nodes that run until all wait for instructions."""

    id: Text
    nodes: Annotated[list[Member], Field(min_length=1)]


class VectorFile(Strict):
    """A file of vectors: ROM images by name, vectors of one node, and of several."""

    format: Literal[1]
    about: Any = None
    roms: dict[str, str] = Field(default_factory=dict)
    single: list[Single] = Field(default_factory=list)
    multi: list[Multi] = Field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What a file of vectors showed: how many passed, and of each that failed the first difference."""

    passed: int
    failures: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"passed": self.passed, "failed": len(self.failures), "failures": list(self.failures)}


def read_vectors(path: Path) -> VectorFile:
    """Read a file of vectors; raises FileError that names the field and the value found."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be read").lower()) from None
    if len(content) > LARGEST:
        raise FileError(path, f"{len(content)} bytes, at most {LARGEST} are read")
    try:
        raw = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"not JSON: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(raw, dict):
        raise FileError(path, f"found {type(raw).__name__}, must be an object with format, roms, single and multi")
    return validate(VectorFile, raw, path)


def run_vectors(path: Path, chip: Chip, run_array: RunArray, options: Options | None = None) -> Verdict:
    """Run every vector of a file; ``run_array`` is an engine's function. Raises FileError for what is malformed."""
    found = read_vectors(path)
    chosen = options or Options()
    roms = {name: _hex_words(path, f"roms.{name}", text) for name, text in found.roms.items()}
    failures: dict[str, str] = {}
    for k, single in enumerate(found.single):
        problem = _single(path, f"single[{k}]", single, roms, chosen)
        if problem:
            failures[single.id] = problem
    for k, multi in enumerate(found.multi):
        problem = _multi(path, f"multi[{k}]", multi, chip, run_array, chosen)
        if problem:
            failures[multi.id] = problem
    return Verdict(len(found.single) + len(found.multi) - len(failures), failures)


def _hex_words(path: Path, field: str, text: str) -> tuple[int, ...]:
    words = text.split()
    if len(words) != isa.RAM_WORDS:
        raise FileError(path, f"found {len(words)} words, must be {isa.RAM_WORDS}", field)
    return tuple(_hex(path, field, word, isa.WORD_MASK) for word in words)


def _hex(path: Path, field: str, text: str, largest: int) -> int:
    if not re.fullmatch(r"[0-9a-fA-F]{1,8}", text) or int(text, 16) > largest:
        raise FileError(path, f"found '{text[:20]}', must be a number in hex up to {largest:x}", field)
    return int(text, 16)


def _program(path: Path, field: str, node: int, init: Init, rom: tuple[int, ...] | None) -> NodeProgram:
    return NodeProgram(
        node,
        _hex_words(path, f"{field}.init.ram", init.ram),
        init.p,
        init.a,
        init.b,
        stack=init.d[::-1],
        returns=init.r[::-1],
        carry=init.carry,
        rom=rom,
    )


def _single(path: Path, field: str, vector: Single, roms: Mapping[str, tuple[int, ...]], options: Options) -> str:
    """Run a vector of one node; returns the first difference, nothing where there is none."""
    if vector.rom is not None and vector.rom not in roms:
        raise FileError(path, f"found '{vector.rom}', which roms does not have", f"{field}.rom")
    program = _program(path, field, 0, vector.init, roms[vector.rom] if vector.rom else None)
    state = empty_state(1)
    load_node(state, 0, program, isa.ADDRESSES["rdlu"])
    status = run_node(state.rows[0], np.zeros(reg.DURATIONS, np.int64), options.row(), vector.steps, LATEST)
    if status != reg.SPENT:
        return "stopped: it uses an I/O address, ROM that is not given, or writes to ROM"
    counts = {name: int(count) for name, count in zip(isa.OPCODES, state.opcodes[0], strict=True) if count}
    if vector.opcounts is not None and vector.opcounts != counts:
        return f"opcounts: found {counts}, expected {vector.opcounts}"
    fetched = int(state.rows[0, reg.WORDS_FETCHED])
    if vector.word_fetches is not None and vector.word_fetches != fetched:
        return f"word_fetches: found {fetched}, expected {vector.word_fetches}"
    return _differs(path, field, node_state(state, 0, 0), program.words, vector.final)


def _multi(path: Path, field: str, vector: Multi, chip: Chip, run_array: RunArray, options: Options) -> str:
    """Run a vector of several nodes; returns the first difference, nothing where there is none."""
    programs = [
        _program(path, f"{field}.nodes[{k}]", member.coord, member.init, None) for k, member in enumerate(vector.nodes)
    ]
    try:
        result = run_array(Array(chip, programs, options=options), opcodes=MOST_STEPS)
    except NeurosimError as error:
        return str(error)
    if result.ended != "idle":
        waits = "; ".join(str(wait) for wait in result.waits if wait.purpose != "instruction")
        return f"ended with {result.ended}, not with all nodes waiting for instructions: {waits}"
    for k, (member, program) in enumerate(zip(vector.nodes, programs, strict=True)):
        problem = _differs(path, f"{field}.nodes[{k}]", result.node(member.coord), program.words, member.final)
        executed = result.counts(member.coord).total
        if not problem and member.opcodes is not None and member.opcodes != executed:
            problem = f"opcodes: found {executed}, expected {member.opcodes}"
        if problem:
            return f"node {member.coord:03d}: {problem}"
    return ""


def _differs(path: Path, field: str, state: NodeState, before: Any, final: Final) -> str:
    found = {
        "p": state.p,
        "i": state.word,
        "slot": state.slot,
        "a": state.a,
        "b": state.b,
        "carry": state.carry,
        "d": list(state.stack),
        "r": list(state.returns),
    }
    for name, value in found.items():
        expected = getattr(final, name)
        if expected is not None and expected != value:
            return f"{name}: found {value}, expected {expected}"
    where = f"{field}.final.ram_diff"
    expected = {
        _hex(path, where, address, isa.RAM_WORDS - 1): _hex(path, where, word, isa.WORD_MASK)
        for address, word in final.ram_diff.items()
    }
    changed = {k: word for k, (word, old) in enumerate(zip(state.ram, before, strict=True)) if word != old}
    if changed != expected:
        shown = {f"{k:02x}": f"{word:05x}" for k, word in changed.items()}
        return f"ram_diff: found {shown}, expected {final.ram_diff}"
    return ""
