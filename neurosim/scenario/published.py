"""Published points of a chip, as files ``scenarios/validation/NAME.toml``: what was measured, and how to predict it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from neurosim.api import load_chip
from neurosim.chip import Chip, Quantity
from neurosim.document import Strict, Text, parse, refuse, validate
from neurosim.errors import FileError, nearest, unknown
from neurosim.paths import data_dir
from neurosim.scenario.characterisation_file import Load
from neurosim.scenario.programs_file import load_programs
from neurosim.scenario.schema import Positive

_EMBEDDED = ("embedded_clocks", "embedded_running")


class ByCharacterisation(Strict):
    """Predicted by a characterisation: the power of the chip, or all power over all synaptic events."""

    by: Literal["characterisation"]
    measure: Literal["power", "energy per synaptic event"] = "power"
    load: Load


class ByOperation(Strict):
    """Predicted as ``times`` the cost of one operation, a difference of two scenarios; ``level`` where there are any.

    ``rate`` is how many go into a second.
    """

    by: Literal["operation"]
    operation: Text
    measure: Literal["energy", "time", "rate"]
    tiles: Positive = 1
    level: str | None = None
    times: Positive = 1


class ByPowerState(Strict):
    """Predicted by scenarios with ``cores`` in use on ``chips``; ``parts`` says what of it the figure includes."""

    by: Literal["power state"]
    cores: Annotated[int, Field(ge=0, strict=True)]
    chips: Positive = 1
    work: Literal["none", "all of the tick"] = "none"
    level: str | None = None
    parts: tuple[Literal["chip", "cores", "embedded_clocks", "embedded_running"], ...] = ("chip", "cores")


class ByProgram(Strict):
    """Predicted by a measure of one F18A program of a scenario of kind "programs"."""

    by: Literal["program"]
    scenario: Text
    program: Text
    measure: Text


WAYS = ("characterisation", "operation", "power state", "program")
Prediction = Annotated[ByCharacterisation | ByOperation | ByPowerState | ByProgram, Field(discriminator="by")]


class Point(Strict):
    """One published figure. Without ``predict`` it cannot be predicted, and ``note`` says why.

    ``constants`` are the sets to predict with (none: the file's), ``fitted`` those whose constants were fitted on
    this very point or are this very figure. With ``bound`` the prediction leaves something out and can only say that
    the figure must be at least, or at most, so much. ``set`` changes figures of the descriptor.
    """

    quantity: Text
    condition: str = ""
    published: Quantity
    predict: Prediction | None = None
    constants: tuple[str, ...] = ()
    fitted: tuple[str, ...] = ()
    bound: Literal["at least", "at most"] | None = None
    set: dict[str, str] = Field(default_factory=dict)
    note: Text | None = None

    @model_validator(mode="after")
    def _says_why_not(self) -> Point:
        if self.predict is None and not self.note:
            raise refuse("without predict a note is needed that says why")
        return self


class PublishedFile(Strict):
    """A whole file: ``constants`` and ``set`` hold for every point, ``notes`` stand under the table."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    chip: str
    constants: tuple[str, ...] = ()
    set: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    point: Annotated[tuple[Point, ...], Field(min_length=1)]


def list_published() -> list[str]:
    """Return the names of the chips with published points, sorted."""
    return sorted(path.stem for path in (data_dir("scenarios") / "validation").glob("*.toml"))


def load_published(name: str) -> tuple[PublishedFile, Chip]:
    """Read the published points of a chip, and the chip; raises NeurosimError for an unknown name or set or source."""
    if name not in list_published():
        raise unknown("chip with published points", name, list_published())
    return read_published(data_dir("scenarios") / "validation" / f"{name}.toml")


def read_published(path: Path) -> tuple[PublishedFile, Chip]:
    """Read a file of published points and its chip; raises FileError naming file, field, value, nearest spelling."""
    document = validate(PublishedFile, parse(path), path, WAYS)
    chip = load_chip(document.chip)
    for k, point in enumerate(document.point):
        where = f"point[{k}] ({point.quantity})"
        for key in point.published.sources:
            if key not in chip.sources:
                raise FileError(path, f"source '{key}' not in the descriptor{nearest(key, chip.sources)}", where)
        for name in (*point.constants, *point.fitted, *document.constants):
            if name not in chip.constant_sets:
                raise FileError(path, f"unknown constant set '{name}'{nearest(name, chip.constant_sets)}", where)
        for part in point.predict.parts if isinstance(point.predict, ByPowerState) else ():
            if part in _EMBEDDED and part not in chip.power:
                raise FileError(path, f"part '{part}': the descriptor has no power.{part}", where)
        if isinstance(point.predict, ByProgram):
            _check_program(path, where, point.predict, chip)
    return document, chip


def _check_program(path: Path, where: str, how: ByProgram, chip: Chip) -> None:
    """Raise FileError unless the scenario is one of this chip and has the program and the measure."""
    scenario = load_programs(how.scenario)
    if scenario.scenario.chip != chip.name:
        raise FileError(path, f"scenario {how.scenario} is one of chip {scenario.scenario.chip}", where)
    program = scenario.find(how.program)
    if program is None:
        names = [each.name for each in scenario.program]
        raise FileError(path, f"no program '{how.program}' in {how.scenario}{nearest(how.program, names)}", where)
    if how.measure not in program.measure:
        hint = nearest(how.measure, program.measure)
        raise FileError(path, f"program '{how.program}' has no measure '{how.measure}'{hint}", where)
