"""The base of every part of a descriptor: frozen, and every key must be known."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from neurosim.errors import nearest


def refuse(kind: str, problem: str) -> PydanticCustomError:
    """Return an error for a pydantic validator whose text is ``problem`` as it stands."""
    return PydanticCustomError(kind, "{problem}", {"problem": problem})


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse("number", "must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse("number", "must be finite")
    if abs(value) > _LARGEST:
        raise refuse("number", f"must not exceed {_LARGEST:g}")
    return value


_LARGEST = 1e200  # beyond it the SI value would leave the floats

Number = Annotated[int | float, PlainValidator(_number)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]


class Strict(BaseModel):
    """A frozen part of a descriptor that refuses keys it does not know, with the nearest spelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()}
            for key in data:
                if key not in known:
                    raise PydanticCustomError(
                        "unknown_key",
                        "unknown key{hint}",
                        {"key": str(key), "hint": nearest(str(key), known)},
                    )
        return data
