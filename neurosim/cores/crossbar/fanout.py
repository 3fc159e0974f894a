"""Fan-out: a neuron has one target axon; copies of it serve more, and relays where copies cannot.

Copies need no pass: a neuron takes as many columns of its core as it has target axons (load.py), and a core that is
being filled counts them (limits.py). They share the neuron's axons, so they do what it does, as long as it draws no
random numbers. A relay is a neuron that fires one tick after its only axon; its copies serve in place of those of
the neuron before it, on a core of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.crossbar.limits import filler
from neurosim.errors import CapacityError
from neurosim.mapping import CoreFill, MappingProblem, Record, Usage, nets_of
from neurosim.mapping.partition.sequential import sequential_fill
from neurosim.network import CrossbarNeuron, Network, Population, Projection


def spread(network: Network, chip: Chip) -> tuple[Network, tuple[Record, ...]]:
    """Insert relays until cores filled in order hold every neuron with its copies; returns the passes' records.

    ``network`` has crossbar neurons and projections of one type and one delay, which may still be 0.
    Raises CapacityError naming the population when a neuron does not fit and no relay helps.
    """
    spread_out = _Spread(network, frozenset(), ())
    while (trial := _try(spread_out.network, chip)).refused is not None:
        population, neuron = _owner(spread_out.network, trial.refused)
        _check_hope(spread_out, population, neuron, trial, chip)
        spread_out = _relayed(spread_out, population.name)
    while trial.cores > chip.n_cores:
        better = _fewer_cores(spread_out, trial, chip)
        if better is None:
            break  # the mapper will say that the chip is too small
        spread_out, trial = better
    return spread_out.network, spread_out.records + _copies(trial)


def _copies(trial: _Trial) -> tuple[Record, ...]:
    copies = np.maximum(trial.targets - 1, 0)
    if not copies.any():
        return ()
    record = Record(
        "copies",
        f"{int((copies > 0).sum())} neurons stand up to {int(copies.max()) + 1} times on their core, once per target"
        " axon",
        "a neuron's spikes go to one axon of one core",
        "exact",
        f"{int(copies.sum())} more neurons when cores are filled in order",
    )
    return (record,)


@dataclass(frozen=True, eq=False)
class _Spread:
    """A network with the relays inserted so far, their names and the records."""

    network: Network
    relays: frozenset[str]
    records: tuple[Record, ...]

    def outgoing(self, name: str) -> list[Projection]:
        """Return what a population sends to."""
        return [p for p in self.network.projections if p.source == name]

    def is_relayed(self, name: str) -> bool:
        """Tell whether a population is a relay or sends to relays only."""
        return name in self.relays or all(p.target in self.relays for p in self.outgoing(name))


@dataclass(frozen=True, eq=False)
class _Trial:
    """A sequential fill: cores and target axons int64[neurons], or the neuron refused and the limit it exceeds."""

    cores: int
    targets: NDArray[np.int64]
    refused: int | None = None
    usage: Usage | None = None


class _Watch:
    """A core being filled that remembers the last refusal."""

    def __init__(self, fill: CoreFill, seen: list[tuple[int, Usage]]) -> None:
        self._fill, self._seen = fill, seen

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        usage = self._fill.add(neuron, sends)
        if usage is not None:
            self._seen[:] = [(neuron, usage)]
        return usage


def _try(network: Network, chip: Chip) -> _Trial:
    nets, seen = nets_of(network), list[tuple[int, Usage]]()
    new_core = filler(network, nets, chip)
    problem = MappingProblem(
        chip.name,
        network.n_neurons,
        nets,
        chip.columns,
        chip.rows,
        chip.cores_per_tile,
        lambda: _Watch(new_core(), seen),
    )
    outside = np.concatenate([np.full(p.size, int(p.name in network.outputs)) for p in network.neurons])
    try:
        core_of = sequential_fill(problem)
    except CapacityError:
        return _Trial(0, outside, *seen[-1])
    return _Trial(int(core_of.max(initial=-1)) + 1, nets.sends(core_of) + outside)


def _check_hope(spread_out: _Spread, population: Population, neuron: int, trial: _Trial, chip: Chip) -> None:
    """Raise CapacityError when no relay can make a neuron fit on an empty core."""
    usage, name = trial.usage, population.name
    if usage is None:
        return
    where, outside = f"population '{name}', neuron {neuron}", name in spread_out.network.outputs
    if usage.limit == "targets_per_neuron" and outside:
        where += ", which draws random numbers, is read out and drives others"
    elif usage.limit == "neurons" and usage.available > 1:
        targets = sum(int(p.fan_out[neuron]) for p in spread_out.outgoing(name))
        if targets > 1 or not spread_out.is_relayed(name):
            return
    elif usage.limit == "targets_per_neuron":
        return
    raise CapacityError(chip.name, usage.limit, usage.needed, usage.available, where)


def _fewer_cores(spread_out: _Spread, trial: _Trial, chip: Chip) -> tuple[_Spread, _Trial] | None:
    """Return the network with one more relay that saves cores: behind the population of most copies if it does.

    Of equal populations the last comes first: fewer cores there save copies of all that send to it.
    """
    neurons = spread_out.network.neurons
    parts = np.split(np.maximum(trial.targets - 1, 0), np.cumsum([p.size for p in neurons])[:-1])
    copies = [(int(part.sum()), k) for k, part in enumerate(parts) if not spread_out.is_relayed(neurons[k].name)]
    for count, k in sorted(copies, reverse=True):
        changed = _relayed(spread_out, neurons[k].name)
        after = _try(changed.network, chip) if count else trial
        if after.refused is None and after.cores < trial.cores:
            return changed, after
    return None


def _owner(network: Network, neuron: int) -> tuple[Population, int]:
    for population in network.neurons:
        if neuron < population.size:
            return population, neuron
        neuron -= population.size
    raise IndexError(neuron)


def _reached(spread_out: _Spread, name: str) -> list[tuple[str, int]]:
    """Return the neurons that a population reaches, in order of the network."""
    order = {p.name: k for k, p in enumerate(spread_out.network.populations)}
    found: set[tuple[str, int]] = set()
    for p in spread_out.outgoing(name):
        found.update((p.target, t) for t in np.unique(p.targets).tolist())
    return sorted(found, key=lambda pair: (order[pair[0]], pair[1]))


def _relayed(spread_out: _Spread, name: str) -> _Spread:
    """Put a relay behind a population, or two that share its targets where it is one or has one already."""
    network, reached, middle = spread_out.network, _reached(spread_out, name), 0
    if spread_out.is_relayed(name):
        middle = len(reached) // 2
    halves = [half for half in (reached[:middle], reached[middle:]) if half]
    source, outgoing = network.population(name), spread_out.outgoing(name)
    projections = [p for p in network.projections if p.source != name]
    relays = []
    for number, half in enumerate(halves):
        relay, more = _relay(f"{name}~relay{number + 1 if middle else ''}", source, outgoing, half)
        relays.append(relay)
        projections += more
    place = network.populations.index(source) + 1
    populations = (*network.populations[:place], *relays, *network.populations[place:])
    record = Record(
        f"splitter {name}",
        f"each neuron of {name} sends to {'two relay neurons' if middle else 'a relay neuron'}, copies of which send"
        " on, one step later",
        "a neuron has one target axon, and copies of these neurons do not fit or would draw other random numbers",
        "exact",
        f"{sum(relay.size for relay in relays)} neurons and their copies, one more step",
    )
    return _Spread(
        replace(network, populations=populations, projections=tuple(projections)),
        spread_out.relays.union(relay.name for relay in relays),
        (*spread_out.records, record),
    )


def _relay(
    name: str, source: Population, outgoing: Iterable[Projection], reached: list[tuple[str, int]]
) -> tuple[Population, list[Projection]]:
    """Return a population of relays and the projections to it and from it onto the given neurons."""
    parts = [(p, _onto(p, {t for target, t in reached if target == p.target})) for p in outgoing]
    rows = np.unique(np.concatenate([p.rows[chosen] for p, chosen in parts]))
    one = np.ones(len(rows), np.int64)
    indptr = np.concatenate([[0], np.cumsum(np.isin(np.arange(source.size), rows))]).astype(np.int64)
    projections = [Projection(source.name, name, indptr, np.arange(len(rows), dtype=np.int32), one)]
    for p, chosen in parts:
        if not chosen.any():
            continue
        row = np.searchsorted(rows, p.rows[chosen])
        ptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows)))]).astype(np.int64)
        projections.append(replace(p, source=name, indptr=ptr, targets=p.targets[chosen], weights=p.weights[chosen]))
    return Population(name, len(rows), CrossbarNeuron(weights=(1,), threshold=1)), projections


def _onto(projection: Projection, targets: set[int]) -> NDArray[np.bool_]:
    return np.isin(projection.targets, np.array(sorted(targets), dtype=np.int64))
