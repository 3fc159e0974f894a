"""Pins of the GA144's edge nodes, as far as they are modelled, and what stands behind an edge port instead of a node.

Layout: the makers' poster of the chip and DB001, section 3.4. Pins of a node are taken in the order 17, 1, 3, 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.geometry import Grid

PINS = (17, 5, 3, 1)  # bits of the io register, and the order of columns in arrays about pins
_GRID = Grid(18, 8)
_COUNTS = {
    1: (100, 200, 217, 317, 417, 500, 517, 600, 715),
    2: (1, 300, 701, 708),
    4: (8, 705),
}
_ORDER = (17, 1, 3, 5)
PINS_OF: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {node: _ORDER[:count] for count, nodes in _COUNTS.items() for node in nodes}
)
# Nodes whose edge port belongs to circuits that are not modelled.
_OTHERS: Mapping[int, str] = MappingProxyType(
    dict.fromkeys((1, 701), "serial link")
    | dict.fromkeys((117, 617, 709, 713, 717), "analog converter")
    | dict.fromkeys((7, 9), "parallel bus")
)


def pins_of(grid: Grid, node: int) -> tuple[int, ...]:
    """Return the pins (bits of io) of a node; arrays of another size than the GA144's have none."""
    return PINS_OF.get(node, ()) if grid == _GRID else ()


def circuit(grid: Grid, node: int) -> str:
    """Return what not modelled circuit a node's edge port leads to, or nothing."""
    return _OTHERS.get(node, "") if grid == _GRID else ""


def wake_port(grid: Grid, node: int) -> int:
    """Return the port that waits for pin 17 when it is read: up in the top and bottom row, left at the sides; or 0."""
    if 17 not in pins_of(grid, node) or circuit(grid, node):
        return 0
    _, row = grid.place(node)
    return isa.UP if row in (0, grid.rows - 1) else isa.LEFT


def live_bits(grid: Grid, node: int) -> int:
    """Return the bits of io that read something other than the inverse of what was written."""
    bits = sum(1 << pin for pin in pins_of(grid, node))
    for k, port in enumerate(isa.PORT_BITS):
        if grid.ports(node) & port:
            bits |= 3 << (15 - 2 * k)
    return bits
