"""The Run: activity, spikes and times as integers; nothing in joules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError
from neurosim.results.learned import Learned

NETWORK_COUNTERS = (
    "packets", "hops_east_west", "hops_north_south", "edge_crossings", "chip_steps", "overruns", "late_packets",
)  # fmt: skip

TRACE_ROWS = 1 << 20  # a run keeps no more steps of its first sample than have this many pulses, or packets


def bounded(rows: NDArray[np.int64], limit: int = TRACE_ROWS) -> NDArray[np.int64]:
    """Return the rows, which begin with a step, of the steps before which there are fewer than ``limit`` rows."""
    if len(rows) <= limit:
        return rows
    before = np.cumsum(np.bincount(rows[:, 0]))
    return rows[rows[:, 0] <= np.searchsorted(before, limit)]


@dataclass(frozen=True, eq=False)
class Activity:
    """Integer counters of a run of n samples and S chip steps.

    ``per_core`` int64[n, cores, counters] with the core kind's ``counters``; ``network`` int64[n, 7] in the order
    of NETWORK_COUNTERS; ``per_step`` int64[S, counters] and ``packets_per_step`` int64[S], summed over samples
    and cores; ``per_link`` int64[links], summed over samples, with the links' kind, start and end.
    """

    counters: tuple[str, ...]
    cores: NDArray[np.int32]
    per_core: NDArray[np.int64]
    network: NDArray[np.int64]
    per_step: NDArray[np.int64]
    packets_per_step: NDArray[np.int64]
    per_link: NDArray[np.int64]
    links: tuple[tuple[str, int, int], ...]

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.per_core)

    def total(self, counter: str) -> NDArray[np.int64]:
        """Return one counter per sample, int64[n], over all cores; raises NeurosimError for an unknown name."""
        if counter in NETWORK_COUNTERS:
            return self.network[:, NETWORK_COUNTERS.index(counter)]
        if counter in self.counters:
            chosen: NDArray[np.int64] = self.per_core[:, :, self.counters.index(counter)].sum(axis=1)
            return chosen
        raise NeurosimError(f"no counter '{counter}' in this run")

    def summary(self) -> dict[str, float]:
        """Return the mean of every counter per inference, with the sums that people ask for."""
        means = {name: float(self.total(name).mean()) for name in (*self.counters, *NETWORK_COUNTERS)}
        groups = {"synaptic_operations": "synaptic_operations_", "neuron_updates": "neuron_updates_"}
        sums = {
            group: sum(value for name, value in means.items() if name.startswith(prefix))
            for group, prefix in groups.items()
        }
        hops = means["hops_east_west"] + means["hops_north_south"]
        first = {**sums, "spikes": means["spikes"], "packets": means["packets"], "hops": hops}
        return first | means


@dataclass(frozen=True, eq=False)
class Spikes:
    """Pulses of each population.

    ``counts[p]`` int64[n, S]; ``first_sample`` events (step, population index in ``names``, neuron) int64[k, 3] up
    to the step in which they pass TRACE_ROWS; ``full[p]`` bool[n, S, size] only where asked for.
    """

    names: tuple[str, ...]
    counts: Mapping[str, NDArray[np.int64]]
    first_sample: NDArray[np.int64]
    full: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Times:
    """Picoseconds: ``step_ends`` int64[n, S] after the sample's start, barrier included.

    ``packet_latency`` (values int64[k] ascending, counts int64[k]): delivery minus creation of every packet.
    ``first_packets`` int64[m, 6] (step, source, destination, axon, created, delivered) of the first sample, up to the
    step in which they pass TRACE_ROWS;
    source and destination are endpoints: I/O ports first, then the cores in use.
    """

    step_ends: NDArray[np.int64]
    packet_latency: tuple[NDArray[np.int64], NDArray[np.int64]]
    first_packets: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Run:
    """What happened when a program ran on its inputs.

    ``steps`` is the number of input steps T; the chip made ``chip_steps`` = T plus the pipeline's depth.
    ``answers[p]`` int64[n, size] are membranes or pulse counts of the populations that are read out. ``network`` is
    the network model: "exact", or "counts" where packets do not wait for each other. ``learned`` is what synapses hold
    after the last sample, None where nothing learns.
    """

    chip: str
    core_kind: str
    constants: str
    engine: str
    program_digest: str
    steps: int
    chip_steps: int
    activity: Activity
    spikes: Spikes
    times: Times
    answers: Mapping[str, NDArray[np.int64]]
    positions: tuple[tuple[int, int], ...] = ()
    network: str = "exact"
    learned: Learned | None = None

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.activity.samples

    def decisions(self) -> NDArray[np.int64]:
        """Return the largest answer of the first readout per sample, ties to the lowest index, int64[n]."""
        answer = next(iter(self.answers.values()))
        largest: NDArray[np.int64] = np.argmax(answer, axis=1)
        return largest


def merge(runs: Sequence[Run]) -> Run:
    """Join runs of one program over consecutive samples; the result does not depend on how they were split."""
    first = runs[0]
    if len(runs) == 1:
        return first
    activity = replace(
        first.activity,
        per_core=np.concatenate([r.activity.per_core for r in runs]),
        network=np.concatenate([r.activity.network for r in runs]),
        per_step=np.sum([r.activity.per_step for r in runs], axis=0),
        packets_per_step=np.sum([r.activity.packets_per_step for r in runs], axis=0),
        per_link=np.sum([r.activity.per_link for r in runs], axis=0),
    )
    spikes = replace(
        first.spikes,
        counts={name: np.concatenate([r.spikes.counts[name] for r in runs]) for name in first.spikes.counts},
        full={name: np.concatenate([r.spikes.full[name] for r in runs]) for name in first.spikes.full},
    )
    values = np.concatenate([r.times.packet_latency[0] for r in runs])
    counts = np.concatenate([r.times.packet_latency[1] for r in runs])
    unique, inverse = np.unique(values, return_inverse=True)
    summed = np.bincount(inverse, weights=counts, minlength=len(unique)).astype(np.int64)
    times = replace(
        first.times,
        step_ends=np.concatenate([r.times.step_ends for r in runs]),
        packet_latency=(unique, summed),
    )
    answers = {name: np.concatenate([r.answers[name] for r in runs]) for name in first.answers}
    return replace(first, activity=activity, spikes=spikes, times=times, answers=answers, learned=runs[-1].learned)
