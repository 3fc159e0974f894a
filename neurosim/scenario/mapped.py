"""A model mapped onto a chip, checked, run and measured: what ``neurosim map`` does."""

from __future__ import annotations

import platform
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from neurosim.api import load_program, map_network
from neurosim.check import CheckResult, check, random_inputs
from neurosim.check.measure import MappingMetrics, measure
from neurosim.chip import Chip
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.mapping.exchange import MappingFile, to_file
from neurosim.mapping.watch import Progress
from neurosim.network import Network
from neurosim.program import Program

_LIBRARIES = ("neurosim", "numpy", "scipy", "numba", "pymetis", "mtkahypar", "ortools")
Tile = tuple[int, int]


@dataclass(frozen=True)
class Pulses:
    """Random inputs: ``samples`` of ``steps`` in which each line has a pulse with probability ``rate``."""

    samples: int = 2
    steps: int = 16
    rate: float = 0.2
    seed: int = 0

    def of(self, mapping: Mapping) -> NDArray[np.bool_]:
        """Draw them for a mapping; raises NeurosimError for numbers out of range."""
        if self.samples < 0 or self.steps < 1 or not 0 <= self.rate <= 1:
            given = f"samples {self.samples}, steps {self.steps}, rate {self.rate:g}"
            raise NeurosimError(f"{given}: must be at least 0, at least 1, and in 0..1")
        return random_inputs(mapping, self.samples, self.steps, self.rate, self.seed)


@dataclass(frozen=True, eq=False)
class Mapped:
    """A mapping with its file, its check, and its metrics where it passed (None where it did not)."""

    mapping: Mapping
    program: Program | None
    file: MappingFile
    check: CheckResult
    metrics: MappingMetrics | None


def map_model(
    network: Network,
    chip: Chip,
    mapper: str,
    seed: int = 0,
    *,
    model: str | None = None,
    descriptor: str | None = None,
    pulses: Pulses = Pulses(),
    dead_cores: Sequence[int] = (),
    dead_links: Sequence[tuple[Tile, Tile]] = (),
    time_limit: float | None = None,
    progress: Progress | None = None,
    engine: str = "compiled",
) -> Mapped:
    """Map a network, check the mapping, and measure it on random pulses if it passes.

    ``dead_links`` are pairs of neighbouring tiles as (column, row). ``time_limit`` (seconds) and ``progress`` are for
    long searches. The mapper's time includes lowering. Raises NeurosimError, CapacityError for a network that does not
    fit.
    """
    before, began = _peak_bytes(), perf_counter()
    mapping = map_network(
        network, chip, mapper, seed, dead_cores=dead_cores, dead_links=dead_links, time_limit=time_limit,
        progress=progress,
    )  # fmt: skip
    seconds, grown = perf_counter() - began, _peak_bytes() - before
    inputs = pulses.of(mapping)
    broken = [(_number(a, chip), _number(b, chip)) for a, b in dead_links]
    result = check(mapping, inputs=inputs, dead_cores=dead_cores, dead_links=set(broken), engine=engine)
    file = to_file(
        mapping,
        model=model,
        descriptor=descriptor,
        seconds=seconds,
        peak_bytes=grown,
        versions=versions(),
        dead_cores=list(dead_cores),
        dead_links=broken,
    )
    if not result.passed:
        return Mapped(mapping, None, file, result, None)
    program = load_program(mapping)
    metrics = measure(mapping, program, inputs, engine=engine, seconds=seconds, peak_bytes=grown)
    return Mapped(mapping, program, file, result, metrics)


def _number(tile: Tile, chip: Chip) -> int:
    return tile[1] * chip.columns + tile[0]


def versions() -> dict[str, str]:
    """Return the versions of Python and of what mappers build on, as far as it is installed."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _peak_bytes() -> int:
    """Return the largest memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak  # kibibytes elsewhere
