"""What one operation costs on a processing element: the difference of two scenarios that differ in it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from neurosim.api import load_program, map_network, price, simulate
from neurosim.chip import Chip
from neurosim.errors import unknown
from neurosim.network import Accumulator, Network, Population, Projection, Source
from neurosim.results import Band
from neurosim.scenario.bands import minus, times

_NEURONS, _ROW = 40, 20


@cache
def operation_energy(operation: str, chip: Chip, constants: str, level: str) -> Band:
    """Return the energy (J) of one operation at a performance level; raises NeurosimError for unknown names."""
    if operation not in OPERATIONS:
        raise unknown("operation", operation, OPERATIONS)
    return OPERATIONS[operation](chip, constants, level)


def neuron_update(chip: Chip, constants: str, level: str) -> Band:
    """One neuron more in each tick, without spikes."""
    more, ticks = _energy(_NEURONS + 1, _ROW, False, chip, constants, level)
    less, _ = _energy(_NEURONS, _ROW, False, chip, constants, level)
    return times(1 / ticks, minus(more, less))


def synaptic_operation(chip: Chip, constants: str, level: str) -> Band:
    """One synapse more in the row of the only spike."""
    more, _ = _energy(_NEURONS, _ROW + 1, True, chip, constants, level)
    less, _ = _energy(_NEURONS, _ROW, True, chip, constants, level)
    return minus(more, less)


def _energy(neurons: int, row: int, pulse: bool, chip: Chip, constants: str, level: str) -> tuple[Band, int]:
    """Return the dynamic energy of some ticks of one element, to which a line sends a pulse or not, and the ticks."""
    weights = np.zeros((1, neurons))
    weights[0, :row] = 1.0
    network = Network(
        "micro",
        (Population("line", 1, Source()), Population("sums", neurons, Accumulator())),
        (Projection.dense("line", "sums", weights, delay=1),),
        ("sums",),
    )
    program = load_program(map_network(network, chip), {"level_policy": level})
    run = simulate(program, np.array([[[pulse], [False]]]), constants=constants, engine="event")
    return price(run, chip, constants).dynamic, run.chip_steps


OPERATIONS: Mapping[str, Callable[[Chip, str, str], Band]] = {
    "neuron_update": neuron_update,
    "synaptic_operation": synaptic_operation,
}
