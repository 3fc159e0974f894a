"""Retiming: give every projection at least the chip's shortest delay without changing what is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from neurosim.errors import UnsupportedError
from neurosim.mapping.lowering.record import Record
from neurosim.network import (
    LIF,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    Neuron,
    ProgrammedNeuron,
    Projection,
)

_NO_SYNAPSE = 2**15 - 1  # the delay of a projection without synapses: it asks for nothing


def retime(
    network: Network, least: int, program_rests: Callable[[ProgrammedNeuron], bool] = lambda neuron: False
) -> tuple[Network, dict[str, int], Record | None]:
    """Return the network with every delay at least ``least`` steps, the lag of each population, and a record.

    A population with lag L does in step t + L what it did in step t; a projection's new delay is its old one
    plus the difference of the two lags (the retiming rule of Leiserson and Saxe, 1991). This is exact for neurons
    that rest until their first input; ``program_rests`` tells that of programmed ones. Raises UnsupportedError when
    a circle of projections has too little delay.
    """
    lag = _lags(network, least)
    if not any(lag.values()):
        return network, lag, None
    projections = tuple(_shifted(p, lag[p.target] - lag[p.source]) for p in network.projections)
    early = [p.name for p in network.neurons if lag[p.name] and not _rests(p.neuron, program_rests)]
    restless = f"; not at rest without input, so that it computes as many more steps first: {', '.join(early)}"
    record = Record(
        "retime",
        "each population runs behind the input by "
        + ", ".join(f"{k} {v}" for k, v in lag.items() if v)
        + f" steps{restless if early else ''}",
        f"a spike acts {least} step after it was sent at the earliest; the network asks for the same step",
        "approximate" if early else "exact",
        f"{max(lag.values())} more steps per inference",
    )
    return replace(network, projections=projections), lag, record


def _lags(network: Network, least: int) -> dict[str, int]:
    """Return the lag of every population: the longest path, by Bellman-Ford."""
    lag = {p.name: 0 for p in network.populations}
    cause: dict[str, str] = {}
    moved = ""
    for _ in network.populations:
        moved = ""
        for p in network.projections:
            needed = lag[p.source] + least - int(p.delays.min(initial=_NO_SYNAPSE))
            if needed > lag[p.target]:
                lag[p.target], cause[p.target], moved = needed, p.source, p.target
        if not moved:
            return lag
    raise UnsupportedError(
        f"network {network.name}: projections {' -> '.join(_circle(cause, moved))} form a circle with less delay"
        f" than {least} step each, the shortest that the chip has"
    )


def _circle(cause: dict[str, str], start: str) -> list[str]:
    """Return the populations of a circle that feeds ``start``, in the direction of the pulses."""
    for _ in cause:
        start = cause[start]  # from any population that never settles, this walks into the circle
    circle = [start]
    while circle[-1] != start or len(circle) == 1:
        circle.append(cause[circle[-1]])
    return circle[::-1]


def _rests(neuron: Neuron, program_rests: Callable[[ProgrammedNeuron], bool]) -> bool:
    """Tell whether a neuron stays in its first state and does not fire as long as no pulse reaches it."""
    if isinstance(neuron, AddAndFire):
        return bool(np.min(neuron.threshold) > 0)
    if isinstance(neuron, ProgrammedNeuron):
        return program_rests(neuron)
    parts: tuple[LIF | Compartment, ...] = ()
    if isinstance(neuron, LIF):
        parts = (neuron,)
    elif isinstance(neuron, CompartmentNeuron):
        parts = neuron.compartments
        if any(part.noise_target != "none" for part in parts):
            return False
    return all(not np.any(p.bias) and not np.any(p.initial) and bool(np.min(p.threshold) >= 0) for p in parts)


def _shifted(projection: Projection, shift: int) -> Projection:
    if np.ndim(projection.delay):
        return replace(projection, delay=(projection.delays + shift).astype(np.int16))
    return replace(projection, delay=int(projection.delay) + shift)
