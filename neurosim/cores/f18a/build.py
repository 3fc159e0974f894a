"""From a plan to the program of every node, with an account of its memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from neurosim.cores.f18a import code_events, lanes
from neurosim.cores.f18a.assemble import Code
from neurosim.cores.f18a.code_cell import Cell, Feed, Soma, Spikes, cell_code, steps_address
from neurosim.cores.f18a.code_leaf import FIRST, LAST, MIDDLE, Leaf, Synapses, leaf_code
from neurosim.cores.f18a.code_route import Run, router_code, runs
from neurosim.cores.f18a.comb import Slot
from neurosim.cores.f18a.isa import WORD_MASK
from neurosim.cores.f18a.lex import AssemblyError
from neurosim.cores.f18a.plan import BITS, HOST, BitWord, Occupied, Plan, Seat
from neurosim.cores.f18a.program import NodeProgram
from neurosim.errors import CapacityError


@dataclass(frozen=True, eq=False)
class NodeImage:
    """One node as it is loaded: its role, its F18A text, and how its words of RAM are used.

    ``kind`` is trunk, cell or leaf. ``steps`` is the address of the word that holds the number of steps of an
    inference less one, None where the node need not know.
    """

    node: int
    kind: str
    role: str
    text: str
    program: NodeProgram
    code: int
    synapses: int = 0
    membranes: int = 0
    steps: int | None = None

    @property
    def words(self) -> int:
        """Words of RAM in use."""
        return self.code + self.synapses + self.membranes


def build(plan: Plan, chip: str) -> tuple[NodeImage, ...]:
    """Return the nodes of a plan in ascending order; raises CapacityError for one whose words do not fit."""
    images = [*_trunk(plan, chip)]
    for each in plan.branches:
        images += _branch(each, chip, plan.slots if plan.lists(each) else ())
    return tuple(sorted(images, key=lambda image: image.node))


def _image(chip: str, node: int, kind: str, role: str, made: tuple[str, Code], **use: int | None) -> NodeImage:
    text, code = made
    data = (use.get("synapses") or 0) + (use.get("membranes") or 0)
    return NodeImage(node, kind, role, text, code.program(node), len(code.memory) - data, **use)  # type: ignore[arg-type]


# Branches


def _branch(each: Occupied, chip: str, slots: Sequence[int]) -> Iterator[NodeImage]:
    parts = [(seat, k) for seat in each.seats for k in range(len(seat.parts))]
    needed = [seat.parts[k].words for seat, k in parts]
    beyond = [frozenset().union(*needed[i + 1 :]) for i in range(len(needed))]
    after = _after(each, [(seat, k == len(seat.parts) - 1) for seat, k in parts])
    for i, (seat, k) in enumerate(parts):
        slot, own, others = each.branch.slots[i], needed[i], beyond[i]
        stream = [w.index for w in each.inward if w.index in own | others]
        moves = tuple((index in own, index in others) for index in stream)
        ports = {w.index: p for p, leaf in zip(slot.leaf_ports, seat.parts[k].leaves, strict=False) for w in leaf}
        lists = tuple(ports.get(index) for index in stream) if slots else ()
        yield from _cell(chip, slot, seat, k, moves, after[i], lists, slots)
    if each.leaves_chip:
        count = len(each.passing) + len(each.spikes)
        for slot in each.branch.slots[len(parts) :]:
            role = f"{slot.node:03d} passes {count} words on to the host"
            made = router_code(role, [Run(slot.inward, (slot.outward,), count)])
            yield _image(chip, slot.node, "cell", role, made)


def _after(each: Occupied, parts: Sequence[tuple[Seat, bool]]) -> list[tuple[Run | Spikes, ...]]:
    """Return what every cell does with spike words once its step is done: what passes, and its own bits."""
    found: dict[int, tuple[Run | Spikes, ...]] = {}
    complete, room = len(each.passing), 0
    lengths = [len(word.lines) for word in each.spikes]
    order = range(len(parts)) if each.leaves_chip else range(len(parts) - 1, -1, -1)
    begun = False
    for i in order:
        slot, (seat, has_neurons) = each.branch.slots[i], parts[i]
        source, target = (slot.inward, slot.outward) if each.leaves_chip else (slot.outward, slot.inward)
        actions: list[Run | Spikes] = []
        if not has_neurons:
            passing = complete + begun
        elif room:
            passing, room = complete, room - len(seat.bits)
        else:
            passing = complete = complete + begun
            room, begun = lengths.pop(0) - len(seat.bits), True
        first = has_neurons and passing == complete and room + len(seat.bits) == _length(each, passing)
        if passing:
            actions.append(Run(source, (target,), passing))
        if has_neurons:
            actions.append(Spikes(None if first else source, target))
        found[i] = tuple(actions)
    return [found[i] for i in range(len(parts))]


def _length(each: Occupied, passing: int) -> int:
    """Return the length of the spike word after so many words have passed."""
    return len(each.spikes[passing - len(each.passing)].lines)


def _cell(
    chip: str,
    slot: Slot,
    seat: Seat,
    k: int,
    stream: tuple[tuple[bool, bool], ...],
    after: tuple[Run | Spikes, ...],
    lists: tuple[str | None, ...],
    slots: Sequence[int],
) -> Iterator[NodeImage]:
    group, part = seat.group, seat.parts[k]
    ends = k == len(seat.parts) - 1
    single = len(seat.parts) == 1
    names = ", ".join(str(member) for member in group.members if member >= 0)
    kinds = _kinds(seat, k)
    feeds = tuple(
        Feed(port, len(words), kind) for port, words, kind in zip(slot.leaf_ports, part.leaves, kinds, strict=False)
    )
    soma = Soma(group.lanes, group.threshold, group.bias, single and not lists) if ends else None
    wide = 2 if group.lanes == 4 else 1
    initial = _initial(seat) if k == 0 else ()
    role = f"{slot.node:03d}: neurons {names} of {group.population}" + ("" if single else f", part {k + 1}")
    cell = Cell(
        slot.inward, slot.outward, stream, feeds, wide, tuple(reversed(initial)), k > 0, soma, after, role, lists
    )
    try:
        made = cell_code(cell)
    except AssemblyError:
        raise CapacityError(chip, "ram_words", 65, 64, f"code of {role}, which takes {len(stream)} words") from None
    steps = steps_address(made[1]) if soma else None
    yield _image(chip, slot.node, "cell", role, made, membranes=group.lanes if soma else 0, steps=steps)
    for leaf, feed, kept in zip(slot.leaves, feeds, part.leaves, strict=False):
        words = tuple(sorted(kept, key=lambda word: word.index)) if lists else kept  # lists come in their order
        synapses = tuple(_synapses(seat, word) for word in words)
        program = Leaf(
            feed.port, group.lanes, feed.kind, synapses, seat.second_first[k], initial,
            f"{leaf:03d}: synapses of {slot.node:03d}",
        )  # fmt: skip
        made = code_events.leaf_code(program, [slots[word.index] for word in words]) if lists else leaf_code(program)
        yield _image(chip, leaf, "leaf", program.role, made, synapses=sum(len(each.table) for each in synapses))


def _kinds(seat: Seat, k: int) -> list[str]:
    """Return the kinds of the leaves of part ``k``: first, middle or last of all leaves of the group."""
    count = len(seat.parts[k].leaves)
    kinds = [MIDDLE] * count
    if k == 0:
        kinds[0] = FIRST
    if k == len(seat.parts) - 1:
        kinds[-1] = LAST
    return kinds


def _initial(seat: Seat) -> tuple[int, ...]:
    """Return the wide words (p, q) that all sums of a group start from: its bias, less the offsets of narrow sums."""
    group = seat.group
    if group.lanes == 1:
        return (0,)
    both = lanes.wide(group.bias, group.bias)
    if group.lanes == 2:
        return (both,)
    p = q = both
    for part in seat.parts:
        for leaf in part.leaves:
            for word in leaf:
                first, second = lanes.split(lanes.offset(_weights(seat, word)))
                p, q = p - first, q - second
    return p & WORD_MASK, q & WORD_MASK


def _weights(seat: Seat, word: BitWord) -> lanes.Ints:
    """Return the weights of a word's lines, int64[lines, lanes]."""
    lines = np.array(word.lines)
    weights: lanes.Ints = seat.group.weights[np.maximum(lines, 0)].copy()
    weights[lines < 0] = 0
    return weights


def _synapses(seat: Seat, word: BitWord) -> Synapses:
    weights, count = _weights(seat, word), seat.group.lanes
    start = lanes.offset(weights) if count == 4 else 0
    return Synapses(lanes.table(weights, count), start, word.shift)


# Trunk


def _trunk(plan: Plan, chip: str) -> Iterator[NodeImage]:
    comb = plan.comb
    for row in range(comb.grid.rows - 1, -1, -1):
        moves = list(_moves(plan, row))
        if not moves:
            continue
        node = comb.trunk(row)
        role = f"{node:03d}: trunk"
        try:
            made = _passes(role, plan, row, moves)
        except AssemblyError:
            raise CapacityError(chip, "ram_words", 65, 64, f"code of {role}") from None
        yield _image(chip, node, "trunk", role, made)


def _passes(role: str, plan: Plan, row: int, moves: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[str, Code]:
    """Return the code of a trunk node that passes on words, or the host's as lists of events."""
    if plan.coding == BITS:
        return router_code(role, runs(moves))
    top = plan.comb.grid.rows - 1
    lists = sum(1 for word in plan.host_words for _ in _move(plan, row, word, top, "north"))
    sequence = [(run, True) for run in runs(moves[:lists])] + [(run, False) for run in runs(moves[lists:])]
    return code_events.router_code(role, sequence)


def _moves(plan: Plan, row: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the ways of all words through the trunk's node in a row, in the order of words."""
    top = plan.comb.grid.rows - 1
    for word in plan.host_words:
        yield from _move(plan, row, word, top, "north")
    for each in plan.branches:
        for word in () if each.leaves_chip else each.spikes:
            yield from _move(plan, row, word, each.branch.row, each.branch.side)


def _move(plan: Plan, row: int, word: BitWord, start: int, side: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    goals = [
        each for each in plan.branches
        if any(word.index == other.index for other in (*each.inward, *each.passing))
    ]  # fmt: skip
    rows = [each.branch.row for each in goals]
    if not goals or not min(*rows, start) <= row <= max(*rows, start):
        return
    grid, node = plan.comb.grid, plan.comb.trunk(row)
    away = "north" if start > row else "south"
    source = side if row == start or word.source == HOST else away
    ways = [each.branch.side for each in goals if each.branch.row == row]
    ways += ["north"] if start <= row and max(rows) > row else []
    ways += ["south"] if start >= row and min(rows) < row else []
    yield grid.port(node, source), tuple(grid.port(node, way) for way in ways)
