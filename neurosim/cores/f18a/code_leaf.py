"""The program of a leaf: it holds synapses, takes bit words from its cell, and gives sums of weights back.

A bit word has one bit per line, the first in bit 15. The leaf shifts it out at the top. A set bit adds the word at A
to the sum, and A goes to the next word of the table either way; when no bit is left, it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosim.cores.f18a import isa, lanes
from neurosim.cores.f18a.assemble import Code, assemble

FIRST, MIDDLE, LAST = "first", "middle", "last"


@dataclass(frozen=True)
class Synapses:
    """The synapses of one bit word: ``table`` one word per line, ``start`` of its sum, ``shift`` to bit 16."""

    table: tuple[int, ...]
    start: int
    shift: int


@dataclass(frozen=True)
class Leaf:
    """What a leaf does in a step.

    ``port`` leads to its cell. ``kind`` FIRST starts from the wide words ``initial`` and gives wide words back, MIDDLE
    takes them from the cell first, LAST takes them and gives the sum of each lane. ``second_first``: of the two wide
    words the second (q) lies on top of the stack.
    """

    port: str
    lanes: int
    kind: str
    synapses: tuple[Synapses, ...]
    second_first: bool = True
    initial: tuple[int, ...] = ()
    role: str = ""


_SCAN = """
\\ scan: T a bit word shifted to bit 16, S a sum, A one before the table
t:      if done                      \\ no bits left
s:      @+ drop 2*                   \\ a clear bit: pass over its synapses
        -if s
r:      push @+ + pop 2* -if t       \\ a set bit: add its synapses
        push @+ + pop 2* -if t       \\ the same again, which saves a jump
        jump r
"""
_DROP = """done:   drop ;
"""
_SPLIT = {
    True: """
\\ done: split the sum into lanes 2 and 4, added to S, and lanes 1 and 3, added to the third item
done:   drop dup push 2/ 2/ 2/ 2/ SECOND and + a!
        pop FIRST and + a ;
""",
    False: """
\\ done: split the sum into lanes 1 and 3, added to S, and lanes 2 and 4, added to the third item
done:   drop dup push FIRST and + a!
        pop 2/ 2/ 2/ 2/ SECOND and + a ;
""",
}
_UNPACK = "unpack: dup 511 and !b 2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ !b "


def leaf_text(leaf: Leaf) -> str:
    """Return the program of a leaf as F18A text, with the tables."""
    return _text(leaf, [0] * len(leaf.synapses))


def leaf_code(leaf: Leaf) -> tuple[str, Code]:
    """Return text and words of a leaf; raises AssemblyError when they do not fit into a node."""
    tables = [assemble(_text(leaf, [0] * len(leaf.synapses))).address(f"w{k}") for k in range(len(leaf.synapses))]
    text = _text(leaf, [address - 1 for address in tables])
    return text, assemble(text)


def _text(leaf: Leaf, before: Sequence[int]) -> str:
    """Return the program with the addresses ``before`` the tables filled in."""
    four = leaf.lanes == 4
    head = [f"\\ leaf {leaf.role}".rstrip(), f"/p main\n/b {leaf.port}"]
    head += [f"equ SECOND {lanes.SECOND_MASK:#07x}\nequ FIRST {lanes.FIRST_MASK:#07x}"] if four else []
    head += [f"equ before{k} {address}" for k, address in enumerate(before)]
    if _returns_to_main(leaf):
        head.append("/return" + " main" * 9 + "  \\ a return without a call starts the next step")
    parts = ["\n".join(head), _SCAN, _SPLIT[leaf.second_first] if four else _DROP, _main(leaf), _tables(leaf)]
    return "".join(f"{part.rstrip()}\n" for part in parts)


def _returns_to_main(leaf: Leaf) -> bool:
    return leaf.kind == LAST and leaf.lanes == 4


def _main(leaf: Leaf) -> str:
    lines = ["", "\\ one step"]
    wide = 2 if leaf.lanes == 4 else 1
    take = " ".join(f"{word:#07x}" for word in leaf.initial) if leaf.kind == FIRST else " ".join(["@b"] * wide)
    for k, synapses in enumerate(leaf.synapses):
        first = f"{take} " if k == 0 else ""
        shift = " 2*" * synapses.shift
        start = f"{synapses.start:#07x} " if leaf.lanes == 4 else ""
        pause = "| " if k == 0 and start else ""
        lines.append(f"{'main:   ' if k == 0 else '        '}{first}{start}{pause}@b{shift} before{k} a! t")
    if leaf.kind != LAST:
        lines.append("        " + "!b " * wide + "jump main")
    elif leaf.lanes == 1:
        lines.append("        !b jump main")
    elif leaf.lanes == 2:
        lines.append("        " + _UNPACK.removeprefix("unpack: ") + "jump main")
    else:
        lines += ["        unpack                       \\ twice: once called, once passing through", _UNPACK + ";"]
    return "\n".join(lines)


def _tables(leaf: Leaf) -> str:
    lines = []
    for k, synapses in enumerate(leaf.synapses):
        words = " ".join(f"word {word:#07x}" for word in synapses.table)
        lines.append(f"w{k}: {words}")
    return "\n".join(lines)


def table_room(count: int, kind: str, lane: int) -> int:
    """Return how many lines fit into a leaf of a kind that takes ``count`` bit words."""
    synapses = tuple(Synapses((), 0, 1) for _ in range(count))
    initial = (0,) * (2 if lane == 4 else 1)
    code = assemble(leaf_text(Leaf("up", lane, kind, synapses, True, initial)))
    return isa.RAM_WORDS - len(code.memory)
