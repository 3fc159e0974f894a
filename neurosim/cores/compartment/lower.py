"""Lowering for compartment cores: integer weights, and neuron models as compartments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.errors import UnsupportedError
from neurosim.mapping.lowering import Lowered, Record, retime
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    Population,
    Projection,
)

LEAST_DELAY = 1  # a spike sent in one step acts in the next one at the earliest: the barrier lies between


@dataclass(frozen=True, eq=False)
class _Part:
    """One population rewritten: its new form, the factor on its weights, extra synapses and records."""

    population: Population
    scale: float
    extra: tuple[Projection, ...] = ()
    records: tuple[Record, ...] = ()


def lower(network: Network, chip: Chip) -> Lowered:
    """Rewrite a network for compartment cores: retime, quantise weights, build compartments.

    Populations of CompartmentNeuron pass unchanged and need integer weights. Raises UnsupportedError for what
    cannot be expressed, naming population and feature.
    """
    retimed, lag, record = retime(network, LEAST_DELAY)
    parts = {p.name: _lower_population(retimed, p, chip) for p in retimed.neurons}
    grain = chip.width("weight_shift")
    projections = tuple(_quantised(p, parts[p.target], grain) for p in retimed.projections)
    lowered = Network(
        f"{network.name} on {chip.name}",
        tuple(parts[p.name].population if p.name in parts else p for p in retimed.populations),
        projections + tuple(extra for part in parts.values() for extra in part.extra),
        network.outputs,
    )
    records = (record,) if record else ()
    return Lowered(
        lowered,
        records + tuple(r for part in parts.values() for r in part.records),
        lag,
        {name: part.scale * (1 << grain) for name, part in parts.items()},
    )


def _lower_population(network: Network, population: Population, chip: Chip) -> _Part:
    model = population.neuron
    incoming = [p for p in network.projections if p.target == population.name]
    if isinstance(model, CompartmentNeuron):
        return _Part(population, 1.0)
    if isinstance(model, AddAndFire):
        return _add_and_fire(population, model, incoming, chip)
    if isinstance(model, Accumulator):
        return _accumulator(population, incoming, chip)
    if isinstance(model, LIF):
        return _leaky(population, model, incoming, chip)
    raise UnsupportedError(f"{chip.name}: population '{population.name}': neuron {type(model).__name__} unsupported")


def _quantised(projection: Projection, part: _Part, grain: int) -> Projection:
    if part.scale == 1.0 and projection.weights.dtype.kind in "iu":
        return projection if projection.exponent else replace(projection, exponent=grain)
    weights = np.rint(projection.weights * part.scale).astype(np.int64)
    kept = weights != 0
    rows = projection.rows[kept]
    indptr = np.zeros_like(projection.indptr)
    np.cumsum(np.bincount(rows, minlength=len(indptr) - 1), out=indptr[1:])
    delay = projection.delay if isinstance(projection.delay, int) else projection.delay[kept]
    return replace(
        projection,
        indptr=indptr,
        targets=projection.targets[kept],
        weights=weights[kept],
        delay=delay,
        exponent=grain,
    )


def _weight_bounds(incoming: list[Projection]) -> tuple[float, bool]:
    """Return the largest magnitude over all incoming weights and whether all of them are integers."""
    largest = max((float(np.abs(p.weights).max(initial=0)) for p in incoming), default=0.0)
    return largest, all(bool(np.all(p.weights == np.rint(p.weights))) for p in incoming)


def _largest_weight(chip: Chip) -> int:
    # One bit of the stored weight is the sign.
    return int(2 ** (chip.limit("weight_bits_max") - 1)) - 1


def _free_scale(incoming: list[Projection], chip: Chip) -> tuple[float, bool]:
    """Return the scale that uses the whole weight range, or 1 when integer weights fit as they are."""
    largest, integers = _weight_bounds(incoming)
    if integers and largest <= _largest_weight(chip):
        return 1.0, True
    return _largest_weight(chip) / largest, False


def _quantisation_record(population: Population, scale: float, exact: bool, chip: Chip, note: str = "") -> Record:
    if exact:
        return Record(
            f"quantise {population.name}",
            f"integer weights kept as they are{note}",
            "the chip's weights are integers",
            "exact",
        )
    return Record(
        f"quantise {population.name}",
        f"weights times {scale:.6g}, rounded to signed {chip.limit('weight_bits_max')}-bit integers{note}",
        "the chip's weights are integers of a few bits",
        "approximate",
        f"each weight off by at most {0.5 / scale:.3g}",
    )


def _summing(chip: Chip) -> Compartment:
    """Return a compartment that keeps its voltage, forgets its current and does not fire."""
    return Compartment(decay_u=_full_decay(chip), decay_v=0, threshold=_largest_threshold(chip), spiking=False)


def _full_decay(chip: Chip) -> int:
    return int(2 ** chip.width("decay_bits")) - 1


def _largest_threshold(chip: Chip) -> int:
    mantissa = int(2 ** chip.width("threshold_mantissa_bits")) - 1
    return mantissa << chip.width("threshold_exponent")


def _accumulator(population: Population, incoming: list[Projection], chip: Chip) -> _Part:
    scale, exact = _free_scale(incoming, chip)
    neuron = CompartmentNeuron((_summing(chip),))
    records = (
        _quantisation_record(population, scale, exact, chip),
        Record(
            f"evidence {population.name}",
            "one compartment without decay, threshold at its largest, no output axon; its voltage is read out",
            "the neuron only sums",
            "exact",
            f"{population.size} compartments",
        ),
    )
    return _Part(replace(population, neuron=neuron), scale, (), records)


def _add_and_fire(population: Population, model: AddAndFire, incoming: list[Projection], chip: Chip) -> _Part:
    """Build the pair of docs/semantics.md: dendrite A sums and never fires, soma S compares and resets."""
    theta, scale, exact = _threshold_grid(population, model, incoming, chip)
    grain = chip.width("weight_shift")
    unit = 1 << grain
    soma = Compartment(
        decay_u=_full_decay(chip),
        decay_v=_full_decay(chip),
        threshold=(theta - 1) * unit,
        bias=-unit // 2,
        join="max",
    )
    dendrite = _summing(chip)
    mantissa, power = _split(theta)
    inhibition = Projection(
        population.name,
        population.name,
        np.arange(population.size + 1, dtype=np.int64),
        np.arange(population.size, dtype=np.int32),
        -mantissa.astype(np.int64),
        LEAST_DELAY,
        0,
        grain + power,
    )
    records = (
        _quantisation_record(population, scale, exact, chip, f"; threshold {_span(theta)}"),
        Record(
            f"subtractive reset {population.name}",
            "each neuron becomes a dendrite that sums and never fires and a soma that compares; the soma's spike"
            " takes the threshold from the dendrite through a synapse onto its own neuron",
            "the chip resets a compartment to zero and has no subtraction",
            "exact",
            f"{population.size} compartments, {population.size} synapses, one spike packet to the own core per pulse",
        ),
    )
    return _Part(replace(population, neuron=CompartmentNeuron((dendrite, soma))), scale, (inhibition,), records)


def _span(theta: NDArray[np.int64]) -> str:
    low, high = int(np.min(theta)), int(np.max(theta))
    return str(low) if low == high else f"{low}..{high}"


def _threshold_grid(
    population: Population, model: AddAndFire, incoming: list[Projection], chip: Chip
) -> tuple[NDArray[np.int64], float, bool]:
    """Choose integer thresholds that one inhibitory weight can take away, and the weight scale that follows.

    The soma keeps floor(v / 2**decay_bits) of its voltage, which must stay below half a weight unit for the
    comparison to be exact: the threshold is at most ``2**decay_bits / 2`` units (docs/semantics.md).
    """
    threshold = np.broadcast_to(np.asarray(model.threshold, dtype=np.float64), (population.size,))
    if threshold.min() <= 0:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {threshold.min():g}, must be above 0"
        )
    largest, integers = _weight_bounds(incoming)
    most = float(2 ** chip.width("decay_bits") // 2)
    whole = bool(np.all(threshold == np.rint(threshold)))
    if integers and whole and largest <= _largest_weight(chip) and threshold.max() <= most:
        theta = threshold.astype(np.int64)
        power = _common_power(theta, chip)
        if power is not None:
            return theta, 1.0, True
    # Scalar thresholds land exactly on the grid; with an array each one is rounded to it.
    wanted = min(_largest_weight(chip) / largest if largest else most, most / float(threshold.max()))
    top = float(threshold.max()) * wanted
    power = max(int(np.floor(top)).bit_length() - chip.width("weight_mantissa_bits"), 0)
    step = 1 << power
    grid_top = int(top) // step * step
    if grid_top < 1:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {threshold.max():g} is below one weight step"
            f" of {largest / _largest_weight(chip):.3g}"
        )
    scale = grid_top / float(threshold.max())
    theta = np.maximum(np.rint(threshold * scale / step).astype(np.int64), 1) * step
    return theta, scale, False


def _common_power(theta: NDArray[np.int64], chip: Chip) -> int | None:
    """Return the power of two that leaves all thresholds as mantissas, or None when there is none."""
    mantissa, power = _split(theta)
    return power if int(mantissa.max()).bit_length() <= chip.width("weight_mantissa_bits") else None


def _split(theta: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Split thresholds in mantissas and the largest power of two that all of them share."""
    shared = int(np.bitwise_or.reduce(theta))
    power = (shared & -shared).bit_length() - 1
    return theta >> power, power


def _leaky(population: Population, model: LIF, incoming: list[Projection], chip: Chip) -> _Part:
    if model.reset != "zero":
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': reset '{model.reset}' with leak, the chip resets to zero"
        )
    scale, _ = _free_scale(incoming, chip) if incoming else (1.0, True)
    unit = 1 << chip.width("weight_shift")
    one = 1 << chip.width("decay_bits")
    decay = np.asarray(model.decay, dtype=np.float64)
    threshold = np.rint(np.asarray(model.threshold) * scale).astype(np.int64) * unit
    highest = _largest_threshold(chip)
    if int(threshold.max()) > highest:
        scale *= highest / float(threshold.max())
        threshold = np.rint(np.asarray(model.threshold) * scale).astype(np.int64) * unit
    if decay.min() < 0 or decay.max() > 1 or int(threshold.min()) < 0:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': decay {decay.min():g}..{decay.max():g} must lie in 0..1"
            " and the threshold must not be negative"
        )
    compartment = Compartment(
        decay_u=_full_decay(chip),
        decay_v=np.minimum(np.rint((1 - decay) * one), one - 1).astype(np.int64),
        threshold=threshold,
        bias=_bias(np.asarray(model.bias, dtype=np.float64) * scale * unit, population, chip),
        initial=np.rint(np.asarray(model.initial) * scale * unit).astype(np.int64),
    )
    records = (
        _quantisation_record(population, scale, False, chip, f"; threshold {_span(threshold // unit)}"),
        Record(
            f"leak {population.name}",
            f"decay rounded to 1/{one}, bias and initial voltage to the chip's integers",
            "the chip's decays are 12-bit fractions and round toward zero",
            "approximate",
        ),
    )
    return _Part(replace(population, neuron=CompartmentNeuron((compartment,))), scale, (), records)


def _bias(bias: NDArray[np.float64], population: Population, chip: Chip) -> NDArray[Any]:
    """Round biases to a signed mantissa times a power of two; each compartment has its own exponent."""
    largest = int(2 ** (chip.width("bias_mantissa_bits") - 1)) - 1
    size = np.abs(bias)
    power = np.zeros(bias.shape, dtype=np.int64)
    for _ in range(chip.width("bias_exponent_max")):
        power += np.rint(size / 2.0**power) > largest
    mantissa = np.rint(bias / 2.0**power).astype(np.int64)
    if np.abs(mantissa).max(initial=0) > largest:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': bias {np.abs(bias).max():g} exceeds"
            f" {largest << chip.width('bias_exponent_max')}"
        )
    return mantissa << power
