"""What an array of nodes did: states, counts, times, words at the edge, and who waits for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neurosim.cores.f18a import isa
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import Array
from neurosim.cores.f18a.program import NodeState, node_state
from neurosim.cores.f18a.registers import Ints, State
from neurosim.cores.f18a.wiring import DOING, PORTS, SINCE, WRITES, Prepared

RECEIVED, SENT, IO_WRITTEN, PASSED = range(4)  # kinds of an engine's record
DOUBTS = (
    "+ or +* right after an opcode that changed T, S or P9",
    "+* with S and T of different signs",
    "+* in extended arithmetic",
)
Record = tuple[int, int, int, int]  # kind, entity, time (ps), word


@dataclass(frozen=True)
class Counters:
    """What a node counted: opcodes by name, words fetched (``instructions`` of them from ports), and its times (ps).

    ``reads`` and ``writes`` are words of data through ports. ``active_ps`` is the time in which it ran,
    ``suspended_ps`` the rest of the run.
    """

    node: int
    opcodes: Mapping[str, int]
    words_fetched: int
    instructions: int
    reads: int
    writes: int
    io_reads: int
    io_writes: int
    active_ps: int
    suspended_ps: int

    @property
    def total(self) -> int:
        """All opcodes."""
        return sum(self.opcodes.values())

    @property
    def port_words(self) -> int:
        """Words through ports, in either direction, instructions too."""
        return self.instructions + self.reads + self.writes

    @property
    def classes(self) -> dict[str, int]:
        """Opcodes by class: alu, memory (RAM and ROM), transfer, unext, port and io."""
        found = {
            name: sum(self.opcodes.get(isa.OPCODES[code], 0) for code in codes) for name, codes in isa.CLASSES.items()
        }
        found["port"], found["io"] = self.reads + self.writes, self.io_reads + self.io_writes
        found["memory"] -= found["port"] + found["io"]
        return found


@dataclass(frozen=True)
class Wait:
    """A node that is suspended at the end: since when (ps), for what, on which ports, and who is behind them.

    ``purpose``: instruction, read or write. ``nodes`` are neighbours with programs, ``hosts`` tells whether a host
    or a pin is among those it waits for.
    """

    node: int
    purpose: str
    ports: str
    since: int
    nodes: tuple[int, ...]
    hosts: bool

    def __str__(self) -> str:
        behind = " or ".join(f"{node:03d}" for node in self.nodes)
        whom = f" for {behind}" if behind else ""
        return f"node {self.node:03d} waits{whom} ({self.purpose} on {self.ports}) since {self.since} ps"


@dataclass(frozen=True)
class Doubt:
    """A step whose result silicon does not promise: what, where (address of the word, None from a port), how often."""

    what: str
    node: int
    address: int | None
    count: int

    def __str__(self) -> str:
        where = "in a word from a port" if self.address is None else f"at {self.address:03X}"
        return f"node {self.node:03d} {where}: {self.what} ({self.count} times)"


@dataclass(frozen=True)
class Traffic:
    """The words of a host with the times (ps) at which each was complete: what it received and what it sent."""

    node: int
    port: str
    received: tuple[tuple[int, int], ...]
    sent: tuple[tuple[int, int], ...]

    @property
    def words(self) -> tuple[int, ...]:
        """The words received, without their times."""
        return tuple(word for _, word in self.received)


@dataclass(frozen=True)
class Step:
    """One executed opcode of a traced node: from ``begin`` to ``end`` (ps), and the registers after it.

    ``address`` is that of the word, None for words from ports; ``slot`` is 0..3.
    """

    begin: int
    end: int
    node: int
    address: int | None
    slot: int
    opcode: str
    p: int
    t: int
    s: int
    r: int
    a: int
    b: int


@dataclass(frozen=True)
class ArrayResult:
    """A run of an array. ``end`` is the latest local time of any node or host (ps).

    ``ended``: ``idle`` (every node waits for an instruction), ``waiting`` (some wait for data that a host or pin
    could still bring or take), ``deadlock`` (some node waits, and nothing outside could ever help), ``limit`` (a
    node spent its opcodes, or time was up). ``io_writes`` are (time, node, word) stored to io.
    """

    chip: str
    constants: str
    engine: str
    end: int
    ended: str
    nodes: tuple[NodeState, ...]
    counters: tuple[Counters, ...]
    waits: tuple[Wait, ...]
    deadlocked: tuple[int, ...]
    doubts: tuple[Doubt, ...]
    traffic: tuple[Traffic, ...]
    io_writes: tuple[tuple[int, int, int], ...]
    trace: tuple[Step, ...] = ()
    passed: tuple[tuple[int, int, int], ...] = ()

    def node(self, name: int) -> NodeState:
        """Return the final state of one node."""
        return next(state for state in self.nodes if state.node == name)

    def counts(self, name: int) -> Counters:
        """Return the counters of one node."""
        return next(counters for counters in self.counters if counters.node == name)

    def host(self, node: int, port: str) -> Traffic:
        """Return the words of the host at a port."""
        return next(traffic for traffic in self.traffic if (traffic.node, traffic.port) == (node, port))

    @property
    def opcodes(self) -> int:
        """Opcodes of all nodes."""
        return sum(counters.total for counters in self.counters)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form: times in picoseconds, words as numbers."""
        return {
            "chip": self.chip,
            "constants": self.constants,
            "engine": self.engine,
            "ended": self.ended,
            "end_ps": self.end,
            "opcodes": self.opcodes,
            "port_words": self.port_words,
            "nodes": [
                asdict(state) | {"counters": asdict(counters) | {"classes": counters.classes}}
                for state, counters in zip(self.nodes, self.counters, strict=True)
            ],
            "waits": [asdict(wait) for wait in self.waits],
            "deadlocked": list(self.deadlocked),
            "doubts": [asdict(doubt) for doubt in self.doubts],
            "hosts": [asdict(traffic) for traffic in self.traffic],
            "io_writes": [{"time": time, "node": node, "word": word} for time, node, word in self.io_writes],
            "trace": [asdict(step) for step in self.trace],
        }

    @property
    def port_words(self) -> int:
        """Words read through ports by all nodes, instructions too; each was written once."""
        return sum(counters.instructions + counters.reads for counters in self.counters)


def address_of(cell: int) -> int | None:
    """Return the address of a memory cell, None for a word that came from a port."""
    if cell == reg.PORT_CELL:
        return None
    return cell if cell < isa.RAM_WORDS else cell - isa.RAM_WORDS + isa.ROM_START


def step_of(node: int, begin: int, cell: int, shift: int, opcode: int, r: Ints) -> Step:
    """Return the record of an opcode: where it stood, when it began, and the registers ``r`` after it."""
    after = [int(r[column]) for column in (reg.P, reg.T, reg.S, reg.R, reg.A, reg.B)]
    return Step(begin, int(r[reg.NOW]), node, address_of(cell), (15 - shift) // 5, isa.OPCODES[opcode], *after)


def result_of(
    array: Array, prepared: Prepared, engine: str, records: list[Record], stopped: bool, trace: tuple[Step, ...] = ()
) -> ArrayResult:
    """Gather what a finished run left in its arrays; ``stopped``: a limit ended it, not silence."""
    state, wires = prepared.state, prepared.wires
    programs, n = array.ordered, len(array.programs)
    now = state.rows[:, reg.NOW]
    end = max([int(now.max(initial=0)), *(time for kind, _, time, _ in records if kind != IO_WRITTEN)])
    waits = tuple(_wait(array, prepared, k) for k in range(n) if wires[k, DOING])
    stuck = _deadlocked(waits)
    running = n > len(waits)
    return ArrayResult(
        array.chip.name,
        array.constant_set.name,
        engine,
        end,
        _ending(waits, stuck, stopped or running),
        tuple(node_state(state, k, program.node) for k, program in enumerate(programs)),
        tuple(_counters(state, k, program.node, end) for k, program in enumerate(programs)),
        waits,
        () if stopped or running else stuck,
        _doubts(state, [program.node for program in programs]),
        _traffic(array, records),
        tuple((time, programs[k].node, word) for kind, k, time, word in records if kind == IO_WRITTEN),
        tuple(sorted(trace, key=lambda step: (step.begin, step.node))),
        tuple((time, programs[k].node, word) for kind, k, time, word in records if kind == PASSED),
    )


def _ending(waits: tuple[Wait, ...], stuck: tuple[int, ...], stopped: bool) -> str:
    if stopped:
        return "limit"
    if all(wait.purpose == "instruction" for wait in waits):
        return "idle"
    return "deadlock" if stuck else "waiting"


def _counters(state: State, k: int, node: int, end: int) -> Counters:
    r, opcodes = state.rows[k, : reg.SETTLING].tolist(), state.opcodes[k].tolist()
    active = r[reg.NOW] - r[reg.WAITED]
    return Counters(
        node,
        {name: opcodes[code] for code, name in enumerate(isa.OPCODES) if opcodes[code]},
        words_fetched=r[reg.WORDS_FETCHED],
        instructions=r[reg.PORT_INSTRUCTIONS],
        reads=r[reg.PORT_READS],
        writes=r[reg.PORT_WRITES],
        io_reads=r[reg.IO_READS],
        io_writes=r[reg.IO_WRITES],
        active_ps=active,
        suspended_ps=end - active,
    )


def _wait(array: Array, prepared: Prepared, k: int) -> Wait:
    w, r, n = prepared.wires[k].tolist(), prepared.state.rows[k], len(array.programs)
    behind = [w[column] for column, bit in enumerate(isa.PORT_BITS) if w[PORTS] & bit]
    purpose = "write" if w[DOING] == WRITES else "read"
    if r[reg.WANTS] == reg.INSTRUCTION:
        purpose = "instruction"
    names = tuple(sorted(array.ordered[other].node for other in behind if 0 <= other < n))
    outside = any(other >= n for other in behind) or bool(w[PORTS] & int(r[reg.PIN_WAKE]))
    return Wait(array.ordered[k].node, purpose, isa.ports_text(w[PORTS]), w[SINCE], names, outside)


def _deadlocked(waits: tuple[Wait, ...]) -> tuple[int, ...]:
    """Return the nodes that wait for data and that no chain of waits joins to anything outside."""
    hopeful = {wait.node for wait in waits if wait.hosts}
    grown = True
    while grown:
        more = {wait.node for wait in waits if wait.node not in hopeful and hopeful & set(wait.nodes)}
        grown = bool(more)
        hopeful |= more
    return tuple(wait.node for wait in waits if wait.node not in hopeful and wait.purpose != "instruction")


def _doubts(state: State, nodes: list[int]) -> tuple[Doubt, ...]:
    found = []
    for k, kind, cell in zip(*state.doubts.nonzero(), strict=True):
        found.append(Doubt(DOUBTS[kind], nodes[k], address_of(int(cell)), int(state.doubts[k, kind, cell])))
    return tuple(found)


def _traffic(array: Array, records: list[Record]) -> tuple[Traffic, ...]:
    n = len(array.programs)
    words: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for kind, entity, time, word in records:
        words[kind, entity].append((time, word))
    return tuple(
        Traffic(host.node, host.port, tuple(words[RECEIVED, n + h]), tuple(words[SENT, n + h]))
        for h, host in enumerate(array.ordered_hosts)
    )
