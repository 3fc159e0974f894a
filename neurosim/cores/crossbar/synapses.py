"""Synapses as a crossbar sees them: one per source neuron, delay and target neuron, behind an axon of one type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError, UnsupportedError
from neurosim.network import Network, Projection

Ints = NDArray[np.int64]


class Bundle(NamedTuple):
    """All synapses from one population to another, int64[n], in order of (row, delay, column).

    ``row`` source neuron, ``column`` target neuron, ``weight`` float64[n] (axon types from 1 for crossbar neurons).
    """

    source: str
    target: str
    row: Ints
    delay: Ints
    column: Ints
    weight: NDArray[np.float64]


def bundles(network: Network, target: str, summed: bool) -> list[Bundle]:
    """Return the bundles that reach a population, in order of the projections.

    With ``summed`` the weights of synapses that agree in row, delay and column are added, and those that come to
    nothing left out. Without, weights are axon types, and agreement in the type too is refused (UnsupportedError).
    """
    sources = dict.fromkeys(p.source for p in network.projections if p.target == target)
    return [_bundle([p for p in network.projections if (p.source, p.target) == (s, target)], summed) for s in sources]


def _bundle(projections: Sequence[Projection], summed: bool) -> Bundle:
    row = np.concatenate([p.rows for p in projections])
    delay = np.concatenate([p.delays for p in projections]).astype(np.int64)
    column = np.concatenate([p.targets for p in projections]).astype(np.int64)
    weight = np.concatenate([p.weights * 2.0**p.exponent for p in projections]).astype(np.float64)
    kind = np.zeros_like(row) if summed else weight.astype(np.int64)
    order = np.lexsort((kind, column, delay, row))
    keys = np.stack([row, delay, column, kind])[:, order]
    first = np.ones(len(row), np.bool_)
    first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    p = projections[0]
    if not summed and not first.all():
        raise UnsupportedError(
            f"projection {p.source} -> {p.target}: two synapses from one axon to one neuron, a crossbar has one"
        )
    starts = np.flatnonzero(first)
    sums = np.add.reduceat(weight[order], starts) if len(starts) else weight
    kept = sums != 0
    row, delay, column = keys[:3, starts[kept]]
    return Bundle(p.source, p.target, row, delay, column, sums[kept])


def check_fan_in(chip: str, available: int, bundled: Sequence[Bundle], size: int) -> None:
    """Raise CapacityError when a neuron needs more axons than a core has: one per source neuron, delay and type."""
    needed = np.zeros(size, np.int64)
    for b in bundled:
        needed += np.bincount(b.column, minlength=size)
    if needed.max(initial=0) > available:
        neuron = int(needed.argmax())
        where = f"population '{bundled[0].target}', neuron {neuron}"
        raise CapacityError(chip, "axons", int(needed[neuron]), available, where)


def check_levels(chip: str, available: int, bundled: Sequence[Bundle]) -> None:
    """Raise CapacityError when a neuron has more different weights than there are axon types."""
    column, weight = _joined(bundled)
    levels = np.unique(np.stack([column.astype(np.float64), weight]), axis=1)[0]
    neuron, needed = np.unique(levels, return_counts=True)
    if needed.max(initial=0) > available:
        worst = int(needed.argmax())
        where = f"population '{bundled[0].target}', neuron {int(neuron[worst])} (its different weights)"
        raise CapacityError(chip, "axon_types", int(needed[worst]), available, where)


def _joined(bundled: Sequence[Bundle]) -> tuple[Ints, NDArray[np.float64]]:
    none = np.zeros(0, np.int64)
    columns = np.concatenate([none, *(b.column for b in bundled)])
    return columns, np.concatenate([none, *(b.weight for b in bundled)]).astype(np.float64)


def axon_types(bundled: Sequence[Bundle], size: int, types: int) -> tuple[list[Ints], Ints]:
    """Return the axon type of every synapse, one array per bundle, and the weights int64[types, size] that follow.

    Weights, whole numbers, are ranked: positive ones take types 0, 1, ... from the smallest on, negative ones the
    last type and those before it from the one nearest to 0 on. The ranks are taken over the whole population or
    over each neuron's own weights, whichever makes fewer axons: what must agree is the type of an axon over all its
    neurons, and a source neuron whose synapses are of several types takes an axon for each.
    """
    column, weight = _joined(bundled)
    candidates = [_ranks(column, weight, types)]
    if len(np.unique(weight)) <= types:
        candidates.append(_ranks(np.zeros_like(column), weight, types))
    ends = np.cumsum([len(b.row) for b in bundled])[:-1]
    split = [np.split(kinds, ends) if bundled else [] for kinds in candidates]
    best = min(range(len(split)), key=lambda k: axons_needed(bundled, split[k]))
    table = np.zeros((types, size), np.int64)
    table[candidates[best], column] = weight
    return split[best], table


def axons_needed(bundled: Sequence[Bundle], kinds: Sequence[Ints]) -> int:
    """Return how many different (source neuron, delay, type) there are."""
    return sum(
        np.unique(np.stack([b.row, b.delay, kind]), axis=1).shape[1] for b, kind in zip(bundled, kinds, strict=True)
    )


def _ranks(group: Ints, weight: NDArray[np.float64], types: int) -> Ints:
    """Return the type of every weight by its rank among the different weights of its group."""
    if not len(weight):
        return np.zeros(0, np.int64)
    pairs = np.stack([group.astype(np.float64), weight])
    (groups, values), index = np.unique(pairs, axis=1, return_inverse=True)
    # From here on values are in ascending order inside each group.
    start = np.searchsorted(groups, groups)
    negative = np.add.reduceat(values < 0, np.unique(start), dtype=np.int64)[np.unique(start, return_inverse=True)[1]]
    rank = np.arange(len(values)) - start - negative
    kinds: Ints = np.where(values > 0, rank, types + rank)[index.ravel()]
    return kinds


def typed_projections(bundle: Bundle, kinds: Ints, rows: int) -> Iterator[Projection]:
    """Yield a projection per axon type and delay; its weights are the type, counted from 1."""
    for kind, delay in sorted(set(zip(kinds.tolist(), bundle.delay.tolist(), strict=True))):
        chosen = np.flatnonzero((kinds == kind) & (bundle.delay == delay))
        indptr = np.concatenate([[0], np.cumsum(np.bincount(bundle.row[chosen], minlength=rows))])
        yield Projection(
            bundle.source,
            bundle.target,
            indptr.astype(np.int64),
            bundle.column[chosen].astype(np.int32),
            np.full(len(chosen), kind + 1, np.int64),
            int(delay),
        )
