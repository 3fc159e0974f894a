"""Link loads: how many packets cross every directed link under dimension-ordered routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.metrics.grid import Grid
from neurosim.mapping.metrics.traffic import Traffic

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DIRECTIONS = "EWNS"
_STEP = {"E": (1, 0), "W": (-1, 0), "N": (0, 1), "S": (0, -1)}


@dataclass(frozen=True, eq=False)
class Loads:
    """Packets on every directed link, float64.

    ``leaving[d]`` [rows, columns] are the links that leave each tile east, west, north (the next higher row) and
    south; ``inject`` and ``eject`` those of every endpoint, in the order of Traffic. Several chips share one link
    per side: ``between`` and ``at`` add up its rows or columns.
    """

    grid: Grid
    leaving: dict[str, Floats]
    inject: Floats
    eject: Floats

    @property
    def between(self) -> Floats:
        """Loads of all links between tiles that exist, zeros included."""
        return self.at(self.links)

    @property
    def links(self) -> list[tuple[str, int, int]]:
        """The links between tiles as (direction, from tile, to tile), and between chips as ("edge E", chip, chip)."""
        found = []
        for y in range(self.grid.rows):
            for x in range(self.grid.columns):
                for d in DIRECTIONS:
                    to = (x + _STEP[d][0], y + _STEP[d][1])
                    inside = 0 <= to[0] < self.grid.columns and 0 <= to[1] < self.grid.rows
                    if inside and self._chip(x, y) == self._chip(*to):
                        found.append((d, x + self.grid.columns * y, to[0] + self.grid.columns * to[1]))
        return found + self._edges()

    def at(self, links: Sequence[tuple[str, int, int]]) -> Floats:
        """Return the loads of links named as engines name them: (kind, from, to)."""
        flat = {d: values.ravel() for d, values in self.leaving.items()}
        found = np.zeros(len(links))
        for k, (kind, start, end) in enumerate(links):
            if kind == "inject":
                found[k] = self.inject[start]
            elif kind == "eject":
                found[k] = self.eject[end]
            elif kind.startswith("edge"):
                found[k] = self._side(start, kind[-1]).sum()
            else:
                found[k] = flat[kind][start]
        return found

    def _chip(self, x: int, y: int) -> tuple[int, int]:
        return (0, 0) if self.grid.chip is None else (x // self.grid.chip[0], y // self.grid.chip[1])

    def _edges(self) -> list[tuple[str, int, int]]:
        if self.grid.chip is None:
            return []
        across, down = self.grid.columns // self.grid.chip[0], self.grid.rows // self.grid.chip[1]
        return [
            (f"edge {d}", x + across * y, x + dx + across * (y + dy))
            for y in range(down)
            for x in range(across)
            for d, (dx, dy) in _STEP.items()
            if 0 <= x + dx < across and 0 <= y + dy < down
        ]

    def _side(self, chip: int, direction: str) -> Floats:
        """Return the loads of all rows or columns that leave one side of a chip of a tiling."""
        width, height = self.grid.chip or (self.grid.columns, self.grid.rows)
        across = self.grid.columns // width
        left, low = chip % across * width, chip // across * height
        block = self.leaving[direction][low : low + height, left : left + width]
        side: Floats = {"E": block[:, -1], "W": block[:, 0], "N": block[-1], "S": block[0]}[direction]
        return side


def link_loads(traffic: Traffic) -> Loads:
    """Return the loads that traffic puts on the links."""
    field = _Field(traffic.grid)
    sent = traffic.weight > 0
    start, end, weight = traffic.start[sent], traffic.end[sent], traffic.weight[sent]
    x, y = traffic.x, traffic.y
    field.along_row(y[start], x[start], x[end], weight)
    field.along_column(x[end], y[start], y[end], weight)
    n = len(x)
    inject, eject = (np.bincount(ends, weights=weight, minlength=n).astype(np.float64) for ends in (start, end))
    if traffic.grid.hub is not None:
        inject[-1] += _trees(field, traffic)
        leaves = np.repeat(traffic.tree_weight, np.diff(traffic.tree_ptr))
        eject += np.bincount(traffic.leaf, weights=leaves, minlength=n)
    return Loads(traffic.grid, field.loads(), inject, eject)


def _trees(field: _Field, traffic: Traffic) -> float:
    """Add the trees that start at the hub and return how many packets the hub sends."""
    chosen = np.flatnonzero((traffic.tree_weight > 0) & (np.diff(traffic.tree_ptr) > 0))
    if not len(chosen):
        return 0.0
    entry = np.isin(np.repeat(np.arange(len(traffic.tree_weight)), np.diff(traffic.tree_ptr)), chosen)
    tree = np.repeat(np.arange(len(chosen)), np.diff(traffic.tree_ptr)[chosen])
    x, y, weight = traffic.x[traffic.leaf[entry]], traffic.y[traffic.leaf[entry]], traffic.tree_weight[chosen]
    hub_x, hub_y = traffic.grid.hub or (0, 0)
    row = np.full(len(chosen), hub_y)
    for far in _extent(tree, x, hub_x, len(chosen)):
        field.along_row(row, np.full_like(far, hub_x), far, weight)
    branch, which = np.unique(tree * traffic.grid.columns + x, return_inverse=True)
    own, column = branch // traffic.grid.columns, branch % traffic.grid.columns
    for far in _extent(which.ravel(), y, hub_y, len(branch)):
        field.along_column(column, np.full_like(far, hub_y), far, weight[own])
    return float(weight.sum())


def _extent(group: Ints, value: Ints, root: int, n: int) -> tuple[Ints, Ints]:
    """Return the largest and the least value of each group, no less far than the root."""
    most, least = np.full(n, root, dtype=np.int64), np.full(n, root, dtype=np.int64)
    np.maximum.at(most, group, value)
    np.minimum.at(least, group, value)
    return most, least


class _Field:
    """Adds up straight runs of links by their ends, so that a packet costs the same however far it goes."""

    def __init__(self, grid: Grid) -> None:
        self._shape = grid.rows, grid.columns
        self._weight = {d: np.zeros((grid.rows + 1, grid.columns + 1)) for d in DIRECTIONS}
        # Counted besides, in whole numbers: rounding may leave dust where nothing passes.
        self._count = {d: np.zeros((grid.rows + 1, grid.columns + 1), dtype=np.int64) for d in DIRECTIONS}

    def along_row(self, row: Ints, start: Ints, end: Ints, weight: Floats) -> None:
        """Add packets that go along a row from column ``start`` to column ``end``."""
        self._add("E", (row, start), (row, end), weight, end > start)
        self._add("W", (row, end + 1), (row, start + 1), weight, end < start)

    def along_column(self, column: Ints, start: Ints, end: Ints, weight: Floats) -> None:
        """Add packets that go along a column from row ``start`` to row ``end``."""
        self._add("N", (start, column), (end, column), weight, end > start)
        self._add("S", (end + 1, column), (start + 1, column), weight, end < start)

    def _add(
        self, d: str, first: tuple[Ints, Ints], last: tuple[Ints, Ints], weight: Floats, chosen: NDArray[np.bool_]
    ) -> None:
        for (row, column), sign in ((first, 1), (last, -1)):
            place = row[chosen], column[chosen]
            np.add.at(self._weight[d], place, sign * weight[chosen])
            np.add.at(self._count[d], place, sign)

    def loads(self) -> dict[str, Floats]:
        """Return the packets on the link that leaves each tile in each direction."""
        found = {}
        for d in DIRECTIONS:
            axis = 1 if d in "EW" else 0
            weight, count = np.cumsum(self._weight[d], axis=axis), np.cumsum(self._count[d], axis=axis)
            found[d] = np.where(count > 0, weight, 0.0)[: self._shape[0], : self._shape[1]]
        return found


def gini(loads: Floats) -> float:
    """Return the Gini coefficient of loads, zeros included: 0 when all are equal, near 1 when one has all."""
    ordered, n = np.sort(loads), len(loads)
    if not n or not ordered.sum():
        return 0.0
    return float(2 * np.dot(np.arange(1, n + 1), ordered) / (n * ordered.sum()) - (n + 1) / n)
