"""Small F18A programs for tests: one node, or several from a text."""

from __future__ import annotations

from functools import cache
from typing import Any

from neurosim.api import load_chip
from neurosim.chip import Chip
from neurosim.cores.f18a.array import Array
from neurosim.cores.f18a.assemble import assemble_nodes
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.program import NodeProgram
from neurosim.cores.f18a.result import ArrayResult
from neurosim.engine.compiled.array import run_array
from neurosim.engine.event.array import run_array as run_event


@cache
def ga144() -> Chip:
    return load_chip("ga144")


GRID = Grid(18, 8)


def programs(text: str) -> list[NodeProgram]:
    return [code.program() for code in assemble_nodes(text, grid=GRID, default=407)]


def array(text_or_programs: Any, **around: Any) -> Array:
    given = text_or_programs
    return Array(ga144(), programs(given) if isinstance(given, str) else given, **around)


def run(text_or_programs: Any, opcodes: int = 100_000, until: int | None = None, **around: Any) -> ArrayResult:
    """Run in the compiled engine."""
    limits = {} if until is None else {"until": until}
    return run_array(array(text_or_programs, **around), opcodes=opcodes, **limits)


def run_both(text_or_programs: Any, opcodes: int = 100_000, until: int | None = None, **around: Any) -> ArrayResult:
    """Run in both engines, which must agree in everything but their names."""
    from dataclasses import replace

    limits = {} if until is None else {"until": until}
    described = array(text_or_programs, **around)
    compiled, event = (engine(described, opcodes=opcodes, **limits) for engine in (run_array, run_event))
    assert replace(compiled, engine="event") == event
    return compiled


def traced(text: str, node: int = 407, opcodes: int = 100_000, **around: Any) -> ArrayResult:
    """Run on the event engine and record every opcode of a node."""
    return run_event(array(text, **around), opcodes=opcodes, trace=[node])
