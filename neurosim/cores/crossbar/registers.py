"""The registers of crossbar neurons, one per parameter and neuron, and what they can hold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.network import CrossbarNeuron, Network, Population

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_FLAGS = ("stochastic_leak", "leak_reversal", "negative_saturation")


class Registers(NamedTuple):
    """Parameters of n neurons (see CrossbarNeuron): ``weight`` and ``weight_mode`` [types, n], the others [n].

    ``weight_mode`` and ``leak_mode`` say what is stochastic; ``negative`` is the negative threshold's size.
    """

    weight: Ints
    weight_mode: Bools
    leak: Ints
    leak_mode: Bools
    reversal: Bools
    threshold: Ints
    mask: Ints
    reset_mode: Ints
    reset: Ints
    negative: Ints
    saturate: Bools
    initial: Ints

    @property
    def draws(self) -> Bools:
        """Which neurons draw random numbers, bool[n]."""
        drawing: Bools = self.weight_mode.any(axis=0) | self.leak_mode | (self.mask != 0)
        return drawing

    def pick(self, neurons: Ints) -> Registers:
        """Return the registers of some neurons, in that order."""
        return Registers._make([values[..., neurons] for values in self])

    def padded(self, n: int) -> Registers:
        """Return the registers with further neurons, up to ``n``, that never act."""
        own, missing = self.threshold.shape[0], n - self.threshold.shape[0]
        more = Registers._make([np.pad(v, [(0, 0)] * (v.ndim - 1) + [(0, missing)]) for v in self])
        more.threshold[own:] = 1
        return more


def registers(network: Network, chip: Chip) -> Registers:
    """Return the registers of all neurons of a network of crossbar neurons.

    Raises UnsupportedError or CapacityError for what a register cannot hold, naming population, field and range.
    """
    parts = [population_registers(p, chip) for p in network.neurons]
    return Registers._make([np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True)])


def population_registers(population: Population, chip: Chip) -> Registers:
    """Return the registers of one population; raises as ``registers`` does."""
    model, where = population.neuron, f"{chip.name}: population '{population.name}'"
    if not isinstance(model, CrossbarNeuron):
        raise UnsupportedError(f"{where}: neuron {type(model).__name__} unsupported, lower the network first")
    types = chip.limit("axon_types")
    if len(model.weights) > types:
        raise CapacityError(chip.name, "axon_types", len(model.weights), types, f"population '{population.name}'")
    if len(model.stochastic_weights) > len(model.weights):
        raise UnsupportedError(
            f"{where}: {len(model.stochastic_weights)} stochastic_weights for {len(model.weights)} weights"
        )
    shape = (population.size,)
    weight, weight_mode = np.zeros((types, *shape), np.int64), np.zeros((types, *shape), np.bool_)
    for kind, value in enumerate(model.weights):
        weight[kind] = _whole(f"{where}: weights[{kind}]", value, shape)
    for kind, flag in enumerate(model.stochastic_weights):
        weight_mode[kind] = _flag(f"{where}: stochastic_weights[{kind}]", flag, shape)
    _check(f"{where}: weights", weight, chip.limit("weight_min"), chip.limit("weight_max"))
    values = {name: _whole(f"{where}: {name}", getattr(model, name), shape) for name in _ranges(chip)}
    for name, (low, high) in _ranges(chip).items():
        _check(f"{where}: {name}", values[name], low, high)
    flags = {name: _flag(f"{where}: {name}", getattr(model, name), shape) for name in _FLAGS}
    odd = (np.abs(values["reset"]) & (np.abs(values["reset"]) + 1)) != 0
    if odd.any():
        raise UnsupportedError(f"{where}: reset {values['reset'][odd][0]}, the register holds 2^k - 1 and a sign")
    return Registers(
        weight,
        weight_mode,
        values["leak"],
        flags["stochastic_leak"],
        flags["leak_reversal"],
        values["threshold"],
        values["threshold_mask"],
        values["reset_mode"],
        values["reset"],
        values["negative_threshold"],
        flags["negative_saturation"],
        values["initial"],
    )


def _ranges(chip: Chip) -> dict[str, tuple[int, int]]:
    """Return the least and the largest value of every integer field."""
    width = chip.width
    leak, threshold = (1 << (width("leak_bits") - 1)) - 1, (1 << width("threshold_bits")) - 1
    potential = (width("potential_low"), width("potential_high"))
    return {
        "leak": (-leak, leak),
        "threshold": (0, threshold),
        "threshold_mask": (0, (1 << width("threshold_draw_bits")) - 1),
        "reset_mode": (0, 2),
        "reset": potential,
        "negative_threshold": (0, threshold),
        "initial": potential,
    }


def _whole(where: str, value: Any, shape: tuple[int, ...]) -> Ints:
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise UnsupportedError(f"{where}: found {array.dtype}, needs integers")
    return _spread(where, array.astype(np.int64), shape)


def _flag(where: str, value: Any, shape: tuple[int, ...]) -> Bools:
    array = np.asarray(value)
    if array.dtype.kind != "b":
        raise UnsupportedError(f"{where}: found {array.dtype}, needs true or false")
    return _spread(where, array, shape)


def _spread(where: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if array.ndim and array.shape != shape:
        raise UnsupportedError(f"{where}: has shape {array.shape}, needs () or {shape}")
    return np.broadcast_to(array, shape).copy()


def _check(where: str, values: Ints, low: int, high: int) -> None:
    bad = values[(values < low) | (values > high)]
    if bad.size:
        raise UnsupportedError(f"{where}: found {bad[0]}, available {low}..{high}")
