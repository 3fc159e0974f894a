"""Screen tables of studies on code for arrays of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from neurosim.report.code_rows import STRATEGY_HEAD, WAY_HEAD, beyond_notes, strategy_note, strategy_row, way_row
from neurosim.scenario.code_studies import CodeStudies


def study_tables(studies: CodeStudies) -> Iterator[RenderableType]:
    """Yield title, table and notes of every study."""
    if studies.strategies:
        yield Text(f"Ways to write the code: {studies.part}", style="bold")
        yield _table(STRATEGY_HEAD, [strategy_row(each) for each in studies.strategies])
        yield Text(f"{strategy_note(studies.strategies)}\n", style="dim")
    if studies.beyond:
        yield Text(f"{studies.beyond.network}, which does not fit on one {studies.chip}: ways out", style="bold")
        yield _table(WAY_HEAD, [way_row(way) for way in studies.beyond.ways])
        for line in beyond_notes(studies.beyond):
            yield Text(line, style="dim")
        yield Text()


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for k, name in enumerate(head):
        table.add_column(name, justify="left" if k == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table
