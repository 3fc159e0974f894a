"""A chip on the compiled engine: the same Program and inputs as the event kernel takes, and the same Run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.kind import core_kind
from neurosim.engine.compiled.barrier import Barrier
from neurosim.engine.compiled.cache import say_if_compiling
from neurosim.engine.compiled.flat import is_flat
from neurosim.engine.compiled.flat_barrier import FlatBarrier
from neurosim.engine.compiled.messages import addresses, ports
from neurosim.engine.compiled.network import Network, trees_of
from neurosim.engine.compiled.parts import Parts
from neurosim.engine.compiled.recorder import ArrayRecorder
from neurosim.engine.compiled.tick import Tick
from neurosim.engine.compiled.wires import no_runs, runs_of, wires_of
from neurosim.engine.event.chip import barrier_time, build_mesh, chip_size
from neurosim.engine.event.mesh import list_links
from neurosim.engine.event.multicast import Forest, Leaf
from neurosim.engine.event.router import Router
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.program import Destinations, Program
from neurosim.results import Run


class CompiledChip:
    """One program on one chip; ``run`` may be called again, every sample starts from the loaded state.

    Raises UnsupportedError and NeurosimError where the event kernel does.
    """

    def __init__(self, program: Program, constants: ConstantSet) -> None:
        self.program, self.constants = program, constants
        self.kind = core_kind(program.chip.core_kind)
        tiles = [(int(x), int(y)) for x, y in program.chip.io.ports]
        first_core = len(tiles)
        self.places = tiles + [program.position(k) for k in range(len(program.cores))]
        self.hub = self._event_router() if self.kind.MULTICAST else None
        forest = self._forest(first_core)
        size = chip_size(program)
        # The event kernel's own mesh, for the times of its links: constants are read in one place.
        mesh = build_mesh(
            simpy.Environment(), program, constants, self.places, first_core, self.hub, lambda _: None, Router
        )
        if forest is not None:
            forest.join(mesh)
        self.layout = list_links(mesh.columns, mesh.rows, self.places, size)
        wires, trees = wires_of(mesh, size), trees_of(forest)
        entries = addresses(program, first_core, forest)
        spacing = constants.duration("io_serialisation")
        senders = ports(program, entries[0], first_core, spacing, self.kind.stamp, forest is not None)
        self.parts = Parts(
            [self.kind.start(program, k, constants) for k in range(len(program.cores))],
            first_core,
            senders,
            entries[1:],
            Network(wires, trees),
            wires,
            runs_of(wires, self.layout, size) if program.chip.discipline == "barrier" else no_runs(),
            trees,
        )
        self._flat = self._flat_barrier()

    def _event_router(self) -> int:
        chip = self.program.chip
        if chip.event_router is None:
            raise NeurosimError(f"{chip.name}: multicast cores need geometry.event_router")
        if chip.n_chips > 1:
            raise UnsupportedError(f"{chip.name}: several chips with an event router each unsupported")
        self.places.append((int(chip.event_router[0]), int(chip.event_router[1])))
        return len(self.places) - 1

    def _forest(self, first_core: int) -> Forest | None:
        if self.hub is None:
            return None
        lists = [self.program.inputs, *self.program.outputs]
        return Forest(self.hub, [route for each in lists for route in _routes(each, first_core)], self.places)

    def run(
        self,
        inputs: NDArray[Any],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Run:
        """Run samples ``inputs`` [n, T, input lines] one after another; arguments as on the event kernel."""
        program = self.program
        recorder = ArrayRecorder(program, self.kind.counters(program.chip), inputs.shape, record_spikes)
        discipline = self._discipline(inputs)
        say_if_compiling(discipline.kernels)
        for sample, pulses in enumerate(inputs):
            self.parts.network.reset()
            recorder.begin_sample()
            stragglers = discipline.sample(recorder, sample, self._drained(pulses), trace_first and sample == 0)
            recorder.finish_sample(sample, discipline.counters, self.parts.network.joined(), stragglers)
            if progress is not None:
                progress(1)
        discipline.finish(recorder)
        return recorder.result(self.constants.name, self.layout, self.places, self.hub)

    def _drained(self, pulses: NDArray[Any]) -> NDArray[Any]:
        """Return the pulses followed by as many empty steps as the pipeline is deep."""
        more = np.zeros((self.program.lowered.extra_steps, pulses.shape[1]), dtype=pulses.dtype)
        return np.concatenate([pulses, more])

    def _discipline(self, inputs: NDArray[Any]) -> Barrier | FlatBarrier | Tick:
        chip = self.program.chip
        if chip.discipline == "tick":
            return Tick(self.parts, chip.tick)
        if chip.discipline != "barrier":
            raise NeurosimError(f"{chip.name}: discipline '{chip.discipline}' is not simulated by this engine")
        if self._flat is not None and inputs.dtype == np.bool_:
            return self._flat
        return Barrier(self.parts, barrier_time(self.program, self.constants))

    def _flat_barrier(self) -> FlatBarrier | None:
        """Return the quick way, for compartment cores without programs."""
        program, constants = self.program, self.constants
        if program.chip.discipline != "barrier" or not is_flat(program, self.parts.cores):
            return None
        counters = len(self.kind.counters(program.chip))
        spacing = constants.duration("io_serialisation")
        return FlatBarrier(program, constants, self.parts, counters, spacing, barrier_time(program, constants))


def _routes(destinations: Destinations, first_core: int) -> list[list[Leaf]]:
    ends = list(zip(destinations.core.tolist(), destinations.axon.tolist(), strict=True))
    return [[Leaf(first_core + core, axon) for core, axon in ends[a:b]] for a, b in pairwise(destinations.ptr.tolist())]
