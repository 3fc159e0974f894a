"""The checker: is a mapping legal, complete, equal to the unmapped network, and in time?"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Dict
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neurosim.check import completeness as complete
from neurosim.check import equivalence as equal
from neurosim.check import placement as places
from neurosim.check import routes as ways
from neurosim.check import timing as times
from neurosim.check.legality import legality
from neurosim.check.result import CheckResult, Part
from neurosim.cores.audit import Auditor
from neurosim.cores.kind import CoreKind, core_kind
from neurosim.engine.simulate import simulate
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping, nets_of
from neurosim.program import Program
from neurosim.results import Run


def check(
    mapping: Mapping,
    *,
    program: Program | None = None,
    inputs: NDArray[Any] | None = None,
    dead_cores: Collection[int] = (),
    dead_links: Collection[ways.Link] = (),
    routes: Dict[ways.Link, ways.Route] | None = None,
    engine: str = "compiled",
) -> CheckResult:
    """Check a mapping, or a program that claims to be it; nothing is taken from what a mapper reckoned.

    ``inputs`` bool[n, T, input lines] are run on the chip and without it, by default ``random_inputs``; with no
    samples nothing is run. ``dead_links`` are (from tile, to tile); ``routes`` the tiles that a mapping says packets
    pass, by (from tile, to tile). What is wrong with a mapping is in the result; nothing is raised for it.
    """
    kind = core_kind(mapping.chip.core_kind)
    auditor = cast("Auditor | None", getattr(kind, "AUDIT", None))
    refusal = ""
    if program is None:
        try:
            program = kind.load(mapping, nets_of(mapping.lowered.network))
        except NeurosimError as error:
            refusal = str(error)
    lines, legal = legality(mapping, program, kind, auditor, dead_cores, refusal)
    if program is None:
        parts = [legal, *(Part.skipped(name, "nothing was loaded") for name in _AFTER_LOADING)]
    else:
        followed = _followed(mapping, program, kind, auditor, dead_links, routes)
        sound = all(part.verdict != "failed" for part in (legal, *followed[:2]))
        wanted = random_inputs(mapping) if inputs is None else inputs
        parts = [legal, *followed, *_run(mapping, program, kind, wanted, engine, sound)]
    return CheckResult(mapping.chip.name, mapping.network.name, mapping.mapper, tuple(lines), tuple(parts))


_AFTER_LOADING = (places.NAME, complete.NAME, ways.NAME, equal.NAME, times.NAME)


def random_inputs(
    mapping: Mapping, samples: int = 2, steps: int = 16, rate: float = 0.2, seed: int = 0
) -> NDArray[np.bool_]:
    """Return pulses bool[samples, steps, input lines], each drawn with probability ``rate``."""
    shape = (samples, steps, mapping.lowered.network.n_inputs)
    pulses: NDArray[np.bool_] = np.random.default_rng(seed).random(shape) < rate
    return pulses


def _followed(
    mapping: Mapping,
    program: Program,
    kind: CoreKind,
    auditor: Auditor | None,
    dead_links: Collection[ways.Link],
    routes: Dict[ways.Link, ways.Route] | None,
) -> list[Part]:
    """Return what following the tables finds: places, synapses, routes."""
    if auditor is None:
        reason = f"core kind {mapping.chip.core_kind} offers no auditor that reads its memories back"
        return [Part.skipped(name, reason) for name in _AFTER_LOADING[:3]]
    seats, placed = places.placement(mapping, program, auditor)
    if seats is None:
        reason = "it is not known which neuron is where"
        return [placed, Part.skipped(complete.NAME, reason), Part.skipped(ways.NAME, reason)]
    whole = complete.completeness(mapping, program, auditor, seats)
    if complete.is_broken(whole):
        return [placed, whole, ways.unwalked()]
    return [placed, whole, ways.routes(program, kind.MULTICAST, dead_links, routes)]


def _run(
    mapping: Mapping, program: Program, kind: CoreKind, inputs: NDArray[Any], engine: str, sound: bool
) -> list[Part]:
    if not len(inputs):
        return [Part.skipped(name, "no samples to run") for name in _AFTER_LOADING[3:]]
    if not sound:
        return [Part.skipped(name, "not run: see what failed above") for name in _AFTER_LOADING[3:]]
    run: Run = simulate(program, inputs, engine=engine, record_spikes=True)
    return [equal.equivalence(mapping, kind, run, inputs), times.timing(mapping.chip, run, kind.MULTICAST)]
