"""Arrays of F18A nodes on SimPy: the definition of when things happen between nodes.

Each node is a process that runs compiled code up to its next access to a port or to io and then waits for its turn.
A rendezvous: an access begins; once both sides have begun, the word passes in ``time.port``, then both run on.
Everything at one picosecond is taken in this order: ends of accesses, then beginnings; each by entity, nodes by
ascending name and then hosts by node and port.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import TYPE_CHECKING, Any, cast

import simpy

from neurosim.cores.f18a import isa
from neurosim.cores.f18a import node as f18a
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import LATEST, Array, Host, Send, check_limits
from neurosim.cores.f18a.faults import fault
from neurosim.cores.f18a.node import run_node
from neurosim.cores.f18a.result import IO_WRITTEN, PASSED, RECEIVED, SENT, ArrayResult, Record, Step, result_of, step_of
from neurosim.cores.f18a.wiring import (
    DOING,
    MATCHED,
    PORTS,
    READS,
    SINCE,
    WORD,
    WRITES,
    io_value,
    prepare,
    wake_time,
)
from neurosim.engine.compiled.cache import drop_stale_code
from neurosim.engine.event.link import Clock

if TYPE_CHECKING:
    from neurosim.cores.f18a.registers import Ints

_ENDS, _BEGINS = 0, 1 << 15  # priorities of SimPy, to which the entity is added
_NO_TRACE: frozenset[int] = frozenset()
Waiting = Generator[simpy.Event, None, None]

drop_stale_code()  # run_node is compiled from several files


def run_array(
    array: Array, *, opcodes: int = 10_000_000, until: int = LATEST, trace: Collection[int] = _NO_TRACE
) -> ArrayResult:
    """Run an array until nothing can happen, each node has executed ``opcodes``, or events reach ``until`` (ps).

    ``trace`` names nodes whose every opcode is recorded. Raises F18AError, a NeurosimError, when a node does what
    it cannot, and NeurosimError for limits out of range.
    """
    check_limits(opcodes, until)
    run = _Run(array, opcodes, until, trace)
    while run.env.peek() < until:
        run.env.step()
    stopped = run.env.peek() != float("inf")
    return result_of(array, run.prepared, "event", run.records, stopped, tuple(run.steps))


class _Run:
    """An array while it runs; the methods that yield are the processes."""

    def __init__(self, array: Array, opcodes: int, until: int, trace: Collection[int]) -> None:
        self.array, self.prepared = array, prepare(array)
        self.rows, self.wires = self.prepared.state.rows, self.prepared.wires
        self.times = [int(time) for time in self.prepared.times]
        self.n, self.until = len(array.programs), until
        self.env = simpy.Environment()
        self.clock = cast("Clock", self.env)
        self.quota = [opcodes] * self.n
        self.traced = {k for k, program in enumerate(array.ordered) if program.node in trace}
        self.end: list[simpy.Event] = [self.env.event() for _ in self.wires]
        self.records: list[Record] = []
        self.steps: list[Step] = []
        for k in range(self.n):
            self.env.process(self.node(k))
        for h, host in enumerate(array.ordered_hosts):
            self.env.process(self.host(self.n + h, host))

    def node(self, k: int) -> Waiting:
        """A node: run, wait for the time of the next access, make it, and so on."""
        r = self.rows[k]
        while self.runs_on(k, r):
            yield self.at(int(r[reg.NOW]), _BEGINS + k)
            if r[reg.FAULT]:
                raise fault(self.array, k, r)
            wants = r[reg.WANTS]
            if wants == reg.IO_READ:
                r[reg.VALUE] = io_value(r, k, self.wires, self.prepared.signals, self.clock.now)
                r[reg.NOW] += self.times[reg.IO_READ_TIME]
            elif wants == reg.IO_WRITE:
                r[reg.IO] = r[reg.VALUE]
                self.records.append((IO_WRITTEN, k, self.clock.now, int(r[reg.VALUE])))
                r[reg.NOW] += self.times[reg.IO_WRITE_TIME]
            else:
                yield self.access(k, WRITES if wants == reg.WRITE else READS, int(r[reg.PORTS]), int(r[reg.VALUE]))
                if wants == reg.WRITE and self.prepared.watch[k] & self.wires[k, PORTS]:
                    self.records.append((PASSED, k, self.clock.now, int(self.wires[k, WORD])))
                self.wires[k, DOING] = self.wires[k, MATCHED] = 0

    def host(self, entity: int, host: Host) -> Waiting:
        """A host: make the steps one after another, then listen."""
        ports = isa.PORT_BITS[isa.PORT_NAMES.index(host.port)]
        for step in host.steps:
            if isinstance(step, Send):
                yield from self.host_access(entity, WRITES, ports, step.word, step.earliest)
            else:
                for _ in range(step.count):
                    yield from self.host_access(entity, READS, ports)
        while host.listens:
            yield from self.host_access(entity, READS, ports)

    def host_access(self, entity: int, doing: int, ports: int, word: int = 0, earliest: int = 0) -> Waiting:
        """One access of a host, which begins not before ``earliest`` (ps)."""
        yield self.at(max(self.clock.now, earliest), _BEGINS + entity)
        yield self.access(entity, doing, ports, word)
        kind, word = (SENT if doing == WRITES else RECEIVED), int(self.wires[entity, WORD])
        self.records.append((kind, entity, self.clock.now, word))
        self.wires[entity, DOING] = self.wires[entity, MATCHED] = 0

    def at(self, time: int, priority: int) -> simpy.Event:
        """Return an event that happens at a time (ps), among those of that time in the order of priority."""
        event = self.env.event()
        event._ok, event._value = True, None
        self.clock.schedule(event, priority, time - self.clock.now)
        return event

    def access(self, entity: int, doing: int, ports: int, word: int) -> simpy.Event:
        """Begin an access to ports now; returns the event of its end."""
        wires = self.wires
        wires[entity, DOING], wires[entity, PORTS] = doing, ports
        wires[entity, WORD], wires[entity, SINCE] = word, self.clock.now
        self.end[entity] = self.env.event()
        if doing == WRITES:
            self.begin_write(entity)
        else:
            self.begin_read(entity)
        return self.end[entity]

    def begin_write(self, entity: int) -> None:
        """Give the word to every selected neighbour that reads already; if there is none, wait for the first."""
        readers = self.opposite(entity, READS)
        if any(self.wires[reader, MATCHED] for reader in readers):
            self.refuse(entity, f18a.TWO_WRITERS)
        for reader in readers:
            self.wires[reader, WORD] = self.wires[entity, WORD]
            self.match(reader, self.times[reg.PORT])
        if readers:
            self.match(entity, self.times[reg.PORT])

    def begin_read(self, entity: int) -> None:
        """Take the word of the neighbour that writes already; if there is none, wait for the first, or for the pin."""
        writers = [writer for writer in self.opposite(entity, WRITES) if not self.wires[writer, MATCHED]]
        wakes = self.wakes(entity)
        if len(writers) + (wakes == self.clock.now) > 1:
            self.refuse(entity, f18a.TWO_WRITERS)
        if writers:
            self.wires[entity, WORD] = self.wires[writers[0], WORD]
            self.match(writers[0], self.times[reg.PORT])
            self.match(entity, self.times[reg.PORT])
        elif wakes == self.clock.now:
            self.wake(entity)
        elif wakes > 0:
            self.at(wakes, _BEGINS + entity).callbacks = [self.wake_if_still(entity, self.end[entity])]

    def opposite(self, entity: int, doing: int) -> list[int]:
        """Return who is at the other side of the entity's selected ports, doing the opposite, in the order of ports."""
        wires, ports = self.wires, int(self.wires[entity, PORTS])
        found = []
        for column, bit in enumerate(isa.PORT_BITS):
            other = int(wires[entity, column])
            if ports & bit and other >= 0 and wires[other, DOING] == doing and wires[other, PORTS] & bit:
                found.append(other)
        return found

    def match(self, entity: int, duration: int) -> None:
        """Let a word pass to or from an entity, from now on for ``duration`` ps; its wait is over."""
        self.wires[entity, MATCHED] = 1
        if entity < self.n:
            r = self.rows[entity]
            r[reg.WAITED] += self.clock.now - self.wires[entity, SINCE]
            r[reg.NOW] = self.clock.now + duration
            if self.wires[entity, DOING] == READS:
                r[reg.VALUE] = self.wires[entity, WORD]
        event = self.end[entity]
        event._ok, event._value = True, None
        self.clock.schedule(event, _ENDS + entity, duration)

    def wakes(self, entity: int) -> int:
        """Return when a pin will end a read of an entity, -1 for never or where no pin is read."""
        if entity >= self.n:
            return -1
        r = self.rows[entity]
        if not r[reg.PIN_WAKE] & self.wires[entity, PORTS]:
            return -1
        return int(wake_time(r[reg.IO], entity, self.prepared.signals, self.clock.now))

    def wake(self, entity: int) -> None:
        """End a read by the pin; the word read means nothing."""
        self.wires[entity, WORD] = 0
        self.match(entity, self.times[reg.PIN])

    def wake_if_still(self, entity: int, end: simpy.Event) -> simpy.events.EventCallback[Any]:
        """Return a callback that wakes an entity unless a neighbour was quicker."""

        def callback(_: simpy.Event) -> None:
            if self.end[entity] is end and not self.wires[entity, MATCHED]:
                self.wake(entity)

        return callback

    def refuse(self, entity: int, code: int) -> None:
        """Raise the error of an access that nothing defines; that of a host is told of the node at its port."""
        node = entity if entity < self.n else int(self.wires[entity, :4].max())
        r = self.rows[node]
        r[reg.FAULT], r[reg.FAULT_ADDRESS] = code, isa.port_address(int(self.wires[entity, PORTS]))
        raise fault(self.array, node, r)

    def runs_on(self, k: int, r: Ints) -> bool:
        """Let node k run to its next access; returns whether there is one."""
        if k in self.traced:
            return self.steps_on(k, r)
        return self.quota[k] > 0 and self.execute(k, r, self.quota[k]) != reg.SPENT

    def steps_on(self, k: int, r: Ints) -> bool:
        """Do what runs_on does, opcode by opcode, and record each that is complete."""
        while self.quota[k] and (r[reg.NOW] < self.until or r[reg.WANTS]):
            fetches = r[reg.SHIFT] < 0 and r[reg.WANTS] in (reg.NOTHING, reg.INSTRUCTION)
            if fetches and self.execute(k, r, 0) != reg.SPENT:
                return True
            begin = int(self.wires[k, SINCE] if r[reg.WANTS] in (reg.READ, reg.WRITE) else r[reg.NOW])
            cell, shift = int(r[reg.AT]), int(r[reg.SHIFT])
            opcode = ((int(r[reg.WORD]) ^ isa.ENCODING) << 2 >> shift) & 31
            status = self.execute(k, r, 1)
            if not r[reg.LEFT]:
                self.steps.append(step_of(self.array.ordered[k].node, begin, cell, shift, opcode, r))
            if status != reg.SPENT:
                return True
        return False

    def execute(self, k: int, r: Ints, budget: int) -> int:
        """Let node k execute up to ``budget`` opcodes; returns what run_node does."""
        status = int(run_node(r, self.prepared.times, self.prepared.options, budget, self.until))
        self.quota[k] -= budget - int(r[reg.LEFT])
        return status
