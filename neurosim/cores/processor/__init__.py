"""Processor cores: neurons and synapses in software, on a fixed tick, with performance levels (SpiNNaker2)."""

from neurosim.cores.processor.audit import AUDIT
from neurosim.cores.processor.flat import flat, reset
from neurosim.cores.processor.limits import core_filler, table_filler, usage
from neurosim.cores.processor.load import load
from neurosim.cores.processor.lower import lower
from neurosim.cores.processor.mac import mac_array
from neurosim.cores.processor.prices import MULTICAST, counters, prices, stamp
from neurosim.cores.processor.router import router_entries
from neurosim.cores.processor.state import start
from neurosim.cores.processor.vocabulary import VOCABULARY
from neurosim.cores.processor.widths import arithmetic

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
    "mac_array",
    "prices",
    "reset",
    "router_entries",
    "stamp",
    "start",
    "table_filler",
    "usage",
]
