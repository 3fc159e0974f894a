"""report.html: one file that holds everything, needs nothing from outside and runs no script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from neurosim.report import chip_sections as about
from neurosim.report import result_sections as came_out
from neurosim.report.code_section import node_code
from neurosim.report.compare_section import comparison
from neurosim.report.figures import pictures
from neurosim.report.group import Group, by_chip, group, slug
from neurosim.report.markup import Markup, element, text
from neurosim.report.picture import Picture
from neurosim.report.style import CSS
from neurosim.scenario.result import ScenarioResult


def write_report(result: ScenarioResult, path: Path, drawn: Sequence[Picture] | None = None) -> None:
    """Write the page; ``drawn`` are the pictures of the result where they are drawn already. Raises OSError."""
    path.write_text(page(result, pictures(result) if drawn is None else drawn), encoding="utf-8")


def page(result: ScenarioResult, drawn: Sequence[Picture]) -> str:
    """Return the whole page; it opens with what was modelled exactly, approximately and not at all."""
    body = element("body", _heading(result), *_sections(result, group(result.runs), drawn))
    head = (
        f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(result.title)}</title><style>{CSS}</style></head>"
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n{body}</html>\n'


def _heading(result: ScenarioResult) -> Markup:
    models = ", ".join(dict.fromkeys(run.model for run in result.runs))
    chips = ", ".join(dict.fromkeys(run.chip.title for run in result.runs))
    steps = ", ".join(str(steps) for steps in sorted({run.steps for run in result.runs}))
    samples = ", ".join(str(n) for n in sorted({run.run.samples for run in result.runs}))
    line = f"Network {models} on {chips}; T = {steps} input steps; {samples} samples"
    return element("header", element("h1", result.title), element("p", line, css="soft"))


def _sections(result: ScenarioResult, groups: Sequence[Group], drawn: Sequence[Picture]) -> list[Markup]:
    if not groups:
        return [element("p", "No runs.")]
    figures = {picture.name: picture for picture in drawn}

    def shown(name: str) -> Markup:
        return figure(figures[name]) if name in figures else Markup("")

    return [
        about.fidelity(by_chip(result.runs)),
        comparison(result, shown),
        came_out.results(result),
        came_out.includes(groups, about.constants),
        came_out.accuracy(result, groups, shown),
        came_out.energy(groups, shown),
        came_out.activity(groups, shown, lambda item, kind: f"{kind}-{slug(item.label)}"),
        *node_code(result),
        came_out.latency(groups, shown),
        came_out.neurobench(result.runs),
        about.lowering(groups),
        about.limits(groups),
        about.sources(groups),
        about.provenance(result, groups),
    ]


def figure(picture: Picture) -> Markup:
    """Return a picture with its caption: drawn as SVG, or as pixels where it is dense."""
    if picture.dense:
        data = b64encode(picture.png).decode()
        image = Markup(f'<img alt="{text(picture.caption)}" src="data:image/png;base64,{data}">')
    else:
        image = Markup(picture.svg)
    return element("figure", image, element("figcaption", picture.caption))
