"""Turns what pydantic has to say about a document into one line for a person."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from neurosim.errors import nearest

_LONGEST = 60


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return (dotted field, problem) of the first error, and how many more there are."""
    errors = error.errors(include_url=False)
    first = errors[0]
    place = [str(part) for part in first["loc"] if not str(part).startswith("<")]
    place = [part for part in place if part != "[key]"]
    if first["type"] == "unknown_key":
        place.append(first["ctx"]["key"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ".".join(place), _problem(dict(first)) + more


def _problem(item: dict[str, Any]) -> str:
    kind, found = item["type"], f"found {shown(item['input'])}"
    if kind == "missing":
        return "missing"
    if kind in ("unknown_key", "unit", "negative", "range", "points"):
        return str(item["msg"])
    if kind in ("model_type", "dict_type"):
        return f"{found}, must be a table of keys"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", item["ctx"]["expected"]) or [item["ctx"]["expected"]]
        return f"{found}{nearest(str(item['input']), known)}"
    if kind == "string_pattern_mismatch":
        return f"{found}, must match {item['ctx']['pattern']}"
    return f"{found}: {item['msg'][0].lower()}{item['msg'][1:]}"


def shown(value: Any) -> str:
    """Write a value on one line, cut to a readable length."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
