"""Routers: which link a packet takes next."""

from __future__ import annotations

from collections.abc import Sequence

from neurosim.engine.event.link import Link
from neurosim.engine.event.packet import SpikePacket
from neurosim.errors import NeurosimError


class Router:
    """The router of one tile, dimension order: ``xy`` corrects the column first, ``yx`` the row first.

    ``places`` holds the (column, row) of every endpoint. The mesh fills ``outgoing`` ("E", "W", "N", "S" to
    the neighbours that exist; north is the next higher row) and ``ejection`` (endpoint index to link).
    Subclasses override ``route`` (asked once per destination) or ``next_link`` (asked once per hop, when the
    packet joins or starts on the link before; the answer must not depend on anything that changes with time).
    """

    def __init__(self, column: int, row: int, places: Sequence[tuple[int, int]], routing: str = "xy") -> None:
        self.column, self.row, self.places, self.routing = column, row, places, routing
        self.outgoing: dict[str, Link] = {}
        self.ejection: dict[int, Link] = {}
        self._table: dict[int, Link] = {}

    def next_link(self, packet: SpikePacket) -> Link:
        """Return the link that the packet takes from here, from a table that fills itself."""
        try:
            return self._table[packet.destination]
        except KeyError:
            link = self._table[packet.destination] = self.route(packet.destination)
            return link

    def route(self, destination: int) -> Link:
        """Return the link towards an endpoint; raises NeurosimError for an endpoint that does not exist."""
        if not 0 <= destination < len(self.places):
            raise NeurosimError(f"packet to endpoint {destination}: the mesh has {len(self.places)} endpoints")
        column, row = self.places[destination]
        east_west = "E" if column > self.column else "W" if column < self.column else ""
        north_south = "N" if row > self.row else "S" if row < self.row else ""
        order = (east_west, north_south) if self.routing == "xy" else (north_south, east_west)
        direction = order[0] or order[1]
        return self.outgoing[direction] if direction else self.ejection[destination]
