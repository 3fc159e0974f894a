"""Filling cores with neurons along an order, as many on each as it holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError
from neurosim.mapping.partition.settle import settle
from neurosim.mapping.problem import MappingProblem

Ints = NDArray[np.int64]


def fill_along(problem: MappingProblem, order: Ints) -> NDArray[np.int32]:
    """Return the cluster of every neuron, int32[n], when cores are filled along ``order`` (int64[n]).

    Cores with fixed neurons are filled first, around those. Raises CapacityError when one neuron does not fit on an
    empty core.
    """
    free = order[~np.isin(order, list(problem.pins))]
    return settle(problem, lambda sends: _fill(problem, free, sends))


def pinned_members(problem: MappingProblem) -> list[Ints]:
    """Return the fixed neurons of each core that has any, ascending, in the order of ``pinned_cores``."""
    groups: list[list[int]] = [[] for _ in problem.pinned_cores]
    for neuron, cluster in sorted(problem.pins.items()):
        groups[cluster].append(neuron)
    return [np.array(group, dtype=np.int64) for group in groups]


def _fill(problem: MappingProblem, order: Ints, sends: Ints) -> NDArray[np.int32]:
    cluster_of = np.zeros(problem.n_neurons, dtype=np.int32)
    pinned, done, cluster, guess = pinned_members(problem), 0, 0, 64
    while done < len(order) or cluster < len(pinned):
        base = pinned[cluster] if cluster < len(pinned) else order[:0]
        count = _room(problem, base, order[done:], sends, guess)
        if count == 0 and cluster >= len(pinned):
            raise refused(problem, int(order[done]), sends)
        cluster_of[base], cluster_of[order[done : done + count]] = cluster, cluster
        done, cluster, guess = done + count, cluster + 1, max(count, 1)
    return cluster_of


def _room(problem: MappingProblem, base: Ints, order: Ints, sends: Ints, guess: int) -> int:
    """Return how many of the next neurons a core holds beside those of ``base``."""

    def holds(count: int) -> bool:
        neurons = np.sort(np.concatenate([base, order[:count]]))
        return problem.excess(neurons, sends[neurons]) is None

    return longest(holds, len(order), guess)


def longest(holds: Callable[[int], bool], most: int, guess: int) -> int:
    """Return a count 0..most that holds where one more does not, found from a guess by galloping and halving.

    Of large counts up to one in 256 is given away for fewer questions.
    """
    low, high = 0, most + 1
    count, stride = min(max(guess, 1), most), max(guess // 16, 1)
    while high - low > 1 + low // 256:
        if holds(count):
            low = count
        else:
            high = count
        if low and high <= most:
            count = (low + high) // 2
        else:
            count = min(low + stride, most) if low else max(high - stride, 1)
            stride *= 4
    return low


def refused(problem: MappingProblem, neuron: int, sends: Ints) -> CapacityError:
    """Return the error for a neuron that does not fit on an empty core."""
    limit = problem.excess(np.array([neuron]), sends[[neuron]])
    if limit is None:
        raise RuntimeError(f"neuron {neuron} fits on a core of its own")
    where = f"a core with neuron {neuron} alone"
    return CapacityError(problem.chip, limit.limit, limit.needed, limit.available, where)
