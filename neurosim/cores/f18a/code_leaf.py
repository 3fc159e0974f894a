"""The program of a leaf: it holds synapses, takes bit words from its cell, and gives sums of weights back.

A bit word has one bit per line, the first in bit 15. The leaf shifts it out at the top. A set bit adds the word at A
to the sum, and A goes to the next word of the table either way; when no bit is left, it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosim.cores.f18a import lanes
from neurosim.cores.f18a.assemble import Code, assemble
from neurosim.cores.f18a.lex import AssemblyError

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
"""
_AGAIN = """        push @+ + pop 2* -if t       \\ the same again, which saves a jump
"""
_TURN = """        jump r
"""
DROP = """done:   drop ;
"""
SPLIT = {
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
# The first return comes back to the same code, the second one to the next step.
TWICE = ("        'main push unpack", "unpack: dup 511 and !b 2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ !b ;")
UNPACK = "unpack: dup 511 and !b 2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ !b "


def leaf_code(leaf: Leaf) -> tuple[str, Code]:
    """Return text and words of a leaf; raises AssemblyError when they do not fit into a node."""
    try:
        return _code(leaf, unrolled=True)
    except AssemblyError:
        return _code(leaf, unrolled=False)


def _code(leaf: Leaf, unrolled: bool) -> tuple[str, Code]:
    code = assemble(_text(leaf, [0] * len(leaf.synapses), unrolled))
    tables = [code.address(f"w{k}") for k in range(len(leaf.synapses))]
    text = _text(leaf, [address - 1 for address in tables], unrolled)
    return text, assemble(text)


def _text(leaf: Leaf, before: Sequence[int], unrolled: bool) -> str:
    """Return the program with the addresses ``before`` the tables filled in."""
    four = leaf.lanes == 4
    head = [f"\\ leaf {leaf.role}".rstrip(), f"/p main\n/b {leaf.port}"]
    head += [f"equ SECOND {lanes.SECOND_MASK:#07x}\nequ FIRST {lanes.FIRST_MASK:#07x}"] if four else []
    head += [f"equ before{k} {address}" for k, address in enumerate(before)]
    scan = _SCAN + (_AGAIN if unrolled else "") + _TURN
    parts = ["\n".join(head), scan, SPLIT[leaf.second_first] if four else DROP, _main(leaf), _tables(leaf)]
    return "".join(f"{part.rstrip()}\n" for part in parts)


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
        lines.append("        " + UNPACK.removeprefix("unpack: ") + "jump main")
    else:
        lines += TWICE
    return "\n".join(lines)


def _tables(leaf: Leaf) -> str:
    lines = []
    for k, synapses in enumerate(leaf.synapses):
        words = " ".join(f"word {word:#07x}" for word in synapses.table)
        lines.append(f"w{k}: {words}")
    return "\n".join(lines)
