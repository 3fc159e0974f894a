"""Mappers by name, found through the entry-point group ``neurosim.mappers``."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError, unknown
from neurosim.mapping.place.hilbert import hilbert
from neurosim.mapping.place.row_major import sequential
from neurosim.mapping.place.snake import snake
from neurosim.mapping.problem import MappingProblem

Mapper = Callable[..., NDArray[np.int32]]

_OWN: dict[str, Mapper] = {"sequential": sequential, "snake": snake, "hilbert": hilbert}


def mapper_names() -> list[str]:
    """Return the names of all mappers, the project's own and installed ones."""
    return sorted(_OWN.keys() | {point.name for point in entry_points(group="neurosim.mappers")})


def mapper(name: str) -> Mapper:
    """Return the mapper of that name: ``mapper(problem, *, seed=0) -> core of every neuron, int32[n]``."""
    if name in _OWN:
        return _OWN[name]
    for point in entry_points(group="neurosim.mappers"):
        if point.name == name:
            return cast(Mapper, point.load())
    raise unknown("mapper", name, mapper_names())


def assign(name: str, problem: MappingProblem, seed: int) -> NDArray[np.int32]:
    """Run a mapper and check the shape and range of what it returns; raises NeurosimError."""
    core_of = np.asarray(mapper(name)(problem, seed=seed))
    if core_of.shape != (problem.n_neurons,) or core_of.dtype.kind not in "iu":
        raise NeurosimError(
            f"mapper '{name}' returned {core_of.dtype}{list(core_of.shape)}, needs int32[{problem.n_neurons}]"
        )
    outside = core_of[(core_of < 0) | (core_of >= problem.n_cores)]
    if len(outside):
        raise NeurosimError(f"mapper '{name}' names core {outside[0]}, {problem.chip} has 0..{problem.n_cores - 1}")
    kept = problem.unusable.intersection(np.unique(core_of).tolist())
    if kept:
        raise NeurosimError(f"mapper '{name}' uses core {min(kept)}, which {problem.chip} does not have free")
    return core_of.astype(np.int32)
