"""Integer widths of a processing element's neuron code, read from the chip descriptor."""

from __future__ import annotations

from typing import NamedTuple

from neurosim.chip import Chip

FRACTION_BITS = 15  # of the s16.15 format, which leaky neurons use; neurons without leak compute in whole numbers


class Arithmetic(NamedTuple):
    """Lowest and highest membrane (both kept by saturation) and the bits of a delay slot (whose sums wrap)."""

    state_low: int
    state_high: int
    sum_bits: int


def arithmetic(chip: Chip) -> Arithmetic:
    """Return the widths that the step function needs; a delay slot has 8 bits per byte of its memory."""
    half = 1 << (chip.width("state_bits") - 1)
    return Arithmetic(-half, half - 1, 8 * chip.limit("bytes_per_delay_slot_and_neuron"))


def weight_range(chip: Chip) -> tuple[int, int]:
    """Return the lowest and highest stored weight: two's complement of ``weight_bits`` bits."""
    half = 1 << (chip.limit("weight_bits") - 1)
    return -half, half - 1
