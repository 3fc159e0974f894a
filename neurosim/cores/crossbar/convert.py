"""Neuron models of a network as crossbar neurons, with whole weights on axon types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.crossbar.integers import are_whole, least_factor, times
from neurosim.cores.crossbar.synapses import (
    Bundle,
    Ints,
    axon_types,
    axons_needed,
    bundles,
    check_fan_in,
    check_levels,
    typed_projections,
)
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.mapping.lowering import Record
from neurosim.network import LIF, Accumulator, AddAndFire, CrossbarNeuron, Network, Population, Projection
from neurosim.network.neuron import Parameter

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """One population rewritten: new form, incoming projections of one axon type each, scale, records."""

    population: Population
    incoming: tuple[Projection, ...]
    scale: float = 1.0
    records: tuple[Record, ...] = ()


def convert(network: Network, population: Population, chip: Chip) -> Part:
    """Return a population as crossbar neurons of exactly the same pulses.

    Raises UnsupportedError or CapacityError for what a crossbar cannot express, naming the population.
    """
    model, where = population.neuron, f"{chip.name}: population '{population.name}'"
    native = isinstance(model, CrossbarNeuron)
    bundled = bundles(network, population.name, summed=not native)
    if native:
        bundled, kinds = _native(bundled, where, chip)
    check_fan_in(chip.name, chip.limit("axons"), bundled, population.size)
    if native:
        return Part(population, _typed(network, bundled, kinds))
    if isinstance(model, Accumulator):
        raise UnsupportedError(
            f"{where}: an accumulator is read out by its membrane, which the chip does not give out;"
            " read out a population that fires"
        )
    if not isinstance(model, AddAndFire | LIF):
        raise UnsupportedError(f"{where}: neuron {type(model).__name__} unsupported")
    check_levels(chip.name, chip.limit("axon_types"), bundled)
    return _summing(network, population, model, bundled, where, chip)


def _native(bundled: Sequence[Bundle], where: str, chip: Chip) -> tuple[list[Bundle], list[Ints]]:
    """Split each bundle by axon type: what is of several types needs an axon for each."""
    kinds = [b.weight.astype(np.int64) - 1 for b in bundled]
    for b, kind in zip(bundled, kinds, strict=True):
        bad = b.weight[(kind != b.weight - 1) | (kind < 0) | (kind >= chip.limit("axon_types"))]
        if len(bad):
            raise UnsupportedError(
                f"{where}: projection {b.source} -> {b.target}: weight {bad[0]:g}; onto crossbar neurons it is the axon"
                f" type, 1..{chip.limit('axon_types')}"
            )
    return list(bundled), kinds


def _typed(network: Network, bundled: Sequence[Bundle], kinds: Sequence[Ints]) -> tuple[Projection, ...]:
    return tuple(
        projection
        for b, kind in zip(bundled, kinds, strict=True)
        for projection in typed_projections(b, kind, network.population(b.source).size)
    )


def _summing(
    network: Network, population: Population, model: AddAndFire | LIF, bundled: list[Bundle], where: str, chip: Chip
) -> Part:
    """Build a neuron that sums whole weights: the factor, the axon types, the registers."""
    size = population.size
    threshold, leak, initial = _spread(model.threshold, size), np.zeros(size), np.zeros(size)
    if isinstance(model, LIF):
        leak, initial = _spread(model.bias, size), _spread(model.initial, size)
        _check_decay(model, where)
    taken_away = threshold if isinstance(model, AddAndFire) or model.reset != "zero" else threshold[:0]
    factor = _factor(bundled, np.concatenate([leak, initial, taken_away]), where, chip)
    bundled = [b._replace(weight=_integers(b.weight, factor).astype(np.float64)) for b in bundled]
    kinds, table = axon_types(bundled, size, chip.limit("axon_types"))
    fires_at, reset_mode, shift = _threshold(model, times(threshold, factor))
    top = (1 << chip.width("threshold_bits")) - 1
    if fires_at.min() < 0 or fires_at.max() > top:
        raise UnsupportedError(
            f"{where}: threshold {fires_at.min()}..{fires_at.max()} in units of {1 / factor}, available 0..{top}"
        )
    neuron = CrossbarNeuron(
        weights=tuple(table),
        threshold=fires_at,
        leak=_integers(leak, factor),
        reset_mode=reset_mode,
        negative_threshold=top,
        negative_saturation=True,
        initial=_integers(initial, factor) + shift,
    )
    records = (
        _types_record(population, bundled, kinds, table, factor),
        _range_record(population, neuron, bundled, reset_mode, chip),
    )
    return Part(replace(population, neuron=neuron), _typed(network, bundled, kinds), float(factor), records)


def _spread(value: Parameter, size: int) -> Floats:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (size,)).copy()


def _integers(values: Floats, factor: Fraction) -> Ints:
    return np.array([int(value) for value in times(values, factor)], dtype=np.int64)


def _check_decay(model: LIF, where: str) -> None:
    decay = np.asarray(model.decay, dtype=np.float64)
    if np.any(decay != 1):
        raise UnsupportedError(
            f"{where}: decay {decay[decay != 1].flat[0]:g}; the chip's leak adds a constant and cannot multiply,"
            " only decay 1 is exact"
        )


def _factor(bundled: Sequence[Bundle], others: Floats, where: str, chip: Chip) -> Fraction:
    """Return the one factor that makes weights and ``others`` whole, after checking that the weights then fit."""
    low, high = chip.limit("weight_min"), chip.limit("weight_max")
    weights = np.concatenate([*(b.weight for b in bundled), others[:0]])
    least, most = float(weights.min(initial=0)), float(weights.max(initial=0))
    values = np.concatenate([weights, others])
    whole = are_whole(values)
    if whole and low <= least and most <= high:
        return Fraction(1)
    factor = least_factor(values)
    if low <= Fraction(least) * factor and Fraction(most) * factor <= high:
        return factor
    if not whole:
        raise UnsupportedError(
            f"{where}: no factor makes its weights and thresholds integers within {low}..{high};"
            " give it weights of up to four values that are multiples of one number, and a threshold that is too"
        )
    place = "projections onto " + where.partition(": ")[2]
    if most > high:
        raise CapacityError(chip.name, "weight_max", int(most), high, place)
    raise CapacityError(chip.name, "weight_min", int(least), low, place)


def _threshold(model: AddAndFire | LIF, threshold: list[Fraction]) -> tuple[Ints, int, int]:
    """Return the least potential that fires, the reset mode, and a shift of the whole potential.

    A leaky neuron fires above its threshold: one more than its floor. Where the threshold itself is what is
    taken away, the potential is kept one lower instead.
    """
    if isinstance(model, LIF) and model.reset == "zero":
        return np.array([floor(x) + 1 for x in threshold], dtype=np.int64), 0, 0
    whole = np.array([int(x) for x in threshold], dtype=np.int64)
    return whole, 1, 0 if isinstance(model, AddAndFire) else -1


def _types_record(
    population: Population, bundled: Sequence[Bundle], kinds: Sequence[Ints], table: Ints, factor: Fraction
) -> Record:
    sources = sum(len(np.unique(b.row)) for b in bundled)
    axons = axons_needed(bundled, kinds)
    scaled = "" if factor == 1 else f"weights and thresholds times {factor}, which makes them whole; "
    more = axons - sources
    return Record(
        f"axon types {population.name}",
        f"{scaled}each different weight of a neuron on its own axon type, {int(table.any(axis=1).sum())} in use",
        "a synapse is one bit; its strength is the neuron's weight for the type of the axon",
        "exact",
        f"{more} axons more than source neurons, for sources of several types or delays" if more else "none",
    )


def _range_record(
    population: Population, neuron: CrossbarNeuron, bundled: Sequence[Bundle], reset_mode: int, chip: Chip
) -> Record:
    """Say what becomes of a potential without bounds, and how long it takes at least to get there."""
    size = population.size
    low = np.minimum(np.asarray(neuron.leak), 0).astype(np.float64)
    high = np.maximum(np.asarray(neuron.leak), 0).astype(np.float64)
    for b in bundled:
        low += np.bincount(b.column, np.minimum(b.weight, 0), minlength=size)
        high += np.bincount(b.column, np.maximum(b.weight, 0), minlength=size)
    climb = high - np.asarray(neuron.threshold) if reset_mode == 1 else np.zeros(size)
    floor_, ceiling = -int(np.max(neuron.negative_threshold)), chip.width("potential_high")
    steps = min(_steps(-floor_, -low.min()), _steps(ceiling, climb.max()))
    reached = f"in {steps} steps at the soonest" if steps else "which pulses cannot reach"
    return Record(
        f"reset {population.name}",
        ("the threshold is taken away (linear reset)" if reset_mode == 1 else "reset to 0")
        + "; negative threshold at its largest, where the potential saturates",
        "the network's potential has no bounds",
        "exact",
        f"exact while the potential stays within {floor_}..{ceiling}, {reached}; counted when it does not",
    )


def _steps(distance: int, speed: float) -> int:
    return int(distance // speed) if speed > 0 else 0
