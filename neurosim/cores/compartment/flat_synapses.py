"""The synapse lists of all cores as one stream of words, and their work on the ring of sums.

A synapse of delay d to position p of its core adds to place ``d * width + p`` of the core's ring, counted from the
row of the next step on: that place is its key. Where many synapses of an axon fall in one block of LANES places, the
block is stored with a weight for every place, zeros where there is no synapse, and is added as a whole; the others
are pairs of key and weight. The order of adding is free, as sums only count modulo 2**bits.

What a spike needs is most often in no cache, so that the number of places to look at counts: an axon's record holds
its first pairs itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.flat_block import add_block
from neurosim.cores.compartment.flat_neurons import LANES, Neurons, blocks, starts
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.prices import COUNTERS
from neurosim.cores.fetch import fetch
from neurosim.cores.flat import Arrivals
from neurosim.errors import UnsupportedError

Ints = NDArray[np.int64]

_INPUTS, _DENSE, _SPARSE = (
    COUNTERS.index(name) for name in ("input_messages", "synaptic_operations_dense", "synaptic_operations_sparse")
)

# An axon's record: where its words begin, the number of its synapses and two marks, in 64 bits; and 64 bits of pairs.
_COUNT_BITS = 24
_WITH_INDEX, _WITH_BLOCKS = 1, 2
_SHIFT = _COUNT_BITS + 2
_COUNT = (1 << _COUNT_BITS) - 1
_BYTES = 8  # that a synapse may take in a block
_LINE = 64  # bytes that come from memory at once
_FAR = 512  # words of an axon that are asked for early
_BATCH = 8  # arrivals that are worked off while words for the next of them and records for those after come


class Times(NamedTuple):
    """Picoseconds per arrival, and per synapse of an axon without and with stored indices."""

    message: int
    dense: int
    sparse: int


class Synapses(NamedTuple):
    """Core k has axons ``axon_ptr[k]:axon_ptr[k + 1]``, and a ring of ``slots[k]`` rows of ``width[k]``.

    The ring begins at ``ring_ptr[k]`` of ``sums``, of which one unit is 2**``grain``; ``taken`` takes the row of the
    step, block by block. ``record`` int64[2 * axons + 2] ends with one of no axon. It is also ``near`` in words and has
    room for the first ``pairs`` pairs of an axon without blocks; ``words`` is the stream of all others, which for an
    axon with blocks begins with the numbers of blocks and of pairs and the blocks (number and LANES weights). Unsigned
    words are read with ``mask``.
    """

    axon_ptr: Ints
    record: Ints
    near: NDArray[Any]
    pairs: int
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
    images: Sequence[CompartmentImage],
    neurons: Neurons,
    sum_bits: int,
    graded: bool,
    times: Times,
    least: int = 0,
) -> Synapses:
    """Lay out the synapses of some cores.

    Those that learn lie elsewhere if there is a ``least`` number of which all that they may add is a multiple.
    """
    weights = [int(np.bitwise_or.reduce(image.weight, initial=0)) for image in images]
    weights += [least for image in images if image.plastic is not None]
    common = int(np.bitwise_or.reduce(weights)) if weights else 0
    grain = (common & -common).bit_length() - 1 if common else 0
    # A step's row is free again when its spikes arrive, for the longest delay.
    slots = [1 << image.longest.bit_length() for image in images]
    units = [LANES * blocks(image.n - len(image.fixed)) for image in images]
    width = (LANES * np.diff(neurons.block_ptr) + units).tolist()
    sizes = [a * b for a, b in zip(slots, width, strict=True)]
    # Sums count modulo 2**sum_bits, and so may weights; keys are below the size of the ring.
    bits = sum_bits - grain
    narrow = max(sizes) <= 1 << 16 and (bits <= 16 or all(_is_narrow(image.weight >> grain) for image in images))
    word = np.dtype(np.int16 if narrow else np.int32)
    places = np.split(neurons.place, neurons.unit_ptr[1:-1])
    try:
        record, words, axon_ptr = _streams(images, places, width, grain, word, bits, least > 0)
    except OverflowError:
        word = np.dtype(np.int32)
        record, words, axon_ptr = _streams(images, places, width, grain, word, bits, least > 0)
    total = np.dtype(np.int16 if word.itemsize == 2 and bits <= 16 else np.int32 if bits <= 32 else np.int64)
    ring_ptr = starts(sizes)
    return Synapses(
        axon_ptr,
        record,
        record.view(word),
        _pairs(word),
        words,
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


def _is_narrow(values: NDArray[Any]) -> bool:
    return bool(values.min(initial=0) >= -(1 << 15) and values.max(initial=0) < 1 << 15)


def _streams(
    images: Sequence[CompartmentImage],
    places: Sequence[Ints],
    width: Sequence[int],
    grain: int,
    word: np.dtype[Any],
    bits: int,
    learning: bool,
) -> tuple[Ints, NDArray[Any], Ints]:
    """Return the records of all axons, all words, and where each core's axons begin.

    Raises OverflowError if a sum of weights, of which only ``bits`` count, does not fit in a word.
    """
    records, words, begin = [], [], 0
    for image, place, wide in zip(images, places, width, strict=True):
        record, stream = _stream(image, place, wide, grain, word, bits, learning)
        record[:, 0] += begin << _SHIFT
        records.append(record)
        words.append(stream)
        begin += len(stream)
    end = np.array([[begin << _SHIFT, 0]])
    return np.concatenate([*records, end]).ravel(), np.concatenate(words), starts(map(len, records))


def _pairs(word: np.dtype[Any]) -> int:
    return 4 // word.itemsize


def _stream(
    image: CompartmentImage, place: Ints, width: int, grain: int, word: np.dtype[Any], bits: int, learning: bool
) -> tuple[Ints, NDArray[Any]]:
    """Return the records of a core's axons int64[axons, 2], counted from the start of its own words, and the words.

    An axon whose synapses are ``learning`` has a record with their number, and blocks of which there are none.
    """
    counts = np.diff(image.axon_ptr)
    if counts.max(initial=0) > _COUNT:
        raise UnsupportedError(f"an axon of {counts.max()} synapses; the compiled engine takes {_COUNT}")
    elsewhere = np.zeros(len(counts), dtype=np.bool_)
    if learning and image.plastic is not None:
        elsewhere[image.plastic.axon] = True
    kept = ~np.repeat(elsewhere, counts)
    axon = np.repeat(np.arange(len(counts)), counts)[kept]
    key = image.delay[kept].astype(np.int64) * width + place[image.target[kept]]
    weight = image.weight[kept].astype(np.int64) >> grain
    block = axon * (int(key.max(initial=0)) // LANES + 1) + key // LANES
    if np.any(block[1:] < block[:-1]):  # delays differ
        order = np.argsort(block, kind="stable")
        axon, key, weight, block = axon[order], key[order], weight[order], block[order]
    first = np.flatnonzero(np.diff(block, prepend=-1))
    size = np.diff(first, append=len(block))
    worth = size * _BYTES >= (LANES + 1) * word.itemsize
    blocked = np.repeat(worth, size)
    n_blocks = np.bincount(axon[first[worth]], minlength=len(counts))
    all_pairs = np.bincount(axon[~blocked], minlength=len(counts))
    n_near = np.where(n_blocks > 0, 0, np.minimum(all_pairs, _pairs(word)))
    n_pairs = all_pairs - n_near
    head = 2 * ((n_blocks > 0) | elsewhere)
    begin = starts(head + (LANES + 1) * n_blocks + 2 * n_pairs)
    words = np.zeros(begin[-1], dtype=np.int64)
    rows = np.flatnonzero(head)
    words[begin[rows]], words[begin[rows] + 1] = n_blocks[rows], n_pairs[rows]
    at, _ = _places(axon[first[worth]], begin[:-1] + head, LANES + 1)
    words[at] = key[first[worth]] // LANES
    at = np.repeat(at, size[worth]) + 1 + key[blocked] % LANES
    np.add.at(words, at, weight[blocked])  # synapses of one key act together
    if word.itemsize == 2 and bits > 16 and not _is_narrow(words[at]):
        raise OverflowError
    axon, key, weight = axon[~blocked], key[~blocked], weight[~blocked]
    at, rank = _places(axon, begin[:-1] + head + (LANES + 1) * n_blocks - 2 * n_near, 2)
    far = rank >= n_near[axon]
    words[at[far]], words[at[far] + 1] = key[far], weight[far]
    record = np.zeros((len(counts), 2), dtype=np.int64)
    near = record.view(word)[:, 2 * _pairs(word) :]
    near[axon[~far], 2 * rank[~far]] = key[~far].astype(word)
    near[axon[~far], 2 * rank[~far] + 1] = weight[~far].astype(word)
    marks = np.where(head, _WITH_BLOCKS, 0) + np.where(image.axon_sparse, _WITH_INDEX, 0)
    record[:, 0] = (begin[:-1] << _SHIFT) + (counts << 2) + marks
    return record, words.astype(word)


def _places(axon: Ints, begin: Ints, size: int) -> tuple[Ints, Ints]:
    """Lay things of some size side by side that belong to ascending axons, those of an axon from its ``begin`` on.

    Returns where each goes, and its number among those of its axon.
    """
    rank = np.arange(len(axon)) - starts(np.bincount(axon, minlength=len(begin)))[axon]
    return begin[axon] + size * rank, rank


@njit(cache=True)
def receive(cores: Any, first: int, last: int, step: int, arrivals: Arrivals) -> int:
    """Add the weights of what arrived at cores first..last-1; returns when it is processed (ps), 0 for nothing."""
    synapses, counters = cores.synapses, cores.counters
    axon_ptr, record, near, words, sums = (
        synapses.axon_ptr,
        synapses.record,
        synapses.near,
        synapses.words,
        synapses.sums,
    )
    width, slots, ring_ptr, mask, pairs = (
        synapses.width,
        synapses.slots,
        synapses.ring_ptr,
        synapses.mask,
        synapses.pairs,
    )
    begin, count, axons, payloads, times = arrivals
    graded, (message, per_dense, per_sparse) = synapses.graded, synapses.times
    two, line, latest = np.uint64(2), _LINE // words.itemsize, 0
    # All in one body: a function called for each arrival would count each time who holds the arrays.
    for core in range(first, last):
        size = slots[core] * width[core]
        ring = sums[ring_ptr[core] : ring_ptr[core] + size]
        base = ((step + 1) & (slots[core] - 1)) * width[core]
        own, start, end = np.uint64(axon_ptr[core]), begin[core], begin[core] + count[core]
        busy = events = sparse = 0
        for some in range(start - 2 * _BATCH, end, _BATCH):
            for p in range(some + 2 * _BATCH, min(some + 3 * _BATCH, end)):
                fetch(record, two * (own + np.uint64(axons[p])))
            for p in range(max(some + _BATCH, start), min(some + 2 * _BATCH, end)):
                at = two * (own + np.uint64(axons[p]))
                here, after = record[at] >> _SHIFT, record[at + two] >> _SHIFT
                for place in range(here, min(after, here + _FAR), line):
                    fetch(words, place)
            for p in range(max(some, start), min(some + _BATCH, end)):
                at = two * (own + np.uint64(axons[p]))
                entry = record[at]
                n = (entry >> 2) & _COUNT
                events += n
                sparse += n if entry & _WITH_INDEX else 0
                busy = max(times[p], busy) + message + n * (per_sparse if entry & _WITH_INDEX else per_dense)
                value = payloads[p] if graded else 1
                if not entry & _WITH_BLOCKS:
                    at = np.uint64(2 * pairs) * (at + np.uint64(1))
                    for _ in range(pairs):  # a pair that is not there has weight 0
                        place = (np.int64(near[at]) & mask) + base
                        place -= size if place >= size else 0
                        ring[np.uint64(place)] += value * near[at + np.uint64(1)]
                        at += two
                    n -= pairs
                    at = np.uint64(entry >> _SHIFT)
                else:
                    at = np.uint64(entry >> _SHIFT)
                    many, n = np.int64(words[at]) & mask, np.int64(words[at + np.uint64(1)]) & mask
                    at += two
                    for _ in range(many):
                        place = (np.int64(words[at]) & mask) * LANES + base
                        place -= size if place >= size else 0
                        add_block(ring, np.uint64(place), words, at + np.uint64(1), value)
                        at += np.uint64(LANES + 1)
                for _ in range(n):
                    place = (np.int64(words[at]) & mask) + base
                    place -= size if place >= size else 0
                    ring[np.uint64(place)] += value * words[at + np.uint64(1)]
                    at += two
        latest = max(latest, busy)
        counters[core, _INPUTS] += count[core]
        counters[core, _DENSE] += events - sparse
        counters[core, _SPARSE] += sparse
    return latest
