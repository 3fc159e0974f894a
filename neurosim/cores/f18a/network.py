"""Networks on F18A nodes: what the protocol of core kinds asks for, refused where it does not exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.kind import CoreState
from neurosim.errors import UnsupportedError
from neurosim.mapping import CoreFill, Lowered, Mapping, Nets, Usage
from neurosim.network import Network
from neurosim.program import Program
from neurosim.results.energy import Power, Price

MULTICAST = False


def _refuse(chip: str) -> NoReturn:
    raise UnsupportedError(f"{chip}: no network lowering; its nodes run F18A programs (see neurosim f18a)")


def counters(chip: Chip) -> tuple[str, ...]:
    """Return the names of a core's counters: none, networks are refused."""
    return ()


def prices(chip: Chip) -> tuple[Price | Power, ...]:
    """Return the terms that price the counters: none, networks are refused."""
    return ()


def lower(network: Network, chip: Chip) -> Lowered:
    """Refuse with UnsupportedError."""
    _refuse(chip.name)


def arithmetic(chip: Chip) -> Any:
    """Refuse with UnsupportedError."""
    _refuse(chip.name)


def core_filler(lowered: Lowered, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Refuse with UnsupportedError."""
    _refuse(chip.name)


def usage(program: Program) -> Sequence[Usage]:
    """Refuse with UnsupportedError."""
    _refuse(program.chip.name)


def load(mapping: Mapping, nets: Nets) -> Program:
    """Refuse with UnsupportedError."""
    _refuse(mapping.chip.name)


def start(program: Program, core: int, constants: ConstantSet) -> CoreState:
    """Refuse with UnsupportedError."""
    _refuse(program.chip.name)


def stamp(static: int, step: int, value: int) -> int:
    """Refuse with UnsupportedError."""
    raise UnsupportedError("input packets: F18A nodes have no router; words enter through ports")
