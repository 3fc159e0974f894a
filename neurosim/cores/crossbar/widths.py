"""Integer widths of a crossbar core, read from the chip descriptor."""

from __future__ import annotations

from neurosim.chip import Chip
from neurosim.cores.crossbar.step import Arithmetic


def arithmetic(chip: Chip) -> Arithmetic:
    """Return the widths that the step function needs."""
    width = chip.width
    return Arithmetic(
        width("potential_low"),
        width("potential_high"),
        width("overflow_spikes"),
        width("draw_bits"),
        width("threshold_draw_bits"),
    )
