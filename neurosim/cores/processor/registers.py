"""The parameters of all neurons of a lowered network, as the integers that an element's code works with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.processor.step import RESETS, Parameters
from neurosim.cores.processor.widths import FRACTION_BITS, arithmetic
from neurosim.errors import UnsupportedError
from neurosim.network import LIF, Accumulator, AddAndFire, Network, Population
from neurosim.network.neuron import Parameter

Ints = NDArray[np.int64]

_ONE = 1 << FRACTION_BITS


def fraction_bits(population: Population) -> int:
    """Return the bits behind the point of a population's membranes: 15 with leak, 0 without."""
    return FRACTION_BITS if isinstance(population.neuron, LIF) else 0


def base_exponents(network: Network) -> dict[str, int]:
    """Return for every population the least exponent of the projections that reach it: the unit of its slots."""
    found: dict[str, list[int]] = {p.name: [] for p in network.neurons}
    for projection in network.projections:
        found[projection.target].append(projection.exponent)
    return {name: min(exponents, default=0) for name, exponents in found.items()}


def registers(network: Network, chip: Chip) -> tuple[Parameters, Ints]:
    """Return each parameter over all neurons in network order, and the membranes before the first tick.

    Raises UnsupportedError for a neuron that is not lowered and for a parameter that its register cannot hold.
    """
    base = base_exponents(network)
    columns: list[tuple[Ints, ...]] = [
        tuple(_column(p, value, chip) for value in _values(p, base[p.name], chip)) for p in network.neurons
    ]
    if not columns:
        raise UnsupportedError(f"{chip.name}: network {network.name} has no population that computes")
    *parameters, initial = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return Parameters(*parameters), initial


def _values(population: Population, base: int, chip: Chip) -> tuple[Parameter, ...]:
    """Return decay, bias, threshold, fires_at, shift, reset and initial in the units of the registers."""
    shift = fraction_bits(population) + base
    if shift < 0:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': weights of 2**{base} units: below the grid"
        )
    never = arithmetic(chip).state_high + 1
    match population.neuron:
        case AddAndFire(threshold):
            return _ONE, 0, threshold, threshold, shift, RESETS["subtract"], 0
        case Accumulator():
            return _ONE, 0, 0, never, shift, RESETS["zero"], 0
        case LIF(decay, bias, threshold, initial, reset):
            decay, bias, threshold, initial = (np.asarray(x) * _ONE for x in (decay, bias, threshold, initial))
            return decay, bias, threshold, threshold + 1, shift, RESETS[reset], initial
    raise UnsupportedError(f"{chip.name}: population '{population.name}' is not lowered to processing elements")


def _column(population: Population, value: Parameter, chip: Chip) -> Ints:
    """Return one parameter of a population, int64[neurons]; every register has one bit more than a membrane."""
    values = np.broadcast_to(np.asarray(value, dtype=np.float64), (population.size,))
    bad = values[(values != np.rint(values)) | (np.abs(values) > arithmetic(chip).state_high + 1)]
    if len(bad):
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': parameter {bad[0]:g} is no whole number of"
            f" {chip.width('state_bits')} bits; lower the network first"
        )
    return values.astype(np.int64)
