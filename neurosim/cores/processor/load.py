"""Loading: a mapping becomes synapse rows, neuron tables and the cores that each spike must reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.processor.encode import refuse_unstorable
from neurosim.cores.processor.image import ProcessorImage
from neurosim.cores.processor.registers import base_exponents, registers
from neurosim.cores.processor.step import Parameters
from neurosim.mapping import Mapping, Nets, neuron_offsets
from neurosim.network import Network, Projection
from neurosim.program import Destinations, Members, Program

Ints = NDArray[np.int64]


def load(mapping: Mapping, nets: Nets) -> Program:
    """Return the program of a mapping; raises UnsupportedError for what synapses or registers cannot hold.

    A core's input axon is one synapse row: all synapses on that core of one neuron or input line. Rows are in the
    order of their sources, input lines first.
    """
    network, chip = mapping.lowered.network, mapping.chip
    for projection in network.projections:
        refuse_unstorable(projection, chip)
    layout = _Layout.of(mapping.core_of)
    synapses = _Synapses.of(network, nets, layout, chip)
    rows = _Rows.of(synapses, len(layout.cores))
    parameters, initial = registers(network, chip)
    images = tuple(_image(k, layout, synapses, rows, parameters, initial) for k in range(len(layout.cores)))
    from_input = rows.source < network.n_inputs
    return Program(
        chip,
        mapping.lowered,
        layout.cores,
        images,
        _destinations(rows.source, from_input, rows, network.n_inputs),
        tuple(_outputs(k, layout, rows, network.n_inputs, images[k].n) for k in range(len(images))),
        _members(network, layout),
        mapping.digest(),
    )


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where neurons go: cores in use, core index of each neuron and its number on that core.

    ``order`` lists neurons core by core, ``core_ptr`` where each core's neurons start in it.
    """

    cores: NDArray[np.int32]
    core: Ints
    unit: Ints
    order: Ints
    core_ptr: Ints

    @classmethod
    def of(cls, core_of: NDArray[np.int32]) -> _Layout:
        cores, core = np.unique(core_of, return_inverse=True)
        order = np.argsort(core, kind="stable")
        core_ptr = np.searchsorted(core[order], np.arange(len(cores) + 1))
        unit = np.empty(len(core), dtype=np.int64)
        unit[order] = np.arange(len(core)) - core_ptr[core[order]]
        return cls(cores.astype(np.int32), core.astype(np.int64), unit, order, core_ptr)


@dataclass(frozen=True, eq=False)
class _Synapses:
    """All synapses, sorted by core, source (input lines first) and target; int64[synapses] each."""

    core: Ints
    source: Ints
    target: Ints
    weight: Ints
    shift: Ints
    delay: Ints
    dtype: np.dtype[np.signedinteger]

    @classmethod
    def of(cls, network: Network, nets: Nets, layout: _Layout, chip: Chip) -> _Synapses:
        base = base_exponents(network)
        projection = nets.projection[nets.net_of_synapse]
        core, unit = layout.core[nets.target], layout.unit[nets.target]
        source = nets.source[nets.net_of_synapse]
        order = np.lexsort((unit, source, core))

        def in_order(parts: list[Ints]) -> Ints:
            start = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
            flat = np.concatenate([*parts, start[:0]])
            gathered: Ints = flat[start[projection] + nets.synapse][order]
            return gathered

        return cls(
            core[order],
            source[order],
            unit[order],
            in_order([p.weights for p in network.projections]),
            in_order([_shifts(p, base[p.target]) for p in network.projections]),
            in_order([p.delays.astype(np.int64) for p in network.projections]),
            np.min_scalar_type(-(1 << (chip.limit("weight_bits") - 1))),
        )


def _shifts(projection: Projection, base: int) -> Ints:
    return np.full(len(projection.targets), projection.exponent - base, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Synapse rows: one per (core, source), in that order; ``number`` is the row's rank on its core.

    ``ptr`` int64[rows + 1] points into the sorted synapses, ``core_ptr`` into the rows.
    """

    core: Ints
    source: Ints
    number: Ints
    ptr: Ints
    core_ptr: Ints

    @classmethod
    def of(cls, synapses: _Synapses, cores: int) -> _Rows:
        core, source = synapses.core, synapses.source
        new = np.ones(len(core), dtype=np.bool_)
        new[1:] = (core[1:] != core[:-1]) | (source[1:] != source[:-1])
        first = np.flatnonzero(new)
        core_ptr = np.searchsorted(core[first], np.arange(cores + 1))
        number = np.arange(len(first)) - core_ptr[core[first]]
        return cls(core[first], source[first], number, np.append(first, len(core)).astype(np.int64), core_ptr)


def _image(
    core: int, layout: _Layout, synapses: _Synapses, rows: _Rows, parameters: Parameters, initial: Ints
) -> ProcessorImage:
    here = layout.order[layout.core_ptr[core] : layout.core_ptr[core + 1]]
    ptr = rows.ptr[rows.core_ptr[core] : rows.core_ptr[core + 1] + 1]
    own = slice(ptr[0], ptr[-1])
    return ProcessorImage(
        len(here),
        Parameters(*(values[here] for values in parameters)),
        initial[here],
        ptr - ptr[0],
        synapses.target[own].astype(np.int32),
        synapses.weight[own].astype(synapses.dtype),
        synapses.shift[own].astype(np.int8),
        synapses.delay[own].astype(np.int16),
    )


def _outputs(core: int, layout: _Layout, rows: _Rows, n_inputs: int, units: int) -> Destinations:
    neuron = np.maximum(rows.source - n_inputs, 0)
    here = (rows.source >= n_inputs) & (layout.core[neuron] == core)
    return _destinations(layout.unit[neuron], here, rows, units)


def _destinations(source: Ints, chosen: NDArray[np.bool_], rows: _Rows, n_sources: int) -> Destinations:
    found = np.flatnonzero(chosen)
    found = found[np.lexsort((rows.core[found], source[found]))]
    counts = np.bincount(source[found], minlength=n_sources)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Destinations(ptr, rows.core[found].astype(np.int32), rows.number[found].astype(np.int32))


def _members(network: Network, layout: _Layout) -> dict[str, Members]:
    members = {}
    for name, start in neuron_offsets(network).items():
        neurons = np.arange(start, start + network.population(name).size)
        core, unit = layout.core[neurons].astype(np.int32), layout.unit[neurons].astype(np.int32)
        members[name] = Members(core, unit, unit)
    return members
