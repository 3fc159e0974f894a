"""The synapse lists of all cores as one stream of words, and their work on the ring of sums.

A synapse of delay d to position p of its core adds to place ``d * width + p`` of the core's ring, counted from the
row of the next step on: that place is its key. Where many synapses of an axon fall in one block of LANES places, the
block is stored with a weight for every place, zeros where there is no synapse, and is added as a whole; the others
are pairs of key and weight. The order of adding is free, as sums only count modulo 2**bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.flat_block import add_block
from neurosim.cores.compartment.flat_neurons import LANE, LANES, Neurons, blocks, starts
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.prices import COUNTERS
from neurosim.cores.flat import Arrivals
from neurosim.errors import UnsupportedError

Ints = NDArray[np.int64]

_INPUTS, _DENSE, _SPARSE = (
    COUNTERS.index(name) for name in ("input_messages", "synaptic_operations_dense", "synaptic_operations_sparse")
)

# An axon's record: where its words begin, the number of its synapses, and two marks.
_COUNT_BITS = 24
_WITH_INDEX, _WITH_BLOCKS = 1, 2
_SHIFT = _COUNT_BITS + 2
_COUNT = (1 << _COUNT_BITS) - 1
_BYTES = 8  # that a synapse may take in a block; in a pair it takes 4, or 8 if a word has 32 bits


class Times(NamedTuple):
    """Picoseconds per arrival, and per synapse of an axon without and with stored indices."""

    message: int
    dense: int
    sparse: int


class Synapses(NamedTuple):
    """Core k has axons ``axon_ptr[k]:axon_ptr[k + 1]`` of ``record``, and a ring of ``slots[k]`` rows of ``width[k]``.

    The ring begins at ``ring_ptr[k]`` of ``sums``, of which one unit is 2**``grain``; ``taken`` takes the row of the
    step, block by block. ``words`` is the stream: pairs of key and weight, or for an axon with blocks the numbers of
    blocks and of pairs, the blocks (number and LANES weights), and the pairs. Unsigned words are read with ``mask``.
    """

    axon_ptr: Ints
    record: Ints
    words: NDArray[Any]
    mask: int
    width: Ints
    slots: Ints
    ring_ptr: Ints
    sums: NDArray[Any]
    taken: NDArray[Any]
    grain: int
    graded: bool
    times: Times


def synapses_of(
    images: Sequence[CompartmentImage], neurons: Neurons, sum_bits: int, graded: bool, times: Times
) -> Synapses:
    """Lay out the synapses of some cores."""
    weights = [int(np.bitwise_or.reduce(image.weight, initial=0)) for image in images]
    common = int(np.bitwise_or.reduce(weights)) if weights else 0
    grain = (common & -common).bit_length() - 1 if common else 0
    slots = [1 << (int(image.delay.max(initial=0)) + 1).bit_length() for image in images]
    units = [LANES * blocks(image.n - len(image.fixed)) for image in images]
    width = (LANES * np.diff(neurons.block_ptr) + units).tolist()
    sizes = [a * b for a, b in zip(slots, width, strict=True)]
    # Sums and weights count modulo 2**sum_bits, keys are below the size of the ring.
    narrow = sum_bits - grain <= 16 and max(sizes) <= 1 << 16
    word = np.dtype(np.int16 if narrow else np.int32)
    total = word if sum_bits - grain <= 8 * word.itemsize else np.dtype(np.int64)
    records, words, begin = [], [], 0
    for image, places, wide in zip(images, np.split(neurons.place, neurons.unit_ptr[1:-1]), width, strict=True):
        record, stream = _stream(image, places, wide, grain, word)
        records.append(record + (begin << _SHIFT))
        words.append(stream)
        begin += len(stream)
    ring_ptr = starts(sizes)
    return Synapses(
        starts(map(len, records)),
        np.concatenate(records),
        np.concatenate(words),
        (1 << 8 * word.itemsize) - 1,
        np.array(width, dtype=np.int64),
        np.array(slots, dtype=np.int64),
        ring_ptr,
        np.zeros(ring_ptr[-1], dtype=total),
        np.zeros(neurons.block_ptr[-1] * LANES, dtype=total),
        grain,
        graded,
        times,
    )


def _stream(
    image: CompartmentImage, place: Ints, width: int, grain: int, word: np.dtype[Any]
) -> tuple[Ints, NDArray[Any]]:
    """Return the records of a core's axons, counted from the start of its own words, and the words."""
    counts = np.diff(image.axon_ptr)
    if counts.max(initial=0) > _COUNT:
        raise UnsupportedError(f"an axon of {counts.max()} synapses; the compiled engine takes {_COUNT}")
    axon = np.repeat(np.arange(len(counts)), counts)
    key = image.delay.astype(np.int64) * width + place[image.target]
    weight = image.weight.astype(np.int64) >> grain
    block = axon * (int(key.max(initial=0)) // LANES + 1) + key // LANES
    if np.any(block[1:] < block[:-1]):  # delays differ
        order = np.argsort(block, kind="stable")
        axon, key, weight, block = axon[order], key[order], weight[order], block[order]
    first = np.flatnonzero(np.diff(block, prepend=-1))
    size = np.diff(first, append=len(block))
    worth = size * _BYTES >= (LANES + 1) * word.itemsize
    blocked = np.repeat(worth, size)
    n_blocks = np.bincount(axon[first[worth]], minlength=len(counts))
    n_pairs = np.bincount(axon[~blocked], minlength=len(counts))
    head = 2 * (n_blocks > 0)
    begin = starts(head + (LANES + 1) * n_blocks + 2 * n_pairs)
    words = np.zeros(begin[-1], dtype=np.int64)
    here = np.flatnonzero(head)
    words[begin[here]], words[begin[here] + 1] = n_blocks[here], n_pairs[here]
    at = _places(axon[first[worth]], begin[:-1] + head, LANES + 1)
    words[at] = key[first[worth]] // LANES
    at = np.repeat(at, size[worth]) + 1 + key[blocked] % LANES
    np.add.at(words, at, weight[blocked])  # synapses of one key act together
    at = _places(axon[~blocked], begin[:-1] + head + (LANES + 1) * n_blocks, 2)
    words[at], words[at + 1] = key[~blocked], weight[~blocked]
    marks = np.where(head, _WITH_BLOCKS, 0) + np.where(image.axon_sparse, _WITH_INDEX, 0)
    return (begin[:-1] << _SHIFT) + (counts << 2) + marks, words.astype(word)


def _places(axon: Ints, begin: Ints, size: int) -> Ints:
    """Return where things of some size go that belong to ascending axons, of which each has room from ``begin`` on."""
    before = starts(np.bincount(axon, minlength=len(begin)))[axon]  # things of other axons
    return begin[axon] + size * (np.arange(len(axon)) - before)


@njit(cache=True)
def receive(cores: Any, first: int, last: int, step: int, arrivals: Arrivals) -> int:
    """Add the weights of what arrived at cores first..last-1; returns when it is processed (ps), 0 for nothing."""
    synapses, counters = cores.synapses, cores.counters
    axon_ptr, record, words, sums = synapses.axon_ptr, synapses.record, synapses.words, synapses.sums
    width, slots, ring_ptr = synapses.width, synapses.slots, synapses.ring_ptr
    begin, count, axons, payloads, times, mask = (
        arrivals.begin,
        arrivals.count,
        arrivals.axon,
        arrivals.payload,
        arrivals.time,
        synapses.mask,
    )
    graded, (message, per_dense, per_sparse) = synapses.graded, synapses.times
    latest = 0
    for core in range(first, last):
        if count[core] == 0:
            continue
        size = slots[core] * width[core]
        ring = sums[ring_ptr[core] : ring_ptr[core] + size]
        base = ((step + 1) & (slots[core] - 1)) * width[core]
        busy = dense = sparse = 0
        for p in range(begin[core], begin[core] + count[core]):
            entry = record[axon_ptr[core] + axons[p]]
            n = (entry >> 2) & _COUNT
            if entry & _WITH_INDEX:
                sparse += n
                busy = max(times[p], busy) + message + n * per_sparse
            else:
                dense += n
                busy = max(times[p], busy) + message + n * per_dense
            value = payloads[p] if graded else 1
            at = np.uint64(entry >> _SHIFT)
            if entry & _WITH_BLOCKS:
                many, n = np.int64(words[at]) & mask, np.int64(words[at + np.uint64(1)]) & mask
                at += np.uint64(2)
                for _ in range(many):
                    place = (np.int64(words[at]) & mask) * LANES + base
                    if place >= size:
                        place -= size
                    at += np.uint64(1)
                    add_block(ring, np.uint64(place), words, at, value)
                    at += LANE
            for _ in range(n):
                place = (np.int64(words[at]) & mask) + base
                if place >= size:
                    place -= size
                ring[np.uint64(place)] += value * words[at + np.uint64(1)]
                at += np.uint64(2)
        latest = max(latest, busy)
        counters[core, _INPUTS] += count[core]
        counters[core, _DENSE] += dense
        counters[core, _SPARSE] += sparse
    return latest
