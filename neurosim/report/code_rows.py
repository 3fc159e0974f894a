"""Rows of tables on code for arrays of nodes, alike on the screen and in a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neurosim.report.engineering import count, engineering, percent, span
from neurosim.scenario.code_studies import Beyond
from neurosim.scenario.strategies import PULSES, Strategy
from neurosim.scenario.way_out import EXTERNAL, WayOut

STRATEGY_HEAD = ("pulses as", "per word", "leaves", "nodes", "opcodes", "nodes run", "energy", "low..high")
WAY_HEAD = ("way out", "bits", "acc. %", "chips", "nodes", "opcodes", "time", "energy", "low..high")


def strategy_row(each: Strategy) -> tuple[str, ...]:
    """Return what a way to write code takes per synaptic operation; dashes for one that does not fit."""
    head = (PULSES[each.coding].removeprefix("address "), str(each.per_word), str(each.leaves))
    if each.refused is not None:
        return (*head, "-", "-", "-", "does not fit", "")
    return (
        *head,
        count(each.nodes),
        count(each.opcodes),
        engineering(each.seconds, "s"),
        engineering(each.energy.value, "J"),
        span(each.energy.low, each.energy.high, "J"),
    )


def way_row(way: WayOut) -> tuple[str, ...]:
    """Return what a way out takes per inference."""
    return (
        way.way.removeprefix("many ").removeprefix("external "),
        f"{way.bits}{', packed' if way.packed else ''}",
        percent(way.accuracy),
        " + ".join(map(str, way.chips)),
        count(way.nodes),
        count(way.opcodes),
        engineering(way.seconds, "s"),
        engineering(way.energy.value, "J"),
        span(way.energy.low, way.energy.high, "J"),
    )


def best(ways: Sequence[Strategy]) -> Strategy:
    """Return the way that takes least energy."""
    return min((each for each in ways if each.refused is None), key=lambda each: each.energy.value)


def strategy_note(ways: Sequence[Strategy]) -> str:
    """Return which way is the default and which takes least."""
    default = next((each for each in ways if each.default), None)
    if default is None:
        return "per synaptic operation, with passing words on and firing"
    told = "the first way is the default"
    told += ", and takes least energy" if best(ways) is default else "; it does not take least energy"
    return f"per synaptic operation, with passing words on and firing, pulse by pulse as the network; {told}"


def beyond_notes(beyond: Beyond) -> list[str]:
    """Return why the network does not fit and what the ways out rest on."""
    found = [
        f"{beyond.refused}; {count(beyond.weights)} weights stand against {count(beyond.bits_of_ram)} bits for code and"
        " data",
        f"opcodes are those of generated code, run on {beyond.samples} samples at T = {beyond.steps} and right pulse by"
        f" pulse; accuracy over {count(beyond.accuracy_samples)} samples in whole weights and with firing outputs,"
        f" {percent(beyond.accuracy)} % as the network is; packed: the smallest weights set to zero so that four"
        " share a word",
        "chips: those of each layer, joined by their serial links, whose circuits are not counted; without packing a"
        " weight has a word of its own, whatever its bits",
        "memory: reads one after another, without the memory's own energy; nodes: those that add",
    ]
    found += [f"{_label(way)}: {_parts(way)}" for way in beyond.ways]
    return found


def _label(way: WayOut) -> str:
    moved = "reads" if way.way == EXTERNAL else "words through links"
    return f"{way.way}, {way.bits} bits, {count(way.moved)} {moved}"


def _parts(way: WayOut) -> str:
    write: Callable[[float], str] = lambda value: engineering(value, "J")  # noqa: E731
    return ", ".join(f"{name} {write(band.value)}" for name, band in way.parts.items())
