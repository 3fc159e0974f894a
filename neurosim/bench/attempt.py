"""One run of a mapper in a process of its own, which may crash, hang or return nonsense."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.bench.result import Outcome
from neurosim.errors import NeurosimError
from neurosim.mapping import MappingProblem, Watch, assign

_LONGEST = 300  # characters of a reason


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of a run: the core of every neuron, or why there is none ("legal" is for the checker to say)."""

    core_of: NDArray[np.int32] | None
    outcome: Outcome
    reason: str = ""
    seconds: float | None = None
    peak_bytes: int | None = None
    notes: tuple[str, ...] = ()


def attempt(problem: MappingProblem, mapper: str, seed: int, time_limit: float, kill_after: float) -> Attempt:
    """Run a mapper in a child process and kill it, and what it started, when it is not done in time."""
    context = multiprocessing.get_context("fork")  # the child finds the problem and all compiled loops in place
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(there, problem, mapper, seed, time_limit))
    child.start()
    there.close()
    try:
        if not here.poll(kill_after):
            return Attempt(None, "timeout", f"mapper '{mapper}' was not done after {kill_after:g} s: killed")
        said = here.recv()
    except EOFError:
        child.join()
        return Attempt(None, "crashed", f"mapper '{mapper}' ended its process: {_end(child.exitcode)}")
    except Exception as error:  # whatever a mapper may have written into the pipe
        return Attempt(None, "crashed", f"mapper '{mapper}' sent what cannot be read: {type(error).__name__}")
    finally:
        _kill(child)
        here.close()
    if not isinstance(said, Attempt):
        return Attempt(None, "crashed", f"mapper '{mapper}' sent a {type(said).__name__} in place of its process")
    return said


def _run(there: Connection, problem: MappingProblem, mapper: str, seed: int, time_limit: float) -> None:
    """Be the child: map, send the attempt, end."""
    with suppress(OSError):
        os.setsid()  # a group of its own, so that what a mapper starts can be ended with it
    before, began = _peak(), perf_counter()
    try:
        watch = Watch(time_limit)
        core_of = assign(mapper, problem, seed, watch)
        seconds, grown = perf_counter() - began, _peak() - before
        result = Attempt(core_of, "legal", "", seconds, grown, tuple(watch.notes))
    except NeurosimError as error:
        result = Attempt(None, "failed", " ".join(str(error).split())[:_LONGEST], perf_counter() - began)
    except BaseException as error:
        result = Attempt(None, "failed", f"mapper '{mapper}': {type(error).__name__}: {error}"[:_LONGEST])
    there.send(result)
    there.close()


def _peak() -> int:
    """Return the largest memory of this process, or of one that it started and that has ended, in bytes."""
    sizes = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(sizes) * (1 if sys.platform == "darwin" else 1024)


def _kill(child: Any) -> None:
    with suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    child.join(1.0)
    if child.is_alive():
        child.kill()
    child.join()


def _end(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"
