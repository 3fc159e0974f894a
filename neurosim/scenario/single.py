"""Scenarios that run on one chip: how they are read, and what the command line's --chip means for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurosim.document import Strict, parse, validate
from neurosim.errors import NeurosimError
from neurosim.scenario.schema import apply_change, find_scenario

Kind = TypeVar("Kind", bound=Strict)


def read_single(kind: type[Kind], name_or_path: str | Path, changes: Sequence[tuple[str, Any]]) -> Kind:
    """Read a scenario file of a kind and apply changes (path, value); raises NeurosimError."""
    path = find_scenario(name_or_path)
    raw = parse(path)
    for name, value in changes:
        apply_change(raw, *one_chip(name, value))
    return validate(kind, raw, path)


def learning_curve(right: NDArray[np.bool_], block: int) -> list[tuple[int, float]]:
    """Return (answers so far, fraction right in the block that ends there)."""
    return [(end, float(right[end - block : end].mean())) for end in range(block, len(right) + 1, block)]


def one_chip(name: str, value: Any) -> tuple[str, Any]:
    """Return a change (dotted path, value), where several chips become the one; raises NeurosimError."""
    if name != "scenario.chips":
        return name, value
    if len(value) != 1:
        raise NeurosimError(f"--chip {', '.join(value)}: this kind of scenario runs on one chip")
    return "scenario.chip", value[0]
