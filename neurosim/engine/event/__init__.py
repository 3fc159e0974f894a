"""The event kernel on SimPy: spike packets, links, routers and the mesh that joins them."""

from neurosim.engine.event.link import BufferedLink, Link, Receiver
from neurosim.engine.event.mesh import Mesh, list_links
from neurosim.engine.event.packet import SpikePacket
from neurosim.engine.event.router import Router

__all__ = ["BufferedLink", "Link", "Mesh", "Receiver", "Router", "SpikePacket", "list_links"]
