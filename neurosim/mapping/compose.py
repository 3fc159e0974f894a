"""A partitioner and a placer put together, with what each returns checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.mapping.place.avoid import avoiding
from neurosim.mapping.place.problem import PlacementProblem, placement_of
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Function = Callable[..., Any]
Ints = NDArray[np.int64]

_PARTITION = 0.75  # of a time limit: the placer must have some time, too


def composed(partitioner: str, part: Function, placer: str, place: Function) -> Function:
    """Return the mapper that partitions, places the clusters and keeps their ways off dead links."""

    def both(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
        watch, who = watch or Watch(), f"partitioner '{partitioner}'"
        with watch.share(_PARTITION):
            clusters = whole_numbers(who, called(who, part, problem, seed, watch), problem.n_neurons)
        if clusters.min(initial=0) < 0:
            raise NeurosimError(f"{who} returned cluster {clusters.min()}, the first is 0")
        clusters = np.unique(clusters, return_inverse=True)[1].ravel()
        placement = placement_of(problem, clusters, partitioner)
        who = f"placer '{placer}'"
        places = whole_numbers(who, called(who, place, placement, seed, watch), placement.n_clusters)
        _check_places(who, placement, places)
        return avoiding(placement, places, seed)[clusters].astype(np.int32)

    return both


def called(who: str, function: Function, problem: Any, seed: int, watch: Watch | None) -> Any:
    """Call a partitioner, placer or mapper, with ``watch`` if it takes one.

    Raises NeurosimError that names it for any exception of its own.
    """
    known = inspect.signature(function).parameters
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
    more = {"watch": watch or Watch()} if takes_all or "watch" in known else {}
    try:
        return function(problem, seed=seed, **more)
    except NeurosimError:
        raise
    except Exception as error:
        raise NeurosimError(f"{who} failed: {type(error).__name__}: {error}") from error


def whole_numbers(who: str, values: Any, n: int) -> Ints:
    """Return what a function gave as int64[n]; raises NeurosimError that names it when it is anything else."""
    array = np.asarray(values)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise NeurosimError(f"{who} returned {array.dtype}{list(array.shape)}, needs int32[{n}]")
    return array.astype(np.int64)


def _check_places(who: str, problem: PlacementProblem, places: Ints) -> None:
    strange = np.setdiff1d(places, problem.cores)
    if len(strange):
        raise NeurosimError(f"{who} uses core {strange[0]}, which {problem.chip} does not have free")
    cores, count = np.unique(places, return_counts=True)
    if np.any(count > 1):
        raise NeurosimError(f"{who} put {count.max()} clusters on core {cores[count.argmax()]}")
    moved = np.flatnonzero((problem.fixed >= 0) & (places != problem.fixed))
    if len(moved):
        k = moved[0]
        raise NeurosimError(f"{who} put a cluster that is fixed to core {problem.fixed[k]} on core {places[k]}")
