"""What the array computes, said once more in whole arrays: words, lanes and membranes, without any code of nodes.

A second statement of the same dataflow, for tests: it packs, adds, splits and folds as the nodes do, with every sum
modulo 2**18, but has no opcodes, no ports and no time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.f18a import lanes
from neurosim.cores.f18a.host import encode
from neurosim.cores.f18a.isa import WORD_MASK
from neurosim.cores.f18a.plan import HOST, BitWord, Plan, Seat

Ints = NDArray[np.int64]
_SIGN = 1 << 17


def pulses_of(plan: Plan, pulses: NDArray[np.bool_], neurons: int) -> NDArray[np.bool_]:
    """Return who fires, bool[n, T, neurons], for pulses bool[n, T, input lines]."""
    n, steps, lines = pulses.shape
    seats = [seat for each in plan.branches for seat in each.seats]
    membranes = {seat.group.index: np.full((n, seat.group.lanes), -seat.group.threshold) for seat in seats}
    fired = np.zeros((n, steps, neurons), dtype=np.bool_)
    for t in range(steps):
        words = dict(enumerate(encode(pulses[:, t], plan.host_words).T))
        for each in plan.branches:
            for seat in each.seats:
                bits = _step(seat, words, membranes)
                for k, neuron in enumerate(seat.bits):
                    if neuron >= 0:
                        fired[:, t, neuron] = bits[:, k]
            for word in each.spikes:
                words[word.index] = _collect(word, fired[:, t], lines)
    return fired


def _step(seat: Seat, words: Mapping[int, Ints], membranes: dict[int, Ints]) -> Ints:
    """Advance the neurons of a seat by one step; returns their bits, int64[n, lanes], highest first."""
    group = seat.group
    v = membranes[group.index]
    sums = _sums(seat, words, len(v))
    order = lanes.order(group.lanes, seat.second_first[-1])
    v = _signed(v + sums[:, order] - group.bias)
    fires = v >= 0
    membranes[group.index] = v - group.threshold * fires
    return fires.astype(np.int64)


def _sums(seat: Seat, words: Mapping[int, Ints], n: int) -> Ints:
    """Return the sum of each lane with its bias, int64[n, lanes]."""
    group = seat.group
    both = lanes.wide(group.bias, group.bias)
    p, q, one = np.full(n, both), np.full(n, both), np.full(n, both if group.lanes == 2 else 0)
    for part in seat.parts:
        for word in (word for leaf in part.leaves for word in leaf):
            bits = _bits(word, words[word.index])
            weights = np.array([group.weights[line] if line >= 0 else np.zeros(group.lanes) for line in word.lines])
            packed = np.array([lanes.pack(row, group.lanes) for row in weights.astype(np.int64)])
            added = (bits @ packed) & WORD_MASK
            one = (one + added) & WORD_MASK
            if group.lanes == 4:
                start = lanes.offset(weights.astype(np.int64))
                narrow = (added + start) & WORD_MASK
                p = p + (narrow & lanes.FIRST_MASK) - lanes.split(start)[0]
                q = q + (narrow >> lanes.SPLIT & lanes.SECOND_MASK) - lanes.split(start)[1]
    low = (1 << lanes.WIDE) - 1
    if group.lanes == 4:
        return np.stack([p & low, q & low, (p & WORD_MASK) >> lanes.WIDE, (q & WORD_MASK) >> lanes.WIDE], axis=1)
    return np.stack([one & low, one >> lanes.WIDE], axis=1) if group.lanes == 2 else one[:, None]


def _bits(word: BitWord, values: Ints) -> Ints:
    """Return the bits of a word's lines, int64[n, lines]."""
    highest = 15 if word.source == HOST else len(word.lines) - 1
    return values[:, None] >> (highest - np.arange(len(word.lines))) & 1


def _collect(word: BitWord, fired: NDArray[np.bool_], lines: int) -> Ints:
    """Return a spike word, its first neuron in the highest bit; neurons are numbered from ``lines`` on."""
    value = np.zeros(len(fired), dtype=np.int64)
    for line in word.lines:
        value = value << 1 | (fired[:, line - lines] if line >= 0 else 0)
    return value


def _signed(values: Ints) -> Ints:
    return ((values + _SIGN) & WORD_MASK) - _SIGN
