"""Sections of report.html about chips and mapping: fidelity, constants, lowering, limits, sources, provenance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neurosim.chip import Chip, Quantity, Table
from neurosim.chip.check import figures
from neurosim.chip.quantity import plain, with_unit
from neurosim.mapping import Record, Usage
from neurosim.report import notes
from neurosim.report.engineering import share
from neurosim.report.group import Group
from neurosim.report.markup import Markup, bar, bullets, element, fold, pairs, section, table
from neurosim.scenario.result import RunResult, ScenarioResult

_IN_EVERY_SET = ("power", "host", "clock", "operating", "level")


def fidelity(groups: Sequence[Group]) -> Markup:
    """What was modelled exactly, approximately and not at all: the chip by its descriptor, the network by lowering."""
    parts: list[Markup] = []
    for item in groups:
        told, changed = item.chip.fidelity, dict(notes.lowering_notes(item))
        columns = [
            ("exactly", told.exact, changed.get("exact")),
            ("approximately", told.approximate, changed.get("approximate")),
            ("not at all", told.unsupported, None),
        ]
        label = "" if item.label == item.chip.name else f": {item.label}"
        parts.append(element("h3", f"{item.chip.title} ({item.chip.maker}, {item.chip.year}){label}"))
        parts.append(element("div", *(_fidelity(*column) for column in columns), css="three"))
    opening = (
        "Energies and times are modelled from counted activity and published constants. Nothing here was measured."
    )
    return section("What was modelled", element("p", opening, css="statement"), *parts)


def _fidelity(label: str, lines: Sequence[str], network: str | None) -> Markup:
    listed = [*lines, *([f"the network: {network}"] if network else [])]
    return element("div", element("h3", label), bullets(listed) if listed else element("p", "nothing"))


def constants(run: RunResult) -> Markup:
    """Every figure behind energies and times of a run, with source and confidence, shown on request."""
    chosen = run.chip.constants(run.energy.constants)
    rows = [
        [name, _value(figure), _range(figure), figure.confidence, figure.source, figure.note or ""]
        for name, figure in behind(run).items()
    ]
    head = ["figure", "value", "range", "confidence", "source", "note"]
    return fold(f"all constants of {run.chip.name} ({chosen.name})", element("p", chosen.summary), table(head, rows, 6))


def behind(run: RunResult) -> dict[str, Quantity | Table]:
    """Return the figures of a run's constant set, and those of the chip that hold in every set, by name."""
    mine, found = f"constants.{run.energy.constants}.", dict[str, Quantity | Table]()
    for path, figure in sorted(figures(run.chip.document).items(), key=lambda item: not item[0].startswith(mine)):
        name = path.removeprefix(mine)
        if name != path or path.partition(".")[0] in _IN_EVERY_SET:
            found.setdefault(name, figure)
    return found


def _value(figure: Quantity | Table) -> str:
    if isinstance(figure, Quantity):
        return str(figure)
    points = ", ".join(f"{plain(x)}: {plain(y)}" for x, y in figure.points)
    return f"{points} {figure.unit} by {figure.over}"


def _range(figure: Quantity | Table) -> str:
    if figure.range is None:
        return ""
    return with_unit(f"{plain(figure.range[0])}..{plain(figure.range[1])}", figure.unit)


def lowering(groups: Sequence[Group]) -> Markup:
    """The rewrites that put the network on the chip, with what they cost and what they were measured to do."""
    parts: list[Markup] = []
    for item in groups:
        run = item.longest
        tiles = f"{run.program.tiles_used} of {run.chip.columns * run.chip.rows} tiles"
        placed = f"{len(run.program.cores)} of {run.chip.n_existing_cores} cores, {tiles}"
        parts.append(element("h3", f"{item.label}: {placed}, mapper {run.mapper}"))
        head = ["rewrite", "fidelity", "what", "why", "cost", "measured effect"]
        parts.append(table(head, [_record(record) for record in run.lowering], words=6))
    return section("How the network was put on the chip", *parts)


def _record(record: Record) -> list[Any]:
    measured = "; ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in record.measured.items())
    mark = element("span", record.fidelity, css=record.fidelity)
    return [record.name, mark, record.what, record.why, record.cost, measured or "not measured"]


def limits(groups: Sequence[Group]) -> Markup:
    """The fullest core for every limit of the chip: needed against available."""
    parts: list[Markup] = []
    for item in groups:
        rows = [
            [
                usage.limit.replace("_", " "),
                usage.core,
                usage.needed,
                usage.available,
                share(_full(usage)),
                bar(_full(usage)),
            ]
            for usage in fullest(item.longest.usage)
        ]
        head = ["limit", "fullest core", "needed", "available", "share", ""]
        parts += [element("h3", item.label), table(head, rows)]
    return section("Limits of the chip", element("p", "Checked for every core; none is exceeded.", css="soft"), *parts)


def fullest(usages: Sequence[Usage]) -> list[Usage]:
    """Return for every limit the usage with the largest share, the first core where several are equal."""
    worst: dict[str, Usage] = {}
    for usage in usages:
        if usage.limit not in worst or _full(usage) > _full(worst[usage.limit]):
            worst[usage.limit] = usage
    return list(worst.values())


def _full(usage: Usage) -> float:
    return usage.needed / usage.available if usage.available else float(usage.needed > 0)


def sources(groups: Sequence[Group]) -> Markup:
    """Where the sources of a chip contradict each other, and the sources themselves."""
    parts: list[Markup] = []
    for chip in _chips(groups):
        told = pairs((item.topic, item.detail) for item in chip.contradictions)
        parts += [element("h3", f"{chip.title}: contradictions"), told if chip.contradictions else _none()]
        parts.append(fold(f"sources of {chip.name}", pairs(chip.sources.items())))
    return section("Sources and their contradictions", *parts)


def _none() -> Markup:
    return element("p", "none known")


def _chips(groups: Sequence[Group]) -> list[Chip]:
    return list({item.chip.name: item.chip for item in groups}.values())


def provenance(result: ScenarioResult, groups: Sequence[Group]) -> Markup:
    """Versions, seeds, hashes, and the whole configuration."""
    digests = [(f"descriptor of {item.label}", item.chip.digest) for item in groups]
    digests += [(f"mapping on {item.label}", item.longest.run.program_digest) for item in groups]
    engines = ", ".join(dict.fromkeys(run.run.engine for run in result.runs))
    text = json.dumps(result.configuration, indent=2, ensure_ascii=False, default=str)
    networks = ", ".join(dict.fromkeys(run.run.network for run in result.runs))
    about = [("scenario", result.name), ("engine", engines), ("network model", networks)]
    told = pairs([*about, *_flat(result.provenance), *digests])
    return section("Provenance", told, fold("configuration", element("pre", text)))


def _flat(value: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _flat(item, f"{head}{name}, ")
        else:
            yield f"{head}{name}", item
