"""Layout: which cores exist and may be used, on one chip or on a tiling of identical chips.

A core's physical id is tile * cores_per_tile + slot; a tile's is row * columns + column over the whole tiling.
"""

from __future__ import annotations

from collections.abc import Iterator

from neurosim.chip.schema import Geometry, Tile


def absent_tiles(geometry: Geometry) -> frozenset[Tile]:
    """Return the tiles of one chip that hold no cores, as (column, row)."""
    return frozenset(geometry.absent.tiles if geometry.absent else ())


def cores_per_chip(geometry: Geometry) -> int:
    """Return how many cores exist on one chip, those kept for the system included."""
    tiles = geometry.columns.whole() * geometry.rows.whole() - len(absent_tiles(geometry))
    return tiles * geometry.cores_per_tile.whole()


def reserved_cores(geometry: Geometry) -> int:
    """Return how many cores of each chip are kept for the system."""
    return geometry.reserved_cores_per_chip.whole() if geometry.reserved_cores_per_chip else 0


def usable_cores(geometry: Geometry) -> tuple[int, ...]:
    """Return the physical ids, ascending, of the cores that exist and are not kept for the system."""
    keep = cores_per_chip(geometry) - reserved_cores(geometry)
    chips = [
        (column, row) for row in range(geometry.chip_rows.whole()) for column in range(geometry.chip_columns.whole())
    ]
    return tuple(sorted(core for chip in chips for core in list(_cores(geometry, chip))[:keep]))


def _cores(geometry: Geometry, chip: Tile) -> Iterator[int]:
    """Yield the physical ids of the cores of one chip of the tiling, ascending."""
    columns, rows, slots = geometry.columns.whole(), geometry.rows.whole(), geometry.cores_per_tile.whole()
    absent, width = absent_tiles(geometry), columns * geometry.chip_columns.whole()
    for row in range(rows):
        for column in range(columns):
            if (column, row) not in absent:
                tile = (chip[1] * rows + row) * width + chip[0] * columns + column
                yield from range(tile * slots, (tile + 1) * slots)
