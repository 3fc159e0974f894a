"""What endpoints send in a step: the entries of a firing, or of the input lines, as packets to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.engine.event.multicast import Forest
from neurosim.program import Destinations, Program

Ints = NDArray[np.int64]


class Messages(NamedTuple):
    """Packets of one endpoint in the order of sending, int64[k] each.

    ``time`` (ps) is absolute; ``copies`` numbers are reserved for a packet.
    """

    goal: Ints
    axon: Ints
    payload: Ints
    time: Ints
    copies: Ints


class Address(NamedTuple):
    """Where the entries of one sender go, int64[entries] each; an entry with 0 ``copies`` is not sent."""

    goal: Ints
    axon: Ints
    copies: Ints

    def messages(self, entry: Ints, payload: Ints, time: Ints) -> Messages:
        """Return the packets of some entries that leave at absolute times (ps)."""
        sent = self.copies[entry] > 0
        goes = entry[sent]
        return Messages(self.goal[goes], self.axon[goes], payload[sent], time[sent], self.copies[goes])


def unicast(destinations: Destinations, first_core: int) -> Address:
    """Return the addresses of destination lists: every entry goes to one axon of one core."""
    goal = destinations.core.astype(np.int64) + first_core
    return Address(goal, destinations.axon.astype(np.int64), np.ones_like(goal))


def addresses(program: Program, first_core: int, forest: Forest | None) -> list[Address]:
    """Return the addresses of the input lines, which all ports share, and then of every core.

    With multicast trees an entry is an input line or a unit, and goes to the hub with its route.
    """
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
    """The chip's I/O ports: input line k enters through port k modulo their number, one packet after another.

    ``ptr`` and ``statics`` belong to the entries of the input lines, of which those without copies are left out.
    """

    def __init__(
        self, address: Address, ptr: Ints, statics: Ints, n: int, spacing: int, stamp: Callable[[int, int, int], int]
    ) -> None:
        self._address, self._ptr, self._statics = address, ptr, statics
        self._n, self._spacing, self._stamp = n, spacing, stamp

    def inject(self, pulses: NDArray[Any], step: int, now: int) -> list[Messages]:
        """Return the packets of every port for one step's pulses [input lines]."""
        lines = np.flatnonzero(pulses)
        return [self._port(pulses, lines[lines % self._n == port], step, now) for port in range(self._n)]

    def _port(self, pulses: NDArray[Any], lines: NDArray[Any], step: int, now: int) -> Messages:
        entries: list[int] = []
        payloads: list[int] = []
        for line in lines.tolist():
            value = int(pulses[line])
            for entry in range(self._ptr[line], self._ptr[line + 1]):
                if self._address.copies[entry]:
                    entries.append(entry)
                    payloads.append(self._stamp(int(self._statics[entry]), step, value))
        chosen, payload = np.array(entries, dtype=np.int64), np.array(payloads, dtype=np.int64)
        return self._address.messages(chosen, payload, now + self._spacing * np.arange(len(chosen)))


def ports(
    program: Program, address: Address, n: int, spacing: int, stamp: Callable[[int, int, int], int], multicast: bool
) -> Ports:
    """Return a chip's n ports; with multicast trees every line has one entry, without a static value."""
    inputs = program.inputs
    if not multicast:
        return Ports(address, inputs.ptr, inputs.statics().astype(np.int64), n, spacing, stamp)
    lines = len(inputs.ptr) - 1
    return Ports(address, np.arange(lines + 1), np.zeros(lines, dtype=np.int64), n, spacing, stamp)
