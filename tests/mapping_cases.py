"""Small mapping problems on a core kind of their own, and what must hold of every mapping, reckoned by hand."""

import itertools

import numpy as np

from neurosim.mapping import MappingProblem, Nets, Usage


class Room:
    """A core with room for some neurons and for the axons that reach them."""

    def __init__(self, nets, neurons, axons):
        self.nets, self.limits = nets, {"neurons": neurons, "axons": axons}
        self.neurons, self.axons = 0, set()

    def add(self, neuron, sends=0):
        axons = self.axons | set(self.nets.reaching(neuron).tolist())
        for limit, needed in {"neurons": self.neurons + 1, "axons": len(axons)}.items():
            if needed > self.limits[limit]:
                return Usage(limit, -1, needed, self.limits[limit])
        self.neurons, self.axons = self.neurons + 1, axons
        return None


def nets_from(rows, n_inputs):
    """Build nets from (source, targets); sources count input lines first."""
    rows = [(source, sorted(targets)) for source, targets in rows if len(targets)]
    ptr = np.cumsum([0, *(len(targets) for _, targets in rows)])
    target = np.array([t for _, targets in rows for t in targets], dtype=np.int64)
    source = np.array([source for source, _ in rows], dtype=np.int64)
    return Nets(np.zeros(len(rows), np.int32), source, ptr.astype(np.int64), target, np.arange(len(target)), n_inputs)


def problem_from(rows, n, shape=(3, 3, 1), n_inputs=1, neurons=3, axons=100, **more):
    nets = nets_from(rows, n_inputs)
    more = {"ports": (0,), **more}
    return MappingProblem("chip", n, nets, *shape, lambda: Room(nets, neurons, axons), **more)


def random_rows(rng, n, n_inputs=1, density=0.3):
    return [(s, np.flatnonzero(rng.random(n) < density).tolist()) for s in range(n_inputs + n)]


def tile_of(problem, core):
    return int(core) // problem.cores_per_tile


def route(problem, start, end):
    """Walk from tile to tile, first along the row, then along the column; returns the links (from, to)."""
    x, y = start % problem.columns, start // problem.columns
    u, v = end % problem.columns, end // problem.columns
    tiles = [(x, y)]
    while tiles[-1] != (u, v):
        a, b = tiles[-1]
        tiles.append((a + np.sign(u - a), b) if a != u else (a, b + np.sign(v - b)))
    numbers = [int(b) * problem.columns + int(a) for a, b in tiles]
    return list(itertools.pairwise(numbers))


def ways(problem, core_of):
    """Return (start tile, end tile, spikes) of every packet: from the port or the source's core to each other core."""
    found = []
    for k in range(problem.nets.n):
        source = int(problem.nets.source[k])
        cores = {int(core_of[t]) for t in problem.nets.target[problem.nets.ptr[k] : problem.nets.ptr[k + 1]]}
        spikes = 1.0 if problem.rates is None else float(problem.rates[source])
        if source < problem.nets.n_inputs:
            start = problem.ports[source % len(problem.ports)]
        else:
            own = int(core_of[source - problem.nets.n_inputs])
            cores -= {own}
            start = tile_of(problem, own)
        found += [(start, tile_of(problem, core), spikes) for core in cores]
    return found


def traffic(problem, core_of):
    """Return spikes x links, walked one by one."""
    return sum(spikes * len(route(problem, a, b)) for a, b, spikes in ways(problem, core_of))


def check(problem, core_of):
    """Assert everything that a mapping must keep."""
    assert core_of.shape == (problem.n_neurons,)
    for core in set(core_of.tolist()):
        assert 0 <= core < problem.n_cores
        assert core not in problem.unusable
        room = problem.new_core()
        here = np.flatnonzero(core_of == core)
        axons = {int(k) for k in range(problem.nets.n) if np.isin(targets_of(problem, k), here).any()}
        assert len(here) <= room.limits["neurons"]
        assert len(axons) <= room.limits["axons"]
    for neuron, core in problem.fixed.items():
        assert core_of[neuron] == core
    for a, b, _ in ways(problem, core_of):
        assert not set(route(problem, a, b)) & problem.dead_links


def targets_of(problem, k):
    return problem.nets.target[problem.nets.ptr[k] : problem.nets.ptr[k + 1]]
