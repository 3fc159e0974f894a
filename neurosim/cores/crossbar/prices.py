"""What a crossbar core counts, and which figure of the descriptor prices each count."""

from __future__ import annotations

from neurosim.chip import Chip
from neurosim.results.energy import Power, Price

COUNTERS = (
    "synaptic_operations",
    "spikes",
    "potentials_clipped",
    "negative_thresholds",
    "neuron_updates",
    "memory_scans",
    "output_spikes",
    "late_spikes",
)

MULTICAST = False


def counters(chip: Chip) -> tuple[str, ...]:
    """Return the names of the counters, in their order: the same on every chip of this kind."""
    return COUNTERS


def prices(chip: Chip) -> tuple[Price | Power, ...]:
    """Return the terms that price the counters, the same on every chip of this kind."""
    return PRICES


def stamp(static: int, step: int, value: int) -> int:
    """Return the payload of an input packet: the tick in which it is due, ``static`` ticks after it is sent."""
    return step + static


PRICES = (
    Price("synaptic_operations", "synaptic_operation", "synapse"),
    Price("neuron_updates", "neuron_update", "neuron"),
    Price("memory_scans", "memory_scan", "static"),
    Price("chip_steps", "memory_scan", "static", of="unused cores"),
    Price("spikes", "spike_generation", "spike output"),
    Price("output_spikes", "to_edge", "spike output"),
    Price("hops_east_west", "hop_east_west", "network"),
    Price("hops_north_south", "hop_north_south", "network"),
    Price("edge_crossings", "edge_crossing", "network"),
)

# A core scans its whole memory in every tick, whatever happens, so the scan counts as static.
