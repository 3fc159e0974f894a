"""What a synapse word holds: a signed weight of a few bits and a delay, both checked here."""

from __future__ import annotations

from neurosim.chip import Chip
from neurosim.cores.processor.widths import weight_range
from neurosim.errors import UnsupportedError
from neurosim.network import Projection


def signed_bits(low: int, high: int) -> int:
    """Return the bits of the two's complement numbers that hold all of low..high."""
    return max(max(high, 0).bit_length(), (-min(low, 0) - 1).bit_length() if low < 0 else 0) + 1


def refuse_unstorable(projection: Projection, chip: Chip) -> None:
    """Raise UnsupportedError for weights or delays of a lowered projection that a synapse word cannot hold."""
    where = f"{chip.name}: projection {projection.source} -> {projection.target}"
    refuse_delays(projection, chip)
    if projection.weights.dtype.kind not in "iu":
        raise UnsupportedError(f"{where}: weights are {projection.weights.dtype}; lower the network first")
    low, high = int(projection.weights.min(initial=0)), int(projection.weights.max(initial=0))
    least, most = weight_range(chip)
    if low < least or high > most:
        raise UnsupportedError(
            f"{where}: limit weight_bits: weights {low}..{high} need {signed_bits(low, high)} bits,"
            f" available {chip.limit('weight_bits')}"
        )


def refuse_delays(projection: Projection, chip: Chip) -> None:
    """Raise UnsupportedError for delays outside the chip's range."""
    least, most = chip.limit("delay_min"), chip.limit("delay_max")
    shortest, longest = int(projection.delays.min(initial=most)), int(projection.delays.max(initial=least))
    where = f"{chip.name}: projection {projection.source} -> {projection.target}"
    if shortest < least:
        raise UnsupportedError(f"{where}: limit delay_min: delay of {shortest} ticks, available {least}..{most}")
    if longest > most:
        raise UnsupportedError(f"{where}: limit delay_max: delay of {longest} ticks, available {least}..{most}")
