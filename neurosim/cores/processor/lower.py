"""Lowering for processing elements: stored weights of a few bits, and neurons in whole numbers or s16.15."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.processor.encode import refuse_delays
from neurosim.cores.processor.lowering_records import fixed_point_record, range_record, weight_record
from neurosim.cores.processor.scale import (
    Scale,
    exact_scale,
    leaky_scale,
    summing_scale,
    threshold_scale,
    values_of,
)
from neurosim.cores.processor.widths import FRACTION_BITS, arithmetic
from neurosim.errors import UnsupportedError
from neurosim.mapping.lowering import Lowered, Record, retime
from neurosim.network import LIF, Accumulator, AddAndFire, Network, Population, Projection

_ONE = 1 << FRACTION_BITS


@dataclass(frozen=True, eq=False)
class _Part:
    """One population rewritten: its new form, its scale, units of the membrane per unit, records."""

    population: Population
    scale: Scale
    per_unit: int = 1
    records: tuple[Record, ...] = ()


def lower(network: Network, chip: Chip, quantise: bool = True) -> Lowered:
    """Rewrite a network for processing elements: retime, store weights in few bits, put leaky neurons in s16.15.

    Raises UnsupportedError for what cannot be expressed, naming population or projection and feature; without
    ``quantise`` also for weights and thresholds that would have to be rounded.
    """
    retimed, lag, record = retime(network, chip.limit("delay_min"))
    for projection in retimed.projections:
        refuse_delays(projection, chip)
    parts = {p.name: _lower_population(retimed, p, chip) for p in retimed.neurons}
    if not quantise:
        _refuse_rounding(retimed, parts, chip)
    projections = _lower_projections(retimed, parts)
    populations = tuple(parts[p.name].population if p.name in parts else p for p in retimed.populations)
    lowered = Network(f"{network.name} on {chip.name}", populations, projections, network.outputs)
    records = [record] if record else []
    for name, part in parts.items():
        wraps = range_record(part.population, [p for p in projections if p.target == name], chip)
        records += [*part.records, wraps] if wraps else part.records
    scale = {name: part.scale.factor * part.per_unit for name, part in parts.items()}
    return Lowered(lowered, tuple(records), lag, scale)


def _lower_population(network: Network, population: Population, chip: Chip) -> _Part:
    incoming = [p for p in network.projections if p.target == population.name]
    match population.neuron:
        case AddAndFire():
            return _add_and_fire(population, population.neuron, incoming, chip)
        case Accumulator():
            return _accumulator(population, incoming, chip)
        case LIF():
            return _leaky(population, population.neuron, incoming, chip)
    name = type(population.neuron).__name__
    raise UnsupportedError(f"{chip.name}: population '{population.name}': neuron {name} unsupported")


def _accumulator(population: Population, incoming: list[Projection], chip: Chip) -> _Part:
    room = float(arithmetic(chip).state_high)
    scale = exact_scale(incoming, np.zeros(0), 0, room, chip) or summing_scale(incoming, chip)
    return _Part(population, scale, 1, (weight_record(population, incoming, scale, chip),))


def _add_and_fire(population: Population, model: AddAndFire, incoming: list[Projection], chip: Chip) -> _Part:
    wanted = _spread(model.threshold, population)
    if wanted.min() <= 0:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {wanted.min():g}, must be above 0"
        )
    scale = exact_scale(incoming, wanted, 0, float(arithmetic(chip).state_high), chip)
    scale = scale or threshold_scale(incoming, wanted, chip)
    threshold = np.rint(wanted * scale.factor)
    if threshold.min() < 1:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {wanted.min():g} is too small beside its weights"
            f" or the largest threshold: {chip.width('state_bits')} bits hold both only with steps above it"
        )
    record = weight_record(population, incoming, scale, chip, wanted, threshold)
    return _Part(replace(population, neuron=AddAndFire(threshold)), scale, 1, (record,))


def _leaky(population: Population, model: LIF, incoming: list[Projection], chip: Chip) -> _Part:
    where = f"{chip.name}: population '{population.name}'"
    decay, wanted = _spread(model.decay, population), _spread(model.threshold, population)
    if decay.min() < 0 or decay.max() > 1:
        raise UnsupportedError(f"{where}: decay {decay.min():g}..{decay.max():g}, must lie in 0..1")
    if wanted.min() < 0:
        raise UnsupportedError(f"{where}: threshold {wanted.min():g}, must not be negative")
    bias, initial = _spread(model.bias, population), _spread(model.initial, population)
    grid = np.concatenate([wanted, bias, initial])
    room = arithmetic(chip).state_high / _ONE
    scale = exact_scale(incoming, grid, -FRACTION_BITS, room, chip) or leaky_scale(incoming, grid, chip)
    threshold = _rounded(wanted * scale.factor)
    if np.any((threshold == 0) & (wanted > 0)):
        least = wanted[wanted > 0].min()
        raise UnsupportedError(f"{where}: threshold {least:g} is below half a step of {1 / scale.factor / _ONE:.3g}")
    neuron = replace(
        model,
        decay=_rounded(decay),
        bias=_rounded(bias * scale.factor),
        threshold=threshold,
        initial=_rounded(initial * scale.factor),
    )
    records = (
        weight_record(population, incoming, scale, chip, wanted, threshold),
        fixed_point_record(population, exact=scale.exact and bool(np.isin(decay, (0.0, 1.0)).all())),
    )
    return _Part(replace(population, neuron=neuron), scale, _ONE, records)


def _spread(parameter: float | NDArray[np.float64], population: Population) -> NDArray[np.float64]:
    return np.broadcast_to(np.asarray(parameter, dtype=np.float64), (population.size,))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to the nearest multiple of 2**-15, halves to the even neighbour."""
    rounded: NDArray[np.float64] = np.rint(values * _ONE) / _ONE
    return rounded


def _lower_projections(network: Network, parts: dict[str, _Part]) -> tuple[Projection, ...]:
    exponents = {name: iter(part.scale.exponents) for name, part in parts.items()}
    return tuple(_stored(p, parts[p.target].scale.factor, next(exponents[p.target])) for p in network.projections)


def _stored(projection: Projection, factor: float, exponent: int) -> Projection:
    """Return the projection with whole weights of the given exponent; those that round to zero are left out."""
    weights = np.rint(values_of(projection) * factor * 2.0**-exponent).astype(np.int64)
    kept = weights != 0
    indptr = np.zeros_like(projection.indptr)
    np.cumsum(np.bincount(projection.rows[kept], minlength=len(indptr) - 1), out=indptr[1:])
    return replace(
        projection,
        indptr=indptr,
        targets=projection.targets[kept],
        weights=weights[kept],
        delay=projection.delays[kept] if np.ndim(projection.delay) else projection.delay,
        exponent=exponent,
    )


def _refuse_rounding(network: Network, parts: dict[str, _Part], chip: Chip) -> None:
    for projection in network.projections:
        if not parts[projection.target].scale.exact:
            values = values_of(projection)
            raise UnsupportedError(
                f"{chip.name}: projection {projection.source} -> {projection.target}: limit weight_bits: weights"
                f" {values.min(initial=0):g}..{values.max(initial=0):g} or the thresholds of their targets need more"
                f" than the {chip.limit('weight_bits')} bits available, and rounding is switched off"
            )
