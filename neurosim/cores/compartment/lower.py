"""Lowering for compartment cores: integer weights, and neuron models as compartments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.bank import refuse_program, rests
from neurosim.cores.compartment.learning.check import refuse_learning
from neurosim.cores.compartment.lower_programs import add_and_fire_program, leaky_program
from neurosim.cores.compartment.quantise import (
    largest_weight,
    quantisation_record,
    quantised,
    range_record,
    weight_bounds,
)
from neurosim.cores.compartment.threshold import rounding, split, threshold_grid
from neurosim.cores.compartment.widths import arithmetic, payload_largest
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
    ProgrammedNeuron,
    Projection,
)

LEAST_DELAY = 1  # a spike sent in one step acts in the next one at the earliest: the barrier lies between


@dataclass(frozen=True, eq=False)
class _Part:
    """One population rewritten: new form, factor on its weights (None: taken as they are), extra synapses, records."""

    population: Population
    scale: float | None
    extra: tuple[Projection, ...] = ()
    records: tuple[Record, ...] = ()


def lower(network: Network, chip: Chip) -> Lowered:
    """Rewrite a network for compartment cores: retime, quantise weights, build compartments.

    Populations of CompartmentNeuron and ProgrammedNeuron pass unchanged and need integer weights. Where neurons run
    programs, the subtractive reset is one. Raises UnsupportedError for what cannot be expressed, naming population
    or projection and feature.
    """
    for population in network.neurons:
        refuse_program(population, chip)
    refuse_learning(network, chip)
    retimed, lag, record = retime(network, LEAST_DELAY, lambda neuron: rests(neuron, chip))
    parts = {p.name: _lower_population(retimed, p, chip) for p in retimed.neurons}
    projections = tuple(_lower_projection(p, parts[p.target].scale, chip) for p in retimed.projections)
    projections += tuple(extra for part in parts.values() for extra in part.extra)
    populations = tuple(parts[p.name].population if p.name in parts else p for p in retimed.populations)
    lowered = Network(f"{network.name} on {chip.name}", populations, projections, network.outputs)
    records = [record] if record else []
    for name, part in parts.items():
        wraps = range_record(
            part.population, [_at_most(retimed, p, chip) for p in projections if p.target == name], chip
        )
        records += [*part.records, wraps] if wraps and part.scale is not None else part.records
    grain = 1 << chip.width("weight_shift")
    scale = {name: 1.0 if part.scale is None else part.scale * grain for name, part in parts.items()}
    return Lowered(lowered, tuple(records), lag, scale)


def _lower_population(network: Network, population: Population, chip: Chip) -> _Part:
    model = population.neuron
    incoming = [p for p in network.projections if p.target == population.name]
    if isinstance(model, CompartmentNeuron | ProgrammedNeuron):
        return _Part(population, None)
    if isinstance(model, AddAndFire):
        return _add_and_fire(population, model, incoming, chip)
    if isinstance(model, Accumulator):
        return _accumulator(population, incoming, chip)
    if isinstance(model, LIF):
        return _leaky(population, model, incoming, chip)
    raise UnsupportedError(f"{chip.name}: population '{population.name}': neuron {type(model).__name__} unsupported")


def _lower_projection(projection: Projection, scale: float | None, chip: Chip) -> Projection:
    if scale is not None:
        return quantised(projection, scale, chip.width("weight_shift"))
    if projection.weights.dtype.kind not in "iu":
        raise UnsupportedError(
            f"{chip.name}: projection {projection.source} -> {projection.target}: weights are"
            f" {projection.weights.dtype}, compartments need integer weights"
        )
    return projection


def _at_most(network: Network, projection: Projection, chip: Chip) -> Projection:
    """Return the projection with what its synapses add at most: spikes of some sources multiply the weight."""
    if not network.population(projection.source).graded:
        return projection
    return replace(projection, weights=projection.weights * payload_largest(chip))


def _free_scale(incoming: list[Projection], chip: Chip) -> tuple[float, bool]:
    """Return the scale that uses the whole weight range, or 1 when integer weights fit as they are."""
    largest, integers = weight_bounds(incoming)
    if integers and largest <= largest_weight(chip):
        return 1.0, True
    return largest_weight(chip) / largest, False


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
        quantisation_record(population, incoming, scale, exact, chip),
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
    """Build a program, or the pair of docs/semantics.md: dendrite A sums, soma S compares and resets."""
    theta, scale, exact = threshold_grid(population, model, incoming, chip)
    if chip.limit("programmable"):
        programmed, made = add_and_fire_program(population, theta, chip)
        rounded = quantisation_record(population, incoming, scale, exact, chip, rounding(theta, scale, model.threshold))
        return _Part(programmed, scale, (), (rounded, *made))
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
    mantissa, power = split(theta)
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
        quantisation_record(population, incoming, scale, exact, chip, rounding(theta, scale, model.threshold)),
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


def _leaky(population: Population, model: LIF, incoming: list[Projection], chip: Chip) -> _Part:
    if model.reset != "zero" and not chip.limit("programmable"):
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': reset '{model.reset}' with leak, the chip resets to zero"
        )
    decay, wanted = np.asarray(model.decay, dtype=np.float64), np.asarray(model.threshold, dtype=np.float64)
    if decay.min() < 0 or decay.max() > 1:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': decay {decay.min():g}..{decay.max():g}, must lie in 0..1"
        )
    if wanted.min() < 0:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {wanted.min():g}, must not be negative"
        )
    unit, one = 1 << chip.width("weight_shift"), 1 << chip.width("decay_bits")
    scale = _leaky_scale(model, incoming, chip)
    threshold = np.rint(wanted * scale).astype(np.int64)
    exact = scale >= 1 and weight_bounds(incoming)[1] and bool(np.all(threshold == wanted * scale))
    if np.any((threshold == 0) & (wanted > 0)):
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {wanted[wanted > 0].min():g} is below half a"
            f" weight step of {1 / scale:.3g}"
        )
    rounded = quantisation_record(population, incoming, scale, exact, chip, rounding(threshold, scale, model.threshold))
    if model.reset != "zero":
        programmed, made = leaky_program(population, model, scale, threshold, chip)
        return _Part(programmed, scale, (), (rounded, *made))
    compartment = Compartment(
        decay_u=_full_decay(chip),
        decay_v=np.minimum(np.rint((1 - decay) * one), one - 1).astype(np.int64),
        threshold=threshold * unit,
        bias=_bias(np.asarray(model.bias, dtype=np.float64) * scale * unit, chip),
        initial=np.rint(np.asarray(model.initial) * scale * unit).astype(np.int64),
    )
    records = (
        rounded,
        Record(
            f"leak {population.name}",
            f"decay rounded to 1/{one}, bias and initial voltage to the chip's integers",
            "the chip's decays are 12-bit fractions and round toward zero",
            "approximate",
        ),
    )
    return _Part(replace(population, neuron=CompartmentNeuron((compartment,))), scale, (), records)


def _leaky_scale(model: LIF, incoming: list[Projection], chip: Chip) -> float:
    """Return the largest scale at which weights, threshold, bias and initial voltage fit, whole for whole weights."""
    largest, integers = weight_bounds(incoming)
    unit = 1 << chip.width("weight_shift")
    room = (
        (largest, largest_weight(chip)),
        (np.max(model.threshold), _largest_threshold(chip) // unit),
        (np.abs(model.bias).max(), _largest_bias(chip) // unit),
        (np.abs(model.initial).max(), -arithmetic(chip).voltage_low // unit),
    )
    scale = min((float(have / size) for size, have in room if size > 0), default=1.0)
    return float(np.floor(scale)) if integers and scale >= 1 else scale


def _largest_bias(chip: Chip) -> int:
    mantissa = int(2 ** (chip.width("bias_mantissa_bits") - 1)) - 1
    return mantissa << chip.width("bias_exponent_max")


def _bias(bias: NDArray[np.float64], chip: Chip) -> NDArray[Any]:
    """Round biases to a signed mantissa times a power of two; each compartment has its own exponent."""
    largest = _largest_bias(chip) >> chip.width("bias_exponent_max")
    size = np.abs(bias)
    power = np.zeros(bias.shape, dtype=np.int64)
    for _ in range(chip.width("bias_exponent_max")):
        power += np.rint(size / 2.0**power) > largest
    mantissa = np.rint(bias / 2.0**power).astype(np.int64)
    return mantissa << power
