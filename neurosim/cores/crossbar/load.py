"""Loading: a mapping becomes crossbars, registers, copies of neurons and one target axon for each column."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.crossbar.draw import first_state
from neurosim.cores.crossbar.image import CrossbarImage, padded
from neurosim.cores.crossbar.registers import Registers, registers
from neurosim.errors import UnsupportedError
from neurosim.mapping import Mapping, Nets, neuron_offsets
from neurosim.network import Network
from neurosim.program import Destinations, Members, Program

Ints = NDArray[np.int64]


class Axons(NamedTuple):
    """What the spikes of each net carry: the ``type`` of its axons and the ``delay`` in ticks, int64[nets]."""

    type: Ints
    delay: Ints


def axons_of(network: Network, nets: Nets, chip: Chip) -> Axons:
    """Return type and delay of every net; raises UnsupportedError where the synapses of one net differ in them."""
    none = np.zeros(0, np.int64)
    first = np.cumsum([0, *(len(p.targets) for p in network.projections)])
    synapse = first[nets.projection][nets.net_of_synapse] + nets.synapse
    weights = np.concatenate([none, *(p.weights for p in network.projections)])[synapse]
    delays = np.concatenate([none, *(p.delays for p in network.projections)])[synapse]
    types = chip.limit("axon_types")
    for name, values, low, high in (
        ("axon types (weights)", weights, 1, types),
        ("delays", delays, chip.limit("delay_min"), None),
    ):
        least = np.minimum.reduceat(values, nets.ptr[:-1]) if nets.n else none
        most = np.maximum.reduceat(values, nets.ptr[:-1]) if nets.n else none
        bad = np.flatnonzero((least != most) | (least < low) | (most > (most if high is None else high)))
        if len(bad):
            p = network.projections[nets.projection[bad[0]]]
            raise UnsupportedError(
                f"{chip.name}: projection {p.source} -> {p.target}: {name} {least[bad[0]]}..{most[bad[0]]} of one"
                " source neuron, an axon has one; lower the network first"
            )
    ends = nets.ptr[:-1]
    return Axons(weights[ends].astype(np.int64) - 1, delays[ends].astype(np.int64))


def columns_needed(targets: Ints, draws: NDArray[np.bool_], chip: Chip) -> Ints:
    """Return the columns of neurons with so many target axons: copies as needed, none of one that draws."""
    copies: Ints = np.maximum(-(-targets // chip.limit("targets_per_neuron")), 1)
    return np.where(draws, 1, copies)


def off_chip(network: Network) -> NDArray[np.bool_]:
    """Tell which neurons are read out: their spikes leave the chip, which takes one target each."""
    return np.concatenate([np.full(p.size, p.name in network.outputs) for p in network.neurons])


def load(mapping: Mapping, nets: Nets) -> Program:
    """Return the program of a mapping; raises UnsupportedError for what registers or axons cannot hold.

    An axon is one net on one core. A neuron has as many columns as it has target axons: the neuron itself and
    copies of it, side by side on the same axons. The seed of the random draws is the mapping's seed.
    """
    network, chip = mapping.lowered.network, mapping.chip
    axons, own = axons_of(network, nets, chip), registers(network, chip)
    cores, core = np.unique(mapping.core_of, return_inverse=True)
    outside = off_chip(network)
    counts = columns_needed(nets.sends(mapping.core_of) + outside, own.draws, chip)
    layout = _Layout.of(core.astype(np.int64), counts, len(cores))
    wires = _Wires.of(nets, layout)
    sends = _Sends.of(nets, layout, wires, outside, chip)
    outputs = [
        _destinations(sends.column[part], sends.wire[part], wires, axons, layout.size(k))
        for k, part in enumerate(sends.parts)
    ]
    images = [
        _image(k, layout, wires, axons, outputs[k], nets, own, outside, chip, first_state(mapping.seed, int(cores[k])))
        for k in range(len(cores))
    ]
    source = nets.source[wires.net]
    from_input = np.flatnonzero(source < network.n_inputs)
    return Program(
        chip,
        mapping.lowered,
        cores.astype(np.int32),
        tuple(images),
        _destinations(source[from_input], from_input, wires, axons, network.n_inputs),
        tuple(outputs),
        _members(network, layout),
        mapping.digest(),
    )


class _Layout(NamedTuple):
    """Where neurons go: core index, first column and number of columns of each; ``order`` lists them core by core."""

    core: Ints
    first: Ints
    columns: Ints
    order: Ints
    core_ptr: Ints

    @classmethod
    def of(cls, core: Ints, columns: Ints, n_cores: int) -> _Layout:
        order = np.argsort(core, kind="stable")
        running = np.concatenate([[0], np.cumsum(columns[order])])
        core_ptr = np.searchsorted(core[order], np.arange(n_cores + 1))
        first = np.empty(len(core), np.int64)
        first[order] = running[:-1] - running[core_ptr[core[order]]]
        return cls(core, first, columns, order, core_ptr)

    def neurons(self, k: int) -> Ints:
        """Return the neurons of core k in the order of their columns."""
        return self.order[self.core_ptr[k] : self.core_ptr[k + 1]]

    def size(self, k: int) -> int:
        """Return the number of columns of core k."""
        return int(self.columns[self.neurons(k)].sum())


class _Wires(NamedTuple):
    """Axons in use, sorted by core, then net: ``number`` is the rank on the core.

    ``synapses`` lists the synapses (index into the nets' targets) wire by wire, from ``ptr`` on.
    """

    core: Ints
    net: Ints
    number: Ints
    core_ptr: Ints
    synapses: Ints
    ptr: Ints

    @classmethod
    def of(cls, nets: Nets, layout: _Layout) -> _Wires:
        key = layout.core[nets.target] * max(nets.n, 1) + nets.net_of_synapse
        unique, of_synapse = np.unique(key, return_inverse=True)
        core = unique // max(nets.n, 1)
        core_ptr = np.searchsorted(core, np.arange(len(layout.core_ptr)))
        ptr = np.concatenate([[0], np.cumsum(np.bincount(of_synapse, minlength=len(unique)))])
        order = np.argsort(of_synapse, kind="stable")
        return cls(core, unique % max(nets.n, 1), np.arange(len(unique)) - core_ptr[core], core_ptr, order, ptr)


class _Sends(NamedTuple):
    """The wires that neurons feed, by core of the sender, column there, then wire; ``parts`` one slice per core.

    A neuron's targets, off the chip first and then by core and axon, go to its columns in order.
    """

    wire: Ints
    column: Ints
    parts: tuple[slice, ...]

    @classmethod
    def of(cls, nets: Nets, layout: _Layout, wires: _Wires, outside: NDArray[np.bool_], chip: Chip) -> _Sends:
        neuron = nets.source[wires.net] - nets.n_inputs
        wire = np.flatnonzero(neuron >= 0)
        wire = wire[np.lexsort((wire, neuron[wire], layout.core[neuron[wire]]))]
        source = neuron[wire]
        begins = np.flatnonzero(np.diff(source, prepend=-1))
        rank = np.arange(len(wire)) - np.repeat(begins, np.diff(begins, append=len(wire))) + outside[source]
        copy = np.minimum(rank // chip.limit("targets_per_neuron"), layout.columns[source] - 1)
        ends = np.searchsorted(layout.core[source], np.arange(len(layout.core_ptr)))
        parts = tuple(slice(a, b) for a, b in pairwise(ends.tolist()))
        return cls(wire, layout.first[source] + copy, parts)


def _image(
    k: int,
    layout: _Layout,
    wires: _Wires,
    axons: Axons,
    outputs: Destinations,
    nets: Nets,
    own: Registers,
    outside: NDArray[np.bool_],
    chip: Chip,
    seed: int,
) -> CrossbarImage:
    neurons = layout.neurons(k)
    owner = np.repeat(neurons, layout.columns[neurons])
    n, sent = len(owner), np.diff(outputs.ptr)
    leaving = np.zeros(n, np.bool_)
    leaving[layout.first[neurons[outside[neurons]]]] = True
    delay = np.full(n, chip.limit("delay_min"), np.int64)
    delay[sent > 0] = outputs.statics()[outputs.ptr[:-1][sent > 0]]
    return CrossbarImage(
        n,
        axons.type[wires.net[wires.core_ptr[k] : wires.core_ptr[k + 1]]].astype(np.uint8),
        _rows(k, layout, wires, nets, n),
        own.pick(owner).padded(padded(n)),
        leaving,
        sent + leaving,
        delay,
        seed,
    )


def _destinations(source: Ints, wire: Ints, wires: _Wires, axons: Axons, n_sources: int) -> Destinations:
    """Return the unicast lists of wires given by their source; the static value of an entry is its delay."""
    wire = wire[np.lexsort((wire, source))]
    ptr = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n_sources))]).astype(np.int64)
    return Destinations(
        ptr,
        wires.core[wire].astype(np.int32),
        wires.number[wire].astype(np.int32),
        axons.delay[wires.net[wire]].astype(np.int32),
    )


def _rows(k: int, layout: _Layout, wires: _Wires, nets: Nets, n: int) -> NDArray[np.uint8]:
    """Return the crossbar of core k with a synapse on every column of its target neuron, packed."""
    first, end = wires.core_ptr[k], wires.core_ptr[k + 1]
    synapses = np.diff(wires.ptr[first : end + 1])
    target = nets.target[wires.synapses[wires.ptr[first] : wires.ptr[end]]]
    copies = layout.columns[target]
    row = np.repeat(np.repeat(np.arange(end - first), synapses), copies)
    within = np.arange(len(row)) - np.repeat(np.cumsum(copies) - copies, copies)
    bits = np.zeros((end - first, padded(n)), np.uint8)
    bits[row, np.repeat(layout.first[target], copies) + within] = 1
    if bits.sum(dtype=np.int64) != len(row):
        raise UnsupportedError("two synapses of one net on one neuron: an axon has one; lower the network first")
    return np.packbits(bits, axis=1, bitorder="little")


def _members(network: Network, layout: _Layout) -> dict[str, Members]:
    members = {}
    for name, start in neuron_offsets(network).items():
        neurons = slice(start, start + network.population(name).size)
        column = layout.first[neurons].astype(np.int32)
        members[name] = Members(layout.core[neurons].astype(np.int32), column, column)
    return members
