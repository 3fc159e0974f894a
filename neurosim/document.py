"""Documents: TOML files read strictly, so that a mistake becomes one line that names file, field and value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from neurosim.errors import FileError, nearest

_LONGEST = 60
_REFUSED, _WRONG_VALUE = "refused", "wrong_value"  # the types of errors whose message this project writes

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


def refuse(problem: str) -> PydanticCustomError:
    """Return an error for a pydantic validator whose text is ``problem`` as it stands."""
    return PydanticCustomError(_REFUSED, "{problem}", {"problem": problem})


def wrong_value(problem: str) -> PydanticCustomError:
    """Return an error whose line reads "found <value>: <problem>"."""
    return PydanticCustomError(_WRONG_VALUE, "{problem}", {"problem": problem})


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


class Exact(Strict):
    """A Strict table that converts nothing: 3.0, "3" and true are not integers."""

    model_config = ConfigDict(strict=True)


Table = TypeVar("Table", bound=Strict)


def parse(path: Path) -> dict[str, Any]:
    """Read a TOML file; raises FileError when it is missing, unreadable or not TOML."""
    return parse_bytes(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read a file; raises FileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be read").lower()) from None


def parse_bytes(path: Path, content: bytes) -> dict[str, Any]:
    """Parse the content of a TOML file; raises FileError when it is not TOML."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise FileError(path, f"not TOML: {reason[:1].lower()}{reason[1:]}") from None


def validate(table: type[Table], raw: dict[str, Any], path: str | Path, tags: Collection[str] = ()) -> Table:
    """Check a parsed document against its schema; raises FileError for the first mistake.

    ``tags`` are the names of a union's members, which pydantic reports as if they were keys.
    """
    try:
        return table.model_validate(raw)
    except ValidationError as error:
        field, problem = _first_problem(error, tags)
        raise FileError(path, problem, field or None) from None


def _first_problem(error: ValidationError, tags: Collection[str]) -> tuple[str, str]:
    """Return (dotted field, problem) of the first error, and how many more there are."""
    errors = error.errors(include_url=False)
    first = errors[0]
    place = ""
    for part in first["loc"]:
        if isinstance(part, int):
            place += f"[{part}]"
        elif part not in tags and part != "[key]" and not part.startswith("<"):
            place += f".{part}"
    if first["type"] == "unknown_key":
        place += f".{first['ctx']['key']}"
    if first["type"].startswith("union_tag"):
        place += "." + first["ctx"]["discriminator"].strip("'")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return place.lstrip("."), _in_words(first, tags) + more


def _in_words(error: ErrorDetails, tags: Collection[str]) -> str:
    context, given, kind = error.get("ctx", {}), error["input"], error["type"]
    found = f"found {shown(given)}"
    if kind == "missing":
        return "missing"
    if kind == "union_tag_not_found":
        return f"missing{nearest('', tags)}"
    if kind in ("unknown_key", _REFUSED):
        return error["msg"]
    if kind in ("model_type", "dict_type"):
        return f"{found}, must be a table of keys"
    if kind == "union_tag_invalid":
        what = context["discriminator"].strip("'")
        return f"unknown {what} '{context['tag']}'{nearest(context['tag'], _quoted(context['expected_tags']))}"
    if kind == "literal_error":
        return f"{found}{nearest(str(given), _quoted(context['expected']))}"
    if kind == "string_pattern_mismatch":
        return f"{found}, must match {context['pattern']}"
    return f"{found}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text) or [text]


def shown(value: Any) -> str:
    """Write a value on one line, cut to a readable length."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
