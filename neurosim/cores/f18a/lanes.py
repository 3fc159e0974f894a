"""How synapses of several neurons share a word, and how their sums are taken apart again.

A group has one, two or four lanes. A synapse word is the sum of weight * 2**shift over the lanes, modulo 2**18: words
add lane by lane as long as no lane leaves its width. With four lanes a lane holds the sum over one bit word only;
each such sum starts from an offset that keeps lanes from borrowing, and is then split into two wide words of two lanes
of nine bits: q with the second and the fourth lane, p with the first and the third. With two lanes the word is wide
already; with one it is a number of 18 bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.f18a import isa

Ints = NDArray[np.int64]

SHIFTS = {1: (0,), 2: (0, 9), 4: (0, 4, 9, 13)}
SPLIT = 4  # right shift that brings the second and fourth of four lanes to those of a wide word
WIDE = 9
FIRST_MASK = 0x00F | 0x00F << WIDE  # of a narrow sum: the first and the third lane
SECOND_MASK = 0x01F | 0x01F << WIDE  # of a narrow sum shifted by SPLIT: the second and the fourth
NARROW = (15, 31, 15, 31)  # largest spread, positive plus negative, of a lane over one bit word
WIDE_LEAST, WIDE_MOST = 0, 255  # of a lane of a wide word with its bias, so that its highest bit stays clear
LANES_Q, LANES_P = (1, 3), (0, 2)


def pack(weights: Sequence[int] | Ints, lanes: int) -> int:
    """Return the word of one line: the weights of a group's lanes."""
    return sum(int(w) << shift for w, shift in zip(weights, SHIFTS[lanes], strict=True)) & isa.WORD_MASK


def table(weights: Ints, lanes: int) -> tuple[int, ...]:
    """Return the words of a bit word's lines, from weights int64[lines, lanes]."""
    return tuple(pack(row, lanes) for row in weights.tolist())


def offset(weights: Ints) -> int:
    """Return what a narrow sum over one bit word starts from: the most that each lane can fall below zero."""
    return pack(-np.minimum(weights, 0).sum(axis=0), 4)


def split(word: int) -> tuple[int, int]:
    """Return the wide words (p, q) of a narrow sum, whose lanes are at least zero."""
    return word & FIRST_MASK, (word >> SPLIT) & SECOND_MASK


def wide(first: int, second: int) -> int:
    """Return the wide word of two lanes."""
    return (first + (second << WIDE)) & isa.WORD_MASK


def narrow_fits(weights: Ints) -> bool:
    """Tell whether the sum over a bit word, weights int64[lines, 4], stays in its lanes."""
    return bool(np.all(np.abs(weights).sum(axis=0) <= NARROW))


def bias(weights: Ints) -> int | None:
    """Return the bias of the wide lanes of a group, from all its weights int64[lines, lanes]; None if sums leave them.

    With it every sum of one step lies in WIDE_LEAST..WIDE_MOST, whatever the pulses are.
    """
    low = int((-np.minimum(weights, 0).sum(axis=0)).max(initial=0))
    high = int(np.maximum(weights, 0).sum(axis=0).max(initial=0))
    return low if low + high <= WIDE_MOST else None


def order(lanes: int, second_first: bool) -> tuple[int, ...]:
    """Return the lanes in the order in which a last leaf gives their sums; ``second_first``: q lies above p."""
    if lanes < 4:
        return tuple(range(lanes))
    return (*LANES_Q, *LANES_P) if second_first else (*LANES_P, *LANES_Q)
