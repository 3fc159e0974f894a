"""The bench: all mappers on all networks, each run kept in a file, so that it can be stopped and taken up again."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from neurosim.bench.attempt import attempt
from neurosim.bench.case import Case, open_case
from neurosim.bench.judge import judge
from neurosim.bench.result import BenchResult, RunRef, read_result, result_path, write_result
from neurosim.bench.schema import Job, figures
from neurosim.errors import FileError, NeurosimError
from neurosim.mapping import Watch, assign
from neurosim.mapping.registry import OWN, full_name

Say = Callable[[str], None]

_THREADS_OF_LIBRARIES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Setting:
    """What all jobs share: the chip, and the folder of results."""

    chip: str
    out: Path


def run_bench(setting: Setting, jobs: Sequence[Job], workers: int = 1, say: Say | None = None) -> list[str]:
    """Run all jobs, result files that are there with the same digests are kept; returns one line per lost job.

    A job is lost when its network does not go on the chip or its worker dies; all others go on.
    """
    tell = say or _silent
    work = partial(_job, setting, loud=say is not None)
    if workers <= 1:
        return [line for job in jobs for line in _kept_going(tell, job, partial(work, job))]
    lost = []
    with _one_thread_each(), ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(work, job): job for job in jobs}
        for future in as_completed(futures):
            lost += _kept_going(tell, futures[future], future.result)
    return lost


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let numpy's libraries start no threads in workers: on cores that are all busy they wait for one another."""
    chosen = [name for name in _THREADS_OF_LIBRARIES if name not in os.environ]
    os.environ.update(dict.fromkeys(chosen, "1"))
    try:
        yield
    finally:
        for name in chosen:
            del os.environ[name]


def _kept_going(tell: Say, job: Job, wait: Callable[[], str]) -> list[str]:
    """Return what went wrong with a job, nothing if nothing did."""
    where = f"{job.network.name}, {job.order}"
    try:
        tell(f"{where}: {wait()}")
    except BrokenProcessPool:
        return [f"{where}: the worker process died"]
    except NeurosimError as error:
        tell(f"{where}: {error}")
        return [f"{where}: {error}"]
    return []


def _job(setting: Setting, job: Job, loud: bool = False) -> str:
    """Run what is not there yet of one job; returns a summary."""
    changes = figures(job.network, setting.chip)
    case = open_case(job.network.name, job.order, setting.chip, changes, setting.out / "rates")
    done = kept = 0
    for run in job.runs:
        path = result_path(setting.out, case.ref, run)
        if _is_there(path, case, run):
            kept += 1
            continue
        _warm(run.mapper)
        found = attempt(case.problem, run.mapper, run.seed, run.time_limit, run.kill_after)
        result = judge(case, run, found, job.network.simulate and run.seed == 0)
        write_result(result, path)
        done += 1
        if loud:
            print(f"  {_line(result)}", file=sys.stderr, flush=True)
    return f"{done} runs, {kept} kept"


def _is_there(path: Path, case: Case, run: RunRef) -> bool:
    """Tell whether a result of this run on this case is kept already; a damaged file is none."""
    if not path.is_file():
        return False
    try:
        result = read_result(path)
    except FileError:
        return False
    return result.case == case.ref and result.run == run


_THREADS = {"metis", "exact"}  # libraries whose threads a later fork would lose
_warmed: set[str] = set()


def _warm(mapper: str) -> None:
    """Load the compiled loops of one of the project's own mappers here, so that runs that are timed find them."""
    parts = set(full_name(mapper).split("+")) if ".py:" not in mapper else set()
    own = {name for names in OWN.values() for name in names}
    if mapper in _warmed or not parts or not parts <= own - _THREADS:
        return
    _warmed.add(mapper)
    with suppress(NeurosimError):
        small = open_case("mlp-3", "given", "loihi", {"limits.compartments": "128"})
        for _ in range(3):  # a stage that compiles may leave no time for the next one
            assign(mapper, small.problem, 0, Watch(1.0))


def _line(result: BenchResult) -> str:
    where = f"{result.case.network}, {result.case.order}: {result.run.mapper}, seed {result.run.seed}"
    if result.outcome != "legal":
        return f"{where}: {result.outcome}: {result.reason}"
    packets, hops = result.static["packets"], result.static["hop_weighted"]
    return f"{where}: {packets:.0f} packets, {hops:.0f} packets x hops, {result.seconds:.2f} s"


def _silent(line: str) -> None:
    del line
