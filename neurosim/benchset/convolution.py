"""Convolutional networks: planes of channels, neurons numbered by channel, row, column, layer after layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurosim.benchset.graph import Graph, Ints
from neurosim.benchset.layered import Layer, stacked


class Conv(NamedTuple):
    """All input channels to ``channels``, square kernel; ``same`` keeps the size, else no padding."""

    channels: int
    kernel: int
    same: bool = True


class Pool(NamedTuple):
    """The mean over squares of ``size``, channel by channel."""

    size: int = 2


class Dense(NamedTuple):
    """Fully connected."""

    neurons: int


Shape = tuple[int, int, int]  # channels, rows, columns


def convolutional(shape: Shape, layers: Sequence[Conv | Pool | Dense], rng: np.random.Generator) -> Graph:
    """Return the network of some layers on an input of that shape, whose neurons have a line each."""
    start, found = 0, list[Layer]()
    inputs = int(np.prod(shape))
    for layer in layers:
        out, (source, target) = _joined(shape, layer)
        size = int(np.prod(shape))
        found.append((start + source, start + size + target))
        start, shape = start + size, out
    return stacked(found, start + int(np.prod(shape)), inputs, rng)


def _joined(shape: Shape, layer: Conv | Pool | Dense) -> tuple[Shape, Layer]:
    channels, rows, columns = shape
    if isinstance(layer, Dense):
        size = int(np.prod(shape))
        source, target = np.divmod(np.arange(size * layer.neurons), layer.neurons)
        return (layer.neurons, 1, 1), (source, target)
    if isinstance(layer, Pool):
        c, y, x = (part.ravel() for part in np.indices(shape))
        out = (channels, rows // layer.size, columns // layer.size)
        kept = (y // layer.size < out[1]) & (x // layer.size < out[2])
        target = _number(out, c, y // layer.size, x // layer.size)
        return out, (_number(shape, c, y, x)[kept], target[kept])
    return _convolved(shape, layer)


def _convolved(shape: Shape, layer: Conv) -> tuple[Shape, Layer]:
    channels, rows, columns = shape
    shift = layer.kernel // 2 if layer.same else 0
    lost = 0 if layer.same else layer.kernel - 1
    out = (layer.channels, rows - lost, columns - lost)
    grid = np.indices((*out, channels, layer.kernel, layer.kernel)).reshape(6, -1)
    to, y, x, c, dy, dx = grid
    from_y, from_x = y + dy - shift, x + dx - shift
    inside = (from_y >= 0) & (from_y < rows) & (from_x >= 0) & (from_x < columns)
    return out, (_number(shape, c, from_y, from_x)[inside], _number(out, to, y, x)[inside])


def _number(shape: Shape, channel: Ints, row: Ints, column: Ints) -> Ints:
    number: Ints = (channel * shape[1] + row) * shape[2] + column
    return number
