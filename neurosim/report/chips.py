"""Shows chips and their figures: rich tables for people, plain dictionaries for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from neurosim.chip import Chip, Quantity, Table
from neurosim.chip.quantity import plain, with_unit

Figure = Quantity | Table
_MARKS = {"documented": "", "derived": " d", "estimated": " ~"}
LEGEND = "no mark: documented; d: derived; ~: estimated"


def chip_list_table(chips: Iterable[Chip]) -> RichTable:
    """Return one row per chip: name, maker, year, discipline, cores, core kind, constant sets."""
    table = RichTable("chip", "maker", "year", "discipline", "cores", "core kind", "constant sets")
    for chip in chips:
        sets = ", ".join(_set_names(chip))
        table.add_row(chip.title, chip.maker, str(chip.year), chip.discipline, str(chip.n_cores), chip.core_kind, sets)
    return table


def chip_list_json(chips: Iterable[Chip]) -> list[dict[str, Any]]:
    """Return what ``chip_list_table`` shows as plain dictionaries."""
    return [_identity(chip) for chip in chips]


def chip_table(chip: Chip) -> RenderableType:
    """Return everything that a descriptor says but the notes, which ``explain`` shows."""
    parts: list[RenderableType] = [*_heading(chip)]
    for title, figures in _sections(chip).items():
        parts += [Text(title, style="bold"), _figures_table(figures)]
    parts += [Text("constants", style="bold"), _sets_table(chip), Text(LEGEND, style="dim")]
    parts += _texts("simulated exactly", chip.fidelity.exact)
    parts += _texts("approximately", chip.fidelity.approximate)
    parts += _texts("not at all", chip.fidelity.unsupported)
    parts += _texts("contradictions", [f"{c.topic}: {c.detail}" for c in chip.contradictions])
    parts += _texts("sources", [f"{key}: {text}" for key, text in chip.sources.items()])
    return Group(*parts)


def chip_json(chip: Chip) -> dict[str, Any]:
    """Return everything that a descriptor says, notes included, as plain dictionaries."""
    return _identity(chip) | {
        "io": chip.io.model_dump(mode="json"),
        "figures": {title: _figures_json(chip, figures) for title, figures in _sections(chip).items()},
        "constants": {
            name: {
                "title": constants.title,
                "summary": constants.summary,
                "stated_error": constants.stated_error.model_dump() if constants.stated_error else None,
                "energy": _figures_json(chip, constants.energy),
                "time": _figures_json(chip, constants.time),
                "flow": _figures_json(chip, constants.flow),
            }
            for name, constants in chip.constant_sets.items()
        },
        "fidelity": chip.fidelity.model_dump(mode="json"),
        "contradictions": [c.model_dump() for c in chip.contradictions],
        "sources": dict(chip.sources),
    }


def explain(chip: Chip, path: str) -> RenderableType:
    """Return what is known of a figure, in every constant set; NeurosimError for an unknown path."""
    parts: list[RenderableType] = []
    for item in explain_json(chip, path)["figures"]:
        grid = RichTable.grid(padding=(0, 2))
        for key, text in _lines(item):
            grid.add_row(Text(key, style="dim"), Text(text))
        default = " (default set)" if item["default"] else ""
        parts += [Text(item["path"] + default, style="bold"), Padding(grid, (0, 0, 1, 2))]
    return Group(*parts)


def explain_json(chip: Chip, path: str) -> dict[str, Any]:
    """Return path, set, value, unit, full source, confidence, range and note of every match of a path.

    ``set`` is None for a figure outside the constant sets; ``default`` says whether it is in the default set.
    Raises NeurosimError with the nearest spelling for an unknown path.
    """
    found = [_place(chip, full) | _figure_json(chip, figure) for full, figure in chip.find(path)]
    return {"chip": chip.name, "path": path, "default_constants": chip.default_constants, "figures": found}


def _identity(chip: Chip) -> dict[str, Any]:
    return {
        "name": chip.name,
        "title": chip.title,
        "maker": chip.maker,
        "year": chip.year,
        "summary": chip.summary,
        "discipline": chip.discipline,
        "core_kind": chip.core_kind,
        "cores": chip.n_cores,
        "constant_sets": list(chip.constant_sets),
        "default_constants": chip.default_constants,
        "digest": chip.digest,
        "overrides": dict(chip.overrides),
    }


def _set_names(chip: Chip) -> list[str]:
    return [f"{name} (default)" if name == chip.default_constants else name for name in chip.constant_sets]


def _sections(chip: Chip) -> dict[str, Mapping[str, Quantity]]:
    return {
        "geometry": chip.geometry,
        "facts": chip.facts,
        "limits": chip.limits,
        "arithmetic": chip.arithmetic,
        "power": chip.power,
        "host": chip.host,
    }


def _heading(chip: Chip) -> list[RenderableType]:
    ports = ", ".join(f"({column}, {row})" for column, row in chip.io.ports)
    lines = [
        chip.summary,
        f"discipline {chip.discipline}, core kind {chip.core_kind}, descriptor {chip.digest[:12]}",
        f"{chip.columns} x {chip.rows} tiles of {chip.cores_per_tile} cores = {chip.n_cores} cores; "
        f"outside joins at tile {ports} ({chip.io.confidence})",
    ]
    lines += [f"changed by you: {path} = {value}" for path, value in chip.overrides]
    title = Text(f"{chip.title} ({chip.maker}, {chip.year})", style="bold")
    return [title, *(Text(line) for line in lines), Text()]


def _figures_table(figures: Mapping[str, Quantity]) -> RenderableType:
    table = RichTable(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for name, figure in figures.items():
        table.add_row(name, _marked(figure), _range(figure), figure.source)
    return Padding(table, (0, 0, 1, 2))


def _sets_table(chip: Chip) -> RenderableType:
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for title in _set_names(chip):
        table.add_column(title, justify="right")
    for kind in ("energy", "time", "flow"):
        columns = [getattr(constants, kind) for constants in chip.constant_sets.values()]
        for name in dict.fromkeys(name for column in columns for name in column):
            table.add_row(f"{kind}.{name}", *(_marked(column[name]) for column in columns))
    errors = [constants.stated_error for constants in chip.constant_sets.values()]
    for kind in ("energy", "latency"):
        stated = [f"{getattr(error, kind):.1%}" if error else "none stated" for error in errors]
        table.add_row(f"stated error, {kind}", *stated)
    return Padding(table, (0, 0, 0, 2))


def _texts(title: str, lines: Iterable[str]) -> list[RenderableType]:
    return [Text(), Text(title, style="bold"), *(Padding(Text(line), (0, 0, 0, 2)) for line in lines)]


def _marked(figure: Figure) -> str:
    return f"{_shown(figure)}{_MARKS[figure.confidence]}"


def _shown(figure: Figure) -> str:
    if isinstance(figure, Quantity):
        return str(figure)
    pairs = ", ".join(f"{plain(x)}: {plain(y)}" for x, y in figure.points)
    return f"{{{pairs}}} {figure.unit} by {figure.over}"


def _range(figure: Figure) -> str:
    return f"[{plain(figure.range[0])}, {plain(figure.range[1])}]" if figure.range else ""


def _figures_json(chip: Chip, figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: _figure_json(chip, figure) for name, figure in figures.items()}


def _figure_json(chip: Chip, figure: Figure) -> dict[str, Any]:
    own = figure.model_dump(mode="json")
    own["source"] = [{"key": key, "text": chip.sources[key]} for key in figure.sources]
    return own


def _place(chip: Chip, full: str) -> dict[str, Any]:
    parts = full.split(".")
    name = parts[1] if parts[0] == "constants" else None
    return {"path": full, "set": name, "default": name == chip.default_constants}


def _lines(item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if "points" in item:
        for x, y in item["points"]:
            yield f"at {plain(x)} {item['over']}", with_unit(plain(y), item["unit"])
    else:
        yield "value", with_unit(plain(item["value"]), item["unit"])
    if item["range"]:
        low, high = map(plain, item["range"])
        yield "range", with_unit(f"{low} to {high}", item["unit"])
    yield "confidence", item["confidence"]
    for source in item["source"]:
        yield "source", f"{source['key']}: {source['text']}"
    if item["note"]:
        yield "note", item["note"]
