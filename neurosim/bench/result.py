"""Result files: one run of one mapper on one case, with its mapping, so that anybody can check it again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from neurosim.document import Exact, Text, read_bytes, validate
from neurosim.errors import FileError
from neurosim.mapping.exchange import MappingFile, Sha256

FORMAT: Literal["neurosim-mapping-result"] = "neurosim-mapping-result"
Outcome = Literal["legal", "illegal", "failed", "crashed", "timeout"]


class CaseRef(Exact):
    """Network, order, chip and rates, with the digests by which they are recognised."""

    network: Text
    order: Text
    network_sha256: Sha256
    chip: Text
    chip_sha256: Sha256
    chip_set: dict[str, str] = Field(default_factory=dict, description="figures of the chip that were changed")
    rates_sha256: Sha256


class RunRef(Exact):
    """Mapper, seed and limits of a run."""

    mapper: Text
    seed: int
    time_limit: float
    kill_after: float
    source_sha256: Sha256 | None = Field(default=None, description="digest of the code that the mapper is made of")


class Simulated(Exact):
    """What a run on the chip showed, beside the static metrics reckoned with the spikes of that run."""

    steps: int
    samples: int
    static: dict[str, float | None]
    dynamic: dict[str, float | None]


class BenchResult(Exact):
    """One run: its outcome, metrics where the mapping is legal, what the mapper took, and the mapping itself."""

    format: Literal["neurosim-mapping-result"] = FORMAT
    version: Literal[1] = 1
    case: CaseRef
    run: RunRef
    outcome: Outcome
    reason: str = ""
    seconds: float | None = Field(default=None, description="wall-clock time of the mapper")
    peak_bytes: int | None = Field(default=None, description="growth of its process's peak memory")
    check: dict[str, str] = Field(default_factory=dict, description="verdict of every part of the checker")
    static: dict[str, float | None] = Field(default_factory=dict)
    bounds: dict[str, float] = Field(default_factory=dict)
    simulated: Simulated | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    origin: Literal["bench", "outside"] = "bench"
    refuted: list[str] = Field(default_factory=list, description="claims of an outside file that did not hold")
    mapping: MappingFile | None = None


def result_path(folder: Path, case: CaseRef, run: RunRef) -> Path:
    """Return where the result of a run is kept."""
    slug = re.sub(r"[^A-Za-z0-9_.+-]+", "-", run.mapper).strip("-")
    return folder / "results" / f"{case.network}.{case.order}" / f"{slug}.seed{run.seed}.json"


def write_result(result: BenchResult, path: Path) -> None:
    """Write a result file in one move, so that none is ever half there; raises FileError."""
    raw = result.model_dump(mode="json", exclude_none=True)
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(raw, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be written").lower()) from None


def read_result(path: Path) -> BenchResult:
    """Read a result file; raises FileError for the first mistake."""
    raw = _json(path)
    if raw.get("format") != FORMAT:
        raise FileError(path, f"found {raw.get('format')!r}, must be {FORMAT}", "format")
    for table in (raw, raw.get("simulated") or {}):
        for name in ("static", "dynamic"):
            if isinstance(table.get(name), dict):
                table[name] = {key: _number(value) for key, value in table[name].items()}
    return validate(BenchResult, raw, path)


def _number(value: Any) -> Any:
    return float(value) if type(value) is int else value


def _json(path: Path) -> dict[str, Any]:
    def refuse(text: str) -> Any:
        raise FileError(path, f"found {text}, numbers must be finite")

    try:
        raw = json.loads(read_bytes(path).decode("utf-8"), parse_constant=refuse)
    except FileError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"not JSON: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise FileError(path, f"found a {type(raw).__name__}, must be an object with format {FORMAT}")
    return raw
