"""ConstantSet: one consistent set of figures per operation, read from a descriptor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neurosim.chip.quantity import Quantity, Table
from neurosim.chip.schema import Document, StatedError
from neurosim.errors import NeurosimError, UnsupportedError


@dataclass(frozen=True)
class ConstantSet:
    """One consistent set of figures per operation.

    ``energy``, ``time``, ``flow`` and ``cycles`` (counts) go from name to figure; ``.si`` gives joules and seconds.
    A figure of ``time`` is a Quantity, or a Table where it depends on a number of tiles. ``power`` holds the chip's
    powers with those that this set states otherwise. ``stated_error`` is what the set's authors say about it, None
    where they say nothing.
    """

    name: str
    title: str
    summary: str
    energy: Mapping[str, Quantity]
    time: Mapping[str, Quantity | Table]
    flow: Mapping[str, Quantity]
    stated_error: StatedError | None = None
    cycles: Mapping[str, Quantity] = field(default_factory=dict)
    power: Mapping[str, Quantity] = field(default_factory=dict)

    def duration(self, name: str) -> int:
        """Return a time in whole picoseconds; raises UnsupportedError when there is none, NeurosimError for a table."""
        if name not in self.time:
            raise UnsupportedError(f"constant set {self.name} has no time.{name}")
        figure = self.time[name]
        if not isinstance(figure, Quantity):
            raise NeurosimError(f"time.{name}: a single value is needed, found a table")
        return figure.picoseconds()


def constant_sets_of(document: Document) -> dict[str, ConstantSet]:
    """Return every constant set of a descriptor by name, in the order of the file."""
    return {
        name: ConstantSet(
            name, c.title, c.summary, c.energy, c.time, c.flow, c.stated_error, c.cycles, {**document.power, **c.power}
        )
        for name, c in document.constants.items()
    }
