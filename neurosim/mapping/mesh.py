"""Direct mapping onto the mesh by Mt-KaHyPar: least Steiner tree weight of all axons on the graph of tiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from neurosim.errors import NeurosimError
from neurosim.mapping.extras import extra
from neurosim.mapping.hypergraph import hypergraph_of
from neurosim.mapping.kahypar import blocks_by_kahypar, has_edges
from neurosim.mapping.partition.blocks import blocks_of
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.legalise import legalise
from neurosim.mapping.place.avoid import avoiding
from neurosim.mapping.place.hilbert import hilbert
from neurosim.mapping.place.problem import PlacementProblem, placement_of
from neurosim.mapping.place.region import nearest, nearest_cores
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_NAME = "mesh"
_TILES = 64  # that the library knows Steiner trees for


def mesh(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Map the hypergraph of axons onto the tiles of as many cores as a greedy growth fills, near the ports; repair.

    A Steiner tree is the least that multicast can take; hop-weighted unicast traffic is another measure. Within a tile
    cores are told apart by connectivity-1. Fixed neurons move afterwards. When time runs out first, the growth along a
    Hilbert curve is the answer. Raises NeurosimError beyond 64 tiles.
    """
    extra(_NAME, "mtkahypar")
    watch, graph, grown = watch or Watch(), hypergraph_of(problem), greedy(problem)
    full = blocks_of(problem, graph, grown)
    count = min(full.n, problem.n_usable)
    blocks = full._replace(n=count, most=max(full.most, -(-int(full.weight.sum()) // max(count, 1))))
    cores = nearest(problem.usable, problem.cores_per_tile, problem.ways, problem.ports, count)
    block: Ints | None = None
    if count > 1 and has_edges(graph):
        tiles, room = np.unique(cores // problem.cores_per_tile, return_counts=True)
        if len(tiles) > _TILES:
            raise NeurosimError(f"mapper '{_NAME}' takes networks on up to {_TILES} tiles, this one needs {len(tiles)}")
        edges, lengths = _target(problem, tiles)
        block = blocks_by_kahypar(_NAME, graph, blocks, seed, watch, room=room, edges=edges, lengths=lengths)
    clusters = (grown if block is None else legalise(problem, block)).astype(np.int64)
    placement = placement_of(problem, clusters, _NAME)
    seats = hilbert(placement) if block is None else _seats(placement, clusters, cores[block])
    return avoiding(placement, seats, seed)[clusters].astype(np.int32)


def _target(problem: MappingProblem, tiles: Ints) -> tuple[Ints, Ints]:
    """Return edges int64[edges, 2] between tiles (by index) and their lengths, so that all are connected."""
    ways = problem.ways
    away = np.abs(ways.x[tiles][:, None] - ways.x[tiles]) + np.abs(ways.y[tiles][:, None] - ways.y[tiles])
    edges = [np.argwhere(np.triu(away == 1))]
    lengths = [np.ones(len(edges[0]), dtype=np.int64)]
    parts, label = connected_components(csr_array((away == 1).astype(np.int8)), directed=False)
    for part in range(1, parts):  # over tiles that are not chosen
        earlier, own = np.flatnonzero(label < part), np.flatnonzero(label == part)
        gap = away[np.ix_(earlier, own)]
        i, k = np.unravel_index(gap.argmin(), gap.shape)
        edges.append(np.array([[earlier[i], own[k]]]))
        lengths.append(np.array([int(gap[i, k])]))
    return np.concatenate(edges), np.concatenate(lengths)


def _seats(problem: PlacementProblem, clusters: Ints, wanted: Ints) -> Ints:
    """Return a core for every cluster: the one that most of its neurons want, each core once, then the nearest."""
    places = problem.fixed.copy()
    votes = np.zeros((problem.n_clusters, int(problem.cores.max()) + 1), dtype=np.int64)
    np.add.at(votes, (clusters, wanted), 1)
    votes[:, problem.fixed[problem.fixed >= 0]] = 0
    for k in np.argsort(-votes.max(axis=1), kind="stable").tolist():
        if places[k] < 0 and votes[k].any():
            places[k] = int(votes[k].argmax())
            votes[:, places[k]] = 0
    rest = np.flatnonzero(places < 0)
    near = nearest_cores(problem, len(problem.free))
    places[rest] = near[~np.isin(near, places)][: len(rest)]
    return places
