"""The screen table of a comparison: one row per model, chip and number of steps; what was refused; what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from neurosim.report import compare_notes, notes
from neurosim.report.compare_notes import points
from neurosim.report.engineering import count, engineering, percent, span
from neurosim.report.group import by_chip, group
from neurosim.report.per_operation import operation_note, operations, per_operation
from neurosim.report.static_notes import static_notes
from neurosim.report.table import Column, folded, key_columns, note_grid, same_in_all
from neurosim.results import Band
from neurosim.scenario.result import Refusal, RunResult, ScenarioResult


class Measure(NamedTuple):
    """One figure of a run: its heading on a narrow screen, its name in a report, and how it is written."""

    heading: str
    name: str
    value: Callable[[RunResult], str]


def lowering(run: RunResult) -> str:
    """Return "exact" or "approximate", as the records of the lowering say."""
    return "exact" if run.exact else "approximate"


def _boundary(run: RunResult) -> str:
    return run.energy.boundary


def _constants(run: RunResult) -> str:
    return run.energy.constants


def _joules(band_of: Callable[[RunResult], Band | None]) -> Callable[[RunResult], str]:
    def write(run: RunResult) -> str:
        band = band_of(run)
        return "-" if band is None else engineering(band.value, "J")

    return write


# Blocks of measures under one heading each; on a screen a block is never torn apart.
MEASURES: tuple[tuple[str, tuple[Measure, ...]], ...] = (
    (
        "accuracy %",
        (
            Measure("float", "accuracy of the reference (%)", lambda r: percent(r.reference_accuracy)),
            Measure("chip", "accuracy on the chip (%)", lambda r: percent(r.accuracy)),
            Measure("change", "change (percentage points)", points),
        ),
    ),
    (
        "differing",
        (
            Measure("decisions", "samples whose decision differs", lambda r: count(r.decisions_changed)),
            Measure("pulse counts", "samples whose pulse counts differ", lambda r: count(r.pulse_counts_changed)),
        ),
    ),
    ("", (Measure("lowering", "lowering", lowering),)),
    ("latency", (Measure("mean", "latency, mean", lambda r: engineering(r.latency.mean, "s")),)),
    (
        "energy",
        (
            Measure("dynamic", "dynamic energy", _joules(lambda r: r.energy.dynamic)),
            Measure("static", "static energy", _joules(lambda r: r.energy.static)),
            Measure("total", "energy in all", _joules(lambda r: r.energy.total)),
            Measure("low..high", "band", lambda r: span(r.energy.total.low, r.energy.total.high, "J")),
        ),
    ),
    (
        "energy",
        (Measure("x delay", "energy times delay", lambda r: engineering(r.energy_delay_product, "J s")),),
    ),
    (
        "activity",
        (
            Measure("synaptic ops", "synaptic operations", lambda r: count(operations(r))),
            Measure("packets", "packets", lambda r: count(r.run.activity.summary()["packets"])),
        ),
    ),
    (
        "per op",
        (
            Measure(
                "dynamic",
                "dynamic energy per synaptic operation",
                _joules(lambda r: per_operation(r, r.energy.dynamic)),
            ),
        ),
    ),
    ("cores", (Measure("used", "cores used", lambda r: count(len(r.program.cores))),)),
    (
        "what it includes",
        (
            Measure("boundary", "boundary", _boundary),
            Measure("constants", "constants", _constants),
        ),
    ),
)


def _model(run: RunResult) -> str:
    return run.model


def _chip(run: RunResult) -> str:
    return run.chip.name


_WORDS = (_model, _chip, lowering, _boundary, _constants)


def is_comparison(result: ScenarioResult) -> bool:
    """Tell whether there is anything to compare: several chips or models, or one that was refused."""
    return len({(run.chip.name, run.model) for run in result.runs}) > 1 or bool(result.refusals)


def ordered(runs: Iterable[RunResult]) -> list[RunResult]:
    """Return the runs so that what is compared stands together: by model, then steps, then chip as they came."""
    found = list(runs)
    models = list(dict.fromkeys(run.model for run in found))
    return sorted(found, key=lambda run: (models.index(run.model), run.steps))


@dataclass(frozen=True, eq=False)
class ComparisonTable:
    """Prints a comparison; where the console is too narrow for one table there are several, under each other."""

    result: ScenarioResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _title(self.result)
        yield Text()
        keys, runs = comparison_keys(self.result), ordered(self.result.runs)
        refused = _refused(self.result.refusals, keys, runs)
        for table in folded(runs, keys, _blocks(), console, options, _WORDS):
            yield table
            if refused:
                yield refused
            refused = None
            yield Text()
        yield note_grid(_note_rows(self.result))


def comparison_table(result: ScenarioResult) -> ComparisonTable:
    """Return the table of a comparison with its notes; figures are per inference, means over samples."""
    return ComparisonTable(result)


def comparison_keys(result: ScenarioResult) -> tuple[Column, ...]:
    """Return the columns that name a row: chip, model where there are several, what else tells rows apart, and T."""
    models = {run.model for run in result.runs} | {refusal.model for refusal in result.refusals}
    first: tuple[Column, ...] = (("\nmodel", _model), ("\nchip", _chip))
    others = [column for column in key_columns(result) if column[0] not in ("\nmodel", "\nchip")]
    return (*first[len(models) == 1 :], *others)


def _title(result: ScenarioResult) -> Group:
    line = f"{same_in_all(result)}; the same pulses for all; figures per inference"
    return Group(Text(result.title, style="bold"), Text(line))


def _blocks() -> tuple[tuple[Column, ...], ...]:
    return tuple(
        tuple((f"{heading if k == 0 else ''}\n{item.heading}", item.value) for k, item in enumerate(block))
        for heading, block in MEASURES
    )


def _refused(refusals: Sequence[Refusal], keys: Sequence[Column], runs: Sequence[RunResult]) -> Table | None:
    """Return rows that continue the table above: model, chip, and instead of figures the reason."""
    if not refusals:
        return None
    grid = Table.grid(padding=(0, 2, 0, 0))
    named = {"\nmodel": [item.model for item in refusals], "\nchip": [item.chip for item in refusals]}
    columns = [(named[name], value) for name, value in keys if name in named]
    for names, value in columns:
        grid.add_column(min_width=max(map(len, (*map(value, runs), *names))), no_wrap=True)
    grid.add_column()
    for k, refusal in enumerate(refusals):
        why = Text(f"refused: {reason(refusal)}", style="yellow")
        grid.add_row(*(Text(names[k]) for names, _ in columns), why)
    return grid


def reason(refusal: Refusal) -> str:
    """Return why a chip was refused, without its name in front."""
    return refusal.reason.removeprefix(f"{refusal.chip}: ")


def _note_rows(result: ScenarioResult) -> Iterator[tuple[str, str]]:
    runs = ordered(result.runs)
    groups = group(runs)
    yield from notes.shared(groups, notes.energy_notes)
    for item in by_chip(runs):
        yield "rests on", f"{item.label}: {compare_notes.trust_note(item)}"
    yield from notes.shared(groups, compare_notes.fidelity_note)
    for text in static_notes(runs):
        yield "static", text
    for item in by_chip(runs):
        yield "operation", f"{item.label}: {operation_note(item)}"
    for text in compare_notes.boundary_notes(runs):
        yield "warning", text
    yield from notes.shared(groups, notes.warning_notes)
    yield "simulated", f"in {engineering(sum(run.seconds for run in result.runs), 's')}"
