"""A barrier chip on the event kernel: ports, cores and mesh put together, and the run over samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from neurosim.chip import ConstantSet, Quantity, Table
from neurosim.cores.kind import core_kind
from neurosim.engine.event.barrier import Barrier
from neurosim.engine.event.core import Core, Sender
from neurosim.engine.event.host import Ports
from neurosim.engine.event.mesh import Mesh, list_links
from neurosim.engine.event.packet import SpikePacket
from neurosim.engine.event.recorder import Recorder
from neurosim.errors import NeurosimError
from neurosim.program import Program
from neurosim.results import Run


class EventChip:
    """One program on one chip; ``run`` may be called again, every sample starts from the loaded state."""

    def __init__(self, program: Program, constants: ConstantSet) -> None:
        if program.chip.discipline != "barrier":
            raise NeurosimError(f"{program.chip.name}: discipline '{program.chip.discipline}' is not simulated yet")
        self.program, self.constants = program, constants
        self.kind = core_kind(program.chip.core_kind)
        self.env = simpy.Environment(initial_time=0)
        ports = list(program.chip.io.ports)
        places = [(int(x), int(y)) for x, y in ports] + [program.position(k) for k in range(len(program.cores))]
        self.places = places
        self.mesh = _mesh(self.env, program, constants, places, len(ports), self._deliver)
        self.barrier = Barrier(
            self.env, len(program.cores), barrier_time(program, constants), lambda: self.mesh.in_flight
        )
        senders = [Sender(self.mesh, endpoint, len(ports)) for endpoint in range(len(places))]
        self.ports = Ports(
            senders[: len(ports)], program.inputs, duration(constants, "io_serialisation"), self.kind.stamp
        )
        self.cores = [
            Core(
                self.env,
                self.kind.start(program, k, constants),
                senders[len(ports) + k],
                outputs,
                self.barrier,
            )
            for k, outputs in enumerate(program.outputs)
        ]
        self._first_core = len(ports)
        self._latency: Counter[int] = Counter()
        self._trace: list[SpikePacket] | None = None

    def _deliver(self, packet: SpikePacket) -> None:
        self._latency[packet.delivered - packet.created] += 1
        self.cores[packet.destination - self._first_core].receive(packet)
        self.barrier.check()

    def run(
        self,
        inputs: NDArray[np.bool_],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Run:
        """Run samples ``inputs`` bool[n, T, input lines] one after another.

        ``record_spikes`` keeps every pulse of every sample; ``trace_first`` the packets of the first sample;
        ``progress`` is called with the number of samples done since the last call.
        """
        recorder = Recorder(self.program, self.kind.counters(self.program.chip), inputs.shape, record_spikes)
        for sample, pulses in enumerate(inputs):
            self._trace = [] if trace_first and sample == 0 else None
            for core in self.cores:
                core.state.reset()
                core.trace = self._trace
            for link in self.mesh.links:
                link.free_at = 0  # every sample starts on idle wires, whatever ran before it
            self._latency.clear()
            links = self.mesh.packets_per_link()
            process = self.env.process(self._sample(pulses, sample, recorder))
            self.env.run(until=process)
            recorder.end_sample(
                sample,
                [core.state.counters for core in self.cores],
                self.mesh.packets_per_link() - links,
                self._latency,
            )
            if progress is not None:
                progress(1)
        layout = list_links(self.program.chip.columns, self.program.chip.rows, self.places)
        return recorder.result(self.constants.name, layout, self.places)

    def _sample(self, pulses: NDArray[np.bool_], sample: int, recorder: Recorder) -> Generator[simpy.Event, Any, None]:
        """The host's process for one sample: feed the pulses, then let the pipeline drain."""
        begin = int(self.env.now)
        steps = len(pulses)
        none = np.zeros(pulses.shape[1], dtype=np.bool_)
        for step in range(steps + self.program.lowered.extra_steps):
            sent = self.mesh.sent
            self.ports.inject(pulses[step] if step < steps else none, step, int(self.env.now), self._trace)
            yield self.env.process(self.barrier.step(self._busy_until))
            for core in self.cores:
                core.finish_step()
            recorder.end_step(sample, step, int(self.env.now) - begin, self.cores, self.mesh.sent - sent)
            if self._trace is not None:
                recorder.packets(step, self._trace, begin)
                self._trace.clear()

    def _busy_until(self) -> int:
        return max((core.synapses_free_at for core in self.cores), default=0)


def duration(constants: ConstantSet, name: str) -> int:
    """Return a time of the constant set in picoseconds; raises NeurosimError if it is a table."""
    quantity = constants.time[name]
    if not isinstance(quantity, Quantity):
        raise NeurosimError(f"time.{name}: a single value is needed, found a table")
    return quantity.picoseconds()


def barrier_time(program: Program, constants: ConstantSet) -> int:
    """Return the barrier's own time (ps) for the number of tiles in use."""
    quantity = constants.time["barrier"]
    return quantity.picoseconds_at(program.tiles_used) if isinstance(quantity, Table) else quantity.picoseconds()


def _mesh(
    env: simpy.Environment,
    program: Program,
    constants: ConstantSet,
    places: list[tuple[int, int]],
    n_ports: int,
    deliver: Callable[[SpikePacket], None],
) -> Mesh:
    serialisation = duration(constants, "link_serialisation")
    # A packet cannot pass faster than its own length on the wire, also where no time within a tile is given.
    half = max(duration(constants, "spike_within_tile") // 2, serialisation, 1)
    io = duration(constants, "io_serialisation")
    return Mesh(
        env,
        program.chip.columns,
        program.chip.rows,
        places,
        hop_latency_x=duration(constants, "hop_east_west"),
        hop_latency_y=duration(constants, "hop_north_south"),
        link_serialisation=serialisation,
        inject_latency=half,
        inject_serialisation=[io] * n_ports + [serialisation] * len(program.cores),
        eject_latency=half,
        eject_serialisation=serialisation,
        deliver=deliver,
        depth=constants.flow["buffer_depth"].whole(),
    )
