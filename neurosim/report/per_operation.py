"""Energy per synaptic operation: what a run comes to, and what the chip's descriptor says of one operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from neurosim.chip import Chip, Quantity
from neurosim.chip.check import figures
from neurosim.report.engineering import engineering
from neurosim.report.group import Group
from neurosim.report.notes import ends
from neurosim.results import Band
from neurosim.scenario.result import RunResult

_OPERATION = "synaptic_operation"
_WHOLE_POWER = "total_per_synaptic"  # a fact whose name begins so is all power of the chip over all operations


class Stated(NamedTuple):
    """A figure of a descriptor: the energy of one synaptic operation, in the set or level ``where``."""

    where: str
    figure: Quantity
    total: bool

    def __str__(self) -> str:
        whole = ", all power of the chip over all operations" if self.total else ""
        return f"{self.figure} ({self.where}, {self.figure.confidence}{whole})"


def stated(chip: Chip) -> list[Stated]:
    """Return what a descriptor says of one synaptic operation: every constant set, every level, and totals."""
    found = []
    for path, figure in figures(chip.document).items():
        section, *between, name = path.split(".")
        whole = section == "facts" and name.startswith(_WHOLE_POWER)
        if isinstance(figure, Quantity) and figure.dimension == "energy" and (name == _OPERATION or whole):
            place = f"level {between[0]}" if section == "level" else ".".join(between[:1]) or "published"
            found.append(Stated(place, figure, whole))
    return found


def operations(run: RunResult) -> float:
    """Return the synaptic operations of one inference."""
    return run.run.activity.summary()["synaptic_operations"]


def per_operation(run: RunResult, energy: Band) -> Band | None:
    """Return an energy of a run over its synaptic operations, None where it has none."""
    n = operations(run)
    return Band(energy.value / n, energy.low / n, energy.high / n) if n else None


def operation_note(item: Group) -> str:
    """Return what one synaptic operation comes to in a group's runs, beside what the chip's descriptor says."""
    parts: dict[str, Callable[[RunResult], Band]] = {
        "in synapses": lambda run: run.energy.parts["synapse"],
        "dynamic": lambda run: run.energy.dynamic,
        "in all": lambda run: run.energy.total,
    }
    told = []
    for name, energy_of in parts.items():
        values = [band.value for run in item.runs if (band := per_operation(run, energy_of(run)))]
        told += [f"{ends(values, _joules)} {name}"] if values else []
    return (
        f"{', '.join(told) or 'none happened'}; its descriptor: {', '.join(map(str, stated(item.chip))) or 'nothing'}"
    )


def _joules(value: float) -> str:
    return engineering(value, "J")
