"""Capacities of the array: which neurons can share a cell, asked while mapping; words of every node, once loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.f18a.groups import MOST, lanes_for, weight_matrix
from neurosim.cores.f18a.lanes import WIDE_MOST
from neurosim.mapping import CoreFill, Lowered, Nets, Usage, neuron_offsets
from neurosim.network import AddAndFire

if TYPE_CHECKING:
    from neurosim.program import Program

Ints = NDArray[np.int64]


def usage(program: Program) -> tuple[Usage, ...]:
    """Return the words of RAM that each node uses, and the nodes that the array uses (core -1)."""
    limit = program.chip.limit("ram_words")
    nodes = [
        Usage("ram_words", int(core), image.words, limit)
        for core, image in zip(program.cores, program.images, strict=True)
    ]
    return (*nodes, Usage("nodes", -1, len(program.cores), program.chip.n_existing_cores))


def core_filler(lowered: Lowered, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Return a function that opens an empty cell, for mappers; a cell has neurons of one population and threshold."""
    shared = _Shared.of(lowered)
    return lambda: CellFill(shared)


@dataclass(frozen=True, eq=False)
class _Shared:
    """Population, threshold, largest weight, and sums of negative and positive weights of every neuron."""

    population: Ints
    threshold: Ints
    largest: Ints
    low: Ints
    high: Ints

    @classmethod
    def of(cls, lowered: Lowered) -> _Shared:
        network, matrix = lowered.network, weight_matrix(lowered.network)
        population, threshold = np.zeros((2, network.n_neurons), dtype=np.int64)
        for k, (name, first) in enumerate(neuron_offsets(network).items()):
            each = network.population(name)
            population[first : first + each.size] = k
            if isinstance(each.neuron, AddAndFire):
                threshold[first : first + each.size] = each.neuron.threshold
        low, high = -np.minimum(matrix, 0).sum(axis=0), np.maximum(matrix, 0).sum(axis=0)
        return cls(population, threshold, np.abs(matrix).max(axis=0, initial=0), low, high)


class CellFill:
    """One cell being filled."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._neurons: list[int] = []

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        """Place one more neuron here and return None, or leave the cell as it is and return the exceeded limit."""
        shared, wanted = self._shared, [*self._neurons, neuron]
        if len(wanted) > 1:
            populations, thresholds = shared.population[wanted], shared.threshold[wanted]
            if np.any(populations != populations[0]) or np.any(thresholds != thresholds[0]):
                return Usage("populations or thresholds of a cell", -1, 2, 1)
            room = min(MOST, lanes_for(MOST, int(shared.largest[wanted].max())))
            if len(wanted) > room:
                return Usage("lanes", -1, len(wanted), room)
            spread = int(shared.low[wanted].max() + shared.high[wanted].max())
            if spread > WIDE_MOST:
                return Usage("sum of a lane", -1, spread, WIDE_MOST)
        self._neurons = wanted
        return None
