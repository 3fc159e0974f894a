"""What a compartment core counts, and which figure of the descriptor prices each count."""

from __future__ import annotations

from neurosim.chip import Chip
from neurosim.results.energy import Power, Price

COUNTERS = (
    "neuron_updates_inactive",
    "neuron_updates_active",
    "spikes",
    "output_messages",
    "input_messages",
    "synaptic_operations_dense",
    "synaptic_operations_sparse",
    "voltages_clipped",
    "random_numbers",
    "synapse_updates",
    "trace_updates",
)

PROGRAM_COUNTERS = ("registers_wrapped",)

MULTICAST = False
LEARNS = True


def counters(chip: Chip) -> tuple[str, ...]:
    """Return the names of the counters, in their order; programmable chips have PROGRAM_COUNTERS besides."""
    return COUNTERS + (PROGRAM_COUNTERS if chip.limit("programmable") else ())


def prices(chip: Chip) -> tuple[Price | Power, ...]:
    """Return the terms that price the counters, the same on every chip of this kind."""
    return PRICES


def stamp(static: int, step: int, value: int) -> int:
    """Return the payload of an input packet: the value that multiplies the weights, 1 for a plain pulse.

    Every packet of this core kind carries it so; where spikes have no values it is 1 and nobody reads it.
    """
    return value


PRICES = (
    Price("synaptic_operations_dense", "synaptic_operation", "synapse"),
    Price("synaptic_operations_sparse", "synaptic_operation_sparse", "synapse"),
    Price("input_messages", "input_message", "synapse"),
    Price("neuron_updates_inactive", "neuron_update_inactive", "neuron"),
    Price("neuron_updates_active", "neuron_update_active", "neuron"),
    Price("random_numbers", "random_number", "neuron"),
    Price("spikes", "spike_generation", "spike output"),
    Price("output_messages", "output_message", "spike output"),
    Price("packets", "spike_within_tile", "network"),
    Price("hops_east_west", "hop_east_west", "network"),
    Price("hops_north_south", "hop_north_south", "network"),
    Price("chip_steps", "barrier", "barrier"),
    Price("synapse_updates", "learning_update", "learning"),
    Price("trace_updates", "trace_update", "learning"),
)
