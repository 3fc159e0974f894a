"""All metrics of a mapping in one frozen value: static, dynamic, resources, the mapper's cost, and gaps."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.check.dynamic import DynamicMetrics, dynamic_metrics
from neurosim.check.legality import legality
from neurosim.check.references import references
from neurosim.check.result import Line
from neurosim.cores.kind import core_kind
from neurosim.engine.simulate import simulate
from neurosim.mapping import Mapping, nets_of
from neurosim.mapping.metrics import Edges, Grid, StaticMetrics, as_dict, edges_of, grid_of, metric
from neurosim.mapping.metrics.gap import Gap
from neurosim.mapping.metrics.static import metrics_of_edges
from neurosim.program import Program
from neurosim.results import Run, price


@dataclass(frozen=True)
class Resources:
    """What of the chip is used; ``utilisation`` is the share of each limit on the fullest core, and the mean."""

    cores: int = metric("core", "cores in use")
    cores_share: float = metric("1", "cores in use / cores that can be used")
    replication: float = metric("1", "neurons with copies and relays on the chip / neurons of the original network")
    utilisation: Dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class MappingMetrics:
    """Every metric of one mapping on one set of inputs.

    ``static`` are reckoned with the spikes per inference that the run showed (or one per source without a run),
    ``dynamic`` come from the run; ``seconds`` and ``peak_bytes`` are the mapper's time and growth of memory; ``gaps``
    compare costs with a best known one and with a lower bound, by name of the static metric; ``rates`` are the spikes
    of every source that the static metrics were reckoned with.
    """

    static: StaticMetrics
    dynamic: DynamicMetrics | None
    resources: Resources
    seconds: float | None = None
    peak_bytes: int | None = None
    gaps: Dict[str, Gap] = field(default_factory=dict)
    rates: NDArray[np.float64] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "static": as_dict(self.static),
            "dynamic": as_dict(self.dynamic) if self.dynamic else None,
            "resources": as_dict(self.resources) | {"utilisation": dict(self.resources.utilisation)},
            "mapper": {"seconds": self.seconds, "peak_bytes": self.peak_bytes},
            "gaps": {
                name: asdict(gap) | {"to_best": gap.to_best, "to_bound": gap.to_bound}
                for name, gap in self.gaps.items()
            },
        }


def measure(
    mapping: Mapping,
    program: Program,
    inputs: NDArray[Any] | None = None,
    *,
    rates: NDArray[np.float64] | None = None,
    constants: str | None = None,
    engine: str = "compiled",
    seconds: float | None = None,
    peak_bytes: int | None = None,
    best: Dict[str, float] | None = None,
    bounds: Dict[str, float] | None = None,
) -> MappingMetrics:
    """Run a program on ``inputs`` bool[n, T, input lines] and return all metrics of its mapping.

    Without inputs there are no dynamic metrics, and the static ones take ``rates`` (spikes of every source in the
    window, input lines first), by default one each. ``best`` and ``bounds`` give best known costs and lower bounds by
    name of the static metric. Raises NeurosimError for a cost below its bound.
    """
    kind = core_kind(mapping.chip.core_kind)
    dynamic = None
    if inputs is not None and len(inputs):
        run = simulate(program, inputs, constants=constants, engine=engine, record_spikes=True)
        rates = spikes_per_inference(mapping, run, inputs) if rates is None else rates
        reference = next(references(mapping, kind, inputs), None)
        unmapped = {n: (p, reference.lag.get(n, 0)) for n, p in reference.pulses.items()} if reference else None
        energy = price(run, mapping.chip, kind.prices(mapping.chip), constants)
        chosen = mapping.chip.constants(constants)
        dynamic = dynamic_metrics(program, run, energy, chosen, unmapped, kind.MULTICAST)
    static = static_of(mapping, rates)
    values, known, least = as_dict(static), best or {}, bounds or {}
    gaps = {
        name: Gap(float(value), known.get(name), least.get(name))
        for name, value in values.items()
        if value is not None and (name in known or name in least)
    }
    return MappingMetrics(static, dynamic, resources(mapping, program), seconds, peak_bytes, gaps, rates)


def edges_on_chip(mapping: Mapping, rates: NDArray[np.float64] | None = None) -> tuple[Edges, Grid]:
    """Return the hyperedges of a mapping, one per source on chips that multicast, and the mesh of its chip."""
    grid = grid_of(mapping.chip, core_kind(mapping.chip.core_kind).MULTICAST)
    nets = nets_of(mapping.lowered.network)
    edges = edges_of(nets, mapping.core_of, rates, per_source=grid.hub is not None)
    return (edges if grid.ports else edges.without_inputs()), grid


def static_of(mapping: Mapping, rates: NDArray[np.float64] | None = None) -> StaticMetrics:
    """Return the static metrics of a mapping on its chip, ports and event router included."""
    return metrics_of_edges(*edges_on_chip(mapping, rates), mapping.core_of)


def spikes_per_inference(mapping: Mapping, run: Run, inputs: NDArray[Any]) -> NDArray[np.float64]:
    """Return the spikes of every source per inference, float64[inputs + neurons]: lines as given, neurons as run."""
    given = np.count_nonzero(inputs, axis=(0, 1))
    fired = [run.spikes.full[p.name].sum(axis=(0, 1)) for p in mapping.lowered.network.neurons]
    total: NDArray[np.float64] = np.concatenate([given, *fired]) / run.samples
    return total


def resources(mapping: Mapping, program: Program) -> Resources:
    """Return what a loaded mapping uses of its chip."""
    kind = core_kind(mapping.chip.core_kind)
    auditor = getattr(kind, "AUDIT", None)
    lines, _ = legality(mapping, program, kind, auditor)
    neurons = mapping.lowered.network.n_neurons
    if auditor is not None:
        members = [program.members[p.name] for p in mapping.lowered.network.neurons]
        core, first = (np.concatenate([getattr(m, n) for m in members]).astype(np.int64) for n in ("core", "state"))
        parts = np.concatenate([np.full(p.size, p.compartments) for p in mapping.lowered.network.neurons])
        neurons = int((auditor.units(program, core, first) // parts).sum())
    return Resources(
        len(program.cores),
        len(program.cores) / len(mapping.chip.usable_cores),
        neurons / mapping.network.n_neurons,
        utilisation(lines),
    )


def utilisation(lines: list[Line]) -> dict[str, tuple[float, float]]:
    """Return the share of every limit on the fullest core and the mean over cores; limits from below are left out."""
    shares: dict[str, list[float]] = {}
    for line in lines:
        if line.available > 0:
            shares.setdefault(line.limit, []).append(line.needed / line.available)
    return {limit: (max(values), sum(values) / len(values)) for limit, values in shares.items()}
