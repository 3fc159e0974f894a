"""F18A nodes: small stack processors of 18 bits without a clock, neighbours joined by ports (GA144)."""

from neurosim.cores.f18a.network import (
    MULTICAST,
    arithmetic,
    core_filler,
    counters,
    load,
    lower,
    prices,
    stamp,
    start,
    usage,
)
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
    "stamp",
    "start",
    "usage",
]
