"""Lowering for the array: a layered network of add-and-fire neurons in whole numbers, checked; nothing is rounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.mapping.lowering import Lowered, Record
from neurosim.network import AddAndFire, Network, Population, Projection

PACKED = 4  # weights that a word can hold at most
_LARGEST = (1 << 17) - 1


def lower(network: Network, chip: Chip) -> Lowered:
    """Return the network with whole weights and thresholds, all in one step, and a record of what that means.

    Raises CapacityError when its weights cannot fit whatever the mapping, and UnsupportedError, naming population or
    projection, for neurons that do not add and fire, numbers that are not whole or too large, delays, circles of
    projections, and networks that are not read out from the pulses of one last population.
    """
    _refuse_too_large(network, chip)
    for population in network.neurons:
        _check_population(population, chip)
    projections = tuple(_whole(p, chip) for p in network.projections)
    order = layers(network, chip)
    if network.outputs != (order[-1],):
        raise UnsupportedError(
            f"{chip.name}: network {network.name} is read out from {', '.join(network.outputs) or 'nothing'}; the array"
            f" gives out the pulses of its last population, {order[-1]}"
        )
    populations = tuple(_whole_population(p) for p in network.populations)
    lowered = Network(f"{network.name} on {chip.name}", populations, projections, network.outputs)
    return Lowered(lowered, (_record(lowered, chip),), {p.name: 0 for p in network.populations}, _scale(network))


def layers(network: Network, chip: Chip) -> tuple[str, ...]:
    """Return the populations that compute, each after those it hears; raises UnsupportedError for a circle."""
    waiting = [p.name for p in network.neurons]
    done: list[str] = []
    while waiting:
        ready = [
            name for name in waiting if not any(q.target == name and q.source in waiting for q in network.projections)
        ]
        if not ready:
            raise UnsupportedError(f"{chip.name}: projections among {', '.join(waiting)} form a circle: unsupported")
        done += ready
        waiting = [name for name in waiting if name not in ready]
    if not done:
        raise UnsupportedError(f"{chip.name}: network {network.name} has no population that computes")
    heard = {p.source for p in network.projections}
    ends = [name for name in done if name not in heard]
    return (*(name for name in done if name in heard), *ends)


def array_words(chip: Chip) -> int:
    """Return the words of RAM of all nodes."""
    return chip.limit("ram_words") * chip.n_existing_cores


def _refuse_too_large(network: Network, chip: Chip) -> None:
    """Refuse what does not fit even without any code: four weights to a word, one word per membrane."""
    weights = sum(int(np.count_nonzero(p.weights)) for p in network.projections)
    needed = -(-weights // PACKED) + network.n_neurons
    if needed > array_words(chip):
        where = (
            f"all {chip.n_existing_cores} nodes ({weights} weights, {PACKED} to a word, and membranes of"
            f" {network.n_neurons} neurons, without any code)"
        )
        raise CapacityError(chip.name, "ram_words", needed, array_words(chip), where)


def _check_population(population: Population, chip: Chip) -> None:
    where = f"{chip.name}: population '{population.name}'"
    model = population.neuron
    if not isinstance(model, AddAndFire):
        raise UnsupportedError(f"{where}: neuron {type(model).__name__} unsupported, nodes add and fire")
    threshold = np.asarray(model.threshold, dtype=np.float64)
    if np.any(threshold != np.rint(threshold)) or threshold.min() < 1 or threshold.max() > _LARGEST:
        bad = threshold.flat[
            int(np.argmax((threshold != np.rint(threshold)) | (threshold < 1) | (threshold > _LARGEST)))
        ]
        raise UnsupportedError(f"{where}: threshold {bad:g}, must be a whole number of 1..{_LARGEST}")


def _whole_population(population: Population) -> Population:
    if not isinstance(population.neuron, AddAndFire):
        return population
    return replace(population, neuron=AddAndFire(np.rint(population.neuron.threshold)))


def _whole(projection: Projection, chip: Chip) -> Projection:
    where = f"{chip.name}: projection {projection.source} -> {projection.target}"
    values: NDArray[np.float64] = projection.weights.astype(np.float64) * 2.0**projection.exponent
    if np.any(values != np.rint(values)):
        bad = values[values != np.rint(values)][0]
        raise UnsupportedError(
            f"{where}: weight {bad:g} is no whole number; round the weights and their thresholds first"
        )
    if np.abs(values).max(initial=0) > _LARGEST:
        raise UnsupportedError(
            f"{where}: weights up to {np.abs(values).max():.0f}, at most {_LARGEST} in a word of 18 bits"
        )
    if np.any(projection.delays):
        raise UnsupportedError(
            f"{where}: delay {projection.delays.max()}, on the array pulses act in the step in which they are sent"
        )
    return replace(projection, weights=np.rint(values).astype(np.int64), exponent=0, delay=0)


def _scale(network: Network) -> dict[str, float]:
    return {p.name: 1.0 for p in network.neurons}


def _record(network: Network, chip: Chip) -> Record:
    """Return the record of membranes in words of 18 bits."""
    steps = min(_steps_until_wrap(network, p) for p in network.neurons)
    return Record(
        "words",
        f"weights, sums and membranes are whole numbers in words of {chip.width('word_bits')} bits, and fire per step",
        "nodes have no other numbers; an end of the step is known from the number of words, which is always the same",
        "exact",
        f"membranes could wrap after {steps} steps with every negative or every positive input in every step",
    )


def _steps_until_wrap(network: Network, population: Population) -> int:
    drive = np.zeros((2, population.size))
    for p in network.projections:
        if p.target == population.name:
            np.add.at(drive[0], p.targets, np.maximum(p.weights, 0))
            np.add.at(drive[1], p.targets, -np.minimum(p.weights, 0))
    threshold = float(np.max(getattr(population.neuron, "threshold", 0)))
    return int((_LARGEST - threshold) // max(drive.max(), 1))
