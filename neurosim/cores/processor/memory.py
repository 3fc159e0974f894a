"""Data memory of a processing element: neurons, synapses, rows and the ring buffer of delays."""

from __future__ import annotations

from neurosim.chip import Chip


def data_bytes(neurons: int, synapses: int, rows: int, delay_slots: int, chip: Chip) -> int:
    """Return the bytes that an element's tables take; the ring buffer has ``delay_slots`` slots per neuron."""
    limit = chip.limit
    return (
        neurons * limit("bytes_per_neuron")
        + synapses * limit("bytes_per_synapse")
        + rows * limit("bytes_per_row")
        + neurons * delay_slots * limit("bytes_per_delay_slot_and_neuron")
    )
