"""Which group sits where: whole branches for each population, and an order of groups that passes on few words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, permutations

import numpy as np

from neurosim.cores.f18a.comb import Branch

PER_LEAF = 2  # bit words
_ORDERS = 720  # of branches that are tried: all of six
_MOVES, _HOT, _COLD = 12_000, 12.0, 0.4  # of the search, in words passed on


@dataclass(frozen=True)
class Need:
    """What a group asks of its place: bit words as bits of a number, and how many leaves they fill."""

    words: int
    leaves: int

    def cells(self, branch: Branch) -> int:
        """Return how many cells of a branch the group takes."""
        return max(1, -(-self.leaves // branch.leaves))


Row = list[int]  # groups from the trunk outwards


def leaves_for(words: int) -> int:
    """Return how many leaves a number of bit words fills."""
    return max(1, -(-words // PER_LEAF))


def share_branches(demands: Sequence[Sequence[Need]], branches: Sequence[Branch]) -> list[list[Branch]] | None:
    """Return branches for each population, given the needs of its groups; None if no order of branches gives enough."""
    for order in islice(permutations(branches), _ORDERS):
        taken, shares = 0, []
        for needs in demands:
            count = next((n for n in range(1, len(order) - taken + 1) if fill(needs, order[taken : taken + n])), 0)
            if not count:
                break
            shares.append(list(order[taken : taken + count]))
            taken += count
        if len(shares) == len(demands):
            return shares
    return None


def fill(needs: Sequence[Need], branches: Sequence[Branch]) -> list[Row] | None:
    """Return groups in their order, branch after branch, about as many in each; None if they do not fit."""
    return _fill(needs, branches, even=True) or _fill(needs, branches, even=False)


def _fill(needs: Sequence[Need], branches: Sequence[Branch], even: bool) -> list[Row] | None:
    rows: list[Row] = []
    waiting = list(range(len(needs)))
    for k, branch in enumerate(branches):
        wanted = -(-len(waiting) // (len(branches) - k)) if even else len(waiting)
        room, row = len(branch.slots), Row()
        while waiting and len(row) < wanted and needs[waiting[0]].cells(branch) <= room:
            room -= needs[waiting[0]].cells(branch)
            row.append(waiting.pop(0))
        rows.append(row)
    return None if waiting else rows


def arrange(needs: Sequence[Need], branches: Sequence[Branch], top: int, seed: int) -> list[Row] | None:
    """Return the groups of every branch so that few words are passed on; None if they do not fit.

    Simulated annealing over exchanges of two groups, on the number of words that all nodes of trunk and branches
    take in a step; ``top`` is the row at which words enter the trunk.
    """
    rows = fill(needs, branches)
    if rows is None or len({need.words for need in needs}) == 1:
        return rows
    search = _Search(needs, branches, top, rows)
    draw = np.random.Generator(np.random.PCG64(seed))
    pairs = draw.integers(0, len(needs), size=(_MOVES, 2)).tolist()
    chances = draw.random(_MOVES).tolist()
    cooling = (_COLD / _HOT) ** (1 / _MOVES)
    heat = _HOT
    for (i, j), chance in zip(pairs, chances, strict=True):
        search.exchange(i, j, heat, chance)
        heat *= cooling
    return search.best


class _Search:
    """An arrangement, its cost, and the best one seen."""

    def __init__(self, needs: Sequence[Need], branches: Sequence[Branch], top: int, rows: list[Row]) -> None:
        self._needs, self._branches, self._rows = needs, branches, rows
        self._depth = [top - branch.row for branch in branches]
        self._place = {group: (k, i) for k, row in enumerate(rows) for i, group in enumerate(row)}
        self._costs = [self._branch_cost(k) for k in range(len(rows))]
        self._cost = self._total()
        self._least, self.best = self._cost, [list(row) for row in rows]

    def exchange(self, i: int, j: int, heat: float, chance: float) -> None:
        """Exchange two groups; take it back if that costs more than chance allows."""
        (a, _), (b, _) = self._place[i], self._place[j]
        if i == j or (a != b and self._cells(i, a) != self._cells(j, a)) or self._cells(i, b) != self._cells(j, b):
            return
        costs = dict(enumerate(self._costs))
        before = self._cost
        self._swap(i, j)
        for k in {a, b}:
            self._costs[k] = self._branch_cost(k)
        self._cost = self._total()
        if self._cost - before > 0 and chance >= math.exp((before - self._cost) / heat):
            self._swap(i, j)
            self._costs, self._cost = [costs[k] for k in range(len(costs))], before
        elif self._cost < self._least:
            self._least, self.best = self._cost, [list(row) for row in self._rows]

    def _cells(self, group: int, branch: int) -> int:
        return self._needs[group].cells(self._branches[branch])

    def _swap(self, i: int, j: int) -> None:
        (a, x), (b, y) = self._place[i], self._place[j]
        self._rows[a][x], self._rows[b][y] = j, i
        self._place[i], self._place[j] = (b, y), (a, x)

    def _branch_cost(self, k: int) -> tuple[int, int]:
        """Return words that the cells of a branch take, and all words that the branch needs, as bits."""
        words, cost = 0, 0
        for group in reversed(self._rows[k]):
            words |= self._needs[group].words
            cost += words.bit_count() * self._cells(group, k)
        return cost, words

    def _total(self) -> int:
        """Return words taken by all nodes: those in branches, and those of the trunk down to the lowest that needs."""
        total, deeper = 0, 0
        seen = sorted(range(len(self._depth)), key=lambda k: -self._depth[k])
        for k in seen:
            cost, words = self._costs[k]
            total += cost + (words & ~deeper).bit_count() * (self._depth[k] + 1)
            deeper |= words
        return total
