"""From groups to node programs: words, their ways, and what every node does in a step.

Every word that passes between nodes has a place in one order, the same for the whole chip: the host's words, then the
spike words of each population. Every node handles the words that touch it in this order, and a spike word comes after
all words that its cells need. So nodes cannot wait for each other in a circle, whatever the times are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from neurosim.cores.f18a import lanes
from neurosim.cores.f18a.bit_words import LINES, bit_words
from neurosim.cores.f18a.code_leaf import FIRST, LAST, MIDDLE
from neurosim.cores.f18a.comb import Branch, Comb
from neurosim.cores.f18a.groups import Group
from neurosim.cores.f18a.place_groups import PER_LEAF, Need, arrange, leaves_for, share_branches
from neurosim.cores.f18a.slots import alternate, slots_of
from neurosim.errors import CapacityError

HOST = -1
BITS, EVENTS = "bits", "events"  # how the host's pulses come in


@dataclass(frozen=True)
class BitWord:
    """A word of one bit per line, from the host or from a branch (its index); ``lines`` from the highest bit on.

    ``lines`` are numbers of input lines and, from the number of input lines on, neurons; -1 is a bit that is never
    set. Host words have their first line in bit 15, spike words their last one in bit 0.
    """

    index: int
    source: int
    lines: tuple[int, ...]

    @property
    def shift(self) -> int:
        """Left shift that brings the first line to bit 16."""
        return 1 if self.source == HOST else 1 + LINES - len(self.lines)


@dataclass(frozen=True)
class Part:
    """What one cell does for a group: its bit words by leaf, in the order in which they are worked on."""

    leaves: tuple[tuple[BitWord, ...], ...]

    @property
    def words(self) -> frozenset[int]:
        """Numbers of all its words."""
        return frozenset(word.index for leaf in self.leaves for word in leaf)


@dataclass(frozen=True, eq=False)
class Seat:
    """A group on consecutive slots of a branch, one part each; the last one has the neurons.

    ``second_first``: in the last leaf q lies above p. ``bits`` are the neurons whose bits the cell sends, highest
    first, -1 where there is none.
    """

    group: Group
    slot: int
    parts: tuple[Part, ...]
    second_first: tuple[bool, ...]
    bits: tuple[int, ...]

    @property
    def last(self) -> int:
        """Slot of the neurons."""
        return self.slot + len(self.parts) - 1


@dataclass(frozen=True, eq=False)
class Occupied:
    """A branch in use: the words that it takes in, its seats from the trunk outwards, the words that it sends.

    ``leaves_chip``: its words go outwards to the host instead of back to the trunk, after the words ``passing`` that
    other branches of the same population send.
    """

    branch: Branch
    population: str
    inward: tuple[BitWord, ...]
    seats: tuple[Seat, ...]
    spikes: tuple[BitWord, ...]
    leaves_chip: bool = False
    passing: tuple[BitWord, ...] = ()

    @property
    def used(self) -> int:
        """Number of slots in use, from the trunk on."""
        return self.seats[-1].last + 1


@dataclass(frozen=True, eq=False)
class Plan:
    """A network on the array: branches in use in the order of their words, and the host's words in theirs.

    ``coding`` EVENTS: the host sends each of its words as a list of events, and ``slots`` tells for each in which
    place of a leaf its synapses lie.
    """

    comb: Comb
    groups: tuple[Group, ...]
    host_words: tuple[BitWord, ...]
    branches: tuple[Occupied, ...]
    coding: str = BITS
    slots: tuple[int, ...] = ()

    def lists(self, each: Occupied) -> bool:
        """Tell whether a branch takes lists of events."""
        return self.coding == EVENTS and any(word.source == HOST for word in each.inward)

    @property
    def answers(self) -> tuple[BitWord, ...]:
        """The words that leave the chip in a step."""
        last = self.branches[-1]
        return (*last.passing, *last.spikes)


def make_plan(
    comb: Comb,
    groups: Sequence[Group],
    order: Sequence[str],
    n_inputs: int,
    chip: str,
    seed: int,
    coding: str = BITS,
    words: Sequence[Sequence[int]] | None = None,
) -> Plan:
    """Place groups on a comb; ``order`` names the populations so that each comes after those it hears.

    ``words`` gives the lines of the host's words; words that no group needs are left out. With EVENTS populations must
    hear the host only or other populations only. Raises CapacityError when the array has too few places.
    """
    for bits in (LINES, 12, 8, 4):  # shorter spike words keep lanes narrow
        for spare in range(len(comb.branches)):  # words that may be only partly filled
            try:
                return _Planner(comb, groups, order, n_inputs, chip, seed, bits, spare, words).run(coding)
            except _NoRoomError as error:
                lack = error.lack
                if error.before_placement:
                    break
            except _LanesError:
                lack = CapacityError(chip, "lanes", bits, 4, "bits of a spike word that four lanes can hear")
                break
    raise lack


class _NoRoomError(Exception):
    """The array has too few places; ``before_placement``: whatever the spike words turn out to be."""

    def __init__(self, lack: CapacityError, before_placement: bool) -> None:
        self.lack, self.before_placement = lack, before_placement


class _LanesError(Exception):
    """Sums of a group over some word leave its lanes."""


class _Planner:
    """One attempt, with spike words of up to ``bits`` bits, ``spare`` of them more per population than full ones."""

    def __init__(
        self,
        comb: Comb,
        groups: Sequence[Group],
        order: Sequence[str],
        n_inputs: int,
        chip: str,
        seed: int,
        bits: int,
        spare: int,
        words: Sequence[Sequence[int]] | None,
    ) -> None:
        self._comb, self._chip, self._seed, self._bits, self._spare = comb, chip, seed, bits, spare
        self._n_inputs, self._order, self._given = n_inputs, order, words
        self._of = {name: [group for group in groups if group.population == name] for name in order}
        self._groups = {group.index: group for group in groups}
        self._words: list[BitWord] = []
        self._bit_word_of: dict[int, int] = {}

    def run(self, coding: str) -> Plan:
        """Return the plan; raises _NoRoomError or _LanesError."""
        host = self._host_words()
        shares = share_branches(self._demands(), self._comb.branches)
        if shares is None:
            raise _NoRoomError(self._lack(), before_placement=True)
        occupied: list[Occupied] = []
        for name, branches in zip(self._order, shares, strict=True):
            occupied += self._population(name, branches, last=name == self._order[-1])
        host = _sorted_host(host, occupied)
        new = {word.index: k for k, word in enumerate(host)}
        host = [replace(word, index=new[word.index]) for word in host]
        slots: tuple[int, ...] = ()
        if coding == EVENTS:
            slots = slots_of([self._heard(group, new) for group in self._groups.values()], len(host), self._chip)
        used = tuple(_renumbered(each, new, slots) for each in occupied)
        groups = tuple(self._groups[k] for k in sorted(self._groups))
        return Plan(self._comb, groups, tuple(host), used, coding, slots)

    def _heard(self, group: Group, new: Mapping[int, int]) -> list[int]:
        """Return the host's words that a group needs, by their final numbers."""
        return sorted({new[self._bit_word_of[s]] for s in group.sources.tolist() if s < self._n_inputs})

    def _host_words(self) -> list[BitWord]:
        reach = [0] * self._n_inputs
        for group in self._groups.values():
            for source in group.sources.tolist():
                if source < self._n_inputs:
                    reach[source] |= 1 << group.index
        if self._given is not None:
            return [self._new_word(HOST, lines) for lines in self._given if any(reach[line] for line in lines)]
        words = bit_words(reach, lambda group, lines: self._groups[group].arranged([lines]) is not None)
        return [self._new_word(HOST, lines) for lines in words]

    def _new_word(self, source: int, lines: Sequence[int]) -> BitWord:
        word = BitWord(len(self._words), source, tuple(lines))
        self._words.append(word)
        for line in lines:
            if line >= 0:
                self._bit_word_of[line] = word.index
        return word

    def _demands(self) -> list[list[Need]]:
        """Needs before spike words are known: as many as there will be at most."""
        spikes = {
            name: -(-sum(group.lanes for group in found) // self._bits) + self._spare
            for name, found in self._of.items()
        }
        whole = {source: name for name, found in self._of.items() for g in found for source in g.members if source >= 0}
        demands = []
        for name in self._order:
            needs = []
            for group in self._of[name]:
                heard = {whole[s - self._n_inputs] for s in group.sources.tolist() if s >= self._n_inputs}
                mine = self._host_needs(group)
                few = min(sum(spikes[p] for p in heard), sum(len(self._of[p]) for p in heard))
                needs.append(Need(mine, leaves_for(mine.bit_count() + few)))
            demands.append(needs)
        return demands

    def _host_needs(self, group: Group) -> int:
        mine = 0
        for source in group.sources.tolist():
            if source < self._n_inputs:
                mine |= 1 << self._bit_word_of[source]
        return mine

    def _lack(self) -> CapacityError:
        needs = [need for each in self._demands() for need in each]
        leaves = sum(need.leaves for need in needs)
        places = sum(len(b.slots) * b.leaves for b in self._comb.branches)
        cells = sum(len(b.slots) for b in self._comb.branches)
        if leaves > places:
            return CapacityError(self._chip, "nodes for synapses", leaves, places)
        return CapacityError(self._chip, "cells", len(needs), cells, "branches of one population each")

    def _population(self, name: str, branches: Sequence[Branch], last: bool) -> list[Occupied]:
        groups, needs = self._of[name], []
        for k, group in enumerate(groups):
            wanted = sorted({self._bit_word_of[source] for source in group.sources.tolist()}) or [0]
            arranged = group.arranged([[line for line in self._words[index].lines if line >= 0] for index in wanted])
            if arranged is None:
                raise _LanesError
            groups[k] = self._groups[group.index] = arranged
            needs.append(Need(sum(1 << index for index in wanted), leaves_for(len(wanted))))
        top = self._comb.grid.rows - 1
        rows = arrange(needs, branches, top, self._seed)
        if rows is None:
            raise _NoRoomError(self._lack(), before_placement=False)
        pairs = [(branch, row) for branch, row in zip(branches, rows, strict=True) if row]
        found: list[Occupied] = []
        for branch, row in pairs:
            leaves_chip = last and branch is pairs[-1][0]
            passing = tuple(word for other in found for word in other.spikes) if leaves_chip else ()
            found.append(self._occupy(name, branch, [(groups[k], needs[k]) for k in row], leaves_chip, passing))
        return found

    def _occupy(
        self,
        name: str,
        branch: Branch,
        row: Sequence[tuple[Group, Need]],
        leaves_chip: bool,
        passing: tuple[BitWord, ...],
    ) -> Occupied:
        seats: list[Seat] = []
        heard = 0
        for group, need in row:
            slot = seats[-1].last + 1 if seats else 0
            words = [self._words[k] for k in range(need.words.bit_length()) if need.words >> k & 1]
            seats.append(_seat(group, slot, branch.leaves, words))
            heard |= need.words
        inward = tuple(self._words[k] for k in range(heard.bit_length()) if heard >> k & 1)
        spikes = [self._new_word(branch.index, lines) for lines in self._chains(seats, leaves_chip)]
        return Occupied(branch, name, inward, tuple(seats), tuple(spikes), leaves_chip, passing)

    def _chains(self, seats: Sequence[Seat], outward: bool) -> list[list[int]]:
        """Return the lines of the spike words in the order in which they go: each cell adds its bits below."""
        words: list[list[int]] = []
        for seat in seats if outward else reversed(seats):
            lines = [self._n_inputs + neuron if neuron >= 0 else -1 for neuron in seat.bits]
            if words and len(words[-1]) + len(lines) <= self._bits:
                words[-1] += lines
            else:
                words.append(lines)
        return words


def _seat(group: Group, slot: int, leaves: int, words: Sequence[BitWord]) -> Seat:
    """Share a group's words among leaves and cells.

    A cell keeps its words on the stack, so that the first leaf it serves gets the words that came last.
    """
    per_cell = PER_LEAF * leaves
    cells = [words[k : k + per_cell] for k in range(0, len(words), per_cell)] or [[]]
    parts = []
    for cell in cells:
        back = list(reversed(cell))
        parts.append(Part(tuple(tuple(back[k : k + PER_LEAF]) for k in range(0, len(back), PER_LEAF)) or ((),)))
    second_first = _orders(group, parts)
    lane = lanes.order(group.lanes, second_first[-1])
    members = [*group.members, *[-1] * (group.lanes - len(group.members))]
    return Seat(group, slot, tuple(parts), tuple(second_first), tuple(members[k] for k in lane))


def _orders(group: Group, parts: Sequence[Part]) -> list[bool]:
    """Return for every part whether in its leaves q lies above p: from cell to cell the two turn over."""
    if group.lanes < 4:
        return [True] * len(parts)
    return [k % 2 == 0 for k in range(len(parts))]


def _sorted_host(words: Sequence[BitWord], occupied: Sequence[Occupied]) -> list[BitWord]:
    """Order the host's words: those for the same branches together, those that nearer cells need first."""
    far: dict[int, list[int]] = {word.index: [-1] * len(occupied) for word in words}
    for k, each in enumerate(occupied):
        for seat in each.seats:
            for i, part in enumerate(seat.parts):
                for index in part.words & far.keys():
                    far[index][k] = max(far[index][k], seat.slot + i)
    return sorted(words, key=lambda w: ([f < 0 for f in far[w.index]], sum(far[w.index]), w.lines))


def _renumbered(each: Occupied, new: Mapping[int, int], slots: Sequence[int]) -> Occupied:
    """Return a branch with the host's words in their final order; words of different ``slots`` share a leaf."""

    def number(word: BitWord) -> BitWord:
        return replace(word, index=new.get(word.index, word.index))

    inward = tuple(sorted((number(word) for word in each.inward), key=lambda word: word.index))
    seats = []
    for seat in each.seats:
        words = [number(word) for part in seat.parts for leaf in part.leaves for word in leaf]
        words.sort(key=lambda word: word.index)
        if slots and all(word.source == HOST for word in words):
            words = alternate(words, [slots[word.index] for word in words])
        seats.append(_seat(seat.group, seat.slot, each.branch.leaves, words))
    return replace(each, inward=inward, seats=tuple(seats))


__all__ = ["FIRST", "HOST", "LAST", "MIDDLE", "BitWord", "Occupied", "Part", "Plan", "Seat", "make_plan"]
