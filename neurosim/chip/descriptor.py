"""Chip: what the silicon is, read from a descriptor; every figure with unit, source and confidence."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from neurosim.chip.check import figures, problems
from neurosim.chip.constant_set import ConstantSet, constant_sets_of
from neurosim.chip.layout import cores_per_chip, usable_cores
from neurosim.chip.level import Level, Scale, levels_of, scale_of, time_factor_of
from neurosim.chip.overrides import overridden
from neurosim.chip.quantity import Quantity, Table
from neurosim.chip.schema import ONE_CHIP, Contradiction, Document, Fidelity, Io
from neurosim.chip.vocabulary import Vocabulary
from neurosim.document import validate
from neurosim.errors import FileError, NeurosimError, unknown


@dataclass(frozen=True)
class Chip:
    """A chip as its descriptor tells it, checked against the vocabulary of its core kind.

    ``path`` is the file; ``digest`` the SHA-256 (hex) of its bytes, or of those and the overrides;
    ``overrides`` lists (full dotted path, value given) for figures that a person has changed.
    Two chips with one digest are equal in every figure.
    """

    document: Document
    vocabulary: Vocabulary = field(repr=False)
    path: str
    digest: str
    overrides: tuple[tuple[str, str], ...] = ()

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def name(self) -> str:
        """Short name, such as ``loihi``."""
        return self.document.chip.name

    @property
    def title(self) -> str:
        """Full name."""
        return self.document.chip.title

    @property
    def maker(self) -> str:
        """Who made it."""
        return self.document.chip.maker

    @property
    def year(self) -> int:
        """Year of publication."""
        return self.document.chip.year

    @property
    def summary(self) -> str:
        """What it is, in a sentence or two."""
        return self.document.chip.summary

    @property
    def discipline(self) -> str:
        """How it keeps time: barrier, tick or asynchronous."""
        return self.document.chip.discipline

    @property
    def core_kind(self) -> str:
        """Name of the code of its cores."""
        return self.document.chip.core_kind

    @property
    def default_constants(self) -> str:
        """Name of the constant set that holds unless another is asked for."""
        return self.document.chip.default_constants

    @property
    def columns_per_chip(self) -> int:
        """Tiles of one chip from west to east."""
        return self.document.geometry.columns.whole()

    @property
    def rows_per_chip(self) -> int:
        """Tiles of one chip from north to south."""
        return self.document.geometry.rows.whole()

    @property
    def chip_columns(self) -> int:
        """Chips from west to east."""
        return self.document.geometry.chip_columns.whole()

    @property
    def chip_rows(self) -> int:
        """Chips from north to south."""
        return self.document.geometry.chip_rows.whole()

    @property
    def n_chips(self) -> int:
        """Identical chips that are tiled into one mesh; 1 unless the descriptor or an override says more."""
        return self.chip_columns * self.chip_rows

    @property
    def columns(self) -> int:
        """Tiles from west to east, over all chips."""
        return self.columns_per_chip * self.chip_columns

    @property
    def rows(self) -> int:
        """Tiles from north to south, over all chips."""
        return self.rows_per_chip * self.chip_rows

    @property
    def cores_per_tile(self) -> int:
        """Cores that share one router."""
        return self.document.geometry.cores_per_tile.whole()

    @property
    def n_cores(self) -> int:
        """Places for cores, over all chips and with absent tiles: every physical id is below this."""
        return self.columns * self.rows * self.cores_per_tile

    @property
    def n_existing_cores(self) -> int:
        """Cores that exist, over all chips, those that the system keeps for itself included."""
        return cores_per_chip(self.document.geometry) * self.n_chips

    @cached_property
    def usable_cores(self) -> tuple[int, ...]:
        """Physical ids, ascending, of the cores that exist and that the system does not keep for itself.

        A core's id is tile * cores_per_tile + slot, a tile's row * columns + column over the whole tiling.
        """
        return usable_cores(self.document.geometry)

    @property
    def event_router(self) -> tuple[int, int] | None:
        """Column and row, on each chip, of the tile of a router that all spikes pass; None where there is none."""
        router = self.document.geometry.event_router
        return router.tile if router else None

    @property
    def geometry(self) -> Mapping[str, Quantity]:
        """Columns, rows, cores per tile and what else the descriptor counts, each with its source."""
        return {name: figure for name, figure in self.document.geometry.figures().items() if figure != ONE_CHIP}

    @property
    def tick(self) -> int:
        """The tick in picoseconds; raises NeurosimError where the discipline knows none."""
        if self.document.clock is None:
            raise NeurosimError(f"chip {self.name} has no tick: its discipline is {self.discipline}")
        return self.document.clock.tick.picoseconds()

    @property
    def scale(self) -> Scale:
        """Factors on dynamic energies and static powers at the supply that holds, 1.0 where none is stated."""
        return scale_of(self.document.operating)

    @property
    def time_factor(self) -> float:
        """Factor on all times at the supply that holds, 1.0 where none is stated."""
        return time_factor_of(self.document.operating)

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """Performance levels by name, the slowest first; empty for core kinds without."""
        return levels_of(self.document.level)

    @property
    def facts(self) -> Mapping[str, Quantity]:
        """Figures that describe the chip and that no computation needs."""
        return self.document.facts

    @property
    def limits(self) -> Mapping[str, Quantity]:
        """Capacities of one core, by name."""
        return self.document.limits

    @property
    def arithmetic(self) -> Mapping[str, Quantity]:
        """Widths and offsets of the integer arithmetic, by name."""
        return self.document.arithmetic

    @property
    def power(self) -> Mapping[str, Quantity]:
        """Powers that do not depend on activity, by name."""
        return self.document.power

    @property
    def host(self) -> Mapping[str, Quantity]:
        """What the host adds, by name."""
        return self.document.host

    @property
    def io(self) -> Io:
        """Tiles at which packets enter and leave, with the source of that."""
        return self.document.io

    @property
    def sources(self) -> Mapping[str, str]:
        """Source key to full text."""
        return self.document.sources

    @property
    def fidelity(self) -> Fidelity:
        """What is simulated exactly, approximately and not at all."""
        return self.document.fidelity

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """Points on which the sources disagree."""
        return self.document.contradictions

    def limit(self, name: str) -> int:
        """Return a capacity as an integer; raises NeurosimError with the nearest spelling."""
        if name not in self.limits:
            raise unknown(f"limit of chip {self.name}:", name, self.limits)
        return self.limits[name].whole()

    def width(self, name: str) -> int:
        """Return a figure of the arithmetic as an integer; raises NeurosimError with nearest spelling."""
        if name not in self.arithmetic:
            raise unknown(f"arithmetic of chip {self.name}:", name, self.arithmetic)
        return self.arithmetic[name].whole()

    @cached_property
    def constant_sets(self) -> Mapping[str, ConstantSet]:
        """Every constant set by name, in the order of the file."""
        return constant_sets_of(self.document)

    def constants(self, name: str | None = None) -> ConstantSet:
        """Return the set of that name, or the default one; raises NeurosimError with the nearest spelling."""
        wanted = self.default_constants if name is None else name
        if wanted not in self.constant_sets:
            raise unknown(f"constant set of chip {self.name}:", wanted, self.constant_sets)
        return self.constant_sets[wanted]

    def find(self, path: str) -> list[tuple[str, Quantity | Table]]:
        """Return (full dotted path, figure) for a dotted path.

        A full path (``limits.compartments``, ``constants.<set>.energy.<name>``, ``level.<level>.energy.<name>``)
        gives one figure; without ``constants.<set>.`` it gives the figure of every set. Raises NeurosimError with
        the nearest spelling.
        """
        known = figures(self.document)
        found = [(full, figure) for full, figure in known.items() if path in (full, _in_every_set(full))]
        if not found:
            raise _unknown_path(self.name, path, known)
        return found

    def with_overrides(self, changes: Mapping[str, str]) -> Chip:
        """Return the chip with figures changed by a person: dotted path to new value, such as ``"30 pJ"``.

        Without a unit the figure's own unit holds. Paths are those of ``find``: one without a set changes
        every set, and yields to one with a set. The new figure is estimated, has the source ``override`` and
        no range; a Table becomes one value. ``operating.voltage`` keeps its range. Raises NeurosimError for an
        unknown path, what is not a number, a wrong unit, or a supply outside its range.
        """
        if not changes:
            return self
        raw, digest, done = self.document.model_dump(by_alias=True, exclude_none=True), self.digest, {}
        for path in sorted(changes, key=lambda p: (p.startswith("constants."), p)):  # one set after all sets
            text = changes[path]
            matches = self.find(path)
            for full, figure in matches:
                _replace(raw, full, overridden(full, figure, text, [f for _, f in matches]))
                done[full] = text
        for full, text in sorted(done.items()):
            digest = hashlib.sha256(f"{digest}\n{full}={text}".encode()).hexdigest()
        raw["sources"].setdefault("override", "a value given by the person who ran the simulator")
        try:
            document = build_document(raw, self.path, self.vocabulary)
        except FileError as error:
            raise NeurosimError(f"override {error.field}: {error.problem}") from None
        return Chip(document, self.vocabulary, self.path, digest, (*self.overrides, *sorted(done.items())))

    def tiled(self, chip_columns: int, chip_rows: int) -> Chip:
        """Return a mesh of this many identical chips; raises NeurosimError unless both are at least 1."""
        wanted = {"chip_columns": chip_columns, "chip_rows": chip_rows}
        now = {name: getattr(self, name) for name in wanted}
        return self.with_overrides({f"geometry.{k}": str(n) for k, n in wanted.items() if n != now[k]})


def build_document(raw: dict[str, Any], path: str, vocabulary: Vocabulary | None) -> Document:
    """Check a parsed descriptor and return its frozen form; without a vocabulary only its shape is checked.

    Raises FileError that names file, field, value found and nearest spelling, for the first problem.
    """
    document = validate(Document, raw, path)
    found = list(problems(document, vocabulary)) if vocabulary else []
    if found:
        where, problem = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise FileError(path, problem + more, where)
    return document


def _in_every_set(full: str) -> str:
    """A path without its constant set: ``constants.a.energy.b`` becomes ``energy.b``."""
    parts = full.split(".")
    return ".".join(parts[2:]) if parts[0] == "constants" else full


def _unknown_path(chip: str, path: str, known: Mapping[str, Any]) -> NeurosimError:
    short = dict.fromkeys(_in_every_set(full) for full in known)
    close = difflib.get_close_matches(path, [*short, *known], n=1, cutoff=0.6)
    sections = dict.fromkeys(name.partition(".")[0] for name in short)
    inside = [name for name in short if name.startswith(path.partition(".")[0] + ".")]
    hint = f", did you mean '{close[0]}'?" if close else f" (known: {', '.join(inside or sections)})"
    return NeurosimError(f"unknown figure of chip {chip}: '{path}'{hint}")


def _replace(raw: dict[str, Any], full: str, figure: dict[str, Any]) -> None:
    *parents, last = full.split(".")
    for part in parents:
        raw = raw[part]
    raw[last] = figure
