"""The mesh as routes see it: tiles, ports, the event router, and how tiles are shared out among chips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.mapping.problem import MappingProblem

Ints = NDArray[np.int64]
Tile = tuple[int, int]


@dataclass(frozen=True)
class Grid:
    """``columns`` x ``rows`` tiles of ``cores_per_tile`` cores; packets go along the row first, then the column.

    ``ports`` are the tiles of the I/O ports, of which input line k uses port k modulo their number; ``hub`` the tile
    of the event router on chips that multicast, through which every spike goes; ``chip`` the (columns, rows) of one
    chip of a tiling, whose sides share one link per direction.
    """

    columns: int
    rows: int
    cores_per_tile: int = 1
    ports: tuple[Tile, ...] = ()
    hub: Tile | None = None
    chip: Tile | None = None

    @classmethod
    def of(cls, problem: MappingProblem) -> Grid:
        """Return the grid of a mapping problem, with ports and event router if it knows any."""
        ports, hub = getattr(problem, "ports", ()), getattr(problem, "hub", None)
        places = [
            (tile % problem.columns, tile // problem.columns) for tile in (*ports, *([] if hub is None else [hub]))
        ]
        router = None if hub is None else places.pop()
        return cls(problem.columns, problem.rows, problem.cores_per_tile, tuple(places), router)

    def tile_of(self, core: Ints) -> tuple[Ints, Ints]:
        """Return column and row of cores."""
        tile = np.asarray(core, dtype=np.int64) // self.cores_per_tile
        return tile % self.columns, tile // self.columns

    def distance(self, a: tuple[Ints, Ints], b: tuple[Ints, Ints]) -> Ints:
        """Return the hops from tiles a to tiles b, by way of the hub where there is one."""
        if self.hub is None:
            hops: Ints = np.abs(a[0] - b[0]) + np.abs(a[1] - b[1])
            return hops
        x, y = self.hub
        way: Ints = np.abs(a[0] - x) + np.abs(a[1] - y) + np.abs(b[0] - x) + np.abs(b[1] - y)
        return way


def grid_of(chip: Chip, multicast: bool) -> Grid:
    """Return the grid of a chip; ``multicast`` tells whether its cores send through the event router."""
    return Grid(
        chip.columns,
        chip.rows,
        chip.cores_per_tile,
        tuple((int(x), int(y)) for x, y in chip.io.ports),
        chip.event_router if multicast else None,
        (chip.columns_per_chip, chip.rows_per_chip) if chip.n_chips > 1 else None,
    )
