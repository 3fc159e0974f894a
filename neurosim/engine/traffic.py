"""The network on chip alone: latency and throughput of a mesh under synthetic traffic."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from neurosim.engine.event.mesh import Mesh
from neurosim.engine.event.packet import SpikePacket
from neurosim.engine.pattern import Ints, ideal_load, make_pattern
from neurosim.errors import NeurosimError

CYCLE = 1000  # picoseconds that stand for a cycle; results are in cycles, so the choice does not show
LATENCY_LIMIT = 500  # cycles of mean latency from which a run counts as unstable
STRIDE = 200  # cycles from one look at the mesh to the next


@dataclass(frozen=True, slots=True)
class LatencyCycles:
    """Latency from creation to ejection, source queueing included (cycles); percentiles by nearest rank."""

    mean: float
    p50: int
    p95: int
    p99: int
    max: int


@dataclass(frozen=True, slots=True)
class TrafficResult:
    """Outcome of a traffic experiment; ``dataclasses.asdict`` gives its JSON form.

    ``load`` (offered) and ``accepted`` are packets per node and cycle, ``hops_mean`` counts links between
    routers; all are taken over the ``packets`` delivered in the measured ``cycles``. If not ``stable``, the
    latencies are those of the packets that came through until then, and too low.
    """

    pattern: str
    load: float
    accepted: float
    stable: bool
    hops_mean: float
    latency_cycles: LatencyCycles
    mesh: str
    seed: int
    packets: int
    cycles: int


def run_traffic(
    columns: int,
    rows: int,
    pattern: str,
    load: float,
    *,
    hop_cycles: int = 4,
    end_cycles: int = 6,
    seed: int = 0,
    warmup: int | None = None,
    cycles: int | None = None,
    depth: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> TrafficResult:
    """Measure a mesh with one endpoint per tile and packets of one flit, after a warm-up.

    In every cycle each node creates a packet with probability ``load``. Source queues are unbounded; every
    injection, mesh and ejection channel passes one packet per cycle; a packet over H links takes
    ``end_cycles + hop_cycles * H`` cycles on an idle mesh. ``depth`` is the number of slots per queue, 0 for
    unbounded. ``cycles`` are measured, by default enough for 250,000 packets within 2,000 to 50,000 cycles;
    ``warmup`` cycles precede them, by default a quarter of that and at least 1,000. ``progress`` is called
    with (cycles done, cycles in all).

    A run is unstable, and ends at once, when the mean latency passes 500 cycles, be it measured or told by
    Little's law from the number of packets under way. It is unstable too when that number has grown in the
    measured cycles by more than 5 % of the packets created and by more than one per node, and always above
    the ideal load of the pattern, however slowly the queues grow there.
    Raises NeurosimError for arguments out of range and when no packet was delivered in the measured cycles.
    """
    if columns < 1 or rows < 1:
        raise NeurosimError(f"mesh must be at least 1x1, found {columns}x{rows}")
    if not 0 < load <= 1:
        raise NeurosimError(f"load must be above 0 and at most 1 packet per node and cycle, found {load}")
    if cycles is None:
        cycles = min(50_000, max(2_000, round(250_000 / (load * columns * rows))))
    if warmup is None:
        warmup = max(1_000, cycles // 4)
    for name, value, least in (
        ("hop_cycles", hop_cycles, 1),
        ("end_cycles", end_cycles, 1),
        ("seed", seed, 0),
        ("depth", depth, 0),
        ("warmup", warmup, 0),
        ("cycles", cycles, 1),
    ):
        if value < least:
            raise NeurosimError(f"{name} must be at least {least}, found {value}")

    report = progress or (lambda done, total: None)
    traffic = Traffic(
        columns, rows, pattern, load, hop_cycles=hop_cycles, end_cycles=end_cycles, seed=seed, depth=depth
    )
    for done in traffic.advance(warmup):
        report(done, warmup + cycles)
    window = _Window(traffic)
    for done in traffic.advance(cycles):
        report(warmup + done, warmup + cycles)
        window.extend(done)
        if window.too_slow():
            break
    return TrafficResult(pattern=pattern, mesh=f"{columns}x{rows}", seed=seed, load=load, **window.summary())


class Traffic:
    """A mesh and the process that feeds it, without end; see ``run_traffic`` for the arguments."""

    def __init__(
        self,
        columns: int,
        rows: int,
        pattern: str,
        load: float,
        *,
        hop_cycles: int,
        end_cycles: int,
        seed: int,
        depth: int,
    ) -> None:
        self.nodes, self.load = columns * rows, load
        self.overloaded = load > ideal_load(pattern, columns, rows) * (1 + 1e-9)
        self.env = simpy.Environment()
        self.arrived: list[SpikePacket] = []
        node = np.arange(self.nodes)
        self._x, self._y = node % columns, node // columns
        inject = end_cycles * CYCLE // 2
        self.mesh = Mesh(
            self.env,
            columns,
            rows,
            list(zip(self._x.tolist(), self._y.tolist(), strict=True)),
            hop_latency_x=hop_cycles * CYCLE,
            hop_latency_y=hop_cycles * CYCLE,
            link_serialisation=CYCLE,
            inject_latency=inject,
            inject_serialisation=CYCLE,
            eject_latency=end_cycles * CYCLE - inject,
            eject_serialisation=CYCLE,
            deliver=self.arrived.append,
            depth=depth,
        )
        self._pattern = make_pattern(pattern, columns, rows)
        self._rng = np.random.default_rng(seed)
        self.env.process(self._feed())

    def _feed(self) -> Generator[simpy.Event, Any, None]:
        """Send packets cycle by cycle, so that only those under way are in SimPy's queue."""
        number = cycle = block = 0
        while True:
            when, source = np.nonzero(self._rng.random((STRIDE, self.nodes)) < self.load)
            destination = self._pattern.draw(self._rng, source)
            for at, start, end in zip((when + block).tolist(), source.tolist(), destination.tolist(), strict=True):
                if at > cycle:
                    yield self.env.timeout((at - cycle) * CYCLE)
                    cycle = at
                self.mesh.send(SpikePacket(number, start, end, created=at * CYCLE), at * CYCLE)
                number += 1
            block += STRIDE

    def advance(self, cycles: int) -> Iterator[int]:
        """Simulate further cycles; yields the number done after each stride."""
        begin = int(self.env.now)
        for done in [*range(STRIDE, cycles, STRIDE), cycles] if cycles else []:
            self.env.run(until=begin + done * CYCLE)
            yield done

    def collect(self) -> tuple[Ints, Ints]:
        """Return latency (cycles) and links crossed of the packets that arrived since the last call."""
        packets, n = self.arrived, len(self.arrived)
        source = np.fromiter((p.source for p in packets), np.int64, n)
        destination = np.fromiter((p.destination for p in packets), np.int64, n)
        latency = np.fromiter((p.delivered - p.created for p in packets), np.int64, n)
        packets.clear()
        distance = np.abs(self._x[source] - self._x[destination]) + np.abs(self._y[source] - self._y[destination])
        return latency // CYCLE, distance


class _Window:
    """The measured part of an experiment."""

    def __init__(self, traffic: Traffic) -> None:
        traffic.collect()
        self.traffic = traffic
        self.sent, self.under_way = traffic.mesh.sent, traffic.mesh.in_flight
        self.latency = np.zeros(0, np.int64)
        self.hops = np.zeros(0, np.int64)
        self.cycles = 0

    def extend(self, cycles: int) -> None:
        """Add the packets that arrived; the window is now so many cycles long."""
        latency, hops = self.traffic.collect()
        self.latency = np.concatenate((self.latency, latency))
        self.hops = np.concatenate((self.hops, hops))
        self.cycles = cycles

    def too_slow(self) -> bool:
        """Return whether the mean latency, measured or by Little's law, has passed the limit."""
        rate = self.traffic.nodes * self.traffic.load
        by_count = self.traffic.mesh.in_flight / rate
        return bool(by_count > LATENCY_LIMIT or (len(self.latency) and self.latency.mean() > LATENCY_LIMIT))

    def growing(self) -> bool:
        """Return whether markedly more packets are under way than when the window was opened."""
        mesh = self.traffic.mesh
        growth, created = mesh.in_flight - self.under_way, mesh.sent - self.sent
        return growth > max(0.05 * created, self.traffic.nodes)

    def summary(self) -> dict[str, Any]:
        """Return the measured fields of a TrafficResult."""
        n = len(self.latency)
        if n == 0:
            raise NeurosimError(f"no packet was delivered in {self.cycles} cycles, measure more of them")
        p50, p95, p99 = np.percentile(self.latency, (50, 95, 99), method="inverted_cdf")
        return {
            "accepted": n / (self.traffic.nodes * self.cycles),
            "stable": not (self.traffic.overloaded or self.too_slow() or self.growing()),
            "hops_mean": float(self.hops.mean()),
            "latency_cycles": LatencyCycles(
                float(self.latency.mean()), int(p50), int(p95), int(p99), int(self.latency.max())
            ),
            "packets": n,
            "cycles": self.cycles,
        }
