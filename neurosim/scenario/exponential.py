"""Fitting one exponential to points, by least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GOLDEN = (math.sqrt(5) - 1) / 2
_ROUNDS = 80  # each takes away 38 % of the interval


@dataclass(frozen=True)
class Exponential:
    """``amplitude * exp(-t / tau)``."""

    amplitude: float
    tau: float


def fit_exponential(t: NDArray[np.float64], y: NDArray[np.float64], shortest: float, longest: float) -> Exponential:
    """Return the exponential with the least sum of squared deviations, of a time constant between two bounds.

    ``t`` and ``y`` float64[n]. For a given time constant the best amplitude is a quotient of two sums; the time
    constant is found by golden-section search over its logarithm.
    """

    def best(log_tau: float) -> tuple[float, float]:
        shape = np.exp(-t / math.exp(log_tau))
        amplitude = float(shape @ y / (shape @ shape))
        return float(np.square(y - amplitude * shape).sum()), amplitude

    low, high = math.log(shortest), math.log(longest)
    for _ in range(_ROUNDS):
        a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if best(a)[0] < best(b)[0]:
            high = b
        else:
            low = a
    middle = (low + high) / 2
    return Exponential(best(middle)[1], math.exp(middle))
