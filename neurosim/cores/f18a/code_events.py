"""Code for address events: a pulse is a word, the address of its synapses; every bit word becomes a list of them.

A list ends with a negative word, so that nodes know when it is over; it has as many words as there are pulses, and
one more. All leaves keep the synapses of a line at the same address. This is the other way to bring pulses in; bit
words need fewer words as soon as pulses are not very rare.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurosim.cores.f18a import lanes
from neurosim.cores.f18a.assemble import Code, assemble
from neurosim.cores.f18a.code_leaf import DROP, FIRST, LAST, SPLIT, TWICE, UNPACK, Leaf
from neurosim.cores.f18a.code_route import Router, Run, indented

END = 0x3FFFF  # of a list
SLOT = 16  # words between the tables of a leaf: lines of a bit word


def leaf_text(leaf: Leaf, slots: Sequence[int]) -> str:
    """Return the program of a leaf, its tables at fixed addresses; ``slots`` tells where that of each list lies."""
    four = leaf.lanes == 4
    head = [f"\\ leaf {leaf.role}".rstrip(), f"/p main\n/b {leaf.port}"]
    head += [f"equ SECOND {lanes.SECOND_MASK:#07x}\nequ FIRST {lanes.FIRST_MASK:#07x}"] if four else []
    tables = []
    for slot, synapses in sorted(zip(slots, leaf.synapses, strict=True), key=lambda each: each[0]):
        tables.append(f"org {slot * SLOT} " + " ".join(f"word {word:#07x}" for word in synapses.table))
    code = [
        f"org {(max(slots) + 1) * SLOT}",
        "\\ an event: T its address, S a sum",
        "add:    a! @ +",
        "list:   @b -if add",
        SPLIT[leaf.second_first].strip() if four else DROP.strip(),
        *_main(leaf),
    ]
    return "\n".join([*head, *tables, *code]) + "\n"


def leaf_code(leaf: Leaf, slots: Sequence[int]) -> tuple[str, Code]:
    """Return text and words of a leaf; raises AssemblyError when they do not fit into a node."""
    text = leaf_text(leaf, slots)
    return text, assemble(text)


def _main(leaf: Leaf) -> list[str]:
    wide = 2 if leaf.lanes == 4 else 1
    start = (
        " ".join(f"{word:#07x}" for word in leaf.initial) if leaf.kind == FIRST else "dup dup or" + " dup" * (wide - 1)
    )
    lines = [f"main:   {start}"]
    lines += [f"        {f'{each.start:#07x} ' if leaf.lanes == 4 else ''}list" for each in leaf.synapses]
    if leaf.kind != FIRST:
        lines.append("        push @b + pop @b +" if wide == 2 else "        @b +")
    if leaf.kind != LAST:
        return [*lines, "        " + "!b " * wide + "jump main"]
    if leaf.lanes == 1:
        return [*lines, "        !b jump main"]
    if leaf.lanes == 2:
        return [*lines, "        " + UNPACK.removeprefix("unpack: ") + "jump main"]
    return [*lines, *TWICE]


class EventRouter(Router):
    """Writes code for runs of lists."""

    def run(self, run: Run) -> list[str]:
        """Return the code of a run of lists, one list entry per line."""
        lines = self.read_from(run.source)
        label = self.label()
        if len(run.targets) == 1:
            lines += self.write_to(run.targets[0])
            count = [f"{run.count - 1} push"] if run.count > 1 else []
            again = f" next {label}" if run.count > 1 else ""
            return [*lines, *count, f"{label}: @ dup !b -if {label}{again}"]
        self.b = None
        spread = " ".join(code for port in run.targets for code in (*self.write_to(port), "!b"))
        copies = " ".join(["dup"] * len(run.targets))
        count = [f"{run.count - 1} push"] if run.count > 1 else []
        again = f" next {label}" if run.count > 1 else ""
        return [*lines, *count, f"{label}: @ {copies} {spread} -if {label}{again}"]


def router_text(role: str, sequence: Sequence[tuple[Run, bool]]) -> str:
    """Return the program of a node that passes lists (True) and words (False) on, the same runs in every step."""
    events, words, body = EventRouter(prefix="list"), Router(), []
    for run, lists in sequence:
        mine, other = (events, words) if lists else (words, events)
        body += mine.run(run)
        other.a, other.b = mine.a, mine.b
    if body[0].startswith(("list", "run")):
        body.insert(0, ".")
    return (
        "\n".join([f"\\ {role}", "/p main", f"main:   {body[0]}", *map(indented, body[1:]), "        jump main"]) + "\n"
    )


def router_code(role: str, sequence: Sequence[tuple[Run, bool]]) -> tuple[str, Code]:
    """Return text and words of a node that passes lists and words on; raises AssemblyError when they do not fit."""
    text = router_text(role, sequence)
    return text, assemble(text)
