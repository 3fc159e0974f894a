"""The assembler: F18A text to words. The text form is documented in docs/f18a.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.layout import Layout, place, undefined
from neurosim.cores.f18a.lex import AssemblyError, Token, tokens
from neurosim.cores.f18a.parse import Parser, Section, Value
from neurosim.cores.f18a.program import NodeProgram
from neurosim.errors import NeurosimError, nearest

__all__ = ["AssemblyError", "Code", "assemble", "assemble_nodes"]
_ONE = {"/p": "start", "/a": "a", "/b": "b", "/io": "io", "/carry": "carry"}
_SEVERAL = {"/stack": "stack", "/return": "returns"}


@dataclass(frozen=True)
class Code:
    """The words of one node.

    ``memory`` goes from RAM address to word; ``labels`` from name to address (bit 9 set where sums use the carry).
    ``registers`` are those that the text sets, as arguments of NodeProgram. ``warnings`` name source, line, column.
    """

    memory: Mapping[int, int]
    labels: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    node: int | None = None
    registers: Mapping[str, int | tuple[int, ...]] = field(default_factory=dict)

    @property
    def words(self) -> tuple[int, ...]:
        """The words from address 0 on; raises NeurosimError where org left a gap."""
        for address in range(len(self.memory)):
            if address not in self.memory:
                raise NeurosimError(f"address {address:#04x} holds no word; take Code.memory instead of words")
        return tuple(self.memory[address] for address in range(len(self.memory)))

    def address(self, label: str) -> int:
        """Return the address of a label; raises NeurosimError with the nearest spelling."""
        if label not in self.labels:
            raise NeurosimError(f"no label '{label}'{nearest(label, self.labels)}")
        return self.labels[label]

    def program(self, node: int | None = None, **registers: int | Sequence[int]) -> NodeProgram:
        """Return the program of a node, by default the one that the text names, with registers set otherwise."""
        name = self.node if node is None else node
        if name is None:
            raise NeurosimError("which node? the text has no 'node' line, and none was given")
        given: dict[str, object] = {**self.registers, **registers}
        return NodeProgram(name, memory=dict(self.memory), **given)  # type: ignore[arg-type]


def assemble(text: str, source: str = "<text>", *, node: int | None = None, grid: Grid | None = None) -> Code:
    """Return the words of a text for one node; ``node`` and ``grid`` give meaning to east, west, north and south.

    Raises AssemblyError, a NeurosimError, with line and column.
    """
    sections = Parser(tokens(text, source), grid, node).parse()
    if len(sections) > 1:
        token = sections[1].token or Token("", source, 1, 1)
        raise token.error("a second node: this text must be for one (assemble_nodes takes several)")
    return _code(sections[0])


def assemble_nodes(
    text: str, source: str = "<text>", *, grid: Grid | None = None, default: int | None = None
) -> tuple[Code, ...]:
    """Return the words of every node of a text, each after its ``node`` line.

    A text without any such line is for node ``default``. Raises AssemblyError.
    """
    sections = Parser(tokens(text, source), grid, default).parse()
    for section in sections:
        several = len(sections) > 1 and section.token is None
        if several or (section.node is None and (section.items or section.registers)):
            first = section.items[0].token if section.items else next(iter(section.registers.values()))[0].token
            raise first.error("no 'node' line before this")
    return tuple(_code(section) for section in sections if section.node is not None)


def _code(section: Section) -> Code:
    layout = place(section.items)
    found: dict[str, int | tuple[int, ...]] = {}
    for name, values in section.registers.items():
        numbers = tuple(_number(value, layout) for value in values)
        if name in _ONE:
            found[_ONE[name]] = _within(name, values[0], numbers[0])
        else:
            found[_SEVERAL[name]] = numbers
    return Code(layout.memory, layout.labels, layout.warnings, section.node, found)


def _number(value: Value, layout: Layout) -> int:
    if value.number is not None:
        return value.number
    name = value.label or ""
    if name not in layout.labels:
        raise undefined(value, layout.labels)
    return layout.labels[name]


def _within(name: str, value: Value, number: int) -> int:
    largest = {"/p": isa.P_MASK, "/b": isa.ADDRESS_MASK, "/carry": 1}.get(name, isa.WORD_MASK)
    if number > largest:
        raise value.token.error(f"{name} {value.token.text}: must be 0..{largest:#x}")
    return number
