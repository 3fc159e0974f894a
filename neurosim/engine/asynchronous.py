"""The engines for chips of discipline "asynchronous": nodes that run code and wait for each other at ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.compiled.async_chip import CompiledAsyncChip
from neurosim.engine.event.async_chip import EventAsyncChip
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.program import Program
from neurosim.results import Run

__all__ = ["ASYNCHRONOUS", "BothAsyncChips", "CompiledAsyncChip", "EventAsyncChip"]


class BothAsyncChips:
    """The same program on both engines; ``run`` takes as long as both together."""

    def __init__(self, program: Program, constants: ConstantSet, how: How = How()) -> None:  # noqa: B008  frozen
        self._event, self._compiled = (
            EventAsyncChip(program, constants, how),
            CompiledAsyncChip(program, constants, how),
        )

    def run(
        self,
        inputs: NDArray[Any],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
        sink: Sink | None = None,
        world: World | None = None,
    ) -> Run:
        """Run both and return the run; raises NeurosimError that names the first difference."""
        if sink is not None:
            raise UnsupportedError("engine 'both' runs everything twice; a sink needs one engine")
        compiled = self._compiled.run(inputs, record_spikes, trace_first, world=world)
        event = self._event.run(inputs, record_spikes, trace_first, progress, world=world)
        difference = first_difference(event, compiled)
        if difference is not None:
            raise NeurosimError(f"the engines differ, event against compiled: {difference}")
        return replace(event, engine="both")


ASYNCHRONOUS: dict[str, type[EventAsyncChip | CompiledAsyncChip | BothAsyncChips]] = {
    "event": EventAsyncChip,  # the definition
    "compiled": CompiledAsyncChip,  # its twin
    "both": BothAsyncChips,
}
