"""Crossbar cores: binary synapses between axons and integer neurons, on a fixed tick (TrueNorth)."""

from neurosim.cores.crossbar.audit import AUDIT
from neurosim.cores.crossbar.flat import flat, reset
from neurosim.cores.crossbar.limits import core_filler, usage
from neurosim.cores.crossbar.load import load
from neurosim.cores.crossbar.lower import lower
from neurosim.cores.crossbar.prices import MULTICAST, counters, prices, stamp
from neurosim.cores.crossbar.state import start
from neurosim.cores.crossbar.vocabulary import VOCABULARY
from neurosim.cores.crossbar.widths import arithmetic

__all__ = [
    "AUDIT",
    "MULTICAST",
    "VOCABULARY",
    "arithmetic",
    "core_filler",
    "counters",
    "flat",
    "load",
    "lower",
    "prices",
    "reset",
    "stamp",
    "start",
    "usage",
]
