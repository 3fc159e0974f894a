"""Model files: a folder with ``model.toml`` and its weights becomes a Network (models/README.md)."""

from __future__ import annotations

import hashlib
import io
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, ValidationError
from pydantic import model_validator as validator
from pydantic_core import ErrorDetails, PydanticCustomError

from neurosim.errors import FileError, NeurosimError, nearest, unknown
from neurosim.network.network import Network, Population, Projection
from neurosim.network.neuron import LIF, Accumulator, AddAndFire, Neuron, Reset, Source
from neurosim.paths import data_dir

Arrays = Mapping[str, NDArray[Any]]
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
    document = parse(path, _Document)
    arrays = read_arrays(path, "weights", document.weights.file, document.weights.sha256)
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


class Strict(BaseModel):
    """A frozen table of a file; a key that it does not know is refused with the nearest spelling."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        known = {item.alias or name for name, item in cls.model_fields.items()}
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                hint = nearest(key, known)
                raise PydanticCustomError("unknown_key", "unknown key{hint}", {"key": key, "hint": hint})
        return data


def _parameter(value: Any) -> float | str:
    if isinstance(value, str):
        if re.fullmatch(r"@.+", value):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise PydanticCustomError("parameter", "must be a finite number or the name of an array as '@name'")


Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
FileName = Annotated[str, StringConstraints(pattern=r"^[^/\\]+$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Parameter = Annotated[float | str, PlainValidator(_parameter)]
ArrayName = Annotated[str, StringConstraints(pattern=r"^@.+$")]


class _About(Strict):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: Text
    summary: Text
    source: Text
    licence: Text


class _Weights(Strict):
    file: FileName
    sha256: Sha256


class _Population(Strict):
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


_KINDS: dict[str, type[Neuron]] = {
    "source": Source, "add-and-fire": AddAndFire, "accumulator": Accumulator, "lif": LIF,
}  # fmt: skip
_AnyPopulation = Annotated[_Source | _AddAndFire | _Accumulator | _LIF, Field(discriminator="neuron")]


class _Projection(Strict):
    source: Text
    target: Text
    weights: ArrayName
    delay: Annotated[int, Field(ge=0, le=2**15 - 1)] = 0


class _Readout(Strict):
    population: Text
    rule: Rule


class _Document(Strict):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    model: _About
    weights: _Weights
    population: Annotated[list[_AnyPopulation], Field(min_length=1)]
    projection: list[_Projection] = []
    readout: _Readout
    training: dict[str, Any] = {}


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
    given = population.model_dump(exclude={"name", "size", "neuron"})
    for key, value in given.items():
        if isinstance(value, str) and value.startswith("@"):
            given[key] = _array(path, f"{place}.{key}", value, (population.size,), arrays, scalar=True)
    if isinstance(population, _AddAndFire) and np.min(given["threshold"]) <= 0:
        raise FileError(path, f"found {np.min(given['threshold']):g}, must be above 0", f"{place}.threshold")
    return _KINDS[population.neuron](**given)


def _projection(
    path: Path, place: str, projection: _Projection, sizes: Mapping[str, int], arrays: Arrays
) -> Projection:
    for end, name in (("source", projection.source), ("target", projection.target)):
        if name not in sizes:
            raise FileError(path, f"unknown population '{name}'{nearest(name, sizes)}", f"{place}.{end}")
    shape = sizes[projection.source], sizes[projection.target]
    weights = _array(path, f"{place}.weights", projection.weights, shape, arrays)
    return Projection.dense(projection.source, projection.target, weights, projection.delay)


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


# ---- files: shared with the data sets ----------------------------------------------------------------------

Table = TypeVar("Table", bound=Strict)


def catalog(file_name: str) -> dict[str, Path]:
    """Return name to path of every file of that name one folder down in ``models``."""
    return {_declared_name(path): path for path in sorted(data_dir("models").glob(f"*/{file_name}"))}


def _declared_name(path: Path) -> str:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return path.parent.name  # loading it by this name tells what is wrong
    about = raw.get("model", raw)
    return str(about.get("name", path.parent.name)) if isinstance(about, dict) else path.parent.name


def locate(what: str, name_or_path: str | Path, file_name: str) -> Path:
    """Return the path of a file given by catalog name, by folder or by its own path.

    A Path, or a text with a slash or the ending ``.toml``, is a path; other text is a name in the catalog.
    """
    if isinstance(name_or_path, Path) or "/" in name_or_path or name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        return path / file_name if path.is_dir() else path
    known = catalog(file_name)
    if name_or_path not in known:
        raise unknown(what, name_or_path, known)
    return known[name_or_path]


def parse(path: Path, document: type[Table]) -> Table:
    """Return a TOML file as a checked document; raises FileError with field and nearest spelling."""
    try:
        raw = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be read").lower()) from None
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"not TOML: {' '.join(str(error).split())}") from None
    try:
        return document.model_validate(raw)
    except ValidationError as error:
        field, problem = _first_problem(error)
        raise FileError(path, problem, field) from None


def read_arrays(document: Path, table: str, file: str, sha256: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of the npz file that a document names, after checking its SHA-256 (hex).

    ``table`` is where the document names it, for messages.

    Raises FileError, for the document when the file is missing, for the file when it is damaged or another.
    """
    prefix = f"{table}." if table else ""
    path = document.parent / file
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"'{file}': {(error.strerror or 'cannot be read').lower()}"
        raise FileError(document, problem, f"{prefix}file") from None
    arrays = _unpack(path, content)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise FileError(path, f"SHA-256 is {found}, {document.name} says {sha256}", f"{prefix}sha256")
    return arrays


def _unpack(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        archive = np.load(io.BytesIO(content), allow_pickle=False)
        return {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for a damaged archive
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FileError(path, f"truncated, damaged or not an npz file: {reason}") from None


def _first_problem(error: ValidationError) -> tuple[str, str]:
    """Return (field, problem) of the first of pydantic's errors, in plain words."""
    first = error.errors(include_url=False)[0]
    place = ""
    for part in first["loc"]:
        if isinstance(part, int):
            place += f"[{part}]"
        elif part not in _KINDS:  # pydantic names the kind of neuron as if it were a key
            place += f".{part}"
    if first["type"] == "unknown_key":
        place += f".{first['ctx']['key']}"
    if first["type"].startswith("union_tag"):
        place += ".neuron"
    return place.lstrip("."), _in_words(first)


def _in_words(error: ErrorDetails) -> str:
    context, given = error.get("ctx", {}), error["input"]
    found = f"found {' '.join(repr(given).split())[:60]}"
    match error["type"]:
        case "missing":
            words = "missing"
        case "unknown_key":
            words = error["msg"]
        case "union_tag_not_found":
            words = f"missing{nearest('', _KINDS)}"
        case "union_tag_invalid":
            words = f"unknown neuron '{context['tag']}'{nearest(str(context['tag']), _KINDS)}"
        case "literal_error":
            options = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
            words = f"{found}{nearest(str(given), options)}"
        case "string_pattern_mismatch":
            words = f"{found}, must match {context['pattern']}"
        case _:
            words = f"{found}: {error['msg'][:1].lower()}{error['msg'][1:]}"
    return words
