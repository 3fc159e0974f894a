"""Run folders read back: what ``neurosim run --out`` wrote, as far as two runs are compared by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from neurosim.errors import FileError

_TEXTS = ("model", "chip", "constants", "mapper", "engine", "network")
_COUNTS = ("samples", "steps", "cores_used")


@dataclass(frozen=True, eq=False)
class StoredRun:
    """One run of a folder: its entry in summary.json, and its rows of the tables of links and cores."""

    folder: Path
    index: int
    entry: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Model, chip and steps in words."""
        return f"{self.entry['model']} on {self.entry['chip']}, T = {self.entry['steps']}"

    @property
    def parts(self) -> dict[str, float]:
        """Energy per inference of every component, in joules."""
        return {name: float(band["value"]) for name, band in self.entry["energy_j"]["breakdown"].items()}

    @property
    def energy(self) -> float:
        """Energy per inference in joules."""
        return float(self.entry["energy_j"]["total"])

    @property
    def latency(self) -> float:
        """Mean latency of an inference in seconds."""
        return float(self.entry["latency_s"]["mean"])

    @property
    def activity(self) -> dict[str, float]:
        """Mean of every counter per inference."""
        return {name: float(value) for name, value in self.entry["activity"].items()}

    @cached_property
    def links(self) -> dict[str, NDArray[Any]]:
        """Columns of the table of links; raises FileError when it is missing or damaged."""
        return self._table("links", ("kind", "from_column", "from_row", "to_column", "to_row", "packets"))

    @cached_property
    def cores(self) -> dict[str, NDArray[Any]]:
        """Columns of the table of cores; raises FileError when it is missing or damaged."""
        return self._table("cores", ("column", "row", "dynamic_energy_j"))

    def _table(self, name: str, columns: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        path = self.folder / "tables" / f"{name}.parquet"
        try:
            table = pq.read_table(path, columns=["run", *columns])
        except (OSError, pa.ArrowException, ValueError) as error:
            raise FileError(path, f"cannot be read: {' '.join(str(error).split())[:80]}") from None
        missing = [column for column in ("run", *columns) if column not in table.column_names]
        if missing:
            raise FileError(path, "missing", missing[0])
        here = np.asarray(table["run"].to_numpy()) == self.index
        return {column: np.asarray(table[column].to_numpy(zero_copy_only=False))[here] for column in columns}


@dataclass(frozen=True, eq=False)
class RunFolder:
    """A run folder: its runs and the hashes of what went in."""

    path: Path
    runs: tuple[StoredRun, ...]
    provenance: Mapping[str, Any]


def read_folder(path: str | Path) -> RunFolder:
    """Read the summary of a run folder; raises FileError for a folder that is none, or one that is damaged."""
    folder = Path(path)
    summary = folder / "summary.json"
    try:
        raw = json.loads(summary.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(summary, (error.strerror or "cannot be read").lower()) from None
    except (ValueError, RecursionError) as error:
        raise FileError(summary, f"not JSON: {' '.join(str(error).split())}") from None
    entries = raw.get("runs") if isinstance(raw, dict) else None
    if not isinstance(entries, list) or not entries:
        raise FileError(summary, "missing: a list of runs", "runs")
    runs = tuple(StoredRun(folder, k, _checked(entry, f"runs[{k}]", summary)) for k, entry in enumerate(entries))
    provenance = raw.get("provenance")
    return RunFolder(folder, runs, provenance if isinstance(provenance, dict) else {})


def _checked(entry: Any, where: str, path: Path) -> Mapping[str, Any]:
    """Return an entry of the summary that has what is compared; raises FileError."""
    if not isinstance(entry, dict):
        raise FileError(path, f"found {type(entry).__name__}, must be an object", where)
    for names, kind in ((_TEXTS, str), (_COUNTS, int), (("energy_j", "latency_s", "activity"), dict)):
        for name in names:
            if not isinstance(entry.get(name), kind):
                raise FileError(path, f"missing, or no {kind.__name__}", f"{where}.{name}")
    try:
        run = StoredRun(path.parent, 0, entry)
        _ = run.parts, run.energy, run.latency, run.activity
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(path, f"energy, latency or activity not as a run folder has it: {error}", where) from None
    return entry
