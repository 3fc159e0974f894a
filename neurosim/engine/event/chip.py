"""A chip on the event kernel: ports, cores, mesh and discipline put together, and the run over samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from neurosim.chip import ConstantSet, Table
from neurosim.cores.kind import core_kind
from neurosim.engine.event.barrier import Barrier
from neurosim.engine.event.core import Core, Dispatch, Sender, multicast, unicast
from neurosim.engine.event.host import Ports, unicast_entries
from neurosim.engine.event.mesh import Mesh, list_links
from neurosim.engine.event.multicast import Forest, Leaf
from neurosim.engine.event.packet import SpikePacket
from neurosim.engine.event.recorder import Recorder
from neurosim.engine.event.router import Router
from neurosim.engine.event.tick import Tick
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.program import Destinations, Program
from neurosim.results import Run
from neurosim.results.learned import Learned, joined


class EventChip:
    """One program on one chip; ``run`` may be called again, every sample starts from the loaded state.

    Endpoints of the mesh are the I/O ports, then the cores in use, then on multicast chips the event router.
    """

    def __init__(self, program: Program, constants: ConstantSet, how: How = How()) -> None:  # noqa: B008  frozen
        self.program, self.constants, self._how = program, constants, how
        self.kind = core_kind(program.chip.core_kind)
        self.env = simpy.Environment(initial_time=0)
        ports = [(int(x), int(y)) for x, y in program.chip.io.ports]
        self._first_core = len(ports)
        self.places = ports + [program.position(k) for k in range(len(program.cores))]
        self._hub = self._event_router() if self.kind.MULTICAST else None
        self._forest = self._trees() if self._hub is not None else None
        self.mesh = build_mesh(
            self.env,
            program,
            constants,
            self.places,
            self._first_core,
            self._hub,
            self._deliver,
            self._router(),
            how.contention,
        )
        if self._forest is not None:
            self._forest.join(self.mesh)
        senders = [Sender(self.mesh, endpoint) for endpoint in range(len(self.places))]
        self._senders = senders
        self.cores = [
            Core(k, self.kind.start(program, k, constants), senders[self._first_core + k], dispatch)
            for k, dispatch in enumerate(self._core_dispatches(senders))
        ]
        self.ports = self._ports(senders[: self._first_core])
        self.discipline = self._discipline()
        self._latency: Counter[int] = Counter()

    def _router(self) -> Callable[..., Router]:
        if self._how.router is None:
            return self._forest.router if self._forest is not None else Router
        if self._forest is not None:
            raise UnsupportedError(f"{self.program.chip.name}: a router of one's own on a multicast chip unsupported")
        return self._how.router

    def _event_router(self) -> int:
        tile = self.program.chip.event_router
        if tile is None:
            raise NeurosimError(f"{self.program.chip.name}: multicast cores need geometry.event_router")
        if self.program.chip.n_chips > 1:
            raise UnsupportedError(f"{self.program.chip.name}: several chips with an event router each unsupported")
        self.places.append((int(tile[0]), int(tile[1])))
        return len(self.places) - 1

    def _trees(self) -> Forest:
        """Number the routes: input lines first, then the units of every core."""
        lists = [self.program.inputs, *self.program.outputs]
        return Forest(len(self.places) - 1, [route for each in lists for route in self._routes(each)], self.places)

    def _routes(self, destinations: Destinations) -> list[list[Leaf]]:
        ends = list(zip(destinations.core.tolist(), destinations.axon.tolist(), strict=True))
        return [
            [Leaf(self._first_core + core, axon) for core, axon in ends[entries.start : entries.stop]]
            for entries in unicast_entries(destinations)
        ]

    def _core_dispatches(self, senders: list[Sender]) -> list[Dispatch]:
        program, first = self.program, self._first_core
        if self._forest is None or self._hub is None:
            return [unicast(senders[first + k], out, first) for k, out in enumerate(program.outputs)]
        copies = [len(leaves) for leaves in self._forest.leaves]
        starts = np.cumsum([len(d.ptr) - 1 for d in (program.inputs, *program.outputs)]).tolist()
        return [multicast(senders[first + k], self._hub, starts[k], copies) for k in range(len(program.outputs))]

    def _ports(self, senders: list[Sender]) -> Ports:
        inputs, spacing = self.program.inputs, self.constants.duration("io_serialisation")
        if self._forest is None or self._hub is None:
            dispatches = [unicast(sender, inputs, self._first_core) for sender in senders]
            entries, statics = unicast_entries(inputs), inputs.statics().tolist()
        else:
            copies = [len(leaves) for leaves in self._forest.leaves]
            dispatches = [multicast(sender, self._hub, 0, copies) for sender in senders]
            entries = [range(line, line + (copies[line] > 0)) for line in range(len(inputs.ptr) - 1)]
            statics = [0] * len(entries)
        return Ports(list(zip(senders, dispatches, strict=True)), entries, statics, spacing, self.kind.stamp)

    def _discipline(self) -> Barrier | Tick:
        chip = self.program.chip
        if chip.discipline == "barrier":
            return Barrier(self.env, self.cores, self.mesh, barrier_time(self.program, self.constants))
        if chip.discipline == "tick":
            return Tick(self.env, self.cores, self.mesh, chip.tick)
        raise NeurosimError(f"{chip.name}: discipline '{chip.discipline}' is not simulated by this engine")

    def _deliver(self, packet: SpikePacket) -> None:
        if packet.destination == self._hub and self._forest is not None:
            self._forest.turn(packet)
            return
        self._latency[packet.delivered - packet.created] += 1
        self.cores[packet.destination - self._first_core].receive(packet)
        self.discipline.delivered(packet)

    def run(
        self,
        inputs: NDArray[Any],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
        sink: Sink | None = None,
        world: World | None = None,
    ) -> Run:
        """Run samples ``inputs`` [n, T, input lines] one after another.

        ``record_spikes`` keeps every pulse of every sample; ``trace_first`` the packets of the first sample;
        ``progress`` is called with the number of samples done since the last call; ``sink`` takes all pulses and
        packets of all samples. A ``world`` gives the pulses of every step when it begins, and sees what has fired.
        """
        recorder = Recorder(self.program, self.kind.counters(self.program.chip), inputs.shape, record_spikes, sink)
        for core in self.cores:
            core.on_end = lambda index, step: recorder.end_core_step(index, step, self.cores[index].state.counters)
        keep = self.program.options.get("learning") == "keep"
        for sample, pulses in enumerate(inputs):
            for link in self.mesh.links:
                link.free_at = 0  # every sample starts on idle wires, whatever ran before it
            for core in self.cores:
                core.reset(keep=keep and sample > 0)
                core.on_sweep = self._listener(recorder, sample, world)
            for sender in self._senders:
                sender.reset(sink is not None or (trace_first and sample == 0))
            recorder.begin_sample()
            self._latency.clear()
            links = self.mesh.packets_per_link()
            begin = int(self.env.now)
            self.env.run(until=self.env.process(self._sample(pulses, sample, recorder, begin, world)))
            recorder.packets(sample, self._senders, begin)
            recorder.end_sample(
                sample,
                [core.state.counters for core in self.cores],
                self.mesh.packets_per_link() - links,
                self._latency,
                (sum(core.overruns for core in self.cores), self.discipline.late),
            )
            if progress is not None:
                progress(1)
        run = recorder.result(self.constants.name, self.layout(), self.places, self._hub)
        return replace(run, network=self._how.network, learned=self._learned())

    def _learned(self) -> Learned | None:
        """Return what all cores have learned, None if nothing learns."""
        parts = [core.state.learned() for core in self.cores if hasattr(core.state, "learned")]
        return joined([part for part in parts if part is not None])

    def _listener(self, recorder: Recorder, sample: int, world: World | None) -> Callable[..., None]:
        def swept(index: int, step: int, firing: Any) -> None:
            pulses = recorder.swept(sample, index, step, firing.units, self.cores[index].state)
            if world is not None:
                world.see(pulses)

        return swept

    def layout(self) -> list[tuple[str, int, int]]:
        """Return the links in the order of their counters."""
        return list_links(self.mesh.columns, self.mesh.rows, self.places, chip_size(self.program))

    def _sample(
        self, pulses: NDArray[Any], sample: int, recorder: Recorder, begin: int, world: World | None
    ) -> Generator[simpy.Event, Any, None]:
        """The host's process for one sample: feed the pulses, then let the pipeline drain."""
        steps = len(pulses) + self.program.lowered.extra_steps
        none = np.zeros(pulses.shape[1], dtype=pulses.dtype)

        def inject(step: int) -> None:
            now = int(self.env.now)
            given = pulses[step] if step < len(pulses) else none
            self.ports.inject(given if world is None else world.turn(step, now - begin), step, now)

        def record(step: int) -> None:
            recorder.end_step(sample, step, int(self.env.now) - begin)

        yield self.env.process(self.discipline.sample(steps, inject, record))


def barrier_time(program: Program, constants: ConstantSet) -> int:
    """Return the barrier's own time (ps) for the number of tiles in use."""
    quantity = constants.time["barrier"]
    return quantity.picoseconds_at(program.tiles_used) if isinstance(quantity, Table) else quantity.picoseconds()


def chip_size(program: Program) -> tuple[int, int] | None:
    """Return columns and rows of one chip of a tiling, None for a single chip."""
    chip = program.chip
    return (chip.columns_per_chip, chip.rows_per_chip) if chip.n_chips > 1 else None


def build_mesh(
    env: simpy.Environment,
    program: Program,
    constants: ConstantSet,
    places: list[tuple[int, int]],
    n_ports: int,
    hub: int | None,
    deliver: Callable[[SpikePacket], None],
    router: Callable[..., Router],
    contention: bool = True,
) -> Mesh:
    """Build the mesh of a chip from its constants; without ``contention`` packets never wait for each other."""
    serialisation = constants.duration("link_serialisation")
    # A packet cannot pass faster than its own length on the wire, also where no time within a tile is given.
    half = max(constants.duration("spike_within_tile") // 2, serialisation, 1)
    n_cores = len(program.cores)
    inject = [constants.duration("io_serialisation")] * n_ports + [serialisation] * n_cores
    eject, eject_time = [serialisation] * (n_ports + n_cores), [half] * (n_ports + n_cores)
    if hub is not None:
        inject.append(serialisation)
        eject.append(constants.duration("router_serialisation"))
        eject_time.append(max(constants.duration("router_latency"), 1))
    size = chip_size(program)
    edge = [constants.duration(name) for name in ("edge_crossing", "edge_serialisation")] if size else [0, 0]
    depth = constants.flow["buffer_depth"].whole() if "buffer_depth" in constants.flow else 0
    if not contention:
        inject, eject = [0] * len(inject), [0] * len(eject)
        serialisation = edge[1] = depth = 0
    return Mesh(
        env,
        program.chip.columns,
        program.chip.rows,
        places,
        hop_latency_x=constants.duration("hop_east_west"),
        hop_latency_y=constants.duration("hop_north_south"),
        link_serialisation=serialisation,
        inject_latency=half,
        inject_serialisation=inject,
        eject_latency=eject_time,
        eject_serialisation=eject,
        deliver=deliver,
        depth=depth,
        chip=size,
        edge_latency=edge[0],
        edge_serialisation=edge[1],
        router=router,
    )
