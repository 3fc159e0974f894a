"""Compartment cores for the checker: synapse lists and registers read back, as the memories hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosim.chip import Chip
from neurosim.cores.audit import ABSENT, Auditor, Ints, Rows
from neurosim.cores.compartment.audit_needs import needs
from neurosim.network import Compartment, CompartmentNeuron, Network, ProgrammedNeuron
from neurosim.program import Program

_FIELDS = ("decay_u", "decay_v", "bias", "threshold", "refractory", "spiking", "initial")
_JOINS = ("none", "add", "max", "min", "pass", "gate", "block")
_OF_TWO = 8  # in the register, when a join takes two results from the stack


def values(network: Network) -> Ints:
    """Return what each synapse adds: the weight times two to the power of its projection's exponent.

    A weight to the third factor counts only at neurons that have synapses that learn.
    """
    parts = [_times_power(p.weights.astype(np.int64), p.exponent) for p in network.projections]
    for p, part in zip(network.projections, parts, strict=True):
        if p.modulates:
            learning = [q.targets for q in network.projections if q.target == p.target and q.learning is not None]
            part[~np.isin(p.targets, np.concatenate([p.targets[:0], *learning]))] = 0
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _times_power(weights: Ints, exponent: int) -> Ints:
    return weights << exponent if exponent >= 0 else weights >> -exponent


def rows(image: Any, chip: Chip) -> Rows:
    """Read the synapse lists of one core back; the delay field counts the steps after the next one."""
    weight, delay = image.weight.astype(np.int64), image.delay.astype(np.int64) + 1
    if image.plastic is not None:
        _read_plastic(image, chip, weight)
    return Rows(image.axon_ptr, image.target.astype(np.int64), weight, delay)


def _read_plastic(image: Any, chip: Chip, weight: Ints) -> None:
    """Put in the registers of synapses that learn, and the gains of those that modulate."""
    plastic = image.plastic
    for k, axon in enumerate(plastic.axon.tolist()):
        register = plastic.weight[plastic.ptr[k] : plastic.ptr[k + 1]].astype(np.int64)
        exponent = plastic.schemes[plastic.scheme[k]].exponent + chip.width("weight_shift")
        weight[image.axon_ptr[axon] : image.axon_ptr[axon + 1]] = _times_power(register, exponent)
    unit = {int(soma): k for k, soma in enumerate(plastic.soma.tolist())}
    for k, axon in enumerate(plastic.modulator.tolist()):
        here = slice(plastic.modulated[k], plastic.modulated[k + 1])
        gain = dict(zip(plastic.goal[here].tolist(), plastic.gain[here].tolist(), strict=True))
        for at in range(image.axon_ptr[axon], image.axon_ptr[axon + 1]):
            weight[at] = gain.get(unit.get(int(image.target[at]), -1), 0)


def units(program: Program, core: Ints, first: Ints) -> Ints:
    """Return the compartments of every neuron."""
    neurons = program.lowered.network.neurons
    return np.concatenate([np.full(p.size, p.compartments, dtype=np.int64) for p in neurons])


def wanted(network: Network, chip: Chip) -> Mapping[str, Ints]:
    """Return the registers of every compartment of the network in order, or of programs as far as they have any."""
    columns: dict[str, list[Ints]] = {name: [] for name in (*_FIELDS, "join", *_programmed(network))}
    for population in network.neurons:
        model, shape = population.neuron, (population.size, population.compartments)
        for name, column in columns.items():
            block = np.full(shape, ABSENT, dtype=np.int64)
            if isinstance(model, CompartmentNeuron) and name in (*_FIELDS, "join"):
                for k, part in enumerate(model.compartments):
                    block[:, k] = _join(part) if name == "join" else getattr(part, name)
            elif isinstance(model, ProgrammedNeuron):
                given = _given(model)
                if name in given:
                    block[:, 0] = given[name]
            column.append(block.ravel())
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _join(part: Compartment) -> int:
    return _JOINS.index(part.join) + _OF_TWO * (part.takes == 2)


def _programmed(network: Network) -> list[str]:
    models = [p.neuron for p in network.neurons if isinstance(p.neuron, ProgrammedNeuron)]
    return sorted({name for model in models for name in _given(model)})


def _given(model: ProgrammedNeuron) -> dict[str, Any]:
    first = {f"register {name}": model.initial.get(name, 0) for name in model.program.registers}
    return first | {f"parameter {name}": model.parameters[name] for name in model.program.parameters}


def found(image: Any, chip: Chip) -> Mapping[str, Ints]:
    """Return the same registers of every unit of one core."""
    columns = {name: np.full(image.n, ABSENT, dtype=np.int64) for name in (*_FIELDS, "join")}
    for name, column in columns.items():
        column[image.fixed] = image.initial if name == "initial" else getattr(image.parameters, name)
    for bank in image.banks:
        registers = ("register", bank.program.registers, bank.initial)
        for kind, names, table in (registers, ("parameter", bank.program.parameters, bank.parameters)):
            for k, name in enumerate(names):
                column = columns.setdefault(f"{kind} {name}", np.full(image.n, ABSENT, dtype=np.int64))
                column[bank.unit] = table[:, k]
    return columns


def tables(program: Program) -> list[str]:
    """Return axons that are stored without index and have gaps, or the other way round."""
    findings = []
    for core, image in zip(program.cores, program.images, strict=True):
        gap = np.diff(image.target.astype(np.int64), prepend=0) != 1
        gap[image.axon_ptr[:-1]] = False  # no gap before an axon's first synapse
        sparse = np.add.reduceat(gap, image.axon_ptr[:-1]) > 0 if len(gap) else image.axon_sparse
        wrong = np.flatnonzero(sparse != image.axon_sparse)
        findings += [f"axon {axon} of core {core} has {_index(sparse[axon])} synapses" for axon in wrong.tolist()]
    return findings


def _index(gaps: bool) -> str:
    return "no index, but gaps between its" if gaps else "an index, but no gap between its"


AUDIT = Auditor(needs, values, rows, units, wanted, found, tables)
