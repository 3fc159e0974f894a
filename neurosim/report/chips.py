"""Shows chips and their figures: rich tables for people, plain dictionaries for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from neurosim.chip import Chip, Quantity, Table
from neurosim.chip.check import figures
from neurosim.chip.quantity import plain, with_unit
from neurosim.chip.schema import DEFAULT_SOURCE, ONE_CHIP

Figure = Quantity | Table
_MARKS = {"documented": "", "derived": " d", "estimated": " ~"}
LEGEND = "no mark: documented; d: derived; ~: estimated"


def chip_list_table(chips: Iterable[Chip]) -> RichTable:
    """Return one row per chip: name, year, discipline, cores, core kind, constant sets with the default first."""
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    for title in ("chip", "year", "discipline", "cores", "core kind"):
        table.add_column(title, no_wrap=True, justify="right" if title == "cores" else "left")
    table.add_column("constant sets", overflow="fold")
    for chip in chips:
        row = (chip.name, str(chip.year), chip.discipline, str(chip.n_existing_cores), chip.core_kind)
        table.add_row(*row, "\n".join(sorted(chip.constant_sets, key=lambda name: name != chip.default_constants)))
    return table


def chip_list_json(chips: Iterable[Chip]) -> list[dict[str, Any]]:
    """Return what ``chip_list_table`` shows as plain dictionaries."""
    return [_identity(chip) for chip in chips]


def chip_table(chip: Chip) -> RenderableType:
    """Return everything that a descriptor says but the notes, which ``explain`` shows."""
    parts: list[RenderableType] = [*_heading(chip)]
    for title, found in _sections(chip).items():
        parts += [Text(title, style="bold"), _figures_table(found)]
    if chip.levels:
        parts += [Text("levels", style="bold"), _levels_table(chip)]
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
        "layout": _layout_json(chip),
        "scale": asdict(chip.scale),
        "figures": {title: _figures_json(chip, found) for title, found in _sections(chip).items()},
        "constants": {
            name: {
                "title": constants.title,
                "summary": constants.summary,
                "stated_error": constants.stated_error.model_dump() if constants.stated_error else None,
                "energy": _figures_json(chip, constants.energy),
                "time": _figures_json(chip, constants.time),
                "flow": _figures_json(chip, constants.flow),
                "cycles": _figures_json(chip, constants.cycles),
                "power": _figures_json(chip, chip.document.constants[name].power),
            }
            for name, constants in chip.constant_sets.items()
        },
        "levels": {
            name: {
                "voltage": _figure_json(chip, level.voltage),
                "clock": _figure_json(chip, level.clock),
                "energy": _figures_json(chip, level.energy),
                "power": _figures_json(chip, level.power),
            }
            for name, level in chip.document.level.items()
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
        "cores": chip.n_existing_cores,
        "constant_sets": list(chip.constant_sets),
        "default_constants": chip.default_constants,
        "digest": chip.digest,
        "overrides": dict(chip.overrides),
    }


def _set_names(chip: Chip) -> list[str]:
    return [f"{name} (default)" if name == chip.default_constants else name for name in chip.constant_sets]


def _sections(chip: Chip) -> dict[str, Mapping[str, Figure]]:
    """The figures outside constant sets and levels by section; sections that say nothing are left out."""
    found: dict[str, dict[str, Figure]] = {}
    for path, figure in figures(chip.document).items():
        section, _, name = path.partition(".")
        if section not in ("constants", "level") and figure != ONE_CHIP:
            found.setdefault(section, {})[name] = figure
    return dict(found)


def _layout_json(chip: Chip) -> dict[str, Any]:
    geometry = chip.document.geometry
    return {
        "chips": [chip.chip_columns, chip.chip_rows],
        "columns": chip.columns,
        "rows": chip.rows,
        "cores": chip.n_existing_cores,
        "usable_cores": len(chip.usable_cores),
        "absent": geometry.absent.model_dump(mode="json") if geometry.absent else None,
        "event_router": geometry.event_router.model_dump(mode="json") if geometry.event_router else None,
    }


def _heading(chip: Chip) -> list[RenderableType]:
    lines = [
        chip.summary,
        f"discipline {_discipline(chip)}, core kind {chip.core_kind}, descriptor {chip.digest[:12]}",
        _layout(chip),
        *_places(chip),
        *_supply(chip),
    ]
    lines += [f"changed by you: {path} = {value}" for path, value in chip.overrides]
    title = Text(f"{chip.title} ({chip.maker}, {chip.year})", style="bold")
    return [title, *(Text(line) for line in lines), Text()]


def _discipline(chip: Chip) -> str:
    clock = chip.document.clock
    return f"{chip.discipline} of {clock.tick}" if clock else chip.discipline


def _layout(chip: Chip) -> str:
    chips = f"{chip.chip_columns} x {chip.chip_rows} chips of " if chip.n_chips > 1 else ""
    cores = f"{chip.cores_per_tile} core{'s' if chip.cores_per_tile > 1 else ''}"
    usable = len(chip.usable_cores)
    kept = f", {usable} of them for use" if usable < chip.n_existing_cores else ""
    mesh = f"{chip.columns_per_chip} x {chip.rows_per_chip} tiles of {cores}"
    return f"{chips}{mesh} = {chip.n_existing_cores} cores{kept}"


def _places(chip: Chip) -> Iterable[str]:
    geometry = chip.document.geometry
    yield f"outside joins at {_tiles(chip.io.ports)} ({chip.io.confidence})"
    if geometry.absent:
        yield f"no cores at {_tiles(geometry.absent.tiles)} of each chip ({geometry.absent.confidence})"
    if geometry.event_router:
        router = geometry.event_router
        yield f"event router at {_tiles([router.tile])} of each chip ({router.confidence})"


def _tiles(tiles: Sequence[tuple[int, int]]) -> str:
    return f"tile{'s' if len(tiles) > 1 else ''} " + ", ".join(f"({column}, {row})" for column, row in tiles)


def _supply(chip: Chip) -> Iterable[str]:
    operating = chip.document.operating
    if operating:
        yield (
            f"supply {operating.voltage}, figures stated at {operating.reference_voltage}: "
            f"dynamic energies x {chip.scale.energy:.4g}, static powers x {chip.scale.static:.4g}"
        )


def _levels_table(chip: Chip) -> RenderableType:
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    levels = chip.document.level
    for name in levels:
        table.add_column(name, justify="right")
    for part in ("voltage", "clock"):
        table.add_row(part, *(_marked(getattr(level, part)) for level in levels.values()))
    for part in ("energy", "power"):
        columns = [getattr(level, part) for level in levels.values()]
        for name in columns[0]:
            table.add_row(f"{part}.{name}", *(_marked(column[name]) for column in columns))
    return Padding(table, (0, 0, 1, 2))


def _figures_table(found: Mapping[str, Figure]) -> RenderableType:
    table = RichTable(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for name, figure in found.items():
        table.add_row(name, _narrow(figure), _range(figure), figure.source)
    return Padding(table, (0, 0, 1, 2))


def _narrow(figure: Figure) -> str:
    """Write a figure with its mark; the points of a table under each other, so that names keep their place."""
    if isinstance(figure, Quantity):
        return _marked(figure)
    points = [f"{plain(x)}: {plain(y)}" for x, y in figure.points]
    return "\n".join([f"{figure.unit} by {figure.over}{_MARKS[figure.confidence]}", *points])


def _sets_table(chip: Chip) -> RenderableType:
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for title in _set_names(chip):
        table.add_column(title, justify="right")
    for kind in ("energy", "time", "cycles", "flow", "power"):
        columns = [getattr(constants, kind) for constants in chip.constant_sets.values()]
        stated = [getattr(constants, kind) for constants in chip.document.constants.values()]
        for name in dict.fromkeys(name for column in stated for name in column):
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


def _figures_json(chip: Chip, found: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: _figure_json(chip, figure) for name, figure in found.items()}


def _figure_json(chip: Chip, figure: Figure) -> dict[str, Any]:
    own = figure.model_dump(mode="json")
    texts = {**DEFAULT_SOURCE, **chip.sources}
    own["source"] = [{"key": key, "text": texts[key]} for key in figure.sources]
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
