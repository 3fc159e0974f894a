"""Synapse rows laid out for speed: rows without large gaps as plain ranges of the ring, others synapse by synapse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.processor.image import ProcessorImage

Ints = NDArray[np.int64]

BEGIN, END, PLACE, OPERATIONS = range(4)  # columns of the table of rows
SCATTERED = -1
_GAPS = 2  # a row may become this many times as long by filling its gaps with zeros


def rows_of(images: Sequence[ProcessorImage]) -> tuple[Ints, NDArray[np.int32], Ints]:
    """Return (table int64[rows, 4], place int32[k], weight int64[k]) of all rows, core by core.

    Place ``(delay - 1) * n + target`` is where a synapse acts in the ring of sums, from the slot of the tick in which
    the spike is taken. A row with all places in one slot and few gaps has its first place in column PLACE and
    ``weight[BEGIN:END]`` for that place and those after it; of others, which have SCATTERED there, synapse i acts
    at ``place[i]``. Weights are shifted; column OPERATIONS counts the synapses.
    """
    layouts = [_layout(image) for image in images]
    begins = np.cumsum([0, *(len(weight) for _, _, weight in layouts)])
    for (table, _, _), begin in zip(layouts, begins.tolist(), strict=False):
        table[:, [BEGIN, END]] += begin
    tables, places, weights = zip(*layouts, strict=True)
    return np.concatenate(tables), np.concatenate(places), np.concatenate(weights)


def _layout(image: ProcessorImage) -> tuple[Ints, NDArray[np.int32], Ints]:
    rows, n = image.rows, image.n
    synapses = np.diff(image.row_ptr)
    row = np.repeat(np.arange(rows), synapses)
    place = (image.delay.astype(np.int64) - 1) * n + image.target
    first, last = np.full(rows, image.delay_slots * n), np.full(rows, -1)
    np.minimum.at(first, row, place)
    np.maximum.at(last, row, place)
    span = last - first + 1
    plain = (first // n == last // n) & (span <= _GAPS * synapses)
    length = np.where(plain, span, synapses)
    end = np.cumsum(length)
    begin = end - length
    rank = np.where(plain[row], place - first[row], np.arange(len(row)) - image.row_ptr[row])
    weights, places = np.zeros(length.sum(), dtype=np.int64), np.zeros(length.sum(), dtype=np.int32)
    np.add.at(weights, begin[row] + rank, image.weight.astype(np.int64) << image.shift)
    places[begin[row] + rank] = place
    return np.stack([begin, end, np.where(plain, first, SCATTERED), synapses], axis=1), places, weights
