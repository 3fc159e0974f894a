"""neurosim: a discrete-event simulator of neuromorphic chips."""

from importlib.metadata import PackageNotFoundError, version

from neurosim.api import learned_network, load_chip, load_program, price, simulate
from neurosim.api import map_network as map
from neurosim.engine.world import World
from neurosim.errors import NeurosimError
from neurosim.network import Network, Population, Projection
from neurosim.network.model_file import load_network

try:
    __version__ = version("neurosim")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0.0.0"

__all__ = [
    "Network",
    "NeurosimError",
    "Population",
    "Projection",
    "World",
    "__version__",
    "learned_network",
    "load_chip",
    "load_network",
    "load_program",
    "map",
    "price",
    "simulate",
]
