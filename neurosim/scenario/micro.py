"""What one operation costs: the difference of two scenarios of one step that differ in that operation alone.

For compartment cores. Cells are idle (nothing changes), drifting (the voltage changes) or firing; scenarios run on
the event kernel and are priced like any other run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from neurosim.api import map_network, price, simulate
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.errors import unknown
from neurosim.mapping import Mapping as Placement
from neurosim.network import (
    Compartment,
    CompartmentNeuron,
    LearningRule,
    Network,
    Population,
    Projection,
    Source,
)
from neurosim.results import Band, Run
from neurosim.scenario.bands import NOTHING, minus, times

_BIAS = {"idle": 0, "drift": 1, "fire": 64}
_BUSY, _ROW = 40, 60  # messages, and synapses of each, that keep a core at work for longer than the sweeps
_BEHIND = 100  # idle cells behind one that fires, so that the sweep outlasts what its spike causes elsewhere

Synapses = Sequence[tuple[int, range]]


@dataclass(frozen=True)
class Cost:
    """Time (ps) and dynamic energy (J) of a step, or of one operation."""

    picoseconds: float
    energy: Band

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.picoseconds - other.picoseconds, minus(self.energy, other.energy))

    def __mul__(self, factor: float) -> Cost:
        return Cost(self.picoseconds * factor, times(factor, self.energy))

    def __truediv__(self, number: int) -> Cost:
        return Cost(self.picoseconds / number, times(1 / number, self.energy))

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.picoseconds * 1e-12

    @property
    def per_second(self) -> float:
        """How many of them fit into a second."""
        return 1e12 / self.picoseconds


@dataclass(frozen=True)
class Bench:
    """A chip with compartment cores and a constant set, on which scenarios of one step are measured."""

    chip: Chip
    constants: str

    def run(self, cells: Sequence[str], cores: ArrayLike = 0, synapses: Synapses = (), noise: bool = False) -> Run:
        """Run one step of cells (a word each) on given cores, with synapses (cell, target cells) of delay 1.

        With ``noise`` every cell draws a random number, so small that it comes to nothing.
        """
        network = _network(cells, synapses, noise)
        core_of = np.broadcast_to(np.asarray(cores, dtype=np.int32), (len(cells),)).copy()
        lowered = core_kind(self.chip.core_kind).lower(network, self.chip)
        placement = Placement(network, lowered, self.chip, core_of, "by hand", 0)
        return simulate(placement, np.zeros((1, 1, 0), np.bool_), constants=self.constants, engine="event")

    def step(self, cells: Sequence[str], cores: ArrayLike = 0, synapses: Synapses = (), noise: bool = False) -> Cost:
        """Return what such a step costs."""
        run = self.run(cells, cores, synapses, noise)
        return Cost(int(run.times.step_ends[0, 0]), price(run, self.chip, self.constants).dynamic)


@cache
def operation_cost(operation: str, chip: Chip, constants: str, tiles: int = 1) -> Cost:
    """Return what one operation costs on a chip of compartments; ``tiles`` matters to the barrier alone.

    Raises NeurosimError for an unknown operation.
    """
    if operation not in OPERATIONS:
        raise unknown("operation", operation, OPERATIONS)
    bench = Bench(chip, constants)
    return barrier(bench, tiles) if operation == "barrier" else OPERATIONS[operation](bench)


def _network(cells: Sequence[str], synapses: Synapses, noise: bool) -> Network:
    n, never = len(cells), 64 * (2**17 - 1)
    cell = Compartment(
        decay_u=4095,
        decay_v=0,
        threshold=np.array([0 if kind == "fire" else never for kind in cells]),
        bias=np.array([_BIAS[kind] for kind in cells]),
        noise_target="voltage" if noise else "none",
    )
    matrix = np.zeros((n, n), dtype=np.int64)
    for source, targets in synapses:
        matrix[source, list(targets)] = 1
    dense = Projection.dense("cells", "cells", matrix, delay=1)
    joined = replace(dense, exponent=6)
    population = Population("cells", n, CompartmentNeuron((cell,)))
    return Network("micro", (population,), (joined,) if matrix.any() else (), ("cells",))


def inactive_update(bench: Bench) -> Cost:
    """One idle cell more in the sweep."""
    return bench.step(["idle"] * 51) - bench.step(["idle"] * 50)


def active_update(bench: Bench) -> Cost:
    """One drifting cell more in the sweep."""
    return bench.step(["idle"] * 50 + ["drift"]) - bench.step(["idle"] * 50)


def becoming_active(bench: Bench) -> Cost:
    """A drifting cell in the place of an idle one."""
    return bench.step(["idle"] * 50 + ["drift"]) - bench.step(["idle"] * 51)


def spike(bench: Bench) -> Cost:
    """A firing cell, which sends nothing, in the place of a drifting one."""
    return bench.step(["idle"] * 50 + ["fire"]) - bench.step(["idle"] * 50 + ["drift"])


def random_number(bench: Bench) -> Cost:
    """Drifting cells that draw, in the place of cells that do not."""
    return (bench.step(["drift"] * 8, noise=True) - bench.step(["drift"] * 8)) / 8


def _busy(bench: Bench, firing: int, row: int, every: int) -> Cost:
    """Cells that fire at another core of the tile, which is at work from the first arrival on."""
    cells = ["fire"] * firing + ["idle"] * 128
    targets = range(firing, firing + row * every, every)
    return bench.step(cells, [0] * firing + [1] * 128, [(k, targets) for k in range(firing)])


def dense_synapse(bench: Bench) -> Cost:
    """One synapse more per spike, on neighbouring cells (dense format)."""
    return (_busy(bench, _BUSY, _ROW + 1, 1) - _busy(bench, _BUSY, _ROW, 1)) / _BUSY


def sparse_synapse(bench: Bench) -> Cost:
    """One synapse more per spike, on every second cell (sparse format)."""
    return (_busy(bench, _BUSY, _ROW + 1, 2) - _busy(bench, _BUSY, _ROW, 2)) / _BUSY


def incoming_message(bench: Bench) -> Cost:
    """One more spike at a core that is at work, its synapses taken off; the energy is the sender's too."""
    more = _busy(bench, _BUSY + 1, _ROW, 1) - _busy(bench, _BUSY, _ROW, 1)
    return more - dense_synapse(bench) * _ROW


def message(bench: Bench) -> Cost:
    """One more packet to a core of the same tile: the sender's time, and the energy without that of its synapse."""
    cells, cores = ["fire"] + ["idle"] * (_BEHIND + 2), [0] * (_BEHIND + 1) + [1, 2]

    def to(number: int) -> Cost:
        return bench.step(cells, cores, [(0, range(_BEHIND + 1, _BEHIND + 1 + number))])

    more = to(2) - to(1)
    return Cost(more.picoseconds, minus(more.energy, dense_synapse(bench).energy))


def _across(bench: Bench, column: int, row: int) -> Cost:
    """A cell at the corner that fires at one core elsewhere, and nothing else."""
    core = bench.chip.cores_per_tile * (column + bench.chip.columns * row)
    return bench.step(["fire", "idle"], [0, core or 1], [(0, range(1, 2))])


def delivery(bench: Bench) -> Cost:
    """From leaving a core to arriving at another of the tile, with all that sender and receiver do for it."""
    alone = bench.step(["fire", "idle"], [0, 1])
    return _across(bench, 0, 0) - alone - dense_synapse(bench)


def hop_east_west(bench: Bench) -> Cost:
    """One tile further east."""
    return _across(bench, 3, 0) - _across(bench, 2, 0)


def hop_north_south(bench: Bench) -> Cost:
    """One tile further north."""
    return _across(bench, 0, 3) - _across(bench, 0, 2)


def barrier(bench: Bench, tiles: int = 1) -> Cost:
    """What is left of a step with one idle cell in each of some tiles when the updates are taken off."""
    cores = [bench.chip.cores_per_tile * tile for tile in range(tiles)]
    one = inactive_update(bench)
    return bench.step(["idle"] * tiles, cores) - Cost(one.picoseconds, times(tiles, one.energy))


def packet_spacing(bench: Bench) -> Cost:
    """From one arrival to the next at a core at which two others of its tile fire at once; times only."""
    run = bench.run(["fire", "fire", "idle"], [1, 2, 0], [(k, range(2, 3)) for k in range(2)])
    first, second = sorted(run.times.first_packets[:, 5].tolist())
    return Cost(second - first, NOTHING)


def learning_update(bench: Bench) -> Cost:
    """One update of a synapse: a step without spikes at whose end synapses learn, less the same with learning off."""
    number = 50
    synapses = replace(
        Projection.dense("in", "cells", np.zeros((1, number), dtype=np.int64), delay=1, zeros=True),
        exponent=bench.chip.width("weight_shift"),
        learning=LearningRule(("dw = x0",)),
    )
    cell = Compartment(decay_u=4095, decay_v=0, threshold=64)
    populations = Population("in", 1, Source()), Population("cells", number, CompartmentNeuron((cell,)))
    mapping = map_network(Network("learning", populations, (synapses,), ("cells",)), bench.chip)

    def step(learning: str) -> Cost:
        nothing = np.zeros((1, 1, 1), np.bool_)
        run = simulate(mapping, nothing, constants=bench.constants, engine="event", learning=learning)
        return Cost(int(run.times.step_ends[0, 0]), price(run, bench.chip, bench.constants).dynamic)

    return (step("reset") - step("off")) / number


OPERATIONS: Mapping[str, Callable[[Bench], Cost]] = {
    "neuron_update_inactive": inactive_update,
    "neuron_update_active": active_update,
    "becoming_active": becoming_active,
    "spike_generation": spike,
    "random_number": random_number,
    "synaptic_operation": dense_synapse,
    "synaptic_operation_sparse": sparse_synapse,
    "message": message,
    "incoming_message": incoming_message,
    "delivery": delivery,
    "hop_east_west": hop_east_west,
    "hop_north_south": hop_north_south,
    "barrier": barrier,
    "packet_spacing": packet_spacing,
    "learning_update": learning_update,
}
