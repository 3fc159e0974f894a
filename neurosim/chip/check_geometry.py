"""What the geometry of a descriptor must satisfy: sizes, and places that lie on the chip."""

from __future__ import annotations

from collections.abc import Iterator

from neurosim.chip.layout import absent_tiles, cores_per_chip, reserved_cores
from neurosim.chip.schema import Document, Geometry, Tile


def geometry_problems(document: Document) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with [geometry] and the places in [io], as (dotted field, problem)."""
    geometry = document.geometry
    wrong = list(_sizes(geometry))
    yield from wrong
    if wrong or any(figure.value != int(figure.value) for figure in geometry.figures().values()):
        return  # the places cannot be judged
    absent = geometry.absent.tiles if geometry.absent else ()
    yield from _places(geometry, "geometry.absent.tiles", absent)
    if geometry.event_router:
        yield from _places(geometry, "geometry.event_router.tile", (geometry.event_router.tile,), one=True)
        yield from _on_absent(geometry, "geometry.event_router.tile", geometry.event_router.tile)
    yield from _places(geometry, "io.ports", document.io.ports)
    for k, port in enumerate(document.io.ports):
        yield from _on_absent(geometry, f"io.ports.{k}", port)
    yield from _reserved(geometry)


def _sizes(geometry: Geometry) -> Iterator[tuple[str, str]]:
    for name, figure in geometry.figures().items():
        if name != "reserved_cores_per_chip" and figure.value < 1:
            yield f"geometry.{name}", f"found {figure.value}, must be at least 1"


def _places(geometry: Geometry, field: str, tiles: tuple[Tile, ...], one: bool = False) -> Iterator[tuple[str, str]]:
    columns, rows = geometry.columns.whole(), geometry.rows.whole()
    for k, (column, row) in enumerate(tiles):
        where = field if one else f"{field}.{k}"
        if not (0 <= column < columns and 0 <= row < rows):
            yield where, f"found [{column}, {row}], outside the mesh of {columns} x {rows} tiles"
        if (column, row) in tiles[:k]:
            yield where, f"found [{column}, {row}] twice"


def _on_absent(geometry: Geometry, field: str, tile: Tile) -> Iterator[tuple[str, str]]:
    if tile in absent_tiles(geometry):
        yield field, f"found [{tile[0]}, {tile[1]}], a tile that geometry.absent takes away"


def _reserved(geometry: Geometry) -> Iterator[tuple[str, str]]:
    exist, reserved = cores_per_chip(geometry), reserved_cores(geometry)
    if exist < 1:
        yield "geometry.absent.tiles", "found every tile of the chip, at least one must hold cores"
    elif reserved >= exist:
        yield "geometry.reserved_cores_per_chip", f"found {reserved}, the chip has {exist} cores and one must be left"
