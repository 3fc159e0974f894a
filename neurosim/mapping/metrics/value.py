"""A metric is a field of a frozen value that carries its unit and its definition."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """One metric: name, value (None where it cannot be told), unit and definition."""

    name: str
    value: float | None
    unit: str
    definition: str


def metric(unit: str, definition: str) -> Any:
    """Return the field of a frozen dataclass that is a metric."""
    return field(metadata={"unit": unit, "definition": definition})


def figures(metrics: Any) -> list[Figure]:
    """Return the metrics of a value, or of its class (then without values), in order."""
    return [
        Figure(item.name, None if isinstance(metrics, type) else getattr(metrics, item.name), **item.metadata)
        for item in fields(metrics)
        if "definition" in item.metadata
    ]


def as_dict(metrics: Any) -> dict[str, float | None]:
    """Return name and value of every metric, for JSON."""
    return {figure.name: figure.value for figure in figures(metrics)}
