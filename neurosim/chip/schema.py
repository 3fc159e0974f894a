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
Tile = tuple[StrictInt, StrictInt]

DEFAULT_SOURCE = {"default": "holds where a descriptor says nothing"}
ONE_CHIP = Quantity(
    value=1, unit="chip", source="default", confidence="estimated", note="one chip unless more are asked for"
)


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


class Tiles(Strict):
    """Some tiles of one chip, as [column, row]."""

    tiles: Annotated[tuple[Tile, ...], Field(min_length=1)]
    source: Text
    confidence: Confidence
    note: Text | None = None


class OneTile(Strict):
    """One tile of a chip, as [column, row]."""

    tile: Tile
    source: Text
    confidence: Confidence
    note: Text | None = None


class Geometry(Strict):
    """``[geometry]``: one chip is a mesh of ``columns`` by ``rows`` tiles with ``cores_per_tile`` cores each.

    ``chip_columns`` by ``chip_rows`` identical chips may be tiled into one larger mesh. ``absent`` tiles are places
    of the mesh that hold no cores; the last ``reserved_cores_per_chip`` cores of each chip are kept for the system;
    ``event_router`` is the tile of a router that all spikes pass. Places are those of one chip.
    """

    columns: Quantity
    rows: Quantity
    cores_per_tile: Quantity
    chip_columns: Quantity = ONE_CHIP
    chip_rows: Quantity = ONE_CHIP
    reserved_cores_per_chip: Quantity | None = None
    absent: Tiles | None = None
    event_router: OneTile | None = None

    def figures(self) -> dict[str, Quantity]:
        """Return the figures by name, without the places."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: figure for name, figure in found.items() if isinstance(figure, Quantity)}


class Clock(Strict):
    """``[clock]``: the fixed ``tick`` at which the steps of a chip of discipline tick start."""

    tick: Quantity


class Operating(Strict):
    """``[operating]``: the supply ``voltage`` that holds; a range is what the chip works with.

    Energies of the constant sets and static powers are stated at ``reference_voltage``. At another supply dynamic
    energies go with (voltage / reference)^``energy_exponent``, static powers with ``static_exponent``. Times go with
    ``time_factor``, a plain number over the supply in volts (asynchronous chips only); without one they stay.
    """

    reference_voltage: Quantity
    voltage: Quantity
    energy_exponent: Quantity
    static_exponent: Quantity
    time_factor: Table | None = None

    def figures(self) -> dict[str, Quantity | Table]:
        """Return the figures that are there, by name."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: figure for name, figure in found.items() if figure is not None}


class PerformanceLevel(Strict):
    """``[level.<name>]``: a supply and a clock between which cores switch, with what was measured there."""

    voltage: Quantity
    clock: Quantity
    energy: Quantities
    power: Quantities


class Io(Strict):
    """``[io]``: the tiles, as [column, row], at which packets from and to the outside enter the mesh.

    In a tiling of several chips they are tiles of the first chip, the one at column 0 and row 0.
    """

    ports: Annotated[tuple[Tile, ...], Field(min_length=1)]
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

    ``flow.buffer_depth`` is in packets per link, 0 meaning unbounded. ``cycles`` are clock cycles per operation
    of cores that run programs. ``power`` holds figures of ``[power]`` that are different in this set.
    """

    title: Text
    summary: Text
    stated_error: StatedError | None = None
    energy: Quantities
    time: dict[Name, Figure]
    flow: Quantities
    cycles: Quantities = Field(default_factory=dict)
    power: Quantities = Field(default_factory=dict)


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
    """A whole descriptor; the names inside limits, arithmetic, energy, … are the core kind's Vocabulary.

    ``clock`` is there exactly when the discipline is tick, ``level`` exactly when the core kind has levels, the
    slowest first. ``host`` holds times and energies of any name.
    """

    schema_version: Literal[1] = Field(alias="schema")
    chip: Identity
    sources: dict[Text, Text]
    geometry: Geometry
    clock: Clock | None = None
    operating: Operating | None = None
    facts: Quantities = Field(default_factory=dict)
    limits: Quantities
    arithmetic: Quantities
    io: Io
    constants: Annotated[dict[Name, Constants], Field(min_length=1)]
    level: dict[Name, PerformanceLevel] = Field(default_factory=dict)
    power: Quantities
    host: Quantities = Field(default_factory=dict)
    fidelity: Fidelity
    contradictions: tuple[Contradiction, ...] = Field(default=(), alias="contradiction")
