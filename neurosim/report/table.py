"""The screen table of a scenario: one row per run, and under it what the numbers include."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurosim.report import notes
from neurosim.report.engineering import count, engineering, percent, span
from neurosim.report.group import group
from neurosim.scenario.result import RunResult, ScenarioResult

Column = tuple[str, Callable[[RunResult], str]]

SAME: tuple[Column, ...] = (
    ("chip", lambda r: r.chip.name),
    ("constants", lambda r: r.energy.constants),
    ("samples", lambda r: str(r.run.samples)),
    ("cores", lambda r: str(len(r.program.cores))),
)
STEPS: Column = ("T\n", lambda r: str(r.steps))
COST: tuple[Column, ...] = (
    ("accuracy %\npublished", lambda r: percent(r.published_accuracy)),
    ("\nfloat", lambda r: percent(r.reference_accuracy)),
    ("\nchip", lambda r: percent(r.accuracy)),
    ("latency\nmean", lambda r: engineering(r.latency.mean, "s")),
    ("\np99", lambda r: engineering(r.latency.p99, "s")),
    ("energy\nmean", lambda r: engineering(r.energy.total.value, "J")),
    ("\nlow..high", lambda r: span(r.energy.total.low, r.energy.total.high, "J")),
)
ACTIVITY: tuple[Column, ...] = (
    ("energy\ndynamic", lambda r: engineering(r.energy.dynamic.value, "J")),
    ("\nstatic", lambda r: engineering(r.energy.static.value, "J")),
    ("synaptic\noperations", lambda r: count(r.run.activity.summary()["synaptic_operations"])),
    ("\nspikes", lambda r: count(r.run.activity.summary()["spikes"])),
    ("\npackets", lambda r: count(r.run.activity.summary()["packets"])),
)
_LABEL_WIDTH = 11
_UNBOUNDED = 10_000  # characters: wide enough to learn what a table would like to have


@dataclass(frozen=True, eq=False)
class ResultTable:
    """Prints a scenario's runs; what is the same in all runs stands in the title, the rest in columns.

    Where the console is too narrow for one table there are two, under each other.
    """

    result: ScenarioResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _title(self.result)
        yield Text()
        for table in _tables(self.result, console, options):
            yield table
            yield Text()
        yield _notes(self.result)


def result_table(result: ScenarioResult) -> ResultTable:
    """Return the table of a scenario's result with its notes; figures are per inference, means over samples."""
    return ResultTable(result)


def _title(result: ScenarioResult) -> Group:
    same = [(name, value(result.runs[0])) for name, value in SAME if _is_same(result, value)] if result.runs else []
    models = dict.fromkeys(run.model for run in result.runs)
    line = ", ".join([f"model {model}" for model in models] + [f"{name} {value}" for name, value in same])
    return Group(Text(result.title, style="bold"), Text(f"{line}; figures per inference"))


def _is_same(result: ScenarioResult, value: Callable[[RunResult], str]) -> bool:
    return len({value(run) for run in result.runs}) == 1


def _tables(result: ScenarioResult, console: Console, options: ConsoleOptions) -> Iterator[Table]:
    keys = (*((f"{name}\n", value) for name, value in SAME if not _is_same(result, value)), STEPS)
    whole = _table(result, (*keys, *COST, *ACTIVITY))
    if Measurement.get(console, options.update(max_width=_UNBOUNDED), whole).maximum <= options.max_width:
        yield whole
    else:
        yield _table(result, (*keys, *COST))
        yield _table(result, (*keys, *ACTIVITY))


def _table(result: ScenarioResult, columns: tuple[Column, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name, _ in columns:
        text = name.strip() in ("chip", "constants") and name.endswith("\n")
        table.add_column(Text(name), justify="left" if text else "right", no_wrap=True)
    for run in result.runs:
        table.add_row(*(Text(value(run)) for _, value in columns))
    return table


def _notes(result: ScenarioResult) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, style="bold")
    grid.add_column()
    for label, text, style in _note_rows(result):
        grid.add_row(Text(label), Padding(Text(text, style=style), 0))
    return grid


def _note_rows(result: ScenarioResult) -> Iterator[tuple[str, str, str]]:
    groups = group(result.runs)
    for item in groups:
        head = f"{item.label}: " if len(groups) > 1 else ""
        for label, text in notes.energy_notes(item):
            yield label, head + text, ""
        for fidelity, lines in notes.lowering_notes(item).items():
            yield fidelity, f"{head}{'; '.join(lines)}", "yellow" if fidelity == "approximate" else ""
        yield "accuracy", head + notes.accuracy_note(item), ""
    yield "", notes.ACCURACIES, ""
    for text in notes.additions_notes(result.runs):
        yield "additions", text, ""
    for text in notes.warnings_of(result.runs):
        yield "warning", text, "yellow"
    yield "simulated", f"in {engineering(sum(run.seconds for run in result.runs), 's')}", ""
