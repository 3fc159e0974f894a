"""Where the nodes are and which port leads where.

Node YXX stands in row Y (from the bottom) and column XX. Two neighbours share one port, under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neurosim.chip import Chip
from neurosim.cores.f18a import isa
from neurosim.errors import NeurosimError

DIRECTIONS = ("east", "west", "north", "south")
_MOVE = {"east": (1, 0), "west": (-1, 0), "north": (0, 1), "south": (0, -1)}


@dataclass(frozen=True)
class Grid:
    """The array of nodes: ``columns`` from west to east by ``rows`` from south to north."""

    columns: int
    rows: int

    @classmethod
    def of(cls, chip: Chip) -> Grid:
        """Return the array of a chip; raises NeurosimError for other cores, and where names YXX would be ambiguous."""
        if chip.core_kind != "f18a":
            raise NeurosimError(f"{chip.name}: its cores are of kind {chip.core_kind}, not f18a")
        if chip.columns > 100:
            raise NeurosimError(f"{chip.name}: {chip.columns} columns, node names YXX have room for 100")
        return cls(chip.columns, chip.rows)

    @property
    def nodes(self) -> tuple[int, ...]:
        """Names of all nodes, ascending."""
        return tuple(row * 100 + column for row in range(self.rows) for column in range(self.columns))

    def place(self, node: int) -> tuple[int, int]:
        """Return column and row of a node; raises NeurosimError for one that the array does not have."""
        row, column = divmod(node, 100)
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            last = (self.rows - 1) * 100 + self.columns - 1
            raise NeurosimError(
                f"node {node:03d}: the array has nodes 000 to {last:03d} (row, then two digits of column)"
            )
        return column, row

    def index(self, node: int) -> int:
        """Return the number of a node, row by row: the physical id of its core."""
        column, row = self.place(node)
        return row * self.columns + column

    def node(self, index: int) -> int:
        """Return the name of a node from its number."""
        row, column = divmod(index, self.columns)
        return row * 100 + column

    def port(self, node: int, direction: str) -> str:
        """Return the port of a node that leads east, west, north or south."""
        column, row = self.place(node)
        if direction in ("east", "west"):
            return "right" if (direction == "east") == (column % 2 == 0) else "left"
        if direction in ("north", "south"):
            return "down" if (direction == "north") == (row % 2 == 0) else "up"
        raise NeurosimError(f"direction '{direction}': must be one of {', '.join(DIRECTIONS)}")

    def neighbour(self, node: int, port: str) -> int | None:
        """Return the node behind a port, None at the edge of the array."""
        if port not in isa.PORT_NAMES:
            raise NeurosimError(f"port '{port}': must be one of {', '.join(isa.PORT_NAMES)}")
        return _neighbours(self, node)[isa.PORT_NAMES.index(port)]

    def towards(self, node: int, other: int) -> str:
        """Return the port that two neighbours share; raises NeurosimError where they are not neighbours."""
        self.place(other)
        for port in isa.PORT_NAMES:
            if self.neighbour(node, port) == other:
                return port
        raise NeurosimError(f"nodes {node:03d} and {other:03d} are not neighbours")

    def ports(self, node: int) -> int:
        """Return the set of ports behind which there is a node."""
        found = _neighbours(self, node)
        return sum(bit for other, bit in zip(found, isa.PORT_BITS, strict=True) if other is not None)

    def reset_address(self, node: int) -> int:
        """Return the port address at which a node that does not boot waits for instructions after reset."""
        return isa.port_address(self.ports(node))


@cache
def _neighbours(grid: Grid, node: int) -> tuple[int | None, ...]:
    """Return the nodes behind the four ports, in their order."""
    column, row = grid.place(node)
    found: dict[str, int | None] = {}
    for direction, (x, y) in _MOVE.items():
        inside = 0 <= column + x < grid.columns and 0 <= row + y < grid.rows
        found[grid.port(node, direction)] = (row + y) * 100 + column + x if inside else None
    return tuple(found[name] for name in isa.PORT_NAMES)
