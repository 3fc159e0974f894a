"""What joins nodes to each other and to the outside while they run, as arrays that both engines share.

Entities are the nodes with programs by ascending name, then the hosts by node and port. Ports come in the order
right, down, left, up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from neurosim.cores.f18a import isa
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import LATEST, Array, Send
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.pins import PINS, live_bits, wake_port
from neurosim.cores.f18a.program import load_node
from neurosim.cores.f18a.registers import Ints, State, empty_state
from neurosim.cores.f18a.timing import durations

READS, WRITES = 1, 2  # values of DOING; 0: nothing that a neighbour could see
_NEVER = -1


# Columns of the wires, int64[entities, WIRES]. The first four are the entities behind the ports, -1 for none. DOING is
# READS or WRITES from the beginning of an access to a port until both sides are done, PORTS the set of ports it names,
# WORD the word, SINCE its beginning (ps), MATCHED 1 while the word passes.
DOING, PORTS, WORD, SINCE, MATCHED = range(4, 9)
WIRES = 9


class Steps(NamedTuple):
    """The steps of the hosts, those of host h at ``ptr[h]:ptr[h + 1]``: READS or WRITES, with word, time, how often."""

    ptr: Ints
    kind: Ints
    word: Ints
    earliest: Ints
    repeat: Ints
    listens: Ints


class Signals(NamedTuple):
    """The signals on pins: those of node k, pin column c at ``start[k, c]:stop[k, c]`` of ``times`` and ``levels``."""

    start: Ints
    stop: Ints
    times: Ints
    levels: Ints


class Prepared(NamedTuple):
    """An array ready to run: all that an engine changes while it runs, and what it only reads."""

    state: State
    wires: Ints
    steps: Steps
    signals: Signals
    times: Ints
    options: Ints
    watch: Ints


def prepare(array: Array) -> Prepared:
    """Build the arrays of a run from its description; raises NeurosimError for constants out of range."""
    programs, grid = array.ordered, array.grid
    state = empty_state(len(programs))
    places = {program.node: k for k, program in enumerate(programs)}
    link = _links(array, places)
    for k, program in enumerate(programs):
        load_node(state, k, program, grid.reset_address(program.node))
        _edges(state.rows[k], grid, program.node, link[k], len(programs))
    wires = np.zeros((len(link), WIRES), np.int64)
    wires[:, :4] = link
    times = durations(array.chip, array.constant_set)
    watch = np.zeros(len(link), np.int64)
    for node, port in array.watch:
        watch[places[node]] |= isa.PORT_BITS[isa.PORT_NAMES.index(port)]
    return Prepared(state, wires, _steps(array), _signals(array, places), times, array.options.row(), watch)


def _links(array: Array, places: dict[int, int]) -> Ints:
    grid, hosts = array.grid, array.ordered_hosts
    link = np.full((len(places) + len(hosts), 4), -1, np.int64)
    for node, k in places.items():
        for column, port in enumerate(isa.PORT_NAMES):
            behind = grid.neighbour(node, port)
            link[k, column] = -1 if behind is None else places.get(behind, -1)
    for h, host in enumerate(hosts):
        column, k = isa.PORT_NAMES.index(host.port), places[host.node]
        link[k, column], link[len(places) + h, column] = len(places) + h, k
    return link


def _edges(r: Ints, grid: Grid, node: int, link: Ints, n: int) -> None:
    """Set what a node's ports lead to: neighbours that exist and hosts in PRESENT, a pin that can only be read."""
    hosts = sum(bit for column, bit in enumerate(isa.PORT_BITS) if link[column] >= n)
    r[reg.PRESENT] = grid.ports(node) | hosts
    r[reg.PIN_WAKE] = wake_port(grid, node) & ~hosts
    r[reg.READABLE] = r[reg.PIN_WAKE]
    r[reg.LIVE_BITS] = live_bits(grid, node)
    for column, bit in enumerate(isa.PORT_BITS):
        if hosts & bit:
            r[reg.LIVE_BITS] |= 3 << (15 - 2 * column)


def _steps(array: Array) -> Steps:
    rows: list[tuple[int, int, int, int]] = []
    ptr = [0]
    for host in array.ordered_hosts:
        for step in host.steps:
            if isinstance(step, Send):
                rows.append((WRITES, step.word, step.earliest, 1))
            elif step.count:
                rows.append((READS, 0, 0, step.count))
        ptr.append(len(rows))
    columns = np.array(rows, np.int64).reshape(-1, 4).T.copy()
    kind, word, earliest, repeat = columns
    listens = np.array([host.listens for host in array.ordered_hosts], np.int64)
    return Steps(np.array(ptr, np.int64), kind, word, earliest, repeat, listens)


def _signals(array: Array, places: dict[int, int]) -> Signals:
    start = np.zeros((len(places), len(PINS)), np.int64)
    stop = np.zeros_like(start)
    times: list[int] = []
    levels: list[int] = []
    for pin in array.pins:
        if pin.node in places:
            cell = places[pin.node], PINS.index(pin.pin)
            start[cell], stop[cell] = len(times), len(times) + len(pin.times)
            times += pin.times
            levels += pin.levels
    return Signals(start, stop, np.array(times, np.int64), np.array(levels, np.int64))


@njit(cache=True)
def _driven(io: int, column: int) -> int:
    """Return the level that the node itself gives a pin: 0, 1, or -1 where it leaves the pin alone."""
    control = (io >> 16) & 3 if column == 0 else (io >> (6 - 2 * column)) & 3
    return control & 1 if control & 2 else _NEVER


@njit(cache=True)
def pin_level(io: int, column: int, k: int, signals: Signals, time: int) -> int:
    """Return the level of a pin (a column of PINS) of node k: what the node drives, else the signal, else 0."""
    driven = _driven(io, column)
    if driven >= 0:
        return driven
    first, last = signals.start[k, column], signals.stop[k, column]
    position = first + np.searchsorted(signals.times[first:last], time, side="right")
    return int(signals.levels[position - 1]) if position > first else 0


@njit(cache=True)
def wake_time(io: int, k: int, signals: Signals, time: int) -> int:
    """Return the first time from ``time`` on at which pin 17 of node k has the level that wakes it, -1 for never.

    Bit 11 of io chooses the level: 0 for high, 1 for low.
    """
    wanted = ((io >> 11) & 1) ^ 1
    if pin_level(io, 0, k, signals, time) == wanted:
        return time
    if _driven(io, 0) >= 0:
        return _NEVER
    first, last = signals.start[k, 0], signals.stop[k, 0]
    for position in range(first + np.searchsorted(signals.times[first:last], time, side="right"), last):
        if signals.levels[position] == wanted:
            return int(min(signals.times[position], LATEST))
    return _NEVER


@njit(cache=True)
def io_value(r: Ints, k: int, wires: Ints, signals: Signals, time: int) -> int:
    """Return what node k (with row ``r``) reads from io at a time.

    Bits 16..9: for each of right, down, left, up: 0 while the other side reads, then 1 while it writes. Bits 17, 5,
    3, 1: pins. All others read as the inverse of what was written.
    """
    io = r[reg.IO]
    live = r[reg.LIVE_BITS]
    value = ~io & ~live & isa.WORD_MASK
    for column in range(4):
        high = 16 - 2 * column
        if (live >> high) & 1:
            value |= 1 << high
            other = wires[k, column]
            if other >= 0 and wires[other, PORTS] & (8 >> column):
                if wires[other, DOING] == READS:
                    value ^= 1 << high
                elif wires[other, DOING] == WRITES:
                    value |= 1 << (high - 1)
    for column in range(4):
        pin = PINS[column]
        if (live >> pin) & 1 and pin_level(io, column, k, signals, time):
            value |= 1 << pin
    return int(value)
