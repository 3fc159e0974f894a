"""Traffic: which endpoint sends how many packets to which, and the trees that spikes take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.metrics.edges import Edges
from neurosim.mapping.metrics.grid import Grid

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Traffic:
    """Packets between endpoints: the ports, then the cores in use, then the hub where there is one.

    ``weight`` packets go from endpoint ``start`` to ``end`` each. ``tree_weight`` spikes start at the hub and reach
    the endpoints ``leaf`` of ``tree_ptr[k]:tree_ptr[k + 1]``, one packet per link. ``x`` and ``y`` are the tiles of
    the endpoints.
    """

    grid: Grid
    x: Ints
    y: Ints
    start: Ints
    end: Ints
    weight: Floats
    tree_weight: Floats
    tree_ptr: Ints
    leaf: Ints


def traffic_of(edges: Edges, grid: Grid, cores: Ints) -> Traffic:
    """Return the packets that hyperedges send on a chip whose cores in use are ``cores``, ascending.

    A spike also goes as a packet to its own core, through the router there. Input lines send through the ports;
    without ports they are left out.
    """
    edges = edges if grid.ports else edges.without_inputs()
    first, hub = len(grid.ports), len(grid.ports) + len(cores)
    column, row = grid.tile_of(cores)
    places = np.array([*grid.ports, *([grid.hub] if grid.hub else [])], dtype=np.int64).reshape(-1, 2)
    x = np.concatenate([places[:first, 0], column, places[first:, 0]])
    y = np.concatenate([places[:first, 1], row, places[first:, 1]])
    origin = first + np.searchsorted(cores, edges.home)
    if first:
        origin = np.where(edges.source < edges.n_inputs, edges.source % first, origin)
    ends = first + np.searchsorted(cores, edges.core)
    none = np.zeros(0, dtype=np.int64)
    if grid.hub is None:
        edge = edges.edge
        return Traffic(grid, x, y, origin[edge], ends, edges.weight[edge], none.astype(float), none[:0], none)
    to_hub = np.full(edges.n, hub, dtype=np.int64)
    return Traffic(grid, x, y, origin, to_hub, edges.weight, edges.weight, edges.ptr, ends)


def tree_links(root_x: Ints, root_y: Ints, ptr: Ints, x: Ints, y: Ints) -> Ints:
    """Return the number of links of the tree of each hyperedge: along the root's row, from there along columns.

    ``root_x``, ``root_y`` int64[edges] are the tiles where the trees begin, ``x`` and ``y`` those of the entries
    ``ptr[e]:ptr[e + 1]``.
    """
    edge = np.repeat(np.arange(len(root_x)), np.diff(ptr))
    total = _reach(edge, x, root_x)
    columns = int(x.max(initial=0)) + 1
    branch, which = np.unique(edge * columns + x, return_inverse=True)
    return total + np.bincount(
        branch // columns, weights=_reach(which.ravel(), y, root_y[branch // columns]), minlength=len(root_x)
    ).astype(np.int64)


def _reach(group: Ints, value: Ints, root: Ints) -> Ints:
    """Return how far each group of values stretches above and below its root, together."""
    above, below = np.zeros((2, len(root)), dtype=np.int64)
    np.maximum.at(above, group, value - root[group])
    np.maximum.at(below, group, root[group] - value)
    return above + below
