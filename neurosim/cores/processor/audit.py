"""Processing elements for the checker: rows read back from memory, bytes and router entries reckoned anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.audit import Auditor, Ints, Rows, Synapses, greatest, per_core, synapses_of, usages
from neurosim.mapping.legality import Usage
from neurosim.network import LIF, AddAndFire, Network
from neurosim.network.neuron import Neuron
from neurosim.program import Program

_FRACTION = 15  # bits behind the point of the numbers of leaky neurons, s16.15
_ONE = 1 << _FRACTION
_NUMBERS = ("decay", "bias", "threshold", "initial")
_RESETS = ("zero", "subtract", "subtract-late")


def values(network: Network) -> Ints:
    """Return what each synapse adds to its target's ring: weights in units of the target's least exponent."""
    least = _least_exponents(network)
    parts = [p.weights.astype(np.int64) << (p.exponent - least[p.target]) for p in network.projections]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _least_exponents(network: Network) -> dict[str, int]:
    reaching = {p.name: [q.exponent for q in network.projections if q.target == p.name] for p in network.neurons}
    return {name: min(exponents, default=0) for name, exponents in reaching.items()}


def rows(image: Any, chip: Chip) -> Rows:
    """Read the synapse rows of one element back."""
    added = image.weight.astype(np.int64) << image.shift.astype(np.int64)
    return Rows(image.row_ptr, image.target.astype(np.int64), added, image.delay.astype(np.int64))


def units(program: Program, core: Ints, first: Ints) -> Ints:
    """Return the units of every neuron: one."""
    return np.ones(len(core), dtype=np.int64)


def needs(network: Network, core_of: NDArray[np.int32], chip: Chip) -> list[Usage]:
    """Return the bytes that each element needs, its widest weight and longest delay, and the router's entries."""
    synapses, cores = synapses_of(network, _weights(network)), core_of.astype(np.int64)
    where, limit = cores[synapses.target], chip.limit
    count = per_core(cores, cores, np.ones_like(cores))
    held = per_core(where, where, np.ones_like(where))
    row = per_core(where, synapses.source)
    delay, data, bits = greatest(where, synapses.delay), {}, {}
    for core, neurons in count.items():
        slots = max(delay.get(core, 1), 1)
        data[core] = (
            neurons * (limit("bytes_per_neuron") + slots * limit("bytes_per_delay_slot_and_neuron"))
            + held.get(core, 0) * limit("bytes_per_synapse")
            + row.get(core, 0) * limit("bytes_per_row")
        )
        own = synapses.value[where == core]
        bits[core] = _signed(own)
    wanted = {
        "data_bytes": data,
        "sram_bytes": {core: amount + limit("code_bytes") for core, amount in data.items()},
        "weight_bits": bits,
        "delay_max": {core: max(delay.get(core, 1), 1) for core in count},
    }
    entries = _router_entries(synapses, cores, network.n_inputs)
    return [*usages(chip, cores, wanted), Usage("router_entries", -1, entries, limit("router_entries"))]


def _weights(network: Network) -> Ints:
    parts = [p.weights.astype(np.int64) for p in network.projections]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _signed(weights: Ints) -> int:
    """Return the bits of two's complement that hold all of some weights, 0 among them."""
    bits = 1
    while weights.min(initial=0) < -(1 << (bits - 1)) or weights.max(initial=0) >= 1 << (bits - 1):
        bits += 1
    return bits


def _router_entries(synapses: Synapses, core_of: Ints, n_inputs: int) -> int:
    """Return the aligned blocks of keys of one route each that all used keys need, per core and for the inputs."""
    reached: dict[int, set[int]] = {}
    pairs = np.unique(np.stack([synapses.source, core_of[synapses.target]]), axis=1)
    for source, core in pairs.T.tolist():
        reached.setdefault(source, set()).add(core)
    total = 0
    for sources in [range(n_inputs), *(np.flatnonzero(core_of == c) + n_inputs for c in np.unique(core_of))]:
        total += _blocks([frozenset(reached.get(int(source), ())) for source in sources])
    return total


def _blocks(routes: list[frozenset[int]]) -> int:
    """Return the least number of aligned blocks for a row of keys, by halving; keys without route fit anywhere."""
    used = {route for route in routes if route}
    if len(used) < 2:
        return len(used)
    half = (1 << (len(routes) - 1).bit_length()) >> 1
    return _blocks(routes[:half]) + _blocks(routes[half:])


def wanted(network: Network, chip: Chip) -> Mapping[str, Ints]:
    """Return the registers of every neuron, in the units of the element: s16.15 with leak, whole numbers without."""
    least = _least_exponents(network)
    columns: dict[str, list[Ints]] = {name: [] for name in (*_NUMBERS, "fires_at", "shift", "reset")}
    for population in network.neurons:
        given = _registers(population.neuron, 1 << (chip.width("state_bits") - 1), least[population.name])
        for name, column in columns.items():
            column.append(np.broadcast_to(np.asarray(given[name], dtype=np.int64), (population.size,)))
    return {name: np.concatenate(column) for name, column in columns.items()}


def _registers(model: Neuron, never: int, least: int) -> dict[str, Any]:
    """Return the registers of one population; a membrane never reaches ``never``."""
    given = {"decay": _ONE, "bias": 0, "threshold": 0, "initial": 0, "fires_at": never, "shift": least, "reset": 0}
    if isinstance(model, LIF):
        numbers: dict[str, Any] = {name: np.rint(np.asarray(getattr(model, name)) * _ONE) for name in _NUMBERS}
        rest = {"fires_at": numbers["threshold"] + 1, "shift": least + _FRACTION, "reset": _RESETS.index(model.reset)}
        return numbers | rest
    if isinstance(model, AddAndFire):
        return given | {"threshold": model.threshold, "fires_at": model.threshold, "reset": _RESETS.index("subtract")}
    return given


def found(image: Any, chip: Chip) -> Mapping[str, Ints]:
    """Return the same registers of every unit of one element."""
    return {**image.parameters._asdict(), "initial": image.initial}


AUDIT = Auditor(needs, values, rows, units, wanted, found)
