"""Reads the new value that a person gives for a figure of a descriptor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from neurosim.chip.quantity import Quantity, Table, plain, with_unit
from neurosim.chip.unit import unit, units_of
from neurosim.errors import NeurosimError

_BOUND = ("operating.voltage",)  # figures whose range is what the chip works with, so it outlives a change
_VALUE = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


def overridden(path: str, old: Quantity | Table, text: str, alike: Sequence[Quantity | Table]) -> dict[str, Any]:
    """Return the raw figure that stands in for ``old``; it is estimated and its note tells the old value.

    A supply keeps its range and must lie in it. ``alike`` are all figures that the same text changes: without a
    unit they must agree on theirs. Raises NeurosimError naming path, text found and what is needed.
    """
    number, name = _split(path, text)
    if not name and len({figure.unit for figure in alike}) > 1:
        several = ", ".join(sorted({figure.unit for figure in alike}))
        raise NeurosimError(f"override {path}: found '{text}', needs a unit: the sets use {several}")
    given = _unit(path, name or old.unit)
    if unit(given).dimension != old.dimension:
        need = units_of(old.dimension)
        raise NeurosimError(f"override {path}: found unit '{given}', needs {old.dimension} ({need})")
    origin = f"stands in for {old} ({old.confidence}, {old.source})"
    new = {"unit": given, "source": "override", "confidence": "estimated", "note": origin}
    if isinstance(old, Table):
        return new | {"points": [[old.points[0][0], number]], "over": old.over}
    if path in _BOUND and old.range:
        return new | _within(path, old, text, Fraction(str(number)) * unit(given).factor / unit(old.unit).factor)
    return new | {"value": number}


def _within(path: str, old: Quantity, text: str, number: Fraction) -> dict[str, Any]:
    """Return the new value in the old unit with the old range, which it must not leave."""
    low, high = old.range or (0, 0)
    if not Fraction(str(low)) <= number <= Fraction(str(high)):
        bounds = f"{plain(low)} to {with_unit(plain(high), old.unit)}"
        raise NeurosimError(f"override {path}: found '{text}', outside {bounds}, what the chip works with")
    return {"value": float(number), "unit": old.unit, "range": old.range}


def _split(path: str, text: str) -> tuple[int | float, str]:
    match = _VALUE.fullmatch(text)
    if not match:
        raise NeurosimError(f"override {path}: found '{text}', needs a number and perhaps a unit, as in '30 pJ'")
    digits, name = match.groups()
    return (int(digits) if re.fullmatch(r"[+-]?\d{1,200}", digits) else float(digits)), name


def _unit(path: str, name: str) -> str:
    try:
        return unit(name).name
    except NeurosimError as error:
        raise NeurosimError(f"override {path}: {error}") from None
