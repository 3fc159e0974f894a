"""The records that lowering for processing elements leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.processor.scale import Scale, values_of
from neurosim.cores.processor.widths import FRACTION_BITS, arithmetic
from neurosim.mapping.lowering import Record
from neurosim.network import Population, Projection

_ROUNDED_UP = 1.005  # a figure printed with three digits is at most half a percent below the figure itself


def weight_record(
    population: Population,
    incoming: Sequence[Projection],
    scale: Scale,
    chip: Chip,
    wanted: NDArray[np.float64] | None = None,
    threshold: NDArray[np.float64] | None = None,
) -> Record:
    """Return the record of storing the weights that reach a population.

    ``wanted`` are its thresholds in original units and ``threshold`` what became of them.
    """
    name, bits = f"quantise {population.name}", chip.limit("weight_bits")
    note = "" if wanted is None or threshold is None else _threshold_note(wanted, threshold, scale)
    shifts = sorted(set(scale.exponents))
    powers = f", times 2^({', '.join(map(str, shifts))})" if any(shifts) else ""
    if scale.exact:
        factor = "" if scale.factor == 1 else f" times {scale.factor:g}"
        return Record(name, f"weights{factor} kept as they are{powers}{note}", f"weights have {bits} bits", "exact")
    pairs = list(zip(incoming, scale.exponents, strict=True))
    stored = [np.rint(values_of(p) * scale.factor * 2.0**-e) for p, e in pairs]
    lost = sum(
        int(np.count_nonzero(p.weights)) - int(np.count_nonzero(s)) for (p, _), s in zip(pairs, stored, strict=True)
    )
    total = sum(int(np.count_nonzero(p.weights)) for p in incoming)
    error = max((0.5 * 2.0**e / scale.factor for e in scale.exponents), default=0.0)
    return Record(
        name,
        f"weights times {scale.factor:.6g} rounded to signed {bits}-bit integers{powers};"
        f" {lost} of {total} round to zero and are not stored{note}",
        f"weights have {bits} bits",
        "approximate",
        f"each weight off by at most {error * _ROUNDED_UP:.3g}",
    )


def _threshold_note(wanted: NDArray[np.float64], threshold: NDArray[np.float64], scale: Scale) -> str:
    low, high = float(threshold.min()), float(threshold.max())
    error = float(np.abs(threshold / scale.factor - wanted).max())
    off = "" if error <= float(wanted.max()) * 2.0**-52 else f", off by at most {error * _ROUNDED_UP:.3g}"
    return f"; threshold {low:g}" + (f"..{high:g}" if high > low else "") + off


def fixed_point_record(population: Population, exact: bool) -> Record:
    """Return the record of computing a leaky population in s16.15."""
    return Record(
        f"fixed point {population.name}",
        f"membrane, decay, bias and threshold in s16.{FRACTION_BITS}; decay times membrane is rounded to the nearest,"
        " halves up, and the membrane saturates",
        "the chip's own tools compute in 32-bit floats; whole numbers are the same on every machine",
        "exact" if exact else "approximate",
        f"each product off by at most {2.0 ** -(FRACTION_BITS + 1):.3g} units",
    )


def range_record(population: Population, incoming: Sequence[Projection], chip: Chip) -> Record | None:
    """Return a record when the pulses of one tick could carry a delay slot out of its range, else None.

    ``incoming`` are the projections as lowered. Each source neuron pulses at most once a tick, so the sums of the
    positive and of the negative weights bound what can come together.
    """
    base = min((p.exponent for p in incoming), default=0)
    low, high = np.zeros(population.size), np.zeros(population.size)
    for p in incoming:
        weights = p.weights * 2.0 ** (p.exponent - base)
        np.add.at(low, p.targets, np.minimum(weights, 0))
        np.add.at(high, p.targets, np.maximum(weights, 0))
    bits = arithmetic(chip).sum_bits
    limit = 1 << (bits - 1)
    if low.min() >= -limit and high.max() < limit:
        return None
    return Record(
        f"range {population.name}",
        f"if all sources pulsed in one tick, delay slots would reach {low.min():.0f} or {high.max():.0f} and wrap",
        f"a delay slot has {bits} bits",
        "approximate",
        f"exact as long as the sum of every slot stays within -{limit}..{limit - 1}",
    )
