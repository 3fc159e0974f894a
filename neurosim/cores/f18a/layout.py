"""Places items into words: slot packing, literals, jumps that reach their targets, nops that let sums settle.

Labels start words. A jump goes into the next free slot from which it reaches its target, else into a word of its
own; whether it reaches is known when all words are placed, so the layout is repeated, each time with fewer slots
for the jumps that did not reach, until all do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.lex import AssemblyError, Token, shown
from neurosim.cores.f18a.parse import Item, Value
from neurosim.cores.f18a.word import pack, reaches
from neurosim.errors import NeurosimError, nearest

_CLEAN = isa.NOP
_P9_CHANGED = -1
_SUMS = (isa.ADD, isa.MULTIPLY)
_MOVES_P = (isa.FETCH_P, isa.STORE_P)


@dataclass
class Word:
    """A word in the making, at an address: opcodes and a jump, or data."""

    address: int
    token: Token
    opcodes: list[int] = field(default_factory=list)
    target: Value | None = None
    jump: Token | None = None
    data: Value | None = None
    extended: int = 0  # bit 9 of P, while this word executes


@dataclass(frozen=True)
class Layout:
    """Words by address, addresses of labels (with bit 9 where sums there use the carry), and what to warn of."""

    memory: Mapping[int, int]
    labels: Mapping[str, int]
    warnings: tuple[str, ...]


def place(items: Sequence[Item]) -> Layout:
    """Return the words of a node; raises AssemblyError for what cannot be placed."""
    banned: set[tuple[int, int, int]] = set()  # line and column of a jump, and a slot from which it does not reach
    known: Mapping[str, int] = {}
    while True:
        one = _Pass(items, banned, known)
        one.run()
        misses = [(token, slot) for token, slot in one.misses() if (token.line, token.column, slot) not in banned]
        if not misses:
            return one.layout()
        banned |= {(token.line, token.column, slot) for token, slot in misses}
        known = one.labels


def undefined(value: Value, labels: Mapping[str, int]) -> AssemblyError:
    """Return the error for a label that does not stand anywhere, with the nearest label or opcode."""
    name = value.label or ""
    hint = nearest(name[:40], [*labels, *isa.NUMBER])
    return value.token.error(f"undefined label '{shown(name)}'{hint if 'did you mean' in hint else ''}")


class _Pass:
    """One walk over the items with what is known so far about labels and jumps."""

    def __init__(self, items: Sequence[Item], banned: set[tuple[int, int, int]], known: Mapping[str, int]) -> None:
        self._items, self._banned, self._known = items, banned, known
        self._address = 0
        self._extended = 0
        self._settle = True
        self._mixed = any(item.kind == "cy" for item in items)
        self._previous = _CLEAN
        self._loop: Token | None = None
        self._word: Word | None = None
        self._literals: list[Value] = []
        self._words: dict[int, Word] = {}
        self._exact: list[Word] = []
        self.labels: dict[str, int] = {}
        self._warnings: list[str] = []

    def run(self) -> None:
        """Place all items."""
        for k, item in enumerate(self._items):
            getattr(self, f"_place_{item.kind}")(item, self._items[k + 1] if k + 1 < len(self._items) else None)
        self._flush()
        if self._loop is not None:
            raise self._loop.error("begin without unext")

    def misses(self) -> list[tuple[Token, int]]:
        """Return the jumps that do not reach, with their slots; raises AssemblyError for one in an exact word."""
        found = []
        for word in self._words.values():
            if word.jump is None or word.target is None:
                continue
            slot, goal = len(word.opcodes) - 1, self._resolve(word.target)
            if not reaches(slot, self._p(word), goal):
                if word in self._exact:
                    raise word.jump.error(
                        f"jump out of page: slot {slot} at {word.address:#04x} does not reach {goal:#05x}"
                    )
                found.append((word.jump, slot))
        return found

    def layout(self) -> Layout:
        """Return the finished words; raises AssemblyError for an undefined label or a slot rule broken."""
        memory = {}
        for address, word in sorted(self._words.items()):
            if word.data is not None:
                memory[address] = self._resolve(word.data)
                continue
            bits = (10, 8, 3)[len(word.opcodes) - 1] if word.target else 0
            goal = self._resolve(word.target) & ((1 << bits) - 1) if word.target else None
            try:
                memory[address] = pack(word.opcodes, goal)
            except AssemblyError:
                raise
            except NeurosimError as error:
                raise word.token.error(str(error)) from None
        return Layout(memory, dict(self.labels), tuple(self._warnings))

    @staticmethod
    def _p(word: Word) -> int:
        """P when the jump of a word executes: incremented for the word itself and for each word taken in it."""
        p = word.address | word.extended
        for _ in range(1 + sum(opcode in _MOVES_P for opcode in word.opcodes)):
            p = isa.incremented(p)
        return p

    def _resolve(self, value: Value) -> int:
        if value.number is not None:
            return value.number
        name = value.label or ""
        if name not in self.labels:
            raise undefined(value, self.labels)
        return self.labels[name]

    def _place_op(self, item: Item, _: Item | None) -> None:
        if item.opcode == isa.UNEXT:
            self._unext(item)
            return
        slots = self._open(item).opcodes
        settled = not self._settle or not self._dirty() or (item.opcode == isa.ADD and len(slots) == 3)
        if item.opcode in _SUMS and not settled:
            self._put(isa.NOP, item)
        self._put(item.opcode, item)
        if item.opcode in (isa.RETURN, isa.EX):
            self._flush()
            self._previous = _CLEAN

    def _place_literal(self, item: Item, _: Item | None) -> None:
        if self._loop is not None:
            raise item.token.error("a literal inside begin … unext: each turn would take another word; use @p")
        word = self._put(isa.FETCH_P, item)
        if word.opcodes.count(isa.FETCH_P) - 1 != len(self._literals) or isa.STORE_P in word.opcodes:
            raise item.token.error("a literal after @p or !p in one word: they would take its place; use '|' between")
        if item.value is not None:
            self._literals.append(item.value)
        if len(word.opcodes) == isa.SLOTS:
            self._flush()

    def _place_jump(self, item: Item, _: Item | None) -> None:
        word = self._open(item)
        slot = len(word.opcodes)
        if slot >= 3 or (item.token.line, item.token.column, slot) in self._banned:
            self._flush()
            word = self._open(item)
        self._in_loop(item.token)
        word.opcodes.append(item.opcode)
        word.target, word.jump = item.value, item.token
        self._flush()
        self._previous = self._after_jump(item)

    def _after_jump(self, item: Item) -> int:
        """Return what counts as the opcode before the next word: a return into other arithmetic is doubtful."""
        if item.opcode != isa.CALL or item.value is None:
            return _CLEAN
        goal = item.value.number if item.value.number is not None else self._known.get(item.value.label or "", 0)
        return _P9_CHANGED if (goal ^ self._extended) & isa.EXTENDED else _CLEAN

    def _place_label(self, item: Item, after: Item | None) -> None:
        self._align(item, after)
        name = item.token.text
        if name in self.labels:
            raise item.token.error(f"label '{name}' stands twice")
        self.labels[name] = self._address | self._extended
        if self._mixed:
            self._previous = _P9_CHANGED

    def _place_begin(self, item: Item, after: Item | None) -> None:
        if self._loop is not None:
            raise item.token.error("begin inside begin: a word can loop only as a whole")
        self._align(item, after)
        self._loop = item.token

    def _place_break(self, item: Item, _: Item | None) -> None:
        self._in_loop(item.token)
        self._flush()

    def _place_word(self, item: Item, _: Item | None) -> None:
        self._in_loop(item.token)
        self._flush()
        self._store(Word(self._address, item.token, data=item.value))

    def _place_org(self, item: Item, _: Item | None) -> None:
        self._in_loop(item.token)
        self._flush()
        self._address = item.value.number or 0 if item.value else 0
        self._previous = _CLEAN

    def _place_cy(self, item: Item, _: Item | None) -> None:
        self._in_loop(item.token)
        self._flush()
        self._extended = isa.EXTENDED if item.flag else 0

    def _place_settle(self, item: Item, _: Item | None) -> None:
        self._settle = item.flag

    def _place_exact(self, item: Item, _: Item | None) -> None:
        self._in_loop(item.token)
        self._flush()
        word = Word(self._address, item.token)
        for inner in item.inside:
            if word.target is not None:
                raise inner.token.error("nothing can follow a jump in its word")
            self._lint(inner, len(word.opcodes))
            word.opcodes.append(inner.opcode)
            if len(word.opcodes) > isa.SLOTS:
                raise inner.token.error(f"a word has {isa.SLOTS} slots, this is number {len(word.opcodes)}")
            if len(word.opcodes) == isa.SLOTS and inner.opcode not in isa.IN_SLOT_3:
                allowed = " ".join(isa.OPCODES[code] for code in sorted(isa.IN_SLOT_3))
                raise inner.token.error(f"opcode {inner.token.text} is not allowed in slot 3 (allowed: {allowed})")
            if inner.kind == "jump":
                word.target, word.jump = inner.value, inner.token
            self._previous = self._after_jump(inner) if inner.kind == "jump" else inner.opcode
        if word.target is None and len(word.opcodes) < isa.SLOTS:
            self._previous = _CLEAN
        self._exact.append(word)
        self._store(word)

    def _lint(self, item: Item, slot: int) -> None:
        """Warn of a sum in an exact word that has no time to settle."""
        if item.opcode in _SUMS and self._dirty() and not (item.opcode == isa.ADD and slot == 3):
            t = item.token
            self._warnings.append(f"{t.source}:{t.line}:{t.column}: {t.text} right after an opcode that changes T or S")

    def _unext(self, item: Item) -> None:
        if self._loop is None:
            raise item.token.error("unext without begin (it turns to the start of its own word)")
        self._put(isa.UNEXT, item)
        self._loop = None
        self._previous = _CLEAN

    def _dirty(self) -> bool:
        return self._previous == _P9_CHANGED or self._previous in isa.CHANGES_T_OR_S

    def _open(self, item: Item) -> Word:
        """Return the word that takes the next opcode."""
        if self._word is None:
            self._word = Word(self._address, item.token)
        return self._word

    def _put(self, opcode: int, item: Item) -> Word:
        """Put an opcode into the next slot that may hold it."""
        word = self._open(item)
        if len(word.opcodes) == 3 and opcode not in isa.IN_SLOT_3:
            word.opcodes.append(isa.NOP)
            self._previous = _CLEAN
        if len(word.opcodes) == isa.SLOTS:
            if self._loop is not None:
                raise self._loop.error("begin … unext does not fit into one word")
            self._flush()
            word = self._open(item)
        word.opcodes.append(opcode)
        self._previous = opcode
        return word

    def _align(self, item: Item, after: Item | None) -> None:
        """End the word before a label or a loop; a sum that follows must find the opcode before it settled."""
        self._in_loop(item.token)
        sums = after is not None and after.kind == "op" and after.opcode in _SUMS
        full = self._word is None or len(self._word.opcodes) == isa.SLOTS
        if sums and self._settle and self._dirty() and full:
            self._flush()
            self._put(isa.NOP, item)
        self._flush()

    def _in_loop(self, token: Token) -> None:
        if self._loop is not None:
            raise token.error(f"'{shown(token.text)}' between begin and unext")

    def _flush(self) -> None:
        """End the word in the making, filled up with nops, and put its literals behind it."""
        word, literals = self._word, self._literals
        self._word, self._literals = None, []
        if word is None:
            return
        if word.target is None and len(word.opcodes) < isa.SLOTS:
            self._previous = _CLEAN
        self._store(word)
        for literal in literals:
            self._store(Word(self._address, literal.token, data=literal))

    def _store(self, word: Word) -> None:
        """Put a word at the present address; raises AssemblyError beyond RAM or where there is one already."""
        if self._address >= isa.RAM_WORDS:
            raise word.token.error(f"node memory overflow: RAM has {isa.RAM_WORDS} words, this would be one more")
        if self._address in self._words:
            raise word.token.error(f"address {self._address:#04x} holds a word already")
        word.address, word.extended = self._address, self._extended
        self._words[self._address] = word
        self._address += 1
