"""Both engines on one program, compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.compiled.chip import CompiledChip
from neurosim.engine.event.chip import EventChip
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.program import Program
from neurosim.results import Run


class BothChips:
    """The same program on the event kernel and on the compiled engine; ``run`` takes as long as both together."""

    def __init__(self, program: Program, constants: ConstantSet, how: How = How()) -> None:  # noqa: B008  frozen
        self._event, self._compiled = EventChip(program, constants, how), CompiledChip(program, constants, how)

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
        if sink is not None or world is not None:
            raise UnsupportedError("engine 'both' runs everything twice; a sink or a world needs one engine")
        compiled = self._compiled.run(inputs, record_spikes, trace_first)
        event = self._event.run(inputs, record_spikes, trace_first, progress)
        difference = first_difference(event, compiled)
        if difference is not None:
            raise NeurosimError(f"the engines differ, event against compiled: {difference}")
        return replace(event, engine="both")
