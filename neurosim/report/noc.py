"""How a traffic experiment on the network on chip is shown."""

from __future__ import annotations

from rich.table import Table

from neurosim.engine.pattern import ideal_load
from neurosim.engine.traffic import TrafficResult

BAR_WIDTH = 20  # characters


def traffic_table(result: TrafficResult) -> Table:
    """Return a table of two columns: loads against the ideal load of the pattern, hops and latency in cycles."""
    columns, rows = map(int, result.mesh.split("x"))
    ideal = ideal_load(result.pattern, columns, rows)
    latency, at_least = result.latency_cycles, "" if result.stable else "≥ "
    table = Table(title=f"{result.mesh} mesh, {result.pattern} traffic, seed {result.seed}", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("ideal load", f"{ideal:.4g} packets/node/cycle")
    table.add_row("offered load", f"{result.load:.4g}  {_bar(result.load / ideal)} {result.load / ideal:4.0%}")
    table.add_row(
        "accepted load", f"{result.accepted:.4g}  {_bar(result.accepted / ideal)} {result.accepted / ideal:4.0%}"
    )
    table.add_row("stable", "yes" if result.stable else "no")
    table.add_row("mean hops", f"{result.hops_mean:.3f}")
    table.add_row("mean latency", f"{at_least}{latency.mean:.2f} cycles")
    for name in ("p50", "p95", "p99", "max"):
        table.add_row(f"{name} latency", f"{at_least}{getattr(latency, name)} cycles")
    table.add_row("measured", f"{result.packets} packets in {result.cycles} cycles")
    return table


def _bar(share: float) -> str:
    """Return a bar of fixed width, full at 1."""
    filled = min(BAR_WIDTH, round(share * BAR_WIDTH))
    return "█" * filled + "░" * (BAR_WIDTH - filled)
