"""How the difference of two runs is shown on the screen."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from neurosim.report.diff import Change, RunDiff
from neurosim.report.engineering import count, engineering, share


def diff_report(changes: list[RunDiff]) -> Group:
    """Return one table per pair of runs, and a sentence that says what changed the energy."""
    shown: list[RenderableType] = []
    for change in changes:
        shown += [_table(change), *map(Text, _words(change)), Text("")]
    return Group(*shown)


def _table(diff: RunDiff) -> Table:
    mappers = [str(run.entry["mapper"]) for run in (diff.before, diff.after)]
    table = Table(title=diff.before.label, title_justify="left")
    table.add_column("per inference")
    for head in (f"before\n{mappers[0]}", f"after\n{mappers[1]}", "change", "", "of the change\nof energy"):
        table.add_column(head, justify="right")
    table.add_row(*_cells(diff.energy, "J"), "", style="bold")
    for part in diff.parts:
        if part.before or part.after:
            table.add_row(*_cells(part, "J"), share(part.share) if part.share and part.change else "")
            for counter in diff.counters.get(part.name, ()):
                table.add_row(f"  {counter.name}", *_counted(counter), "", style="dim")
    table.add_section()
    table.add_row(*_cells(diff.latency, "s"), "")
    table.add_row("cores", *_counted(diff.cores), "")
    for counter in diff.counters.get("", ()):
        table.add_row(f"  {counter.name}", *_counted(counter), "", style="dim")
    return table


def _cells(change: Change, unit: str) -> tuple[str, ...]:
    figures = [engineering(value, unit) for value in (change.before, change.after, change.change)]
    return change.name, *figures, _ratio(change)


def _counted(change: Change) -> tuple[str, ...]:
    return (*(count(value) for value in (change.before, change.after, change.change)), _ratio(change))


def _ratio(change: Change) -> str:
    return "" if change.ratio is None or not change.change else f"{100 * change.ratio:+.1f} %"


def _words(diff: RunDiff) -> list[str]:
    """Return sentences: what changed the energy most, and what else is not the same."""
    notes = [f"Not only the mapping differs: {note}." for note in diff.notes]
    if diff.main is None:
        return ["No component of the energy changed.", *notes]
    moved = "rose" if diff.energy.change > 0 else "fell" if diff.energy.change < 0 else "stayed the same"
    whole = f"The energy {moved} by {engineering(abs(diff.energy.change), 'J')}{_of(diff.energy)}"
    first = f"{whole}; {diff.main.name} changed most: {engineering(diff.main.change, 'J')}{_of(diff.main)}."
    return [first, *notes]


def _of(change: Change) -> str:
    return f" ({_ratio(change)})" if _ratio(change) else ""
