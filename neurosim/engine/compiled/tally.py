"""How often each of many numbers came, in a table of compiled code: sorting them would take ten times as long."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.fetch import fetch

Ints = NDArray[np.int64]
_FREE = -1
_AHEAD = 16  # numbers whose places are asked for before they are needed
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 by the golden ratio: neighbouring numbers go to places far apart


class Tally:
    """Counts numbers that are not negative."""

    def __init__(self, places: int = 1 << 10) -> None:
        self._table, self._used = _empty(places), 0

    def add(self, numbers: Ints) -> None:
        """Count each of some numbers once."""
        done = 0
        while done < len(numbers):
            self._used, done = count(self._table, self._used, numbers, done)
            if done < len(numbers):
                self._grow()

    def rows(self) -> Ints:
        """Return rows (number, how often it came) in no order, int64[numbers, 2]."""
        rows: Ints = self._table[self._table[:, 0] != _FREE]
        return rows

    def _grow(self) -> None:
        rows = self.rows()
        self._table = _empty(4 * len(self._table))
        put(self._table, rows)


def _empty(places: int) -> Ints:
    table = np.zeros((places, 2), dtype=np.int64)
    table[:, 0] = _FREE
    return table


@njit(cache=True, inline="always")
def _home(number: int, last: int) -> int:
    """Return the place, of those up to ``last``, where the search for a number begins."""
    return int((np.uint64(number) * np.uint64(_SPREAD)) >> np.uint64(32)) & last


@njit(cache=True, inline="always")
def _find(table: Ints, number: int) -> int:
    """Return the place of a number, or a free one if it is not there; the table has a power of two of them."""
    last = len(table) - 1
    place = _home(number, last)
    while table[place, 0] != number and table[place, 0] != _FREE:
        place = (place + 1) & last
    return place


@njit(cache=True)
def count(table: Ints, used: int, numbers: Ints, first: int) -> tuple[int, int]:
    """Count numbers from ``first`` on until half of the places are used; returns how many are, and what comes next."""
    room = len(table) // 2
    for k in range(first, len(numbers)):
        if used >= room:
            return used, k
        fetch(table, 2 * _home(numbers[min(k + _AHEAD, len(numbers) - 1)], len(table) - 1))
        place = _find(table, numbers[k])
        if table[place, 0] == _FREE:
            table[place, 0] = numbers[k]
            used += 1
        table[place, 1] += 1
    return used, len(numbers)


@njit(cache=True)
def put(table: Ints, rows: Ints) -> None:
    """Put numbers with their counts into a table that has none of them."""
    for k in range(len(rows)):
        table[_find(table, rows[k, 0])] = rows[k]
