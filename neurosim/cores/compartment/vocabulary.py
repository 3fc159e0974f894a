"""The names that a core made of integer compartments wants to find in a chip's descriptor."""

from __future__ import annotations

from neurosim.chip.vocabulary import COMMON_POWER, Vocabulary

_LIMITS = (
    "compartments input_axons output_axons synapse_memory_words word_bits synapse_block synapse_header_bits "
    "index_bits_min index_bits_max compartment_profiles threshold_profiles synapse_formats delay_max "
    "delay_window accumulator_slots weight_bits_max weight_bits_gap weight_exponent_max refractory_max "
    "core_memory_bytes state_bytes_min state_bytes_max programmable program_length_max payload_bits "
    "learning_rules epoch_max learning_products_max learning_factors_max learning_exponent_max decimation_max "
    "local_third_factor dendrite_stack"
)
_ARITHMETIC = (
    "synaptic_sum_bits current_bits voltage_bits decay_bits decay_offset_u decay_offset_v "
    "threshold_mantissa_bits threshold_exponent bias_mantissa_bits bias_exponent_max weight_mantissa_bits "
    "weight_shift effective_weight_max_exponent voltage_bound_exponent_low voltage_bound_exponent_high "
    "noise_magnitude trace_bits trace_decay_bits tag_bits reward_bits spike_count_bits learning_accumulator_bits "
    "learning_constant_bits learning_mantissa_bits"
)
_OPERATIONS = (
    "synaptic_operation synaptic_operation_sparse synaptic_operation_shared neuron_update_inactive "
    "neuron_update_active spike_generation output_message input_message spike_within_tile hop_east_west "
    "hop_north_south learning_update trace_update random_number barrier"
)
OPERATIONS = frozenset(_OPERATIONS.split())

VOCABULARY = Vocabulary(
    limits=dict.fromkeys(_LIMITS.split(), "count")
    | dict.fromkeys(("weight_exponent_min", "learning_exponent_min"), "signed"),
    arithmetic=dict.fromkeys(_ARITHMETIC.split(), "count"),
    energy=OPERATIONS,
    time=OPERATIONS | {"link_serialisation", "io_serialisation"},
    flow={"buffer_depth": "count", "physical_meshes": "count"},
    power=COMMON_POWER,
    power_optional=frozenset({"embedded_clocks", "embedded_running"}),
)
