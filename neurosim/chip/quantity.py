"""Quantity and Table: a figure with its unit, where it comes from, and how far it can be trusted."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Literal

from pydantic import field_validator, model_validator

from neurosim.chip.types import Number
from neurosim.chip.unit import UNITS, unit
from neurosim.document import Strict, Text, refuse
from neurosim.errors import NeurosimError

Confidence = Literal["documented", "derived", "estimated"]
_MAY_BE_NEGATIVE = ("count", "voltage")


class _Figure(Strict):
    """What Quantity and Table share: unit, source, confidence, range (in the unit) and note."""

    unit: str
    source: Text
    confidence: Confidence
    range: tuple[Number, Number] | None = None
    note: Text | None = None

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, name: str) -> str:
        try:
            return unit(name).name
        except NeurosimError as error:
            raise refuse(str(error)) from None

    @property
    def dimension(self) -> str:
        """Dimension of the unit: time, energy, power, count, voltage, area, length or rate."""
        return UNITS[self.unit].dimension

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the sources, which the text separates by a semicolon and a space."""
        return tuple(self.source.split("; "))

    def _check_values(self, values: tuple[int | float, ...]) -> None:
        if self.dimension not in _MAY_BE_NEGATIVE and min(values) < 0:
            raise refuse(f"found {min(values)}: {self.dimension} must not be negative")
        if self.range and not self.range[0] <= min(values) <= max(values) <= self.range[1]:
            low, high = self.range
            raise refuse(f"range [{low}, {high}] does not bracket the value {_listed(values)}")

    def _si(self, value: int | float | Fraction) -> float:
        return float(_exact(value) * UNITS[self.unit].factor)

    def _picoseconds(self, value: int | float | Fraction) -> int:
        if self.dimension != "time":
            raise NeurosimError(f"{self}: {self.dimension} cannot be read as a time")
        return round(_exact(value) * UNITS[self.unit].factor * 10**12)


class Quantity(_Figure):
    """One figure: value and unit, source key, confidence, and where known the range that brackets it.

    ``range`` is in the same unit. A value must be finite, and not negative where the dimension forbids it.
    """

    value: Number

    @model_validator(mode="after")
    def _bracketed(self) -> Quantity:
        self._check_values((self.value,))
        return self

    @property
    def si(self) -> float:
        """The value in the SI unit of its dimension, correctly rounded from the decimal text."""
        return self._si(self.value)

    @property
    def low(self) -> float:
        """Lower end of the range in SI, or the value itself where no range is known."""
        return self._si(self.range[0] if self.range else self.value)

    @property
    def high(self) -> float:
        """Upper end of the range in SI, or the value itself where no range is known."""
        return self._si(self.range[1] if self.range else self.value)

    def picoseconds(self) -> int:
        """The value as whole picoseconds, halves to the even neighbour; NeurosimError unless a time."""
        return self._picoseconds(self.value)

    def whole(self) -> int:
        """The value as an integer, without its unit's factor; raises NeurosimError unless it is whole."""
        if self.value != int(self.value):
            raise NeurosimError(f"{self}: not a whole number")
        return int(self.value)

    def __str__(self) -> str:
        return with_unit(plain(self.value), self.unit)


class Table(_Figure):
    """A figure that depends on another: ``points`` are (x, value) with x ascending, ``over`` names x.

    Between two points the value is interpolated linearly; before the first and after the last it is constant.
    Both are conventions of this project, so a value read between points counts as derived.
    """

    points: tuple[tuple[Number, Number], ...]
    over: Text

    @model_validator(mode="after")
    def _ascending(self) -> Table:
        if not self.points:
            raise refuse("points: at least one needed")
        places = [x for x, _ in self.points]
        for before, after in pairwise(places):
            if after <= before:
                raise refuse(f"points: {after} follows {before}, must ascend")
        self._check_values(tuple(y for _, y in self.points))
        return self

    def at(self, x: int | float) -> float:
        """The value at ``x`` in SI: linear between points, constant beyond the ends."""
        return self._si(self._value_at(x))

    def picoseconds_at(self, x: int | float) -> int:
        """The value at ``x`` as whole picoseconds, halves to the even neighbour."""
        return self._picoseconds(self._value_at(x))

    def _value_at(self, x: int | float) -> Fraction:
        place = _exact(x)
        points = [(_exact(a), _exact(b)) for a, b in self.points]
        if place <= points[0][0]:
            return points[0][1]
        for (x0, y0), (x1, y1) in pairwise(points):
            if place <= x1:
                return y0 + (y1 - y0) * (place - x0) / (x1 - x0)
        return points[-1][1]

    def __str__(self) -> str:
        return with_unit(", ".join(plain(y) for _, y in self.points), self.unit)


def _exact(value: int | float | Fraction) -> Fraction:
    """The decimal that was written, not its nearest binary float: 4.1 ns is 4100 ps exactly."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


def _listed(values: tuple[int | float, ...]) -> str:
    return ", ".join(map(str, values))


def plain(value: int | float) -> str:
    """Write a number shortly and without loss for the figures that descriptors hold."""
    return str(value) if isinstance(value, int) else f"{value:.10g}"


def with_unit(text: str, name: str) -> str:
    """Add the unit to a number's text; the unit of bare numbers, ``1``, is left out."""
    return text if name == "1" else f"{text} {name}"
