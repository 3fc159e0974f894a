"""Model files: a folder with ``model.toml`` and its weights becomes a Network (models/README.md)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator, StringConstraints

from neurosim.document import Exact, Text, parse, validate, wrong_value
from neurosim.errors import FileError, NeurosimError, nearest
from neurosim.network.files import Arrays, FileName, Sha256, catalog, locate, read_arrays
from neurosim.network.network import Network, Population, Projection
from neurosim.network.neuron import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Join,
    Neuron,
    NoiseTarget,
    Reset,
    Source,
)
from neurosim.network.rule_table import RuleTable

Rule = Literal["membrane", "pulses"]
MODEL_FILE = "model.toml"


@dataclass(frozen=True, eq=False)
class Model:
    """A network with what its file says about it.

    ``readout`` is "membrane" or "pulses": the class is the output neuron with the largest one, ties go to the
    lowest index. ``digest`` is that of the network; ``path`` the model file; ``provenance`` holds summary,
    source, licence and the free-form table of training.
    """

    network: Network
    title: str
    readout: Rule
    digest: str
    path: Path
    provenance: Mapping[str, Any]


def load_network(name_or_path: str | Path) -> Network:
    """Return the network of a model: a name from the catalog, a folder, or the path of a ``model.toml``.

    Raises NeurosimError for an unknown name and FileError for anything wrong in the files.
    """
    return load_model(name_or_path).network


def load_model(name_or_path: str | Path) -> Model:
    """Return a model with its network, readout rule and provenance.

    Raises NeurosimError for an unknown name and FileError for anything wrong in the files.
    """
    path = locate("model", name_or_path, MODEL_FILE)
    document = validate(_Document, parse(path), path, _KINDS)
    stored = document.weights
    arrays = read_arrays(path, "weights", stored.file, stored.sha256) if stored is not None else {}
    network = _network(path, document, arrays)
    about = document.model
    provenance = {
        "summary": about.summary, "source": about.source, "licence": about.licence,
        "training": MappingProxyType(document.training),
    }  # fmt: skip
    rule = document.readout.rule
    return Model(network, about.title, rule, network.digest(), path, MappingProxyType(provenance))


def list_models() -> list[str]:
    """Return the names in the catalog of models, sorted."""
    return sorted(catalog(MODEL_FILE))


# ---- the format --------------------------------------------------------------------------------------------


def _parameter(value: Any) -> float | str:
    if isinstance(value, str):
        if re.fullmatch(r"@.+", value):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise wrong_value("must be a finite number or the name of an array as '@name'")


Parameter = Annotated[float | str, PlainValidator(_parameter)]


def _whole(value: Any) -> int | str:
    if isinstance(value, str):
        if re.fullmatch(r"@.+", value):
            return value
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise wrong_value("must be a whole number or the name of an array as '@name'")


Whole = Annotated[int | str, PlainValidator(_whole)]


class _About(Exact):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: Text
    summary: Text
    source: Text
    licence: Text


class _Weights(Exact):
    file: FileName
    sha256: Sha256


class _Population(Exact):
    name: Text
    size: Annotated[int, Field(ge=1)]
    neuron: str


class _Source(_Population):
    neuron: Literal["source"]


class _AddAndFire(_Population):
    neuron: Literal["add-and-fire"]
    threshold: Parameter


class _Accumulator(_Population):
    neuron: Literal["accumulator"]


class _LIF(_Population):
    neuron: Literal["lif"]
    decay: Parameter
    threshold: Parameter
    bias: Parameter = 0.0
    initial: Parameter = 0.0
    reset: Reset = "zero"


class _Compartment(Exact):
    decay_u: Whole
    decay_v: Whole
    threshold: Whole
    bias: Whole = 0
    refractory: Whole = 1
    initial: Whole = 0
    join: Join = "none"
    takes: Literal[1, 2] = 1
    spiking: bool = True
    noise_target: NoiseTarget = "none"
    noise_exponent: Whole = 0
    noise_offset: Whole = 0


class _Compartments(_Population):
    neuron: Literal["compartments"]
    compartment: Annotated[list[_Compartment], Field(min_length=1)]


_KINDS: dict[str, type[Neuron]] = {
    "source": Source, "add-and-fire": AddAndFire, "accumulator": Accumulator, "lif": LIF,
    "compartments": CompartmentNeuron,
}  # fmt: skip
_AnyPopulation = Annotated[_Source | _AddAndFire | _Accumulator | _LIF | _Compartments, Field(discriminator="neuron")]


class _Projection(Exact):
    source: Text
    target: Text
    weights: Whole
    delay: Annotated[int, Field(ge=0, le=2**15 - 1)] = 0
    pairs: Literal["all", "one-to-one"] = "all"
    exponent: int = 0
    port: Annotated[int, Field(ge=0)] = 0
    learning: RuleTable | None = None
    tags: int = 0
    modulates: bool = False


class _Readout(Exact):
    population: Text
    rule: Rule


class _Document(Exact):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    model: _About
    weights: _Weights | None = None
    population: Annotated[list[_AnyPopulation], Field(min_length=1)]
    projection: list[_Projection] = Field(default_factory=list)
    readout: _Readout
    training: dict[str, Any] = Field(default_factory=dict)


# ---- from the document to the network ----------------------------------------------------------------------


def _network(path: Path, document: _Document, arrays: Arrays) -> Network:
    sizes: dict[str, int] = {}
    for k, entry in enumerate(document.population):
        if entry.name in sizes:
            raise FileError(path, f"'{entry.name}' stands twice", f"population[{k}].name")
        sizes[entry.name] = entry.size
    populations = tuple(
        Population(p.name, p.size, _neuron(path, f"population[{k}]", p, arrays))
        for k, p in enumerate(document.population)
    )
    projections = tuple(
        _projection(path, f"projection[{k}]", p, sizes, arrays) for k, p in enumerate(document.projection)
    )
    _check_readout(path, document)
    try:
        return Network(document.model.name, populations, projections, (document.readout.population,))
    except NeurosimError as error:
        raise FileError(path, str(error)) from None


def _neuron(path: Path, place: str, population: _Population, arrays: Arrays) -> Neuron:
    if isinstance(population, _Compartments):
        parts = enumerate(population.compartment)
        return CompartmentNeuron(
            tuple(
                Compartment(**_values(path, f"{place}.compartment[{k}]", part.model_dump(), population.size, arrays))
                for k, part in parts
            )
        )
    given = population.model_dump(exclude={"name", "size", "neuron"})
    given = _values(path, place, given, population.size, arrays)
    if isinstance(population, _AddAndFire) and np.min(given["threshold"]) <= 0:
        raise FileError(path, f"found {np.min(given['threshold']):g}, must be above 0", f"{place}.threshold")
    return _KINDS[population.neuron](**given)


def _values(path: Path, place: str, given: dict[str, Any], size: int, arrays: Arrays) -> dict[str, Any]:
    """Return parameters with the arrays that they name in the place of the names."""
    return {
        key: _array(path, f"{place}.{key}", value, (size,), arrays, scalar=True)
        if isinstance(value, str) and value.startswith("@")
        else value
        for key, value in given.items()
    }


def _projection(
    path: Path, place: str, projection: _Projection, sizes: Mapping[str, int], arrays: Arrays
) -> Projection:
    for end, name in (("source", projection.source), ("target", projection.target)):
        if name not in sizes:
            raise FileError(path, f"unknown population '{name}'{nearest(name, sizes)}", f"{place}.{end}")
    shape = sizes[projection.source], sizes[projection.target]
    one_to_one, learns = projection.pairs == "one-to-one", projection.learning is not None
    if one_to_one and shape[0] != shape[1]:
        raise FileError(path, f"found 'one-to-one' for {shape[0]} and {shape[1]} neurons", f"{place}.pairs")
    if isinstance(projection.weights, int):
        weights = np.full(shape, projection.weights)
    else:
        weights = _array(path, f"{place}.weights", projection.weights, shape, arrays)
    if one_to_one:
        made = Projection.dense(
            projection.source, projection.target, np.eye(shape[0], dtype=np.int64), projection.delay
        )
        made = replace(made, weights=np.diagonal(weights).copy())
    else:
        made = Projection.dense(projection.source, projection.target, weights, projection.delay, zeros=learns)
    rule = projection.learning.rule() if projection.learning is not None else None
    return replace(
        made,
        port=projection.port,
        exponent=projection.exponent,
        learning=rule,
        tags=projection.tags,
        modulates=projection.modulates,
    )


def _check_readout(path: Path, document: _Document) -> None:
    name, rule = document.readout.population, document.readout.rule
    kinds = {p.name: p.neuron for p in document.population}
    if name not in kinds:
        raise FileError(path, f"unknown population '{name}'{nearest(name, kinds)}", "readout.population")
    if kinds[name] == "source":
        raise FileError(path, f"'{name}' is a source, which computes nothing", "readout.population")
    if kinds[name] == "accumulator" and rule == "pulses":
        raise FileError(path, f"'{name}' accumulates and never fires; the rule is 'membrane'", "readout.rule")


def _array(
    path: Path, field: str, reference: str, shape: tuple[int, ...], arrays: Arrays, *, scalar: bool = False
) -> NDArray[Any]:
    """Return a referenced array as float64 or int64 after checking that it is there, fits and is finite."""
    name = reference[1:]
    if name not in arrays:
        raise FileError(path, f"the weights hold no array '{name}'{nearest(name, arrays)}", field)
    array = arrays[name]
    if array.dtype.kind not in "fiu":
        raise FileError(path, f"array '{name}' holds {array.dtype}, needs real numbers", field)
    if array.shape != shape and not (scalar and array.shape == ()):
        raise FileError(path, f"array '{name}' has shape {array.shape}, needs {shape}", field)
    if not np.isfinite(array).all():
        at = [int(k) for k in np.argwhere(~np.isfinite(array))[0]]
        raise FileError(path, f"array '{name}' holds {array[tuple(at)]} at {at}, must be finite", field)
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
