"""Real weights become the integers of a compartment core, with a record of what that changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.mapping.lowering import Record
from neurosim.network import Population, Projection

_ROUNDED_UP = 1.005  # a figure printed with three digits is at most half a percent below the figure itself


def at_most(value: float) -> str:
    """Return a bound with three digits that is never below the value."""
    return f"{value * _ROUNDED_UP:.3g}"


def largest_weight(chip: Chip) -> int:
    """Return the largest magnitude of a weight that may have either sign: one bit of the stored weight is the sign."""
    return int(2 ** (chip.limit("weight_bits_max") - 1)) - 1


def weight_bounds(incoming: Iterable[Projection]) -> tuple[float, bool]:
    """Return the largest magnitude over all incoming weights and whether all of them are integers."""
    values = [_values(p) for p in incoming]
    largest = max((float(np.abs(v).max(initial=0)) for v in values), default=0.0)
    return largest, all(bool(np.all(v == np.rint(v))) for v in values)


def quantised(projection: Projection, scale: float, grain: int) -> Projection:
    """Return the projection with weights times ``scale`` rounded to mantissas of exponent ``grain``, without zeros."""
    weights = _rounded(projection, scale)
    kept = weights != 0
    indptr = np.zeros_like(projection.indptr)
    np.cumsum(np.bincount(projection.rows[kept], minlength=len(indptr) - 1), out=indptr[1:])
    return replace(
        projection,
        indptr=indptr,
        targets=projection.targets[kept],
        weights=weights[kept],
        delay=projection.delays[kept] if np.ndim(projection.delay) else projection.delay,
        exponent=grain,
    )


def quantisation_record(
    population: Population, incoming: list[Projection], scale: float, exact: bool, chip: Chip, threshold: str = ""
) -> Record:
    """Return the record of rounding the weights that reach a population; ``threshold`` says what it became."""
    name = f"quantise {population.name}"
    note = f"; threshold {threshold}" if threshold else ""
    if exact:
        kept = "integer weights kept as they are" if scale == 1 else f"integer weights times {scale:g}"
        return Record(name, kept + note, "the chip's weights are integers", "exact")
    pairs = [(_values(p), _rounded(p, scale)) for p in incoming]
    lost = sum(int(np.count_nonzero((real != 0) & (stored == 0))) for real, stored in pairs)
    total = sum(int(np.count_nonzero(real)) for real, _ in pairs)
    worst = max((float(np.abs(stored / scale - real).max(initial=0)) for real, stored in pairs), default=0.0)
    return Record(
        name,
        f"weights times {scale:.6g}, rounded to signed {chip.limit('weight_bits_max')}-bit integers;"
        f" {lost} of {total} round to zero and are not stored{note}",
        "the chip's weights are integers of a few bits",
        "approximate",
        f"each weight off by at most {at_most(worst)}",
    )


def range_record(population: Population, incoming: Iterable[Projection], chip: Chip) -> Record | None:
    """Return a record when the pulses of one step could carry a synaptic sum out of its range, else None.

    ``incoming`` are the projections as lowered. Each source neuron pulses at most once a step, so the sums of the
    positive and of the negative weights bound what can arrive.
    """
    low, high = np.zeros(population.size), np.zeros(population.size)
    for p in incoming:
        weights = _values(p)
        np.add.at(low, p.targets, np.minimum(weights, 0))
        np.add.at(high, p.targets, np.maximum(weights, 0))
    limit = 1 << (chip.width("synaptic_sum_bits") - 1)
    if low.min() >= -limit and high.max() < limit:
        return None
    return Record(
        f"range {population.name}",
        f"if all sources pulsed in one step, sums would reach {low.min():.0f} or {high.max():.0f} and wrap",
        f"the chip's synaptic sums have {chip.width('synaptic_sum_bits')} bits",
        "approximate",
        f"exact as long as every step's sum stays within -{limit}..{limit - 1}",
    )


def _values(projection: Projection) -> NDArray[np.float64]:
    values: NDArray[np.float64] = projection.weights * 2.0**projection.exponent
    return values


def _rounded(projection: Projection, scale: float) -> NDArray[np.int64]:
    return np.rint(_values(projection) * scale).astype(np.int64)
