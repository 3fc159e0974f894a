"""Noise of compartments: whole numbers added to a synaptic sum or to a voltage, with one sequence per compartment.

The rule is that of nengo-loihi: a uniform number from -127 to 127 plus 64 times an offset, times 2^(exponent - 7),
rounded toward zero. The chip's sequence is not published. This project's own has no state: what compartment k of the
network draws in step t is a hash of (seed, k, t), so that it depends neither on the placement nor on the other
compartments, every inference meets the same noise, and every engine draws the same numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.step import Arithmetic
from neurosim.errors import UnsupportedError, unknown
from neurosim.network import Compartment, CompartmentNeuron, Network

TARGETS = ("none", "current", "voltage")
_WORD = (1 << 64) - 1
STRIDE = 0x9E3779B97F4A7C15  # SplitMix64 (Steele, Lea and Flood, 2014): its stride and its two multipliers
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Noise(NamedTuple):
    """The compartments that draw noise, one entry each: number, key of the sequence, what is done with a draw.

    ``unit`` int64[k], ``key`` uint64[k], ``base`` (64 * offset), ``shift`` (exponent - 7) int64[k], ``onto_current``
    bool[k]; ``magnitude`` is the largest number drawn.
    """

    unit: NDArray[np.int64]
    key: NDArray[np.uint64]
    base: NDArray[np.int64]
    shift: NDArray[np.int64]
    onto_current: NDArray[np.bool_]
    magnitude: int

    def on(self, units: NDArray[np.int64]) -> Noise:
        """Return the part that falls on ``units`` int64[n], with their positions in it as numbers."""
        place = np.full(max(units.max(initial=-1), self.unit.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        here = place[self.unit] >= 0
        key, base, shift = self.key[here], self.base[here], self.shift[here]
        return Noise(place[self.unit[here]], key, base, shift, self.onto_current[here], self.magnitude)


def noise_of(network: Network, arithmetic: Arithmetic, seed: int) -> Noise:
    """Return the noise of a network; compartments are numbered in network order, other neurons count as one.

    Raises NeurosimError for an unknown target and UnsupportedError for noise that a synaptic sum cannot hold.
    """
    parts, first = [_nothing(arithmetic)], 0
    for population in network.neurons:
        count = population.compartments
        units = first + count * np.arange(population.size)
        if isinstance(population.neuron, CompartmentNeuron):
            for k, compartment in enumerate(population.neuron.compartments):
                if compartment.noise_target != "none":
                    parts.append(_part(population.name, compartment, units + k, arithmetic, seed))
        first += count * population.size
    unit, key, base, shift, onto_current = (
        np.concatenate(column) for column in zip(*(p[:-1] for p in parts), strict=True)
    )
    return Noise(unit, key, base, shift, onto_current, arithmetic.noise_magnitude)


def _nothing(arithmetic: Arithmetic) -> Noise:
    none = np.zeros(0, dtype=np.int64)
    return Noise(none, none.astype(np.uint64), none, none, none.astype(np.bool_), arithmetic.noise_magnitude)


def _part(
    population: str, compartment: Compartment, units: NDArray[np.int64], arithmetic: Arithmetic, seed: int
) -> Noise:
    if compartment.noise_target not in TARGETS:
        raise unknown(f"noise_target of population '{population}':", compartment.noise_target, TARGETS)
    largest = arithmetic.noise_magnitude
    base = np.broadcast_to(np.asarray(compartment.noise_offset, np.int64) * ((largest + 1) // 2), units.shape)
    exponent = np.broadcast_to(np.asarray(compartment.noise_exponent, np.int64), units.shape)
    shift = exponent - largest.bit_length()
    room = 2.0 ** (arithmetic.synaptic_sum_bits - 1)
    if exponent.min() < 0 or ((np.abs(base) + largest) * 2.0**shift).max() >= room:
        raise UnsupportedError(
            f"population '{population}': noise_exponent {exponent.min()}..{exponent.max()}, must be at least 0 and"
            f" leave the noise below {room:.0f}"
        )
    keys = np.array([mixed(seed + (k + 1) * STRIDE) for k in units.tolist()], dtype=np.uint64)
    return Noise(units, keys, base, shift, np.full(units.shape, compartment.noise_target == "current"), largest)


def mixed(z: int) -> int:
    """Return the SplitMix64 output of a position in its sequence."""
    z &= _WORD
    z = ((z ^ (z >> 30)) * FIRST) & _WORD
    z = ((z ^ (z >> 27)) * SECOND) & _WORD
    return z ^ (z >> 31)


@njit(cache=True, inline="always")
def draw(key, step, base, shift, magnitude):  # type: ignore[no-untyped-def]
    """Return what a compartment draws in a step."""
    z = key + np.uint64(step + 1) * np.uint64(STRIDE)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(32)
    # The upper half of the hash times the number of values: the integer part is uniform.
    x = np.int64((z * np.uint64(2 * magnitude + 1)) >> np.uint64(32)) - magnitude + base
    size = abs(x) << max(shift, 0) >> max(-shift, 0)
    return size if x >= 0 else -size


@njit(cache=True)
def add_noise(noise: Noise, step: int, sums: NDArray[Any], bias: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add what is drawn in ``step`` to ``sums`` [n] or to a copy of ``bias`` int64[n], and return the biases."""
    unit, key, base, shift, onto_current, magnitude = noise
    if unit.shape[0] == 0:
        return bias
    bias = bias.copy()
    for k in range(unit.shape[0]):
        x = draw(key[k], step, base[k], shift[k], magnitude)
        if onto_current[k]:
            sums[unit[k]] += x
        else:
            bias[unit[k]] += x
    return bias
