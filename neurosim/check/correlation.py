"""How well static metrics predict simulated ones, over several mappings of one network on one chip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.check.measure import MappingMetrics
from neurosim.errors import NeurosimError
from neurosim.mapping.metrics import as_dict

Floats = NDArray[np.float64]

# What is predicted by what: (static metric, simulated metric).
PAIRS = (
    ("hop_weighted", "energy_network"),
    ("multicast_traffic", "energy_network"),
    ("jin_energy", "energy_network"),
    ("packets", "energy_dynamic"),
    ("hop_weighted", "energy_dynamic"),
    ("edge_cut", "energy_dynamic"),
    ("average_hops", "spike_latency_mean"),
    ("jin_latency_mean", "spike_latency_mean"),
    ("jin_latency_max", "spike_latency_max"),
    ("link_load_max", "spike_latency_max"),
    ("link_load_max", "latency"),
    ("packets", "latency"),
)


@dataclass(frozen=True)
class Correlation:
    """A static metric beside a simulated one over ``n`` mappings: Pearson's and Spearman's coefficients.

    A coefficient is None where one of the two is the same for all mappings.
    """

    static: str
    simulated: str
    n: int
    pearson: float | None
    spearman: float | None


def correlations(metrics: Sequence[MappingMetrics], pairs: Sequence[tuple[str, str]] = PAIRS) -> list[Correlation]:
    """Return the correlation of every pair of metrics; raises NeurosimError for fewer than three simulated mappings."""
    both = [(as_dict(each.static), as_dict(each.dynamic)) for each in metrics if each.dynamic is not None]
    if len(both) < 3:
        raise NeurosimError(f"correlation needs at least 3 simulated mappings, found {len(both)}")
    found = []
    for static, simulated in pairs:
        x, y = (np.array([each[k][name] for each in both], dtype=float) for k, name in ((0, static), (1, simulated)))
        found.append(Correlation(static, simulated, len(both), pearson(x, y), pearson(ranks(x), ranks(y))))
    return found


def pearson(x: Floats, y: Floats) -> float | None:
    """Return Pearson's coefficient, None if one of both does not vary."""
    if np.ptp(x) <= 1e-12 * np.abs(x).max() or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return None
    a, b = x - x.mean(), y - y.mean()
    return float(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)))


def ranks(values: Floats) -> Floats:
    """Return the rank of every value from 1; equal ones share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    shared: Floats = (last - (count - 1) / 2)[place.ravel()]
    return shared
