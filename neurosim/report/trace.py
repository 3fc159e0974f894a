"""Traces on request: every pulse and packet of every sample, streamed to Parquet files while the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from neurosim.errors import NeurosimError, unknown

TRACES = ("spikes", "packets")
_SPIKES = ("sample", "step", "population", "neuron")
_PACKETS = ("sample", "step", "source", "destination", "axon", "created_ps", "delivered_ps")


def check_traces(names: str | None) -> tuple[str, ...]:
    """Split the names of wanted traces, ``spikes`` or ``packets`` or both with a comma; raises NeurosimError."""
    chosen = tuple(name.strip() for name in (names or "").split(",") if name.strip())
    for name in chosen:
        if name not in TRACES:
            raise unknown("trace", name, TRACES)
    return chosen


class TraceFiles:
    """Takes the pulses and packets of one run into ``<label>-spikes.parquet`` and ``<label>-packets.parquet``.

    Each call writes one row group, so that nothing piles up in memory. Times are in picoseconds after the start of
    the sample; endpoints are numbered as in Times.
    """

    def __init__(self, folder: Path, label: str, wanted: tuple[str, ...]) -> None:
        self._writers: dict[str, pq.ParquetWriter] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in wanted:
                columns = _SPIKES if name == "spikes" else _PACKETS
                schema = pa.schema([(column, pa.int64()) for column in columns])
                self._writers[name] = pq.ParquetWriter(folder / f"{label}-{name}.parquet", schema)
        except OSError as error:
            self.close()
            raise NeurosimError(f"{folder}: cannot write traces: {error.strerror}") from None

    def spikes(self, sample: int, rows: NDArray[np.int64]) -> None:
        """Take pulses as rows (step, population index, neuron)."""
        self._write("spikes", sample, rows)

    def packets(self, sample: int, rows: NDArray[np.int64]) -> None:
        """Take packets as rows (step, source, destination, axon, created, delivered), times in ps."""
        self._write("packets", sample, rows)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _write(self, name: str, sample: int, rows: NDArray[np.int64]) -> None:
        writer: Any = self._writers.get(name)
        if writer is None or not len(rows):
            return
        columns = [np.full(len(rows), sample, dtype=np.int64), *rows.T]
        writer.write_table(pa.table([pa.array(np.ascontiguousarray(c)) for c in columns], schema=writer.schema))


@contextmanager
def trace_files(folder: Path, label: str, wanted: tuple[str, ...]) -> Iterator[TraceFiles]:
    """Open the trace files of a run and close them after it, whatever happens."""
    files = TraceFiles(folder, label, wanted)
    try:
        yield files
    finally:
        files.close()
