"""A binary heap of events in the order (time, priority, sequence), as SimPy keeps them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
TIME, PRIORITY, SEQUENCE, ITEM = range(4)


@njit(cache=True, inline="always")
def _before(heap: Ints, a: int, b: int) -> bool:
    first = TIME
    if heap[a, TIME] == heap[b, TIME]:
        first = PRIORITY if heap[a, PRIORITY] != heap[b, PRIORITY] else SEQUENCE
    return bool(heap[a, first] < heap[b, first])


@njit(cache=True, inline="always")
def _swap(heap: Ints, a: int, b: int) -> None:
    for column in range(4):
        heap[a, column], heap[b, column] = heap[b, column], heap[a, column]


@njit(cache=True)
def push(heap: Ints, size: int, time: int, priority: int, sequence: int, item: int) -> None:
    """Add an event to a heap int64[room, 4] of ``size`` events, which the caller then counts."""
    heap[size, TIME], heap[size, PRIORITY], heap[size, SEQUENCE], heap[size, ITEM] = time, priority, sequence, item
    at = size
    while at:
        above = (at - 1) >> 1
        if not _before(heap, at, above):
            return
        _swap(heap, at, above)
        at = above


@njit(cache=True)
def pop(heap: Ints, size: int) -> None:
    """Remove the first event, which the caller has read."""
    last = size - 1
    heap[0, :] = heap[last, :]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            return
        if below + 1 < last and _before(heap, below + 1, below):
            below += 1
        if not _before(heap, below, at):
            return
        _swap(heap, at, below)
        at = below
