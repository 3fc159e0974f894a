"""The protocol of a core kind, and how a kind is found by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip, ConstantSet, Vocabulary
from neurosim.cores.firing import Firing
from neurosim.errors import unknown
from neurosim.mapping import CoreFill, Lowered, Mapping, Nets, Usage
from neurosim.network import Network
from neurosim.program import Program
from neurosim.results.energy import Power, Price

_OWN = {name: f"neurosim.cores.{name}" for name in ("compartment", "crossbar", "f18a", "processor")}


class CoreState(Protocol):
    """One core while it runs; engines drive it and read its counters, in the order of CoreKind.counters.

    In each step an engine calls ``update`` once, then ``finish_step`` once with what arrived meanwhile.
    ``axon_time`` is the processing time (ps) of one spike on each input axon where that goes on beside the sweep
    (barrier chips); kinds that process arrivals inside the next sweep have zeros here. A state that learns has two
    more functions: ``rest`` is ``reset`` but for what has been learned, and ``learned`` returns that.
    """

    axon_time: Sequence[int]
    counters: NDArray[np.int64]

    def reset(self) -> None:
        """Return to the state after loading, counters at zero, step 0."""

    def update(self) -> Firing:
        """Advance all units by one step and return who fired and when each message leaves."""

    def finish_step(self, axons: NDArray[np.int64], payloads: NDArray[np.int64]) -> int | None:
        """Take over the spikes that arrived in this step, by input axon; they act in a later step.

        On barrier chips, returns the time (ps) that the core then takes to learn, if it does.
        """

    def membranes(self, units: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the membranes of some units, int64[k]."""


class CoreKind(Protocol):
    """What a core-kind module offers: its names, its prices and its four verbs lower, limits, load, step.

    ``MULTICAST`` tells whether one packet per spike reaches all its destination cores. ``stamp`` gives the payload
    of an input packet from (the destination entry's static value, the step in which it is sent, the graded value).
    """

    VOCABULARY: Vocabulary
    MULTICAST: bool

    counters: Callable[[Chip], tuple[str, ...]]
    prices: Callable[[Chip], tuple[Price | Power, ...]]
    lower: Callable[[Network, Chip], Lowered]
    arithmetic: Callable[[Chip], Any]
    core_filler: Callable[[Lowered, Nets, Chip], Callable[[], CoreFill]]
    usage: Callable[[Program], Sequence[Usage]]
    load: Callable[[Mapping, Nets], Program]
    start: Callable[[Program, int, ConstantSet], CoreState]
    stamp: Callable[[int, int, int], int]


class FlatKind(CoreKind, Protocol):
    """A core kind with a compiled form: all cores of a program in flat arrays, see cores.flat.

    A kind that learns has ``rest`` and ``learned`` besides, as CoreState.
    """

    flat: Callable[[Program, ConstantSet], Any]
    reset: Callable[[Any], None]


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
