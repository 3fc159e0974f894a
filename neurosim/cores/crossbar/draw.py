"""The pseudo-random generator of a core.

The chip has one generator of the LFSR type per core, seedable, and draws in the order in which neurons and axons
are visited; its polynomial is not published. Here it is the maximal-length 32-bit Galois register of the polynomial
x^32 + x^22 + x^2 + x + 1, shifted right: the bit that falls out, when 1, is fed back into bits 31, 21, 1 and 0.
A draw of n bits shifts n times and takes the n low bits of the register. The register is never 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

TAPS = 0x80200003
MOST_BITS = 32
_WORD = (1 << 64) - 1


def _tables() -> NDArray[np.int64]:
    """Return what 0..32 shifts make of each byte of the register alone, int64[times, byte, value]."""
    now = np.arange(256, dtype=np.int64) << np.array([[0], [8], [16], [24]])
    tables = [now]
    for _ in range(MOST_BITS):
        now = (now >> 1) ^ (now & 1) * TAPS
        tables.append(now)
    return np.stack(tables)


_SHIFTS = _tables()


@njit(cache=True, inline="always")
def shift(register: int, times: int) -> int:
    """Return the register (int64, below 2**32) after up to MOST_BITS shifts: a linear map, byte by byte."""
    a, b = _SHIFTS[times, 0, register & 0xFF], _SHIFTS[times, 1, (register >> 8) & 0xFF]
    c, d = _SHIFTS[times, 2, (register >> 16) & 0xFF], _SHIFTS[times, 3, register >> 24]
    shifted: int = a ^ b ^ c ^ d
    return shifted


def first_state(seed: int, core: int) -> int:
    """Return the register of a core (physical id) at the start of every inference, 1..2**32 - 1.

    It is the low half of SplitMix64 (Steele, Lea and Flood, 2014) at position ``core`` of the sequence that
    ``seed`` starts, or 1 where that is 0: neighbouring seeds and cores begin far apart.
    """
    z = (seed + (core + 1) * 0x9E3779B97F4A7C15) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return ((z ^ (z >> 31)) & 0xFFFFFFFF) or 1
