"""Exact partition of small cases: CP-SAT finds the fewest packets between cores and proves it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.exact import Assignment, Solution, refuse_large
from neurosim.mapping.hypergraph import packets
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch


def exact(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Return clusters of fewest packets, on as many cores as there are; the best known if time is up.

    Raises NeurosimError for problems that are not small.
    """
    return solve(problem, seed=seed, watch=watch).choice.astype(np.int32)


def solve(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> Solution:
    """Solve the partition; ``choice`` is the cluster of every neuron and ``cost`` the packets, inputs included."""
    bins = min(problem.n_usable, problem.n_neurons)
    refuse_large("exact", problem.n_neurons, bins)
    way = 1 - np.eye(bins, dtype=np.int64)
    ports = len(problem.ports) or 1
    free = np.zeros((bins, bins), dtype=np.bool_)
    entry, open_to_all = np.ones((ports, bins), dtype=np.int64), np.zeros((ports, bins), dtype=np.bool_)
    found = Assignment(problem, way, free, entry, open_to_all, problem.pins).solved(seed, watch or Watch())
    return Solution(found.choice, packets(problem, found.choice.astype(np.int32)), found.bound, found.proved)
