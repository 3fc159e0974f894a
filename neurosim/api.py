"""What people hold in their hands: load, map, simulate, price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim import chip as chip_room
from neurosim.chip import Chip
from neurosim.cores import core_kind, vocabulary_of
from neurosim.cores.problem import Link, problem_of
from neurosim.engine.how import Sink
from neurosim.engine.simulate import simulate as run_program
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.mapping import Mapping, Watch, assign, nets_of, refuse_illegal
from neurosim.mapping.watch import Progress
from neurosim.network import Network, Projection
from neurosim.program import Program
from neurosim.results import Energy, Host, Run
from neurosim.results import price as price_run
from neurosim.results.energy import Boundary


def load_chip(name_or_path: str | Path) -> Chip:
    """Load a chip by catalog name or from a descriptor file; raises NeurosimError."""
    return chip_room.load_chip(name_or_path, vocabulary_of)


def map_network(
    network: Network,
    chip: Chip,
    mapper: str = "sequential",
    seed: int = 0,
    *,
    rates: Dict[str, ArrayLike] | NDArray[np.float64] | None = None,
    fixed: Dict[str, ArrayLike] | None = None,
    dead_cores: Iterable[int] = (),
    dead_links: Iterable[Link] = (),
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Mapping:
    """Lower a network for a chip and place it; raises CapacityError when it does not fit.

    ``rates``, ``fixed``, ``dead_cores`` and ``dead_links`` as in ``problem_of``, by populations of the lowered network.
    Long searches end after ``time_limit`` seconds or when interrupted, with the best so far; ``progress`` is called
    with (stage, part done, cost).
    """
    kind = core_kind(chip.core_kind)
    if network.learns and not getattr(kind, "LEARNS", False):
        first = next(p for p in network.projections if p.learning is not None)
        raise UnsupportedError(f"{chip.name}: projection {first.source} -> {first.target}: learning unsupported")
    lowered = kind.lower(network, chip)
    problem = problem_of(lowered, chip, rates=rates, fixed=fixed, dead_cores=dead_cores, dead_links=dead_links)
    watch = Watch(time_limit, progress)
    core_of = assign(mapper, problem, seed, watch)
    stopped = ["interrupted: the best found by then"] if watch.interrupted else []
    return Mapping(network, lowered, chip, core_of, mapper, seed, (*watch.notes, *stopped))


def load_program(mapping: Mapping, options: Dict[str, Any] | None = None) -> Program:
    """Build the chip's tables and refuse a mapping that exceeds any limit (CapacityError).

    ``options`` are choices of the run that the core kind reads when it starts.
    """
    kind = core_kind(mapping.chip.core_kind)
    program = kind.load(mapping, nets_of(mapping.lowered.network))
    refuse_illegal(mapping.chip.name, kind.usage(program))
    return replace(program, options=dict(options or {}))


def simulate(
    mapping: Mapping | Program,
    inputs: NDArray[np.bool_],
    *,
    steps: int | None = None,
    constants: str | None = None,
    engine: str = "compiled",
    network: str = "exact",
    router: Callable[..., Any] | None = None,
    record_spikes: bool = False,
    sink: Sink | None = None,
    workers: int = 1,
    threads: int = 1,
    world: World | None = None,
    learning: str = "reset",
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Run a mapping (or a loaded program) on pulses bool[n, T, input lines]; see engine.simulate for the rest.

    ``steps`` takes the first so many steps of the inputs. Raises NeurosimError.
    """
    program = mapping if isinstance(mapping, Program) else load_program(mapping)
    if steps is not None:
        if not 0 < steps <= inputs.shape[1]:
            raise NeurosimError(f"steps {steps}: must be 1..{inputs.shape[1]}, the length of the inputs")
        inputs = inputs[:, :steps]
    return run_program(
        program,
        inputs,
        constants=constants,
        engine=engine,
        network=network,
        router=router,
        record_spikes=record_spikes,
        sink=sink,
        workers=workers,
        threads=threads,
        world=world,
        learning=learning,
        progress=progress,
    )


def learned_network(network: Network, program: Program, run: Run) -> Network:
    """Return the network with the weights, delays and tags that its synapses hold after a run of its program.

    Raises NeurosimError for a run in which nothing has learned.
    """
    if run.learned is None:
        raise NeurosimError(f"network {network.name}: nothing has learned in this run")
    lowered, learned = program.lowered, run.learned
    starts = np.cumsum([0, *(len(p.targets) for p in lowered.network.projections)])

    def after(k: int, p: Projection) -> Projection:
        if p.learning is None:
            return p
        here = slice(*np.searchsorted(learned.synapse, starts[k : k + 2]).tolist())
        later = int(lowered.lag[p.target] - lowered.lag[p.source])  # what retiming has added to each delay
        delay = (learned.delay[here] + 1 - later).astype(np.int16)
        return replace(p, weights=learned.weight[here].astype(np.int64), delay=delay, tags=learned.tag[here])

    return replace(network, projections=tuple(after(k, p) for k, p in enumerate(network.projections)))


def price(
    run: Run,
    chip: Chip,
    constants: str | None = None,
    host: Host | None = None,
    boundary: Boundary | None = None,
) -> Energy:
    """Price a run with the chip's constants; simulate once, price as often as wanted."""
    return price_run(run, chip, core_kind(chip.core_kind).prices(chip), constants, host, boundary)
