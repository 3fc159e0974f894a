"""The command that benchmarks mapping algorithms."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

BenchName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario of kind mappers, or its name.")]
ChipName = Annotated[str | None, typer.Option("--chip", help="Chip; takes the place of the scenario's.")]
Seeds = Annotated[int | None, typer.Option(help="Seeds of mappers that draw random numbers.", min=1)]
Mappers = Annotated[
    list[str] | None, typer.Option("--mapper", help="Only this mapper, also FILE.py:FUNCTION; may be repeated.")
]
Networks = Annotated[list[str] | None, typer.Option("--network", help="Only this network; may be repeated.")]
Workers = Annotated[int, typer.Option(help="Worker processes.", min=1)]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder of results and leaderboard, kept; by default SCENARIO-CHIP here.")
]
Add = Annotated[list[Path] | None, typer.Option("--add", help="Result file from outside; may be repeated.")]
Only = Annotated[bool, typer.Option("--only-board", help="Run nothing, rebuild the leaderboard from the results.")]
Json = Annotated[bool, typer.Option("--json", help="Print the leaderboard as one JSON document and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(mappers)


def mappers(
    scenario: BenchName,
    chip: ChipName = None,
    seeds: Seeds = None,
    mapper: Mappers = None,
    network: Networks = None,
    workers: Workers = 2,
    add: Add = None,
    out: Out = None,
    only_board: Only = False,
    as_json: Json = False,
) -> None:
    """Run mapping algorithms on the bench networks and rank them; results that are there are kept.

    Status 1 where a network did not go on the chip or a worker died; a mapper that fails is a line of the leaderboard.
    """
    from neurosim.api import load_chip
    from neurosim.bench.board import board, read_results
    from neurosim.bench.outside import take
    from neurosim.bench.runner import Setting, run_bench
    from neurosim.bench.schema import jobs, load_bench
    from neurosim.report.board_files import board_table, write_board

    bench = load_bench(scenario)
    silicon = chip or bench.scenario.chip
    load_chip(silicon)  # refuses an unknown one before anything is written
    folder = out or Path(f"{bench.scenario.name}-{Path(silicon).stem}")
    setting = Setting(silicon, folder)
    todo = jobs(bench, seeds or bench.scenario.seeds, mapper or (), network or ())
    for file in add or []:
        take(file, bench, silicon, folder)
    lost = [] if only_board or (add and not (mapper or network)) else run_bench(
        setting, todo, workers, None if as_json else _say
    )  # fmt: skip
    found = board(*read_results(folder), baseline=bench.scenario.baseline)
    write_board(found, f"{bench.scenario.title}, on {silicon}", folder)
    if as_json:
        print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        Console().print(board_table(found))
    for line in lost:
        print(f"neurosim: {line}", file=sys.stderr)
    if lost:
        raise typer.Exit(1)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
