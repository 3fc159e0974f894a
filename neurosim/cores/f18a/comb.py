"""The places of a network on the array: a trunk column, and branches of cells to its west and east.

A cell is a node that passes words on along its branch and holds the neurons of a group; its leaves are the nodes
north and south of it, which hold synapses. Every node but the trunk's belongs to one branch.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.cores.f18a.geometry import Grid
from neurosim.errors import NeurosimError

SIDES = ("west", "east")


@dataclass(frozen=True)
class Slot:
    """One place for a cell: its node, its leaves, and its ports towards trunk, end of the branch, and leaves."""

    node: int
    leaves: tuple[int, ...]
    inward: str
    outward: str
    leaf_ports: tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """One side of a row of cells, ``slots`` from the trunk outwards; ``outward`` of the last one leaves the chip."""

    index: int
    row: int
    side: str
    slots: tuple[Slot, ...]

    @property
    def leaves(self) -> int:
        """Leaves per cell."""
        return len(self.slots[0].leaves)

    @property
    def name(self) -> str:
        """Name for people."""
        return f"row {self.row} {self.side}"


@dataclass(frozen=True)
class Comb:
    """All places: the trunk in ``column``; words from the host enter at the top of it, through ``entry``."""

    grid: Grid
    column: int
    branches: tuple[Branch, ...]

    @property
    def top(self) -> int:
        """Node at which the host's words enter."""
        return (self.grid.rows - 1) * 100 + self.column

    @property
    def entry(self) -> str:
        """Port of the top node that leads to the host."""
        return self.grid.port(self.top, "north")

    def trunk(self, row: int) -> int:
        """Return the node of the trunk in a row."""
        return row * 100 + self.column


def comb(grid: Grid, leaves: int = 2, trunk: int | None = None) -> Comb:
    """Return the places on an array; a cell has up to ``leaves`` (1 or 2) leaves, the trunk is in the middle column.

    Rows are taken three by three (leaf, cell, leaf) from the top; two rows that remain make a band of cells with one
    leaf at the bottom. ``trunk`` puts the trunk into another column. Raises NeurosimError for an array of less than two
    rows or three columns, and for a column that it does not have.
    """
    if grid.rows < 2 or grid.columns < 3:
        raise NeurosimError(f"an array of {grid.columns} x {grid.rows} nodes is too small: 3 x 2 at least")
    column = (grid.columns - 1) // 2 if trunk is None else trunk
    if not 0 <= column < grid.columns:
        raise NeurosimError(f"trunk in column {column}: the array has columns 0 to {grid.columns - 1}")
    branches: list[Branch] = []
    for row, beside in _bands(grid.rows, leaves):
        for side in SIDES:
            columns = range(column - 1, -1, -1) if side == "west" else range(column + 1, grid.columns)
            slots = tuple(_slot(grid, row * 100 + x, beside, side) for x in columns)
            if slots:
                branches.append(Branch(len(branches), row, side, slots))
    return Comb(grid, column, tuple(branches))


def _bands(rows: int, leaves: int) -> list[tuple[int, tuple[int, ...]]]:
    """Return row of the cells and rows of their leaves of every band, bands with most leaves first, from the top."""
    height = leaves + 1
    full, rest = divmod(rows, height)
    bands: list[tuple[int, tuple[int, ...]]] = []
    for k in range(full):
        top = rows - 1 - k * height
        bands.append((top - 1, (top, top - 2)[:leaves]))
    if rest == 2:
        bands.append((1, (0,)))
    return bands


def _slot(grid: Grid, node: int, beside: tuple[int, ...], side: str) -> Slot:
    back = "east" if side == "west" else "west"
    leaves = tuple(row * 100 + node % 100 for row in beside)
    return Slot(
        node,
        leaves,
        grid.port(node, back),
        grid.port(node, side),
        tuple(grid.towards(node, leaf) for leaf in leaves),
    )
