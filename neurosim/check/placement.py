"""Placement: every neuron once, where the mapping puts it, with its own registers; nothing else on any core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.check.result import Part
from neurosim.cores.audit import ABSENT, Auditor, name_of
from neurosim.mapping import Mapping
from neurosim.program import Program

Ints = NDArray[np.int64]

NAME = "placement"


@dataclass(frozen=True, eq=False)
class Seats:
    """Where the neurons of a program are: index of the core, first unit, number of units and the unit that fires.

    ``owner[c]`` is the neuron of every unit of core index c, -1 for none; ``parts`` the compartments of each neuron, of
    which ``width`` is a multiple where it has copies.
    """

    core: Ints
    first: Ints
    width: Ints
    soma: Ints
    parts: Ints
    owner: list[Ints]


def placement(mapping: Mapping, program: Program, auditor: Auditor) -> tuple[Seats | None, Part]:
    """Return where neurons are and the part of the report; None when the tables do not say it."""
    network, findings = mapping.lowered.network, _cores(mapping, program)
    broken = findings + _members(program)
    if broken:
        return None, Part.of(NAME, "the tables do not say where neurons are", broken)
    members = [program.members[p.name] for p in network.neurons]
    core, first, soma = (
        np.concatenate([getattr(m, name) for m in members]).astype(np.int64) for name in ("core", "state", "soma")
    )
    parts = np.concatenate([np.full(p.size, p.compartments, dtype=np.int64) for p in network.neurons])
    width = auditor.units(program, core, first)

    def name(neuron: int) -> str:
        return name_of(network, network.n_inputs + neuron)

    wrong = np.flatnonzero(program.cores[core] != mapping.core_of)
    findings = [
        f"{name(k)} is loaded on core {program.cores[core[k]]}, the mapping places it on core {mapping.core_of[k]}"
        for k in wrong.tolist()
    ]
    owner, shared = _owners(program, core, first, width)
    findings += [f"{name(a)} and {name(b)} share unit {u} of core {program.cores[c]}" for a, b, c, u in shared]
    bad = np.flatnonzero((width < 1) | (width % parts != 0))
    findings += [f"{name(k)} takes {width[k]} units of core {program.cores[core[k]]}" for k in bad.tolist()]
    other = np.flatnonzero(soma != first + parts - 1)
    findings += [f"spikes of {name(k)} are taken from unit {soma[k]}, its last is {first[k] + parts[k] - 1}" for k in
                 other.tolist()]  # fmt: skip
    for c, owned in enumerate(owner):
        empty = np.flatnonzero(owned < 0)
        if len(empty):
            findings.append(f"{len(empty)} units of core {program.cores[c]} belong to no neuron, first unit {empty[0]}")
    seats = Seats(core, first, width, soma, parts, owner)
    if not findings:
        findings = _registers(mapping, program, auditor, seats)
    copies = int((width - parts).sum())
    note = f"{network.n_neurons} neurons once each" + (f", {copies} units of copies beside them" if copies else "")
    return (None if wrong.size or bad.size or shared else seats), Part.of(NAME, note, findings)


def _cores(mapping: Mapping, program: Program) -> list[str]:
    if np.array_equal(program.cores, mapping.cores):
        return []
    ours, theirs = set(mapping.cores.tolist()), set(program.cores.tolist())
    odd = sorted(ours ^ theirs)
    where = f"core {odd[0]} is in one only" if odd else "in another order"
    return [f"the program uses {len(theirs)} cores, the mapping {len(ours)}; {where}"]


def _members(program: Program) -> list[str]:
    """Return what is wrong with the list of where populations are, before it is used."""
    network, found = program.lowered.network, []
    for population in network.neurons:
        members = program.members.get(population.name)
        if members is None:
            found.append(f"population '{population.name}' is nowhere")
        elif len({population.size, len(members.core), len(members.soma), len(members.state)}) > 1:
            found.append(
                f"population '{population.name}' has {population.size} neurons, loaded are {len(members.core)}"
            )
        elif members.core.min() < 0 or members.core.max() >= len(program.cores):
            found.append(
                f"population '{population.name}' is on core index {members.core.max()} of {len(program.cores)}"
            )
        else:
            sizes = np.array([image.n for image in program.images])[members.core]
            for units in (members.soma, members.state):
                bad = np.flatnonzero((units < 0) | (units >= sizes))
                if len(bad):
                    k = bad[0]
                    found.append(
                        f"{population.name}[{k}] is unit {units[k]} of core {program.cores[members.core[k]]}, which has"
                        f" {sizes[k]}"
                    )
    found += [f"population '{name}' is loaded, the network has none" for name in set(program.members) - _names(program)]
    return found


def _names(program: Program) -> set[str]:
    return {p.name for p in program.lowered.network.neurons}


def _owners(
    program: Program, core: Ints, first: Ints, width: Ints
) -> tuple[list[Ints], list[tuple[int, int, int, int]]]:
    """Return the owner of every unit of every core, and (neuron, neuron, core, unit) where two claim one."""
    owner = [np.full(image.n, -1, dtype=np.int64) for image in program.images]
    shared = []
    for neuron, (c, unit, n) in enumerate(zip(core.tolist(), first.tolist(), width.tolist(), strict=True)):
        for u in range(unit, min(unit + max(n, 1), len(owner[c]))):
            if owner[c][u] >= 0:
                shared.append((int(owner[c][u]), neuron, c, u))
            owner[c][u] = neuron
    return owner, shared


def _registers(mapping: Mapping, program: Program, auditor: Auditor, seats: Seats) -> list[str]:
    """Return the registers that do not hold what the network says, by core."""
    network = mapping.lowered.network
    wanted = auditor.wanted(network, mapping.chip)
    part_ptr = np.concatenate([[0], np.cumsum(seats.parts)])
    findings = []
    for c, image in enumerate(program.images):
        owner = seats.owner[c]
        part = part_ptr[owner] + (np.arange(len(owner)) - seats.first[owner]) % seats.parts[owner]
        try:
            found = auditor.found(image, mapping.chip)
        except (IndexError, ValueError) as error:
            findings.append(f"the registers of core {program.cores[c]} cannot be read: {error}")
            continue
        for register in sorted(wanted.keys() | found.keys()):
            absent = np.full(len(owner), ABSENT)
            own = wanted[register][part] if register in wanted else absent
            bad = np.flatnonzero(own != found.get(register, absent))
            findings += [
                f"{name_of(network, network.n_inputs + int(owner[u]))} on core {program.cores[c]}: register {register}"
                f" holds {_shown(found.get(register, absent)[u])}, the network says {_shown(own[u])}"
                for u in bad.tolist()
            ]
    return findings


def _shown(value: int) -> str:
    return "nothing" if value == ABSENT else str(value)
