"""The mapping problem of a lowered network on a chip: what the core kind knows, put before mappers as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.chip import Chip
from neurosim.cores.kind import core_kind
from neurosim.errors import NeurosimError, unknown
from neurosim.mapping import Lowered, MappingProblem, nets_of, neuron_offsets
from neurosim.network import Network

Link = tuple[tuple[int, int], tuple[int, int]]


def problem_of(
    lowered: Lowered,
    chip: Chip,
    *,
    rates: Mapping[str, ArrayLike] | NDArray[np.float64] | None = None,
    fixed: Mapping[str, ArrayLike] | None = None,
    dead_cores: Iterable[int] = (),
    dead_links: Iterable[Link] = (),
) -> MappingProblem:
    """Return what mappers get for a lowered network on a chip.

    ``rates``: spikes of each input line and neuron in a window, by population (one number or one per neuron) or as one
    array over all lines and neurons. ``fixed``: cores by population, one for all or one per neuron, -1 for free.
    ``dead_cores`` are ids that cannot be used, ``dead_links`` pairs of neighbouring tiles, ((column, row) from,
    (column, row) to), that no route may use. Raises NeurosimError for names, sizes and ids that do not exist.
    """
    kind, network = core_kind(chip.core_kind), lowered.network
    nets = nets_of(network)
    tables = getattr(kind, "table_filler", None)
    return MappingProblem(
        chip.name,
        network.n_neurons,
        nets,
        chip.columns,
        chip.rows,
        chip.cores_per_tile,
        kind.core_filler(lowered, nets, chip),
        frozenset(range(chip.n_cores)) - frozenset(chip.usable_cores) | _dead_cores(chip, dead_cores),
        _rates(network, rates),
        _fixed(network, fixed or {}),
        frozenset(_link(chip, link) for link in dead_links),
        tuple(_tile(chip, port) for port in chip.io.ports),
        None if chip.event_router is None else _tile(chip, chip.event_router),
        None if tables is None else tables(nets, chip),
    )


def _tile(chip: Chip, place: tuple[int, int]) -> int:
    column, row = (int(x) for x in place)
    return row * chip.columns + column


def _dead_cores(chip: Chip, dead: Iterable[int]) -> frozenset[int]:
    cores = frozenset(int(core) for core in dead)
    strange = sorted(core for core in cores if not 0 <= core < chip.n_cores)
    if strange:
        raise NeurosimError(f"dead core {strange[0]}: {chip.name} has cores 0..{chip.n_cores - 1}")
    return cores


def _link(chip: Chip, link: Link) -> tuple[int, int]:
    (a, b), (c, d) = start, end = link
    inside = all(0 <= x < chip.columns and 0 <= y < chip.rows for x, y in (start, end))
    if not inside or abs(a - c) + abs(b - d) != 1:
        raise NeurosimError(
            f"dead link {start} -> {end}: no neighbours among the {chip.columns} x {chip.rows} tiles of {chip.name}"
        )
    return _tile(chip, start), _tile(chip, end)


def _rates(network: Network, rates: Mapping[str, ArrayLike] | NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if rates is None or isinstance(rates, np.ndarray):
        return None if rates is None else np.asarray(rates, dtype=np.float64)
    populations = (*network.sources, *network.neurons)
    _check_names("rates", network, rates)
    missing = [p.name for p in populations if p.name not in rates]
    if missing:
        raise NeurosimError(f"rates: none given for population '{missing[0]}' of {network.name}")
    none = np.zeros(0)
    return np.concatenate([none, *(_each("rates", p.name, p.size, rates[p.name]) for p in populations)])


def _fixed(network: Network, fixed: Mapping[str, ArrayLike]) -> dict[int, int]:
    _check_names("fixed", network, fixed)
    first, found = neuron_offsets(network), dict[int, int]()
    for name, cores in fixed.items():
        if name not in first:
            raise NeurosimError(f"fixed: population '{name}' is a source, which stands on no core")
        each = _each("fixed", name, network.population(name).size, cores)
        found |= {first[name] + k: int(core) for k, core in enumerate(each.tolist()) if core != -1}
    return found


def _check_names(what: str, network: Network, given: Mapping[str, Any]) -> None:
    names = [p.name for p in network.populations]
    for name in given:
        if name not in names:
            raise unknown(f"{what}: population", name, names)


def _each(what: str, name: str, size: int, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (size,)):
        raise NeurosimError(f"{what}: population '{name}' has {size} neurons, found {list(array.shape)} values")
    return np.broadcast_to(array, (size,))
