"""The command line: every command has --json, and ends with status 2 and one line when something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from neurosim.cli_bench import register as register_bench
from neurosim.cli_f18a import app as f18a
from neurosim.cli_mapping import register
from neurosim.errors import NeurosimError

app = typer.Typer(
    name="neurosim",
    help="Simulate pulsed networks on neuromorphic chips: latency, activity and energy, each figure with its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(f18a, name="f18a")
register(app)
register_bench(app)

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or a name from the catalog.")]
Chips = Annotated[list[str] | None, typer.Option("--chip", help="Chip, may be repeated; replaces the scenario's.")]
Engine = Annotated[str | None, typer.Option(help="Engine: event, compiled, or both: run the two and compare.")]
Net = Annotated[
    str | None, typer.Option("--network", help="Network model: exact, or counts (no waiting; for very large chips).")
]
Threads = Annotated[int | None, typer.Option(help="Threads that share the cores of a step; for very large chips.")]
Trace = Annotated[
    str | None, typer.Option(help="Full traces to write into the folder: spikes, packets, or both with a comma.")
]
Samples = Annotated[int | None, typer.Option(help="Number of samples.")]
Steps = Annotated[str | None, typer.Option(help="Input steps T, or several: 4,8,16.")]
Mapper = Annotated[str | None, typer.Option(help="Mapping algorithm.")]
MappingOf = Annotated[
    Path | None, typer.Option("--mapping", help="Mapping file, for the chip that it names, in place of a mapper.")
]
Seed = Annotated[int | None, typer.Option(help="Root seed.")]
Changes = Annotated[list[str] | None, typer.Option("--set", help="Change a.b=value; may be repeated.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the resolved configuration and stop.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for tables, figures and report.html.")]
Workers = Annotated[int, typer.Option(help="Worker processes; 0 = one per processor.", min=0)]


def main() -> None:
    """Run the command line; bad input gives one line on standard error and exit status 2."""
    try:
        app()
    except NeurosimError as error:
        print(f"neurosim: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("neurosim: interrupted", file=sys.stderr)
        sys.exit(130)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


@app.command()
def demo(as_json: Json = False, out: Out = None, workers: Workers = 0) -> None:
    """Run the shortest answer: one network, all chips, one table."""
    _run("demo", [], as_json, out, workers, compared=True)


@app.command()
def run(
    scenario: ScenarioName,
    chip: Chips = None,
    engine: Engine = None,
    network: Net = None,
    threads: Threads = None,
    samples: Samples = None,
    steps: Steps = None,
    mapper: Mapper = None,
    mapping: MappingOf = None,
    seed: Seed = None,
    changes: Changes = None,
    out: Out = None,
    trace: Trace = None,
    workers: Workers = 0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run a scenario; print its table and write tables, figures and report.html."""
    from neurosim.scenario.schema import scenario_kind

    given = {"chips": chip, "engine": engine, "network": network, "threads": threads}
    options = _options(changes, steps, **given, samples=samples, mapper=mapper, seed=seed) + _stated(mapping)
    kind = scenario_kind(scenario)
    if kind == "characterisation":
        _characterise(scenario, options, as_json, out, workers, dry_run)
    elif kind == "programs":
        _run_programs(scenario, options, as_json, out, workers, dry_run)
    elif kind in ("learning", "reward", "stdp"):
        if workers > 1 or trace is not None:
            option = f"--trace {trace}" if trace is not None else f"--workers {workers}"
            raise NeurosimError(
                f"{option}: a scenario of kind '{kind}' is one run, which one process does without traces"
            )
        _learn(scenario, kind, options, as_json, out, dry_run)
    else:
        _run(scenario, options, as_json, out, workers, dry_run, trace=trace)


@app.command()
def compare(
    scenario: ScenarioName,
    chip: Chips = None,
    engine: Engine = None,
    network: Net = None,
    threads: Threads = None,
    samples: Samples = None,
    steps: Steps = None,
    mapper: Mapper = None,
    seed: Seed = None,
    changes: Changes = None,
    out: Out = None,
    trace: Trace = None,
    workers: Workers = 0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Compare all chips of a scenario on the same network and pulses; a chip that cannot hold it is listed as such."""
    given = {"chips": chip, "engine": engine, "network": network, "threads": threads}
    options = _options(changes, steps, **given, samples=samples, mapper=mapper, seed=seed)
    _run(scenario, options, as_json, out, workers, dry_run, compared=True, trace=trace)


def _options(changes: list[str] | None, steps: str | None, **given: Any) -> list[tuple[str, Any]]:
    """Put together what the command line changes in a scenario: --set first, so that the options win."""
    from neurosim.scenario.schema import parse_change

    options: list[tuple[str, Any]] = [parse_change(change) for change in changes or []]
    options += [(f"scenario.{name}", value) for name, value in given.items() if value is not None]
    return options if steps is None else [*options, ("scenario.steps", _steps(steps))]


def _stated(mapping: Path | None) -> list[tuple[str, Any]]:
    """Return what a mapping file changes in a scenario: where the neurons of its chip are, and figures of the chip."""
    if mapping is None:
        return []
    from neurosim.mapping.exchange import read_file

    file = read_file(mapping)
    return [(f"chip.{file.chip.name}.mapping", str(mapping)), (f"chip.{file.chip.name}.set", dict(file.chip.set))]


def _steps(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise NeurosimError(f"--steps {text}: must be a number, or several like 4,8,16") from None


def _run(
    name: str,
    options: list[tuple[str, Any]],
    as_json: bool,
    out: Path | None,
    workers: int,
    dry_run: bool = False,
    compared: bool = False,
    trace: str | None = None,
) -> None:
    from neurosim.engine.simulate import check_engine, check_network
    from neurosim.report import check_writable, report
    from neurosim.report.compare import comparison_table
    from neurosim.report.progress import ProgressBars
    from neurosim.report.table import result_table
    from neurosim.report.trace import check_traces
    from neurosim.scenario.run import prepare, run_scenario
    from neurosim.scenario.schema import load_scenario, resolved

    scenario = load_scenario(name, options)
    check_engine(scenario.scenario.engine)
    check_network(scenario.scenario.network)
    wanted = check_traces(trace)
    folder = out or (None if as_json else Path("out") / scenario.scenario.name)
    if wanted and folder is None:
        raise NeurosimError(f"--trace {trace}: needs a folder to write to, see --out")
    if folder is not None and not dry_run:
        check_writable(folder)
    prepared = prepare(scenario, refuse=not compared)
    if dry_run:
        _print_json(resolved(scenario))
        return
    with ProgressBars(off=as_json) as progress:
        result = run_scenario(prepared, workers, progress.add, _tracer(folder, wanted))
    if folder is not None:
        report(result, folder)
    if as_json:
        _print_json(result.as_dict())
        return
    console = Console()
    console.print(comparison_table(result) if compared else result_table(result))
    console.print(f"report: {folder}/report.html", soft_wrap=True, highlight=False)


def _tracer(folder: Path | None, wanted: tuple[str, ...]) -> Callable[[str], Any] | None:
    """Return what opens the trace files of a run, None where no trace is wanted."""
    from neurosim.report.folder import TRACES
    from neurosim.report.trace import trace_files

    if folder is None or not wanted:
        return None
    return lambda label: trace_files(folder / TRACES, label, wanted)


def _learn(
    name: str, kind: str, options: list[tuple[str, Any]], as_json: bool, out: Path | None, dry_run: bool
) -> None:
    """Run a scenario in which synapses learn."""
    from neurosim.report.folder import check_writable
    from neurosim.report.learning import LEARNING_KINDS
    from neurosim.report.progress import ProgressBars

    prepare, run, show, write = LEARNING_KINDS[kind]
    prepared = prepare(name, options)
    if dry_run:
        _print_json(prepared.resolved)
        return
    folder = out or (None if as_json else Path("out") / prepared.scenario.scenario.name)
    if folder is not None:
        check_writable(folder)
    with ProgressBars(off=as_json) as progress:
        result = run(prepared, progress.add)
    if folder is not None:
        write(result, folder)
    _show(as_json, result.as_dict, lambda: show(result))
    if not as_json:
        Console().print(f"report: {folder}/report.html", soft_wrap=True, highlight=False)


def _characterise(
    name: str, options: list[tuple[str, Any]], as_json: bool, out: Path | None, workers: int, dry_run: bool
) -> None:
    from neurosim.report.characterisation import characterisation_table
    from neurosim.scenario.characterisation import prepare_characterisation, run_characterisation
    from neurosim.scenario.characterisation_file import load_characterisation

    if workers > 1:
        raise NeurosimError(f"--workers {workers}: a characterisation is a single run, which one process does")
    prepared = prepare_characterisation(load_characterisation(name, options))
    _run_prepared(prepared, run_characterisation, characterisation_table, as_json, out, dry_run)


def _run_programs(
    name: str, options: list[tuple[str, Any]], as_json: bool, out: Path | None, workers: int, dry_run: bool
) -> None:
    from neurosim.report.programs import programs_table
    from neurosim.scenario.programs import prepare_programs, run_programs
    from neurosim.scenario.programs_file import load_programs

    if workers > 1:
        raise NeurosimError(f"--workers {workers}: programs run one after another in one process")
    prepared = prepare_programs(load_programs(name, options))
    _run_prepared(prepared, run_programs, programs_table, as_json, out, dry_run)


def _run_prepared(
    prepared: Any,
    run: Callable[..., Any],
    table: Callable[[Any], Any],
    as_json: bool,
    out: Path | None,
    dry_run: bool,
) -> None:
    """Run what leaves a table and a summary, or print its configuration."""
    from neurosim.report.characterisation import check_folder, write_summary
    from neurosim.report.progress import ProgressBars

    if dry_run:
        _print_json(prepared.resolved)
        return
    if out is not None:
        check_folder(out)
    with ProgressBars(off=as_json) as progress:
        result = run(prepared, progress.add)
    if out is not None:
        write_summary(result, out)
    _show(as_json, result.as_dict, lambda: table(result))


@app.command()
def validate(
    chip: Annotated[list[str] | None, typer.Option("--chip", help="Chip, may be repeated; default: all.")] = None,
    as_json: Json = False,
) -> None:
    """Show predicted against published silicon figures, with errors; it reports and does not judge."""
    from neurosim.report.progress import ProgressBars
    from neurosim.report.validation import validation_json, validation_report
    from neurosim.scenario.published import list_published
    from neurosim.scenario.validate import validate_chips

    with ProgressBars(off=as_json) as progress:
        found = validate_chips(chip or list_published(), progress.add)
    _show(as_json, lambda: validation_json(found), lambda: validation_report(found))


@app.command()
def chips(
    name: Annotated[str | None, typer.Argument(help="A chip of the catalog, or a descriptor file.")] = None,
    as_json: Json = False,
) -> None:
    """List the chips, or show one with all its figures."""
    from neurosim.api import load_chip
    from neurosim.chip import list_chips
    from neurosim.report import chips as show

    if name is None:
        every = [load_chip(chip) for chip in list_chips()]
        _show(as_json, lambda: show.chip_list_json(every), lambda: show.chip_list_table(every))
    else:
        chip = load_chip(name)
        _show(as_json, lambda: show.chip_json(chip), lambda: show.chip_table(chip))


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="A chip of the catalog, or a descriptor file.")],
    path: Annotated[str, typer.Argument(help="A figure, such as energy.synaptic_operation.")],
    as_json: Json = False,
) -> None:
    """Show one figure of a chip with its source, confidence and range, in every constant set."""
    from neurosim.api import load_chip
    from neurosim.report import chips as show

    chip = load_chip(name)
    _show(as_json, lambda: show.explain_json(chip, path), lambda: show.explain(chip, path))


@app.command()
def noc(
    mesh: Annotated[str, typer.Option(help="Columns x rows, such as 8x8.")] = "8x8",
    pattern: Annotated[
        str, typer.Option(help="uniform, transpose, bitcomp, tornado, neighbor or hotspot.")
    ] = "uniform",
    load: Annotated[float, typer.Option(help="Offered load in packets per node and cycle.")] = 0.3,
    hop_cycles: Annotated[int, typer.Option(help="Cycles per hop on an idle network.")] = 4,
    end_cycles: Annotated[int, typer.Option(help="Cycles for injection and ejection together.")] = 6,
    depth: Annotated[int, typer.Option(help="Slots per link queue; 0 = unbounded.")] = 0,
    cycles: Annotated[int | None, typer.Option(help="Cycles measured, after the warm-up.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the traffic.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure latency and throughput of the network on chip alone, under synthetic traffic."""
    from neurosim.engine.traffic import run_traffic
    from neurosim.report.noc import traffic_table
    from neurosim.report.progress import ProgressBars

    columns, rows = _mesh(mesh)
    with ProgressBars(off=as_json) as progress:
        result = run_traffic(
            columns,
            rows,
            pattern,
            load,
            hop_cycles=hop_cycles,
            end_cycles=end_cycles,
            depth=depth,
            seed=seed,
            cycles=cycles,
            progress=progress.track("cycles"),
        )
    _show(as_json, lambda: asdict(result), lambda: traffic_table(result))


def _mesh(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal()):
        raise NeurosimError(f"--mesh {text}: must have the form 8x8")
    return int(columns), int(rows)


def _show(as_json: bool, data: Callable[[], Any], picture: Callable[[], Any]) -> None:
    if as_json:
        _print_json(data())
    else:
        Console().print(picture())
