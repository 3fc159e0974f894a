"""F18A nodes: small stack processors of 18 bits without a clock, neighbours joined by ports (GA144)."""

from neurosim.cores.f18a.audit import recount
from neurosim.cores.f18a.limits import core_filler, usage
from neurosim.cores.f18a.load import load
from neurosim.cores.f18a.lower import lower
from neurosim.cores.f18a.prices import MULTICAST, arithmetic, counters, prices, stamp, start
from neurosim.cores.f18a.vocabulary import VOCABULARY

__all__ = [
    "MULTICAST",
    "VOCABULARY",
    "arithmetic",
    "core_filler",
    "counters",
    "load",
    "lower",
    "prices",
    "recount",
    "stamp",
    "start",
    "usage",
]
