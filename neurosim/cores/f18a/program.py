"""What a person gives a node: words for its RAM and the state of its registers at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from neurosim.cores.f18a import isa
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.registers import State
from neurosim.errors import CapacityError, NeurosimError

_EMPTY: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True)
class NodeProgram:
    """One node as it starts: nothing is fetched, P points to its first instruction word.

    ``words`` fill RAM from address 0; ``memory`` adds words by RAM address. ``start`` is P (10 bits), ``a``, ``b``
    and ``io`` are those registers. ``stack`` and ``returns`` are pushed onto the stacks in their order, the last
    one ends in T or R; cells that nothing was pushed into are zero (undefined on silicon). ``rom`` are up to 64
    words; without, ROM is blank but for the jump at 0A9, and to read it is refused.
    Raises NeurosimError for values out of range and CapacityError for more words than RAM holds.
    """

    node: int
    words: Sequence[int] = ()
    start: int = 0
    a: int = 0
    b: int = isa.IO
    io: int = isa.IO_RESET
    stack: Sequence[int] = ()
    returns: Sequence[int] = ()
    carry: int = 0
    rom: Sequence[int] | None = None
    memory: Mapping[int, int] = field(default_factory=lambda: _EMPTY)

    def __post_init__(self) -> None:
        name = f"node {self.node:03d}"
        if len(self.words) > isa.RAM_WORDS:
            raise CapacityError(name, "ram_words", len(self.words), isa.RAM_WORDS)
        if self.rom is not None and len(self.rom) > isa.ROM_WORDS:
            raise CapacityError(name, "rom_words", len(self.rom), isa.ROM_WORDS)
        checked = {"start": ([self.start], isa.P_MASK), "b": ([self.b], isa.ADDRESS_MASK), "carry": ([self.carry], 1)}
        for what, values in {
            "words": self.words,
            "a": [self.a],
            "io": [self.io],
            "stack": self.stack,
            "returns": self.returns,
            "rom": self.rom or (),
            "memory": list(self.memory.values()),
        }.items():
            checked[what] = (list(values), isa.WORD_MASK)
        for what, (numbers, largest) in checked.items():
            for value in numbers:
                if not 0 <= value <= largest:
                    raise NeurosimError(f"{name}: {what}: found {value}, must be 0..{largest:#x}")
        for address in self.memory:
            if not 0 <= address < isa.RAM_WORDS:
                raise NeurosimError(f"{name}: memory: address {address:#x}, RAM is 0..{isa.RAM_WORDS - 1:#x}")

    def ram(self) -> dict[int, int]:
        """Return the words of RAM that are given, by address."""
        return {**dict(enumerate(self.words)), **self.memory}


def warm_word(reset_address: int) -> int:
    """Return the word at ROM address 0A9: a jump to the port address at which the node waits after reset."""
    return (isa.JUMP << 13 ^ isa.ENCODING) & 0x3FC00 | reset_address


def load_node(state: State, k: int, program: NodeProgram, reset_address: int) -> None:
    """Put a program into row ``k`` of a fresh state."""
    r = state.rows[k]
    for address, word in program.ram().items():
        state.memory[k, address] = word
    if program.rom is None:
        state.memory[k, isa.RAM_WORDS + isa.WARM - isa.ROM_START] = warm_word(reset_address)
    else:
        state.memory[k, isa.RAM_WORDS : isa.RAM_WORDS + len(program.rom)] = program.rom
    r[reg.P], r[reg.A], r[reg.B], r[reg.IO] = program.start, program.a, program.b, program.io
    r[reg.CARRY] = program.carry
    for value in program.stack:
        r[reg.DATA_TOP] = (r[reg.DATA_TOP] + 1) % isa.RING
        state.data[k, r[reg.DATA_TOP]] = r[reg.S]
        r[reg.S], r[reg.T] = r[reg.T], value
    for value in program.returns:
        r[reg.RETURN_TOP] = (r[reg.RETURN_TOP] + 1) % isa.RING
        state.back[k, r[reg.RETURN_TOP]] = r[reg.R]
        r[reg.R] = value


@dataclass(frozen=True)
class NodeState:
    """A node at the end of a run.

    ``stack`` is T, S and the ring from its top; ``returns`` R and its ring. ``ram`` has -1 in words that nothing
    was ever written to. ``slot`` is the next one; ``word`` what is in I, as stored. ``now`` is the node's local
    time (ps): where it stopped or from where on it waits.
    """

    node: int
    p: int
    a: int
    b: int
    io: int
    carry: int
    word: int
    slot: int
    stack: tuple[int, ...]
    returns: tuple[int, ...]
    ram: tuple[int, ...]
    now: int


def node_state(state: State, k: int, node: int) -> NodeState:
    """Return row ``k`` as a person reads it."""
    r = state.rows[k, : reg.REGISTERS].tolist()
    data, back = state.data[k].tolist(), state.back[k].tolist()
    data = [data[(r[reg.DATA_TOP] - i) % isa.RING] for i in range(isa.RING)]
    back = [back[(r[reg.RETURN_TOP] - i) % isa.RING] for i in range(isa.RING)]
    slot = (15 - r[reg.SHIFT]) // 5
    return NodeState(
        node,
        r[reg.P],
        r[reg.A],
        r[reg.B],
        r[reg.IO],
        r[reg.CARRY],
        r[reg.WORD],
        slot,
        (r[reg.T], r[reg.S], *data),
        (r[reg.R], *back),
        tuple(state.memory[k, : isa.RAM_WORDS].tolist()),
        r[reg.NOW],
    )
