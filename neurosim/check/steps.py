"""Link loads step by step: the packets of a run's first sample, put on the routes that they took."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.metrics import Grid, Traffic, grid_of, link_loads
from neurosim.program import Program
from neurosim.results import Run

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def loads_per_step(program: Program, run: Run, multicast: bool) -> Floats:
    """Return packets on every link between tiles in each step of the first sample, float64[steps, links].

    A packet counts in the step in which it was sent. Chips without routers have no links: float64[0, 0].
    """
    grid, packets = grid_of(program.chip, multicast), run.times.first_packets
    if not run.activity.links or not len(packets):
        return np.zeros((0, 0))
    x, y = _places(program, grid)
    table = _routes(program, len(grid.ports))
    loads = []
    for step in range(run.chip_steps):
        rows = packets[packets[:, 0] == step]
        traffic = _multicast(rows, grid, x, y, *table) if grid.hub else _unicast(rows, grid, x, y)
        loads.append(link_loads(traffic).between)
    return np.array(loads)


def _places(program: Program, grid: Grid) -> tuple[Ints, Ints]:
    """Return the tiles of the endpoints: ports, cores in use, event router."""
    column, row = grid.tile_of(program.cores.astype(np.int64))
    ports = np.array(grid.ports, dtype=np.int64).reshape(-1, 2)
    hub = np.array([grid.hub] if grid.hub else [], dtype=np.int64).reshape(-1, 2)
    return tuple(np.concatenate([ports[:, k], own, hub[:, k]]) for k, own in ((0, column), (1, row)))  # type: ignore[return-value]


def _routes(program: Program, first: int) -> tuple[Ints, Ints]:
    """Return the endpoints of every multicast route as compressed rows: input lines first, then units of all cores."""
    tables = (program.inputs, *program.outputs)
    counts = np.concatenate([np.diff(table.ptr) for table in tables])
    ends = np.concatenate([table.core.astype(np.int64) for table in tables])
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), first + ends


def _unicast(rows: Ints, grid: Grid, x: Ints, y: Ints) -> Traffic:
    none = np.zeros(0, dtype=np.int64)
    return Traffic(grid, x, y, rows[:, 1], rows[:, 2], np.ones(len(rows)), np.zeros(0), none, none)


def _multicast(rows: Ints, grid: Grid, x: Ints, y: Ints, ptr: Ints, ends: Ints) -> Traffic:
    """Return what packets on their way to the event router cause; their axon is the number of their route."""
    route, times = np.unique(rows[:, 3], return_counts=True)
    sizes = ptr[route + 1] - ptr[route]
    leaf = np.concatenate([np.zeros(0, dtype=np.int64), *(ends[ptr[r] : ptr[r + 1]] for r in route)])
    tree_ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Traffic(grid, x, y, rows[:, 1], rows[:, 2], np.ones(len(rows)), times.astype(float), tree_ptr, leaf)
