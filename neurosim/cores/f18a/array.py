"""An array of nodes as a person describes it: programs, processes outside the chip, signals on pins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.f18a import isa
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.options import Options
from neurosim.cores.f18a.pins import PINS, pins_of
from neurosim.cores.f18a.program import NodeProgram
from neurosim.errors import NeurosimError, unknown

LATEST = (1 << 45) - 1  # ps, about 35 seconds of simulated time: with an entity below it fits into 62 bits
MOST_ENTITIES = 1 << 15


@dataclass(frozen=True)
class Send:
    """A host's step: offer ``word`` to the node, not before ``earliest`` (ps)."""

    word: int
    earliest: int = 0


@dataclass(frozen=True)
class Receive:
    """A host's step: take ``count`` words from the node."""

    count: int = 1


@dataclass(frozen=True)
class Host:
    """A process outside the chip that behaves like a neighbour on an edge port, or on a port to a node not in use.

    It makes its ``steps`` one after another, each as soon as the one before is complete, and keeps a rendezvous as
    nodes do. ``listens``: after the steps it takes every word that comes.
    """

    node: int
    port: str
    steps: tuple[Send | Receive, ...] = ()
    listens: bool = True


def feeder(node: int, port: str, words: Iterable[int], earliest: Sequence[int] | None = None) -> Host:
    """Return a host that sends words, word k not before ``earliest[k]`` (ps)."""
    listed = list(words)
    times = [0] * len(listed) if earliest is None else list(earliest)
    if len(times) != len(listed):
        raise NeurosimError(f"host at node {node:03d}: {len(listed)} words and {len(times)} earliest times")
    return Host(node, port, tuple(Send(word, time) for word, time in zip(listed, times, strict=True)), listens=False)


def collector(node: int, port: str) -> Host:
    """Return a host that takes every word that a node writes to an edge port."""
    return Host(node, port)


@dataclass(frozen=True)
class Pin:
    """A signal on a pin from outside: ``levels[k]`` (0 or 1) holds from ``times[k]`` (ps, ascending) on, 0 before.

    A node that drives the pin itself sees what it drives.
    """

    node: int
    times: Sequence[int]
    levels: Sequence[int]
    pin: int = 17


@dataclass(frozen=True)
class Array:
    """Nodes with programs on a chip, and what surrounds them; nodes without a program do nothing.

    ``constants`` names a constant set of the chip. Raises NeurosimError for nodes that do not exist or come
    twice, hosts on ports to nodes in use, pins that a node does not have, and values out of range.
    """

    chip: Chip
    programs: Sequence[NodeProgram]
    hosts: Sequence[Host] = ()
    pins: Sequence[Pin] = ()
    constants: str | None = None
    options: Options = field(default_factory=Options)
    watch: Sequence[tuple[int, str]] = ()

    def __post_init__(self) -> None:
        if self.chip.core_kind != "f18a":
            raise NeurosimError(
                f"{self.chip.name}: its cores are of kind {self.chip.core_kind}, F18A programs need f18a"
            )
        nodes = [program.node for program in self.programs]
        for k, node in enumerate(nodes):
            self.grid.place(node)
            if node in nodes[:k]:
                raise NeurosimError(f"node {node:03d}: two programs, it can have one")
        if len(nodes) + len(self.hosts) > MOST_ENTITIES:
            raise NeurosimError(f"{len(nodes)} nodes and {len(self.hosts)} hosts, at most {MOST_ENTITIES} together")
        for k, host in enumerate(self.hosts):
            self._check_host(host, self.hosts[:k])
        for k, pin in enumerate(self.pins):
            self._check_pin(pin, self.pins[:k])

    @cached_property
    def grid(self) -> Grid:
        """The nodes of the chip."""
        return Grid.of(self.chip)

    @property
    def constant_set(self) -> ConstantSet:
        """The constant set that gives the times."""
        return self.chip.constants(self.constants)

    @cached_property
    def ordered(self) -> tuple[NodeProgram, ...]:
        """The programs by ascending node, the order in which ties are broken."""
        return tuple(sorted(self.programs, key=lambda program: program.node))

    @cached_property
    def ordered_hosts(self) -> tuple[Host, ...]:
        """The hosts by node and port (right, down, left, up); they come after all nodes."""
        return tuple(sorted(self.hosts, key=lambda host: (host.node, isa.PORT_NAMES.index(host.port))))

    def _check_host(self, host: Host, before: Sequence[Host]) -> None:
        name = f"host at node {host.node:03d}"
        self.grid.place(host.node)
        if host.port not in isa.PORT_NAMES:
            raise unknown(f"port of the {name}", host.port, isa.PORT_NAMES)
        behind = self.grid.neighbour(host.node, host.port)
        in_use = {program.node for program in self.ordered}
        if host.node not in in_use:
            raise NeurosimError(f"{name}: the node has no program")
        if behind in in_use:
            raise NeurosimError(f"{name}: port {host.port} leads to node {behind:03d}, which has a program")
        if any((other.node, other.port) == (host.node, host.port) for other in before):
            raise NeurosimError(f"{name}: two hosts on port {host.port}")
        for step in host.steps:
            if isinstance(step, Send):
                _check_range(f"{name}: word", step.word, isa.WORD_MASK)
                _check_range(f"{name}: earliest", step.earliest, LATEST)
            else:
                _check_range(f"{name}: count", step.count, 10**9)

    def _check_pin(self, pin: Pin, before: Sequence[Pin]) -> None:
        name = f"pin {pin.pin} of node {pin.node:03d}"
        self.grid.place(pin.node)
        has = pins_of(self.grid, pin.node)
        if pin.pin not in PINS or pin.pin not in has:
            raise NeurosimError(f"{name}: the node has pins {', '.join(map(str, has)) or 'none'}")
        if any((other.node, other.pin) == (pin.node, pin.pin) for other in before):
            raise NeurosimError(f"{name}: two signals")
        if len(pin.times) != len(pin.levels):
            raise NeurosimError(f"{name}: {len(pin.times)} times and {len(pin.levels)} levels")
        last = -1
        for time, level in zip(pin.times, pin.levels, strict=True):
            if level not in (0, 1):
                raise NeurosimError(f"{name}: found level {level}, must be 0 or 1")
            if time <= last:
                raise NeurosimError(f"{name}: time {time} after {last}, must ascend")
            last = time
        _check_range(f"{name}: time", max(last, 0), LATEST)


def _check_range(what: str, value: int, largest: int) -> None:
    if not 0 <= value <= largest:
        raise NeurosimError(f"{what}: found {value}, must be 0..{largest}")


def check_limits(opcodes: int, until: int) -> None:
    """Raise NeurosimError for limits that are no numbers from 1 on, or a time beyond what the engines can count."""
    if not 1 <= opcodes < 1 << 60:
        raise NeurosimError(f"opcodes: found {opcodes}, must be 1..{(1 << 60) - 1}")
    if not 1 <= until <= LATEST:
        raise NeurosimError(f"until: found {until} ps, must be 1..{LATEST}")
