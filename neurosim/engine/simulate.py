"""Simulate: a program and its inputs become a Run, on one or several worker processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.engine.asynchronous import ASYNCHRONOUS, BothAsyncChips, CompiledAsyncChip, EventAsyncChip
from neurosim.engine.compiled import BothChips, CompiledChip
from neurosim.engine.event.chip import EventChip
from neurosim.engine.event.router import Router
from neurosim.engine.how import NETWORKS, How, Sink
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError, unknown
from neurosim.program import Program
from neurosim.results import Run, merge

AnyChip = EventChip | CompiledChip | BothChips | EventAsyncChip | CompiledAsyncChip | BothAsyncChips

ENGINES: dict[str, type[EventChip | CompiledChip | BothChips]] = {
    "event": EventChip,  # the definition
    "compiled": CompiledChip,  # its twin
    "both": BothChips,  # one after the other, compared
}
LEARNING = ("reset", "keep", "off")
_CHUNKS_PER_WORKER = 8  # so that the progress bar moves and the last worker does not idle long

_work: tuple[AnyChip, NDArray[Any], bool] | None = None


def simulate(
    program: Program,
    inputs: NDArray[Any],
    *,
    constants: str | None = None,
    engine: str = "compiled",
    network: str = "exact",
    router: Callable[..., Router] | None = None,
    record_spikes: bool = False,
    sink: Sink | None = None,
    workers: int = 1,
    threads: int = 1,
    world: World | None = None,
    learning: str = "reset",
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Run samples ``inputs`` bool[n, T, input lines]; every sample starts from the loaded state.

    ``engine`` is "event", "compiled" or "both", which runs the two and raises NeurosimError if they differ.
    ``network`` is "exact", with links and queues, or "counts": hops and link loads are counted, and packets take as
    long as on an empty network. ``router`` makes the routers of the event engine (see engine.event.router.Router).
    ``sink`` takes every pulse and packet of every sample as it is known, which one worker does. With a ``world`` there
    is one sample; of the inputs only the number of steps counts, their pulses come from the world.
    ``learning`` says what becomes of what synapses learn: "reset" lets every sample start from the loaded weights,
    "keep" lets each start from what the one before has left (which one worker does), "off" lets nothing learn.
    Where spikes carry values, inputs may be whole numbers, by which weights are multiplied (0 = no pulse).
    ``workers`` processes share the samples (0 = one per processor) and ``threads`` the cores of a step, in the
    compiled engine; the result is the same for any number of either.
    Raises NeurosimError for an unknown engine, network or constant set, fewer than 0 workers, and inputs of a wrong
    shape, type or size; UnsupportedError for cores or routers of one's own in the compiled engine.
    """
    check_engine(engine)
    check_network(network)
    if learning not in LEARNING:
        raise unknown("learning", learning, LEARNING)
    program = replace(program, options={**program.options, "learning": learning})
    lines = program.lowered.network.n_inputs
    if inputs.ndim != 3 or inputs.shape[2] != lines or inputs.dtype.kind not in "biu":
        raise NeurosimError(f"inputs are {inputs.dtype}{list(inputs.shape)}, need bool[samples, steps, {lines}]")
    _check_values(program.chip, inputs)
    if not inputs.shape[0] or not inputs.shape[1]:
        raise NeurosimError(f"inputs have {inputs.shape[0]} samples of {inputs.shape[1]} steps, need at least 1")
    if workers < 0:
        raise NeurosimError(f"workers {workers}: must be at least 1, or 0 for one per processor")
    if threads < 1:
        raise NeurosimError(f"threads {threads}: must be at least 1")
    if router is not None and engine != "event":
        raise UnsupportedError(f"engine '{engine}' routes in dimension order; a router of one's own needs 'event'")
    if world is not None:
        if len(inputs) > 1:
            raise NeurosimError(f"inputs have {len(inputs)} samples; a world goes with one")
        world.begin(lines, tuple(program.members))
    chosen = program.chip.constants(constants)
    workers = (
        1
        if sink is not None or (learning == "keep" and program.learns)
        else min(workers or os.cpu_count() or 1, len(inputs))
    )
    how = How(network, threads, router)
    engines = ASYNCHRONOUS if program.chip.discipline == "asynchronous" else ENGINES
    chip = engines[engine](program, chosen, how)
    if workers == 1:
        return chip.run(inputs, record_spikes, progress=progress, sink=sink, world=world)
    global _work  # noqa: PLW0603  built here, so that what is wrong is said here; workers inherit it by fork
    _work = chip, inputs, record_spikes
    chunks = np.array_split(np.arange(len(inputs)), min(workers * _CHUNKS_PER_WORKER, len(inputs)))
    context = multiprocessing.get_context("fork")
    runs: list[Run] = []
    with ProcessPoolExecutor(workers, context) as pool:
        jobs = [pool.submit(_run_chunk, int(c[0]), int(c[-1]) + 1) for c in chunks]
        for job, chunk in zip(jobs, chunks, strict=True):
            runs.append(job.result())
            if progress is not None:
                progress(len(chunk))
    _work = None
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


def check_network(name: str) -> None:
    """Raise NeurosimError for a network model that does not exist, with the nearest spelling."""
    if name not in NETWORKS:
        raise unknown("network model", name, NETWORKS)


def _run_chunk(first: int, last: int) -> Run:
    if _work is None:
        raise RuntimeError("worker was not started")
    chip, inputs, record_spikes = _work
    return chip.run(inputs[first:last], record_spikes, trace_first=first == 0)
