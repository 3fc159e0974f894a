"""How a validation is shown: published beside predicted figures, row by row, and what to make of the errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from neurosim.chip.unit import UNITS
from neurosim.report.engineering import digits, engineering, share
from neurosim.report.table import note_grid
from neurosim.scenario.validation import Row, Summary, Validation

_STYLES = {"prediction": "bold", "fitted": "dim", "bound": "", "not predicted": "dim"}
_KINDS = {"prediction": "prediction", "fitted": "fitted", "bound": "bound", "not predicted": "-"}
_LEGEND = (
    "prediction: no constant of the set was fitted on this figure; fitted: the constants were fitted on it, or are it, "
    "so a small error says nothing about the model; bound: the prediction leaves something out and is a limit only; "
    "-: cannot be predicted"
)


def validation_json(validations: Iterable[Validation]) -> dict[str, Any]:
    """Return one document over some chips; figures are in SI units, errors are fractions."""
    return {"chips": [validation.as_dict() for validation in validations]}


def validation_report(validations: Iterable[Validation]) -> Group:
    """Return a table and notes per chip, and the legend."""
    parts: list[RenderableType] = []
    for validation in validations:
        parts += [*_ChipTable(validation).parts(), Text()]
    return Group(*parts, note_grid([("kinds", _LEGEND)]))


class _ChipTable:
    """The table of one chip; notes get letters and sources numbers in the order in which they turn up."""

    def __init__(self, validation: Validation) -> None:
        rows = self._rows = validation.rows
        self._validation = validation
        self._sources = list(dict.fromkeys((row.published.source, row.published.confidence) for row in rows))
        self._notes = list(dict.fromkeys(row.note for row in rows if row.note))
        self._several = len({row.constants for row in rows if row.constants}) > 1

    def parts(self) -> list[RenderableType]:
        """Return the title, the table and the notes."""
        points = len({_point(row) for row in self._rows})
        title = f"{self._validation.chip.title}: {points} published figures"
        seconds = engineering(self._validation.seconds, "s")
        return [Text(f"{title}, compared in {seconds}", style="bold"), self._table(), note_grid(self._grid())]

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
        table.add_column("")
        table.add_column("published", justify="right", no_wrap=True)
        if self._several:
            table.add_column("constants", no_wrap=True)
        for name in ("predicted", "error"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("kind", no_wrap=True)
        heading, line = self._split()
        for head, group in groupby(self._rows, heading):
            rows = list(group)
            alone = len({_point(row) for row in rows}) == 1
            if not alone:
                table.add_row(Text(head))
            for _, same in groupby(rows, _point):
                for k, row in enumerate(same):
                    label = _whole(row) if alone else f"  {line(row)}"
                    self._add(table, row, "" if k else label + self._letter(row))
        return table

    def _split(self) -> tuple[Callable[[Row], str], Callable[[Row], str]]:
        """Return what stands above the lines of a group and what stands in them: what repeats more goes up."""
        quantities, conditions = ({each(row) for row in self._rows} for each in (_quantity, _condition))
        return (_quantity, _condition) if len(quantities) < len(conditions) else (_condition, _quantity)

    def _add(self, table: Table, row: Row, label: str) -> None:
        number = self._sources.index((row.published.source, row.published.confidence)) + 1
        cells = [label, f"{_published(row)} [{number}]" if label else ""]
        cells += [row.constants or "-"] if self._several else []
        cells += [_predicted(row), _error(row), _KINDS[row.kind]]
        table.add_row(*map(Text, cells), style=_STYLES[row.kind])

    def _letter(self, row: Row) -> str:
        return f" ({_letter(self._notes.index(row.note))})" if row.note else ""

    def _grid(self) -> Iterator[tuple[str, str]]:
        for summary in self._validation.summaries():
            yield "errors", _summary(summary)
        chance = max((row.statistical / row.predicted.value for row in self._rows if row.predicted), default=0.0)
        if chance:
            yield "chance", f"random activity leaves one standard deviation of at most {share(chance)} in a prediction"
        for text in self._validation.notes:
            yield "note", text
        for k, text in enumerate(self._notes):
            yield f"({_letter(k)})", text
        for k, (source, confidence) in enumerate(self._sources):
            texts = (self._validation.chip.sources[key] for key in source.split("; "))
            yield f"[{k + 1}]", f"{confidence}, {source}: {'; '.join(texts)}"


def _point(row: Row) -> tuple[str, str]:
    return row.quantity, row.condition


def _quantity(row: Row) -> str:
    return row.quantity


def _condition(row: Row) -> str:
    return row.condition


def _whole(row: Row) -> str:
    return f"{row.quantity}, {row.condition}" if row.condition else row.quantity


def _letter(k: int) -> str:
    first, last = divmod(k, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)


def _published(row: Row) -> str:
    figure = row.published
    return engineering(figure.si, "/s") if figure.dimension == "rate" else str(figure)


def _predicted(row: Row) -> str:
    if row.predicted is None:
        return "-"
    limit = {"at least": "≥ ", "at most": "≤ ", None: ""}[row.bound]
    value, unit = row.predicted.value, row.published.unit
    if row.published.dimension == "rate":
        return limit + engineering(value, "/s")
    return f"{limit}{digits(value / float(UNITS[unit].factor))} {unit}"


def _error(row: Row) -> str:
    if row.consistent is not None:
        return "kept" if row.consistent else "broken"
    if row.error is None:
        return "-"
    tenths = round(1000 * row.error)
    return f"{tenths / 10:+.1f} %" if tenths else "0.0 %"


def _summary(summary: Summary) -> str:
    noun = "prediction" if summary.kind == "prediction" else "fitted figure"
    mean, largest = share(summary.mean_error), share(summary.largest_error)
    plural = "s" if summary.rows > 1 else ""
    return f"{summary.constants}: {summary.rows} {noun}{plural}, off by {mean} in the mean and {largest} at most"
