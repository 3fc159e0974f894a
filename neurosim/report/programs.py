"""How F18A programs are shown: what was measured of each, and what the array did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.report.engineering import count, engineering, span
from neurosim.report.table import note_grid
from neurosim.scenario.programs import Measured, ProgramRun, ProgramsResult
from neurosim.scenario.published import list_published

_UNITS = {"time": "s", "power": "W"}


def programs_table(result: ProgramsResult) -> Group:
    """Return the title, a table with a row per measure, and notes."""
    title = Text(result.scenario.scenario.title, style="bold")
    line = Text(f"chip {result.chip.name}, constants {', '.join(_sets(result))}, engine {_engine(result)}")
    return Group(title, line, Text(), _table(result), Text(), note_grid(_notes(result)))


def _sets(result: ProgramsResult) -> list[str]:
    return list(dict.fromkeys(run.result.constants for run in result.runs))


def _engine(result: ProgramsResult) -> str:
    return result.scenario.scenario.engine


def _table(result: ProgramsResult) -> Table:
    several = len(_sets(result)) > 1
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("program", "measured", *(["constants"] if several else [])):
        table.add_column(name, no_wrap=True)
    for name in ("", "low..high", "opcodes", "run"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in result.runs:
        for k, (name, found) in enumerate(run.measured.items()):
            own = (run.program.name, *_activity(run)) if k == 0 else ("", "", "")
            sets = [run.result.constants] if several else []
            cells = (own[0], name, *sets, *_figure(found), *own[1:])
            table.add_row(*map(Text, cells))
    return table


def _figure(found: Measured) -> tuple[str, str]:
    unit, band = _UNITS[found.dimension], found.band
    return engineering(band.value, unit), span(band.low, band.high, unit) if band.low < band.high else ""


def _activity(run: ProgramRun) -> tuple[str, str]:
    return count(run.result.opcodes), engineering(run.result.end * 1e-12, "s")


def _notes(result: ProgramsResult) -> Iterator[tuple[str, str]]:
    yield "columns", "opcodes and run: of all nodes with code, over the whole run"
    yield "powers", "derived: power of a running node times its time, turns of unext by the piece, leakage"
    for run in result.runs:
        for doubt in run.result.doubts:
            yield "warning", f"{run.program.name}: {doubt}"
    if result.chip.name in list_published():
        yield "published", f"figures stand beside these in neurosim validate --chip {result.chip.name}"
    yield "simulated", f"in {engineering(result.seconds, 's')}"
