"""The unmapped reference: a Network computed step by step, with no chip, no time and no energy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.bank import register_values
from neurosim.cores.compartment.dendrite import join_code
from neurosim.cores.compartment.noise import noise_of
from neurosim.cores.compartment.step import Arithmetic, Parameters, State
from neurosim.cores.compartment.vm import code_of
from neurosim.engine.functional_kernels import (
    ACCUMULATOR,
    ADD_AND_FIRE,
    COMPARTMENT,
    LIF_SUBTRACT,
    LIF_SUBTRACT_LATE,
    LIF_ZERO,
    PROGRAM,
    SOURCE,
    Layout,
    Model,
    Programs,
    Synapses,
    run_sample,
)
from neurosim.errors import NeurosimError
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    CompartmentNeuron,
    Network,
    Population,
    ProgrammedNeuron,
    Projection,
    Source,
)

_LIF_KIND = {"zero": LIF_ZERO, "subtract": LIF_SUBTRACT, "subtract-late": LIF_SUBTRACT_LATE}


@dataclass(frozen=True, eq=False)
class FunctionalRun:
    """What the network computed: arrays over samples n, steps T and a population's size.

    ``pulses[p]`` bool[n, T, size] for every population that is not a source; ``membranes[p]`` float64[n, T, size]
    after every step, only with ``trace=True``; ``final[p]`` float64[n, size] after the last step, both of the first
    compartment of a neuron that has several and the first register of a programmed one; ``synaptic_events[k]``
    int64[n] per projection: pairs of a pulse (or a value that is not zero) and a weight that is not zero;
    ``membrane_updates[p]`` int64[n] by the NeuroBench definition (all neurons in the first step, then those whose
    membrane differs from before the step); ``values[p]`` int64[n, T, size] what graded spikes carry.
    """

    network: Network
    pulses: dict[str, NDArray[np.bool_]]
    final: dict[str, NDArray[np.float64]]
    synaptic_events: tuple[NDArray[np.int64], ...]
    membrane_updates: dict[str, NDArray[np.int64]]
    membranes: dict[str, NDArray[np.float64]] | None = None
    values: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def answer(self, population: str) -> NDArray[np.float64]:
        """Membranes of an accumulating population or pulse counts of a firing one, float64[n, size]."""
        if not self.network.population(population).fires:
            return self.final[population]
        counts: NDArray[np.float64] = self.pulses[population].sum(axis=1).astype(np.float64)
        return counts


def run_functional(
    network: Network,
    inputs: NDArray[Any],
    arithmetic: Arithmetic | None = None,
    trace: bool = False,
    progress: Callable[[int], None] | None = None,
    seed: int = 0,
) -> FunctionalRun:
    """Run every sample of ``inputs`` [n, T, input lines] (pulses as bool, or graded values) from rest.

    ``arithmetic`` gives the integer widths when the network has compartments or programs, ``seed`` the noise that
    they draw (on a chip: the seed of the mapping). Sums are exact up to 2**53. Raises NeurosimError for a wrong
    number of input lines, a circle of projections without delay, projections that learn or modulate, and graded spikes
    without the width of a payload.
    """
    if inputs.ndim != 3 or inputs.shape[2] != network.n_inputs:
        raise NeurosimError(
            f"network {network.name}: inputs have shape {inputs.shape}, needs (n, steps, {network.n_inputs})"
        )
    learning = next((p for p in network.projections if p.learning is not None or p.modulates), None)
    if learning is not None:
        raise NeurosimError(
            f"network {network.name}: projection {learning.source} -> {learning.target} learns or modulates, which the"
            " functional run does not do; take network.frozen()"
        )
    flat = _flatten(network, arithmetic, seed)
    n, steps, _ = inputs.shape
    units = flat.layout.unit_ptr[-1]
    pulses = np.zeros((n, steps, units), dtype=np.bool_)
    graded = [p for p in network.neurons if p.graded]
    values = np.zeros((n, steps if graded else 0, units), dtype=np.int64)
    final = np.zeros((n, units))
    membranes = np.zeros((n, steps if trace else 0, units))
    updates = np.zeros((n, len(network.populations)), dtype=np.int64)
    events = np.zeros((n, len(network.projections)), dtype=np.int64)
    for k in range(n):
        flat.run(
            inputs[k].astype(np.float64),
            pulses[k],
            values[k],
            final[k],
            membranes[k],
            updates[k],
            events[k],
        )
        if progress is not None:
            progress(1)
    columns = {p.name: flat.soma_columns(p) for p in network.neurons}
    readout = {name: _readout_columns(network, name, c) for name, c in columns.items()}
    index = {p.name: i for i, p in enumerate(network.populations)}
    return FunctionalRun(
        network,
        {name: pulses[:, :, c] for name, c in columns.items()},
        {name: final[:, c] for name, c in readout.items()},
        tuple(events.T.copy()),
        {name: updates[:, index[name]] for name in columns},
        {name: membranes[:, :, c] for name, c in readout.items()} if trace else None,
        {p.name: values[:, :, columns[p.name]] for p in graded},
    )


def _readout_columns(network: Network, name: str, soma: slice) -> slice:
    # The membrane of a neuron of several compartments is that of its first one, where its input is summed.
    return slice(soma.start - network.population(name).compartments + 1, soma.stop, soma.step)


@dataclass(frozen=True, eq=False)
class _Flat:
    """A network as flat arrays; a unit is a neuron or, in neurons of several compartments, a compartment."""

    network: Network
    layout: Layout
    run: Callable[..., None]

    def soma_columns(self, population: Population) -> slice:
        start = int(self.layout.unit_ptr[self.network.populations.index(population)])
        k = population.compartments
        return slice(start + k - 1, start + population.size * k, k)


def _flatten(network: Network, arithmetic: Arithmetic | None, seed: int) -> _Flat:
    widths = np.array([p.size * p.compartments for p in network.populations])
    unit_ptr = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
    if arithmetic is None:
        if any(isinstance(p.neuron, CompartmentNeuron | ProgrammedNeuron) for p in network.populations):
            raise NeurosimError(f"network {network.name}: compartments need the integer widths of a chip")
        arithmetic = Arithmetic(0, 0, 0, 0, 0, 0, 0, 0)
    for population in network.neurons:
        if population.graded and arithmetic.payload_largest == 1:
            raise NeurosimError(
                f"network {network.name}: population '{population.name}': spikes carry values, the chip's do not"
            )
    layout = Layout(
        np.array(_evaluation_order(network), dtype=np.int64),
        unit_ptr,
        np.array([_kind(p) for p in network.populations], dtype=np.int64),
        np.array([p.compartments for p in network.populations], dtype=np.int64),
    )
    model, parameters = _parameters(network, int(unit_ptr[-1]))
    synapses = _synapses(network, unit_ptr)
    noise = noise_of(network, arithmetic, seed)
    units = [np.arange(unit_ptr[k], unit_ptr[k + 1]) for k, p in enumerate(network.populations) if not p.is_source]
    noise = noise._replace(unit=np.concatenate([np.zeros(0, dtype=np.int64), *units])[noise.unit])
    programs, registers = _programs(network, unit_ptr)
    run = partial(run_sample, layout, model, parameters, arithmetic, noise, programs, synapses)
    initial = model.initial.astype(np.int64)

    def run_from_rest(inputs: NDArray[np.float64], *out: NDArray[Any]) -> None:
        run(inputs, State(np.zeros_like(initial), initial.copy(), np.zeros_like(initial)), registers.copy(), *out)

    return _Flat(network, layout, run_from_rest)


def _kind(population: Population) -> int:
    model = population.neuron
    if isinstance(model, LIF):
        return _LIF_KIND[model.reset]
    return {
        Source: SOURCE,
        AddAndFire: ADD_AND_FIRE,
        Accumulator: ACCUMULATOR,
        CompartmentNeuron: COMPARTMENT,
        ProgrammedNeuron: PROGRAM,
    }[type(model)]


def _evaluation_order(network: Network) -> list[int]:
    """Order populations so that pulses without delay reach a population before it is computed."""
    index = {p.name: i for i, p in enumerate(network.populations)}
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(range(len(index)))
    for projection in network.projections:
        if len(projection.targets) and int(projection.delays.min()) == 0:
            graph.add_edge(index[projection.source], index[projection.target])
    try:
        return list(nx.lexicographical_topological_sort(graph))
    except nx.NetworkXUnfeasible:
        raise NeurosimError(
            f"network {network.name}: a circle of projections has no delay; give one of them 1"
        ) from None


def _parameters(network: Network, units: int) -> tuple[Model, Parameters]:
    model = Model(*(np.zeros(units) for _ in range(4)))
    names = ("decay_u", "decay_v", "bias", "threshold", "refractory", "join")
    integer = {name: np.zeros(units, dtype=np.int64) for name in names}
    spiking = np.ones(units, dtype=np.bool_)
    start = 0
    for population in network.populations:
        neuron = population.neuron
        stop = start + population.size * population.compartments
        if isinstance(neuron, CompartmentNeuron):
            for k, part in enumerate(neuron.compartments):
                where = slice(start + k, stop, len(neuron))
                for name in names[:-1]:
                    integer[name][where] = getattr(part, name)
                integer["join"][where] = join_code(part)
                model.initial[where] = part.initial
                spiking[where] = part.spiking
        elif isinstance(neuron, LIF):
            model.decay[start:stop], model.bias[start:stop] = neuron.decay, neuron.bias
            model.threshold[start:stop], model.initial[start:stop] = neuron.threshold, neuron.initial
        elif isinstance(neuron, AddAndFire):
            model.threshold[start:stop] = neuron.threshold
        start = stop
    return model, Parameters(**integer, spiking=spiking)


def _programs(network: Network, unit_ptr: NDArray[np.int64]) -> tuple[Programs | None, NDArray[np.int64]]:
    """Concatenate the programs of all populations; returns them, if any, and the registers before the first step."""
    neurons = {k: p.neuron for k, p in enumerate(network.populations) if isinstance(p.neuron, ProgrammedNeuron)}
    if not neurons:
        return None, np.zeros((0, 1), dtype=np.int64)
    codes = {k: code_of(neuron.program) for k, neuron in neurons.items()}
    values = {k: register_values(neuron, network.populations[k].size) for k, neuron in neurons.items()}
    units, count = int(unit_ptr[-1]), len(network.populations)
    registers = np.zeros((units, max(v.shape[1] for v, _ in values.values())), np.int64)
    parameters = np.zeros((units, max(v.shape[1] for _, v in values.values())), np.int64)
    shape = np.zeros((count, 4), dtype=np.int64)
    for k, code in codes.items():
        initial, given = values[k]
        rows = slice(unit_ptr[k], unit_ptr[k + 1])
        registers[rows, : initial.shape[1]], parameters[rows, : given.shape[1]] = initial, given
        shape[k] = code.registers, code.temporaries, given.shape[1], code.bits
    lengths = np.array([[len(codes[k].table), len(codes[k].constants)] if k in codes else [0, 0] for k in range(count)])
    ptr, constant_ptr = np.concatenate([[[0, 0]], np.cumsum(lengths, axis=0)]).astype(np.int64).T.copy()
    table = np.concatenate([np.zeros((0, 5), dtype=np.int64), *(code.table for code in codes.values())])
    constants = np.concatenate([np.zeros(0, dtype=np.int64), *(code.constants for code in codes.values())])
    return Programs(ptr, table, constant_ptr, constants, shape, parameters), registers


def _synapses(network: Network, unit_ptr: NDArray[np.int64]) -> Synapses:
    """Concatenate the projections: for each the first row, then rows, target units, weights, delays."""
    index = {p.name: i for i, p in enumerate(network.populations)}
    source = np.array([index[p.source] for p in network.projections], dtype=np.int64)
    first_row, common, rows, offset, row_count = [], [], [], 0, 0
    targets, weights, delays = [], [], []
    for p in network.projections:
        k = network.population(p.target).compartments
        targets.append((unit_ptr[index[p.target]] + p.targets.astype(np.int64) * k + p.port).astype(np.uint32))
        weights.append(p.weights.astype(np.float64) * 2.0**p.exponent)
        delays.append(p.delays.astype(np.int32))
        first_row.append(row_count)
        common.append(_common_delay(p))
        rows.append(p.indptr + offset)
        offset, row_count = offset + len(p.targets), row_count + len(p.indptr)
    empty = np.zeros(0)
    row_ptr = np.concatenate([*rows, empty]).astype(np.int64)
    weight = np.concatenate([*weights, empty])
    delay = np.concatenate([*delays, empty]).astype(np.int32)
    live = np.concatenate([[0], np.cumsum(weight != 0.0)])
    return Synapses(
        source,
        np.array(first_row, dtype=np.int64),
        np.array(common, dtype=np.int64),
        row_ptr,
        np.append(live[row_ptr[1:]] - live[row_ptr[:-1]], 0),  # between projections stands a row that is none
        np.concatenate([*targets, empty]).astype(np.uint32),
        weight,
        delay,
        int(delay.max(initial=0)) + 1,
    )


def _common_delay(projection: Projection) -> int:
    """Return the one delay of all synapses, -1 if they differ."""
    delays = projection.delays
    least = int(delays.min(initial=delays[0])) if len(delays) else 0
    return least if len(delays) == 0 or least == int(delays.max()) else -1
