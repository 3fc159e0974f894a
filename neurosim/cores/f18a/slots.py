"""Where the synapses of an event lie: one of two slots, the same in every leaf that hears the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from neurosim.errors import UnsupportedError

Word = TypeVar("Word")


def slots_of(heard: Sequence[Sequence[int]], count: int, chip: str) -> tuple[int, ...]:
    """Return slot 0 or 1 for each of ``count`` words so that every group hears as many of each, or one more of one.

    ``heard`` has the words of each group. Words change their slot one by one while that helps, then in pairs. Raises
    UnsupportedError where that leads nowhere.
    """
    slots = [word % 2 for word in range(count)]
    while (bad := _imbalance(heard, slots)) > 0:
        flips = [(k,) for k in range(count)] + [(k, j) for k in range(count) for j in range(k)]
        for flip in flips:
            _flip(slots, flip)
            if _imbalance(heard, slots) < bad:
                break
            _flip(slots, flip)
        else:
            raise UnsupportedError(f"{chip}: address events need two sets of lines that all groups hear evenly")
    return tuple(slots)


def alternate(words: Sequence[Word], slots: Sequence[int]) -> list[Word]:
    """Return words so that two that follow each other, counted from the first, have different slots."""
    both = [[word for word, slot in zip(words, slots, strict=True) if slot == k] for k in (0, 1)]
    both.sort(key=len, reverse=True)
    found = []
    for k in range(len(both[0])):
        found += [line[k] for line in both if k < len(line)]
    return found


def _flip(slots: list[int], places: Sequence[int]) -> None:
    for place in places:
        slots[place] ^= 1


def _imbalance(heard: Sequence[Sequence[int]], slots: Sequence[int]) -> int:
    return sum(max(abs(2 * sum(slots[word] for word in words) - len(words)) - 1, 0) for words in heard)
