"""The first way out: a chain of arrays that hold the neurons of a layer between them, and further ones for the next.

Words of pulses enter a chip at the serial link of the north edge, go down the trunk in its column, and leave at the
link of the south edge for the next chip; spike words go the same way. Every chip is mapped, its code generated, run
and compared with the network. What the links take, and nodes that only pass words on, is added from stated figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.api import map_network, price, simulate
from neurosim.chip import Chip
from neurosim.cores.f18a.load import ArrayProgram, fit
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError, NeurosimError
from neurosim.network import Network
from neurosim.results import Band, Run
from neurosim.results.energy import Energy
from neurosim.scenario.bands import NOTHING, times
from neurosim.scenario.way_out import MANY, WayOut, energy_of, transfer
from neurosim.scenario.whole_weights import layer

LINES = 16  # of a word that passes from chip to chip
TRUNK = 1  # column of the serial links, nodes 701 and 001


@dataclass(frozen=True, eq=False)
class ChipOfLayer:
    """One chip: its program, what it did, its energy and how many neurons it has."""

    program: ArrayProgram
    run: Run
    energy: Energy
    neurons: int


def many_chips(
    whole: Network,
    chip: Chip,
    pulses: NDArray[np.bool_],
    accuracy: float,
    bits: int,
    packed: bool,
    advance: Callable[[int], None] | None = None,
) -> WayOut:
    """Return what a chain of dense layers takes on as many chips as it needs, for pulses bool[n, T, lines].

    Raises CapacityError for a neuron that does not fit on a chip, NeurosimError where a chip fires otherwise than
    the network.
    """
    reference = run_functional(whole, pulses)
    given, parts, found = pulses, _Parts(chip), []
    for k, population in enumerate(whole.neurons):
        chips = [_simulated(p, n, given) for p, n in _programs(whole, k, chip)]
        _compare(chips, reference.pulses[population.name], whole.name)
        parts.add(chips, given.shape[2], k == len(whole.neurons) - 1)
        found.append(chips)
        given = reference.pulses[population.name]
        if advance is not None:
            advance(1)
    every = [one for chips in found for one in chips]
    seconds = parts.seconds
    leakage = times(seconds * len(every), _idle_power(every[0]))
    return WayOut(
        MANY,
        bits,
        packed,
        accuracy,
        tuple(len(chips) for chips in found),
        sum(len(one.program.images) for one in every),
        sum(image.words for one in every for image in one.program.images),
        sum(_counted(one.run, "opcodes_") for one in every),
        sum(_counted(one.run, "synaptic_operations") for one in every),
        parts.crossings,
        seconds,
        {**parts.energies, "leakage": leakage},
    )


def _programs(whole: Network, k: int, chip: Chip) -> list[tuple[ArrayProgram, int]]:
    """Return the programs of a layer's chips, each with as many of the next neurons as fit, and their numbers."""
    lines = layer(whole, k, 0, 1).n_inputs
    words = [list(range(first, min(first + LINES, lines))) for first in range(0, lines, LINES)]
    size, found, first, room = whole.neurons[k].size, [], 0, 0
    while first < size:
        room = min(room or _room(whole, k, chip, words), size - first)
        program = _fit(whole, k, chip, words, first, room)
        while program is None and room > 1:
            room -= 1
            program = _fit(whole, k, chip, words, first, room)
        if program is None:
            raise CapacityError(chip.name, "neurons of a chip", 1, 0, f"neuron {first} of {whole.neurons[k].name}")
        found.append((program, room))
        first += room
    return found


def _room(whole: Network, k: int, chip: Chip, words: list[list[int]]) -> int:
    """Return how many of the first neurons of a layer fit on a chip; they come in fours where four share words."""
    size, room = whole.neurons[k].size, 1
    while room < size and _fit(whole, k, chip, words, 0, min(size, _more(room))) is not None:
        room = min(size, _more(room))
    return room


def _more(room: int) -> int:
    return room + 1 if room < 4 else room + 4 - room % 4


def _fit(whole: Network, k: int, chip: Chip, words: list[list[int]], first: int, count: int) -> ArrayProgram | None:
    mine = layer(whole, k, first, first + count)
    try:
        return fit(map_network(mine, chip), trunk=TRUNK, words=words)
    except CapacityError:
        return None


def _simulated(program: ArrayProgram, neurons: int, pulses: NDArray[np.bool_]) -> ChipOfLayer:
    run = simulate(program, pulses, record_spikes=True)
    return ChipOfLayer(program, run, price(run, program.chip), neurons)


def _compare(chips: list[ChipOfLayer], expected: NDArray[np.bool_], name: str) -> None:
    fired = np.concatenate([next(iter(one.run.spikes.full.values())) for one in chips], axis=2)
    if not np.array_equal(fired, expected):
        raise NeurosimError(f"{name} on {len(chips)} chips: they fire otherwise than the network")


class _Parts:
    """Energies and times of the layers on their chips, added up."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self.energies = {"synapses and neurons": NOTHING, "trunks": NOTHING, "passing on": NOTHING, "links": NOTHING}
        self.seconds, self.crossings = 0.0, 0.0

    def add(self, chips: list[ChipOfLayer], lines: int, last: bool) -> None:
        """Add one layer with so many input lines; the layers work one step behind each other."""
        rows, steps = self._chip.rows, chips[0].run.steps
        host = -(-lines // LINES)
        for one in chips:
            for name, band in one.energy.parts.items():
                if name in ("synapse", "neuron", "network"):
                    self.energies["trunks" if name == "network" else "synapses and neurons"] += band
        # Words that pass a chip: those of the input, which the trunk's lower nodes pass on too, and spikes from before.
        spikes = np.cumsum([one.neurons for one in chips[:-1]]) / LINES
        for before, one in zip([0.0, *spikes.tolist()], chips, strict=True):
            trunk = sum(image.kind == "trunk" for image in one.program.images)
            below = 0 if last and one is chips[-1] else rows - trunk
            self._pass(steps * (host * below + int(np.ceil(before)) * rows))
        crossings = steps * (host * (len(chips) - 1) + int(np.ceil(spikes).sum()))
        if not last:
            crossings += steps * -(-sum(one.neurons for one in chips) // LINES)
        self.crossings += crossings
        self.energies["links"] += energy_of(transfer(self._chip, "link_word_energy"), crossings)
        self._time(chips, last)

    def _pass(self, words: float) -> None:
        self.energies["passing on"] += energy_of(transfer(self._chip, "load_word_hop_energy"), words)

    def _time(self, chips: list[ChipOfLayer], last: bool) -> None:
        """Add the time of a layer: all its steps for the first one, one step for those behind, and the way through."""
        ends = [one.run.times.step_ends.mean(axis=0) * 1e-12 for one in chips]
        slowest = max(float(end[-1]) for end in ends)
        first = self.seconds == 0.0
        self.seconds += slowest if first else slowest / chips[0].run.steps
        way = transfer(self._chip, "link_word").si + self._chip.rows * transfer(self._chip, "load_word_hop").si
        self.seconds += way * (len(chips) - last)


def _idle_power(one: ChipOfLayer) -> Band:
    """Return the static power (W) of a chip."""
    seconds = float(one.run.times.step_ends[:, -1].mean()) * 1e-12
    return times(1 / seconds, one.energy.static)


def _counted(run: Run, prefix: str) -> float:
    return sum(float(run.activity.total(n).mean()) for n in run.activity.counters if n.startswith(prefix))
