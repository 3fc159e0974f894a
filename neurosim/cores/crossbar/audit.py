"""Crossbar cores for the checker: crossbars read back, axons, columns and reach reckoned anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.audit import Auditor, Ints, Rows, greatest, per_core, synapses_of, usages
from neurosim.mapping.legality import Usage
from neurosim.network import CrossbarNeuron, Network
from neurosim.program import Program

_SAME_NAME = ("leak", "threshold", "reset_mode", "reset", "initial")
_BY_FIELD = {
    "leak_mode": "stochastic_leak",
    "reversal": "leak_reversal",
    "mask": "threshold_mask",
    "negative": "negative_threshold",
    "saturate": "negative_saturation",
} | {name: name for name in _SAME_NAME}  # register by field of CrossbarNeuron


def values(network: Network) -> Ints:
    """Return the axon type of every synapse, counted from 1."""
    parts = [p.weights.astype(np.int64) for p in network.projections]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def rows(image: Any, chip: Chip) -> Rows:
    """Read one crossbar back: every bit set is a synapse; the delay belongs to who sends, 0 here."""
    bits = np.unpackbits(image.rows, axis=1, bitorder="little")
    axon, column = np.nonzero(bits)
    ptr = np.concatenate([[0], np.cumsum(bits.sum(axis=1, dtype=np.int64))])
    return Rows(ptr, column.astype(np.int64), image.axon_type[axon].astype(np.int64) + 1, np.zeros_like(axon))


def units(program: Program, core: Ints, first: Ints) -> Ints:
    """Return the columns of every neuron: its own and those of its copies, up to where the next neuron begins."""
    ends = np.array([image.n for image in program.images], dtype=np.int64)
    order = np.lexsort((first, core))
    after = np.append(first[order][1:], 0)
    last = np.append(core[order][1:] != core[order][:-1], True)
    width = np.empty(len(core), dtype=np.int64)
    width[order] = np.where(last, ends[core[order]], after) - first[order]
    return width


def needs(network: Network, core_of: NDArray[np.int32], chip: Chip) -> list[Usage]:
    """Return axons, columns, types, weights, delays and reach that each core needs."""
    synapses, cores = synapses_of(network, values(network)), core_of.astype(np.int64)
    where = cores[synapses.target]
    net = synapses.projection * (network.n_inputs + network.n_neurons) + synapses.source
    wires = np.unique(np.stack([net, where]), axis=1, return_index=True)[1]
    sender = synapses.source[wires] - network.n_inputs
    inside = sender >= 0
    leaving = np.concatenate([np.full(p.size, p.name in network.outputs) for p in network.neurons])
    targets = np.bincount(sender[inside], minlength=len(cores)) + leaving
    draws, most = _draws(network), chip.limit("targets_per_neuron")
    columns = np.where(draws, 1, np.maximum(-(-targets // most), 1))
    weights = _weights(network)
    longest = greatest(where, synapses.delay)
    wanted = {
        "axons": per_core(where, net),
        "neurons": per_core(cores, cores, columns),
        "axon_types": per_core(where, synapses.value),
        "targets_per_neuron": greatest(cores, np.where(draws, targets, np.minimum(targets, most))),
        "weight_max": greatest(cores, np.maximum(weights.max(axis=0, initial=0), 0)),
        "delay_max": longest,
        "scheduler_slots": {core: longest.get(core, 0) + 1 for core in np.unique(cores).tolist()},
        "reach": _reach(cores[sender[inside]], where[wires][inside], chip),
    }
    least = greatest(cores, np.maximum(-weights.min(axis=0, initial=0), 0))
    low = [Usage("weight_min", core, amount, -chip.limit("weight_min")) for core, amount in least.items()]
    shortest = greatest(where, -synapses.delay)
    early = [Usage("delay_min", core, amount, -chip.limit("delay_min")) for core, amount in shortest.items()]
    return [*usages(chip, cores, wanted), *low, *early]


def _reach(start: Ints, end: Ints, chip: Chip) -> dict[int, int]:
    a, b = start // chip.cores_per_tile, end // chip.cores_per_tile
    across, along = np.abs(a % chip.columns - b % chip.columns), np.abs(a // chip.columns - b // chip.columns)
    return greatest(start, np.maximum(across, along))


def _each(network: Network, name: str) -> Ints:
    """Return one field of all neurons, int64[neurons]."""
    parts = [np.broadcast_to(np.asarray(getattr(p.neuron, name)).astype(np.int64), p.size) for p in network.neurons]
    return np.concatenate(parts)


def _tables(network: Network, name: str) -> Ints:
    """Return a field with one value per axon type, int64[types, neurons]; types that a neuron does not name are 0."""
    models = [(p.size, getattr(p.neuron, name)) for p in network.neurons if isinstance(p.neuron, CrossbarNeuron)]
    table = np.zeros((max((len(given) for _, given in models), default=0), network.n_neurons), dtype=np.int64)
    at = 0
    for size, given in models:
        for kind, value in enumerate(given):
            table[kind, at : at + size] = value
        at += size
    return table


def _weights(network: Network) -> Ints:
    return _tables(network, "weights")


def _draws(network: Network) -> NDArray[np.bool_]:
    random = _tables(network, "stochastic_weights").any(axis=0)
    drawing: NDArray[np.bool_] = random | (_each(network, "stochastic_leak") + _each(network, "threshold_mask") != 0)
    return drawing


def wanted(network: Network, chip: Chip) -> Mapping[str, Ints]:
    """Return the registers of every neuron."""
    registers = {name: _each(network, field) for name, field in _BY_FIELD.items()}
    types = chip.limit("axon_types")
    for name, field in (("weight", "weights"), ("weight_mode", "stochastic_weights")):
        table = _tables(network, field)
        for kind in range(types):
            given = table[kind] if kind < len(table) else np.zeros(network.n_neurons, dtype=np.int64)
            registers[f"{name}[{kind}]"] = given
    return registers


def found(image: Any, chip: Chip) -> Mapping[str, Ints]:
    """Return the same registers of every column of one core."""
    own = image.registers
    registers = {name: getattr(own, name)[: image.n].astype(np.int64) for name in _BY_FIELD}
    for name in ("weight", "weight_mode"):
        for kind, values in enumerate(getattr(own, name)):
            registers[f"{name}[{kind}]"] = values[: image.n].astype(np.int64)
    return registers


def tables(program: Program) -> list[str]:
    """Return columns that send to more axons than a neuron can, or other than their memory says."""
    most = program.chip.limit("targets_per_neuron")
    least, readout = program.chip.limit("delay_min"), _read_out(program)
    findings = []
    for k, (core, image, table) in enumerate(zip(program.cores, program.images, program.outputs, strict=True)):
        sent, static = np.diff(table.ptr), table.statics().astype(np.int64)
        column = np.repeat(np.arange(image.n), sent)
        leaving = image.off_chip.astype(np.int64)
        wrong = {
            f"sends to more than {most} axons": sent + leaving > most,
            "states another number of targets than it sends to": sent + leaving != image.targets,
            "leaves the chip, or not, unlike its population": image.off_chip != readout[k],
            "states another delay than its entry": ~_delays_agree(image.delay, static, column, least),
        }
        for what, columns in wrong.items():
            findings += [f"column {c} of core {core} {what}" for c in np.flatnonzero(columns).tolist()]
    return findings


def _delays_agree(delay: Ints, static: Ints, column: Ints, least: int) -> NDArray[np.bool_]:
    """Tell which columns have the delay of each of their entries, or the least one where they have none."""
    wanted = np.full(len(delay), least)
    wanted[column] = static
    agree: NDArray[np.bool_] = wanted == delay
    agree[column[static != delay[column]]] = False
    return agree


def _read_out(program: Program) -> list[NDArray[np.bool_]]:
    """Tell for every core which columns are those of neurons that are read out."""
    columns = [np.zeros(image.n, dtype=np.bool_) for image in program.images]
    for name in program.readouts:
        for core, column in zip(program.members[name].core, program.members[name].state, strict=True):
            columns[core][column] = True
    return columns


AUDIT = Auditor(needs, values, rows, units, wanted, found, tables)
