"""The parameters of all compartments of a network, and the ranges of the registers that hold them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.dendrite import join_code, stack_need
from neurosim.cores.compartment.step import Parameters
from neurosim.cores.compartment.widths import arithmetic
from neurosim.errors import UnsupportedError
from neurosim.network import CompartmentNeuron, Network, Population, ProgrammedNeuron

_NAMES = ("decay_u", "decay_v", "bias", "threshold", "refractory", "join", "spiking", "initial")


def registers(network: Network, chip: Chip) -> tuple[Parameters, NDArray[np.int64]]:
    """Return each parameter over all compartments in network order, and the voltages before the first step.

    Programmed neurons have none of them. Raises UnsupportedError for any other population that is not made of
    compartments, a parameter that its register cannot hold, and a first compartment that joins one before it.
    """
    columns: dict[str, list[NDArray[np.int64]]] = {name: [np.zeros(0, dtype=np.int64)] for name in _NAMES}
    for population in network.neurons:
        if isinstance(population.neuron, ProgrammedNeuron):
            continue
        if not isinstance(population.neuron, CompartmentNeuron):
            raise UnsupportedError(f"{chip.name}: population '{population.name}' is not lowered to compartments")
        join = population.neuron.compartments[0].join if len(population.neuron) else "of nothing"
        if join != "none":
            raise UnsupportedError(
                f"{chip.name}: population '{population.name}': the first compartment has join '{join}',"
                " no compartment stands before it"
            )
        _check_tree(population.name, population.neuron, chip)
        for name, parts in columns.items():
            parts.append(_column(population, population.neuron, name))
            _check(name, parts[-1], population.name, chip)
    flat: dict[str, Any] = {name: np.concatenate(parts) for name, parts in columns.items()}
    initial = flat.pop("initial")
    return Parameters(**{**flat, "spiking": flat["spiking"].astype(np.bool_)}), initial


def _check_tree(name: str, neuron: CompartmentNeuron, chip: Chip) -> None:
    """Refuse a tree whose joins find too few results on the stack, or that needs a larger stack than there is."""
    where = f"{chip.name}: population '{name}'"
    for k, part in enumerate(neuron.compartments):
        if part.takes not in (1, 2):
            raise UnsupportedError(f"{where}: compartment {k} takes {part.takes} results, a join takes 1 or 2")
        if not stack_need(neuron.compartments[: k + 1]):
            raise UnsupportedError(
                f"{where}: compartment {k} has join '{part.join}' of {part.takes}, more than stand on the stack"
            )
    most, needed = chip.limit("dendrite_stack"), stack_need(neuron.compartments)
    if needed > most:
        raise UnsupportedError(f"{where}: limit dendrite_stack: needed {needed}, available {most}")


def _column(population: Population, neuron: CompartmentNeuron, name: str) -> NDArray[np.int64]:
    """Return one parameter of a population, int64[neurons * compartments], neuron by neuron."""
    values = [join_code(part) if name == "join" else getattr(part, name) for part in neuron.compartments]
    stacked = [np.broadcast_to(np.asarray(v, dtype=np.int64), (population.size,)) for v in values]
    return np.stack(stacked, axis=1).ravel()


def _check(name: str, values: NDArray[np.int64], population: str, chip: Chip) -> None:
    """Refuse what a register cannot hold: out of range, or no mantissa times a power of two."""
    where = f"{chip.name}: population '{population}': {name}"
    if name == "refractory" and values.min() < 1:  # the most it may be is a limit of the core
        raise UnsupportedError(f"{where} {values.min()}, must be at least 1 (1 is none)")
    register = _registers(chip).get(name)
    bad = values[~register.holds(values)] if register else values[:0]
    if len(bad):
        raise UnsupportedError(f"{where} {bad[0]}, the register holds {register}")


class _Register(NamedTuple):
    """What a register holds: ``low`` to ``high`` in mantissas of at most ``mantissa`` times 2**exponent."""

    low: int
    high: int
    mantissa: int
    exponents: range = range(1)

    def holds(self, values: NDArray[np.int64]) -> NDArray[np.bool_]:
        fits = [(values % (1 << e) == 0) & (np.abs(values) >> e <= self.mantissa) for e in self.exponents]
        held: NDArray[np.bool_] = np.any(fits, axis=0) & (self.low <= values) & (values <= self.high)
        return held

    def __str__(self) -> str:
        powers = f" as mantissa up to {self.mantissa} times 2^{self.exponents.start}..{self.exponents.stop - 1}"
        return f"{self.low}..{self.high}" + (powers if self.exponents != range(1) else "")


def _registers(chip: Chip) -> dict[str, _Register]:
    width, widths = chip.width, arithmetic(chip)
    decay = (1 << width("decay_bits")) - 1
    threshold, shift = (1 << width("threshold_mantissa_bits")) - 1, width("threshold_exponent")
    bias, most = (1 << (width("bias_mantissa_bits") - 1)) - 1, width("bias_exponent_max")
    voltage = max(-widths.voltage_low, widths.voltage_high)
    return {
        "decay_u": _Register(0, decay, decay),
        "decay_v": _Register(0, decay, decay),
        "threshold": _Register(0, threshold << shift, threshold, range(shift, shift + 1)),
        "bias": _Register(-(bias << most), bias << most, bias, range(most + 1)),
        "initial": _Register(widths.voltage_low, widths.voltage_high, voltage),
    }
