"""Tokens of F18A text: what stands between spaces, each with its line and column; comments are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from neurosim.errors import NeurosimError

_PIECE = re.compile(r"[\[\]]|[^\s\[\]]+")


class AssemblyError(NeurosimError):
    """What is wrong in F18A text, with source, line and column (from 1)."""

    def __init__(self, source: str, line: int, column: int, problem: str) -> None:
        self.source, self.line, self.column, self.problem = source, line, column, problem
        super().__init__(f"{source}:{line}:{column}: {problem}")


@dataclass(frozen=True)
class Token:
    """A piece of text and where it stands."""

    text: str
    source: str
    line: int
    column: int

    def error(self, problem: str) -> AssemblyError:
        """Return the error that names this place."""
        return AssemblyError(self.source, self.line, self.column, problem)


def shown(text: str) -> str:
    """Return text as it may stand in a message: printable and not too long."""
    plain = text if len(text) <= 40 else text[:39] + "…"
    return "".join(c if c.isprintable() else "?" for c in plain)


def tokens(text: str, source: str) -> Iterator[Token]:
    """Yield the tokens of a text; brackets stand for themselves.

    A comment runs from ``\\`` to the end of the line, or from ``(`` to the next ``)``. Raises AssemblyError for
    a comment without end.
    """
    comment: Token | None = None
    for number, line in enumerate(text.splitlines(), 1):
        position = 0
        while piece := _PIECE.search(line, position):
            token = Token(piece.group(), source, number, piece.start() + 1)
            position = piece.end()
            if comment is None and token.text.startswith("\\"):
                break
            if comment is None and not token.text.startswith("("):
                yield token
                continue
            close = line.find(")", piece.start())
            comment = None if close >= 0 else comment or token
            if close < 0:
                break
            position = close + 1
    if comment is not None:
        raise comment.error("comment without end: ')' is missing")
