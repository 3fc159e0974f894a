"""The shape of a chip descriptor: these classes are the file format and its documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictInt, Tag

from neurosim.chip.quantity import Confidence, Quantity, Table
from neurosim.chip.types import Name, Number
from neurosim.document import Strict, Text

Discipline = Literal["barrier", "tick", "asynchronous"]


def _which(value: Any) -> str:
    is_table = isinstance(value, Table) or (isinstance(value, dict) and "points" in value)
    return "<table>" if is_table else "<quantity>"


Figure = Annotated[Annotated[Quantity, Tag("<quantity>")] | Annotated[Table, Tag("<table>")], Discriminator(_which)]
Quantities = dict[Name, Quantity]


class Identity(Strict):
    """``[chip]``: what it is called, how it keeps time, and which core kind computes in it.

    ``discipline``: barrier (a step ends when all is quiet), tick (a fixed clock) or asynchronous (no step).
    ``core_kind`` names the code of the cores; ``default_constants`` one of the constant sets.
    """

    name: Name
    title: Text
    maker: Text
    year: StrictInt
    summary: Text
    discipline: Discipline
    core_kind: Name
    default_constants: Name


class Geometry(Strict):
    """``[geometry]``: a mesh of ``columns`` by ``rows`` tiles with ``cores_per_tile`` cores each."""

    columns: Quantity
    rows: Quantity
    cores_per_tile: Quantity


class Io(Strict):
    """``[io]``: the tiles, as [column, row], at which packets from and to the outside enter the mesh."""

    ports: Annotated[tuple[tuple[StrictInt, StrictInt], ...], Field(min_length=1)]
    source: Text
    confidence: Confidence
    note: Text | None = None


class StatedError(Strict):
    """How far the authors of a constant set say it is off, as fractions of the energy and of the latency."""

    energy: Annotated[Number, Field(ge=0)]
    latency: Annotated[Number, Field(ge=0)]
    source: Text
    note: Text | None = None


class Constants(Strict):
    """``[constants.<set>]``: one consistent set of energies and times per operation, and of flow control.

    ``flow.buffer_depth`` is in packets per link, 0 meaning unbounded.
    """

    title: Text
    summary: Text
    stated_error: StatedError | None = None
    energy: Quantities
    time: dict[Name, Figure]
    flow: Quantities


class Fidelity(Strict):
    """``[fidelity]``: what the simulator does exactly, approximately, and not at all for this chip."""

    exact: tuple[Text, ...]
    approximate: tuple[Text, ...]
    unsupported: tuple[Text, ...]


class Contradiction(Strict):
    """``[[contradiction]]``: a point on which the sources disagree, and what the descriptor does about it."""

    topic: Text
    detail: Text


class Document(Strict):
    """A whole descriptor; the names inside limits, arithmetic, energy, … are the core kind's Vocabulary."""

    schema_version: Literal[1] = Field(alias="schema")
    chip: Identity
    sources: dict[Text, Text]
    geometry: Geometry
    facts: Quantities = Field(default_factory=dict)
    limits: Quantities
    arithmetic: Quantities
    io: Io
    constants: Annotated[dict[Name, Constants], Field(min_length=1)]
    power: Quantities
    host: Quantities
    fidelity: Fidelity
    contradictions: tuple[Contradiction, ...] = Field(default=(), alias="contradiction")
