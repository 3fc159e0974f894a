"""What a descriptor must satisfy beyond its shape: the vocabulary, its sources, its geometry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neurosim.chip.quantity import Quantity, Table
from neurosim.chip.schema import Document
from neurosim.chip.unit import units_of
from neurosim.chip.vocabulary import Vocabulary
from neurosim.errors import nearest

Problem = tuple[str, str]  # dotted field, what is wrong with it
Figures = Mapping[str, Quantity | Table]


def figures(document: Document) -> dict[str, Quantity | Table]:
    """Return every figure of a descriptor under its full dotted path, in the order of the file format."""
    flat: dict[str, Quantity | Table] = {}
    for section, found in _sections(document):
        flat |= {f"{section}.{name}": figure for name, figure in found.items()}
    return flat


def _sections(document: Document) -> Iterator[tuple[str, Figures]]:
    geometry = document.geometry
    yield "geometry", {name: getattr(geometry, name) for name in type(geometry).model_fields}
    yield "facts", document.facts
    yield "limits", document.limits
    yield "arithmetic", document.arithmetic
    for name, constants in document.constants.items():
        yield f"constants.{name}.energy", constants.energy
        yield f"constants.{name}.time", constants.time
        yield f"constants.{name}.flow", constants.flow
    yield "power", document.power
    yield "host", document.host


def problems(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield everything that is wrong with a document of the right shape, as (dotted field, problem)."""
    for section, found in _sections(document):
        yield from _names_and_dimensions(section, found, _wanted(section, vocabulary))
    yield from _unknown_sources(document)
    yield from _default_set(document)
    yield from _geometry(document)


def _wanted(section: str, vocabulary: Vocabulary) -> Mapping[str, str] | None:
    """Name to dimension for a section, or None where any name and dimension may stand."""
    kind = section.rsplit(".", maxsplit=1)[-1]
    table: dict[str, Mapping[str, str]] = {
        "geometry": dict.fromkeys(("columns", "rows", "cores_per_tile"), "count"),
        "limits": vocabulary.limits,
        "arithmetic": vocabulary.arithmetic,
        "energy": dict.fromkeys(vocabulary.energy, "energy"),
        "time": dict.fromkeys(vocabulary.time, "time"),
        "flow": vocabulary.flow,
        "power": dict.fromkeys(vocabulary.power, "power"),
        "host": vocabulary.host,
    }
    return table.get(kind)


def _names_and_dimensions(section: str, found: Figures, wanted: Mapping[str, str] | None) -> Iterator[Problem]:
    if wanted is None:
        return
    for name in found:
        if name not in wanted:
            yield f"{section}.{name}", f"unknown key{nearest(name, wanted)}"
    for name, dimension in sorted(wanted.items()):
        if name not in found:
            yield f"{section}.{name}", f"missing, needs a figure of dimension {dimension}"
        elif problem := _dimension(found[name], dimension):
            yield f"{section}.{name}", problem


def _dimension(figure: Quantity | Table, wanted: str) -> str | None:
    unit_dimension = "count" if wanted == "signed" else wanted
    if figure.dimension != unit_dimension:
        need = units_of(unit_dimension)
        return f"found {figure}, which is {figure.dimension}; needs {unit_dimension} ({need})"
    if unit_dimension == "count" and isinstance(figure, Quantity):
        if figure.value != int(figure.value):
            return f"found {figure}, must be a whole number"
        if wanted == "count" and figure.value < 0:
            return f"found {figure}, must not be negative"
    return None


def _unknown_sources(document: Document) -> Iterator[Problem]:
    cited = {f"{path}.source": figure.source for path, figure in figures(document).items()}
    cited["io.source"] = document.io.source
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


def _geometry(document: Document) -> Iterator[Problem]:
    geometry = document.geometry
    sizes = {name: getattr(geometry, name).value for name in type(geometry).model_fields}
    for name, size in sizes.items():
        if size < 1:
            yield f"geometry.{name}", f"found {size}, must be at least 1"
    for place, (column, row) in enumerate(document.io.ports):
        if not (0 <= column < sizes["columns"] and 0 <= row < sizes["rows"]):
            mesh = f"{sizes['columns']} x {sizes['rows']} tiles"
            yield f"io.ports.{place}", f"found [{column}, {row}], outside the mesh of {mesh}"
        if (column, row) in document.io.ports[:place]:
            yield f"io.ports.{place}", f"found [{column}, {row}] twice"
