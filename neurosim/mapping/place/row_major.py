"""Row-major placement: with sequentially filled cores the baseline of every comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.order import place_along
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch


def row_major_walk(columns: int, rows: int) -> list[tuple[int, int]]:
    """Visit the rows one after another, each from column 0."""
    return [(column, row) for row in range(rows) for column in range(columns)]


def row_major(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int64]:
    """Place clusters, in their order, row by row; ``seed`` has no effect."""
    return place_along(problem, row_major_walk(problem.columns, problem.rows))
