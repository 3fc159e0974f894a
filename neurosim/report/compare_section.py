"""The comparison in report.html: chips side by side, figures, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from neurosim.report import compare_notes, notes
from neurosim.report.compare import MEASURES, is_comparison, lowering, ordered, reason
from neurosim.report.engineering import engineering, share, span
from neurosim.report.group import by_chip, group
from neurosim.report.markup import Markup, bullets, element, fold, pairs, section, table
from neurosim.report.per_operation import operation_note
from neurosim.report.static_notes import static_notes, static_share
from neurosim.results import Band
from neurosim.scenario.result import Refusal, RunResult, ScenarioResult

Shown = Callable[[str], Markup]  # gives the figure of that name, or nothing
_ALONE = {"low..high", "lowering"}  # measures that stand beside others here


def comparison(result: ScenarioResult, shown: Shown) -> Markup:
    """Return the section, or nothing where there is one chip, one model and no refusal."""
    if not is_comparison(result):
        return Markup("")
    runs = ordered(result.runs)
    most = {run.model: run.steps for run in runs}
    tables = [
        _side_by_side(f"{model}, T = {steps}", list(members), result.refusals, open_=steps == most[model])
        for (model, steps), members in groupby(runs, key=lambda run: (run.model, run.steps))
    ]
    refused = [
        element("p", f"{item.chip} refuses {item.model}: {reason(item)}.", css="warning") for item in result.refusals
    ]
    warned = [element("p", f"{text}.", css="warning") for text in compare_notes.boundary_notes(runs)]
    return section(
        "Comparison",
        element("p", "The same pulses for all. Figures are per inference, means over the samples.", css="soft"),
        *tables,
        *refused,
        *warned,
        shown("comparison"),
        element("h3", "Does the chip compute what the network computes?"),
        pairs(_told(notes.shared(group(runs), compare_notes.fidelity_note))),
        element("h3", "What the static part comes from"),
        bullets(f"{text}." for text in static_notes(runs)),
        element("h3", "Energy per synaptic operation"),
        pairs((item.label, f"{operation_note(item)}.") for item in by_chip(runs)),
        shown("operation"),
        element("h3", "What the energies rest on"),
        pairs((item.label, f"{compare_notes.trust_note(item)}.") for item in by_chip(runs)),
    )


def _told(lines: Sequence[tuple[str, str]]) -> list[tuple[Markup, str]]:
    styles = {"approximate": "approximate", "broken": "warning"}
    return [(element("span", topic, css=styles.get(topic, "")), f"{text}.") for topic, text in lines]


def _side_by_side(title: str, runs: Sequence[RunResult], refusals: Sequence[Refusal], open_: bool) -> Markup:
    """Return a table with one column per chip; a chip that refuses the model has a column without figures."""
    refused = [item.chip for item in refusals if item.model == runs[0].model]
    rows = [
        [
            element("b", "lowering"),
            *(element("span", lowering(run), css=lowering(run)) for run in runs),
            *(element("span", "refused", css="warning") for _ in refused),
        ]
    ]
    for name, value in _measures():
        rows.append([element("span", name), *(value(run) for run in runs), *(Markup("-") for _ in refused)])
    head = ["", *(run.chip.title for run in runs), *refused]
    shown = table(head, rows)
    return element("div", element("h3", title), shown) if open_ else fold(title, shown)


def _measures() -> list[tuple[str, Callable[[RunResult], Markup]]]:
    """Return what a row shows: the measures of the screen, the energies among them with their bands."""
    found: list[tuple[str, Callable[[RunResult], Markup]]] = []
    for _, block in MEASURES:
        for heading, name, value in block:
            if heading == "total":
                found.append((name, _total))
            elif heading == "static":
                found.append((name, _static))
            elif heading not in _ALONE:
                found.append((name, _written(value)))
    return found


def _written(value: Callable[[RunResult], str]) -> Callable[[RunResult], Markup]:
    return lambda run: element("span", value(run))


def _total(run: RunResult) -> Markup:
    return _with_below(run.energy.total, span(run.energy.total.low, run.energy.total.high, "J"))


def _static(run: RunResult) -> Markup:
    return _with_below(run.energy.static, share(static_share(run)))


def _with_below(band: Band, below: str) -> Markup:
    return Markup(element("span", engineering(band.value, "J")) + element("span", below, css="band"))
