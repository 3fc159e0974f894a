"""Multicast: one packet to the event router, from there one copy on every link of a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurosim.engine.event.link import Link, Stop
from neurosim.engine.event.packet import SpikePacket
from neurosim.engine.event.router import Router
from neurosim.errors import NeurosimError

if TYPE_CHECKING:
    from neurosim.engine.event.mesh import Mesh


@dataclass(frozen=True)
class Leaf:
    """One end of a tree: endpoint of the mesh and the axon there."""

    endpoint: int
    axon: int


class Forest:
    """The multicast trees of a chip: ``leaves[route]`` are the ends of every route, by column, row and endpoint.

    A packet on its way to the hub (the event router's endpoint) carries its route as axon. At the hub it starts
    again; at every tile its tree has one branch per outgoing link, so that a link carries it once: X first from
    the hub, so the leaves behind one link stand together in that order. Only an ejection link takes one copy per
    leaf, as an endpoint may be there with several axons.
    A copy's number is that of the packet plus the rank of the first leaf below it, so all numbers differ.
    """

    def __init__(self, hub: int, routes: Sequence[Sequence[Leaf]], places: Sequence[tuple[int, int]]) -> None:
        self.hub = hub
        self.leaves = [
            tuple(sorted(route, key=lambda leaf: (*places[leaf.endpoint], leaf.endpoint, leaf.axon)))
            for route in routes
        ]
        self.mesh: Mesh | None = None

    def join(self, mesh: Mesh) -> None:
        """Take the mesh that carries the copies; raises NeurosimError for one with bounded queues."""
        if mesh.depth:
            raise NeurosimError(f"multicast needs unbounded link queues, found buffer_depth {mesh.depth}")
        self.mesh = mesh

    def router(self, column: int, row: int, places: Sequence[tuple[int, int]], routing: str) -> Router:
        """Make the router of one tile, as Mesh asks for it."""
        return TreeRouter(column, row, places, routing, self)

    def turn(self, packet: SpikePacket) -> None:
        """Send a packet that has reached the hub down its tree."""
        if self.mesh is None:
            raise RuntimeError("the forest is not joined to a mesh")
        leaves = len(self.leaves[packet.axon])
        if leaves:
            self.mesh.resend(Branch(packet, self.hub, packet.axon, 0, leaves), self.hub)


class Branch(SpikePacket):
    """A copy of a packet that starts at the hub and serves the leaves ``first`` to ``last`` - 1 of its route."""

    __slots__ = ("first", "last", "origin", "route")

    origin: int

    def __init__(self, packet: SpikePacket, source: int, route: int, first: int, last: int) -> None:
        origin = packet.origin if isinstance(packet, Branch) else packet.number
        super().__init__(origin + first, source, packet.destination, packet.axon, packet.created, packet.payload)
        self.origin, self.route, self.first, self.last = origin, route, first, last


class Fork(Stop):
    """The place in a router where a packet splits; it takes no time and always accepts."""

    __slots__ = ("_branches", "_router")

    def __init__(self, router: TreeRouter) -> None:
        super().__init__(self.split)
        self._router = router

    def split(self, packet: SpikePacket) -> None:
        """Send one copy on every link that the leaves below need."""
        if isinstance(packet, Branch):
            self._router.split(packet)


class TreeRouter(Router):
    """A router that sends branches of a tree on, and other packets as usual."""

    def __init__(self, column: int, row: int, places: Sequence[tuple[int, int]], routing: str, forest: Forest) -> None:
        super().__init__(column, row, places, routing)
        self._forest, self._fork = forest, Fork(self)
        self._plans: dict[tuple[int, int, int], list[tuple[Link, int, int]]] = {}

    def next_link(self, packet: SpikePacket) -> Stop:  # type: ignore[override]  # a fork is a stop, not a link
        """Return the fork for a branch, else the next link."""
        return self._fork if isinstance(packet, Branch) else super().next_link(packet)

    def split(self, packet: Branch) -> None:
        """Let one copy join every outgoing link; runs of leaves that share a link stay together."""
        key = (packet.route, packet.first, packet.last)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(packet)
        mesh = self._forest.mesh
        if mesh is not None:
            mesh.sent += len(plan) - 1
        leaves = self._forest.leaves[packet.route]
        for link, first, last in plan:
            copy = Branch(packet, packet.source, packet.route, first, last)
            copy.destination, copy.axon = leaves[first].endpoint, leaves[first].axon
            link.join(copy)

    def _plan(self, packet: Branch) -> list[tuple[Link, int, int]]:
        leaves = self._forest.leaves[packet.route]
        groups: dict[tuple[int, int], tuple[Link, list[int]]] = {}
        for rank in range(packet.first, packet.last):
            link = self.route(leaves[rank].endpoint)
            own = rank if leaves[rank].endpoint in self.ejection else -1
            groups.setdefault((id(link), own), (link, []))[1].append(rank)
        return [(link, ranks[0], ranks[-1] + 1) for link, ranks in groups.values()]
