"""The leaderboard written: JSON, Markdown and one self-contained HTML page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.bench.board import Board
from neurosim.errors import FileError
from neurosim.report.board import Grid, Part, parts
from neurosim.report.markup import Markup, bullets, element, fold, section, table, text
from neurosim.report.style import CSS

NAMES = ("leaderboard.json", "leaderboard.md", "leaderboard.html")


def write_board(board: Board, title: str, folder: Path) -> None:
    """Write the three files; raises FileError."""
    shown = parts(board)
    contents = (json.dumps(board.as_dict(), indent=1, allow_nan=False), markdown(shown, title), html(shown, title))
    for name, content in zip(NAMES, contents, strict=True):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content + "\n", encoding="utf-8")
        except OSError as error:
            raise FileError(folder / name, (error.strerror or "cannot be written").lower()) from None


def markdown(shown: Sequence[Part], title: str) -> str:
    """Return the page as Markdown."""
    lines = [f"# {title}"]
    for part in shown:
        lines += ["", f"## {part.title}"]
        lines += [line for paragraph in part.text for line in ("", paragraph)]
        lines += ["", *(f"* {point}" for point in part.points)] if part.points else []
        lines += ["", *_rows(part.grid)] if part.grid and part.grid.rows else []
    return "\n".join(lines)


def _rows(grid: Grid) -> list[str]:
    marks = ["---" if k < grid.words else "--:" for k in range(len(grid.head))]
    return [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in (grid.head, marks, *grid.rows)]


def html(shown: Sequence[Part], title: str) -> str:
    """Return the page as HTML that needs nothing from outside."""
    body = element("body", element("header", element("h1", title)), *(_section(part) for part in shown))
    head = (
        f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{CSS}</style></head>"
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n{body}</html>'


def _section(part: Part) -> Markup:
    content = [element("p", paragraph) for paragraph in part.text]
    if part.points:
        content.append(bullets(part.points))
    if part.grid and part.grid.rows:
        content.append(table(part.grid.head, part.grid.rows, part.grid.words))
    return section(part.title, fold("show", *content)) if part.folded else section(part.title, *content)


def board_table(board: Board) -> Group:
    """Return what the screen shows: standings, failures, false claims and what follows."""
    return Group(*(_screen(part) for part in parts(board) if not part.folded))


def _screen(part: Part) -> Group:
    lines: list[Text | Table] = [Text(f"\n{part.title}", style="bold")]
    lines += [Text(f"* {point}") for point in part.points]
    if part.grid and part.grid.rows:
        shown = Table(show_header=True)
        for k, name in enumerate(part.grid.head):
            shown.add_column(name, justify="left" if k < part.grid.words else "right", overflow="fold")
        for row in part.grid.rows:
            shown.add_row(*(Text(cell) for cell in row))
        lines.append(shown)
    return Group(*lines)
