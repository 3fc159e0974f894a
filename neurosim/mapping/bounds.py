"""Lower bounds, so that a result can be told from the best possible: cores, packets' hops, placement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from neurosim.errors import NeurosimError
from neurosim.mapping.geometry import distances
from neurosim.mapping.legality import Usage
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.problem import MappingProblem

Floats = NDArray[np.float64]

_MOST = 1200  # places of a Gilmore-Lawler bound, which takes about their cube


def least_cores(problem: MappingProblem) -> int:
    """Return the fewest cores that any partition can take, by the limit of which all neurons need most (bin packing).

    For each limit that adds up, need of all neurons / room of one core, rounded up (S. Martello, P. Toth 1990, L1);
    1 for core kinds that do not tell what neurons need. A neuron that fits nowhere is not noticed.
    """
    if problem.n_neurons == 0:
        return 0
    least = getattr(problem.new_core(), "least", None)
    usages: tuple[Usage, ...] = least(np.arange(problem.n_neurons)) if least is not None else ()
    return max([1, len(problem.pinned_cores), *(-(-u.needed // u.available) for u in usages if u.available > 0)])


def nearest_hops(problem: PlacementProblem) -> float:
    """Return sum(w) x the shortest way between two cores: every packet between clusters takes at least that.

    The classic bound of one hop per packet where each tile has one core; 0 where cores share a tile.
    """
    apart = 0 if problem.cores_per_tile > 1 else 1
    return float(problem.spikes.sum()) * apart if problem.ways.hub < 0 else 0.0


def gilmore_lawler(problem: PlacementProblem) -> float:
    """Return the Gilmore-Lawler bound on the hop-weighted traffic of any placement of these clusters.

    For cluster i on core p the least that its packets can take, whoever stands where: its flows, largest first,
    times the distances from p, smallest first; then the cheapest assignment of clusters to cores by that (P. C. Gilmore
    1962, E. L. Lawler 1963). Ports and fixed clusters are counted as they are. Raises NeurosimError for too many cores.
    """
    m, n = len(problem.cores), problem.n_clusters
    if m > _MOST:
        raise NeurosimError(f"Gilmore-Lawler bound: {m} cores, at most {_MOST}")
    problem.refuse_too_many()
    if n == 0:
        return 0.0
    tile = problem.cores // problem.cores_per_tile
    way = distances(problem.ways, tile[:, None], tile[None, :]).astype(np.float64)
    others = way[~np.eye(m, dtype=np.bool_)].reshape(m, m - 1)
    flow = np.zeros((n, n))
    flow[problem.source, problem.target] = problem.spikes
    largest_first = -np.sort(-flow, axis=1)[:, : m - 1]
    least = largest_first @ np.sort(others, axis=1)[:, : largest_first.shape[1]].T
    for port, spikes in zip(problem.ports, problem.entering, strict=True):
        least += np.maximum(spikes, 0)[:, None] * distances(problem.ways, port, tile)[None, :]
    for k in np.flatnonzero(problem.fixed >= 0).tolist():
        least[k, problem.cores != problem.fixed[k]] = np.inf
    rows, columns = linear_sum_assignment(least)
    return float(least[rows, columns].sum())
