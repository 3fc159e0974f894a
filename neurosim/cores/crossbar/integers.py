"""One factor that makes numbers whole, found without rounding."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import numpy as np
from numpy.typing import NDArray


def are_whole(values: NDArray[np.float64]) -> bool:
    """Tell whether all values are integers."""
    return bool(np.all(values == np.rint(values)))


def least_factor(values: NDArray[np.float64]) -> Fraction:
    """Return the least factor above 0 that makes all values whole, 1 when all are 0.

    Floating-point numbers are binary fractions, so it always exists; that of unrelated real numbers is huge.
    """
    common = Fraction(0)
    for value in np.unique(np.abs(values)).tolist():
        common = _common_divisor(common, Fraction(value))
    return 1 / common if common else Fraction(1)


def _common_divisor(a: Fraction, b: Fraction) -> Fraction:
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)


def times(values: NDArray[np.float64], factor: Fraction) -> list[Fraction]:
    """Return the products exactly."""
    distinct, index = np.unique(values, return_inverse=True)
    products = [Fraction(value) * factor for value in distinct.tolist()]
    return [products[k] for k in index.ravel().tolist()]
