"""F18A text as a list of items, each checked as far as it can be without knowing where labels are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.geometry import DIRECTIONS, Grid
from neurosim.cores.f18a.lex import Token, shown
from neurosim.errors import nearest

_NUMBER = re.compile(r"-?(0x[0-9a-fA-F]+|0b[01]+|[0-9]+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./?!*+-]*")
_LOWEST = -0x20000
_DIRECTIVES = ("node", "org", "word", "fill", "equ", "settle", "begin", "+cy", "-cy", "|", "[", "]")
_PLAIN = {"begin": "begin", "|": "break"}
_REGISTERS = ("/p", "/a", "/b", "/io", "/stack", "/return", "/carry")


@dataclass(frozen=True)
class Value:
    """A number, or the address of a label that is known once all words are placed."""

    token: Token
    number: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class Item:
    """One thing that the layout places.

    ``kind``: op, jump (with target), literal, label, begin, break, word (data), org, cy, settle, or exact (a word
    whose slots are ``inside``).
    """

    kind: str
    token: Token
    opcode: int = 0
    value: Value | None = None
    inside: tuple[Item, ...] = ()
    flag: bool = False


@dataclass
class Section:
    """The items of one node and its registers at the start; ``node`` is None before any ``node`` line."""

    node: int | None
    token: Token | None
    items: list[Item] = field(default_factory=list)
    registers: dict[str, list[Value]] = field(default_factory=dict)
    constants: dict[str, int] = field(default_factory=dict)


class Parser:
    """Reads the tokens of a file into sections; ``grid`` resolves east, west, north and south for ``node``."""

    def __init__(self, tokens: Iterable[Token], grid: Grid | None, node: int | None) -> None:
        self._tokens = list(tokens)
        self._at = 0
        self._grid = grid
        self.sections = [Section(node, None)]

    @property
    def section(self) -> Section:
        """The section that is being read."""
        return self.sections[-1]

    def parse(self) -> list[Section]:
        """Return all sections, without an empty first one."""
        while self._at < len(self._tokens):
            self._statement(self._take())
        first = self.sections[0]
        if len(self.sections) > 1 and not first.items and not first.registers:
            for section in self.sections[1:]:
                section.constants = first.constants | section.constants
            return self.sections[1:]
        return self.sections

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _need(self, after: Token, what: str) -> Token:
        if self._at == len(self._tokens):
            raise after.error(f"{what} is missing after '{after.text}'")
        return self._take()

    def _statement(self, token: Token) -> None:
        text = token.text
        special = {"node": self._node, "equ": self._equ, "settle": self._settle, "fill": self._fill, "[": self._exact}
        if text in special:
            special[text](token)
        elif text in _REGISTERS:
            self._register(token)
        elif text in ("org", "word"):
            self._number_after(token)
        elif text in ("+cy", "-cy"):
            self.section.items.append(Item("cy", token, flag=text == "+cy"))
        elif text in _PLAIN:
            self.section.items.append(Item(_PLAIN[text], token))
        elif text.endswith(":") and len(text) > 1:
            self.section.items.append(Item("label", self._new_name(token, text[:-1])))
        else:
            self.section.items.append(self._code(token))

    def _number_after(self, token: Token) -> None:
        value = self._value(self._need(token, "a number"))
        if token.text == "org" and (value.number is None or not 0 <= value.number < isa.RAM_WORDS):
            raise value.token.error(f"org {shown(value.token.text)}: must be 0..{isa.RAM_WORDS - 1:#x}")
        self.section.items.append(Item(token.text, token, value=value))

    def _fill(self, token: Token) -> None:
        count = self._value(self._need(token, "a number"))
        if count.number is None or not 1 <= count.number <= isa.RAM_WORDS:
            raise count.token.error(f"fill {shown(count.token.text)}: must be 1..{isa.RAM_WORDS} words")
        value = self._value(self._need(count.token, "a number"))
        self.section.items += [Item("word", token, value=value)] * count.number

    def _settle(self, token: Token) -> None:
        state = self._need(token, "on or off")
        if state.text not in ("on", "off"):
            raise state.error(f"settle {shown(state.text)}: must be on or off")
        self.section.items.append(Item("settle", token, flag=state.text == "on"))

    def _node(self, token: Token) -> None:
        number = self._need(token, "the name of a node")
        if not re.fullmatch(r"[0-9]{1,5}", number.text):
            raise number.error(f"node {shown(number.text)}: must be a number YXX, row and column")
        node = int(number.text)
        if self._grid is not None:
            try:
                self._grid.place(node)
            except ValueError as error:
                raise number.error(str(error)) from None
        if any(section.node == node for section in self.sections[1:]):
            raise number.error(f"node {node:03d} stands twice in this file")
        constants = dict(self.sections[0].constants)
        self.sections.append(Section(node, number, constants=constants))

    def _equ(self, token: Token) -> None:
        name = self._need(token, "a name")
        new = self._new_name(name, name.text)
        value = self._value(self._need(name, "a number"))
        if value.number is None:
            raise value.token.error(f"equ {new.text}: needs a number, found {shown(value.token.text)}")
        self.section.constants[new.text] = value.number

    def _register(self, token: Token) -> None:
        values = []
        while self._at < len(self._tokens) and self._tokens[self._at].line == token.line:
            values.append(self._value(self._take(), labels=True))
        several = token.text in ("/stack", "/return")
        if not values or (len(values) > 1 and not several):
            needs = "one value or more" if several else "one value"
            raise token.error(f"{token.text} needs {needs} on its line, found {len(values)}")
        if token.text in self.section.registers:
            raise token.error(f"{token.text} stands twice")
        self.section.registers[token.text] = values

    def _exact(self, opening: Token) -> None:
        inside = []
        while True:
            if self._at == len(self._tokens):
                raise opening.error("'[' without ']'")
            token = self._take()
            if token.text == "]":
                break
            item = self._code(token)
            if item.kind == "literal":
                raise token.error("inside [ ] write @p, and the literal with word after it")
            inside.append(item)
        self.section.items.append(Item("exact", opening, inside=tuple(inside)))

    def _code(self, token: Token) -> Item:
        if token.text == "]":
            raise token.error("']' without '['")
        opcode = isa.NUMBER.get(token.text)
        if opcode in isa.JUMPS:
            target = self._value(self._need(token, "a label or an address"), labels=True)
            if target.number is not None and not 0 <= target.number <= isa.P_MASK:
                raise target.token.error(f"{shown(target.token.text)}: an address of P must be 0..{isa.P_MASK:#x}")
            return Item("jump", token, opcode, target)
        if opcode is not None:
            return Item("op", token, opcode)
        if token.text.startswith("'") and len(token.text) > 1:
            return Item("literal", token, value=Value(token, label=token.text[1:]))
        value = self._value(token, labels=True)
        if value.label is not None:
            return Item("jump", token, isa.CALL, value)
        return Item("literal", token, value=value)

    def _value(self, token: Token, labels: bool = False) -> Value:
        """Read a number, the name of an address, a direction, a constant, or else the name of a label."""
        text = token.text
        if _NUMBER.fullmatch(text):
            return Value(token, _number(token))
        known = self._known()
        if text in known:
            return Value(token, known[text] & isa.WORD_MASK)
        if text in DIRECTIONS:
            return Value(token, self._direction(token))
        if labels and _NAME.fullmatch(text) and text not in isa.NUMBER and text not in _DIRECTIVES:
            return Value(token, label=text)
        hint = nearest(text[:40], [*known, *DIRECTIONS, *isa.NUMBER, *_DIRECTIVES, *_REGISTERS])
        raise token.error(f"unknown word '{shown(text)}'{hint if 'did you mean' in hint else ''}")

    def _known(self) -> Mapping[str, int]:
        return {**isa.ADDRESSES, **self.sections[0].constants, **self.section.constants}

    def _direction(self, token: Token) -> int:
        if self._grid is None or self.section.node is None:
            raise token.error(f"{token.text}: which port this is depends on the node; say 'node YXX' before")
        return isa.ADDRESSES[self._grid.port(self.section.node, token.text)]

    def _new_name(self, token: Token, name: str) -> Token:
        if not _NAME.fullmatch(name):
            raise token.error(f"'{shown(name)}' cannot be a name: a letter, then letters, digits or _ . / ? ! * + -")
        taken = {*isa.NUMBER, *_DIRECTIVES, *_REGISTERS, *DIRECTIONS, *self._known()}
        if name in taken:
            raise token.error(f"'{name}' has a meaning already, it cannot be a new name")
        return Token(name, token.source, token.line, token.column)


def _number(token: Token) -> int:
    """Return a literal as a word of 18 bits."""
    value = int(token.text, 0) if not token.text.lstrip("-").isdigit() else _decimal(token.text)
    if not _LOWEST <= value <= isa.WORD_MASK:
        raise token.error(f"word out of range: found {shown(token.text)}, must be {_LOWEST}..{isa.WORD_MASK}")
    return value & isa.WORD_MASK


def _decimal(text: str) -> int:
    return int(text) if len(text) < 20 else (-1 if text.startswith("-") else 1) << 20
