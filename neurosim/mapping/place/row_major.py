"""Row-major placement of sequentially filled cores: the baseline of every comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.partition.sequential import sequential_fill
from neurosim.mapping.place.order import place_along
from neurosim.mapping.problem import MappingProblem


def row_major_walk(columns: int, rows: int) -> list[tuple[int, int]]:
    """Visit the rows one after another, each from column 0."""
    return [(column, row) for row in range(rows) for column in range(columns)]


def sequential(problem: MappingProblem, *, seed: int = 0) -> NDArray[np.int32]:
    """Fill cores in neuron order and place them row by row; ``seed`` has no effect."""
    return place_along(problem, sequential_fill(problem), row_major_walk(problem.columns, problem.rows))
