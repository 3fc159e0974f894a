"""Mappers by name: the project's own, installed ones (entry points), and functions in a file of anybody's.

There are three kinds, each one function ``f(problem, *, seed=0, watch=None)`` that returns whole numbers:

* a partitioner (group ``neurosim.partitioners``) gets a MappingProblem and returns the cluster of every neuron;
* a placer (``neurosim.placers``) gets a PlacementProblem and returns the core of every cluster;
* a mapper (``neurosim.mappers``) gets a MappingProblem and returns the core of every neuron.

``watch`` may be left out of the signature. "PARTITIONER+PLACER" composes two; "FILE.py:FUNCTION" stands for a name.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Literal, cast

from neurosim.errors import FileError, unknown
from neurosim.mapping.compose import Function, composed

Kind = Literal["partitioner", "placer", "mapper"]

DEFAULT = "refined+annealing"
_PLACER, _PARTITIONER = "annealing", "sequential"  # what a bare partitioner or placer is joined with
_PART, _PLACE = "neurosim.mapping.partition", "neurosim.mapping.place"

OWN: dict[Kind, dict[str, str]] = {
    "partitioner": {
        "sequential": f"{_PART}.sequential:sequential",
        "random": f"{_PART}.random:random",
        "greedy": f"{_PART}.greedy:greedy",
        "multilevel": f"{_PART}.multilevel:multilevel",
        "refined": f"{_PART}.refine:refined",
        "spectral": f"{_PART}.spectral:spectral",
        "metis": f"{_PART}.metis:metis",
        "hypergraph": f"{_PART}.connectivity:hypergraph",
        "exact": f"{_PART}.exact:exact",
    },
    "placer": {
        "row-major": f"{_PLACE}.row_major:row_major",
        "snake": f"{_PLACE}.snake:snake",
        "hilbert": f"{_PLACE}.hilbert:hilbert",
        "random": f"{_PLACE}.random:random",
        "greedy": f"{_PLACE}.greedy:greedy",
        "annealing": f"{_PLACE}.annealing:annealing",
        "swarm": f"{_PLACE}.swarm:swarm",
        "force": f"{_PLACE}.force:force",
        "spectral": f"{_PLACE}.spectral:spectral",
        "assignment": f"{_PLACE}.assignment:assignment",
        "exact": f"{_PLACE}.exact:exact",
    },
    "mapper": {
        "mesh": "neurosim.mapping.mesh:mesh",
        "exact": "neurosim.mapping.exact:exact",
    },
}
_JOINED = {"default": DEFAULT, "sequential": "sequential+row-major"}


def names_of(kind: Kind) -> list[str]:
    """Return the names of all partitioners, placers or mappers that are not composed."""
    return sorted(OWN[kind].keys() | {point.name for point in _installed(kind)})


def _installed(kind: Kind) -> list[EntryPoint]:
    """Return the entry points of others: nobody takes a name of the project's own."""
    own = {name for names in OWN.values() for name in names}
    return [point for point in entry_points(group=f"neurosim.{kind}s") if point.name not in own]


def mapper_names() -> list[str]:
    """Return every bare name that ``mapper`` knows; any "PARTITIONER+PLACER" works besides."""
    return sorted({*_JOINED, *names_of("partitioner"), *names_of("placer"), *names_of("mapper")})


def full_name(name: str) -> str:
    """Return what a name stands for: "PARTITIONER+PLACER", or the name of a mapper that does both.

    A bare placer works on a sequential fill; a bare partitioner is placed by annealing, unless a placer has its name.
    """
    if name in _JOINED or "+" in name or _is_file(name) or name in names_of("mapper"):
        return _JOINED.get(name, name)
    part, place = name in names_of("partitioner"), name in names_of("placer")
    if part:
        return f"{name}+{name if place else _PLACER}"
    if place:
        return f"{_PARTITIONER}+{name}"
    raise unknown("mapper", name, mapper_names())


def mapper(name: str) -> Function:
    """Return the mapper of that name: ``mapper(problem, *, seed=0, watch=None) -> core of every neuron, int[n]``."""
    full = full_name(name)
    first, plus, second = full.partition("+")
    if not plus:
        return find("mapper", full)
    return composed(first, find("partitioner", first), second, find("placer", second))


def find(kind: Kind, name: str) -> Function:
    """Return a partitioner, placer or mapper by its name or file; raises NeurosimError with the nearest spelling."""
    if _is_file(name):
        return _from_file(name)
    if name in OWN[kind]:
        module, _, function = OWN[kind][name].partition(":")
        return cast(Function, getattr(import_module(module), function))
    for point in _installed(kind):
        if point.name == name:
            return cast(Function, point.load())
    raise unknown(kind, name, names_of(kind))


def _is_file(name: str) -> bool:
    return ".py:" in name


def _from_file(name: str) -> Function:
    path, _, function = name.rpartition(":")
    if not Path(path).is_file():
        raise FileError(path, "no such file")
    spec = spec_from_file_location(f"neurosim_mapper_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise FileError(path, "is no Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise FileError(path, f"{type(error).__name__}: {error}") from error
    found: Any = getattr(module, function, None)
    if not callable(found):
        public = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise FileError(path, str(unknown("function", function, public)))
    return cast(Function, found)
