"""The run folder: written aside and put in place at the end, so that nothing half-written stays behind."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from neurosim.errors import FileError, NeurosimError
from neurosim.scenario.result import RunResult, ScenarioResult

_MARK = "summary.json"
TRACES = "traces"  # a folder beside the report, written while the run goes on
_PARTS = ("tables", "figures")
# What an earlier report left, so that a later one may take it away; any other file stays.
_OWN = (
    _MARK,
    "configuration.json",
    "report.html",
    *(f"tables/{name}.parquet" for name in ("cores", "links", "steps", "spike_latency", "first_sample_*")),
    *(
        f"figures/{name}.png"
        for name in (
            *("comparison", "operation", "energy", "accuracy", "trade-off", "step-duration"),
            *("stdp-window", "learning-curve", "learning-energy", "reward"),
        )
    ),
    *(f"figures/{name}-*.png" for name in ("raster", "cores", "links")),
)


def report(results: ScenarioResult | Sequence[RunResult], folder: str | Path) -> Path:
    """Write summary.json, configuration.json, tables, figures and report.html into a folder and return it.

    An earlier report there is replaced; other files stay. Raises NeurosimError where ``check_writable`` does and
    for a result without runs, FileError when writing fails; the folder is then as it was.
    """
    target = Path(folder)
    result = results if isinstance(results, ScenarioResult) else _scenario(tuple(results))
    if not result.runs:
        raise NeurosimError(f"{target}: nothing to report, the result holds no runs")
    return write_folder(target, lambda stage: _write(result, stage))


def write_folder(target: Path, write: Callable[[Path], None]) -> Path:
    """Let a function write into an empty folder and put that in the place of an earlier report; as ``report``."""
    check_writable(target)
    with _one_line(target), _aside(target) as stage:
        write(stage)
        _put(stage, target)
    return target


def check_writable(folder: str | Path) -> None:
    """Refuse a folder that ``report`` could not write, before a long run; leaves nothing behind.

    Raises FileError for a place that cannot be written, NeurosimError for a folder that holds other things.
    """
    target = Path(folder)
    with _one_line(target):
        if target.exists() and not target.is_dir():
            raise FileError(target, "is a file, a folder is needed")
        others = [path for path in target.iterdir() if path.name != TRACES] if target.is_dir() else []
        if others and not (target / _MARK).is_file():
            raise NeurosimError(f"{target}: folder is not empty and holds no {_MARK} of an earlier report")
        for place in (_existing(target), *(target / part for part in _PARTS if (target / part).is_dir())):
            Path(mkdtemp(prefix=".neurosim-", dir=place)).rmdir()


def _scenario(runs: Sequence[RunResult]) -> ScenarioResult:
    """Wrap runs that come from no scenario."""
    from neurosim import __version__

    models = list(dict.fromkeys(run.model for run in runs))
    chips = list(dict.fromkeys(run.chip.name for run in runs))
    title = f"{', '.join(models)} on {', '.join(chips)}"
    provenance = {"neurosim": __version__, "python": platform.python_version()}
    return ScenarioResult("runs", title, {"models": models, "chips": chips}, provenance, tuple(runs))


def _write(result: ScenarioResult, folder: Path) -> None:
    from neurosim.report.figures import pictures
    from neurosim.report.html import write_report
    from neurosim.report.summary import write_json, write_summary
    from neurosim.report.tables import write_tables

    write_summary(result, folder / _MARK)
    write_json(result.configuration, folder / "configuration.json")
    write_tables(result, folder / "tables")
    drawn = pictures(result)
    (folder / "figures").mkdir()
    for picture in drawn:
        (folder / "figures" / f"{picture.name}.png").write_bytes(picture.png)
    write_report(result, folder / "report.html", drawn)


@contextmanager
def _one_line(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(target, (error.strerror or str(error)).lower()) from None


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Give an empty folder on the same disk as the target; what is left of it goes away at the end.

    Parents of the target that did not exist before go away too when something fails.
    """
    missing = [parent for parent in target.parents if not parent.exists()]
    holder = Path(mkdtemp(prefix=".neurosim-", dir=_existing(target)))
    try:
        stage = holder / "run"
        stage.mkdir()
        yield stage
    except BaseException:
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()
        raise
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _put(stage: Path, target: Path) -> None:
    """Move a finished report to its place: the whole folder at once, or file by file over an earlier report."""
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        stage.rename(target)
        return
    for part in _PARTS:
        (target / part).mkdir(exist_ok=True)
    files = [path.relative_to(stage) for path in stage.rglob("*") if path.is_file()]
    earlier = {path.relative_to(target) for pattern in _OWN for path in target.glob(pattern)}
    for path in earlier.difference(files):
        (target / path).unlink()
    for path in files:
        (stage / path).replace(target / path)


def _existing(target: Path) -> Path:
    """Return the target if it exists, or its nearest parent that does."""
    return next((place for place in (target, *target.parents) if place.exists()), Path())
