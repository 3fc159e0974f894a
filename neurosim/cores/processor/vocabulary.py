"""The names that a processor core wants to find in a chip's descriptor."""

from __future__ import annotations

from neurosim.chip.vocabulary import Vocabulary

_LIMITS = (
    "sram_bytes code_bytes data_bytes router_entries weight_bits delay_min delay_max payload_bits bytes_per_neuron "
    "bytes_per_synapse bytes_per_row bytes_per_delay_slot_and_neuron mac_units mac_utilisation_percent"
)
_TIME = (
    "hop_east_west hop_north_south spike_within_tile link_serialisation router_latency router_serialisation "
    "io_serialisation level_change"
)

VOCABULARY = Vocabulary(
    limits=dict.fromkeys(_LIMITS.split(), "count"),
    arithmetic={"state_bits": "count"},
    energy=frozenset({"hop_east_west", "hop_north_south", "packet", "mac", "level_change"}),
    time=frozenset(_TIME.split()),
    flow={"buffer_depth": "count", "physical_meshes": "count"},
    cycles=frozenset({"neuron_update", "synaptic_operation", "packet", "spike", "tick"}),
    level_energy=frozenset({"neuron_update", "synaptic_operation", "cycle"}),
    level_power=frozenset({"sleep"}),
)
