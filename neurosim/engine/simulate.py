"""Simulate: a program and its inputs become a Run, on one or several worker processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.chip import EventChip
from neurosim.errors import NeurosimError, unknown
from neurosim.program import Program
from neurosim.results import Run, merge

ENGINES = ("event",)
_CHUNKS_PER_WORKER = 8  # so that the progress bar moves and the last worker does not idle long

_chip: EventChip | None = None


def simulate(
    program: Program,
    inputs: NDArray[np.bool_],
    *,
    constants: str | None = None,
    engine: str = "event",
    record_spikes: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Run samples ``inputs`` bool[n, T, input lines]; every sample starts from the loaded state.

    ``workers`` processes share the samples (0 = one per processor); the result is the same for any number.
    Raises NeurosimError for an unknown engine or constant set, fewer than 0 workers, and inputs of a wrong shape
    or type.
    """
    check_engine(engine)
    lines = program.lowered.network.n_inputs
    if inputs.ndim != 3 or inputs.shape[2] != lines or inputs.dtype != np.bool_:
        raise NeurosimError(f"inputs are {inputs.dtype}{list(inputs.shape)}, need bool[samples, steps, {lines}]")
    if not inputs.shape[0] or not inputs.shape[1]:
        raise NeurosimError(f"inputs have {inputs.shape[0]} samples of {inputs.shape[1]} steps, need at least 1")
    if workers < 0:
        raise NeurosimError(f"workers {workers}: must be at least 1, or 0 for one per processor")
    chosen = program.chip.constants(constants)
    workers = min(workers or os.cpu_count() or 1, len(inputs))
    if workers == 1:
        return EventChip(program, chosen).run(inputs, record_spikes, progress=progress)
    chunks = np.array_split(np.arange(len(inputs)), min(workers * _CHUNKS_PER_WORKER, len(inputs)))
    context = multiprocessing.get_context("fork")
    runs: list[Run] = []
    with ProcessPoolExecutor(workers, context, _start_worker, (program, chosen.name)) as pool:
        jobs = [pool.submit(_run_chunk, inputs[c[0] : c[-1] + 1], record_spikes, k == 0) for k, c in enumerate(chunks)]
        for job, chunk in zip(jobs, chunks, strict=True):
            runs.append(job.result())
            if progress is not None:
                progress(len(chunk))
    return merge(runs)


def check_engine(name: str) -> None:
    """Raise NeurosimError for an engine that does not exist, with the nearest spelling."""
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)


def _start_worker(program: Program, constants: str) -> None:
    global _chip  # noqa: PLW0603  one chip per worker process, built once
    _chip = EventChip(program, program.chip.constants(constants))


def _run_chunk(inputs: NDArray[np.bool_], record_spikes: bool, first: bool) -> Run:
    if _chip is None:
        raise RuntimeError("worker was not started")
    return _chip.run(inputs, record_spikes, trace_first=first)
