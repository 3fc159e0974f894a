"""Lower bounds on what any mapping of a problem costs, from the size of the cores and the shape of the mesh.

Two arguments, of which the better one counts: an axon with many targets needs many cores, and a neuron with many
sources cannot have them all on its own core, nor all near it. Neither sees how sources and targets hang together, so on
sparse random networks the bounds lie far below what can be reached.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping import MappingProblem
from neurosim.mapping.bounds import least_cores
from neurosim.mapping.geometry import distances

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def lower_bounds(problem: MappingProblem) -> dict[str, float]:
    """Return bounds on ``cores_used``, ``packets`` and ``hop_weighted`` (the static metrics of that name)."""
    mesh, pairs = _mesh(problem), _pairs(problem)
    axon, core = _by_axon(problem, mesh, pairs), _by_neuron(problem, mesh, pairs)
    lines = _entering(problem, mesh, pairs)
    return {
        "cores_used": float(least_cores(problem)),
        "packets": axon.line_packets + max(axon.packets, core[0]),
        "hop_weighted": max(axon.line_hops, lines) + max(axon.hops, core[1]),
    }


@dataclass(frozen=True, eq=False)
class _Mesh:
    """``most`` neurons per core at the most; hops to the other cores, nearest first, as totals and one by one.

    ``near`` and ``from_port`` float64[cores + 1]: least total of hops to k other cores, from the best core and from
    the best port. ``away`` int64[cores]: 0 for the core itself, then the least hops to the k-th nearest other;
    ``port_away`` from the best port.
    """

    most: int
    near: Floats
    from_port: Floats
    away: Ints
    port_away: Ints


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Each pair of a source (input lines first, then neurons) and a neuron that it reaches, once: int64 each.

    ``spikes`` float64[sources]. All axons of a source count as one, as on chips with one packet for all of them.
    """

    source: Ints
    neuron: Ints
    spikes: Floats
    inputs: int


@dataclass(frozen=True)
class _Axons:
    packets: float
    hops: float
    line_packets: float
    line_hops: float


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


def _by_axon(problem: MappingProblem, mesh: _Mesh, pairs: _Pairs) -> _Axons:
    """Count axons: m neurons, source included, lie on at least m / most cores, and all but the source's get a packet.

    Those cores stand no nearer than the nearest tiles of the best place. Input lines are on no core and send from a
    port, if the chip has ports.
    """
    lines, sources = pairs.inputs, len(pairs.spikes)
    members = np.bincount(pairs.source, minlength=sources)
    members += (members > 0) & (np.arange(sources) >= lines)
    members -= np.bincount(pairs.source[pairs.source - lines == pairs.neuron], minlength=sources)
    cores = -(-members // mesh.most)
    others = np.maximum(cores[lines:] - 1, 0)
    sent, entering = pairs.spikes[lines:], pairs.spikes[:lines] * bool(problem.ports)
    return _Axons(
        float(sent @ others),
        float(sent @ mesh.near[others]),
        float(entering @ cores[:lines]),
        float(entering @ mesh.from_port[cores[:lines]]),
    )


def _by_neuron(problem: MappingProblem, mesh: _Mesh, pairs: _Pairs) -> tuple[float, float]:
    """Count sources: at most ``most`` - 1 of a neuron's sources share its core, the others send a packet to it.

    The busiest sources stand nearest. A core hears at least what its most demanding neuron does; cores of ``most``
    neurons cost least when neurons of like demand share one.
    """
    n, source = problem.n_neurons, pairs.source - pairs.inputs
    kept = (source >= 0) & (source != pairs.neuron)
    neuron, spikes = pairs.neuron[kept], pairs.spikes[pairs.source[kept]]
    order = np.lexsort((-spikes, neuron))
    neuron, spikes = neuron[order], spikes[order]
    begin = np.searchsorted(neuron, np.arange(n))
    place = (np.arange(len(neuron)) - begin[neuron] + 1) // mesh.most  # the neuron itself has one seat of its core
    hops = mesh.away[np.minimum(place, len(mesh.away) - 1)]
    demands = (np.bincount(neuron, spikes * values, minlength=n) for values in (place > 0, hops))
    packets, weighted = (float(np.sort(demand)[::-1][:: mesh.most].sum()) for demand in demands)
    return packets, weighted


def _entering(problem: MappingProblem, mesh: _Mesh, pairs: _Pairs) -> float:
    """Return the least hops of what input lines send, when each core has room for so many neurons.

    A core with k of the m neurons of a line gets its w spikes, which is at least w x k / min(m, most). So each neuron
    brings a share of its own to the core where it is, and the largest shares go to the nearest cores.
    """
    if not problem.ports:
        return 0.0
    sizes = np.bincount(pairs.source, minlength=len(pairs.spikes))
    share = pairs.spikes / np.clip(sizes, 1, mesh.most)
    entering = pairs.source < pairs.inputs
    brought = np.bincount(pairs.neuron[entering], share[pairs.source[entering]], minlength=problem.n_neurons)
    rooms = np.repeat(mesh.port_away, mesh.most)[: len(brought)]
    return float(np.sort(brought)[::-1][: len(rooms)] @ rooms)


def _pairs(problem: MappingProblem) -> _Pairs:
    nets, n = problem.nets, max(problem.n_neurons, 1)
    keys = np.unique(nets.source[nets.net_of_synapse] * n + nets.target)
    spikes = np.ones(nets.n_inputs + problem.n_neurons) if problem.rates is None else problem.rates
    return _Pairs(keys // n, keys % n, spikes, nets.n_inputs)


def _mesh(problem: MappingProblem) -> _Mesh:
    tile = problem.usable // problem.cores_per_tile
    between = np.sort(distances(problem.ways, np.unique(tile)[:, None], tile[None, :]), axis=1).astype(np.int64)
    ports = np.array(problem.ports, dtype=np.int64)
    entering = np.sort(distances(problem.ways, ports[:, None], tile[None, :]), axis=1).astype(np.int64)
    others = between if problem.hub is not None else between[:, 1:]  # without a hub the first is the core itself
    return _Mesh(
        most_per_core(problem),
        _totals(others, problem.n_cores),
        _totals(entering, problem.n_cores),
        np.concatenate([[0], _least(others)]),
        _least(entering),
    )


def _totals(away: Ints, cores: int) -> Floats:
    """Return the least total of the k nearest over all starts, for k = 0..cores; beyond the last, that of the last."""
    totals = np.zeros(cores + 1)
    if away.size:
        sums = np.cumsum(away, axis=1).min(axis=0)
        totals[1 : len(sums) + 1] = sums
        totals[len(sums) + 1 :] = sums[-1]
    return totals


def _least(away: Ints) -> Ints:
    return away.min(axis=0) if away.size else np.zeros(1, dtype=np.int64)
