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
    kinds, synapses = np.zeros((len(images), axons), np.uint8), np.zeros((len(images), axons), np.int16)
    for c, image in enumerate(images):
        used = image.rows.shape
        rows[c, : used[0], : used[1]] = image.rows
        kinds[c, : used[0]] = image.axon_type
        synapses[c, : used[0]] = np.unpackbits(image.rows, axis=1).sum(axis=1)
    parameters = Parameters(
        np.stack([np.where(x.weight_mode, 0, x.weight) for x in r]).astype(np.int16),
        np.stack([x.reversal for x in r]),
        np.stack([x.saturate for x in r]),
        np.stack([x.reset_mode for x in r]).astype(np.int8),
        np.stack([x.reset for x in r]).astype(np.int32),
    )
    state = State(
        np.stack([x.initial for x in r]).astype(np.int32),
        np.array([image.seed for image in images], dtype=np.int64),
        np.stack([np.where(x.leak_mode, 0, x.leak) for x in r]).astype(np.int16),
        np.stack([x.threshold for x in r]).astype(np.int32),
        np.stack([-x.negative for x in r]).astype(np.int32),
    )
    return Crossbar(rows, kinds, synapses), parameters, _draws(r), state


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
    (cores, axons), columns = bar.type.shape, state.v.shape[1]
    act = np.zeros(columns, np.uint8)
    return Buffers(
        np.zeros(cores, np.int64),
        np.zeros((cores, axons), np.int16),
        np.zeros(cores, np.int64),
        np.zeros((cores, columns), np.int16),
        act,
        act.view(np.uint64),
    )
