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
from neurosim.errors import NeurosimError
from neurosim.program import Program
from neurosim.results import Run


class BothChips:
    """The same program on the event kernel and on the compiled engine; ``run`` takes as long as both together."""

    def __init__(self, program: Program, constants: ConstantSet) -> None:
        self._event, self._compiled = EventChip(program, constants), CompiledChip(program, constants)

    def run(
        self,
        inputs: NDArray[Any],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Run:
        """Run both and return the run; raises NeurosimError that names the first difference."""
        compiled = self._compiled.run(inputs, record_spikes, trace_first)
        event = self._event.run(inputs, record_spikes, trace_first, progress)
        difference = first_difference(event, compiled)
        if difference is not None:
            raise NeurosimError(f"the engines differ, event against compiled: {difference}")
        return replace(event, engine="both")
