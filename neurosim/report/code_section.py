"""Sections of report.html on code for arrays of nodes: what ran, ways to write it, a network that does not fit."""

from __future__ import annotations

from neurosim.report import notes
from neurosim.report.code_rows import STRATEGY_HEAD, WAY_HEAD, beyond_notes, strategy_note, strategy_row, way_row
from neurosim.report.engineering import count, share
from neurosim.report.group import Group, group
from neurosim.report.markup import Markup, bullets, element, section, table
from neurosim.scenario.code_costs import CodeCosts
from neurosim.scenario.code_studies import CodeStudies
from neurosim.scenario.result import ScenarioResult

_CLASSES = {
    "alu": "stack, arithmetic, nop",
    "memory": "RAM",
    "port": "port",
    "transfer": "jump, call, return, next, if, -if",
    "unext": "unext",
    "io": "io register",
}


def node_code(result: ScenarioResult) -> list[Markup]:
    """Return the section on code and those on the studies; nothing for chips whose cores run no code."""
    found = [item for item in group(result.runs) if item.longest.code]
    parts = [_code(found)] if found else []
    return parts + (_studies(result.studies) if result.studies else [])


def _code(groups: list[Group]) -> Markup:
    parts: list[Markup] = []
    for item in groups:
        codes = [(run.steps, run.code) for run in item.runs if run.code]
        head = ["per inference", *(f"T = {steps}" for steps, _ in codes)]
        rows = [[label, *(_share(code, name) for _, code in codes)] for name, label in _CLASSES.items()]
        rows.append([element("b", "all opcodes"), *(count(code.total) for _, code in codes)])
        rows.append(["instruction words fetched", *(count(code.words_fetched) for _, code in codes)])
        rows.append(["words moved through ports", *(count(code.words_moved) for _, code in codes)])
        parts += [element("h3", item.label)] if len(groups) > 1 else []
        parts.append(table(head, rows))
        parts += [element("p", f"Loading, {text}.") for _, text in notes.loading_notes(item)]
    return section("Code of the nodes", *parts)


def _share(code: CodeCosts, name: str) -> str:
    number = code.opcodes[name]
    return f"{count(number)} ({share(number / code.total)})" if number else "0"


def _studies(studies: CodeStudies) -> list[Markup]:
    found = []
    if studies.strategies:
        rows = [list(strategy_row(each)) for each in studies.strategies]
        note = element("p", f"{studies.part}; {strategy_note(studies.strategies)}.", css="soft")
        refused = [f"{strategy_row(s)[0]}, {s.per_word} per word: {s.refused}" for s in studies.strategies if s.refused]
        found.append(section("Ways to write the code", note, table(list(STRATEGY_HEAD), rows), bullets(refused)))
    if studies.beyond:
        rows = [list(way_row(way)) for way in studies.beyond.ways]
        title = f"{studies.beyond.network}, which does not fit on one chip"
        told = bullets(f"{line}." for line in beyond_notes(studies.beyond))
        found.append(section(title, table(list(WAY_HEAD), rows), told))
    return found
