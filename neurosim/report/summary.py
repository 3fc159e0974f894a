"""summary.json and configuration.json: the whole result, for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurosim.errors import FileError
from neurosim.scenario.result import ScenarioResult


def write_summary(result: ScenarioResult, path: Path) -> None:
    """Write the JSON form of a result with its configuration; raises FileError for a number that is not finite."""
    whole = result.as_dict()
    runs = whole.pop("runs")
    write_json(whole | {"configuration": dict(result.configuration), "runs": runs}, path)


def write_json(value: Mapping[str, Any], path: Path) -> None:
    """Write JSON in the mapping's own order, floats so that they read back the same; raises FileError, OSError."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError as error:
        raise FileError(path.name, f"cannot be written as JSON: {error}") from None
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
