"""The screen table of a scenario: one row per run, and under it what the numbers include."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from neurosim.report import notes
from neurosim.report.code_tables import study_tables
from neurosim.report.engineering import count, engineering, percent, span
from neurosim.report.group import group
from neurosim.scenario.code_costs import CodeCosts
from neurosim.scenario.result import RunResult, ScenarioResult

Column = tuple[str, Callable[[RunResult], str]]

SAME: tuple[Column, ...] = (
    ("model", lambda r: r.model),
    ("chip", lambda r: r.chip.name),
    ("constants", lambda r: r.energy.constants),
    ("mapper", lambda r: r.mapper),
    ("engine", lambda r: r.run.engine),
    ("network", lambda r: r.run.network),
    ("samples", lambda r: str(r.run.samples)),
    ("cores", lambda r: str(len(r.program.cores))),
)
_WORDS = [value for name, value in SAME if name not in ("samples", "cores")]
_ALWAYS = ("model", "chip")  # stand before each row where they differ, even if the row could be told without


def _of_code(run: RunResult, value: Callable[[CodeCosts], float]) -> str:
    return count(value(run.code)) if run.code else "-"


def _opcodes(name: str) -> Callable[[RunResult], str]:
    return lambda run: _of_code(run, lambda code: code.opcodes[name])


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
CODE_BLOCKS: tuple[tuple[Column, ...], ...] = (
    (
        ("opcodes\nall", lambda r: _of_code(r, lambda code: code.total)),
        *((f"\n{name}", _opcodes(name)) for name in ("alu", "memory", "port", "transfer", "unext")),
    ),
    (
        ("words\nfetched", lambda r: _of_code(r, lambda code: code.words_fetched)),
        ("\nmoved", lambda r: _of_code(r, lambda code: code.words_moved)),
    ),
)
_STYLES = {"approximate": "yellow", "warning": "yellow", "broken": "bold red"}
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
        columns = key_columns(self.result), blocks(self.result)
        for table in folded(self.result.runs, *columns, console, options):
            yield table
            yield Text()
        if self.result.studies:
            yield from study_tables(self.result.studies)
        yield note_grid(_note_rows(self.result))


def result_table(result: ScenarioResult) -> ResultTable:
    """Return the table of a scenario's result with its notes; figures are per inference, means over samples."""
    return ResultTable(result)


def _title(result: ScenarioResult) -> Group:
    return Group(Text(result.title, style="bold"), Text(f"{same_in_all(result)}; figures per inference"))


def same_in_all(result: ScenarioResult) -> str:
    """Return whatever all runs share: ``model mnist-pulsed, chip loihi, samples 20``."""
    return ", ".join(f"{name} {value(result.runs[0])}" for name, value in SAME if _is_same(result, value))


def key_columns(result: ScenarioResult) -> tuple[Column, ...]:
    """Return the columns that tell the runs apart: model and chip where there are several, what else it takes, T."""
    chosen: list[Column] = []
    for name, value in SAME[:-1]:
        column = (f"\n{name}", value)
        tells = _distinct(result, (*chosen, STEPS, column)) > _distinct(result, (*chosen, STEPS))
        if tells or (name in _ALWAYS and not _is_same(result, value)):
            chosen.append(column)
    return (*chosen, STEPS)


def blocks(result: ScenarioResult) -> tuple[tuple[Column, ...], ...]:
    """Return the blocks of columns; in a last one stands what differs but does not tell the runs apart."""
    keys = {value for _, value in key_columns(result)}
    others = [column for column in SAME if not _is_same(result, column[1]) and column[1] not in keys]
    code = CODE_BLOCKS if any(run.code for run in result.runs) else ()
    return (*BLOCKS, *code, *([tuple((f"\n{name}", value) for name, value in others)] if others else []))


def _is_same(result: ScenarioResult, value: Callable[[RunResult], str]) -> bool:
    return len({value(run) for run in result.runs}) <= 1


def _distinct(result: ScenarioResult, columns: tuple[Column, ...]) -> int:
    return len({_row(run, columns) for run in result.runs})


def _row(run: RunResult, columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(value(run) for _, value in columns)


def folded(
    runs: Sequence[RunResult],
    keys: tuple[Column, ...],
    parts: Iterable[tuple[Column, ...]],
    console: Console,
    options: ConsoleOptions,
    words: Sequence[Callable[[RunResult], str]] = (),
) -> Iterator[Table]:
    """Yield one table with all columns, or several under each other, none wider than the console if possible.

    No part, some columns side by side, is torn apart; every table begins with the ``keys``. ``words`` are the values
    that are text.
    """
    taken: list[Column] = []
    for block in parts:
        wanted = _table(runs, (*keys, *taken, *block), words)
        wide = Measurement.get(console, options.update(max_width=_UNBOUNDED), wanted).maximum > options.max_width
        if taken and wide:
            yield _table(runs, (*keys, *taken), words)
            taken = []
        taken += block
    yield _table(runs, (*keys, *taken), words)


def _table(
    runs: Sequence[RunResult], columns: tuple[Column, ...], words: Sequence[Callable[[RunResult], str]]
) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name, value in columns:
        left = value in _WORDS or value in words
        table.add_column(Text(name), justify="left" if left else "right", no_wrap=True)
    for run in runs:
        table.add_row(*(Text(text) for text in _row(run, columns)))
    return table


def note_grid(rows: Iterable[tuple[str, str]]) -> Table:
    """Return notes as two columns: the topic, and what there is to say."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, style="bold")
    grid.add_column()
    for label, text in rows:
        grid.add_row(Text(label), Text(text, style=_STYLES.get(label, "")))
    return grid


def _note_rows(result: ScenarioResult) -> Iterator[tuple[str, str]]:
    groups = group(result.runs)
    yield from notes.shared(groups, notes.energy_notes)
    yield from notes.shared(groups, notes.lowering_notes)
    yield from notes.shared(groups, notes.loading_notes)
    yield from notes.shared(groups, lambda item: [notes.accuracy_note(item)])
    yield "", notes.ACCURACIES
    for text in notes.additions_notes(result.runs):
        yield "additions", text
    yield from notes.shared(groups, notes.warning_notes)
    yield "simulated", f"in {engineering(sum(run.seconds for run in result.runs), 's')}"
