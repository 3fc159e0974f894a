"""Sums and multiples of bands, end by end: right where what comes out is a sum of figures times counts of 0 or more."""

from __future__ import annotations

from collections.abc import Iterable

from neurosim.results import Band

NOTHING = Band(0.0, 0.0, 0.0)


def exactly(value: float) -> Band:
    """Return a band without width."""
    return Band(value, value, value)


def total(bands: Iterable[Band]) -> Band:
    """Return the sum."""
    found = NOTHING
    for band in bands:
        found += band
    return found


def times(factor: float, band: Band) -> Band:
    """Return a multiple."""
    return Band(factor * band.value, factor * band.low, factor * band.high)


def minus(band: Band, other: Band) -> Band:
    """Return what is left when a part of the same sum is taken away."""
    return band + times(-1, other)
