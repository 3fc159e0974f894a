"""Completeness: the loaded tables reach every synapse once, with its weight and delay, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.check.placement import Seats
from neurosim.check.result import MOST_FINDINGS, Part
from neurosim.cores.audit import Auditor, Rows, name_of, synapses_of
from neurosim.mapping import Mapping
from neurosim.network import Network
from neurosim.program import Destinations, Program

Ints = NDArray[np.int64]

NAME = "completeness"
_NOWHERE, _UNFIT = "sends to core index", "tables of destinations do not fit the cores"


class Found(NamedTuple):
    """Synapses, int64 each: source (input lines first, then neurons), core index, unit there, value and delay."""

    source: Ints
    core: Ints
    unit: Ints
    value: Ints
    delay: Ints


def completeness(mapping: Mapping, program: Program, auditor: Auditor, seats: Seats) -> Part:
    """Follow every entry of the tables of destinations to the synapses behind its axon, and compare with the network.

    What the tables hold is read from the program alone, what they should from the lowered network and the places.
    """
    network = mapping.lowered.network
    findings = _shapes(program, network)
    if findings:
        return Part.of(NAME, _UNFIT, findings)
    rows, findings = _memories(mapping, program, auditor)
    if findings:
        return Part.of(NAME, _UNFIT, findings)
    entries, findings = _entries(program, seats, network, rows)
    findings += auditor.tables(program)
    findings += _unfed(program, entries, rows)
    wanted, found = _wanted(network, auditor, seats), _followed(entries, rows)
    different = list(_differences(program, network, wanted, found, seats))
    note = f"{len(wanted.source)} synapses followed from {len(entries.source)} entries of destination tables"
    return Part.of(
        NAME, note, [*findings, *(text for text, _ in different)], len(findings) + sum(n for _, n in different)
    )


def is_broken(part: Part) -> bool:
    """Tell whether entries lead nowhere, so that routes cannot be walked."""
    return part.note == _UNFIT or any(_NOWHERE in text for text in part.findings)


class _Entries(NamedTuple):
    """Entries of tables of destinations: source, core index, axon and static value; int64 each."""

    source: Ints
    core: Ints
    axon: Ints
    static: Ints


def _shapes(program: Program, network: Network) -> list[str]:
    """Return tables whose lengths do not fit their sources, before they are followed."""
    found = []
    tables = [("input lines", network.n_inputs, program.inputs)]
    tables += [
        (f"units of core {core}", image.n, outputs)
        for core, image, outputs in zip(program.cores, program.images, program.outputs, strict=False)
    ]
    if len(program.outputs) != len(program.cores):
        found.append(f"{len(program.outputs)} tables of destinations for {len(program.cores)} cores")
    for what, n, table in tables:
        if len(table.ptr) != n + 1 or table.ptr[0] != 0 or np.any(np.diff(table.ptr) < 0):
            found.append(f"table of destinations of {n} {what} has {len(table.ptr) - 1} rows, or rows out of order")
        elif not table.ptr[-1] == len(table.core) == len(table.axon) == len(table.statics()):
            found.append(f"table of destinations of {what}: {table.ptr[-1]} entries, {len(table.core)} cores")
    return found


def _memories(mapping: Mapping, program: Program, auditor: Auditor) -> tuple[list[Rows], list[str]]:
    """Read the memories of all cores back, and return findings on those that are not made of rows."""
    read, findings = [], []
    for core, image in zip(program.cores.tolist(), program.images, strict=True):
        try:
            own = auditor.rows(image, mapping.chip)
        except (IndexError, ValueError) as error:
            findings.append(f"the memory of core {core} cannot be read: {error}")
            continue
        if own.ptr[0] != 0 or np.any(np.diff(own.ptr) < 0) or own.ptr[-1] != len(own.unit):
            findings.append(f"the memory of core {core} is no list of rows: pointers out of order or out of range")
        read.append(own)
    return read, findings


def _entries(program: Program, seats: Seats, network: Network, rows: list[Rows]) -> tuple[_Entries, list[str]]:
    """Return the entries that lead somewhere, and findings on those that do not."""
    sources = [_sources(program.inputs, np.arange(network.n_inputs))]
    findings = []
    for k, table in enumerate(program.outputs):
        owner = seats.owner[k]
        sources.append(_sources(table, np.where(owner >= 0, network.n_inputs + owner, -1)))
        sending = np.flatnonzero(np.diff(table.ptr))
        alone = seats.parts[owner[sending]] == seats.width[owner[sending]]
        mute = sending[alone & (owner[sending] >= 0) & (seats.soma[owner[sending]] != sending)]
        findings += [f"unit {u} of core {program.cores[k]} sends spikes and is no soma" for u in mute.tolist()]
    every = _Entries(*(np.concatenate(column) for column in zip(*sources, strict=True)))
    axons = np.array([len(r.ptr) - 1 for r in rows], dtype=np.int64)
    nowhere = (every.core < 0) | (every.core >= len(axons))
    stale = ~nowhere & ((every.axon < 0) | (every.axon >= axons[np.where(nowhere, 0, every.core)]))
    for k in np.flatnonzero(nowhere).tolist():
        findings.append(
            f"{_name(network, every.source[k])} sends to core index {every.core[k]}, there are {len(axons)}"
        )
    for k in np.flatnonzero(stale).tolist():
        core = every.core[k]
        findings.append(
            f"{_name(network, every.source[k])} sends to axon {every.axon[k]} of core {program.cores[core]}, which has"
            f" {axons[core]}: a stale entry"
        )
    kept = ~(nowhere | stale)
    return _Entries(*(column[kept] for column in every)), findings


def _sources(table: Destinations, numbers: Ints) -> _Entries:
    source = np.repeat(numbers, np.diff(table.ptr))
    return _Entries(source, *(c.astype(np.int64) for c in (table.core, table.axon, table.statics())))


def _name(network: Network, source: int) -> str:
    return name_of(network, int(source)) if source >= 0 else "a unit of no neuron"


def _unfed(program: Program, entries: _Entries, rows: list[Rows]) -> list[str]:
    """Return axons that have synapses and that nothing feeds, and such as several sources feed."""
    findings = []
    for c, core in enumerate(program.cores.tolist()):
        here = entries.core == c
        pairs = np.unique(np.stack([entries.axon[here], entries.source[here]]), axis=1)
        feeders = np.bincount(pairs[0], minlength=len(rows[c].ptr) - 1)
        empty, many = np.flatnonzero(feeders == 0), np.flatnonzero(feeders > 1)
        findings += [f"axon {axon} of core {core} is fed by nothing" for axon in empty.tolist()]
        findings += [f"axon {axon} of core {core} is fed by {feeders[axon]} sources" for axon in many.tolist()]
    return findings


def _followed(entries: _Entries, rows: list[Rows]) -> Found:
    """Return the synapses behind all entries."""
    none = np.zeros(0, dtype=np.int64)
    columns: list[list[Ints]] = [[none] for _ in Found._fields]
    for c, own in enumerate(rows):
        here = np.flatnonzero(entries.core == c)
        counts = np.diff(own.ptr)[entries.axon[here]]
        which = np.repeat(here, counts)
        begins = own.ptr[:-1][entries.axon[which]]
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = begins + within
        parts = (entries.source[which], np.full(len(which), c), own.unit[at], own.value[at])
        for column, part in zip(columns, (*parts, own.delay[at] + entries.static[which]), strict=True):
            column.append(part)
    return Found(*(np.concatenate(column) for column in columns))


def _wanted(network: Network, auditor: Auditor, seats: Seats) -> Found:
    """Return the synapses of the network at the units of their targets, at every copy of those that have some."""
    synapses = synapses_of(network, auditor.values(network))
    copies = (seats.width // seats.parts)[synapses.target]
    which = np.repeat(np.arange(len(copies)), copies)
    copy = np.arange(len(which)) - np.repeat(np.cumsum(copies) - copies, copies)
    target = synapses.target[which]
    unit = seats.first[target] + synapses.port[which] + copy * seats.parts[target]
    return Found(synapses.source[which], seats.core[target], unit, synapses.value[which], synapses.delay[which])


def _differences(
    program: Program, network: Network, wanted: Found, found: Found, seats: Seats
) -> Iterator[tuple[str, int]]:
    """Yield findings with the number that each stands for: the first few by name, the rest together."""
    table = np.concatenate([np.stack(wanted, axis=1), np.stack(found, axis=1)])
    key = _numbered(table[:, :3]) * (int(_numbered(table[:, 3:]).max(initial=0)) + 1) + _numbered(table[:, 3:])
    distinct, first, which = np.unique(key, return_index=True, return_inverse=True)
    n = len(wanted.source)
    surplus = np.bincount(which[n:], minlength=len(distinct)) - np.bincount(which[:n], minlength=len(distinct))
    for what, chosen in (("missing", surplus < 0), ("not in the network", surplus > 0)):
        rows = first[chosen]
        amounts = np.abs(surplus[chosen])
        for k, amount in zip(rows[:MOST_FINDINGS].tolist(), amounts.tolist(), strict=False):
            yield f"{_synapse(program, network, table[k], seats)} {what}", amount
        rest = int(amounts[MOST_FINDINGS:].sum())
        if rest:
            yield f"{rest} more synapses {what}", rest


def _numbered(columns: Ints) -> Ints:
    """Return one number per different row of a table."""
    number = np.zeros(len(columns), dtype=np.int64)
    for column in columns.T:
        distinct, place = np.unique(column, return_inverse=True)
        number = np.unique(number * max(len(distinct), 1) + place, return_inverse=True)[1]
    return number


def _synapse(program: Program, network: Network, row: Ints, seats: Seats) -> str:
    source, core, unit, value, delay = row.tolist()
    owner = seats.owner[core][unit] if 0 <= unit < len(seats.owner[core]) else -1
    target = _name(network, network.n_inputs + owner if owner >= 0 else -1)
    return (
        f"synapse {_name(network, source)} -> {target} (unit {unit} of core {program.cores[core]}, value {value},"
        f" delay {delay})"
    )
