"""The memories of one crossbar core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.crossbar.registers import Registers
from neurosim.cores.crossbar.step import LANES, Buffers, Crossbar, Draws, Parameters, State


@dataclass(frozen=True, eq=False)
class CrossbarImage:
    """What one core holds: ``n`` columns (neurons and their copies) behind a binary crossbar.

    ``axon_type`` uint8[axons]; ``rows`` uint8[axons, columns / 8], bit k of byte b is column 8 b + k, where columns
    are padded to a multiple of 8; ``registers`` of the padded columns; ``off_chip`` bool[n], whose spikes leave the
    chip; ``targets`` int64[n] how many axons each column sends to, off the chip included; ``delay`` int64[n] in
    ticks; ``seed`` the generator's register at the start of an inference.
    """

    n: int
    axon_type: NDArray[np.uint8]
    rows: NDArray[np.uint8]
    registers: Registers
    off_chip: NDArray[np.bool_]
    targets: NDArray[np.int64]
    delay: NDArray[np.int64]
    seed: int


def padded(n: int) -> int:
    """Return the columns that a core of n columns is computed with."""
    return -(-n // LANES) * LANES


def stack(images: Sequence[CrossbarImage]) -> tuple[Crossbar, Parameters, Draws, State]:
    """Put the memories of some cores together as the step function takes them, padded to the largest core."""
    axons = max(len(image.axon_type) for image in images)
    columns = max(len(image.registers.leak) for image in images)
    r = [image.registers.padded(columns) for image in images]
    rows = np.zeros((len(images), axons, columns // LANES), np.uint8)
    info = np.zeros((len(images), axons, 2), np.int16)
    for c, image in enumerate(images):
        used = image.rows.shape
        rows[c, : used[0], : used[1]] = image.rows
        info[c, : used[0], 0] = image.axon_type
        info[c, : used[0], 1] = np.unpackbits(image.rows, axis=1).sum(axis=1)
    weight_set, weight_sets = _alike([_weights(x, image) for x, image in zip(r, images, strict=True)])
    own, sets = _alike([_others(x, c) for c, x in enumerate(r)])
    chosen = [r[c] for c in sets]
    parameters = Parameters(
        weight_set,
        own,
        np.stack([_weights(r[c], images[c]) for c in weight_sets]),
        np.stack([x.reversal for x in chosen]),
        np.stack([x.saturate for x in chosen]),
        np.stack([x.reset_mode for x in chosen]).astype(np.int8),
        np.stack([x.reset for x in chosen]).astype(np.int32),
    )
    state = State(
        np.stack([x.initial for x in r]).astype(np.int32),
        np.array([image.seed for image in images], dtype=np.int64),
        np.stack([np.where(x.leak_mode, 0, x.leak) for x in chosen]).astype(np.int16),
        np.stack([x.threshold for x in chosen]).astype(np.int32),
        np.stack([-x.negative for x in chosen]).astype(np.int32),
    )
    return Crossbar(rows, info), parameters, _draws(r), state


def _alike(tables: Sequence[NDArray[np.int16] | NDArray[np.int64]]) -> tuple[NDArray[np.int64], list[int]]:
    """Number different tables: which one each core has, int64[cores], and the first core of each."""
    numbers: dict[bytes, int] = {}
    which = [numbers.setdefault(table.tobytes(), len(numbers)) for table in tables]
    return np.array(which, dtype=np.int64), [which.index(k) for k in range(len(numbers))]


def _weights(r: Registers, image: CrossbarImage) -> NDArray[np.int16]:
    """Return the deterministic weights; where a column has no axon of a type, one of that type stands in."""
    weights = np.where(r.weight_mode, 0, r.weight)
    bits = np.zeros((len(image.axon_type), weights.shape[1]), np.bool_)
    bits[:, : image.rows.shape[1] * LANES] = np.unpackbits(image.rows, axis=1, bitorder="little")
    for kind, own in enumerate(weights):
        used = bits[image.axon_type == kind].any(axis=0)
        own[~used] = own[used][0] if used.any() else 0
    return weights.astype(np.int16)


def _others(r: Registers, core: int) -> NDArray[np.int64]:
    """Return everything but weights and first potential, and the core's number where columns draw."""
    rest = np.stack([r.leak, r.reversal, r.threshold, r.reset_mode, r.reset, r.negative, r.saturate])
    return np.append(rest.ravel(), core if r.draws.any() else -1).astype(np.int64)


def _draws(r: Sequence[Registers]) -> Draws:
    columns = [np.flatnonzero(x.draws) for x in r]
    chosen = [x.pick(column) for x, column in zip(r, columns, strict=True)]
    return Draws(
        np.cumsum([0, *map(len, columns)]).astype(np.int64),
        np.concatenate(columns).astype(np.int64),
        np.concatenate([x.weight.T for x in chosen]),
        np.concatenate([x.weight_mode.T for x in chosen]),
        np.concatenate([x.leak for x in chosen]),
        np.concatenate([x.leak_mode for x in chosen]),
        np.concatenate([x.mask for x in chosen]),
        np.concatenate([x.threshold for x in chosen]),
        np.concatenate([x.negative for x in chosen]),
        np.concatenate([x.saturate for x in chosen]),
    )


def buffers(bar: Crossbar, state: State) -> Buffers:
    """Return the space that ticks of some cores need."""
    (cores, axons), columns = bar.axon.shape[:2], state.v.shape[1]
    act = np.zeros(columns, np.uint8)
    return Buffers(
        np.zeros(cores, np.int64),
        np.zeros((cores, axons), np.int16),
        np.zeros(cores, np.int64),
        np.zeros((cores, columns), np.int16),
        act,
        act.view(np.uint64),
    )
