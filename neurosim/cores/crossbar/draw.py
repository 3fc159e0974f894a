"""The pseudo-random generator of a core.

The chip has one generator of the LFSR type per core, seedable, and draws in the order in which neurons and axons
are visited; its polynomial is not published. Here it is the maximal-length 32-bit Galois register of the polynomial
x^32 + x^22 + x^2 + x + 1, shifted right: the bit that falls out, when 1, is fed back into bits 31, 21, 1 and 0.
A draw of n bits shifts n times and takes the n low bits of the register. The register is never 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TAPS = 0x80200003
_BYTE = 8
_WORD = (1 << 64) - 1


def _shifted(register: int, times: int) -> int:
    for _ in range(times):
        register = (register >> 1) ^ (TAPS if register & 1 else 0)
    return register


# What the low byte alone becomes in eight shifts; the rest only moves down, so eight shifts are one look-up.
_BYTE_SHIFTS = np.array([_shifted(low, _BYTE) for low in range(1 << _BYTE)], dtype=np.int64)


@njit(cache=True)
def shift(register: int, times: int) -> int:
    """Return the register (int64, below 2**32) after so many shifts."""
    for _ in range(times // _BYTE):
        register = (register >> _BYTE) ^ _BYTE_SHIFTS[register & 0xFF]
    for _ in range(times % _BYTE):
        register = (register >> 1) ^ (TAPS if register & 1 else 0)
    return register


def first_state(seed: int, core: int) -> int:
    """Return the register of a core (physical id) at the start of every inference, 1..2**32 - 1.

    It is the low half of SplitMix64 (Steele, Lea and Flood, 2014) at position ``core`` of the sequence that
    ``seed`` starts, or 1 where that is 0: neighbouring seeds and cores begin far apart.
    """
    z = (seed + (core + 1) * 0x9E3779B97F4A7C15) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return ((z ^ (z >> 31)) & 0xFFFFFFFF) or 1
