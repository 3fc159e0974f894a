"""Hilbert placement: consecutive clusters lie close in both directions, on rectangles too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.order import place_along
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch


def hilbert_walk(columns: int, rows: int) -> list[tuple[int, int]]:
    """Visit every tile along the Hilbert curve of the smallest enclosing square of side 2**k.

    Tiles outside the rectangle are left out, so consecutive tiles are neighbours wherever the curve stays
    inside: everywhere when one side is a power of two and the other is it or its half.
    """
    side = 1 << max(columns - 1, rows - 1).bit_length()
    curve = (_tile_at(index, side) for index in range(side * side))
    # The first half of the curve fills the columns of the left half; a wide rectangle needs it turned.
    turned = ((y, x) if columns > rows else (x, y) for x, y in curve)
    return [(x, y) for x, y in turned if x < columns and y < rows]


def _tile_at(index: int, side: int) -> tuple[int, int]:
    """Return the tile at a position of the curve: two bits of the index choose the quadrant at each scale."""
    x = y = 0
    scale = 1
    while scale < side:
        right = (index >> 1) & 1
        up = (index ^ right) & 1
        if not up:
            if right:
                x, y = scale - 1 - x, scale - 1 - y
            x, y = y, x
        x, y = x + scale * right, y + scale * up
        index, scale = index >> 2, scale * 2
    return x, y


def hilbert(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int64]:
    """Place clusters, in their order, along a Hilbert curve; ``seed`` has no effect."""
    return place_along(problem, hilbert_walk(problem.columns, problem.rows))
