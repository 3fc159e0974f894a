"""The program of a cell: it passes words on along its branch, feeds its leaves, and fires for its neurons.

A step: words come from the trunk's side; those of the cell are kept on the stack, those that others need go on
outwards. Then the leaves turn the kept words into sums, one after another, each adding to what the one before has
found. The last cell of a group has its neurons: it adds the sums to their membranes, fires, and sends one bit each.

A membrane is stored less its threshold: it fires from 0 on, and the threshold is then taken away once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosim.cores.f18a.assemble import Code, assemble
from neurosim.cores.f18a.code_events import EventRouter
from neurosim.cores.f18a.code_leaf import FIRST, LAST
from neurosim.cores.f18a.code_route import Router, Run, indented, runs
from neurosim.errors import NeurosimError

_LOOP_FROM = 4  # words passed on from which a loop is shorter than the words themselves


@dataclass(frozen=True)
class Feed:
    """A leaf as its cell sees it: the port, how many bit words it gets, and its kind."""

    port: str
    words: int
    kind: str


@dataclass(frozen=True)
class Soma:
    """Neurons of a cell: the ``count`` of sums that come, the threshold of all, and the bias to take from each sum.

    ``skips``: a step without any pulse to the group is passed over, unless a neuron fired in the step before.
    """

    count: int
    threshold: int
    bias: int
    skips: bool


@dataclass(frozen=True)
class Spikes:
    """The cell's own bits go to ``target``, below those of a word from ``source`` (None: they begin a word)."""

    source: str | None
    target: str


@dataclass(frozen=True)
class Cell:
    """What a cell does in a step.

    ``stream`` has (own, forward) of every word that comes in. ``initial`` are the wide words that the first leaf
    starts from if the cell must give them; ``continues``: they come from the cell before instead. Without a
    ``soma`` the sums go on outwards. ``after`` is what follows. ``lists``: instead of words, lists of events come in,
    and go to the leaf at the port in ``lists`` as they come.
    """

    inward: str
    outward: str
    stream: tuple[tuple[bool, bool], ...]
    feeds: tuple[Feed, ...]
    wide: int
    initial: tuple[int, ...] = ()
    continues: bool = False
    soma: Soma | None = None
    after: tuple[Run | Spikes, ...] = ()
    role: str = ""
    lists: tuple[str | None, ...] = ()


def cell_code(cell: Cell) -> tuple[str, Code]:
    """Return text and words of a cell; raises AssemblyError when they do not fit into a node."""
    text = cell_text(cell)
    return text, assemble(text)


def steps_address(code: Code) -> int:
    """Return the address of the word that holds the number of steps of an inference, less one."""
    return code.address("start") + 1


def cell_text(cell: Cell) -> str:
    """Return the program of a cell as F18A text."""
    soma, skips = cell.soma, cell.soma is not None and cell.soma.skips
    lines = [f"\\ cell {cell.role}".rstrip(), f"/p {'start' if soma else 'step'}"]
    if soma:
        lines += ["\\ membranes, less the threshold"]
        lines += ["m:      " + " ".join([f"word -{soma.threshold}"] * soma.count)]
        lines += ["\\ an inference: number of steps less one; then no neuron has fired yet"]
        lines += [f"start:  0 push{' dup dup or' if skips else ''}"]
    router = Router()
    lines += [f"step:   {'push' if skips else ''}".rstrip()]
    lines += map(indented, _pass_lists(cell, router) if cell.lists else _relay(cell, router, skips))
    lines += ["\\ leaves", *_indented(_leaves(cell, router, skips))]
    if soma is None:
        lines += [*_indented([*router.write_to(cell.outward), "!b " * cell.wide]), *_after(cell, router)]
        lines += ["        jump step"]
    else:
        lines += [*_fire(soma), *_after(cell, Router()), "        next step", *_reset(soma)]
        lines += _pending() if skips else []
    return "\n".join(line.rstrip() for line in lines if line.strip()) + "\n"


def _relay(cell: Cell, router: Router, skips: bool) -> list[str]:
    """Code for the words that come in; with ``skips`` the sum of the own ones is left on the stack and tested."""
    lines = router.read_from(cell.inward)
    if any(forward for _, forward in cell.stream):
        lines += router.write_to(cell.outward)
    total, own, passing = sum(own for own, _ in cell.stream), 0, 0
    for mine, forward in (*cell.stream, (True, False)):
        if not mine:
            passing += 1
            continue
        lines += _pass_on(passing)
        passing = 0
        if own < total:
            own += 1
            lines += ["@ dup !b" if forward else "@"]
            lines += _add_up(own, total) if skips else []
    return [*lines, "if none"] if skips else lines


def _pass_lists(cell: Cell, router: Router) -> list[str]:
    """Code for lists of events that come in: on to the leaf that needs them, and outwards."""
    moves = []
    for (_, forward), leaf in zip(cell.stream, cell.lists, strict=True):
        moves.append((cell.inward, tuple(([cell.outward] if forward else []) + ([leaf] if leaf else []))))
    lists = EventRouter(prefix="list")
    lines = [line for run in runs(moves) for line in lists.run(run)]
    router.a, router.b = lists.a, lists.b
    return lines


def _pass_on(count: int) -> list[str]:
    if count < _LOOP_FROM:
        return ["@ !b"] * count
    return [f"{count - 1} push begin @ !b unext"]


def _add_up(own: int, total: int) -> list[str]:
    """Code after own word number ``own``: pairs are added up, the sum of all ends on top."""
    if total > 4:
        raise NeurosimError(f"a cell has {total} bit words, at most 4")
    found = {(1, 1): "dup", (2, 2): "over over +", (2, 3): "over over + push", (2, 4): "over over + push"}
    found |= {(3, 3): "pop over +", (4, 4): "over over + pop +"}
    return [found[own, total]] if (own, total) in found else []


def _leaves(cell: Cell, router: Router, skips: bool) -> list[str]:
    lines = ["go: pop drop drop"] if skips else []
    feeds = list(cell.feeds)
    if cell.continues:
        lines += [*router.read_from(cell.inward), "@ " * cell.wide]
    elif feeds[0].kind == FIRST:
        first = feeds.pop(0)
        lines += [*router.read_from(first.port), "! " * (0 if cell.lists else first.words), "@ " * cell.wide]
    else:
        lines += [" ".join(f"{word:#07x}" for word in cell.initial)]
    for feed in feeds:
        lines += [*router.write_to(feed.port), "!b " * (cell.wide + (0 if cell.lists else feed.words))]
        lines += ["@b " * cell.wide] if feed.kind != LAST else []
    return lines


def _fire(soma: Soma) -> list[str]:
    """Code that adds the sums, from the port in B, to the membranes; bits of neurons that fire end in T."""
    unbias = f" {-soma.bias} +" if soma.bias else ""
    return [
        "\\ for each neuron: a bit more, its sum and its membrane",
        f"        dup dup or dup a! {soma.count - 1} push",
        f"fold:   2* @b @ +{unbias} -if fire",
        "        !+ next fold",
        "        jump out",
        f"fire:   -{soma.threshold} + !+ 1 + next fold",
    ]


def _after(cell: Cell, router: Router) -> list[str]:
    """Code for what goes out, by then with the bits of the cell's neurons in T, which stay there."""
    lines = []
    for action in cell.after:
        if isinstance(action, Run):
            lines += router.run(action)
            continue
        if action.source is None:
            lines += [*router.write_to(action.target), "dup !b"]
            continue
        count = cell.soma.count if cell.soma else 0
        lines += [*router.read_from(action.source), *router.write_to(action.target)]
        lines += ["@" + " 2*" * count + " over or !b"]
    label = "out:    " if cell.soma else "        "
    return [f"{label}{lines[0]}", *_indented(lines[1:])] if lines else []


def _reset(soma: Soma) -> list[str]:
    return [
        "\\ the inference is over: membranes as at the start",
        f"        dup dup or a! -{soma.threshold} {'dup !+ ' * (soma.count - 1)}!+ jump start",
    ]


def _pending() -> list[str]:
    return [
        "\\ no pulse in this step: nothing to do unless a neuron fired in the last one",
        "none:   pop if out",
        "        push jump go",
    ]


def _indented(lines: Sequence[str]) -> list[str]:
    return [indented(line) for line in lines]
