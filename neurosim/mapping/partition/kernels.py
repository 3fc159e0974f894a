"""Compiled loops of partitioners: growing a cluster by affinity, and moving neurons between clusters.

They stand in one file because numba keeps compiled code by file.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import Hypergraph

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LEAST = 1e-9  # a smaller gain is rounding
_TRACE = 1e-300  # tells a net of weight 0 from none


# ---- growing -------------------------------------------------------------------------------------------------


class Growth(NamedTuple):
    """What a growing cluster knows: an indexed heap of candidates, the one of highest affinity first.

    ``heap`` int64[n] neurons, ``where`` int64[n] their place in it or -1, ``affinity`` float64[n]; ``taken`` bool[n]
    neurons that have a cluster; ``touched`` int64[nets] number of the last cluster that the net touched;
    ``head`` int64[3]: size of the heap, number of this cluster, first neuron that may be free.
    """

    heap: Ints
    where: Ints
    affinity: Floats
    taken: Bools
    touched: Ints
    head: Ints


@njit(cache=True)
def _before(growth: Growth, a: int, b: int) -> bool:
    """Tell whether neuron a comes before b: higher affinity, then lower number."""
    x, y = growth.affinity[a], growth.affinity[b]
    return bool(x > y or (x == y and a < b))


@njit(cache=True)
def _rise(growth: Growth, at: int) -> None:
    heap, where = growth.heap, growth.where
    neuron = heap[at]
    while at > 0:
        above = (at - 1) >> 1
        if not _before(growth, neuron, heap[above]):
            break
        heap[at] = heap[above]
        where[heap[at]] = at
        at = above
    heap[at] = neuron
    where[neuron] = at


@njit(cache=True)
def _sink(growth: Growth, at: int, size: int) -> None:
    heap, where = growth.heap, growth.where
    neuron = heap[at]
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and _before(growth, heap[below + 1], heap[below]):
            below += 1
        if not _before(growth, heap[below], neuron):
            break
        heap[at] = heap[below]
        where[heap[at]] = at
        at = below
    heap[at] = neuron
    where[neuron] = at


@njit(cache=True)
def _remove(growth: Growth, at: int) -> None:
    """Take the candidate at a place out of the heap."""
    heap, where = growth.heap, growth.where
    size = growth.head[0] - 1
    growth.head[0] = size
    where[heap[at]] = -1
    if at < size:
        heap[at] = heap[size]
        where[heap[at]] = at
        _sink(growth, at, size)
        _rise(growth, where[heap[at]])


@njit(cache=True)
def include(graph: Hypergraph, growth: Growth, neuron: int) -> None:
    """Take a neuron into the cluster: all free neurons on its nets come closer."""
    growth.taken[neuron] = True
    if growth.where[neuron] >= 0:
        _remove(growth, growth.where[neuron])
    for i in range(graph.pin_ptr[neuron], graph.pin_ptr[neuron + 1]):
        net = graph.net[i]
        if growth.touched[net] == growth.head[1]:
            continue
        growth.touched[net] = growth.head[1]
        for k in range(graph.net_ptr[net], graph.net_ptr[net + 1]):
            other = graph.pin[k]
            if growth.taken[other]:
                continue
            growth.affinity[other] += graph.weight[net]
            if growth.where[other] < 0:
                growth.where[other] = growth.head[0]
                growth.heap[growth.head[0]] = other
                growth.head[0] += 1
            _rise(growth, growth.where[other])


@njit(cache=True)
def grow(graph: Hypergraph, growth: Growth, order: Ints, count: int, most: int) -> int:
    """Append to ``order`` the free neurons of highest affinity up to ``most``; returns how many there are then."""
    while count < most:
        if growth.head[0] > 0:
            neuron = growth.heap[0]
        else:
            while growth.head[2] < len(growth.taken) and growth.taken[growth.head[2]]:
                growth.head[2] += 1
            if growth.head[2] == len(growth.taken):
                break
            neuron = growth.head[2]
        include(graph, growth, neuron)
        order[count] = neuron
        count += 1
    return count


@njit(cache=True)
def close(growth: Growth, order: Ints, kept: int, count: int) -> None:
    """End a cluster with the first ``kept`` of ``count`` neurons of ``order``; the others are free again."""
    for k in range(growth.head[0]):
        growth.affinity[growth.heap[k]] = 0.0
        growth.where[growth.heap[k]] = -1
    growth.head[0] = 0
    growth.head[1] += 1
    for k in range(count):
        growth.affinity[order[k]] = 0.0
        if k >= kept:
            growth.taken[order[k]] = False
            growth.head[2] = min(growth.head[2], order[k])


# ---- joining -------------------------------------------------------------------------------------------------


@njit(cache=True)
def pair(graph: Hypergraph, group: Ints, biggest: int, longest: int, order: Ints) -> Ints:
    """Return the partner of every node, itself if none: the free one with which it shares most, int64[n].

    Nodes share weight / (pins - 1) of each net (the heavy edge rating of hypergraph partitioners); nets of more than
    ``longest`` pins do not count. Partners have one ``group`` and together at most ``biggest`` neurons.
    """
    n = len(order)
    partner, rating, seen = np.full(n, -1, dtype=np.int64), np.zeros(n), np.zeros(n, dtype=np.int64)
    for node in order:
        if partner[node] >= 0:
            continue
        count = 0
        for i in range(graph.pin_ptr[node], graph.pin_ptr[node + 1]):
            net = graph.net[i]
            first, end = graph.net_ptr[net], graph.net_ptr[net + 1]
            if end - first < 2 or end - first > longest:
                continue
            share = graph.weight[net] / (end - first - 1)
            for k in range(first, end):
                other = graph.pin[k]
                if partner[other] >= 0 or other == node:
                    continue
                if rating[other] == 0.0:
                    seen[count] = other
                    count += 1
                rating[other] += share + _TRACE
        best, most = node, 0.0
        for k in range(count):
            other = seen[k]
            value = rating[other] / graph.size[other]
            rating[other] = 0.0
            fits = graph.size[other] + graph.size[node] <= biggest and group[other] == group[node]
            if fits and (value > most or (value == most and other < best)):
                best, most = other, value
        partner[node], partner[best] = best, node
    return partner


# ---- moving --------------------------------------------------------------------------------------------------


class Spread(NamedTuple):
    """Over which clusters each net is spread: for net e the first ``length[e]`` entries from ``ptr[e]`` on.

    ``cluster`` and ``pins`` int64: number of its pins in that cluster.
    """

    ptr: Ints
    length: Ints
    cluster: Ints
    pins: Ints


class Loads(NamedTuple):
    """What clusters hold, int64[3, clusters]: neurons, pins (synapses, about) and nets (axons, about), and the most."""

    held: Ints
    most: Ints


@njit(cache=True)
def _find(spread: Spread, net: int, cluster: int) -> int:
    first = spread.ptr[net]
    for i in range(first, first + spread.length[net]):
        if spread.cluster[i] == cluster:
            return i
    return -1


@njit(cache=True)
def _put(spread: Spread, loads: Loads, net: int, axons: int, cluster: int) -> None:
    at = _find(spread, net, cluster)
    if at < 0:
        at = spread.ptr[net] + spread.length[net]
        spread.length[net] += 1
        spread.cluster[at], spread.pins[at] = cluster, 0
        loads.held[2, cluster] += axons
    spread.pins[at] += 1


@njit(cache=True)
def _take(spread: Spread, loads: Loads, net: int, axons: int, cluster: int) -> None:
    at = _find(spread, net, cluster)
    spread.pins[at] -= 1
    if spread.pins[at] == 0:
        spread.length[net] -= 1
        last = spread.ptr[net] + spread.length[net]
        spread.cluster[at], spread.pins[at] = spread.cluster[last], spread.pins[last]
        loads.held[2, cluster] -= axons


@njit(cache=True)
def spread_out(graph: Hypergraph, cluster_of: Ints, spread: Spread, loads: Loads) -> None:
    """Count the pins of every net in every cluster, and what clusters hold; all start at zero."""
    for neuron in range(len(cluster_of)):
        cluster = cluster_of[neuron]
        loads.held[0, cluster] += graph.size[neuron]
        loads.held[1, cluster] += graph.load[neuron]
        for i in range(graph.pin_ptr[neuron], graph.pin_ptr[neuron + 1]):
            _put(spread, loads, graph.net[i], graph.axons[graph.net[i]], cluster)


@njit(cache=True)
def _move(graph: Hypergraph, cluster_of: Ints, spread: Spread, loads: Loads, neuron: int, goal: int) -> None:
    start = cluster_of[neuron]
    for i in range(graph.pin_ptr[neuron], graph.pin_ptr[neuron + 1]):
        axons = graph.axons[graph.net[i]]
        _take(spread, loads, graph.net[i], axons, start)
        _put(spread, loads, graph.net[i], axons, goal)
    loads.held[0, start] -= graph.size[neuron]
    loads.held[0, goal] += graph.size[neuron]
    loads.held[1, start] -= graph.load[neuron]
    loads.held[1, goal] += graph.load[neuron]
    cluster_of[neuron] = goal


@njit(cache=True)
def _gain(graph: Hypergraph, cluster_of: Ints, spread: Spread, neuron: int, goal: int) -> float:
    """Return the packets saved by a move."""
    gain = 0.0
    for i in range(graph.pin_ptr[neuron], graph.pin_ptr[neuron + 1]):
        net = graph.net[i]
        if spread.pins[_find(spread, net, cluster_of[neuron])] == 1:
            gain += graph.weight[net]
        if _find(spread, net, goal) < 0:
            gain -= graph.weight[net]
    return gain


@njit(cache=True)
def _fits(loads: Loads, cluster: int) -> bool:
    held, most = loads.held[:, cluster], loads.most[:, cluster]
    return bool(held[0] <= most[0] and held[1] <= most[1] and held[2] <= most[2])


@njit(cache=True)
def _try(graph: Hypergraph, cluster_of: Ints, spread: Spread, loads: Loads, neuron: int, goal: int) -> bool:
    """Move a neuron, and back if the goal is then overfull."""
    start = cluster_of[neuron]
    if loads.held[0, goal] + graph.size[neuron] > loads.most[0, goal]:
        return False
    _move(graph, cluster_of, spread, loads, neuron, goal)
    if _fits(loads, goal):
        return True
    _move(graph, cluster_of, spread, loads, neuron, start)
    return False


@njit(cache=True)
def _exchange(
    graph: Hypergraph, cluster_of: Ints, spread: Spread, loads: Loads, one: int, other: int, gain: float
) -> float:
    """Exchange two neurons of different clusters if that saves packets and both fit; returns what it saves.

    ``gain`` is what moving the first saves.
    """
    a, b = cluster_of[one], cluster_of[other]
    _move(graph, cluster_of, spread, loads, one, b)
    gain += _gain(graph, cluster_of, spread, other, a)
    if gain > _LEAST:
        _move(graph, cluster_of, spread, loads, other, a)
        if _fits(loads, a) and _fits(loads, b):
            return gain
        _move(graph, cluster_of, spread, loads, other, b)
    _move(graph, cluster_of, spread, loads, one, a)
    return 0.0


@njit(cache=True)
def _survey(graph: Hypergraph, spread: Spread, neuron: int, own: int, near: Floats, found: Ints) -> tuple[int, float]:
    """Look where the nets of a neuron are.

    Adds to ``near`` float64[clusters] the spikes of the nets that other clusters have, lists those clusters in
    ``found``, and returns their number and what every move of the neuron gains before that.
    """
    count, base = 0, 0.0
    for i in range(graph.pin_ptr[neuron], graph.pin_ptr[neuron + 1]):
        net = graph.net[i]
        weight = graph.weight[net]
        base -= weight
        for k in range(spread.ptr[net], spread.ptr[net] + spread.length[net]):
            cluster = spread.cluster[k]
            if cluster == own:
                base += weight if spread.pins[k] == 1 else 0.0
                continue
            if near[cluster] == 0.0:
                found[count] = cluster
                count += 1
            near[cluster] += weight + _TRACE
    return count, base


@njit(cache=True)
def improve(
    graph: Hypergraph, cluster_of: Ints, spread: Spread, loads: Loads, order: Ints, waiting: Ints, wish: Ints
) -> float:
    """Go once through the neurons of ``order`` and move each where it saves most packets; returns what that saves.

    Where the best cluster is full the neuron waits for one that wants to go the opposite way: ``waiting``
    int64[slots] holds one neuron per pair of clusters (hashed), ``wish`` int64[n] where a waiting neuron wants to go.
    """
    clusters = loads.held.shape[1]
    near, found = np.zeros(clusters), np.zeros(clusters, dtype=np.int64)
    saved = 0.0
    for neuron in order:
        own = cluster_of[neuron]
        count, base = _survey(graph, spread, neuron, own, near, found)
        open_goal, open_gain, goal, gain = -1, _LEAST, -1, _LEAST
        for k in range(count):
            this = base + near[found[k]]
            near[found[k]] = 0.0
            if this > gain:
                goal, gain = found[k], this
            if this > open_gain and loads.held[0, found[k]] + graph.size[neuron] <= loads.most[0, found[k]]:
                open_goal, open_gain = found[k], this
        if goal < 0:
            continue
        if goal != open_goal:
            slot = (goal * clusters + own) % len(waiting)
            other = waiting[slot]
            if other >= 0 and cluster_of[other] == goal and wish[other] == own:
                both = _exchange(graph, cluster_of, spread, loads, neuron, other, gain)
                if both > 0:
                    waiting[slot] = -1
                    saved += both
                    continue
            waiting[(own * clusters + goal) % len(waiting)] = neuron
            wish[neuron] = goal
        if open_goal >= 0 and _try(graph, cluster_of, spread, loads, neuron, open_goal):
            saved += open_gain
    return saved
