"""The memories of one crossbar core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.crossbar.registers import Registers
from neurosim.cores.crossbar.step import LANES, Buffers, Crossbar, Draws, Parameters, State, space
from neurosim.cores.crossbar.words import WORD


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
    words = np.array([-(-len(image.registers.leak) // WORD) for image in images], dtype=np.int64)
    columns = WORD * int(words.max())
    rows = np.zeros((len(images), axons, columns // LANES), np.uint8)
    kind = np.zeros((len(images), axons), np.uint8)
    v = np.zeros((len(images), columns), np.int32)
    weights: Distinct[NDArray[np.int16]] = Distinct()
    others: Distinct[Registers] = Distinct()
    for c, image in enumerate(images):
        used = image.rows.shape
        rows[c, : used[0], : used[1]] = image.rows
        kind[c, : used[0]] = image.axon_type
        v[c, : len(image.registers.initial)] = image.registers.initial
        table = _weights(image, columns)
        weights.add(table.tobytes(), table)
        others.add(_others(image.registers, c), image.registers)
    r = [own.padded(columns) for own in others.kept]
    parameters = Parameters(
        np.array(weights.which, dtype=np.int64),
        np.array(others.which, dtype=np.int64),
        np.stack(weights.kept),
        np.stack([x.reversal for x in r]),
        np.stack([x.saturate for x in r]),
        np.stack([x.reset_mode for x in r]).astype(np.int8),
        np.stack([x.reset for x in r]).astype(np.int32),
    )
    state = State(
        v,
        np.array([image.seed for image in images], dtype=np.int64),
        np.stack([np.where(x.leak_mode, 0, x.leak) for x in r]).astype(np.int16),
        np.stack([x.threshold for x in r]).astype(np.int32),
        np.stack([-x.negative for x in r]).astype(np.int32),
    )
    bar = Crossbar(rows.view(np.uint64), kind, words)
    return bar, parameters, _draws([image.registers for image in images]), state


T = TypeVar("T")


class Distinct(Generic[T]):
    """Numbers different things: ``which`` one every core has, and the first of each that was ``kept``."""

    def __init__(self) -> None:
        self.which: list[int] = []
        self.kept: list[T] = []
        self._numbers: dict[bytes, int] = {}

    def add(self, content: bytes, thing: T) -> None:
        """Note the next core's thing, which is told from others by its content."""
        number = self._numbers.setdefault(sha256(content).digest(), len(self.kept))
        if number == len(self.kept):
            self.kept.append(thing)
        self.which.append(number)


def _weights(image: CrossbarImage, columns: int) -> NDArray[np.int16]:
    """Return the deterministic weights; where a column has no axon of a type, one of that type stands in."""
    r = image.registers
    own, (types, n) = np.where(r.weight_mode, 0, r.weight), r.weight.shape
    weights = np.zeros((types, columns), np.int16)
    for kind in range(types):
        rows = image.rows[image.axon_type == kind]
        used = np.unpackbits(np.bitwise_or.reduce(rows, axis=0), count=n, bitorder="little").view(np.bool_)
        if used.any():
            weights[kind] = own[kind, used.argmax()]
            weights[kind, :n][used] = own[kind, used]
    return weights


def _others(r: Registers, core: int) -> bytes:
    """Return everything but weights and first potential, and the core's number where columns draw."""
    rest = np.stack([r.leak, r.reversal, r.threshold, r.reset_mode, r.reset, r.negative, r.saturate])
    return np.append(rest.ravel(), core if r.draws.any() else -1).astype(np.int64).tobytes()


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
    cores, axons, words = bar.rows.shape
    made: Buffers = space(cores, axons, words)
    return made
