"""The compartment core of Loihi: integer current-based neurons, synapse lists, unicast output axons."""

from neurosim.cores.compartment.audit import AUDIT
from neurosim.cores.compartment.flat import flat, reset
from neurosim.cores.compartment.flat import learned_by as learned
from neurosim.cores.compartment.flat import rest_cores as rest
from neurosim.cores.compartment.limits import core_filler, usage
from neurosim.cores.compartment.load import load
from neurosim.cores.compartment.lower import lower
from neurosim.cores.compartment.prices import LEARNS, MULTICAST, counters, prices, stamp
from neurosim.cores.compartment.state import start
from neurosim.cores.compartment.vocabulary import VOCABULARY
from neurosim.cores.compartment.widths import arithmetic

__all__ = [
    "AUDIT",
    "LEARNS",
    "MULTICAST",
    "VOCABULARY",
    "arithmetic",
    "core_filler",
    "counters",
    "flat",
    "learned",
    "load",
    "lower",
    "prices",
    "reset",
    "rest",
    "stamp",
    "start",
    "usage",
]
