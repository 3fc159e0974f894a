"""Snake placement: row by row, every second row backwards, so that consecutive tiles are neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.order import place_along
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch


def snake_walk(columns: int, rows: int) -> list[tuple[int, int]]:
    """Visit row 0 from left to right, row 1 from right to left, and so on."""
    return [(column if row % 2 == 0 else columns - 1 - column, row) for row in range(rows) for column in range(columns)]


def snake(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int64]:
    """Place clusters, in their order, along a snake; ``seed`` has no effect."""
    return place_along(problem, snake_walk(problem.columns, problem.rows))
