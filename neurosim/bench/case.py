"""A case: one bench network in one order on one chip, with what all runs on it share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurosim.api import load_chip
from neurosim.bench.bounds import lower_bounds
from neurosim.bench.result import CaseRef
from neurosim.benchset import build, recorded_rates
from neurosim.benchset.rates import rates_digest
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.cores.problem import problem_of
from neurosim.errors import NeurosimError
from neurosim.mapping import Lowered, MappingProblem
from neurosim.network import Network


@dataclass(frozen=True, eq=False)
class Case:
    """A network of the bench set on a chip; ``rates`` are those that the unmapped network showed."""

    name: str
    order: str
    chip: Chip
    network: Network
    rates: NDArray[np.float64]

    @cached_property
    def ref(self) -> CaseRef:
        """What identifies the case: names and digests."""
        return CaseRef(
            network=self.name,
            order=self.order,
            network_sha256=self.network.digest(),
            chip=self.chip.name,
            chip_sha256=self.chip.digest,
            chip_set=dict(self.chip.overrides),
            rates_sha256=rates_digest(self.rates),
        )

    @cached_property
    def lowered(self) -> Lowered:
        """The network as rewritten for the chip."""
        return core_kind(self.chip.core_kind).lower(self.network, self.chip)

    @cached_property
    def problem(self) -> MappingProblem:
        """What mappers get; raises NeurosimError where rewriting gave neurons for which no rates are recorded."""
        shapes = [[(p.name, p.size) for p in (*n.sources, *n.neurons)] for n in (self.network, self.lowered.network)]
        if shapes[0] != shapes[1]:
            raise NeurosimError(f"{self.name} on {self.chip.name}: rewriting adds neurons, recorded rates do not fit")
        return problem_of(self.lowered, self.chip, rates=self.rates)

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Lower bounds by name of the static metric."""
        return lower_bounds(self.problem)


def open_case(name: str, order: str, chip: str, changes: Mapping[str, str], cache: Path | None = None) -> Case:
    """Generate a case; raises NeurosimError for unknown names and figures and for a network of another digest."""
    silicon = load_chip(chip).with_overrides(dict(changes))
    return Case(name, order, silicon, build(name, order), recorded_rates(name, order, cache))
