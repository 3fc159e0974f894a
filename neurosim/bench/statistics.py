"""Statistics of the leaderboard: medians and quartiles, ratios on the same networks, and whether they are chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import wilcoxon


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of n values (linear interpolation between order statistics)."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Paired:
    """A mapper against the baseline on the n networks where both have a cost above 0.

    ``ratio`` is the geometric mean of cost / cost of the baseline; ``better`` and ``worse`` count networks; ``p`` is
    that of Wilcoxon's signed-rank test on the logarithms of the ratios (two-sided, equal ones left out), None where
    no two differ; ``p_holm`` is p corrected for the number of mappers compared.
    """

    ratio: float | None
    n: int
    better: int
    worse: int
    p: float | None
    p_holm: float | None = None


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles of at least one value."""
    low, median, high = np.percentile(np.array(values, dtype=np.float64), [25, 50, 75])
    return Spread(float(median), float(low), float(high), len(values))


def paired(costs: Mapping[str, float], baseline: Mapping[str, float]) -> Paired:
    """Compare costs by network with those of the baseline."""
    both = [k for k in costs if k in baseline and costs[k] > 0 and baseline[k] > 0]
    logs = np.log([costs[k] / baseline[k] for k in both])
    if not len(logs):
        return Paired(None, 0, 0, 0, None)
    better, worse = int(np.count_nonzero(logs < 0)), int(np.count_nonzero(logs > 0))
    return Paired(float(np.exp(logs.mean())), len(both), better, worse, signed_rank(logs))


def signed_rank(differences: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    """Return the two-sided p of Wilcoxon's signed-rank test, zeros left out; None where nothing is left.

    Exact where all sizes differ and there are at most 50, else by the normal approximation.
    """
    left = np.array([d for d in differences if d != 0], dtype=np.float64)
    if not len(left):
        return None
    exact = len(left) <= 50 and len(np.unique(np.abs(left))) == len(left)
    return float(wilcoxon(left, method="exact" if exact else "approx").pvalue)


def holm(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return p values corrected for their number (S. Holm, Scand. J. Statist. 6, 1979)."""
    told = sorted((p, name) for name, p in values.items() if p is not None)
    corrected: dict[str, float | None] = dict.fromkeys(values)
    largest = 0.0
    for k, (p, name) in enumerate(told):
        largest = max(largest, min(1.0, p * (len(told) - k)))
        corrected[name] = largest
    return corrected
