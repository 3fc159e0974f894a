"""The protocol of a core kind, and how a kind is found by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip, ConstantSet, Vocabulary
from neurosim.errors import unknown
from neurosim.mapping import CoreFill, Lowered, Mapping, Nets, Usage
from neurosim.network import Network
from neurosim.program import Program
from neurosim.results.energy import Price

_OWN = {"compartment": "neurosim.cores.compartment"}


class Firing(Protocol):
    """What a core did in the first part of a step.

    ``units`` int[k] fired units in order; ``message_unit``/``message_time`` one entry per message: which unit
    sends it and when it leaves, in picoseconds after the start of the step; ``duration`` of the whole sweep.
    """

    units: NDArray[np.int64]
    destination: NDArray[np.int64]
    time: NDArray[np.int64]
    duration: int


class CoreState(Protocol):
    """One core while it runs; engines drive it and read its counters, in the order of CoreKind.COUNTERS."""

    axon_time: Sequence[int]
    counters: NDArray[np.int64]

    def reset(self) -> None:
        """Return to the state after loading."""

    def update(self) -> Firing:
        """Advance all units by one step and return who fired and when each message leaves."""

    def finish_step(self, axons: NDArray[np.int64]) -> None:
        """Process the spikes that arrived in this step, given by input axon; they act in a later step."""

    def membranes(self, units: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the membranes of some units, int64[k]."""


class CoreKind(Protocol):
    """What a core-kind module offers: its names, its prices and its four verbs lower, limits, load, step."""

    VOCABULARY: Vocabulary
    COUNTERS: tuple[str, ...]
    PRICES: tuple[Price, ...]

    lower: Callable[[Network, Chip], Lowered]
    arithmetic: Callable[[Chip], Any]
    core_filler: Callable[[Lowered, Nets, Chip], Callable[[], CoreFill]]
    usage: Callable[[Program], Sequence[Usage]]
    load: Callable[[Mapping, Nets], Program]
    start: Callable[[Program, int, ConstantSet], CoreState]


def core_kind(name: str) -> CoreKind:
    """Return the core kind of that name: one of ours or one of the entry-point group ``neurosim.core_kinds``."""
    if name in _OWN:
        return cast(CoreKind, import_module(_OWN[name]))
    points = {point.name: point for point in entry_points(group="neurosim.core_kinds")}
    if name not in points:
        raise unknown("core kind", name, _OWN.keys() | points.keys())
    return cast(CoreKind, points[name].load())


def vocabulary_of(name: str) -> Vocabulary:
    """Return the names that a descriptor of this core kind must define."""
    return core_kind(name).VOCABULARY
