"""The random numbers of the learning engine: they round traces and synaptic variables.

The chip's sequence is not published. This project's own has no state: what thing n draws for purpose p in step t is
a hash of (seed, p, t, n), so that it depends neither on the placement nor on what else learns, and every engine draws
the same. The hash is that of the noise of compartments.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from neurosim.cores.compartment.noise import FIRST, SECOND, STRIDE, mixed

# Purposes: five traces, the third factor, and the three synaptic variables.
X1, X2, Y1, Y2, Y3, R, W, D, T = range(9)
_PURPOSES = 16


def key_of(seed: int) -> np.uint64:
    """Return the key of a seed."""
    return np.uint64(mixed(seed))


@njit(cache=True, inline="always")
def _hash(z):  # type: ignore[no-untyped-def]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, inline="always")
def page(key, purpose, step):  # type: ignore[no-untyped-def]
    """Return the key of one purpose in one step."""
    return _hash(key + np.uint64(_PURPOSES * step + purpose + 1) * np.uint64(STRIDE))


@njit(cache=True, inline="always")
def draw_bits(key, number, bits):  # type: ignore[no-untyped-def]
    """Return what a thing draws, a uniform whole number of so many bits, at least 1; ``key`` is its page."""
    return np.int64(_hash(key + np.uint64(number + 1) * np.uint64(STRIDE)) >> np.uint64(64 - bits))
