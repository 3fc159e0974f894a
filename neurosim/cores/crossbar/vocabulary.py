"""The names that a crossbar core wants to find in a chip's descriptor."""

from __future__ import annotations

from neurosim.chip.vocabulary import Vocabulary

_LIMITS = "axons neurons axon_types delay_min delay_max scheduler_slots targets_per_neuron reach"
_ARITHMETIC = "potential_bits overflow_spikes weight_bits leak_bits threshold_bits draw_bits threshold_draw_bits"
_ENERGY = (
    "synaptic_operation neuron_update spike_generation memory_scan hop_east_west hop_north_south to_edge edge_crossing"
)
_TIME = (
    "synaptic_operation neuron_update spike_generation spike_within_tile hop_east_west hop_north_south "
    "link_serialisation edge_serialisation edge_crossing io_serialisation"
)

VOCABULARY = Vocabulary(
    limits=dict.fromkeys(_LIMITS.split(), "count") | {"weight_min": "signed", "weight_max": "signed"},
    arithmetic=dict.fromkeys(_ARITHMETIC.split(), "count") | {"potential_low": "signed", "potential_high": "signed"},
    energy=frozenset(_ENERGY.split()),
    time=frozenset(_TIME.split()),
    flow={"buffer_depth": "count", "physical_meshes": "count"},
)
