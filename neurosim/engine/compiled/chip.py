"""A chip on the compiled engine: the same Program and inputs as the event kernel takes, and the same Run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import numpy as np
import simpy
from numpy.typing import NDArray

from neurosim.chip import Chip as ChipDescriptor
from neurosim.chip import ConstantSet
from neurosim.cores.arena import together
from neurosim.cores.flat import fired_of
from neurosim.cores.kind import FlatKind, core_kind
from neurosim.engine.compiled.cache import notice
from neurosim.engine.compiled.carry import Net, room_of
from neurosim.engine.compiled.counts import measure, measure_trees
from neurosim.engine.compiled.entries import entries_of
from neurosim.engine.compiled.exact import LINK_FIELDS
from neurosim.engine.compiled.lanes import grid_of
from neurosim.engine.compiled.recorder import ArrayRecorder
from neurosim.engine.compiled.run import Steps, make_ready
from neurosim.engine.compiled.sample import Chip, Clock
from neurosim.engine.compiled.trees import trees_of
from neurosim.engine.compiled.wires import no_runs, runs_of, wires_of
from neurosim.engine.event.chip import barrier_time, build_mesh, chip_size
from neurosim.engine.event.mesh import list_links
from neurosim.engine.event.multicast import Forest, Leaf
from neurosim.engine.event.router import Router
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.program import Destinations, Program
from neurosim.results import Run


class CompiledChip:
    """One program on one chip; ``run`` may be called again, every sample starts from the loaded state.

    Raises UnsupportedError and NeurosimError where the event kernel does, and UnsupportedError for a core kind
    without compiled form.
    """

    def __init__(self, program: Program, constants: ConstantSet, how: How = How()) -> None:  # noqa: B008  frozen
        self.program, self.constants, self._how = program, constants, how
        self.kind = _flat_kind(program.chip)
        tiles = [(int(x), int(y)) for x, y in program.chip.io.ports]
        first_core, size, counts = len(tiles), chip_size(program), not how.contention
        self.places = tiles + [program.position(k) for k in range(len(program.cores))]
        self.hub = self._event_router() if self.kind.MULTICAST else None
        forest = self._forest(first_core)
        # The event kernel's own mesh, for the times of its links: constants are read in one place.
        env = simpy.Environment()
        mesh = build_mesh(
            env, program, constants, self.places, first_core, self.hub, lambda _: None, Router, contention=not counts
        )
        if forest is not None:
            forest.join(mesh)
        self.layout = list_links(mesh.columns, mesh.rows, self.places, size)
        wires = wires_of(mesh, size)
        trees = trees_of(forest, wires)
        grid = grid_of(wires)
        entries = together(entries_of(program, first_core, constants.duration("io_serialisation"), forest, counts))
        if counts:
            measure(wires, grid, entries)
        net = Net(
            wires,
            grid,
            no_runs() if counts or size is None else runs_of(wires, self.layout, size),
            trees,
            np.zeros((len(wires.fixed), LINK_FIELDS), dtype=np.int64),
            counts,
            measure_trees(wires, trees) if counts else np.zeros(0, dtype=np.int64),
        )
        self._chip = Chip(
            self.kind.flat(program, constants),
            together(fired_of(program, forest is not None)),
            entries,
            net,
            room_of(len(entries.way), len(self.places), net),
            self._clock(),
        )
        with notice():
            make_ready(self._chip)

    def _clock(self) -> Clock:
        chip = self.program.chip
        if chip.discipline == "tick":
            return Clock(0, chip.tick)
        if chip.discipline != "barrier":
            raise NeurosimError(f"{chip.name}: discipline '{chip.discipline}' is not simulated by this engine")
        if self.kind.MULTICAST:
            raise UnsupportedError("the compiled engine has no multicast on barrier chips")
        return Clock(barrier_time(self.program, self.constants), 0)

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
        sink: Sink | None = None,
        world: World | None = None,
    ) -> Run:
        """Run samples ``inputs`` [n, T, input lines] one after another; arguments as on the event kernel."""
        program = self.program
        recorder = ArrayRecorder(program, self.kind.counters(program.chip), inputs.shape, record_spikes, sink)
        steps = Steps(self._chip, self.kind.reset, recorder, self._how.threads)
        keep = self.program.options.get("learning") == "keep"
        for sample, pulses in enumerate(inputs):
            if keep and sample == 1:
                steps.reset = getattr(self.kind, "rest", self.kind.reset)
            recorder.begin_sample()
            steps.sample(sample, self._drained(pulses), sink is not None or (trace_first and sample == 0), world)
            if progress is not None:
                progress(1)
        steps.finish()
        run = recorder.result(self.constants.name, self.layout, self.places, self.hub)
        learned = self.kind.learned(self._chip.cores) if hasattr(self.kind, "learned") else None
        return replace(run, network=self._how.network, learned=learned)

    def _drained(self, pulses: NDArray[Any]) -> NDArray[np.int32]:
        """Return the pulses followed by as many empty steps as the pipeline is deep."""
        drained = np.zeros((len(pulses) + self.program.lowered.extra_steps, pulses.shape[1]), dtype=np.int32)
        drained[: len(pulses)] = pulses
        return drained


def _flat_kind(chip: ChipDescriptor) -> FlatKind:
    kind = core_kind(chip.core_kind)
    if not hasattr(kind, "flat"):
        raise UnsupportedError(
            f"{chip.name}: core kind '{chip.core_kind}' has no compiled form, see cores/flat.py; use engine 'event'"
        )
    return cast(FlatKind, kind)


def _routes(destinations: Destinations, first_core: int) -> list[list[Leaf]]:
    ends = list(zip(destinations.core.tolist(), destinations.axon.tolist(), strict=True))
    return [[Leaf(first_core + core, axon) for core, axon in ends[a:b]] for a, b in pairwise(destinations.ptr.tolist())]
