"""The dynamic metrics of a mapping: one frozen value, from a run on a chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.check.steps import loads_per_step
from neurosim.chip import ConstantSet
from neurosim.mapping.metrics import gini, metric
from neurosim.program import Program
from neurosim.results import Energy, Run

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WINDOW, STRIDE = 10, 5  # steps, as in the definition of the peak window load
_SECONDS = 1e-12


@dataclass(frozen=True)
class DynamicMetrics:
    """Metrics that a simulation shows, per inference (mean over samples) unless named otherwise."""

    injected: float = metric("packet", "packets that entered the network; what an event router sends on counts once")
    hops: float = metric("packet x hop", "packets over all links between tiles and between chips")
    link_load_max: float = metric("packet", "largest number of packets on a link between tiles or chips")
    link_load_mean: float = metric("packet", "mean over all links between tiles or chips, zeros included")
    link_load_variance: float = metric("packet^2", "variance over the same links")
    link_load_gini: float = metric("1", "Gini coefficient over the same links")
    links_used: int = metric("link", "links between tiles or chips that carried anything in any sample")
    peak_window_load: float | None = metric(
        "packet", "largest load of a link in any 10 steps, windows 5 steps apart, first sample"
    )
    burst_ratio: float | None = metric(
        "1", "peak_window_load / mean over windows of the largest load of a link, first sample"
    )
    saturation: float | None = metric(
        "1", "factor on all rates at which the busiest link between tiles would never be idle, at the mean duration"
    )
    spike_latency_mean: float = metric("s", "mean of delivery - creation over all packets")
    spike_latency_p50: float = metric("s", "least latency that covers half of all packets")
    spike_latency_p95: float = metric("s", "least latency that covers 95 % of all packets")
    spike_latency_p99: float = metric("s", "least latency that covers 99 % of all packets")
    spike_latency_max: float = metric("s", "largest latency")
    time_per_step_mean: float = metric("s", "mean duration of a step, barrier included")
    time_per_step_max: float = metric("s", "longest step")
    latency: float = metric("s", "duration of an inference")
    late_packets: float = metric("packet", "packets that came after the tick in which they were sent")
    overruns: float = metric("1", "times a core was not done when its next tick was due")
    isi_distortion: float | None = metric(
        "step", "mean over neurons of |mean inter-spike interval mapped - unmapped|, those with two spikes in both"
    )
    spike_disorder: float | None = metric(
        "1", "share of packets that came to their core after one created later, first sample; not with an event router"
    )
    energy: float = metric("J", "energy with static part, boundary of the chip")
    energy_dynamic: float = metric("J", "energy that activity causes")
    energy_network: float = metric("J", "energy of packets on the network")
    energy_delay_product: float = metric("J s", "energy x latency")


def dynamic_metrics(
    program: Program,
    run: Run,
    energy: Energy,
    constants: ConstantSet,
    unmapped: Mapping[str, tuple[Bools, int]] | None = None,
    multicast: bool = False,
) -> DynamicMetrics:
    """Return the metrics of a run that has recorded spikes.

    ``unmapped`` gives pulses bool[n, S, size] of populations without a chip and the lag of the mapped ones.
    """
    between = np.array([kind not in ("inject", "eject") for kind, _, _ in run.activity.links], dtype=np.bool_)
    loads = run.activity.per_link[between] / run.samples
    windows = _windows(loads_per_step(program, run, multicast))
    peaks = windows.max(axis=1, initial=0.0) if windows.size else np.zeros(0)
    peak, usual = float(peaks.max(initial=0.0)), float(peaks.mean()) if len(peaks) else 0.0
    latency = [_percentile(run, share) for share in (0.5, 0.95, 0.99, 1.0)]
    steps = np.diff(run.times.step_ends, axis=1, prepend=0) * _SECONDS
    seconds = float(run.times.step_ends[:, -1].mean()) * _SECONDS
    mean = {name: float(run.activity.total(name).mean()) for name in ("packets", "late_packets", "overruns")}
    return DynamicMetrics(
        injected=mean["packets"],
        hops=float(loads.sum()),
        link_load_max=float(loads.max(initial=0.0)),
        link_load_mean=float(loads.mean()) if len(loads) else 0.0,
        link_load_variance=float(loads.var()) if len(loads) else 0.0,
        link_load_gini=gini(loads),
        links_used=int(np.count_nonzero(loads)),
        peak_window_load=peak if len(peaks) else None,
        burst_ratio=peak / usual if usual else None,
        saturation=_saturation(run, constants, between, loads, seconds),
        spike_latency_mean=_mean_latency(run),
        spike_latency_p50=latency[0],
        spike_latency_p95=latency[1],
        spike_latency_p99=latency[2],
        spike_latency_max=latency[3],
        time_per_step_mean=float(steps.mean()),
        time_per_step_max=float(steps.max()),
        latency=seconds,
        late_packets=mean["late_packets"],
        overruns=mean["overruns"],
        isi_distortion=isi_distortion(run.spikes.full, unmapped) if unmapped else None,
        spike_disorder=None if multicast else spike_disorder(run.times.first_packets),
        energy=energy.total.value,
        energy_dynamic=energy.dynamic.value,
        energy_network=energy.parts["network"].value,
        energy_delay_product=energy.total.value * seconds,
    )


def _windows(per_step: Floats) -> Floats:
    """Return the loads of every link in each window of steps; one window where there are fewer steps."""
    if not len(per_step):
        return per_step
    total = np.concatenate([np.zeros((1, per_step.shape[1])), np.cumsum(per_step, axis=0)])
    last = max(len(per_step) - WINDOW, 0)
    begins = np.arange(0, last + 1, STRIDE)
    windows: Floats = total[np.minimum(begins + WINDOW, len(per_step))] - total[begins]
    return windows


def _saturation(run: Run, constants: ConstantSet, between: Bools, loads: Floats, seconds: float) -> float | None:
    """Return how often as much would fill the busiest link; None where links take no time or nothing passes."""
    kinds = [kind for (kind, _, _), chosen in zip(run.activity.links, between, strict=True) if chosen]
    times = constants.time
    own = constants.duration("link_serialisation") if "link_serialisation" in times else 0
    edge = constants.duration("edge_serialisation") if "edge_serialisation" in times else own
    busy = loads * np.array([edge if kind.startswith("edge") else own for kind in kinds]) * _SECONDS
    most = float(busy.max(initial=0.0))
    return seconds / most if most else None


def _percentile(run: Run, share: float) -> float:
    values, counts = run.times.packet_latency
    if not len(values):
        return 0.0
    covered = np.cumsum(counts)
    return float(values[np.searchsorted(covered, share * covered[-1])]) * _SECONDS


def _mean_latency(run: Run) -> float:
    values, counts = run.times.packet_latency
    return float(np.dot(values, counts) / counts.sum()) * _SECONDS if len(values) else 0.0


def spike_disorder(packets: Ints) -> float:
    """Return the share of packets that reached their destination after one that was created later.

    ``packets`` are rows (step, source, destination, axon, created, delivered).
    """
    if not len(packets):
        return 0.0
    order = np.lexsort((packets[:, 4], packets[:, 5], packets[:, 2]))
    destination, created = packets[order, 2], packets[order, 4]
    span = int(created.max()) + 1
    # A running maximum inside each destination: those of later destinations are lifted above all before them.
    latest = np.maximum.accumulate(created + destination * span) - destination * span
    return float(np.mean(created < latest))


def isi_distortion(mapped: Mapping[str, Bools], unmapped: Mapping[str, tuple[Bools, int]]) -> float:
    """Return the mean difference of mean inter-spike intervals, in steps, over neurons and samples with two spikes."""
    differences = []
    for name, (pulses, lag) in unmapped.items():
        if name not in mapped:
            continue
        window = mapped[name][:, lag : lag + pulses.shape[1]]
        ours, theirs = _mean_intervals(window), _mean_intervals(pulses)
        both = np.isfinite(ours) & np.isfinite(theirs)
        differences.append(np.abs(ours[both] - theirs[both]))
    every = np.concatenate([np.zeros(0), *differences])
    return float(every.mean()) if len(every) else 0.0


def _mean_intervals(pulses: Bools) -> Floats:
    """Return the mean interval of every neuron in every sample, infinite with fewer than two spikes."""
    count = pulses.sum(axis=1)
    steps = pulses.shape[1]
    first, last = pulses.argmax(axis=1), steps - 1 - pulses[:, ::-1].argmax(axis=1)
    means: Floats = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), np.inf)
    return means
