"""mapping.json: a mapping as a file that other tools can write and read, tied to its network and chip by hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, StringConstraints

from neurosim.chip import Chip
from neurosim.document import Exact, Text, read_bytes, validate
from neurosim.errors import FileError, NeurosimError, nearest
from neurosim.mapping.lowering import Lowered
from neurosim.mapping.mapping import Mapping
from neurosim.network import Network

FORMAT: Literal["neurosim-mapping"] = "neurosim-mapping"
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NetworkRef(Exact):
    """The network that was mapped."""

    name: Text
    model: Text | None = Field(default=None, description="catalog name or path by which the model is found")
    sha256: Sha256 = Field(description="digest over every name, parameter and array of the network")
    lowered_sha256: Sha256 = Field(description="digest of the network as rewritten for the chip")


class ChipRef(Exact):
    """The chip that it was mapped onto."""

    name: Text
    descriptor: Text | None = Field(default=None, description="path of the descriptor, where it is not the catalog's")
    sha256: Sha256 = Field(description="digest of the descriptor and the figures changed in it")
    set: dict[str, str] = Field(default_factory=dict, description="figures changed, by dotted path")


class MapperRef(Exact):
    """What made the mapping."""

    name: Text
    seed: int = 0
    seconds: float | None = Field(default=None, ge=0, description="wall-clock time that the mapper took")
    peak_bytes: int | None = Field(default=None, ge=0, description="growth of the process's peak memory meanwhile")
    versions: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list, description="where time ran out and something else stands in")


class Place(Exact):
    """One core of the chip: the tile and the slot on it."""

    column: NonNegativeInt
    row: NonNegativeInt
    slot: NonNegativeInt = 0


class MappingFile(Exact):
    """A mapping of a network onto a chip: which core every neuron is on, and where that core is.

    Populations are those of the network as rewritten for the chip; cores are numbered from 0 in the order of `cores`.
    """

    format: Literal["neurosim-mapping"]
    version: Literal[1]
    network: NetworkRef
    chip: ChipRef
    mapper: MapperRef
    neurons: dict[str, list[NonNegativeInt]] = Field(description="population to the core of each of its neurons")
    cores: list[Place] = Field(description="the place of every core")
    dead_cores: list[NonNegativeInt] = Field(default_factory=list, description="physical ids of cores not to be used")
    dead_links: list[tuple[NonNegativeInt, NonNegativeInt]] = Field(
        default_factory=list,
        description="directed links not to be used, as from tile, to tile (row * columns + column)",
    )
    routes: list[list[NonNegativeInt]] | None = Field(
        default=None,
        description="optional: the tiles that packets pass, from first to last, one list per pair of tiles",
    )


def schema() -> dict[str, Any]:
    """Return the JSON schema of the format."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **MappingFile.model_json_schema()}


def to_file(
    mapping: Mapping,
    *,
    model: str | None = None,
    descriptor: str | None = None,
    seconds: float | None = None,
    peak_bytes: int | None = None,
    versions: Dict[str, str] | None = None,
    dead_cores: list[int] | None = None,
    dead_links: list[tuple[int, int]] | None = None,
    routes: list[list[int]] | None = None,
) -> MappingFile:
    """Return a mapping in the form of its file; ``model`` and ``descriptor`` say where network and chip are found."""
    chip, network = mapping.chip, mapping.lowered.network
    number = np.searchsorted(mapping.cores, mapping.core_of)
    ends = np.cumsum([p.size for p in network.neurons])[:-1]
    parts = np.split(number, ends)
    return MappingFile(
        format=FORMAT,
        version=1,
        network=NetworkRef(
            name=mapping.network.name, model=model, sha256=mapping.network.digest(), lowered_sha256=network.digest()
        ),
        chip=ChipRef(name=chip.name, descriptor=descriptor, sha256=chip.digest, set=dict(chip.overrides)),
        mapper=MapperRef(
            name=mapping.mapper,
            seed=mapping.seed,
            seconds=seconds,
            peak_bytes=peak_bytes,
            versions=dict(versions or {}),
            notes=list(mapping.notes),
        ),
        neurons={p.name: part.tolist() for p, part in zip(network.neurons, parts, strict=True)},
        cores=[_place(int(core), chip) for core in mapping.cores],
        dead_cores=dead_cores or [],
        dead_links=dead_links or [],
        routes=routes,
    )


def _place(core: int, chip: Chip) -> Place:
    tile, slot = divmod(core, chip.cores_per_tile)
    return Place(column=tile % chip.columns, row=tile // chip.columns, slot=slot)


def write_file(file: MappingFile, path: Path) -> None:
    """Write a mapping file, one line per population; raises FileError."""
    raw = {k: v for k, v in file.model_dump(exclude_none=True, mode="json").items() if v or k == "version"}
    lines = []
    for key, value in raw.items():
        if key in ("neurons", "cores", "routes"):
            items = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()] if isinstance(value, dict) else [
                json.dumps(v) for v in value
            ]  # fmt: skip
            ends = "{}" if isinstance(value, dict) else "[]"
            lines.append(f'  "{key}": {ends[0]}\n    ' + ",\n    ".join(items) + f"\n  {ends[1]}")
        else:
            lines.append(f'  "{key}": {json.dumps(value)}')
    try:
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be written").lower()) from None


def read_file(path: Path) -> MappingFile:
    """Read a mapping file and check its form; raises FileError for the first mistake, with field and value."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise FileError(path, f"key '{twice}' stands twice in one object")
        return dict(pairs)

    def refuse(text: str) -> Any:
        raise FileError(path, f"found {text}, numbers must be finite")

    try:
        raw = json.loads(read_bytes(path).decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except FileError:
        raise
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise FileError(path, f"not JSON: {reason[:1].lower()}{reason[1:]}") from None
    if not isinstance(raw, dict):
        raise FileError(path, f"found a {type(raw).__name__}, must be an object with format {FORMAT}")
    if raw.get("format", FORMAT) != FORMAT:
        raise FileError(path, f"found '{raw['format']}', must be {FORMAT}", "format")
    return _validated(raw, path)


def _validated(raw: dict[str, Any], path: Path) -> MappingFile:
    # Links are pairs, which JSON writes as lists and a strict schema does not take for tuples.
    links = raw.get("dead_links")
    if isinstance(links, list):
        raw = raw | {"dead_links": [tuple(link) if isinstance(link, list) else link for link in links]}
    return validate(MappingFile, raw, path)


def mapping_of(file: MappingFile, path: Path, network: Network, lowered: Lowered, chip: Chip) -> Mapping:
    """Return the mapping that a file states for a network, lowered for a chip.

    Raises FileError for another network or chip, populations that do not match, and places that contradict each other
    or that the chip does not have. Whether the mapping is legal is for the checker to say.
    """
    refuse_other(file, path, network, chip)
    what = f"network {network.name} lowered for {chip.name}"
    _same("network.lowered_sha256", what, lowered.network.digest(), file.network.lowered_sha256, path)
    cores = _cores(file, path, chip)
    _check_dead(file, path, chip)
    sizes = {p.name: p.size for p in lowered.network.neurons}
    for name in file.neurons:
        if name not in sizes:
            raise FileError(path, f"unknown population{nearest(name, sizes)}", f"neurons.{name}")
    parts = [_numbers(file, path, name, size, len(cores)) for name, size in sizes.items()]
    number = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    core_of = np.array(cores, dtype=np.int32)[number] if cores else number.astype(np.int32)
    try:
        return Mapping(network, lowered, chip, core_of, file.mapper.name, file.mapper.seed, tuple(file.mapper.notes))
    except NeurosimError as error:
        raise FileError(path, str(error)) from None


def refuse_other(file: MappingFile, path: Path, network: Network, chip: Chip) -> None:
    """Raise FileError when a file is for another network or chip."""
    if chip.name != file.chip.name:
        raise FileError(path, f"is for chip {file.chip.name}, given is {chip.name}", "chip.name")
    _same("network.sha256", f"network {network.name}", network.digest(), file.network.sha256, path)
    _same("chip.sha256", f"chip {chip.name}", chip.digest, file.chip.sha256, path)


def _same(field: str, what: str, found: str, wanted: str, path: Path) -> None:
    if found != wanted:
        raise FileError(path, f"is for another one: {what} has {found[:12]}…, the file {wanted[:12]}…", field)


def _cores(file: MappingFile, path: Path, chip: Chip) -> list[int]:
    """Return the physical id of every core of the file."""
    bounds = {"column": chip.columns, "row": chip.rows, "slot": chip.cores_per_tile}
    cores: dict[int, int] = {}
    for k, place in enumerate(file.cores):
        for name, end in bounds.items():
            if getattr(place, name) >= end:
                problem = f"found {getattr(place, name)}, {chip.name} has 0..{end - 1}"
                raise FileError(path, problem, f"cores[{k}].{name}")
        core = (place.row * chip.columns + place.column) * chip.cores_per_tile + place.slot
        if core in cores:
            where = f"column {place.column}, row {place.row}, slot {place.slot}"
            raise FileError(path, f"stands at {where} like core {cores[core]}", f"cores[{k}]")
        cores[core] = k
    return list(cores)


def _check_dead(file: MappingFile, path: Path, chip: Chip) -> None:
    """Refuse dead cores and links that the chip does not have."""
    for k, core in enumerate(file.dead_cores):
        if core >= chip.n_cores:
            raise FileError(path, f"found core {core}, {chip.name} has 0..{chip.n_cores - 1}", f"dead_cores[{k}]")
    for k, (start, end) in enumerate(file.dead_links):
        steps = abs(start % chip.columns - end % chip.columns) + abs(start // chip.columns - end // chip.columns)
        if steps != 1 or max(start, end) >= chip.columns * chip.rows:
            problem = f"found {start} to {end}, no neighbours among the {chip.columns} x {chip.rows} tiles"
            raise FileError(path, problem, f"dead_links[{k}]")


def _numbers(file: MappingFile, path: Path, name: str, size: int, cores: int) -> Any:
    if name not in file.neurons:
        raise FileError(path, f"missing: {size} neurons have no core", f"neurons.{name}")
    numbers = np.array(file.neurons[name], dtype=np.int64)
    if len(numbers) != size:
        raise FileError(path, f"found {len(numbers)} neurons, the population has {size}", f"neurons.{name}")
    bad = np.flatnonzero(numbers >= cores)
    if len(bad):
        raise FileError(path, f"found core {numbers[bad[0]]}, cores lists {cores}", f"neurons.{name}[{bad[0]}]")
    return numbers
