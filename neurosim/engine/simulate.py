"""Simulate: a program and its inputs become a Run, on one or several worker processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.engine.compiled import BothChips, CompiledChip
from neurosim.engine.event.chip import EventChip
from neurosim.errors import NeurosimError, UnsupportedError, unknown
from neurosim.program import Program
from neurosim.results import Run, merge

ENGINES: dict[str, type[EventChip | CompiledChip | BothChips]] = {
    "event": EventChip,  # the definition
    "compiled": CompiledChip,  # its twin
    "both": BothChips,  # one after the other, compared
}
_CHUNKS_PER_WORKER = 8  # so that the progress bar moves and the last worker does not idle long

_chip: EventChip | CompiledChip | BothChips | None = None


def simulate(
    program: Program,
    inputs: NDArray[Any],
    *,
    constants: str | None = None,
    engine: str = "event",
    record_spikes: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Run samples ``inputs`` bool[n, T, input lines]; every sample starts from the loaded state.

    ``engine`` is "event", "compiled" or "both", which runs the two and raises NeurosimError if they differ.
    Where spikes carry values, inputs may be whole numbers, by which weights are multiplied (0 = no pulse).
    ``workers`` processes share the samples (0 = one per processor); the result is the same for any number.
    Raises NeurosimError for an unknown engine or constant set, fewer than 0 workers, and inputs of a wrong shape,
    type or size.
    """
    check_engine(engine)
    lines = program.lowered.network.n_inputs
    if inputs.ndim != 3 or inputs.shape[2] != lines or inputs.dtype.kind not in "biu":
        raise NeurosimError(f"inputs are {inputs.dtype}{list(inputs.shape)}, need bool[samples, steps, {lines}]")
    _check_values(program.chip, inputs)
    if not inputs.shape[0] or not inputs.shape[1]:
        raise NeurosimError(f"inputs have {inputs.shape[0]} samples of {inputs.shape[1]} steps, need at least 1")
    if workers < 0:
        raise NeurosimError(f"workers {workers}: must be at least 1, or 0 for one per processor")
    chosen = program.chip.constants(constants)
    workers = min(workers or os.cpu_count() or 1, len(inputs))
    chip = ENGINES[engine](program, chosen)
    if workers == 1:
        return chip.run(inputs, record_spikes, progress=progress)
    global _chip  # noqa: PLW0603  built here, so that what is wrong is said here; workers inherit it by fork
    _chip = chip
    chunks = np.array_split(np.arange(len(inputs)), min(workers * _CHUNKS_PER_WORKER, len(inputs)))
    context = multiprocessing.get_context("fork")
    runs: list[Run] = []
    with ProcessPoolExecutor(workers, context) as pool:
        jobs = [pool.submit(_run_chunk, inputs[c[0] : c[-1] + 1], record_spikes, k == 0) for k, c in enumerate(chunks)]
        for job, chunk in zip(jobs, chunks, strict=True):
            runs.append(job.result())
            if progress is not None:
                progress(len(chunk))
    return merge(runs)


def _check_values(chip: Chip, inputs: NDArray[Any]) -> None:
    """Refuse graded inputs, which are whole numbers, where spikes carry none or too few bits with the sign."""
    if inputs.dtype == np.bool_ or not inputs.size:
        return
    bits = chip.limit("payload_bits") if "payload_bits" in chip.limits else 0
    needed = max(int(inputs.max()), -int(inputs.min())).bit_length() + 1
    if needed > bits:
        raise UnsupportedError(
            f"{chip.name}: limit payload_bits: inputs are {inputs.dtype} of {inputs.min()}..{inputs.max()} and need"
            f" {needed} bits, available {bits}; plain pulses are bool"
        )


def check_engine(name: str) -> None:
    """Raise NeurosimError for an engine that does not exist, with the nearest spelling."""
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)


def _run_chunk(inputs: NDArray[np.bool_], record_spikes: bool, first: bool) -> Run:
    if _chip is None:
        raise RuntimeError("worker was not started")
    return _chip.run(inputs, record_spikes, trace_first=first)
