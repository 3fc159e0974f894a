"""The screen table of a scenario: one row per run, and under it what the numbers include."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
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
    ("mapper", lambda r: r.mapper),
    ("engine", lambda r: r.run.engine),
    ("samples", lambda r: str(r.run.samples)),
    ("cores", lambda r: str(len(r.program.cores))),
)
_WORDS = [value for name, value in SAME if name not in ("samples", "cores")]
STEPS: Column = ("\nT", lambda r: str(r.steps))
BLOCKS: tuple[tuple[Column, ...], ...] = (
    (
        ("accuracy %\npublished", lambda r: percent(r.published_accuracy)),
        ("\nfloat", lambda r: percent(r.reference_accuracy)),
        ("\nchip", lambda r: percent(r.accuracy)),
    ),
    (
        ("latency\nmean", lambda r: engineering(r.latency.mean, "s")),
        ("\np99", lambda r: engineering(r.latency.p99, "s")),
    ),
    (
        ("energy\nmean", lambda r: engineering(r.energy.total.value, "J")),
        ("\nlow..high", lambda r: span(r.energy.total.low, r.energy.total.high, "J")),
        ("\ndynamic", lambda r: engineering(r.energy.dynamic.value, "J")),
        ("\nstatic", lambda r: engineering(r.energy.static.value, "J")),
    ),
    (
        ("activity\nsynaptic ops", lambda r: count(r.run.activity.summary()["synaptic_operations"])),
        ("\nspikes", lambda r: count(r.run.activity.summary()["spikes"])),
        ("\npackets", lambda r: count(r.run.activity.summary()["packets"])),
    ),
)
_STYLES = {"approximate": "yellow", "warning": "yellow"}
_LABEL_WIDTH = 11
_UNBOUNDED = 10_000  # characters: wide enough to learn what a table would like to have


@dataclass(frozen=True, eq=False)
class ResultTable:
    """Prints a scenario's runs; what is the same in all runs stands in the title, the rest in columns.

    Where the console is too narrow for one table there are several, under each other.
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
    return Group(Text(result.title, style="bold"), Text(f"{same_in_all(result)}; figures per inference"))


def same_in_all(result: ScenarioResult) -> str:
    """Return the model and whatever else all runs share: ``model mnist-pulsed, chip loihi, samples 20``."""
    models = dict.fromkeys(run.model for run in result.runs)
    same = [f"{name} {value(result.runs[0])}" for name, value in SAME if _is_same(result, value)]
    return ", ".join([*(f"model {model}" for model in models), *same])


def key_columns(result: ScenarioResult) -> tuple[Column, ...]:
    """Return the columns that tell the runs apart: what is not the same in all, and the steps."""
    return (*((f"\n{name}", value) for name, value in SAME if not _is_same(result, value)), STEPS)


def _is_same(result: ScenarioResult, value: Callable[[RunResult], str]) -> bool:
    return len({value(run) for run in result.runs}) <= 1


def _tables(result: ScenarioResult, console: Console, options: ConsoleOptions) -> Iterator[Table]:
    """Yield one table with all columns, or several under each other, none wider than the console if possible."""
    keys, taken = key_columns(result), list[Column]()
    for block in BLOCKS:
        wanted = _table(result, (*keys, *taken, *block))
        wide = Measurement.get(console, options.update(max_width=_UNBOUNDED), wanted).maximum > options.max_width
        if taken and wide:
            yield _table(result, (*keys, *taken))
            taken = []
        taken += block
    yield _table(result, (*keys, *taken))


def _table(result: ScenarioResult, columns: tuple[Column, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        words = column[1] in _WORDS
        table.add_column(Text(column[0]), justify="left" if words else "right", no_wrap=True)
    for run in result.runs:
        table.add_row(*(Text(value(run)) for _, value in columns))
    return table


def _notes(result: ScenarioResult) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, style="bold")
    grid.add_column()
    for label, text in _note_rows(result):
        grid.add_row(Text(label), Text(text, style=_STYLES.get(label, "")))
    return grid


def _note_rows(result: ScenarioResult) -> Iterator[tuple[str, str]]:
    groups = group(result.runs)
    yield from notes.shared(groups, notes.energy_notes)
    yield from notes.shared(groups, notes.lowering_notes)
    yield from notes.shared(groups, lambda item: [notes.accuracy_note(item)])
    yield "", notes.ACCURACIES
    for text in notes.additions_notes(result.runs):
        yield "additions", text
    yield from notes.shared(groups, notes.warning_notes)
    yield "simulated", f"in {engineering(sum(run.seconds for run in result.runs), 's')}"
