"""Where to place few clusters on a large chip: the free cores nearest to where spikes come in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.geometry import Ways
from neurosim.mapping.place.problem import PlacementProblem

Ints = NDArray[np.int64]


def nearest_cores(problem: PlacementProblem, count: int) -> Ints:
    """Return ``count`` free cores, ascending: nearest to hub, ports and fixed clusters, else to the middle."""
    fixed = problem.fixed[problem.fixed >= 0] // problem.cores_per_tile
    return nearest(problem.free, problem.cores_per_tile, problem.ways, [*problem.ports, *fixed.tolist()], count)


def nearest(cores: Ints, cores_per_tile: int, ways: Ways, anchors: Sequence[int], count: int) -> Ints:
    """Return ``count`` of some cores, ascending: those in the smallest square around the hub, or else the anchors."""
    around = [ways.hub] if ways.hub >= 0 else list(anchors)
    x, y = (ways.x[around].mean(), ways.y[around].mean()) if around else (ways.x.mean(), ways.y.mean())
    tile = cores // cores_per_tile
    away = np.maximum(np.abs(ways.x[tile] - x), np.abs(ways.y[tile] - y))
    return np.sort(cores[np.argsort(away, kind="stable")[:count]])
