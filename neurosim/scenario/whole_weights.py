"""A network of dense layers in whole weights of few bits, for chips whose arithmetic is whole: an approximation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import UnsupportedError
from neurosim.network import AddAndFire, Network, Population, Projection

Floats = NDArray[np.float64]

PACKED_MOST = 127  # sum of a neuron's positive, and of its negative weights, with which four share a word
_CLIPS = np.linspace(0.1, 1.0, 91)


def whole_network(network: Network, bits: int, packed: bool, output_threshold: float) -> Network:
    """Return a chain of dense layers with weights of ``bits`` bits, all populations firing.

    Each layer has one scale, the one with the least squared error of its weights, with larger ones clipped; thresholds
    grow by it. Populations that only accumulate fire at ``output_threshold``. ``packed``: the smallest weights of each
    neuron of the first layer become zero until the rest may share words. Raises UnsupportedError for another network.
    """
    populations: list[Population] = list(network.sources)
    projections: list[Projection] = []
    if len(network.sources) != 1 or len(network.projections) != len(network.neurons):
        raise UnsupportedError(f"network {network.name}: whole weights need a chain of layers")
    for k, (projection, population) in enumerate(zip(network.projections, network.neurons, strict=True)):
        if (projection.source, projection.target) != (populations[-1].name, population.name):
            raise UnsupportedError(f"network {network.name}: whole weights need a chain of layers")
        weights = matrix(network, projection)
        whole = rounded(weights, bits)
        if packed and k == 0:
            whole = pruned(whole, weights)
        scale = float((whole**2).sum() / (whole * weights).sum())  # of least squared error for these whole weights
        threshold = population.neuron.threshold if isinstance(population.neuron, AddAndFire) else output_threshold
        if not isinstance(threshold, int | float):
            raise UnsupportedError(f"network {network.name}: population {population.name} has several thresholds")
        populations.append(replace(population, neuron=AddAndFire(float(max(1, round(threshold * scale))))))
        projections.append(Projection.dense(projection.source, projection.target, whole))
    name = f"{network.name}, {bits} bits{', packed' if packed else ''}"
    return Network(name, tuple(populations), tuple(projections), (populations[-1].name,))


def matrix(network: Network, projection: Projection) -> Floats:
    """Return the weights of a projection, float64[source, target]."""
    found = np.zeros((network.population(projection.source).size, network.population(projection.target).size))
    np.add.at(found, (projection.rows, projection.targets), projection.weights * 2.0**projection.exponent)
    return found


def rounded(weights: Floats, bits: int) -> Floats:
    """Return whole weights of ``bits`` bits, clipped where that makes the squared error least."""
    most = 2 ** (bits - 1) - 1
    scales = most / (_CLIPS * np.abs(weights).max())
    tried = [np.clip(np.rint(weights * scale), -most, most) for scale in scales]
    errors = [float(((whole / scale - weights) ** 2).mean()) for scale, whole in zip(scales, tried, strict=True)]
    best: Floats = tried[int(np.argmin(errors))]
    return best


def pruned(whole: Floats, weights: Floats) -> Floats:
    """Return whole weights, the smallest of each neuron and sign set to zero so that no sum exceeds PACKED_MOST."""
    kept = whole.copy()
    for sign in (1, -1):
        order = np.argsort(-sign * weights, axis=0)
        sums = np.cumsum(np.take_along_axis(sign * whole, order, axis=0).clip(min=0), axis=0)
        beyond = np.zeros(whole.shape, dtype=np.bool_)
        np.put_along_axis(beyond, order, sums > PACKED_MOST, axis=0)
        kept[beyond & (sign * whole > 0)] = 0
    return kept


def layer(network: Network, k: int, first: int = 0, last: int | None = None) -> Network:
    """Return layer ``k`` of a chain alone, with the neurons from ``first`` to ``last``; what it hears is its input."""
    projection, population = network.projections[k], network.neurons[k]
    weights = matrix(network, projection)[:, first:last]
    lines = Population("lines", weights.shape[0], network.sources[0].neuron)
    mine = Population(population.name, weights.shape[1], population.neuron)
    return Network(
        f"{population.name} of {network.name}",
        (lines, mine),
        (Projection.dense("lines", population.name, weights),),
        (population.name,),
    )
