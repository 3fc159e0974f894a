"""The mesh: routers, links between neighbours, and one injection and one ejection link per endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import simpy
from numpy.typing import NDArray

from neurosim.engine.event.link import BufferedLink, Clock, Link, Onward, Receiver, Stop
from neurosim.engine.event.packet import SpikePacket
from neurosim.engine.event.router import Router
from neurosim.errors import NeurosimError, unknown

DIRECTIONS = {"E": (1, 0), "W": (-1, 0), "N": (0, 1), "S": (0, -1)}
Place = tuple[int, int]
PerEndpoint = int | Sequence[int]


def list_links(
    columns: int, rows: int, endpoints: Sequence[Place], chip: Place | None = None
) -> list[tuple[str, int, int]]:
    """Return every link as (kind, from, to), in the fixed order that all engines share.

    Router r stands at column r % columns, row r // columns. First the links between neighbours, router by
    router and in each E, W, N, S (from router, to router; north is the next higher row); then "inject"
    (from endpoint, to router) and then "eject" (from router, to endpoint), endpoint by endpoint; then, when
    ``chip`` gives the (columns, rows) of one of several chips, one "edge E", "edge W", "edge N" or "edge S" per
    side between two chips (from chip, to chip, numbered row by row), which all rows or columns of that side share
    and which replaces the links between neighbours there.
    Raises NeurosimError for a mesh without tiles, chips that do not fill it, or an endpoint outside it.
    """
    if columns < 1 or rows < 1:
        raise NeurosimError(f"mesh must be at least 1x1, found {columns}x{rows}")
    if chip is not None and (min(chip) < 1 or columns % chip[0] or rows % chip[1]):
        raise NeurosimError(f"chips of {chip[0]}x{chip[1]} tiles do not fill a {columns}x{rows} mesh")
    for endpoint, (column, row) in enumerate(endpoints):
        if not (0 <= column < columns and 0 <= row < rows):
            raise NeurosimError(f"endpoint {endpoint} at ({column}, {row}) is outside the {columns}x{rows} mesh")
    neighbours = [
        (kind, column + columns * row, column + dx + columns * (row + dy))
        for row in range(rows)
        for column in range(columns)
        for kind, (dx, dy) in DIRECTIONS.items()
        if 0 <= column + dx < columns
        and 0 <= row + dy < rows
        and _chip_of(column, row, columns, chip) == _chip_of(column + dx, row + dy, columns, chip)
    ]
    tiles = [column + columns * row for column, row in endpoints]
    injection = [("inject", endpoint, tile) for endpoint, tile in enumerate(tiles)]
    ejection = [("eject", tile, endpoint) for endpoint, tile in enumerate(tiles)]
    return neighbours + injection + ejection + _edges(columns, rows, chip)


def _chip_of(column: int, row: int, columns: int, chip: Place | None) -> int:
    """Return the number of the chip that a tile belongs to."""
    return 0 if chip is None else row // chip[1] * (columns // chip[0]) + column // chip[0]


def _edges(columns: int, rows: int, chip: Place | None) -> list[tuple[str, int, int]]:
    if chip is None:
        return []
    across, down = columns // chip[0], rows // chip[1]
    return [
        (f"edge {kind}", x + across * y, x + dx + across * (y + dy))
        for y in range(down)
        for x in range(across)
        for kind, (dx, dy) in DIRECTIONS.items()
        if 0 <= x + dx < across and 0 <= y + dy < down
    ]


class _Landing:
    """The far end of an edge link: the router on the other chip, in the packet's own row or column."""

    def __init__(self, mesh: Mesh, kind: str, chip: int, size: Place) -> None:
        self._mesh, self._kind, self._size = mesh, kind, size
        across = mesh.columns // size[0]
        self._corner = (chip % across * size[0], chip // across * size[1])

    def next_link(self, packet: SpikePacket) -> Stop:
        """Return where the packet goes on the chip that it has reached (dimension order keeps its line)."""
        mesh, (left, low), (width, height) = self._mesh, self._corner, self._size
        first, last = packet.source, packet.destination
        if self._kind in "EW":
            column = left if self._kind == "E" else left + width - 1
            row = mesh.places[first if mesh.routing == "xy" else last][1]
        else:
            column = mesh.places[last if mesh.routing == "xy" else first][0]
            row = low if self._kind == "N" else low + height - 1
        return mesh.routers[column + mesh.columns * row].next_link(packet)


class Mesh:
    """A mesh of ``columns`` x ``rows`` routers that carries packets between endpoints (cores and ports).

    ``endpoints`` gives the (column, row) of each endpoint; a tile may hold several or none. All times are
    picoseconds; see Link for latency and serialisation. Those of injection and ejection are one number or
    one per endpoint. ``depth`` is the number of slots in the entry queue of each mesh and ejection link, 0
    for unbounded queues (source queues are always unbounded); full throughput needs about
    latency / serialisation slots. ``deliver`` is called with every packet that reaches its endpoint.
    ``routing`` is "xy" or "yx"; ``router`` makes the routers (a subclass of Router changes the routing). A
    packet to its own tile crosses no mesh link. ``chip`` is the (columns, rows) of one chip of a tiling; the links
    between chips are shared per side and take ``edge_latency`` and ``edge_serialisation``. ``link_kind``,
    ``link_from`` and ``link_to`` describe the links in the order of ``list_links``.
    Raises NeurosimError for values out of range.
    """

    def __init__(
        self,
        env: simpy.Environment,
        columns: int,
        rows: int,
        endpoints: Sequence[Place],
        *,
        hop_latency_x: int,
        hop_latency_y: int,
        link_serialisation: int,
        inject_latency: PerEndpoint,
        inject_serialisation: PerEndpoint,
        eject_latency: PerEndpoint,
        eject_serialisation: PerEndpoint,
        deliver: Callable[[SpikePacket], None],
        depth: int = 0,
        routing: str = "xy",
        chip: Place | None = None,
        edge_latency: int = 0,
        edge_serialisation: int = 0,
        router: Callable[[int, int, Sequence[Place], str], Router] = Router,
    ) -> None:
        layout = list_links(columns, rows, endpoints, chip)
        if depth < 0:
            raise NeurosimError(f"mesh depth must be at least 0 slots, found {depth}")
        if routing not in ("xy", "yx"):
            raise unknown("routing", routing, ("xy", "yx"))
        self.columns, self.rows, self.depth = columns, rows, depth
        self.places, self.routing = list(endpoints), routing
        self.link_kind = np.array([kind for kind, _, _ in layout], dtype=np.str_)
        self.link_from = np.array([start for _, start, _ in layout], dtype=np.int64)
        self.link_to = np.array([end for _, _, end in layout], dtype=np.int64)
        self._env = env
        self._clock = cast("Clock", env)
        self._deliver = deliver
        self._receiver = Receiver(self._receive)
        self.routers = [router(tile % columns, tile // columns, endpoints, routing) for tile in range(columns * rows)]
        self.sent = self.received = 0

        n = len(endpoints)
        hop = {kind: hop_latency_x if dx else hop_latency_y for kind, (dx, dy) in DIRECTIONS.items()}
        inject = _times("inject", inject_latency, inject_serialisation, n)
        eject = _times("eject", eject_latency, eject_serialisation, n)
        self.links: list[Link] = []
        self._entries: list[Link] = []
        for index, (kind, start, end) in enumerate(layout):
            rank = index - len(layout)
            if kind == "inject":
                self._entries.append(self._link(rank, *inject[start], self.routers[end], source_queue=True))
                self.links.append(self._entries[-1])
            elif kind == "eject":
                self.links.append(self._link(rank, *eject[end], self._receiver))
                self.routers[start].ejection[end] = self.links[-1]
            elif kind.startswith("edge") and chip is not None:
                landing = _Landing(self, kind[-1], end, chip)
                self.links.append(self._link(rank, edge_latency, edge_serialisation, landing))
                for tile in _side(columns, start, kind[-1], chip):
                    self.routers[tile].outgoing[kind[-1]] = self.links[-1]
            else:
                self.links.append(self._link(rank, hop[kind], link_serialisation, self.routers[end]))
                self.routers[start].outgoing[kind] = self.links[-1]

    def _link(self, rank: int, latency: int, serialisation: int, onward: Onward, source_queue: bool = False) -> Link:
        if self.depth == 0:
            return Link(self._env, rank, latency, serialisation, onward)
        if source_queue:
            return BufferedLink(self._env, rank, latency, serialisation, onward)
        return BufferedLink(self._env, rank, latency, serialisation, onward, depth=self.depth)

    def send(self, packet: SpikePacket, at: int) -> None:
        """Let a packet enter the injection link of its source at an absolute time (ps).

        Raises NeurosimError if that time has passed.
        """
        delay = at - self._clock.now
        if delay < 0:
            raise NeurosimError(f"{packet!r} was to enter the mesh at {at} ps, {-delay} ps ago")
        self.sent += 1
        packet.callbacks = self._entries[packet.source].arrivals
        self._clock.schedule(packet, packet.number, delay)

    def resend(self, packet: SpikePacket, endpoint: int) -> None:
        """Let a packet that was delivered enter again now, through the injection link of an endpoint."""
        self.sent += 1
        self._entries[endpoint].join(packet)

    def _receive(self, packet: SpikePacket) -> None:
        packet.delivered = self._clock.now
        self.received += 1
        self._deliver(packet)

    @property
    def in_flight(self) -> int:
        """Number of packets sent and not delivered; above 0 with no event left means deadlock."""
        return self.sent - self.received

    def packets_per_link(self) -> NDArray[np.int64]:
        """Return the number of packets that joined each link, in the order of ``list_links``."""
        return np.array([link.packets for link in self.links], dtype=np.int64)


def _side(columns: int, chip: int, kind: str, size: Place) -> list[int]:
    """Return the routers of one side of a chip."""
    (width, height), across = size, columns // size[0]
    left, low = chip % across * width, chip // across * height
    if kind in "EW":
        column = left + width - 1 if kind == "E" else left
        return [column + columns * row for row in range(low, low + height)]
    row = low + height - 1 if kind == "N" else low
    return [column + columns * row for column in range(left, left + width)]


def _times(kind: str, latency: PerEndpoint, serialisation: PerEndpoint, n: int) -> list[tuple[int, int]]:
    """Return (latency, serialisation) for each of n endpoints (ps)."""
    columns: list[Sequence[int]] = []
    for name, value in (("latency", latency), ("serialisation", serialisation)):
        values = [value] * n if isinstance(value, int) else [int(item) for item in value]
        if len(values) != n:
            raise NeurosimError(f"{kind}_{name} needs one value for each of {n} endpoints, found {len(values)}")
        columns.append(values)
    return list(zip(*columns, strict=True))
