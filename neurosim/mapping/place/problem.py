"""The placement problem as plain data: clusters, the spikes between them, and the cores that can be had."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping.geometry import Ways, dead_on_way, distances
from neurosim.mapping.problem import MappingProblem, distinct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlacementProblem:
    """What a placer gets.

    ``spikes`` float64[pairs] go in the window from cluster ``source`` to cluster ``target`` (int64[pairs], each pair
    once, never to itself); ``entering`` float64[ports, clusters] come in at tile ``ports[k]``, -1 where nothing ever
    does. ``cores`` int64[m] are the ids that can be had, ascending; core id = tile * cores_per_tile + slot.
    ``fixed`` int64[clusters] is the core of clusters that have no choice, -1 for the others.
    """

    chip: str
    n_clusters: int
    source: Ints
    target: Ints
    spikes: Floats
    cores: Ints
    columns: int
    rows: int
    cores_per_tile: int
    ways: Ways
    ports: tuple[int, ...]
    entering: Floats
    fixed: Ints

    @cached_property
    def movable(self) -> Ints:
        """Clusters that are free to go anywhere."""
        return np.flatnonzero(self.fixed < 0)

    @cached_property
    def free(self) -> Ints:
        """Cores that no fixed cluster holds, ascending."""
        return np.setdiff1d(self.cores, self.fixed)

    def placed(self, cores: Ints) -> Ints:
        """Return the core of every cluster when the movable ones take ``cores``, in order."""
        places = self.fixed.copy()
        places[self.movable] = cores[: len(self.movable)]
        return places

    def cost(self, places: NDArray[np.integer]) -> float:
        """Return the hop-weighted traffic when cluster k stands on core ``places[k]``: spikes x links crossed."""
        tile = places.astype(np.int64) // self.cores_per_tile
        total = float(self.spikes @ distances(self.ways, tile[self.source], tile[self.target]))
        for port, spikes in zip(self.ports, self.entering, strict=True):
            total += float(np.maximum(spikes, 0) @ distances(self.ways, port, tile))
        return total

    def cut_off(self, places: NDArray[np.integer]) -> int:
        """Return how many pairs (of clusters, or of a port and a cluster) have a dead link on their way."""
        if not self.ways.broken:
            return 0
        tile = places.astype(np.int64) // self.cores_per_tile
        bad = np.count_nonzero(dead_on_way(self.ways, tile[self.source], tile[self.target]))
        for port, spikes in zip(self.ports, self.entering, strict=True):
            bad += np.count_nonzero(dead_on_way(self.ways, port, tile)[spikes >= 0])
        return int(bad)

    def refuse_too_many(self) -> None:
        """Raise CapacityError when there are fewer cores than clusters."""
        if self.n_clusters > len(self.cores):
            raise CapacityError(self.chip, "cores", self.n_clusters, len(self.cores))


def placement_of(problem: MappingProblem, cluster_of: NDArray[np.integer], partitioner: str) -> PlacementProblem:
    """Return the placement problem of clusters; raises NeurosimError where they contradict the fixed neurons."""
    clusters = cluster_of.astype(np.int64)
    n, nets, spikes = int(clusters.max(initial=-1)) + 1, problem.nets, problem.spikes
    pairs = distinct(nets.net_of_synapse * max(n, 1) + clusters[nets.target])
    net, target = pairs // max(n, 1), pairs % max(n, 1)
    line = nets.source[net]
    inside = line >= nets.n_inputs
    source = clusters[line[inside] - nets.n_inputs]
    key, index = np.unique(source * n + target[inside], return_inverse=True)
    between = np.bincount(index, spikes[net[inside]], minlength=len(key))
    apart = key // max(n, 1) != key % max(n, 1)
    result = PlacementProblem(
        problem.chip,
        n,
        (key // max(n, 1))[apart],
        (key % max(n, 1))[apart],
        between[apart],
        problem.usable,
        problem.columns,
        problem.rows,
        problem.cores_per_tile,
        problem.ways,
        problem.ports,
        _entering(len(problem.ports), n, line[~inside], target[~inside], spikes[net[~inside]]),
        _fixed(problem, clusters, n, partitioner),
    )
    result.refuse_too_many()
    return result


def _entering(ports: int, n: int, line: Ints, target: Ints, spikes: Floats) -> Floats:
    entering = np.full((ports, n), -1.0)
    if ports:
        at = (line % ports, target)
        entering[at] = 0.0
        np.add.at(entering, at, spikes)
    return entering


def _fixed(problem: MappingProblem, clusters: Ints, n: int, partitioner: str) -> Ints:
    fixed = np.full(n, -1, dtype=np.int64)
    for neuron, core in sorted(problem.fixed.items()):
        cluster = clusters[neuron]
        if fixed[cluster] not in (-1, core):
            raise NeurosimError(
                f"partitioner '{partitioner}' put neurons fixed to cores {fixed[cluster]} and {core} into one cluster"
            )
        fixed[cluster] = core
    cores, count = np.unique(fixed[fixed >= 0], return_counts=True)
    if np.any(count > 1):
        raise NeurosimError(
            f"partitioner '{partitioner}' put neurons fixed to core {cores[count > 1][0]} into several clusters"
        )
    return fixed
