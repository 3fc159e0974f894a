"""The second way out: weights in a memory outside, read row by row for every pulse, and nodes that add them.

Nodes at the memory read the row of each pulse and pass its words on to a row of nodes that hold the membranes. The
code of these is generated, run on all words of some inferences and compared with the network. What a read takes, and
nodes that pass words on, are stated figures of the chip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.f18a import external
from neurosim.cores.f18a.array import Array, Host, Receive, Send
from neurosim.cores.f18a.assemble import Code
from neurosim.cores.f18a.energy import price_array
from neurosim.cores.f18a.result import ArrayResult
from neurosim.engine.compiled.array import run_array
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.network import AddAndFire, Network
from neurosim.results import Band
from neurosim.scenario.bands import NOTHING, times
from neurosim.scenario.way_out import EXTERNAL, WayOut, energy_of, transfer
from neurosim.scenario.whole_weights import matrix

NODE, PORT = 708, "up"  # where a node's code is run; all of them are alike
_OPCODES = 1 << 40

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Adder:
    """A node with some neurons of a layer; counts and energy are means per inference, ``step_end`` seconds."""

    words: int
    reads_per_pulse: int
    opcodes: float
    seconds: float
    step_end: float
    energy: Band
    fired: Bools


def external_memory(
    whole: Network,
    chip: Chip,
    pulses: Bools,
    accuracy: float,
    bits: int,
    advance: Callable[[int], None] | None = None,
) -> WayOut:
    """Return what a chain of dense layers takes with its weights outside, for pulses bool[n, T, lines].

    Raises NeurosimError where a node fires otherwise than the network, and for weights that are too wide.
    """
    n, steps, _ = pulses.shape
    reference = run_functional(whole, pulses)
    given, reads, hops, step_ends, every = pulses, 0.0, 0.0, 0.0, list[Adder]()
    for k, population in enumerate(whole.neurons):
        adders = list(_layer(whole, k, chip, given, bits))
        expected = reference.pulses[population.name]
        if not np.array_equal(np.concatenate([adder.fired for adder in adders], axis=2), expected):
            raise NeurosimError(f"{whole.name}, weights outside: {population.name} fires otherwise than the network")
        pulsed = float(given.sum()) / n
        reads += pulsed * sum(adder.reads_per_pulse for adder in adders)
        # Node j of a row gets its words, and one for each pulse and step, through j nodes before it.
        hops += sum(j * (pulsed * (adder.reads_per_pulse + 1) + steps) for j, adder in enumerate(adders, 1))
        step_ends += steps * max(adder.step_end for adder in adders)
        every += adders
        given = expected
        if advance is not None:
            advance(1)
    seconds = max(reads * transfer(chip, "external_read").si, *(each.seconds for each in every)) + step_ends
    adding = NOTHING
    for adder in every:
        adding += adder.energy
    return WayOut(
        EXTERNAL,
        bits,
        False,
        accuracy,
        (1,),
        len(every),
        sum(adder.words for adder in every),
        sum(adder.opcodes for adder in every),
        float(sum(events.mean() for events in reference.synaptic_events)),
        reads,
        seconds,
        {
            "reading": energy_of(transfer(chip, "external_read_energy"), reads),
            "adding": adding,
            "passing on": energy_of(transfer(chip, "load_word_hop_energy"), hops),
            "leakage": _leakage(chip, seconds),
        },
    )


def _layer(whole: Network, k: int, chip: Chip, given: Bools, bits: int) -> Iterator[Adder]:
    """Yield the nodes of a layer, filled one after another."""
    model = whole.neurons[k].neuron
    if not isinstance(model, AddAndFire) or not isinstance(model.threshold, int | float):
        raise UnsupportedError(f"{whole.name}: weights outside need neurons that add and fire, one threshold per layer")
    weights, threshold = matrix(whole, whole.projections[k]).astype(np.int64), int(model.threshold)
    room = external.most_neurons(bits, threshold, PORT)
    for first in range(0, weights.shape[1], room):
        mine = weights[:, first : first + room]
        code = external.adder_code(mine.shape[1], bits, threshold, PORT)
        yield _adder(code, external.rows(mine, bits), mine.shape[1], chip, given)


def _adder(code: Code, rows: NDArray[np.int64], neurons: int, chip: Chip, given: Bools) -> Adder:
    """Run a node on all inferences, each from its loaded state."""
    answers = Receive(external.spike_words(neurons))
    sends = [tuple(Send(word) for word in (0, *row)) for row in rows.tolist()]
    fired, opcodes, active, energy = [], 0, 0, NOTHING
    end: list[Send | Receive] = [Send(external.STEP), answers]
    for image in given:
        steps: list[Send | Receive] = []
        for pulsed in image:
            steps += [*_of(pulsed, sends), *end]
        result = _run(code, chip, steps)
        fired.append(external.fired(np.array(result.host(NODE, PORT).words, dtype=np.int64), neurons))
        opcodes, active = opcodes + result.opcodes, active + result.counters[0].active_ps
        energy += price_array(result, chip, "cores").total
    n = len(given)
    idle = [_run(code, chip, end * k).counters[0].active_ps for k in (1, 2)]
    return Adder(
        len(code.memory),
        rows.shape[1],
        opcodes / n,
        active / n * 1e-12,
        (idle[1] - idle[0]) * 1e-12,
        times(1 / n, energy),
        np.stack(fired),
    )


def _of(pulsed: NDArray[np.bool_], sends: list[tuple[Send, ...]]) -> Iterator[Send]:
    for line in np.flatnonzero(pulsed).tolist():
        yield from sends[line]


def _run(code: Code, chip: Chip, steps: list[Send | Receive]) -> ArrayResult:
    host = Host(NODE, PORT, tuple(steps), listens=False)
    return run_array(Array(chip, [code.program(NODE)], [host]), opcodes=_OPCODES)


def _leakage(chip: Chip, seconds: float) -> Band:
    power, number = chip.constants(None).power, chip.n_existing_cores
    one, node = power["chip_static"], power["core_unused"]
    watts = Band(one.si + number * node.si, one.low + number * node.low, one.high + number * node.high)
    return times(seconds * chip.scale.static, watts)
