"""Synthetic traffic patterns for a mesh with one node per tile, and the load that each can bear at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError, unknown

Ints = NDArray[np.int64]

PATTERNS = ("uniform", "transpose", "bitcomp", "tornado", "neighbor", "hotspot")
HOT_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Pattern:
    """Where packets go: to any node with probability ``anywhere``, otherwise to ``fixed[source]``."""

    fixed: Ints
    anywhere: float

    def draw(self, rng: np.random.Generator, sources: Ints) -> Ints:
        """Return one destination for each source."""
        n = len(sources)
        return np.where(rng.random(n) < self.anywhere, rng.integers(len(self.fixed), size=n), self.fixed[sources])


def make_pattern(name: str, columns: int, rows: int) -> Pattern:
    """Return a traffic pattern over the nodes x + columns * y.

    uniform: any node, the source included. transpose: (x, y) to (y, x), square meshes only. bitcomp: (x, y)
    to (columns - 1 - x, rows - 1 - y), which complements the bits of the node number where the sides are
    powers of two. tornado: ceil(side / 2) - 1 further in both dimensions, wrapped around. neighbor: one
    further in both dimensions, wrapped around. hotspot: to node (columns // 2, rows // 2) with probability
    0.2, otherwise uniform. Raises NeurosimError for an unknown name or a transpose that is not square.
    """
    node = np.arange(columns * rows, dtype=np.int64)
    x, y = node % columns, node // columns
    match name:
        case "uniform":
            return Pattern(node, 1.0)
        case "transpose":
            if columns != rows:
                raise NeurosimError(f"pattern 'transpose' needs a square mesh, found {columns}x{rows}")
            return Pattern(y + columns * x, 0.0)
        case "bitcomp":
            return Pattern(node[::-1], 0.0)
        case "tornado":
            far_x, far_y = (columns + 1) // 2 - 1, (rows + 1) // 2 - 1
            return Pattern((x + far_x) % columns + columns * ((y + far_y) % rows), 0.0)
        case "neighbor":
            return Pattern((x + 1) % columns + columns * ((y + 1) % rows), 0.0)
        case "hotspot":
            return Pattern(np.full_like(node, columns // 2 + columns * (rows // 2)), 1.0 - HOT_SHARE)
    raise unknown("traffic pattern", name, PATTERNS)


def ideal_load(name: str, columns: int, rows: int) -> float:
    """Return the load that no XY-routed network passes (packets per node and cycle, at most 1).

    It is 1 / (largest number of packets expected on a mesh or ejection channel when every node sends one),
    for channels of one packet per cycle (Dally and Towles 2004, section 3.3).
    """
    pattern = make_pattern(name, columns, rows)
    node = np.arange(columns * rows)
    x, y = node % columns, node // columns
    to_x, to_y = pattern.fixed % columns, pattern.fixed // columns
    # along_x[row, from, to] and along_y[column, from, to]: packets that travel within a row, then in a column
    along_x = np.full((rows, columns, columns), pattern.anywhere / columns)
    along_y = np.full((columns, rows, rows), pattern.anywhere / rows)
    arriving = np.full(columns * rows, pattern.anywhere)
    for flow, place in ((along_x, (y, x, to_x)), (along_y, (to_x, y, to_y)), (arriving, pattern.fixed)):
        np.add.at(flow, place, 1.0 - pattern.anywhere)
    busiest = max(1.0, arriving.max(), *_channel_loads(along_x), *_channel_loads(along_y))
    return float(1.0 / busiest)


def _channel_loads(flow: NDArray[np.float64]) -> list[float]:
    """Return the largest load over all lines for each cut of a line and each direction across it."""
    cuts = range(1, flow.shape[1])
    return [flow[:, :cut, cut:].sum(axis=(1, 2)).max() for cut in cuts] + [
        flow[:, cut:, :cut].sum(axis=(1, 2)).max() for cut in cuts
    ]
