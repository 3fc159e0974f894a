"""The compartments of all cores in one table, laid out so that a step advances several of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.dendrite import second_children
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.step import TWO, Arithmetic

Ints = NDArray[np.int64]

# Compartments stand in blocks of LANES. A block holds one column after another: state, parameters, what was drawn
# and what came out. Distances between columns are constants, by which the compiler sees that they do not overlap.
LANES = 16
_NAMES = ("current", "voltage", "wait", "keep_u", "keep_v", "bias", "threshold", "refractory", "spiking", "join")
CURRENT, VOLTAGE, WAIT, KEEP_U, KEEP_V, BIAS, THRESHOLD, REFRACTORY, SPIKING, JOIN = (
    np.uint64(LANES * k) for k in range(len(_NAMES))
)
_WIDTH = len(_NAMES) + 3
ONTO_CURRENT, ONTO_VOLTAGE, OUTCOME = (np.uint64(LANES * k) for k in range(len(_NAMES), _WIDTH))
LANE, BLOCK = np.uint64(LANES), np.uint64(LANES * _WIDTH)


class Neurons(NamedTuple):
    """Core k has units ``unit_ptr[k]:unit_ptr[k + 1]``; its compartments fill blocks ``block_ptr[k]:block_ptr[k + 1]``.

    ``table`` [blocks * BLOCK] holds the blocks, ``initial`` the same after loading. Compartments that listen to one
    before them stand in the same lane of a later block; ``back`` int64[blocks] tells how many blocks later, 0 for those
    that listen to nobody. Those that listen to a second one find it ``second`` int64[blocks * LANES] blocks earlier in
    their lane; ``branched`` bool[blocks] tells where there are such. ``heard`` [blocks * LANES] takes the voltages that
    they listen to. ``place`` int64[units] is the position of every unit on its core, where programmed neurons follow
    from the next whole block on; ``in_order`` bool[cores] tells where positions are units' numbers and all units
    compartments. ``came`` int64[blocks] takes what
    came out of a step.
    """

    unit_ptr: Ints
    block_ptr: Ints
    table: NDArray[Any]
    initial: NDArray[Any]
    back: Ints
    heard: NDArray[Any]
    place: Ints
    in_order: NDArray[np.bool_]
    came: Ints
    second: Ints
    branched: NDArray[np.bool_]


def starts(counts: Iterable[Any]) -> Ints:
    """Return where each of some parts begins, and at last the end, int64[parts + 1]."""
    sizes = np.asarray(counts if isinstance(counts, np.ndarray) else list(counts), dtype=np.int64)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])


def blocks(n: Any) -> Any:
    """Return the blocks that n units take."""
    return -(-n // LANES)


def neurons_of(images: Sequence[CompartmentImage], arithmetic: Arithmetic) -> Neurons:
    """Lay out the units of some cores."""
    orders = [_order(image.parameters.join) for image in images]
    block_ptr = starts(len(back) for _, back, _ in orders)
    columns = np.zeros((_WIDTH, block_ptr[-1] * LANES), dtype=np.int64)
    for image, first, (position, _, _) in zip(images, block_ptr.tolist(), orders, strict=False):
        for name, values in _columns(image, arithmetic).items():
            columns[_NAMES.index(name), first * LANES + position] = values
    table = columns.reshape(_WIDTH, -1, LANES).swapaxes(0, 1).ravel()
    table = table.astype(_word(images, arithmetic))
    places = [_places(image, position, len(back)) for image, (position, back, _) in zip(images, orders, strict=True)]
    second = np.concatenate([second for _, _, second in orders])
    return Neurons(
        starts(image.n for image in images),
        block_ptr,
        table,
        table.copy(),
        np.concatenate([back for _, back, _ in orders]),
        np.zeros(block_ptr[-1] * LANES, dtype=table.dtype),
        np.concatenate(places),
        np.array([not i.banks and bool(np.all(p == np.arange(i.n))) for i, p in zip(images, places, strict=True)]),
        np.zeros(block_ptr[-1], dtype=np.int64),
        second,
        np.any(second.reshape(-1, LANES) > 0, axis=1),
    )


def _order(join: Ints) -> tuple[Ints, Ints, Ints]:
    """Order compartments by their place in their neuron's tree: all first ones, then all second ones, and so on.

    Returns their positions; for every block how many blocks before it those are that it listens to, 0 for none; and
    for every position how many blocks before it the second one is that it listens to, 0 for none.
    """
    number = np.arange(len(join))
    first, other = second_children(join)
    _, tree, length = np.unique(first, return_inverse=True, return_counts=True)
    rank = np.empty_like(length)
    rank[np.argsort(-length, kind="stable")] = np.arange(len(length))  # a longer tree reaches into more sections
    depth = number - first
    sections = blocks(np.bincount(depth))
    begin = starts(sections)
    position = LANES * begin[depth] + rank[tree]
    second, branching = np.zeros(LANES * begin[-1], dtype=np.int64), np.flatnonzero(other >= 0)
    second[position[branching]] = begin[depth[branching]] - begin[depth[other[branching]]]
    return position, np.repeat(np.append(0, sections)[:-1], sections), second


def _columns(image: CompartmentImage, arithmetic: Arithmetic) -> dict[str, Any]:
    columns: dict[str, Any] = {**image.parameters._asdict(), "voltage": image.initial}
    columns["join"] = columns["join"] % TWO
    one = 1 << arithmetic.decay_bits
    columns["keep_u"] = one - arithmetic.decay_offset_u - columns.pop("decay_u")
    columns["keep_v"] = one - arithmetic.decay_offset_v - columns.pop("decay_v")
    return columns


def _word(images: Sequence[CompartmentImage], arithmetic: Arithmetic) -> type[np.int32] | type[np.int64]:
    """Return a type that holds all that is in the table: 32 bits unless someone widened the chip's registers."""
    widest = max(arithmetic.current_bits, arithmetic.synaptic_sum_bits, arithmetic.decay_bits + 2)
    extremes = [-arithmetic.voltage_low, arithmetic.voltage_high]
    for image in images:
        columns = (*image.parameters, image.initial)
        extremes += [int(np.abs(column.astype(np.int64)).max(initial=0)) for column in columns]
    return np.int32 if widest <= 32 and max(extremes) <= np.iinfo(np.int32).max else np.int64


def _places(image: CompartmentImage, position: Ints, n_blocks: int) -> Ints:
    place = np.empty(image.n, dtype=np.int64)
    place[image.fixed] = position
    after = n_blocks * LANES
    for bank in image.banks:
        place[bank.unit] = after + np.arange(len(bank.unit))
        after += len(bank.unit)
    return place
