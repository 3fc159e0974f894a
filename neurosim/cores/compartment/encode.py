"""Weights as the chip stores them: a mantissa of a few bits, a sign mode and an exponent per synapse format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.errors import UnsupportedError
from neurosim.network import LearningRule, Projection

Sign = Literal["mixed", "excitatory", "inhibitory"]


@dataclass(frozen=True)
class Encoding:
    """How one projection is stored: ``bits`` per weight (sign included when mixed), sign mode, exponent, delay bits.

    Synapses that learn have the ``rule`` and ``tag_bits``, ``longest`` is the longest delay that they may come to;
    ``modulates`` marks weights that go to the third factor.
    """

    bits: int
    sign: Sign
    exponent: int
    delay_bits: int
    tag_bits: int = 0
    rule: LearningRule | None = None
    longest: int = 0
    modulates: bool = False

    @property
    def synapse_bits(self) -> int:
        """Bits of a synapse without its index."""
        return self.bits + self.delay_bits + self.tag_bits


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
    if projection.learning is not None:
        return _plastic(projection, projection.learning, chip, where), weights.astype(np.int64)
    if projection.modulates:
        return _modulating(projection, chip, where), weights.astype(np.int64)
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


def _plastic(projection: Projection, rule: LearningRule, chip: Chip, where: str) -> Encoding:
    """Return the encoding of synapses that learn: full weights, and fields for delay and tag as far as they are read.

    The register of a weight counts in whole mantissas, every other one where signs are mixed.
    """
    bits, shift = chip.limit("weight_bits_max"), chip.width("weight_shift")
    exponent = projection.exponent - shift
    least, most = chip.limit("weight_exponent_min"), chip.limit("weight_exponent_max")
    if not least <= exponent <= most:
        raise UnsupportedError(
            f"{where}: limits weight_exponent_min, weight_exponent_max: exponent {exponent}, available {least}..{most};"
            f" synapses that learn need whole mantissas times 2**{shift + least}..{shift + most}"
        )
    low, high, step = weight_range(rule.sign, bits, chip)
    weights = projection.weights
    outside = weights[(weights < low) | (weights > high) | (weights % step != 0)]
    if len(outside):
        raise UnsupportedError(
            f"{where}: weight {outside[0]}, {rule.sign} synapses that learn hold {low}..{high} in steps of {step}"
        )
    tag_low, tag_high = signed_range(chip.width("tag_bits"))
    tags = np.asarray(projection.tags)
    if tags.min(initial=0) < tag_low or tags.max(initial=0) > tag_high:
        raise UnsupportedError(
            f"{where}: limit tag_bits: tags {tags.min()}..{tags.max()}, available {tag_low}..{tag_high}"
        )
    longest = int(projection.delays.max(initial=1)) - 1
    if any(found.target == "d" for found in rule.sums):
        longest = max(longest, chip.limit("delay_max") if rule.max_delay is None else rule.max_delay)
    if longest > chip.limit("delay_max"):
        raise UnsupportedError(f"{where}: limit delay_max: max_delay {longest}, available 0..{chip.limit('delay_max')}")
    tag_bits = chip.width("tag_bits") if "t" in rule.variables else 0
    return Encoding(bits, rule.sign, exponent, longest.bit_length(), tag_bits, rule, longest)


def _modulating(projection: Projection, chip: Chip, where: str) -> Encoding:
    """Return the encoding of weights that add to the third factor, which has no exponent."""
    low, high = signed_range(chip.width("reward_bits"))
    weights = projection.weights
    if weights.min(initial=0) < low or weights.max(initial=0) > high or projection.exponent:
        raise UnsupportedError(
            f"{where}: limit reward_bits: weights {weights.min(initial=0)}..{weights.max(initial=0)} times"
            f" 2**{projection.exponent}, available {low}..{high} without exponent"
        )
    longest = int(projection.delays.max(initial=1)) - 1
    bits = chip.width("reward_bits")
    return Encoding(bits, "mixed", 0, longest.bit_length(), longest=longest, modulates=True)


def signed_range(bits: int) -> tuple[int, int]:
    """Return the smallest and the largest two's complement number of so many bits."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def weight_range(sign: Sign, bits: int, chip: Chip) -> tuple[int, int, int]:
    """Return the smallest and the largest weight that learning can leave, and the step between two of them."""
    step = 1 << (chip.width("weight_mantissa_bits") - (bits - (sign == "mixed")))
    high = ((1 << chip.width("weight_mantissa_bits")) - 1) // step * step
    return (0 if sign == "excitatory" else -high), (0 if sign == "inhibitory" else high), step


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
    if encoding.modulates:  # nothing that a membrane would feel
        return np.zeros(mantissas.shape, dtype=np.int32)
    drop = chip.width("weight_mantissa_bits") - (encoding.bits - (encoding.sign == "mixed"))
    grain = 1 << chip.width("weight_shift")
    size = np.abs(mantissas.astype(np.int64)) >> drop << drop
    power = chip.width("weight_shift") + encoding.exponent
    size = size << power if power >= 0 else size >> -power
    largest = (1 << chip.width("effective_weight_max_exponent")) - grain
    size = np.minimum(size // grain * grain, largest)
    effective: NDArray[np.int32] = (np.sign(mantissas) * size).astype(np.int32)
    return effective
