"""How well static metrics predict energy and latency of simulated mappings, network by network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurosim.bench.result import BenchResult, Simulated
from neurosim.check.correlation import PAIRS, pearson, ranks


@dataclass(frozen=True)
class Prediction:
    """A static metric beside a simulated one over n mappings of one network; None where one does not vary."""

    network: str
    static: str
    simulated: str
    n: int
    pearson: float | None
    spearman: float | None


def predictions(results: Sequence[BenchResult], least: int = 3) -> list[Prediction]:
    """Return the correlations of every network with at least ``least`` simulated mappings; both orders are one network.

    Static metrics are those reckoned with the spikes of the simulated run.
    """
    runs: dict[str, list[Simulated]] = {}
    for result in results:
        if result.simulated is not None and result.outcome == "legal":
            runs.setdefault(result.case.network, []).append(result.simulated)
    return [
        _prediction(network, group, static, simulated)
        for network, group in runs.items()
        if len(group) >= least
        for static, simulated in PAIRS
    ]


def _prediction(network: str, runs: Sequence[Simulated], static: str, simulated: str) -> Prediction:
    pairs = [(run.static.get(static), run.dynamic.get(simulated)) for run in runs]
    known = np.array([(a, b) for a, b in pairs if a is not None and b is not None], dtype=np.float64).reshape(-1, 2)
    if len(known) < 2:
        return Prediction(network, static, simulated, len(known), None, None)
    x, y = known.T
    return Prediction(network, static, simulated, len(known), pearson(x, y), pearson(ranks(x), ranks(y)))
