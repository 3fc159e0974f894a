"""A report of a scenario of another kind than "model": summary.json, pictures and one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurosim.report.folder import write_folder
from neurosim.report.html import figure
from neurosim.report.markup import Markup, element, section, text
from neurosim.report.picture import Picture
from neurosim.report.style import CSS
from neurosim.report.summary import write_json


def write_page(
    folder: Path,
    title: str,
    line: str,
    parts: Sequence[Markup],
    pictures: Sequence[Picture],
    summary: Mapping[str, Any],
    configuration: Mapping[str, Any],
) -> Path:
    """Write a report into a folder, all or nothing; raises NeurosimError as ``folder.report`` does."""

    def write(stage: Path) -> None:
        write_json(summary, stage / "summary.json")
        write_json(configuration, stage / "configuration.json")
        (stage / "figures").mkdir()
        for picture in pictures:
            (stage / "figures" / f"{picture.name}.png").write_bytes(picture.png)
        shown = section("Pictures", *map(figure, pictures))
        heading = element("header", element("h1", title), element("p", line, css="soft"))
        body = element("body", heading, shown, *parts)
        head = (
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{text(title)}</title><style>{CSS}</style></head>"
        )
        page = f'<!DOCTYPE html>\n<html lang="en">{head}\n{body}</html>\n'
        (stage / "report.html").write_text(page, encoding="utf-8")

    return write_folder(folder, write)
