"""How a check and the metrics of a mapping are shown on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.check import CheckResult, Line
from neurosim.check.correlation import Correlation
from neurosim.check.measure import MappingMetrics
from neurosim.mapping.metrics import Figure, figures
from neurosim.report.engineering import count, engineering, share

_STYLES = {"passed": "green", "failed": "bold red", "not checked": "yellow"}


def check_report(result: CheckResult) -> Group:
    """Return the verdict of every part with its findings, and the line of every limit that comes nearest to it."""
    title = f"{result.network} on {result.chip}, mapper {result.mapper}"
    table = Table(title=title, title_justify="left")
    for head in ("question", "verdict", ""):
        table.add_column(head, overflow="fold")
    for part in result.parts:
        text = Text(part.note)
        for finding in part.findings:
            text.append(f"\n{finding}", style="red")
        if part.count > len(part.findings):
            text.append(f"\n… {part.count} in all", style="red")
        table.add_row(part.name, Text(part.verdict, style=_STYLES[part.verdict]), text)
    verdict = Text("the mapping passes" if result.passed else "the mapping fails", style=_STYLES[_verdict(result)])
    return Group(table, limits_table(result), verdict)


def _verdict(result: CheckResult) -> str:
    return "passed" if result.passed else "failed"


def limits_table(result: CheckResult) -> Table:
    """Return one row per limit: the core that comes nearest to it."""
    table = Table(title="Limits, on the core that comes nearest", title_justify="left")
    table.add_column("limit")
    for head in ("core", "needed", "available", "used"):
        table.add_column(head, justify="right")
    for line in result.worst():
        core = "chip" if line.core < 0 else str(line.core)
        table.add_row(line.limit, core, count(line.needed), count(line.available), _used(line), style=_colour(line))
    return table


def _used(line: Line) -> str:
    return share(line.needed / line.available) if line.available > 0 else "-"


def _colour(line: Line) -> str | None:
    return None if line.legal else "bold red"


def metrics_table(metrics: MappingMetrics) -> Group:
    """Return the static and dynamic metrics side by side, what of the chip is used, the mapper's cost, and the gaps."""
    table = Table(title="Metrics", title_justify="left")
    table.add_column("metric")
    for head in ("static", "simulated"):
        table.add_column(head, justify="right")
    static = {figure.name: figure for figure in figures(metrics.static)}
    dynamic = {figure.name: figure for figure in figures(metrics.dynamic)} if metrics.dynamic else {}
    for name in dict.fromkeys((*static, *dynamic)):
        table.add_row(_named(static.get(name) or dynamic[name]), shown(static.get(name)), shown(dynamic.get(name)))
    used = Table(show_header=False)
    for figure in figures(metrics.resources):
        used.add_row(_named(figure), shown(figure))
    if metrics.seconds is not None:
        used.add_row("mapper, with lowering", engineering(metrics.seconds, "s"))
    if metrics.peak_bytes is not None:
        used.add_row("growth of peak memory", f"{count(round(metrics.peak_bytes / 1e6))} MB")
    for name, gap in metrics.gaps.items():
        used.add_row(f"{name}: gap to best known, to bound", f"{_gap(gap.to_best)}, {_gap(gap.to_bound)}")
    return Group(table, used)


def correlation_table(found: Sequence[Correlation], title: str) -> Table:
    """Return how well static metrics predict simulated ones."""
    table = Table(title=f"{title}, {found[0].n} mappings" if found else title, title_justify="left")
    for head in ("static", "simulated"):
        table.add_column(head)
    for head in ("Pearson r", "Spearman rho"):
        table.add_column(head, justify="right")
    for each in found:
        cells = ("same in all" if value is None else f"{value:+.3f}" for value in (each.pearson, each.spearman))
        table.add_row(each.static.replace("_", " "), each.simulated.replace("_", " "), *cells)
    return table


def _gap(value: float | None) -> str:
    return "not known" if value is None else f"{100 * value:+.2f} %"


def _named(figure: Figure) -> str:
    name = figure.name.replace("_", " ")
    return name if figure.unit in ("1", "s", "J", "J s") else f"{name} ({figure.unit})"


def shown(figure: Figure | None) -> str:
    """Write the value of a metric."""
    if figure is None:
        return ""
    if figure.value is None:
        return "-"
    value: Any = figure.value
    if figure.unit in ("s", "J", "J s"):
        return engineering(value, figure.unit)
    if value == round(value) or abs(value) >= 1000:
        return count(value)
    return f"{value:.4g}"
