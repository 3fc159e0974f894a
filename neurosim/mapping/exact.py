"""Exact mapping of small cases: CP-SAT (ortools) finds the least hop-weighted traffic and proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping.extras import extra
from neurosim.mapping.geometry import dead_on_way, distances
from neurosim.mapping.partition.blocks import whole_weights
from neurosim.mapping.partition.settle import members
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NAME = "exact"
_NEURONS, _CORES = 24, 64
_TIME = 60.0  # seconds, unless a time limit says otherwise


@dataclass(frozen=True, eq=False)
class Solution:
    """What the solver found: ``choice`` int64[n], its cost, the lower bound that is proved, and whether they are one.

    Costs are in the units of the problem; the bound is exact when spikes are whole numbers.
    """

    choice: Ints
    cost: float
    bound: float
    proved: bool


def exact(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Return the cores of least hop-weighted traffic, partition and placement at once; the best known if time is up.

    Raises NeurosimError for problems that are not small.
    """
    return solve(problem, seed=seed, watch=watch).choice.astype(np.int32)


def solve(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> Solution:
    """Solve partition and placement together; ``choice`` is the core of every neuron.

    Costs are those of ``PlacementProblem.cost``: spikes x links, ports included.
    """
    cores = problem.usable
    refuse_large(_NAME, problem.n_neurons, len(cores))
    tile = cores // problem.cores_per_tile
    way = distances(problem.ways, tile[:, None], tile[None, :])
    dead = dead_on_way(problem.ways, tile[:, None], tile[None, :]) > 0
    ports = np.array(problem.ports, dtype=np.int64)
    entry = distances(problem.ways, ports[:, None], tile[None, :])
    blocked = dead_on_way(problem.ways, ports[:, None], tile[None, :]) > 0
    fixed = {neuron: int(np.searchsorted(cores, core)) for neuron, core in problem.fixed.items()}
    found = Assignment(problem, way, dead, entry, blocked, fixed).solved(seed, watch or Watch())
    return Solution(cores[found.choice], found.cost, found.bound, found.proved)


def refuse_large(mapper: str, neurons: int, cores: int) -> None:
    """Raise NeurosimError for problems that the solver would never finish."""
    if neurons > _NEURONS or cores > _CORES:
        raise NeurosimError(
            f"mapper '{mapper}': {neurons} neurons on {cores} cores, at most {_NEURONS} on {_CORES} can be proved"
        )


class Assignment:
    """Neurons to bins at least cost: spikes x ``way`` int64[bins, bins], once per net and bin that it reaches.

    ``dead`` bool[bins, bins] pairs that no net may join; ``entry`` and ``blocked`` the same from ports, [ports, bins];
    ``fixed`` gives the bin of some neurons. Limits of the core are asked for every bin of a solution; neurons that do
    not fit together are excluded, as few as cannot, and the search goes on.
    """

    def __init__(
        self,
        problem: MappingProblem,
        way: Ints,
        dead: NDArray[np.bool_],
        entry: Ints,
        blocked: NDArray[np.bool_],
        fixed: dict[int, int],
    ) -> None:
        self._problem, self._bins = problem, way.shape[0]
        self._cp = extra(_NAME, "ortools.sat.python.cp_model")
        self._weight = whole_weights(problem.spikes)
        positive = problem.spikes > 0
        self._weight = np.where(positive, self._weight, 0)
        self._unit = float(problem.spikes.sum() / max(self._weight.sum(), 1)) or 1.0
        self._model = self._cp.CpModel()
        self._on = [
            [self._model.new_bool_var(f"n{v}b{b}") for b in range(self._bins)] for v in range(problem.n_neurons)
        ]
        for row in self._on:
            self._model.add_exactly_one(row)
        for v, b in fixed.items():
            self._model.add(self._on[v][b] == 1)
        self._model.minimize(sum(self._net(k, way, dead, entry, blocked) for k in range(problem.nets.n)))

    def _net(self, k: int, way: Ints, dead: NDArray[np.bool_], entry: Ints, blocked: NDArray[np.bool_]) -> Any:
        """Return the cost of one net: from the bin of its source, or from its port, to every bin that it reaches."""
        nets, model, on = self._problem.nets, self._model, self._on
        targets = np.unique(nets.target[nets.ptr[k] : nets.ptr[k + 1]]).tolist()
        source, weight = int(nets.source[k]), int(self._weight[k])
        reached = [model.new_bool_var(f"e{k}b{b}") for b in range(self._bins)]
        for b in range(self._bins):
            model.add_max_equality(reached[b], [on[v][b] for v in targets])
        if source < nets.n_inputs:
            if not len(entry):
                return 0
            port = source % len(entry)
            for b in np.flatnonzero(blocked[port]).tolist():
                model.add(reached[b] == 0)
            return sum(weight * int(entry[port, b]) * reached[b] for b in range(self._bins))
        start, terms = source - nets.n_inputs, []
        for b in range(self._bins):
            far = int(way[:, b].max())
            length = model.new_int_var(0, far, f"l{k}b{b}")
            sent = sum(int(way[a, b]) * on[start][a] for a in range(self._bins))
            model.add(length >= sent - far * (1 - reached[b]))
            terms.append(weight * length)
            for a in np.flatnonzero(dead[:, b]).tolist():
                model.add_bool_or([on[start][a].negated(), reached[b].negated()])
        return sum(terms)

    def solved(self, seed: int, watch: Watch) -> Solution:
        """Return the best legal assignment; raises CapacityError when there is none, NeurosimError when time is up."""
        solver = self._cp.CpSolver()
        solver.parameters.num_workers, solver.parameters.random_seed = 1, seed
        excluded = False
        end = Watch(min(_TIME, watch.left))
        while True:
            solver.parameters.max_time_in_seconds = max(end.left, 0.1)
            status = solver.solve(self._model)
            if status == self._cp.INFEASIBLE:
                why = "the limits of its cores" if excluded else "its dead links and fixed neurons"
                raise NeurosimError(f"{self._problem.chip}: no mapping exists within {why} ({self._bins} cores)")
            if status not in (self._cp.OPTIMAL, self._cp.FEASIBLE):
                raise NeurosimError(f"mapper '{_NAME}': no legal mapping found in time")
            choice = np.array([next(b for b in range(self._bins) if solver.value(row[b])) for row in self._on])
            if self._exclude(choice):
                excluded = True
                continue
            cost, bound = solver.objective_value * self._unit, solver.best_objective_bound * self._unit
            return Solution(choice, cost, bound, status == self._cp.OPTIMAL)

    def _exclude(self, choice: Ints) -> bool:
        """Exclude what does not fit on a core in a solution; returns whether anything was excluded."""
        problem, nets = self._problem, self._problem.nets
        least = nets.sends(np.zeros(problem.n_neurons, dtype=np.int32))
        sends, found = nets.sends(choice.astype(np.int32)), False
        for group in members(choice.astype(np.int32)):
            if problem.excess(group, sends[group]) is None:
                continue
            found = True
            if problem.excess(group, least[group]) is None:  # only the destinations of this very solution are too many
                self._model.add_bool_or([self._on[v][b].negated() for v, b in enumerate(choice.tolist())])
                continue
            few = smallest(group, lambda rows: problem.excess(rows, least[rows]) is not None)
            if len(few) == 1:
                limit = problem.excess(few, least[few])
                assert limit is not None
                where = f"a core with neuron {few[0]} alone"
                raise CapacityError(problem.chip, limit.limit, limit.needed, limit.available, where)
            for b in range(self._bins):
                self._model.add_bool_or([self._on[v][b].negated() for v in few.tolist()])
        return found


def smallest(rows: Ints, bad: Callable[[Ints], bool]) -> Ints:
    """Return rows that are bad together and of which none can be spared."""
    for row in rows.tolist():
        fewer = rows[rows != row]
        if len(fewer) and bad(fewer):
            rows = fewer
    return rows
