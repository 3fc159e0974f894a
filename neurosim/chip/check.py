"""What a descriptor must satisfy beyond its shape: the vocabulary, its sources, its discipline, its levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from neurosim.chip.check_geometry import geometry_problems
from neurosim.chip.level import scale_of, time_factor_of
from neurosim.chip.quantity import Quantity, Table, plain
from neurosim.chip.schema import ONE_CHIP, Document
from neurosim.chip.unit import units_of
from neurosim.chip.vocabulary import Vocabulary
from neurosim.errors import nearest

Problem = tuple[str, str]  # dotted field, what is wrong with it
Figures = Mapping[str, Quantity | Table]
Names = Mapping[str, str]  # name to dimension

_UNIT_DIMENSION = {"signed": "count", "number": "count"}


def figures(document: Document) -> dict[str, Quantity | Table]:
    """Return every figure of a descriptor under its full dotted path, in the order of the file format."""
    flat: dict[str, Quantity | Table] = {}
    for section, found in _sections(document):
        flat |= {f"{section}.{name}": figure for name, figure in found.items()}
    return flat


def _sections(document: Document) -> Iterator[tuple[str, Figures]]:
    yield "geometry", document.geometry.figures()
    if document.clock:
        yield "clock", {"tick": document.clock.tick}
    if document.operating:
        yield "operating", document.operating.figures()
    yield "facts", document.facts
    yield "limits", document.limits
    yield "arithmetic", document.arithmetic
    for name, constants in document.constants.items():
        for kind in ("energy", "time", "flow", "cycles", "power"):
            yield f"constants.{name}.{kind}", getattr(constants, kind)
    for name, level in document.level.items():
        yield f"level.{name}", {"voltage": level.voltage, "clock": level.clock}
        yield f"level.{name}.energy", level.energy
        yield f"level.{name}.power", level.power
    yield "power", document.power
    yield "host", document.host


def problems(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield everything that is wrong with a document of the right shape, as (dotted field, problem)."""
    yield from _clock(document)
    yield from _levels(document, vocabulary)
    needed, optional = _needed(document, vocabulary), _optional(document, vocabulary)
    for section, found in _sections(document):
        kind = _kind(section)
        if kind in needed or kind in optional:
            yield from _names_and_dimensions(section, found, needed.get(kind, {}), optional.get(kind, {}))
    yield from _host(document)
    yield from _unknown_sources(document)
    yield from _default_set(document)
    yield from _slowest_first(document)
    yield from _not_positive(document)
    yield from geometry_problems(document)


def _kind(section: str) -> str:
    """A section without the name of its set or level: ``level.low.energy`` becomes ``level.energy``."""
    first, *rest = section.split(".")
    return ".".join([first, *rest[1:]])


def _needed(document: Document, vocabulary: Vocabulary) -> dict[str, Names]:
    """Name to dimension of what must stand in each kind of section."""
    exponents = dict.fromkeys(("energy_exponent", "static_exponent"), "number")
    return {
        "geometry": dict.fromkeys(document.geometry.figures(), "count"),
        "clock": {"tick": "time"},
        "operating": dict.fromkeys(("reference_voltage", "voltage"), "voltage") | exponents,
        "limits": vocabulary.limits,
        "arithmetic": vocabulary.arithmetic,
        "constants.energy": dict.fromkeys(vocabulary.energy, "energy"),
        "constants.time": dict.fromkeys(vocabulary.time, "time"),
        "constants.flow": vocabulary.flow,
        "constants.cycles": dict.fromkeys(vocabulary.cycles, "count"),
        "level": {"voltage": "voltage", "clock": "rate"},
        "level.energy": dict.fromkeys(vocabulary.level_energy, "energy"),
        "level.power": dict.fromkeys(vocabulary.level_power, "power"),
        "power": dict.fromkeys(vocabulary.power, "power"),
    }


def _optional(document: Document, vocabulary: Vocabulary) -> dict[str, Names]:
    """Name to dimension of what may stand in each kind of section: a set may restate only what [power] has."""
    return {
        "operating": {"time_factor": "number"},
        "power": dict.fromkeys(vocabulary.power_optional, "power"),
        "constants.power": dict.fromkeys(document.power, "power"),
    }


def _names_and_dimensions(section: str, found: Figures, needed: Names, optional: Names) -> Iterator[Problem]:
    known = {**needed, **optional}
    for name in found:
        if name not in known:
            yield f"{section}.{name}", f"unknown key{nearest(name, known)}"
    for name, dimension in sorted(known.items()):
        if name in found:
            if problem := _dimension(found[name], dimension):
                yield f"{section}.{name}", problem
        elif name in needed:
            yield f"{section}.{name}", f"missing, needs a figure of dimension {dimension}"


def _dimension(figure: Quantity | Table, wanted: str) -> str | None:
    dimension = _UNIT_DIMENSION.get(wanted, wanted)
    if figure.dimension != dimension:
        return f"found {figure}, which is {figure.dimension}; needs {dimension} ({units_of(dimension)})"
    if wanted == "number":
        return None if figure.unit == "1" else f"found {figure}, must be a plain number (unit 1)"
    if dimension == "count" and isinstance(figure, Quantity):
        if figure.value != int(figure.value):
            return f"found {figure}, must be a whole number"
        if wanted == "count" and figure.value < 0:
            return f"found {figure}, must not be negative"
    return None


def _host(document: Document) -> Iterator[Problem]:
    for name, figure in document.host.items():
        if figure.dimension not in ("time", "energy"):
            yield f"host.{name}", f"found {figure}, which is {figure.dimension}; needs time or energy"


def _unknown_sources(document: Document) -> Iterator[Problem]:
    cited = {f"{path}.source": figure.source for path, figure in figures(document).items() if figure != ONE_CHIP}
    cited["io.source"] = document.io.source
    for name, place in (("absent", document.geometry.absent), ("event_router", document.geometry.event_router)):
        if place:
            cited[f"geometry.{name}.source"] = place.source
    for name, constants in document.constants.items():
        if constants.stated_error:
            cited[f"constants.{name}.stated_error.source"] = constants.stated_error.source
    for path, text in cited.items():
        for key in text.split("; "):
            if key not in document.sources:
                yield path, f"found '{key}', which [sources] does not have{nearest(key, document.sources)}"


def _default_set(document: Document) -> Iterator[Problem]:
    name = document.chip.default_constants
    if name not in document.constants:
        yield "chip.default_constants", f"unknown constant set '{name}'{nearest(name, document.constants)}"


def _clock(document: Document) -> Iterator[Problem]:
    discipline = document.chip.discipline
    if discipline == "tick" and not document.clock:
        yield "clock", "missing, a chip of discipline tick needs clock.tick"
    if discipline != "tick" and document.clock:
        yield "clock", f"found clock.tick, but a chip of discipline {discipline} has no tick"
    if document.operating and document.operating.time_factor and discipline != "asynchronous":
        yield "operating.time_factor", f"found, but the times of a chip of discipline {discipline} keep to its clock"


def _levels(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    kind = document.chip.core_kind
    if vocabulary.has_levels and not document.level:
        yield "level", f"missing, core kind {kind} needs at least one performance level"
    if document.level and not vocabulary.has_levels:
        yield "level", f"found {', '.join(document.level)}, but core kind {kind} has no performance levels"


def _slowest_first(document: Document) -> Iterator[Problem]:
    for (_, slow), (name, fast) in pairwise(document.level.items()):
        if fast.clock.si < slow.clock.si:
            yield f"level.{name}.clock", f"found {fast.clock} after {slow.clock}, the slowest level must come first"


def _not_positive(document: Document) -> Iterator[Problem]:
    names = ("clock.tick", "operating.voltage", "operating.reference_voltage")
    places = {*names, *(f"level.{name}.{part}" for name in document.level for part in ("voltage", "clock"))}
    for path, figure in figures(document).items():
        if path in places and isinstance(figure, Quantity) and figure.value <= 0:
            yield path, f"found {figure}, must be greater than 0"
            return
    yield from _too_large(document)
    yield from _too_fast(document)
    if document.clock and document.clock.tick.dimension == "time" and not document.clock.tick.picoseconds():
        yield "clock.tick", f"found {document.clock.tick}, must be at least 1 ps"


def _too_fast(document: Document) -> Iterator[Problem]:
    for name, level in document.level.items():
        if level.clock.dimension == "rate" and level.clock.si > 1e12:
            yield f"level.{name}.clock", f"found {level.clock}, must not exceed 1e12 per second, one per picosecond"


def _too_large(document: Document) -> Iterator[Problem]:
    try:
        scale_of(document.operating)
    except OverflowError:
        yield "operating", "found an exponent that takes the voltage beyond all bounds"
    factor = time_factor_of(document.operating)
    if factor <= 0:
        yield "operating.time_factor", f"found {plain(factor)} at the supply, must be greater than 0"
