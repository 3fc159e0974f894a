"""A network on an array of nodes on the event kernel: sample after sample, each from the loaded state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.f18a import isa
from neurosim.cores.f18a.result import ArrayResult
from neurosim.engine.array_samples import ArrayRun, Outcome, Samples, refuse_extras
from neurosim.engine.event.array import run_array
from neurosim.engine.how import How, Sink
from neurosim.engine.world import World
from neurosim.program import Program
from neurosim.results import Run

OPCODES = 1 << 40  # of a node in one sample: no bound, as code that does not end would run out of words


class EventAsyncChip:
    """One program on one array; ``run`` may be called again, every sample starts from the loaded state."""

    def __init__(self, program: Program, constants: ConstantSet, how: How = How()) -> None:  # noqa: B008  frozen
        self._samples = Samples(program, constants, how)

    def run(
        self,
        inputs: NDArray[Any],
        record_spikes: bool = False,
        trace_first: bool = True,
        progress: Callable[[int], None] | None = None,
        sink: Sink | None = None,
        world: World | None = None,
    ) -> Run:
        """Run samples ``inputs`` bool[n, T, input lines] one after another; see EventChip.run for the rest.

        There are no packets to trace. Raises UnsupportedError for a world.
        """
        refuse_extras(self._samples.program.chip.name, world)
        recorder = ArrayRun(self._samples, inputs.shape, record_spikes, sink)
        for sample, pulses in enumerate(inputs):
            array = self._samples.array(self._samples.words(pulses[None])[0].tolist(), len(pulses))
            recorder.add(sample, pulses, self._outcome(run_array(array, opcodes=OPCODES)))
            if progress is not None:
                progress(1)
        return recorder.result("event")

    def _outcome(self, result: ArrayResult) -> Outcome:
        counters = sorted(result.counters, key=lambda each: each.node)
        channels = self._samples.program.spike_words
        node, port, _ = channels[-1]
        received = np.array(result.host(node, port).received, dtype=np.int64).reshape(-1, 2)
        seen = [[word for _, sender, word in result.passed if sender == node] for node, _, _ in channels[:-1]]
        columns = [
            [each.words_fetched, each.instructions + each.reads, each.writes, each.active_ps] for each in counters
        ]
        fetched, read, sent, active = np.array(columns, dtype=np.int64).T
        return Outcome(
            np.array([[each.opcodes.get(name, 0) for name in isa.OPCODES] for each in counters], dtype=np.int64),
            fetched,
            read,
            sent,
            active,
            received[:, 1],
            received[:, 0],
            tuple(np.array(words, dtype=np.int64) for words in seen),
        )
