"""Latency: per inference and per spike, from the times of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.results.activity import Run
from neurosim.results.energy import Host, host_seconds


@dataclass(frozen=True)
class Statistics:
    """Mean, median, 99th percentile and maximum, in seconds; a percentile is the smallest value that covers it."""

    mean: float
    p50: float
    p99: float
    max: float

    def as_dict(self) -> dict[str, float]:
        """Return a plain dictionary for JSON."""
        return asdict(self)


def inference_latency(run: Run, chip: Chip, host: Host) -> Statistics:
    """Return the time from the first input step to the last step's end, host overhead added where asked for."""
    ends = run.times.step_ends[:, -1]
    seconds = ends * 1e-12 + host_seconds(run, chip, host)
    return _weighted(seconds, np.ones(len(seconds), dtype=np.int64))


def spike_latency(run: Run) -> Statistics:
    """Return the time from a packet's creation to its delivery at the destination core."""
    values, counts = run.times.packet_latency
    return _weighted(values * 1e-12, counts)


def _weighted(values: NDArray[np.floating[Any]], counts: NDArray[np.int64]) -> Statistics:
    if not len(values):
        return Statistics(0.0, 0.0, 0.0, 0.0)
    order = np.argsort(values, kind="stable")
    values, cumulative = values[order], np.cumsum(counts[order])

    def percentile(share: float) -> float:
        return float(values[np.searchsorted(cumulative, share * cumulative[-1])])

    mean = float(np.dot(values, counts[order]) / cumulative[-1])
    return Statistics(mean, percentile(0.5), percentile(0.99), float(values[-1]))
