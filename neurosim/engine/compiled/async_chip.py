"""A network on an array of nodes in compiled code: loaded once, then sample after sample from the loaded state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import LATEST, Array
from neurosim.cores.f18a.registers import State
from neurosim.cores.f18a.result import PASSED, RECEIVED
from neurosim.cores.f18a.wiring import WRITES, Prepared, Steps, prepare
from neurosim.engine.array_samples import ArrayRun, Outcome, Samples, refuse_extras
from neurosim.engine.compiled.array import finish_run, start_run
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.program import Program
from neurosim.results import Run

Ints = NDArray[np.int64]
_OPCODES = 1 << 40
_AT_ONCE = 256  # samples whose words are made together


class CompiledAsyncChip:
    """One program on one array; ``run`` may be called again, every sample starts from the loaded state."""

    def __init__(self, program: Program, constants: ConstantSet, how: How = How()) -> None:  # noqa: B008  frozen
        self._samples = Samples(program, constants, how)
        self._loaded: dict[int, tuple[Array, Prepared]] = {}

    def run(
        self,
        inputs: NDArray[Any],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
        sink: Sink | None = None,
        world: World | None = None,
    ) -> Run:
        """Run samples ``inputs`` bool[n, T, input lines] one after another; arguments as on the event kernel."""
        refuse_extras(self._samples.program.chip.name, world)
        recorder = ArrayRun(self._samples, inputs.shape, record_spikes, sink)
        array, loaded = self._load(inputs.shape[1])
        for first in range(0, len(inputs), _AT_ONCE):
            words = self._samples.words(inputs[first : first + _AT_ONCE])
            for k, mine in enumerate(words):
                recorder.add(first + k, inputs[first + k], self._sample(array, loaded, mine))
                if progress is not None:
                    progress(1)
        return recorder.result("compiled")

    def _load(self, steps: int) -> tuple[Array, Prepared]:
        """Return the array as loaded, with a host that sends one word."""
        if steps not in self._loaded:
            array = self._samples.array([0], steps)
            self._loaded[steps] = array, prepare(array)
        return self._loaded[steps]

    def _sample(self, array: Array, loaded: Prepared, words: Ints) -> Outcome:
        rows = loaded.state.rows.copy()
        steps = _sending(loaded.steps, words)
        prepared = loaded._replace(state=State(rows), wires=loaded.wires.copy(), steps=steps)
        record, _ = finish_run(array, prepared, start_run(prepared, _OPCODES), LATEST)
        received = record[record[:, 0] == RECEIVED]
        passed = record[record[:, 0] == PASSED]
        nodes = [program.node for program in array.ordered]
        seen = [passed[passed[:, 1] == nodes.index(node), 3] for node, _, _ in self._samples.program.spike_words[:-1]]
        return Outcome(
            prepared.state.opcodes,
            rows[:, reg.WORDS_FETCHED],
            rows[:, reg.PORT_INSTRUCTIONS] + rows[:, reg.PORT_READS],
            rows[:, reg.PORT_WRITES],
            rows[:, reg.NOW] - rows[:, reg.WAITED],
            received[:, 3],
            received[:, 2],
            tuple(seen),
        )


def _sending(steps: Steps, words: Ints) -> Steps:
    """Return the hosts' steps with other words to send, as early as they are taken."""
    count = len(words)
    return steps._replace(
        ptr=np.where(steps.ptr > 0, count, 0),  # one host sends, the other has no steps
        kind=np.full(count, WRITES, dtype=np.int64),
        word=words,
        earliest=np.zeros(count, dtype=np.int64),
        repeat=np.ones(count, dtype=np.int64),
    )
