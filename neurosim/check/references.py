"""What a mapped network is compared with: the same pulses through the network without a chip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.step import Arithmetic
from neurosim.cores.firing import Firing
from neurosim.cores.kind import CoreKind
from neurosim.engine.functional import run_functional
from neurosim.mapping import Mapping as Placed
from neurosim.mapping import nets_of
from neurosim.network import LIF, AddAndFire, CompartmentNeuron, CrossbarNeuron, Network, ProgrammedNeuron
from neurosim.network.neuron import Accumulator
from neurosim.program import Destinations, Program

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_LARGEST = 1 << 28  # bytes of a crossbar that holds a whole network


@dataclass(frozen=True, eq=False)
class Reference:
    """Pulses bool[n, S, size] of populations from their step ``lag`` on, and answers of readouts, without a chip."""

    name: str
    pulses: Mapping[str, Bools]
    lag: Mapping[str, int]
    answers: Mapping[str, NDArray[Any]]


def references(mapping: Placed, kind: CoreKind, inputs: NDArray[Any]) -> Iterator[Reference]:
    """Yield the runs without a chip that can be compared spike for spike with a run of the mapping on ``inputs``.

    The original network, where every rewrite is exact and nothing draws noise; the lowered network where its neurons
    are those of the functional run; else the lowered network on one core of unlimited size without routers.
    """
    lowered, arithmetic = mapping.lowered, kind.arithmetic(mapping.chip)
    widths = arithmetic if isinstance(arithmetic, Arithmetic) else None
    if lowered.exact and _is_functional(mapping.network, widths) and not _is_noisy(mapping.network):
        run = run_functional(mapping.network, inputs, widths, seed=mapping.seed)
        yield Reference("the original network", run.pulses, lowered.lag, {})
    drained = _drained(inputs, lowered.extra_steps)
    if widths is not None and _is_functional(lowered.network, widths):
        yield _lowered(mapping, inputs, drained, widths)
    elif _fits_one_core(lowered.network, widths, mapping.chip.discipline):
        yield _one_core(mapping, kind, inputs, drained)


def _is_functional(network: Network, widths: Arithmetic | None) -> bool:
    if network.learns or any(p.modulates for p in network.projections):
        return False
    known = AddAndFire | LIF | Accumulator
    if widths is None:
        return all(isinstance(p.neuron, known) for p in network.neurons)
    return not any(isinstance(p.neuron, CrossbarNeuron) for p in network.neurons)


def _is_noisy(network: Network) -> bool:
    """Tell whether compartments draw noise, which goes by their number: lowering may put others before them."""
    parts = [part for p in network.neurons if isinstance(p.neuron, CompartmentNeuron) for part in p.neuron.compartments]
    return any(part.noise_target != "none" for part in parts)


def _drained(inputs: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate([inputs, np.zeros((len(inputs), more, inputs.shape[2]), dtype=inputs.dtype)], axis=1)


def _lowered(mapping: Placed, inputs: NDArray[Any], drained: NDArray[Any], widths: Arithmetic) -> Reference:
    """Run the lowered network; a population with lag L answers for the steps from L on, as many as the inputs have."""
    network, lag, steps = mapping.lowered.network, mapping.lowered.lag, inputs.shape[1]
    run = run_functional(network, drained, widths, trace=bool(network.outputs), seed=mapping.seed)
    answers = {}
    for name in network.outputs:
        window = slice(lag[name], lag[name] + steps)
        if network.population(name).fires:
            answers[name] = run.pulses[name][:, window].sum(axis=1)
        elif run.membranes is not None:
            answers[name] = run.membranes[name][:, window.stop - 1]
    return Reference("the lowered network", run.pulses, dict.fromkeys(lag, 0), answers)


def _fits_one_core(network: Network, widths: Arithmetic | None, discipline: str) -> bool:
    """Tell whether one core can hold a network, and does with it what many do."""
    if widths is not None:
        return network.learns  # what is drawn goes by number, not by core
    return discipline == "tick" and not _draws(network) and _fits(network)


def _draws(network: Network) -> bool:
    """Tell whether neurons draw random numbers, which belong to their core and so change with the placement."""
    return any(
        isinstance(p.neuron, CrossbarNeuron)
        and any(
            np.any(flag) for flag in (*p.neuron.stochastic_weights, p.neuron.stochastic_leak, p.neuron.threshold_mask)
        )
        for p in network.neurons
    )


def _fits(network: Network) -> bool:
    """Tell whether a network can stand on one crossbar; other cores hold lists."""
    crossbar = any(isinstance(p.neuron, CrossbarNeuron) for p in network.neurons)
    programmed = any(isinstance(p.neuron, CompartmentNeuron | ProgrammedNeuron) for p in network.neurons)
    rows = sum(int(np.count_nonzero(p.fan_out)) for p in network.projections)
    return not programmed and (not crossbar or rows * (network.n_neurons + rows) // 8 < _LARGEST)


def _one_core(mapping: Placed, kind: CoreKind, inputs: NDArray[Any], drained: NDArray[Any]) -> Reference:
    """Step one core that holds the whole lowered network; what it sends arrives in the step in which it is sent."""
    alone = np.zeros_like(mapping.core_of)
    program = kind.load(replace(mapping, core_of=alone), nets_of(mapping.lowered.network))
    core = kind.start(program, 0, mapping.chip.constants())
    network, steps = mapping.lowered.network, inputs.shape[1]
    shape = drained.shape[:2]
    pulses = {p.name: np.zeros((*shape, p.size), dtype=np.bool_) for p in network.neurons}
    answers: dict[str, NDArray[Any]] = {}
    for name in network.outputs:
        answers[name] = np.zeros((len(drained), network.population(name).size), dtype=np.int64)
    for sample, lines in enumerate(drained):
        core.reset()
        for step, given in enumerate(lines):
            firing = core.update()
            fired = np.zeros(program.images[0].n, dtype=np.bool_)
            fired[firing.units] = True
            for name, members in program.members.items():
                pulses[name][sample, step] = fired[members.soma]
                if name in answers and step == mapping.lowered.lag[name] + steps - 1:
                    answers[name][sample] = core.membranes(members.state)
            core.finish_step(*_arriving(program, kind, given, firing, step))
    for name in network.outputs:
        if network.population(name).fires:
            first = mapping.lowered.lag[name]
            answers[name] = pulses[name][:, first : first + steps].sum(axis=1)
    return Reference("the lowered network on one core", pulses, dict.fromkeys(mapping.lowered.lag, 0), answers)


def _arriving(program: Program, kind: CoreKind, given: NDArray[Any], firing: Firing, step: int) -> tuple[Ints, Ints]:
    """Return axons and payloads of all spikes of a step: of input lines and of the core's own units."""
    axons, payloads = _stamped(program.inputs, np.flatnonzero(given), given, kind, step)
    if not kind.MULTICAST:
        own = program.outputs[0].axon[firing.destination].astype(np.int64), firing.payload
    else:
        own = _stamped(program.outputs[0], firing.units, np.ones(program.images[0].n, dtype=np.int64), kind, step)
    return np.concatenate([axons, own[0]]), np.concatenate([payloads, own[1]])


def _stamped(
    table: Destinations, sources: Ints, values: NDArray[Any], kind: CoreKind, step: int
) -> tuple[Ints, Ints]:  # fmt: skip
    """Return axons and payloads of all that some sources send, each with its value in ``values`` [sources]."""
    axons, payloads, static = [], [], table.statics()
    for source in sources.tolist():
        for entry in range(table.ptr[source], table.ptr[source + 1]):
            axons.append(int(table.axon[entry]))
            payloads.append(kind.stamp(int(static[entry]), step, int(values[source])))
    return np.array(axons, dtype=np.int64), np.array(payloads, dtype=np.int64)
