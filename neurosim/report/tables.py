"""Parquet tables of a result: per core, per link, per step, spike latencies, and the first sample in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from neurosim.scenario.result import RunResult, ScenarioResult

Columns = dict[str, Any]


def write_tables(result: ScenarioResult, folder: Path) -> None:
    """Write every table of TABLES as ``<name>.parquet``; ``run`` counts the runs of summary.json from 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns_of in TABLES.items():
        pq.write_table(table(result.runs, columns_of), folder / f"{name}.parquet")


def table(runs: Sequence[RunResult], columns_of: Callable[[RunResult], Columns]) -> Any:
    """Return one pyarrow table over all runs; a column that a chip does not have is null there."""
    parts = [_with_run(k, run, columns_of(run)) for k, run in enumerate(runs)]
    return pa.concat_tables(parts, promote_options="default") if parts else pa.table({})


def per_core(run: RunResult) -> Columns:
    """One row per core in use: physical id, tile, mean of every counter per inference, dynamic energy in joules.

    The energy of packets on the network is in no core's energy.
    """
    activity = run.run.activity
    places = np.array([run.program.position(k) for k in range(len(activity.cores))], dtype=np.int64).reshape(-1, 2)
    means = activity.per_core.mean(axis=0)
    counters = {name: means[:, k] for k, name in enumerate(activity.counters)}
    place = {"core": activity.cores, "column": places[:, 0], "row": places[:, 1]}
    return place | counters | {"dynamic_energy_j": run.energy.per_core}


def per_link(run: RunResult) -> Columns:
    """One row per directed link: kind, ends, their coordinates, packets per inference.

    Ends are routers (row x columns + column), but the start of an ``inject`` and the end of an ``eject`` are
    endpoints: I/O ports first, then the cores in use.
    """
    links = run.run.activity.links
    places = [link_places(run, link) for link in links]
    return {
        "kind": [kind for kind, _, _ in links],
        "from": np.array([start for _, start, _ in links], dtype=np.int64),
        "to": np.array([end for _, _, end in links], dtype=np.int64),
        "from_column": np.array([start[0] for start, _ in places], dtype=np.int64),
        "from_row": np.array([start[1] for start, _ in places], dtype=np.int64),
        "to_column": np.array([end[0] for _, end in places], dtype=np.int64),
        "to_row": np.array([end[1] for _, end in places], dtype=np.int64),
        "packets": run.run.activity.per_link / run.run.samples,
    }


_OPPOSITE = {"E": "W", "W": "E", "N": "S", "S": "N"}


def link_places(run: RunResult, link: tuple[str, int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (column, row) of both ends of a link; an endpoint stands at its tile, an edge in mid-side."""
    kind, start, end = link
    columns = run.chip.columns
    if kind.startswith("edge"):
        return _side(run, start, kind[-1]), _side(run, end, _OPPOSITE[kind[-1]])
    tiles = [(tile % columns, tile // columns) for tile in (start, end)]
    if kind in ("inject", "eject"):
        tile = tiles[kind == "inject"]
        return tile, tile
    return tiles[0], tiles[1]


def _side(run: RunResult, chip: int, side: str) -> tuple[int, int]:
    """Return the tile in the middle of one side of a chip of a tiling."""
    width, height = run.chip.columns_per_chip, run.chip.rows_per_chip
    left, low = chip % run.chip.chip_columns * width, chip // run.chip.chip_columns * height
    column = {"E": left + width - 1, "W": left}.get(side, left + width // 2)
    row = {"N": low + height - 1, "S": low}.get(side, low + height // 2)
    return column, row


def per_step(run: RunResult) -> Columns:
    """One row per step of the chip: counters and packets per inference, mean duration in seconds.

    Counters that are not known by steps, as those of nodes that run ahead of each other, are left out.
    """
    activity, n = run.run.activity, run.run.samples
    counters = {
        name: activity.per_step[:, k] / n
        for k, name in enumerate(activity.counters)
        if activity.per_step[:, k].any() or not activity.per_core[:, :, k].any()
    }
    seconds = step_seconds(run).mean(axis=0)
    first = {"step": np.arange(run.run.chip_steps, dtype=np.int64), "duration_s": seconds}
    return first | counters | {"packets": activity.packets_per_step / n}


def step_seconds(run: RunResult) -> NDArray[np.float64]:
    """Return how long every step of every sample took, in seconds, float64[n, S]."""
    return np.diff(run.run.times.step_ends, axis=1, prepend=0) * 1e-12


def spike_latency(run: RunResult) -> Columns:
    """One row per time from creation to delivery that occurred, in picoseconds, with its packets over all samples."""
    values, counts = run.run.times.packet_latency
    return {"latency_ps": values, "packets": counts}


def first_packets(run: RunResult) -> Columns:
    """One row per packet of the first sample; source and destination are endpoints, times in picoseconds."""
    names = ("step", "source", "destination", "axon", "created_ps", "delivered_ps")
    return {name: run.run.times.first_packets[:, k] for k, name in enumerate(names)}


def first_spikes(run: RunResult) -> Columns:
    """One row per spike of the first sample: step, population, neuron."""
    events = run.run.spikes.first_sample
    names = run.run.spikes.names
    return {"step": events[:, 0], "population": [names[k] for k in events[:, 1].tolist()], "neuron": events[:, 2]}


TABLES: dict[str, Callable[[RunResult], Columns]] = {
    "cores": per_core,
    "links": per_link,
    "steps": per_step,
    "spike_latency": spike_latency,
    "first_sample_packets": first_packets,
    "first_sample_spikes": first_spikes,
}


def _with_run(index: int, run: RunResult, columns: Columns) -> Any:
    arrays = {
        name: pa.array(values, pa.string()) if _is_text(values) else pa.array(values)
        for name, values in columns.items()
    }
    n = len(next(iter(arrays.values())))
    head: Columns = {
        "run": pa.array(np.full(n, index, dtype=np.int64)),
        "chip": pa.array([run.chip.name] * n, pa.string()),
        "constants": pa.array([run.energy.constants] * n, pa.string()),
        "steps": pa.array(np.full(n, run.steps, dtype=np.int64)),
    }
    return pa.table(head | arrays)


def _is_text(values: Any) -> bool:
    return isinstance(values, list)
