"""A directed graph of neurons with input lines, and the network that it makes: one population, one neuron model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.network import LIF, Network, Population, Projection, Source

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

THRESHOLD = 1000
STRONGEST = 250  # a weight that chips with 8-bit weights hold as it is
LINES, NEURONS = "lines", "neurons"


@dataclass(frozen=True, eq=False)
class Graph:
    """Neurons 0..n-1 with synapses ``source`` -> ``target`` of ``weight`` (int64 each), each pair at most once.

    Line k feeds the neurons ``fed`` where ``line`` (int64 each) is k, each with the strongest weight. Membranes keep
    ``decay`` of their value in a step; lines have a pulse with probability ``drive``.
    """

    n: int
    source: Ints
    target: Ints
    weight: Ints
    line: Ints
    fed: Ints
    decay: float = 1.0
    drive: float = 0.5

    @property
    def lines(self) -> int:
        """Number of input lines."""
        return int(self.line.max(initial=-1)) + 1

    def shuffled(self, order: Ints) -> Graph:
        """Return the same graph with neuron k renumbered as ``order[k]``; lines keep their numbers."""
        return replace(self, source=order[self.source], target=order[self.target], fed=order[self.fed])

    def network(self, name: str) -> Network:
        """Return the network: synapses act one step after the pulse, pulses of lines in the same step."""
        neuron = LIF(decay=self.decay, threshold=float(THRESHOLD))
        strong = np.full(len(self.fed), STRONGEST, dtype=np.int64)
        return Network(
            name,
            (Population(LINES, self.lines, Source()), Population(NEURONS, self.n, neuron)),
            (
                _projection(LINES, self.lines, self.line, self.fed, strong, 0),
                _projection(NEURONS, self.n, self.source, self.target, self.weight, 1),
            ),
        )


def _projection(source: str, rows: int, row: Ints, target: Ints, weight: Ints, delay: int) -> Projection:
    order = np.lexsort((target, row))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))]).astype(np.int64)
    return Projection(source, NEURONS, indptr, target[order].astype(np.int32), weight[order], delay)


def once(source: Ints, target: Ints, n: int) -> tuple[Ints, Ints]:
    """Return synapses sorted by source and target, each pair once and none from a neuron to itself."""
    pairs = np.unique(source * n + target)
    pairs = pairs[pairs // n != pairs % n]
    return pairs // n, pairs % n


def mixed_weights(target: Ints, n: int, rng: np.random.Generator, gain: float = 2.0, negative: float = 0.25) -> Ints:
    """Draw weights that let a neuron fire about as often as those that feed it, whatever their number.

    Mean size is ``gain`` x threshold / synapses of the neuron, uniform within +-80 %, rounded at random to whole
    numbers up to STRONGEST; a share ``negative`` inhibits.
    """
    fan_in = np.bincount(target, minlength=n)[target]
    size = gain * THRESHOLD / fan_in * (0.2 + 1.6 * rng.random(len(target)))
    whole = np.clip(np.floor(size + rng.random(len(target))), 1, STRONGEST).astype(np.int64)
    sign = np.where(rng.random(len(target)) < negative, -1, 1)
    weights: Ints = np.where(fan_in > 4, sign, 1) * whole
    return weights


def permutation(n: int, rng: np.random.Generator) -> Ints:
    """Draw a permutation from uniform doubles alone, whose stream stays the same from version to version."""
    return np.argsort(rng.random(n), kind="stable").astype(np.int64)


def below(bounds: int | Ints, n: int, rng: np.random.Generator) -> Ints:
    """Draw n whole numbers 0..bounds-1 from uniform doubles."""
    drawn: Ints = (rng.random(n) * bounds).astype(np.int64)
    return drawn
