"""Types of the descriptor's fields."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import PlainValidator, StringConstraints

from neurosim.document import wrong_value

_LARGEST = 1e200  # beyond it the SI value would leave the floats


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_value("must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong_value("must be finite")
    if abs(value) > _LARGEST:
        raise wrong_value(f"must not exceed {_LARGEST:g}")
    return value


Number = Annotated[int | float, PlainValidator(_number)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
