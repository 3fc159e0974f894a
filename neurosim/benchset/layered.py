"""Layered networks: fully connected, and windowed along one dimension. The first layer is fed by one line each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosim.benchset.graph import Graph, Ints, mixed_weights

Layer = tuple[Ints, Ints]  # synapses: source, target


def perceptron(sizes: Sequence[int], rng: np.random.Generator) -> Graph:
    """Return layers in which every neuron reaches all of the next layer."""
    starts = np.concatenate([[0], np.cumsum(sizes)])
    layers = []
    for k in range(len(sizes) - 1):
        source, target = np.divmod(np.arange(sizes[k] * sizes[k + 1]), sizes[k + 1])
        layers.append((starts[k] + source, starts[k + 1] + target))
    return stacked(layers, int(starts[-1]), sizes[0], rng)


def windowed(layers: int, width: int, window: int, rng: np.random.Generator) -> Graph:
    """Return equal layers in which neuron k reaches k - window // 2 .. k + window // 2 of the next, cut at the ends."""
    k = np.repeat(np.arange(width), window)
    to = k + np.tile(np.arange(window) - window // 2, width)
    inside = (to >= 0) & (to < width)
    steps = [(layer * width + k[inside], (layer + 1) * width + to[inside]) for layer in range(layers - 1)]
    return stacked(steps, layers * width, width, rng)


def stacked(layers: Sequence[Layer], n: int, inputs: int, rng: np.random.Generator) -> Graph:
    """Return the graph of some layers' synapses over n neurons, the first ``inputs`` of which have a line each."""
    source = np.concatenate([layer[0] for layer in layers]).astype(np.int64)
    target = np.concatenate([layer[1] for layer in layers]).astype(np.int64)
    first = np.arange(inputs, dtype=np.int64)
    return Graph(n, source, target, mixed_weights(target, n, rng, gain=2.4), first, first)
