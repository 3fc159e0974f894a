"""Generators of networks: neurons that fire at random, and random crossbars with random targets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.network.neuron import CrossbarNeuron

Ints = NDArray[np.int64]

_QUIET = 1  # the threshold; a potential of 0 stays below it whatever is drawn


def random_neuron(probability: float, mask_bits: int) -> CrossbarNeuron:
    """Return a neuron that fires in every tick with a fixed probability, whatever arrives.

    Its weights and leak are 0 and a spike leaves the potential as it is (reset mode 2), so the potential stays at
    ``c = round(probability * 2**mask_bits)``. The threshold is 1 and its mask is ``2**mask_bits - 1``: it fires where
    ``1 + draw & mask <= c``, in c of 2**mask_bits equally likely draws. Raises NeurosimError for what is no
    probability. Source of the neuron: A. S. Cassidy et al., IJCNN 2013.
    """
    if not 0 <= probability <= 1:
        raise NeurosimError(f"probability of firing in a tick: found {probability:g}, must lie in 0..1")
    chances = 1 << mask_bits
    return CrossbarNeuron(
        weights=(0,),
        threshold=_QUIET,
        threshold_mask=chances - 1,
        reset_mode=2,
        initial=round(probability * chances),
    )


def firing_probability(neuron: CrossbarNeuron) -> Fraction:
    """Return the exact probability, per tick, of a neuron made by ``random_neuron``."""
    return Fraction(int(neuron.initial), int(neuron.threshold_mask) + 1)


@dataclass(frozen=True, eq=False)
class RandomCrossbars:
    """Some cores of equal size with random crossbars, each neuron with one target axon.

    ``rows`` bool[cores, axons, neurons]; ``core`` and ``axon`` int64[cores, neurons] say where each neuron sends to
    and ``delay`` int64[cores, neurons] after how many ticks its spike acts.
    """

    rows: NDArray[np.bool_]
    core: Ints
    axon: Ints
    delay: Ints


def random_crossbars(
    cores: int, axons: int, neurons: int, ones: int, delays: tuple[int, int], rng: np.random.Generator
) -> RandomCrossbars:
    """Draw crossbars with exactly ``ones`` synapses per axon, targets and delays, all uniform.

    No two neurons share an axon, so that no two spikes merge: targets are a random choice of as many of all axons,
    those of the own core included, as there are neurons. Delays are ``delays[0]..delays[1]``.
    Raises NeurosimError for more neurons than axons and more ones than neurons.
    """
    if neurons > axons:
        raise NeurosimError(f"random targets: {neurons} neurons for {axons} axons per core, each needs one of its own")
    if not 0 <= ones <= neurons:
        raise NeurosimError(f"synapses per axon: found {ones}, must be 0..{neurons}")
    row = np.arange(neurons) < ones
    rows = rng.permuted(np.broadcast_to(row, (cores * axons, neurons)), axis=1).reshape(cores, axons, neurons)
    target = rng.permutation(cores * axons)[: cores * neurons].reshape(cores, neurons)
    delay = rng.integers(delays[0], delays[1], (cores, neurons), endpoint=True)
    return RandomCrossbars(rows, target // axons, target % axons, delay)


def spread_places(n: int, side: int, rng: np.random.Generator) -> Ints:
    """Draw n different places (column + side * row) of a square mesh, spread evenly over columns and rows.

    With n a multiple of the side every column and every row holds as many places, so the distance between two
    places drawn from them, the same one allowed, has the mean of the whole mesh: (side - 1 / side) / 3 in each
    direction. With fewer, each lies at random in a strip of its own in both directions, and that mean is
    (n - 1 / n) / 3 strips. Raises NeurosimError unless n divides the side or is a multiple of it.
    """
    if not 1 <= n <= side * side or (side % n and n % side):
        raise NeurosimError(f"{n} cores on a mesh of {side} x {side}: must divide its side or be a multiple of it")
    if n < side:
        x, y = (np.arange(n) * (side // n) + rng.integers(side // n, size=n) for _ in range(2))
        row: Ints = rng.permutation(y)
        return x + side * row
    # A Latin pattern: each layer has one place per column and row, and is shifted against all others.
    shifts, order = rng.permutation(side)[: n // side], rng.permutation(side)
    x = np.arange(n) % side
    row = order[(x + shifts[np.arange(n) // side]) % side]
    return x + side * row
