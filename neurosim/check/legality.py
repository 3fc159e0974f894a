"""Legality: one line per limit and core, reckoned from network and places, beside what the loaded tables say."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from neurosim.check.result import Line, Part
from neurosim.cores.audit import Auditor
from neurosim.cores.kind import CoreKind
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.program import Program

NAME = "legality"


def legality(
    mapping: Mapping,
    program: Program | None,
    kind: CoreKind,
    auditor: Auditor | None,
    dead_cores: Collection[int] = (),
    refusal: str = "",
) -> tuple[list[Line], Part]:
    """Return the lines of all limits and the part of the report.

    ``program`` is None when its tables cannot be read, or when loading refused the mapping for the reason ``refusal``.
    """
    lines = _chip_lines(mapping, dead_cores)
    findings = [refusal] if refusal else []
    needed, loaded, recount = [], [], getattr(kind, "recount", None)
    try:
        if auditor is not None:
            needed = auditor.needs(mapping.lowered.network, mapping.core_of, mapping.chip)
        elif recount is not None and program is not None:
            needed = recount(program)
        loaded = list(kind.usage(program)) if program is not None else []
    except NeurosimError as error:
        findings.append(str(error))
    except (IndexError, ValueError, KeyError) as error:
        findings.append(f"the loaded tables cannot be counted: {error}")
    seen = {(usage.limit, usage.core): usage.needed for usage in loaded}
    reckoned = {(usage.limit, usage.core): usage.needed for usage in needed}
    limits = {(usage.limit, usage.core): usage.available for usage in (*loaded, *needed)}
    for (limit, core), available in limits.items():
        amount = reckoned.get((limit, core), seen.get((limit, core), 0))
        lines.append(Line(limit, core, amount, available, seen.get((limit, core))))
    findings += [_exceeded(mapping, line) for line in lines if not line.legal]
    if needed:
        findings += [_disagreement(line) for line in lines if not line.agrees]
        findings += [_uncounted(key) for key in seen if key not in reckoned]
    if mapping.lowered.network.n_inputs and not mapping.chip.io.ports:
        findings.append(f"{mapping.chip.name} has no I/O port for the input lines")
    findings += _homeless(mapping, dead_cores)
    names = len({line.limit for line in lines})
    cores = len({line.core for line in lines} - {-1})
    note = f"{names} limits on {cores} cores"
    if not needed:
        note += "; as loaded: this core kind has nothing to reckon them anew"
    return lines, Part.of(NAME, note, findings)


def _chip_lines(mapping: Mapping, dead_cores: Collection[int]) -> list[Line]:
    chip, network = mapping.chip, mapping.lowered.network
    if chip.discipline == "asynchronous":  # what the mapper calls a core is a cell there, of several nodes
        return []
    free = set(chip.usable_cores) - set(dead_cores)
    ports = Line("io_ports", -1, int(network.n_inputs > 0), len(chip.io.ports))
    return [Line("cores", -1, len(mapping.cores), len(free)), ports]


def _exceeded(mapping: Mapping, line: Line) -> str:
    used = max(line.needed, line.needed if line.loaded is None else line.loaded)
    return f"limit {line.limit} on {line.where}: needed {used}, available {line.available}"


def _disagreement(line: Line) -> str:
    return f"limit {line.limit} on {line.where}: the loaded tables take {line.loaded}, network and places {line.needed}"


def _uncounted(key: tuple[str, int]) -> str:
    return f"limit {key[0]} on core {key[1]}: the loaded tables use it, network and places do not"


def _homeless(mapping: Mapping, dead_cores: Collection[int]) -> list[str]:
    """Return what stands on cores that do not exist, are kept for the system, or are dead."""
    if mapping.chip.discipline == "asynchronous":
        return []
    usable, dead = frozenset(mapping.chip.usable_cores), frozenset(dead_cores)
    found = []
    for core, neurons in zip(*np.unique(mapping.core_of, return_counts=True), strict=True):
        why = "is dead" if int(core) in dead else "" if int(core) in usable else "is absent or kept for the system"
        if why:
            found.append(f"core {core} holds {neurons} neurons and {why}")
    return found
