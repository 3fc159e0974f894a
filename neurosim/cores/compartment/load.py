"""Loading: a mapping becomes synapse lists, compartment tables and unicast destination lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.bank import Bank, banks_of, is_programmed
from neurosim.cores.compartment.encode import Encoding, effective_weights, encode
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.learning.load import CoreSynapses, Plasticity, plastic_image
from neurosim.cores.compartment.limits import format_numbers
from neurosim.cores.compartment.memory import index_bits, is_dense
from neurosim.cores.compartment.noise import Noise, noise_of
from neurosim.cores.compartment.registers import registers
from neurosim.cores.compartment.step import Parameters
from neurosim.cores.compartment.widths import arithmetic
from neurosim.mapping import Mapping, Nets, neuron_offsets
from neurosim.network import Network
from neurosim.program import Destinations, Members, Program

_INT32 = (1 << 31) - 1


def load(mapping: Mapping, nets: Nets) -> Program:
    """Return the program of a mapping; raises UnsupportedError for what synapses or registers cannot hold."""
    network, chip = mapping.lowered.network, mapping.chip
    layout = _Layout.of(network, mapping.core_of)
    tables = _Tables.of(network, chip, mapping.seed)
    axons = _Axons.of(nets, layout)
    units = _Units(
        ~is_programmed(network),
        *registers(network, chip),
        noise_of(network, arithmetic(chip), mapping.seed),
        banks_of(network, chip),
    )
    images = tuple(_image(core, layout, axons, tables, units, nets, chip) for core in range(len(layout.cores)))
    return Program(
        chip,
        mapping.lowered,
        layout.cores,
        images,
        _input_destinations(network, nets, axons),
        _output_destinations(network, nets, layout, axons, [image.n for image in images]),
        _members(network, layout),
        mapping.digest(),
    )


def _concatenate(arrays: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([*arrays, np.zeros(0, dtype=np.int64)])


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where neurons go: cores in use, core index of each neuron and its first compartment on that core.

    ``order`` lists neurons core by core, ``core_ptr`` where each core's neurons start in it.
    """

    cores: NDArray[np.int32]
    core: NDArray[np.int64]
    unit: NDArray[np.int64]
    compartments: NDArray[np.int64]
    order: NDArray[np.int64]
    core_ptr: NDArray[np.int64]

    @property
    def soma(self) -> NDArray[np.int64]:
        """The compartment of each neuron that fires."""
        return self.unit + self.compartments - 1

    @classmethod
    def of(cls, network: Network, core_of: NDArray[np.int32]) -> _Layout:
        cores, core = np.unique(core_of, return_inverse=True)
        compartments = _concatenate([np.full(p.size, p.compartments, dtype=np.int64) for p in network.neurons])
        order = np.argsort(core, kind="stable")
        running = np.concatenate([[0], np.cumsum(compartments[order])])
        core_ptr = np.searchsorted(core[order], np.arange(len(cores) + 1))
        unit = np.empty(len(core), dtype=np.int64)
        unit[order] = running[:-1] - running[core_ptr[core[order]]]
        return cls(cores.astype(np.int32), core.astype(np.int64), unit, compartments, order, core_ptr)


@dataclass(frozen=True, eq=False)
class _Axons:
    """Input axons: one per (core, net); ``number`` is the axon's rank on its core.

    ``synapse_order`` sorts synapses by (core, axon, target); ``synapse_axon`` is the global axon of each, sorted.
    """

    core: NDArray[np.int64]
    net: NDArray[np.int64]
    number: NDArray[np.int64]
    ptr: NDArray[np.int64]
    synapse_order: NDArray[np.integer]
    core_ptr: NDArray[np.int64]

    @classmethod
    def of(cls, nets: Nets, layout: _Layout) -> _Axons:
        many, units = max(nets.n, 1), int(layout.unit.max(initial=0)) + 1
        # One number to sort by, and no more whole columns at a time than needed: networks have millions of synapses.
        key = layout.core[nets.target] * many
        key += nets.net_of_synapse
        key *= units
        key += layout.unit[nets.target]
        order: NDArray[np.integer] = np.argsort(key, kind="stable")
        order = order.astype(np.int32) if len(key) <= _INT32 else order
        key //= units
        key = key[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        axon_core, axon_net = np.divmod(key[first], many)
        core_ptr = np.searchsorted(axon_core, np.arange(len(layout.cores) + 1))
        number = np.arange(len(first)) - core_ptr[axon_core]
        ptr = np.append(first, len(order)).astype(np.int64)
        return cls(axon_core, axon_net, number, ptr, order, core_ptr)


@dataclass(frozen=True, eq=False)
class _Tables:
    """Per synapse of the network, in its order: effective ``weight`` and ``delay`` (0 = the next step).

    Per projection its ``start`` among those, its ``port`` and its encoding. And what learns.
    """

    weight: NDArray[np.int32]
    delay: NDArray[np.int16]
    start: NDArray[np.int64]
    port: NDArray[np.int64]
    encodings: list[Encoding]
    plasticity: Plasticity | None

    @classmethod
    def of(cls, network: Network, chip: Chip, seed: int) -> _Tables:
        encodings, weights, kept = [], [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int64)]
        for p in network.projections:
            encoding, mantissas = encode(p, chip)
            encodings.append(encoding)
            weights.append(effective_weights(mantissas, encoding, chip))
            kept += [mantissas] if network.learns else []
        delays = [(p.delays - 1).astype(np.int16) for p in network.projections]
        return cls(
            np.concatenate(weights),
            np.concatenate([*delays, np.zeros(0, dtype=np.int16)]),
            np.cumsum([0, *(len(p.targets) for p in network.projections)]),
            np.array([p.port for p in network.projections], dtype=np.int64),
            encodings,
            Plasticity.of(network, encodings, np.concatenate(kept), seed),
        )


@dataclass(frozen=True, eq=False)
class _Units:
    """All units of the network: ``fixed`` bool[units] are compartments, of which the next three speak."""

    fixed: NDArray[np.bool_]
    parameters: Parameters
    initial: NDArray[np.int64]
    noise: Noise
    banks: tuple[Bank, ...]


def _image(
    core: int, layout: _Layout, axons: _Axons, tables: _Tables, units: _Units, nets: Nets, chip: Chip
) -> CompartmentImage:
    neurons = layout.order[layout.core_ptr[core] : layout.core_ptr[core + 1]]
    first_unit = np.cumsum(layout.compartments) - layout.compartments
    here = np.concatenate([np.arange(first_unit[n], first_unit[n] + layout.compartments[n]) for n in neurons])
    fixed = np.flatnonzero(units.fixed[here])
    rows = (np.cumsum(units.fixed) - 1)[here[fixed]]  # of the parameters, which compartments alone have
    lo, hi = axons.core_ptr[core], axons.core_ptr[core + 1]
    ptr = axons.ptr[lo : hi + 1]
    synapses = axons.synapse_order[ptr[0] : ptr[-1]]
    local = ptr - ptr[0]
    projection = nets.projection[axons.net[lo:hi]]
    each = np.repeat(projection, np.diff(local))
    neuron, number = nets.target[synapses], nets.synapse[synapses] + tables.start[each]
    target, delay = layout.unit[neuron] + tables.port[each], tables.delay[number]
    sparse = ~is_dense(target, local)
    own_bits = np.array([e.synapse_bits for e in tables.encodings], dtype=np.int64)
    plastic = None
    if tables.plasticity is not None:
        soma, net = layout.soma[neuron], axons.net[lo:hi]
        own = CoreSynapses(local, net, projection.astype(np.int64), number, neuron, soma, delay.astype(np.int64))
        plastic = plastic_image(tables.plasticity, own)
    return CompartmentImage(
        len(here),
        Parameters(*(values[rows] for values in units.parameters)),
        units.initial[rows],
        local,
        target.astype(np.int32),
        tables.weight[number],
        delay,
        own_bits[projection] + np.where(sparse, index_bits(len(here), chip), 0),
        sparse,
        2 * format_numbers(tables.encodings)[projection] + sparse,
        max((tables.encodings[k].bits for k in np.unique(projection)), default=0),
        units.noise.on(here[fixed]),
        fixed,
        tuple(bank for bank in (bank.on(here) for bank in units.banks) if len(bank.unit)),
        plastic,
    )


def _input_destinations(network: Network, nets: Nets, axons: _Axons) -> Destinations:
    source = nets.source[axons.net]
    rows = np.flatnonzero(source < network.n_inputs)
    return _destinations(source[rows], rows, axons, network.n_inputs)


def _output_destinations(
    network: Network, nets: Nets, layout: _Layout, axons: _Axons, units: list[int]
) -> tuple[Destinations, ...]:  # fmt: skip
    """Return the destinations of every core, which has so many ``units``."""
    neuron = nets.source[axons.net] - network.n_inputs
    rows = np.flatnonzero(neuron >= 0)
    core = layout.core[neuron[rows]]
    ends = np.cumsum(np.bincount(core, minlength=len(units)))[:-1]
    parts = np.split(rows[np.argsort(core, kind="stable")], ends)
    return tuple(_destinations(layout.soma[neuron[k]], k, axons, n) for k, n in zip(parts, units, strict=True))


def _destinations(source: NDArray[np.int64], rows: NDArray[np.int64], axons: _Axons, n_sources: int) -> Destinations:
    """Return the lists of sources whose axons are ``rows``, in the order of cores and of numbers there."""
    ptr = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n_sources))]).astype(np.int64)
    rows = rows[np.argsort(source, kind="stable")]
    return Destinations(ptr, axons.core[rows].astype(np.int32), axons.number[rows].astype(np.int32))


def _members(network: Network, layout: _Layout) -> dict[str, Members]:
    members = {}
    for name, start in neuron_offsets(network).items():
        neurons = np.arange(start, start + network.population(name).size)
        members[name] = Members(
            layout.core[neurons].astype(np.int32),
            layout.soma[neurons].astype(np.int32),
            layout.unit[neurons].astype(np.int32),
        )
    return members
