"""Weights as the chip stores them: a mantissa of a few bits, a sign mode and an exponent per synapse format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.errors import UnsupportedError
from neurosim.network import Projection

Sign = Literal["mixed", "excitatory", "inhibitory"]


@dataclass(frozen=True)
class Encoding:
    """How one projection is stored: ``bits`` per weight (sign included when mixed), sign mode, exponent, delay bits."""

    bits: int
    sign: Sign
    exponent: int
    delay_bits: int


def storable_sizes(chip: Chip) -> tuple[int, ...]:
    """Return the storable weight sizes in bits: all up to the largest but the gap."""
    gap = chip.limit("weight_bits_gap")
    return tuple(b for b in range(1, chip.limit("weight_bits_max") + 1) if b != gap)


def encode(projection: Projection, chip: Chip) -> tuple[Encoding, NDArray[np.int64]]:
    """Return the narrowest encoding of a projection and its mantissas, int64[n].

    The integer weights times 2**projection.exponent must come out exactly; raises UnsupportedError naming the
    projection when no storable size or exponent does that, and for delays that the synapse's field cannot hold.
    """
    weights = projection.weights
    where = f"{chip.name}: projection {projection.source} -> {projection.target}"
    _check_delays(projection, chip, where)
    if weights.dtype.kind not in "iu":
        raise UnsupportedError(f"{where}: weights are not integers; lower the network first")
    low, high = int(weights.min(initial=0)), int(weights.max(initial=0))
    sign: Sign = "mixed" if low < 0 < high else "inhibitory" if low < 0 else "excitatory"
    mixed = sign == "mixed"
    magnitude = max(high, -low).bit_length()
    bits = next((b for b in storable_sizes(chip) if b - mixed >= magnitude), None)
    widest = chip.width("weight_mantissa_bits")
    if bits is None:
        raise UnsupportedError(
            f"{where}: limit weight_bits_max: weights {low}..{high} need {magnitude + mixed} bits,"
            f" available {storable_sizes(chip)[-1]}"
        )
    rest = chip.width("weight_shift") - projection.exponent
    if rest > 0 and np.any(weights.astype(np.int64) & ((1 << rest) - 1)):
        raise UnsupportedError(
            f"{where}: weights times 2**{projection.exponent} are not multiples of {1 << chip.width('weight_shift')},"
            f" the chip's smallest effective weight; whole mantissas need exponent {chip.width('weight_shift')} or more"
        )
    shift = widest - (bits - mixed)
    exponent = projection.exponent - chip.width("weight_shift") - shift
    least, most = chip.limit("weight_exponent_min"), chip.limit("weight_exponent_max")
    if not least <= exponent <= most:
        raise UnsupportedError(
            f"{where}: limits weight_exponent_min, weight_exponent_max: exponent {exponent}, available {least}..{most}"
        )
    delay_bits = int(projection.delays.max(initial=1) - 1).bit_length()
    return Encoding(bits, sign, exponent, delay_bits), weights.astype(np.int64) << shift


def _check_delays(projection: Projection, chip: Chip, where: str) -> None:
    # A spike acts in the next step at the earliest: the field counts the steps after that one.
    shortest, longest = (int(f(projection.delays, initial=1)) for f in (np.min, np.max))
    if shortest < 1:
        raise UnsupportedError(f"{where}: delay {shortest}, the shortest is 1 step; lower the network first")
    most = chip.limit("delay_max") + 1
    if longest > most:
        raise UnsupportedError(f"{where}: limit delay_max: delay of {longest} steps, available 1..{most}")


def effective_weights(mantissas: NDArray[Any], encoding: Encoding, chip: Chip) -> NDArray[np.int32]:
    """Return what the core adds for each stored mantissa, int32[n].

    Drop the low ``8 - (bits - mixed)`` bits toward zero, multiply by ``2**(6 + exponent)``, force a multiple of
    64 toward zero, clip to +-(2**21 - 64). Source: nengo-loihi, brian2_loihi.
    """
    drop = chip.width("weight_mantissa_bits") - (encoding.bits - (encoding.sign == "mixed"))
    grain = 1 << chip.width("weight_shift")
    size = np.abs(mantissas.astype(np.int64)) >> drop << drop
    power = chip.width("weight_shift") + encoding.exponent
    size = size << power if power >= 0 else size >> -power
    largest = (1 << chip.width("effective_weight_max_exponent")) - grain
    size = np.minimum(size // grain * grain, largest)
    effective: NDArray[np.int32] = (np.sign(mantissas) * size).astype(np.int32)
    return effective
