"""What a checker asks of a core kind: its memories read back, and the limits reckoned anew from network and places.

Nothing here is shared with what mappers and loaders use, so that a mistake there does not hide itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.mapping.legality import Usage
from neurosim.network import Network
from neurosim.program import Program

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """The synapses in the memory of one core: those of axon a are ``ptr[a]:ptr[a + 1]``.

    ``unit`` is the target on that core; ``value`` and ``delay`` are numbers in the terms of ``Synapses``.
    """

    ptr: Ints
    unit: Ints
    value: Ints
    delay: Ints


@dataclass(frozen=True, eq=False)
class Synapses:
    """All synapses of a lowered network, int64[synapses] each, in the order of its projections.

    ``source`` counts input lines first, then neurons; ``target`` is a neuron, ``port`` its compartment; ``value`` is
    what the core kind stores for a weight and ``delay`` the steps until it acts.
    """

    projection: Ints
    source: Ints
    target: Ints
    port: Ints
    value: Ints
    delay: Ints


class Needs(Protocol):
    """Reckons every limit of a chip from a lowered network and its places, the program unseen."""

    def __call__(self, network: Network, core_of: NDArray[np.int32], chip: Chip) -> list[Usage]:
        """Return how much of every limit each core needs."""


@dataclass(frozen=True)
class Auditor:
    """A core kind's part of the checker.

    ``values`` gives what is stored for the weights of a network, in the order of Synapses; ``rows`` reads the memory
    of one core back; ``units`` says how many units each neuron has on its core, int64[neurons], for a program whose
    neurons begin at ``first`` on the cores ``core``; ``wanted`` and ``found`` give the registers by name: of every
    compartment of the network in order, and of every unit of one core's memory (see ABSENT). ``tables`` returns in
    words what the tables of a program say twice and not alike, or what a core of this kind cannot do.
    """

    needs: Needs
    values: Callable[[Network], Ints]
    rows: Callable[[Any, Chip], Rows]
    units: Callable[[Program, Ints, Ints], Ints]
    wanted: Callable[[Network, Chip], Mapping[str, Ints]]
    found: Callable[[Any, Chip], Mapping[str, Ints]]
    tables: Callable[[Program], list[str]] = lambda program: []


ABSENT = -(1 << 62)  # in place of a register that a unit does not have


def synapses_of(network: Network, values: Ints) -> Synapses:
    """Return the synapses of a network with what is stored for their weights."""
    start = starts_of(network)
    none = np.zeros(0, dtype=np.int64)
    columns: list[list[Ints]] = [[none] for _ in range(5)]
    for k, p in enumerate(network.projections):
        n = len(p.targets)
        source = start[p.source] + np.repeat(np.arange(len(p.indptr) - 1), p.indptr[1:] - p.indptr[:-1])
        target = start[p.target] - network.n_inputs + p.targets.astype(np.int64)
        parts = (np.full(n, k), source, target, np.full(n, p.port), np.broadcast_to(p.delay, n))
        for column, part in zip(columns, parts, strict=True):
            column.append(part.astype(np.int64))
    projection, source, target, port, delay = (np.concatenate(parts) for parts in columns)
    return Synapses(projection, source, target, port, values, delay)


def starts_of(network: Network) -> dict[str, int]:
    """Return the number of the first line or neuron of every population: input lines first, then neurons."""
    start, at = {}, 0
    for outside in (True, False):
        for population in network.populations:
            if population.is_source is outside:
                start[population.name] = at
                at += population.size
    return start


def name_of(network: Network, number: int) -> str:
    """Return population and index of a source by its number: input lines first, then neurons."""
    for name, first in starts_of(network).items():
        if first <= number < first + network.population(name).size:
            return f"{name}[{number - first}]"
    return f"source {number}"


def per_core(cores: Ints, groups: Ints, values: Ints | None = None) -> dict[int, int]:
    """Count the different (core, group) pairs per core, or add up ``values`` over all entries."""
    if values is None:
        pairs = np.unique(np.stack([cores, groups]), axis=1)[0]
        core, count = np.unique(pairs, return_counts=True)
    else:
        core, place = np.unique(cores, return_inverse=True)
        count = np.bincount(place.ravel(), weights=values, minlength=len(core)).astype(np.int64)
    return dict(zip(core.tolist(), count.tolist(), strict=True))


def greatest(cores: Ints, values: Ints) -> dict[int, int]:
    """Return the largest value on each core."""
    core, place = np.unique(cores, return_inverse=True)
    most = np.full(len(core), np.iinfo(np.int64).min)
    np.maximum.at(most, place.ravel(), values)
    return dict(zip(core.tolist(), most.tolist(), strict=True))


def usages(chip: Chip, cores: Ints, needs: Mapping[str, Mapping[int, int]]) -> list[Usage]:
    """Return one line per core in use and limit of the chip; a core that a limit does not list needs none of it."""
    return [
        Usage(limit, core, amounts.get(core, 0), chip.limit(limit))
        for core in np.unique(cores).tolist()
        for limit, amounts in needs.items()
    ]
