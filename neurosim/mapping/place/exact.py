"""Exact placement of small cases: CP-SAT (ortools) finds the least hop-weighted traffic and proves it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.mapping.exact import Solution
from neurosim.mapping.extras import extra
from neurosim.mapping.geometry import dead_on_way, distances
from neurosim.mapping.partition.blocks import whole_weights
from neurosim.mapping.place.annealing import annealing
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_MOST = 16  # clusters
_CORES = 128
_TIME = 60.0  # seconds, unless a time limit says otherwise


def exact(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Return the placement of least hop-weighted traffic, or the best known if time is up.

    Raises NeurosimError for problems that are not small or that dead links make impossible.
    """
    return solve(problem, seed=seed, watch=watch).choice


def solve(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Solution:
    """Solve the placement; ``choice`` is the core of every cluster and ``cost`` as in ``PlacementProblem.cost``."""
    if problem.n_clusters > _MOST or len(problem.cores) > _CORES:
        raise NeurosimError(
            f"placer 'exact': {problem.n_clusters} clusters on {len(problem.cores)} cores, at most {_MOST} on {_CORES}"
            " can be proved"
        )
    watch = watch or Watch()
    search = _Search(problem, extra("exact", "ortools.sat.python.cp_model"))
    return search.solved(seed, watch, annealing(problem, seed=seed, watch=watch))


class _Search:
    """The model: one core per cluster, its column and row, and the two distances of every pair that talks."""

    def __init__(self, problem: PlacementProblem, cp: Any) -> None:
        self._problem, self._cp, self._model = problem, cp, cp.CpModel()
        self._tile = problem.cores // problem.cores_per_tile
        n, m = problem.n_clusters, len(problem.cores)
        self._on = [[self._model.new_bool_var(f"k{k}c{c}") for c in range(m)] for k in range(n)]
        for row in self._on:
            self._model.add_exactly_one(row)
        for c in range(m):
            self._model.add_at_most_one([row[c] for row in self._on])
        for k in np.flatnonzero(problem.fixed >= 0).tolist():
            self._model.add(self._on[k][int(np.searchsorted(problem.cores, problem.fixed[k]))] == 1)
        spikes = np.concatenate([problem.spikes, np.maximum(problem.entering, 0).ravel()])
        whole = np.where(spikes > 0, whole_weights(spikes), 0)
        self._unit = float(spikes.sum() / max(whole.sum(), 1)) or 1.0
        self._pair = whole[: len(problem.spikes)]
        self._entering = whole[len(problem.spikes) :].reshape(problem.entering.shape)
        self._avoid_dead_links()
        self._model.minimize(sum(self._costs()))

    def _costs(self) -> list[Any]:
        problem, hub = self._problem, self._problem.ways.hub
        single = np.zeros((problem.n_clusters, len(self._tile)), dtype=np.int64)
        for port, spikes in zip(problem.ports, self._entering, strict=True):
            single += spikes[:, None] * distances(problem.ways, port, self._tile)[None, :]
        terms = []
        if hub >= 0:  # each end of a way has its own part of it
            to_hub = distances(problem.ways._replace(hub=-1), hub, self._tile)
            for end in (problem.source, problem.target):
                np.add.at(single, end, self._pair[:, None] * to_hub[None, :])
        else:
            terms = self._pair_costs()
        own = [sum(int(w) * on for w, on in zip(s, o, strict=True)) for s, o in zip(single, self._on, strict=True)]
        return terms + own

    def _pair_costs(self) -> list[Any]:
        model, ways, terms = self._model, self._problem.ways, []
        lines = [
            [sum(int(at[t]) * on for t, on in zip(self._tile, row, strict=True)) for row in self._on]
            for at in (ways.x, ways.y)
        ]
        flows: dict[tuple[int, int], int] = {}
        for a, b, weight in zip(self._problem.source.tolist(), self._problem.target.tolist(), self._pair, strict=True):
            pair = (min(a, b), max(a, b))
            flows[pair] = flows.get(pair, 0) + int(weight)
        for (a, b), weight in flows.items():
            for axis, line in zip("xy", lines, strict=True):
                far = model.new_int_var(0, self._problem.columns + self._problem.rows, f"{axis}{a}_{b}")
                model.add(far >= line[a] - line[b])
                model.add(far >= line[b] - line[a])
                terms.append(weight * far)
        return terms

    def _avoid_dead_links(self) -> None:
        problem, tile = self._problem, self._tile
        if not problem.ways.broken:
            return
        bad = dead_on_way(problem.ways, tile[:, None], tile[None, :]) > 0
        for a, b in zip(problem.source.tolist(), problem.target.tolist(), strict=True):
            for p, q in np.argwhere(bad).tolist():
                self._model.add_bool_or([self._on[a][p].negated(), self._on[b][q].negated()])
        for port, spikes in zip(problem.ports, problem.entering, strict=True):
            for k in np.flatnonzero(spikes >= 0).tolist():
                for c in np.flatnonzero(dead_on_way(problem.ways, port, tile)).tolist():
                    self._model.add(self._on[k][c] == 0)

    def solved(self, seed: int, watch: Watch, hint: Ints) -> Solution:
        """Return the best placement; raises NeurosimError when there is none."""
        cp, problem = self._cp, self._problem
        for row, core in zip(self._on, hint.tolist(), strict=True):
            for on, other in zip(row, problem.cores.tolist(), strict=True):
                self._model.add_hint(on, core == other)
        solver = cp.CpSolver()
        solver.parameters.num_workers, solver.parameters.random_seed = 1, seed
        solver.parameters.max_time_in_seconds = max(min(_TIME, watch.left), 0.1)
        status = solver.solve(self._model)
        if status == cp.INFEASIBLE:
            raise NeurosimError(f"{problem.chip}: no placement exists within its dead links and fixed neurons")
        if status not in (cp.OPTIMAL, cp.FEASIBLE):
            return Solution(hint, problem.cost(hint), 0.0, False)
        places = np.array([problem.cores[[solver.value(on) for on in row].index(1)] for row in self._on])
        return Solution(places, problem.cost(places), solver.best_objective_bound * self._unit, status == cp.OPTIMAL)
