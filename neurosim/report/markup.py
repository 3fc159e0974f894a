"""Small pieces of HTML; every text is escaped here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Markup:
    """Return a value as escaped text, or as it is when it is markup."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def element(name: str, *content: Any, css: str = "") -> Markup:
    """Return an element with escaped content."""
    attribute = f' class="{css}"' if css else ""
    return Markup(f"<{name}{attribute}>{''.join(text(part) for part in content)}</{name}>")


def section(title: str, *content: Any) -> Markup:
    """Return a section under a heading; empty parts are left out."""
    return element("section", element("h2", title), *content)


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]], words: int = 1, above: Markup | None = None) -> Markup:
    """Return a table whose first ``words`` columns are text and the others figures; it scrolls when too wide.

    ``above`` is one more row over the head.
    """
    top = element("tr", *(_cell("th", k, value, words) for k, value in enumerate(head)))
    body = [element("tr", *(_cell("td", k, value, words) for k, value in enumerate(row))) for row in rows]
    whole = element("table", element("thead", above or Markup(""), top), element("tbody", *body))
    return element("div", whole, css="scroll")


def spans(groups: Iterable[tuple[str, int]]) -> Markup:
    """Return a row of headings, each over a number of columns; an empty name leaves them without one."""
    cells = [
        Markup(f'<th colspan="{width}"{" class=group" if name else ""}>{text(name)}</th>') for name, width in groups
    ]
    return element("tr", *cells)


def bullets(lines: Iterable[Any]) -> Markup:
    """Return an unordered list."""
    return element("ul", *(element("li", line) for line in lines))


def pairs(items: Iterable[tuple[Any, Any]]) -> Markup:
    """Return a list of names and what they say."""
    return element("dl", *(part for name, value in items for part in (element("dt", name), element("dd", value))))


def fold(title: str, *content: Any) -> Markup:
    """Return content that is shown on request."""
    return element("details", element("summary", title), *content)


def bar(share: float) -> Markup:
    """Return a bar that is full at 1."""
    return Markup(f'<span class="bar"><span style="width:{100 * min(1.0, share):.1f}%"></span></span>')


def _cell(name: str, column: int, value: Any, words: int) -> Markup:
    return element(name, value, css="" if column < words else "n")
