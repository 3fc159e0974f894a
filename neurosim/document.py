"""Documents: TOML files read strictly, so that a mistake becomes one line that names file, field and value."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from neurosim.errors import FileError, nearest

_LONGEST = 60
_OWN_WORDS = ("unknown_key", "unit", "negative", "range", "points", "parameter", "number")


class Strict(BaseModel):
    """A frozen table of a document; a key that it does not know is refused with the nearest spelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        known = {item.alias or name for name, item in cls.model_fields.items()}
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                context = {"key": str(key), "hint": nearest(str(key), known)}
                raise PydanticCustomError("unknown_key", "unknown key{hint}", context)
        return data


Table = TypeVar("Table", bound=Strict)


def parse(path: Path) -> dict[str, Any]:
    """Read a TOML file; raises FileError when it is missing, unreadable or not TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be read").lower()) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileError(path, f"not TOML: {' '.join(str(error).split())}") from None


def validate(table: type[Table], raw: dict[str, Any], path: Path) -> Table:
    """Check a parsed document against its schema; raises FileError for the first mistake."""
    try:
        return table.model_validate(raw)
    except ValidationError as error:
        field, problem = first_problem(error)
        raise FileError(path, problem, field or None) from None


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return (dotted field, problem) of the first error, and how many more there are."""
    errors = error.errors(include_url=False)
    first = errors[0]
    place = [str(part) for part in first["loc"] if not str(part).startswith("<") and part != "[key]"]
    if first["type"] == "unknown_key":
        place.append(first["ctx"]["key"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ".".join(place), _problem(dict(first)) + more


def _problem(item: dict[str, Any]) -> str:
    kind, found = item["type"], f"found {shown(item['input'])}"
    if kind == "missing":
        return "missing"
    if kind in _OWN_WORDS:
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
