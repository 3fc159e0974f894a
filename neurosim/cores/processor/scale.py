"""Choosing integers: one factor per population and one power of two per projection that reaches it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.processor.widths import FRACTION_BITS, arithmetic, weight_range
from neurosim.network import Projection

Reals = NDArray[np.float64]
_MANTISSA = 53  # bits of a float's mantissa


@dataclass(frozen=True)
class Scale:
    """What a population's units are: original units times ``factor``.

    Projection k stores ``round(weight * factor / 2**exponents[k])``. ``exact`` tells that nothing is rounded.
    """

    factor: float
    exponents: tuple[int, ...]
    exact: bool


def values_of(projection: Projection) -> Reals:
    """Return what a projection adds per synapse, float64[n]."""
    values: Reals = projection.weights * 2.0**projection.exponent
    return values


def largest(arrays: Iterable[Reals]) -> float:
    """Return the largest magnitude in some arrays, 0 when there is none."""
    return max((float(np.abs(values).max(initial=0)) for values in arrays), default=0.0)


def grain(values: Reals) -> int | None:
    """Return the exponent of the largest power of two that divides all values, None when all are zero."""
    mantissa, exponent = np.frexp(values[values != 0])
    if not len(mantissa):
        return None
    whole = (mantissa * 2.0**_MANTISSA).astype(np.int64)
    zeros = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    return int((exponent - _MANTISSA + zeros).min())


def fitting_exponent(values: Reals, chip: Chip) -> int | None:
    """Return the least e with round(values / 2**e) in the range of stored weights, None when all are zero."""
    top = float(np.abs(values).max(initial=0))
    if not top:
        return None
    least, most = weight_range(chip)
    e = int(np.frexp(top)[1]) - chip.limit("weight_bits")
    while np.rint(values.max() * 2.0**-e) > most or np.rint(values.min() * 2.0**-e) < least:
        e += 1
    return e


def exact_scale(incoming: Sequence[Projection], grid: Reals, floor: int, room: float, chip: Chip) -> Scale | None:
    """Return the least power of two that makes all weights storable and ``grid`` whole, None when there is none.

    ``floor`` is the lowest exponent (0 for whole units, -15 for s16.15); ``grid`` values must become multiples of
    2**floor; they and the weights must stay within ``room``.
    """
    exponents: list[int] = []
    for values in map(values_of, incoming):
        divides, fits = grain(values), fitting_exponent(values, chip)
        if divides is None or fits is None:
            exponents.append(0)
        elif fits > divides:
            return None
        else:
            exponents.append(min(divides, max(fits, 0)))
    step = grain(grid)
    up = max(0, floor - min(exponents, default=0), floor - (step if step is not None else 0))
    if largest([grid, *map(values_of, incoming)]) * 2.0**up > room:
        return None
    return Scale(2.0**up, tuple(e + up for e in exponents), True)


def summing_scale(incoming: Sequence[Projection], chip: Chip) -> Scale:
    """Return a rounding scale in whole units for neurons that only sum."""
    return _with_exponents(incoming, _full_range(incoming, chip) * _finer(incoming, chip), 0, chip)


def threshold_scale(incoming: Sequence[Projection], threshold: Reals, chip: Chip) -> Scale:
    """Return a rounding scale in whole units: thresholds are off by less than 2**-15 of the least of them.

    One threshold for all falls on a whole number. Half of the membrane's range stays above all thresholds and
    weights, if need be at the cost of small ones.
    """
    factor = _full_range(incoming, chip) * _finer(incoming, chip)
    whole_bits = int(np.frexp(float(threshold.min()) * factor)[1]) - 1
    factor *= 2.0 ** max(FRACTION_BITS - whole_bits, 0)
    factor = min(factor, arithmetic(chip).state_high / 2 / largest([threshold, *map(values_of, incoming)]))
    if threshold.min() == threshold.max():
        factor = float(np.floor(threshold[0] * factor)) / float(threshold[0])
    return _with_exponents(incoming, factor, 0, chip)


def leaky_scale(incoming: Sequence[Projection], magnitudes: Reals, chip: Chip) -> Scale:
    """Return a rounding scale for s16.15: weights at full range, and ``magnitudes`` in half of the format's."""
    factor, top = _full_range(incoming, chip), largest([magnitudes])
    room = (arithmetic(chip).state_high + 1) / 2.0**FRACTION_BITS / 2
    return _with_exponents(incoming, min(factor, room / top) if top else factor, -FRACTION_BITS, chip)


def _full_range(incoming: Sequence[Projection], chip: Chip) -> float:
    """Return the factor at which the largest weight is the largest stored one."""
    top = largest(map(values_of, incoming))
    return weight_range(chip)[1] / top if top else 1.0


def _finer(incoming: Sequence[Projection], chip: Chip) -> float:
    """Return 2**k for k octaves between the projections with the largest and the smallest weights.

    In whole units so much is needed to store both at full range; k is at most the number of bits of a weight.
    """
    tops = [top for p in incoming if (top := largest([values_of(p)]))]
    octaves = int(np.floor(np.log2(max(tops) / min(tops)))) if tops else 0
    return float(2.0 ** min(octaves, chip.limit("weight_bits")))


def _with_exponents(incoming: Sequence[Projection], factor: float, floor: int, chip: Chip) -> Scale:
    exponents = (fitting_exponent(values_of(p) * factor, chip) for p in incoming)
    return Scale(factor, tuple(0 if e is None else max(e, floor) for e in exponents), False)
