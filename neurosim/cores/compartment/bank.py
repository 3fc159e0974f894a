"""The programmed neurons of a network, population by population, and the part of them that is on one core."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.vm import Code, code_of, step_programs
from neurosim.cores.compartment.widths import arithmetic, payload_largest
from neurosim.errors import UnsupportedError
from neurosim.network import Network, NeuronProgram, Population, ProgrammedNeuron


@dataclass(frozen=True, eq=False)
class Bank:
    """Neurons of one population that run one program.

    ``unit`` int64[k] their numbers among all units, ``initial`` int64[k, r] registers before the first step,
    ``parameters`` int64[k, p]. Parameters given as one number are ``shared`` (name, value) and belong to a profile;
    those given as arrays are stored with the neuron and count in its ``state_bytes``.
    """

    unit: NDArray[np.int64]
    program: NeuronProgram
    code: Code
    initial: NDArray[np.int64]
    parameters: NDArray[np.int64]
    shared: tuple[tuple[str, int], ...]
    state_bytes: int

    @property
    def profile(self) -> tuple[NeuronProgram, tuple[tuple[str, int], ...]]:
        """What neurons of one profile have in common."""
        return self.program, self.shared

    def on(self, units: NDArray[np.int64]) -> Bank:
        """Return the part that falls on ``units`` int64[n], with their positions in it as numbers."""
        place = np.full(max(units.max(initial=-1), self.unit.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        here = np.flatnonzero(place[self.unit] >= 0)
        return replace(self, unit=place[self.unit[here]], initial=self.initial[here], parameters=self.parameters[here])


def banks_of(network: Network, chip: Chip) -> tuple[Bank, ...]:
    """Return the programmed populations of a network; units count compartments and programmed neurons in order.

    Raises UnsupportedError as ``refuse_program`` does.
    """
    banks, first = [], 0
    for population in network.neurons:
        if isinstance(population.neuron, ProgrammedNeuron):
            refuse_program(population, chip)
            banks.append(_bank(population.neuron, first + np.arange(population.size), chip))
        first += population.size * population.compartments
    return tuple(banks)


def is_programmed(network: Network) -> NDArray[np.bool_]:
    """Tell for every unit of a network whether it is a programmed neuron, bool[units]."""
    parts = [
        np.full(p.size * p.compartments, isinstance(p.neuron, ProgrammedNeuron), dtype=np.bool_)
        for p in network.neurons
    ]
    return np.concatenate([np.zeros(0, dtype=np.bool_), *parts])


def refuse_program(population: Population, chip: Chip) -> None:
    """Raise UnsupportedError for a program on a chip whose neurons are fixed or whose spikes carry no values."""
    where = f"{chip.name}: population '{population.name}'"
    if isinstance(population.neuron, ProgrammedNeuron) and not chip.limit("programmable"):
        raise UnsupportedError(f"{where}: limit programmable: the chip's neurons run no programs")
    if population.graded and payload_largest(chip) == 1:
        raise UnsupportedError(
            f"{where}: limit payload_bits: spikes carry values, available {chip.limit('payload_bits')} bits"
        )


def rests(neuron: ProgrammedNeuron, chip: Chip) -> bool:
    """Tell whether a programmed neuron stays as it is and does not fire as long as nothing reaches it.

    One step without input that changes nothing is enough: programs know neither time nor chance.
    """
    values = [*neuron.parameters.values(), *neuron.initial.values()]
    size = max((np.size(value) for value in values), default=1)
    bank = _bank(neuron, np.arange(size), chip)
    sent, active = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    step_programs(np.zeros_like(sent), bank.initial, bank.parameters, bank.code, arithmetic(chip), sent, active)
    return not active.any()


def register_values(neuron: ProgrammedNeuron, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the registers before the first step, int64[size, r], and the parameters, int64[size, p]."""
    program = neuron.program
    initial = _columns((neuron.initial.get(name, 0) for name in program.registers), size)
    return initial, _columns((neuron.parameters[name] for name in program.parameters), size)


def _columns(values: Iterable[int | NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    columns = [np.broadcast_to(np.asarray(value, dtype=np.int64), (size,)) for value in values]
    return np.stack(columns, axis=1) if columns else np.zeros((size, 0), dtype=np.int64)


def _bank(neuron: ProgrammedNeuron, units: NDArray[np.int64], chip: Chip) -> Bank:
    program = neuron.program
    shared = tuple((name, int(neuron.parameters[name])) for name in program.parameters if _is_shared(neuron, name))
    own = len(program.registers) + len(program.parameters) - len(shared)
    size = max(-(-own * program.bits // 8), chip.limit("state_bytes_min"))
    initial, parameters = register_values(neuron, len(units))
    return Bank(units, program, code_of(program), initial, parameters, shared, size)


def _is_shared(neuron: ProgrammedNeuron, name: str) -> bool:
    return np.ndim(neuron.parameters[name]) == 0


def compartment_bytes(chip: Chip) -> int:
    """Return the state of a compartment of fixed dynamics in bytes: current, voltage and refractory count."""
    bits = chip.width("current_bits") + chip.width("voltage_bits") + chip.limit("refractory_max").bit_length()
    return max(-(-bits // 8), chip.limit("state_bytes_min"))
