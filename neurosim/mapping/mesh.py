"""Direct mapping onto the mesh by Mt-KaHyPar: least Steiner tree weight of all axons on the graph of cores."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from neurosim.errors import NeurosimError
from neurosim.mapping.extras import extra
from neurosim.mapping.hypergraph import hypergraph_of
from neurosim.mapping.partition.blocks import blocks_of
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.kahypar import edges_of
from neurosim.mapping.partition.legalise import legalise
from neurosim.mapping.place.avoid import avoiding
from neurosim.mapping.place.problem import PlacementProblem, placement_of
from neurosim.mapping.place.region import nearest, nearest_cores
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_NAME = "mesh"
_TIME = 60.0  # seconds, unless a time limit says otherwise
_TILE, _LINK = 1, 8  # weights of the edges between cores of one tile and of neighbouring tiles


def mesh(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Map the hypergraph of axons onto as many cores as a greedy growth fills, those nearest to the ports; repair.

    A Steiner tree is the least that multicast can take; hop-weighted unicast traffic is another measure. The library
    knows no time limit, so it works in a process of its own. Fixed neurons move afterwards. Raises NeurosimError when
    it does not finish within the time limit, or within a minute without one.
    """
    watch = watch or Watch()
    extra(_NAME, "mtkahypar")
    graph = hypergraph_of(problem)
    blocks = blocks_of(problem, graph)
    count = min(blocks.n, problem.n_usable)
    cores = nearest(problem.usable, problem.cores_per_tile, problem.ways, problem.ports, count)
    nets = edges_of(graph)
    if count < 2 or not len(nets.weight):
        clusters = greedy(problem).astype(np.int64)
        block = np.minimum(clusters, count - 1)
    else:
        edges, lengths = _target(problem, cores)
        handed = {
            "ptr": nets.ptr,
            "pins": nets.pins,
            "net_weight": nets.weight,
            "pin_weight": blocks.weight,
            "most": max(blocks.most, -(-int(blocks.weight.sum()) // count)),
            "edges": edges,
            "lengths": lengths,
            "seed": seed,
        }
        block = _elsewhere(handed, min(_TIME, watch.left))
        clusters = legalise(problem, block).astype(np.int64)
    placement = placement_of(problem, clusters, _NAME)
    return avoiding(placement, _seats(placement, clusters, cores[block]), seed)[clusters].astype(np.int32)


def _target(problem: MappingProblem, cores: Ints) -> tuple[Ints, Ints]:
    """Return edges int64[edges, 2] between cores (by index) and their lengths, so that all are connected."""
    ways, tile = problem.ways, cores // problem.cores_per_tile
    tiles, first = np.unique(tile, return_index=True)
    within = np.flatnonzero(np.diff(tile) == 0)
    edges = [np.stack([within, within + 1], axis=1)]
    lengths = [np.full(len(within), _TILE)]
    away = np.abs(ways.x[tiles][:, None] - ways.x[tiles]) + np.abs(ways.y[tiles][:, None] - ways.y[tiles])
    a, b = np.nonzero(np.triu(away == 1))
    edges.append(np.stack([first[a], first[b]], axis=1))
    lengths.append(np.full(len(a), _LINK))
    parts, label = connected_components(csr_array((away == 1).astype(np.int8)), directed=False)
    for part in range(1, parts):  # over tiles that are not chosen
        earlier, own = np.flatnonzero(label < part), np.flatnonzero(label == part)
        gap = away[np.ix_(earlier, own)]
        i, k = np.unravel_index(gap.argmin(), gap.shape)
        edges.append(np.array([[first[earlier[i]], first[own[k]]]]))
        lengths.append(np.array([_LINK * int(gap[i, k])]))
    return np.concatenate(edges), np.concatenate(lengths)


def _elsewhere(arrays: dict[str, object], seconds: float) -> Ints:
    """Run the library in a process of its own; returns the block of every neuron."""
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    try:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("mesh_worker.py"))],
            input=packed.getvalue(),
            capture_output=True,
            timeout=max(seconds, 0.1),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NeurosimError(f"mapper '{_NAME}' did not finish within {seconds:.0f} s") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise NeurosimError(f"mapper '{_NAME}' failed: {last[0]}")
    found: Ints = np.load(io.BytesIO(done.stdout)).astype(np.int64)
    return found


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
