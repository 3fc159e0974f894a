"""Integer widths of a compartment core, read from the chip descriptor."""

from __future__ import annotations

from neurosim.chip import Chip
from neurosim.cores.compartment.step import Arithmetic


def arithmetic(chip: Chip) -> Arithmetic:
    """Return the widths that the step function needs.

    The voltage bounds are -2**low + 1 and 2**(9 + 2 * high) - 1 (nengo-loihi, lava).
    """
    width = chip.width
    return Arithmetic(
        width("synaptic_sum_bits"),
        width("current_bits"),
        width("decay_bits"),
        width("decay_offset_u"),
        width("decay_offset_v"),
        -(1 << width("voltage_bound_exponent_low")) + 1,
        (1 << (9 + 2 * width("voltage_bound_exponent_high"))) - 1,
        width("noise_magnitude"),
        payload_largest(chip),
    )


def payload_largest(chip: Chip) -> int:
    """Return the largest magnitude of a spike's value, 1 where spikes carry none.

    The field holds a sign and a magnitude (lava).
    """
    return int(max(2 ** (chip.limit("payload_bits") - 1) - 1, 1))
