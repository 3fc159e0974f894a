"""Lower bounds on what any mapping of a problem costs, from the size of the cores and the shape of the mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping import MappingProblem
from neurosim.mapping.bounds import least_cores
from neurosim.mapping.geometry import distances

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def lower_bounds(problem: MappingProblem) -> dict[str, float]:
    """Return bounds on ``cores_used``, ``packets`` and ``hop_weighted``.

    A hyperedge whose source and targets are m neurons lies on at least m / c cores, c being the most neurons that a
    core holds, and one packet goes to each but the source's own. Those cores stand no nearer than the nearest tiles
    of the best place on the mesh. Input lines are on no core; they send from a port, if the chip has ports, and not
    all that they reach has room near it (see ``_entering``).
    """
    most = most_per_core(problem)
    nets = problem.nets
    line = nets.source < nets.n_inputs
    cores = -(-_members(problem) // most)
    packets = np.where(line, cores if problem.ports else 0, cores - 1)
    near, from_port = _nearest(problem)
    spikes = problem.spikes
    from_lines = max(float(spikes[line] @ from_port[packets[line]]), _entering(problem, most))
    return {
        "cores_used": float(least_cores(problem)),
        "packets": float(spikes @ packets),
        "hop_weighted": float(spikes[~line] @ near[packets[~line]]) + from_lines,
    }


def most_per_core(problem: MappingProblem) -> int:
    """Return a number of neurons that no core exceeds: room / the least that any neuron takes, by the tightest limit.

    All neurons where the core kind does not tell what a neuron takes.
    """
    n = problem.n_neurons
    least = getattr(problem.new_core(), "least", None)
    if least is None or n == 0:
        return max(n, 1)
    needs: dict[str, tuple[int, int]] = {}
    for neuron in range(n):
        for usage in least(np.array([neuron])):
            smallest = min(usage.needed, needs.get(usage.limit, (usage.needed, 0))[0])
            needs[usage.limit] = (smallest, usage.available)
    rooms = [available // need for need, available in needs.values() if need > 0]
    return max(1, min([n, *rooms]))


def _entering(problem: MappingProblem, most: int) -> float:
    """Return the least hops of what input lines send, when each core has room for ``most`` neurons.

    A core with k of the m neurons of a line gets its w spikes, which is at least w x k / min(m, most). So each neuron
    brings a share of its own to the core where it is, and the largest shares go to the nearest cores.
    """
    nets = problem.nets
    if not problem.ports:
        return 0.0
    size = np.diff(nets.ptr)  # at least the different neurons, so that shares are never too large
    share = problem.spikes / np.maximum(np.minimum(size, most), 1)
    from_line = nets.source[nets.net_of_synapse] < nets.n_inputs
    pairs = np.unique((nets.net_of_synapse * problem.n_neurons + nets.target)[from_line])
    net, neuron = pairs // max(problem.n_neurons, 1), pairs % max(problem.n_neurons, 1)
    largest = -np.sort(-np.bincount(neuron, share[net], minlength=problem.n_neurons))
    ports, tile = np.array(problem.ports, dtype=np.int64), problem.usable // problem.cores_per_tile
    nearest = np.sort(distances(problem.ways, ports[:, None], tile[None, :]).min(axis=0))
    rooms = np.repeat(nearest, most)[: len(largest)]
    return float(largest[: len(rooms)] @ rooms)


def _members(problem: MappingProblem) -> Ints:
    """Return the different neurons of every net, its source included where that is one, int64[nets]."""
    nets, n = problem.nets, problem.n_neurons
    own = np.flatnonzero(nets.source >= nets.n_inputs)
    pairs = np.concatenate([nets.net_of_synapse * n + nets.target, own * n + nets.source[own] - nets.n_inputs])
    members: Ints = np.bincount(np.unique(pairs) // n, minlength=nets.n)
    return members


def _nearest(problem: MappingProblem) -> tuple[Floats, Floats]:
    """Return the least sum of hops to k other cores, from the best core and from the best port, float64[cores + 1]."""
    tile = problem.usable // problem.cores_per_tile
    start = np.unique(tile)
    none = np.zeros(problem.n_cores + 1)
    if not len(tile):
        return none, none
    between = np.sort(distances(problem.ways, start[:, None], tile[None, :]), axis=1).astype(np.float64)
    near = _totals(between[:, 1:], problem.n_cores)  # the first distance is that to the core itself
    if not problem.ports:
        return near, none
    ports = np.array(problem.ports, dtype=np.int64)
    return near, _totals(np.sort(distances(problem.ways, ports[:, None], tile[None, :]), axis=1), problem.n_cores)


def _totals(away: NDArray[np.generic], cores: int) -> Floats:
    sums = np.cumsum(away, axis=1, dtype=np.float64).min(axis=0)
    totals = np.concatenate([[0.0], sums])
    return np.pad(totals, (0, cores + 1 - len(totals)), mode="edge")
