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


def load(mapping: Mapping, nets: Nets) -> Program:
    """Return the program of a mapping; raises UnsupportedError for what synapses or registers cannot hold."""
    network, chip = mapping.lowered.network, mapping.chip
    layout = _Layout.of(network, mapping.core_of)
    encodings = [encode(p, chip) for p in network.projections]
    axons = _Axons.of(nets, layout)
    delays = _concatenate([p.delays.astype(np.int64) - 1 for p in network.projections])
    weights = _concatenate([effective_weights(w, e, chip).astype(np.int64) for e, w in encodings])
    synapse = (
        nets.synapse + _starts([len(p.targets) for p in network.projections])[nets.projection][nets.net_of_synapse]
    )
    port = np.array([p.port for p in network.projections], dtype=np.int64)[nets.projection][nets.net_of_synapse]
    target = layout.unit[nets.target] + port
    stored = [e for e, _ in encodings]
    plasticity = Plasticity.of(network, stored, _concatenate([w for _, w in encodings]), mapping.seed)
    tables = _Tables(target, weights[synapse], delays[synapse], stored, synapse, plasticity)
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
        tuple(_output_destinations(core, network, nets, layout, axons, images[core].n) for core in range(len(images))),
        _members(network, layout),
        mapping.digest(),
    )


def _concatenate(arrays: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([*arrays, np.zeros(0, dtype=np.int64)])


def _starts(counts: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


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
    synapse_order: NDArray[np.int64]
    core_ptr: NDArray[np.int64]

    @classmethod
    def of(cls, nets: Nets, layout: _Layout) -> _Axons:
        many, units = max(nets.n, 1), int(layout.unit.max(initial=0)) + 1
        # One number to sort by, and no more whole columns at a time than needed: networks have millions of synapses.
        key = layout.core[nets.target] * many
        key += nets.net_of_synapse
        key *= units
        key += layout.unit[nets.target]
        order = np.argsort(key, kind="stable")
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
    """Per synapse in net order: target unit, effective weight, delay, place in the network.

    And the projections' encodings, and what learns.
    """

    target: NDArray[np.int64]
    weight: NDArray[np.int64]
    delay: NDArray[np.int64]
    encodings: list[Encoding]
    number: NDArray[np.int64]
    plasticity: Plasticity | None


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
    target = tables.target[synapses]
    local = ptr - ptr[0]
    sparse = ~is_dense(target, local)
    projection = nets.projection[axons.net[lo:hi]]
    own_bits = np.array([e.synapse_bits for e in tables.encodings], dtype=np.int64)
    plastic = None
    if tables.plasticity is not None:
        neuron = nets.target[synapses]
        soma = layout.unit[neuron] + layout.compartments[neuron] - 1
        net, number, delay = axons.net[lo:hi], tables.number[synapses], tables.delay[synapses]
        plastic = plastic_image(
            tables.plasticity, CoreSynapses(local, net, projection.astype(np.int64), number, neuron, soma, delay)
        )
    return CompartmentImage(
        len(here),
        Parameters(*(values[rows] for values in units.parameters)),
        units.initial[rows],
        local,
        target.astype(np.int32),
        tables.weight[synapses].astype(np.int32),
        tables.delay[synapses].astype(np.int16),
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
    from_input = nets.source[axons.net] < network.n_inputs
    return _destinations(nets.source[axons.net], from_input, axons, network.n_inputs)


def _output_destinations(
    core: int, network: Network, nets: Nets, layout: _Layout, axons: _Axons, units: int
) -> Destinations:
    source = nets.source[axons.net] - network.n_inputs
    neuron = np.maximum(source, 0)
    here = (source >= 0) & (layout.core[neuron] == core)
    soma = layout.unit[neuron] + layout.compartments[neuron] - 1
    return _destinations(soma, here, axons, units)


def _destinations(source: NDArray[np.int64], chosen: NDArray[np.bool_], axons: _Axons, n_sources: int) -> Destinations:
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((axons.number[rows], axons.core[rows], source[rows]))]
    counts = np.bincount(source[rows], minlength=n_sources)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Destinations(ptr, axons.core[rows].astype(np.int32), axons.number[rows].astype(np.int32))


def _members(network: Network, layout: _Layout) -> dict[str, Members]:
    members = {}
    for name, start in neuron_offsets(network).items():
        neurons = np.arange(start, start + network.population(name).size)
        unit = layout.unit[neurons]
        members[name] = Members(
            layout.core[neurons].astype(np.int32),
            (unit + layout.compartments[neurons] - 1).astype(np.int32),
            unit.astype(np.int32),
        )
    return members
