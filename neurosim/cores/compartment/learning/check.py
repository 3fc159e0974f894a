"""Does a chip hold a learning rule? Every refusal points at the place in the rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurosim.chip import Chip
from neurosim.cores.compartment.encode import signed_range
from neurosim.errors import UnsupportedError
from neurosim.network import CompartmentNeuron, LearningRule, Network, ProgrammedNeuron, Projection
from neurosim.network.learning import TRACES
from neurosim.network.rule_text import Product, RuleError, Sum


def refuse_learning(network: Network, chip: Chip) -> None:
    """Raise UnsupportedError for what the chip cannot learn, naming projection, rule and column."""
    epochs = {p.learning.epoch: p for p in network.projections if p.learning is not None}
    if len(epochs) > 1:
        (one, first), (other, second) = list(epochs.items())[:2]
        raise UnsupportedError(
            f"{chip.name}: projection {second.source} -> {second.target}: epoch of {other} steps, and of {one} in"
            f" {first.source} -> {first.target}; the chip has one epoch"
        )
    for projection in network.projections:
        where = f"{chip.name}: projection {projection.source} -> {projection.target}"
        if projection.modulates:
            _refuse_modulation(projection, chip, where)
        if projection.learning is None:
            continue
        if not isinstance(network.population(projection.target).neuron, CompartmentNeuron | ProgrammedNeuron):
            raise UnsupportedError(f"{where}: learns, but {projection.target} is not made of compartments or programs")
        if projection.weights.dtype.kind not in "iu":
            raise UnsupportedError(f"{where}: learns from {projection.weights.dtype} weights, needs whole ones")
        problem = next(_problems(projection.learning, chip), None)
        if problem is not None:
            raise UnsupportedError(f"{where}: {problem}")


def _refuse_modulation(projection: Projection, chip: Chip, where: str) -> None:
    if projection.weights.dtype.kind not in "iu":
        raise UnsupportedError(f"{where}: modulates with {projection.weights.dtype} weights, needs whole ones")
    if chip.limit("local_third_factor"):
        return
    reached = np.diff(projection.indptr)
    first = np.repeat(projection.weights[projection.indptr[:-1][reached > 0]], reached[reached > 0])
    size = len(np.unique(projection.targets))
    if np.any(projection.weights != first) or np.any((reached > 0) & (reached != size)):
        raise UnsupportedError(
            f"{where}: limit local_third_factor: the reward is one value for all neurons, found different weights"
        )


def _problems(rule: LearningRule, chip: Chip) -> Iterator[str]:
    """Yield what a chip cannot hold of a rule."""
    if rule.epoch > chip.limit("epoch_max"):
        yield f"limit epoch_max: epoch of {rule.epoch} steps, available 1..{chip.limit('epoch_max')}"
    largest = (1 << chip.width("trace_bits")) - 1
    for name in TRACES:
        trace = getattr(rule, name)
        if trace is not None and trace.impulse > largest:
            yield f"limit trace_bits: impulse {trace.impulse} of {name}, available 0..{largest}"
    for found in rule.sums:
        for column, problem in _places(found, chip):
            yield str(RuleError(found.text, column, problem))


def _places(found: Sum, chip: Chip) -> Iterator[tuple[int, str]]:
    most = chip.limit("learning_products_max")
    if len(found.products) > most:
        yield (
            found.products[most].column,
            f"limit learning_products_max: {len(found.products)} products, available {most}",
        )
    for product in found.products:
        yield from _product(product, chip)
    ratios = {product.decimation for product in found.products if product.decimation}
    if len(ratios) > 1:
        second = next(p for p in found.products if p.decimation not in (0, found.products[0].decimation))
        yield second.column, "products of one rule share one decimation"


def _product(product: Product, chip: Chip) -> Iterator[tuple[int, str]]:
    column, most = product.column, chip.limit("learning_factors_max")
    if len(product.factors) > most:
        yield (
            product.factors[most].column,
            f"limit learning_factors_max: {len(product.factors)} factors, available {most}",
        )
    if product.decimation > chip.limit("decimation_max"):
        yield column, f"limit decimation_max: u{product.decimation}, available u0..u{chip.limit('decimation_max')}"
    low, high = signed_range(chip.width("learning_constant_bits"))
    for factor in product.factors:
        if not low <= factor.constant <= high:
            yield factor.column, f"limit learning_constant_bits: constant {factor.constant}, available {low}..{high}"
    if scale(product, chip) is None:
        low, high = signed_range(chip.width("learning_mantissa_bits"))
        least, largest = chip.limit("learning_exponent_min"), chip.limit("learning_exponent_max")
        yield (
            column,
            f"scale {product.mantissa}*2^{product.exponent}, available {low}..{high} times 2^{least}..{largest}",
        )


def scale(product: Product, chip: Chip) -> tuple[int, int] | None:
    """Return mantissa and exponent of a product as the chip holds them, None if it cannot."""
    low, high = signed_range(chip.width("learning_mantissa_bits"))
    mantissa, exponent = product.mantissa, product.exponent
    while exponent > chip.limit("learning_exponent_max") and low <= 2 * mantissa <= high and mantissa:
        mantissa, exponent = 2 * mantissa, exponent - 1
    if not mantissa:
        return 0, 0
    fits = chip.limit("learning_exponent_min") <= exponent <= chip.limit("learning_exponent_max")
    return (mantissa, exponent) if fits and low <= mantissa <= high else None
