"""The scenario file of kind "mappers": networks, orders, mappers, limits of time, and chip figures that are changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from neurosim.bench.result import RunRef
from neurosim.bench.source import source_digest
from neurosim.benchset.catalog import ORDERS, Order, bench_names
from neurosim.document import Strict, parse, validate
from neurosim.errors import FileError, nearest
from neurosim.mapping import mapper as find_mapper
from neurosim.scenario.schema import Positive, find_scenario

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class About(Strict):
    """``[scenario]``: the chip, and what holds for all runs.

    Searches are told to end after ``time_limit`` seconds; a process is killed after ``kill_after``. Ratios are taken
    to ``baseline``.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    chip: str
    baseline: str
    orders: tuple[Order, ...] = ORDERS
    seeds: Positive = 1
    time_limit: Seconds = 10.0
    kill_after: Seconds = 60.0


class BenchNetwork(Strict):
    """``[[network]]``: a network of the bench set; ``set`` changes figures of chips, by chip name.

    Mappings of networks with ``simulate`` are also run on the chip, the first seed of each mapper.
    """

    name: str
    simulate: bool = False
    set: dict[str, dict[str, str]] = Field(default_factory=dict)


class BenchMapper(Strict):
    """``[[mapper]]``: a mapper by name; one that draws no random numbers runs with one seed.

    ``networks`` are those on which it runs, all by default; the two limits take the place of the scenario's.
    """

    name: str
    stochastic: bool = True
    time_limit: Seconds | None = None
    kill_after: Seconds | None = None
    networks: tuple[str, ...] = ()


class MapperBench(Strict):
    """The whole file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["mappers"]
    scenario: About
    network: Annotated[tuple[BenchNetwork, ...], Field(min_length=1)]
    mapper: Annotated[tuple[BenchMapper, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Job:
    """All runs on one network in one order."""

    network: BenchNetwork
    order: Order
    runs: tuple[RunRef, ...]


def load_bench(name_or_path: str | Path) -> MapperBench:
    """Read a scenario of this kind; raises FileError naming file, field, value and nearest spelling."""
    path = find_scenario(name_or_path)
    bench = validate(MapperBench, parse(path), path)
    for k, network in enumerate(bench.network):
        _known(path, f"network[{k}].name", network.name, bench_names())
    for k, mapper in enumerate(bench.mapper):
        find_mapper(mapper.name)
        for name in mapper.networks:
            _known(path, f"mapper[{k}].networks", name, [n.name for n in bench.network])
    find_mapper(bench.scenario.baseline)
    return bench


def jobs(bench: MapperBench, seeds: int, mappers: Sequence[str] = (), networks: Sequence[str] = ()) -> list[Job]:
    """Return what to run; ``mappers`` and ``networks`` choose some, and mappers that the file does not name join.

    Raises NeurosimError for a network that the file does not have and for an unknown mapper.
    """
    known = {network.name: network for network in bench.network}
    for name in networks:
        _known(bench.scenario.name, "--network", name, list(known))
    chosen = [known[name] for name in dict.fromkeys(networks or known)]
    stated = {mapper.name: mapper for mapper in bench.mapper}
    every = [stated.get(name, BenchMapper(name=name)) for name in dict.fromkeys(mappers or stated)]
    for mapper in every:
        find_mapper(mapper.name)
    found = [
        Job(network, order, tuple(_runs(bench.scenario, every, network.name, seeds)))
        for network in chosen
        for order in bench.scenario.orders
    ]
    return [job for job in found if job.runs]


def figures(network: BenchNetwork, chip: str) -> Mapping[str, str]:
    """Return the figures of a chip that are changed for a network."""
    return network.set.get(chip, {})


def _runs(about: About, mappers: Sequence[BenchMapper], network: str, seeds: int) -> list[RunRef]:
    return [
        RunRef(
            mapper=mapper.name,
            seed=seed,
            time_limit=mapper.time_limit or about.time_limit,
            kill_after=mapper.kill_after or about.kill_after,
            source_sha256=source_digest(mapper.name),
        )
        for mapper in mappers
        if not mapper.networks or network in mapper.networks
        for seed in range(seeds if mapper.stochastic else 1)
    ]


def _known(path: str | Path, field: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise FileError(path, f"unknown network '{name}'{nearest(name, known)}", field)
