"""Runs of one chip, in the order of their steps, under a label that tells them from others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from neurosim.chip import Chip
from neurosim.scenario.result import RunResult

_LONGEST = 40  # characters of a label in a file name
_MODEL = 4  # place of the model among the traits


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that differ only in the number of steps; ``label`` names the chip and what else tells them apart."""

    label: str
    runs: tuple[RunResult, ...]

    @property
    def chip(self) -> Chip:
        """The chip of all runs."""
        return self.runs[0].chip

    @property
    def longest(self) -> RunResult:
        """The run with the most steps, which stands for the group where one picture is enough."""
        return self.runs[-1]


def group(runs: Iterable[RunResult]) -> list[Group]:
    """Sort runs into groups, in the order in which their first run stands; raises nothing."""
    return _grouped(runs, _traits)


def by_chip(runs: Iterable[RunResult]) -> list[Group]:
    """Sort runs into one group per chip and constant set, whatever the model; the order is that of ``group``."""
    return _grouped(runs, lambda run: (*_traits(run)[:2], "", "", "", _changed(run)))


def slug(label: str) -> str:
    """Return a label as part of a file name; a hash keeps long labels and those with figures apart."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-")
    if len(plain) <= _LONGEST and "=" not in label:
        return plain
    return f"{plain[:_LONGEST]}-{sha256(label.encode()).hexdigest()[:8]}"


def _grouped(runs: Iterable[RunResult], traits_of: Callable[[RunResult], tuple[str, ...]]) -> list[Group]:
    found: dict[tuple[str, ...], list[RunResult]] = {}
    for run in runs:
        found.setdefault(traits_of(run), []).append(run)
    return [
        Group(_label(traits, list(found)), tuple(sorted(members, key=lambda run: run.steps)))
        for traits, members in found.items()
    ]


def _traits(run: RunResult) -> tuple[str, ...]:
    return run.chip.name, run.energy.constants, run.mapper, run.run.engine, run.model, _changed(run)


def _changed(run: RunResult) -> str:
    return ", ".join(f"{path} = {value}" for path, value in run.chip.overrides)


def _label(traits: tuple[str, ...], every: list[tuple[str, ...]]) -> str:
    """The chip's name, and in brackets the model if there are several, and whatever else differs on that chip."""
    alike = [other for other in every if other[0] == traits[0]]
    more = [
        trait
        for k, trait in enumerate(traits)
        if trait and len({other[k] for other in (every if k == _MODEL else alike)}) > 1
    ]
    return f"{traits[0]} ({', '.join(more)})" if more else traits[0]
