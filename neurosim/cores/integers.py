"""Integer arithmetic that several core kinds share; numba functions."""

from __future__ import annotations

from numba import njit


@njit(cache=True, inline="always")
def wrap(x: int, bits: int) -> int:
    """Wrap to a two's complement number of ``bits`` bits."""
    half = 1 << (bits - 1)
    return ((x + half) & ((1 << bits) - 1)) - half
