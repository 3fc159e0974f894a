"""What endpoints send in a step: the entries of a firing, or of the input lines, as packets to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.firing import Firing
from neurosim.engine.compiled.step import ENDPOINT_SHIFT
from neurosim.engine.event.multicast import Forest
from neurosim.program import Destinations, Program

Ints = NDArray[np.int64]


class Messages(NamedTuple):
    """Packets of one endpoint in the order of sending, int64[k] each: ``time`` (ps) is absolute."""

    number: Ints
    goal: Ints
    axon: Ints
    payload: Ints
    time: Ints


class Address(NamedTuple):
    """Where the entries of one sender go, int64[entries] each; ``copies`` numbers are reserved for an entry.

    An entry with 0 copies is not sent.
    """

    goal: Ints
    axon: Ints
    copies: Ints

    def messages(self, endpoint: int, entry: Ints, payload: Ints, time: Ints) -> Messages:
        """Return the packets of some entries that leave at absolute times (ps)."""
        copies = self.copies[entry]
        sent = copies > 0
        number = (endpoint << ENDPOINT_SHIFT) + np.cumsum(copies) - copies
        goes = entry[sent]
        return Messages(number[sent], self.goal[goes], self.axon[goes], payload[sent], time[sent])


def unicast(destinations: Destinations, first_core: int) -> Address:
    """Return the addresses of destination lists: every entry goes to one axon of one core."""
    goal = destinations.core.astype(np.int64) + first_core
    return Address(goal, destinations.axon.astype(np.int64), np.ones_like(goal))


def addresses(program: Program, first_core: int, forest: Forest | None) -> list[Address]:
    """Return the addresses of the input lines, which all ports share, and then of every core."""
    lists = [program.inputs, *program.outputs]
    if forest is None:
        return [unicast(each, first_core) for each in lists]
    copies = np.array([len(leaves) for leaves in forest.leaves], dtype=np.int64)
    result, start = [], 0
    for each in lists:
        routes = np.arange(start, start + len(each.ptr) - 1)
        result.append(Address(np.full(len(routes), forest.hub), routes, copies[routes]))
        start += len(routes)
    return result


class Ports:
    """The chip's I/O ports: input line k enters through port k modulo their number, one packet after another."""

    def __init__(
        self, program: Program, address: Address, n: int, spacing: int, stamp: Callable[[int, int, int], int]
    ) -> None:
        inputs = program.inputs
        self._address, self._n, self._spacing, self._stamp = address, n, spacing, stamp
        lines = len(inputs.ptr) - 1
        routed = len(address.goal) == lines and address.copies is not None and not _is_unicast(address)
        self._ptr = np.arange(lines + 1) if routed else inputs.ptr
        self._statics = np.zeros(lines, dtype=np.int64) if routed else inputs.statics().astype(np.int64)

    def inject(self, pulses: NDArray[np.generic], step: int, now: int) -> list[Messages]:
        """Return the packets of every port for one step's pulses [input lines]."""
        lines = np.flatnonzero(pulses)
        return [self._port(port, pulses, lines[lines % self._n == port], step, now) for port in range(self._n)]

    def _port(
        self, port: int, pulses: NDArray[np.generic], lines: Sequence[int] | Ints, step: int, now: int
    ) -> Messages:
        entries, payloads = [], []
        for line in np.asarray(lines).tolist():
            value = int(pulses[line])
            for entry in range(self._ptr[line], self._ptr[line + 1]):
                entries.append(entry)
                payloads.append(self._stamp(int(self._statics[entry]), step, value))
        entry, payload = np.array(entries, dtype=np.int64), np.array(payloads, dtype=np.int64)
        return self._address.messages(port, entry, payload, now + self._spacing * np.arange(len(entry)))
