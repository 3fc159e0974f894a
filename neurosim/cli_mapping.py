"""The commands on mappings: make one, check one, show the format of its file, compare two runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from neurosim.errors import FileError, NeurosimError, unknown

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A model of the catalog, its folder or model.toml.")]
ChipName = Annotated[str, typer.Option("--chip", help="A chip of the catalog, or a descriptor file.")]
Mapper = Annotated[
    str, typer.Option(help="Mapping algorithm: default, PARTITIONER+PLACER or FILE.py:FUNCTION (docs/add-a-mapper.md).")
]
Seed = Annotated[int, typer.Option(help="Seed of the mapper.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="Change a figure, limits.compartments=512; may be repeated.")
]
DeadCores = Annotated[list[int] | None, typer.Option("--dead-core", help="Core that cannot be used; may be repeated.")]
DeadLinks = Annotated[
    list[str] | None, typer.Option("--dead-link", help="Link that cannot be used, from tile 3,0 to 4,0: 3,0-4,0.")
]
TimeLimit = Annotated[float | None, typer.Option(help="Seconds after which a search returns its best.", min=0)]
Samples = Annotated[int, typer.Option(help="Samples of random pulses to run; 0 = run nothing.", min=0)]
Steps = Annotated[int, typer.Option(help="Steps per sample.", min=1)]
Rate = Annotated[float, typer.Option(help="Probability of a pulse per input line and step.", min=0, max=1)]
Engine = Annotated[str, typer.Option(help="Engine: event, compiled, or both.")]
Plan = Annotated[Path | None, typer.Option("--plan", help="Floor plan with the hottest links to write, a .png.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(name="map")(map_)
    app.command()(check)
    app.command()(schema)
    app.command()(diff)


def map_(
    model: ModelName,
    chip: ChipName,
    mapper: Mapper = "default",
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Mapping file to write.")] = None,
    plan: Plan = None,
    changes: Changes = None,
    dead_cores: DeadCores = None,
    dead_links: DeadLinks = None,
    time_limit: TimeLimit = None,
    samples: Samples = 2,
    steps: Steps = 16,
    rate: Rate = 0.2,
    engine: Engine = "compiled",
    as_json: Json = False,
) -> None:
    """Map a model onto a chip, check the mapping, print its metrics; status 1 if the check fails."""
    from neurosim.api import load_chip
    from neurosim.engine.simulate import check_engine
    from neurosim.mapping import mapper as find_mapper
    from neurosim.mapping.exchange import write_file
    from neurosim.network.model_file import load_network
    from neurosim.report.floor_plan import floor_plan
    from neurosim.report.mapping import check_report, metrics_table
    from neurosim.report.picture import check_png, write_png
    from neurosim.report.progress import ProgressBars
    from neurosim.scenario.mapped import Pulses, map_model

    check_engine(engine)
    check_png(plan)
    find_mapper(mapper)
    network = load_network(model)
    silicon = load_chip(chip).with_overrides(_figures(changes))
    links = [_link(text) for text in dead_links or []]
    with ProgressBars(off=as_json) as bars:
        shown = bars.track(f"mapper {mapper}")
        mapped = map_model(
            network,
            silicon,
            mapper,
            seed,
            model=model,
            descriptor=chip if chip != silicon.name else None,
            pulses=Pulses(samples, steps, rate),
            dead_cores=dead_cores or [],
            dead_links=links,
            time_limit=time_limit,
            progress=lambda _, done, __: shown(round(100 * done), 100),
            engine=engine,
        )
    if out is not None and mapped.check.passed:
        write_file(mapped.file, out)
    if plan is not None and mapped.metrics is not None:
        write_png(floor_plan(mapped.mapping, mapped.metrics.rates), plan)
    if as_json:
        metrics = mapped.metrics.as_dict() if mapped.metrics else None
        _print_json({"check": mapped.check.as_dict(), "metrics": metrics, "notes": list(mapped.mapping.notes)})
    else:
        console = Console()
        console.print(check_report(mapped.check))
        for note in mapped.mapping.notes:
            console.print(f"note: {note}", style="yellow")
        if mapped.metrics is not None:
            console.print(metrics_table(mapped.metrics))
            if silicon.discipline == "asynchronous":
                console.print(f"{silicon.name} has no routers: static hops and links are those of the mapper's grid.")
    if not mapped.check.passed:
        raise typer.Exit(1)


def check(
    file: Annotated[Path, typer.Argument(metavar="MAPPING", help="A mapping file.")],
    model: Annotated[str | None, typer.Option(help="The model, where the file does not say it.")] = None,
    chip: Annotated[str | None, typer.Option(help="The chip, where it is not the catalog's.")] = None,
    samples: Samples = 2,
    steps: Steps = 16,
    rate: Rate = 0.2,
    engine: Engine = "compiled",
    as_json: Json = False,
) -> None:
    """Check a mapping: legality, completeness, equivalence spike for spike, timing; status 1 if it fails."""
    from neurosim.engine.simulate import check_engine
    from neurosim.report.mapping import check_report
    from neurosim.scenario.exchange import open_mapping
    from neurosim.scenario.mapped import Pulses

    check_engine(engine)
    opened = open_mapping(file, model, chip)
    result = opened.check(Pulses(samples, steps, rate).of(opened.mapping), engine)
    _show(as_json, result.as_dict, lambda: check_report(result))
    if not result.passed:
        raise typer.Exit(1)


def schema(name: Annotated[str, typer.Argument(metavar="FORMAT", help="The format: mapping.")] = "mapping") -> None:
    """Print the JSON schema of a file format."""
    from neurosim.mapping.exchange import schema as mapping_schema

    schemas = {"mapping": mapping_schema}
    if name not in schemas:
        raise unknown("format", name, schemas)
    _print_json(schemas[name]())


def diff(
    before: Annotated[Path, typer.Argument(metavar="RUN1", help="A run folder.")],
    after: Annotated[Path, typer.Argument(metavar="RUN2", help="Another one.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for floor plans before and after.")] = None,
    as_json: Json = False,
) -> None:
    """Compare two run folders: which component changed the energy, by how much, and what the links carry."""
    from neurosim.report.diff import diff as compare
    from neurosim.report.diff_table import diff_report
    from neurosim.report.floor_pair import floor_pair
    from neurosim.report.picture import write_png
    from neurosim.report.run_folder import read_folder

    changes = compare(read_folder(before), read_folder(after))
    if out is not None:
        pictures = [floor_pair(change, f"floor-{k}") for k, change in enumerate(changes)]
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(out, (error.strerror or "cannot be written").lower()) from None
        for picture in pictures:
            write_png(picture, out / f"{picture.name}.png")
    _show(as_json, lambda: [change.as_dict() for change in changes], lambda: diff_report(changes))


def _figures(changes: list[str] | None) -> dict[str, str]:
    """Return the figures of a chip to change, by dotted path; raises NeurosimError for what is no assignment."""
    figures = {}
    for change in changes or []:
        path, equals, value = change.partition("=")
        if not equals:
            raise NeurosimError(f"--set {change}: must have the form limits.compartments=512")
        figures[path.strip()] = value.strip()
    return figures


def _link(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Read a directed link between tiles; raises NeurosimError."""
    found = re.fullmatch(r"(\d+),(\d+)-(\d+),(\d+)", text.strip())
    if found is None:
        raise NeurosimError(f"--dead-link {text}: must have the form 3,0-4,0, columns and rows of two tiles")
    a, b, c, d = map(int, found.groups())
    return (a, b), (c, d)


def _show(as_json: bool, data: Callable[[], Any], picture: Callable[[], Any]) -> None:
    if as_json:
        _print_json(data())
    else:
        Console().print(picture())


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
