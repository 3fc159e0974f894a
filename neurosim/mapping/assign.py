"""Running a mapper by name, and refusing what it must not return."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping.check_problem import refuse_contradictions
from neurosim.mapping.compose import called, whole_numbers
from neurosim.mapping.place.problem import placement_of
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.registry import mapper
from neurosim.mapping.watch import Watch


def assign(name: str, problem: MappingProblem, seed: int, watch: Watch | None = None) -> NDArray[np.int32]:
    """Return the core of every neuron, int32[n], by the mapper of that name.

    Raises NeurosimError for a problem that contradicts itself, for a mapper that fails, and for a result of wrong
    shape, outside the chip, on a core that is not free, away from fixed cores, over dead links or (CapacityError) with
    more entries than a table of the whole chip has. Capacities of single cores are checked when the program is loaded.
    """
    function, who = mapper(name), f"mapper '{name}'"
    refuse_contradictions(problem)
    if problem.n_neurons == 0:
        return np.zeros(0, dtype=np.int32)
    core_of = whole_numbers(who, called(who, function, problem, seed, watch), problem.n_neurons)
    _check_cores(who, problem, core_of)
    _check_links(who, problem, core_of)
    limit = problem.whole(core_of.astype(np.int32)) if problem.whole else None
    if limit is not None:
        raise CapacityError(problem.chip, limit.limit, limit.needed, limit.available, f"the chip, by {who}")
    return core_of.astype(np.int32)


def _check_cores(who: str, problem: MappingProblem, core_of: NDArray[np.int64]) -> None:
    outside = core_of[(core_of < 0) | (core_of >= problem.n_cores)]
    if len(outside):
        raise NeurosimError(f"{who} names core {outside[0]}, {problem.chip} has 0..{problem.n_cores - 1}")
    kept = problem.unusable.intersection(np.unique(core_of).tolist())
    if kept:
        raise NeurosimError(f"{who} uses core {min(kept)}, which {problem.chip} does not have free")
    for neuron, core in sorted(problem.fixed.items()):
        if core_of[neuron] != core:
            raise NeurosimError(f"{who} put neuron {neuron}, fixed to core {core}, on core {core_of[neuron]}")


def _check_links(who: str, problem: MappingProblem, core_of: NDArray[np.int64]) -> None:
    if not problem.dead_links:
        return
    cores, cluster_of = np.unique(core_of, return_inverse=True)
    bad = placement_of(problem, cluster_of.ravel(), who).cut_off(cores)
    if bad:
        raise NeurosimError(f"{who} sends over dead links on {bad} ways")
