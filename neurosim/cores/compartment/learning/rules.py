"""Learning rules as flat integers, for the compiled functions that evaluate them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.encode import Encoding, effective_weights, signed_range, weight_range
from neurosim.cores.compartment.learning.check import scale
from neurosim.errors import UnsupportedError
from neurosim.network import LearningRule, Trace
from neurosim.network.learning import TRACES
from neurosim.network.rule_text import TARGETS, Product

Ints = NDArray[np.int64]

# Places in a row of ``scheme``. Five decays and five impulses follow one another; so do the targets' products.
EPOCH, PRODUCTS, PRODUCTS_END, DROP, LOW, HIGH, LONGEST, REWARD_DECAY, TRACED_BEFORE, TRACED_AFTER = range(10)
DECAY, IMPULSE = 10, 15
_SCHEME = 20
# Places in a row of ``product``: what it adds to, its scale in units of the accumulator, 2^decimation - 1, and where
# its factors of the axon, of the neuron and of the synapse begin in ``factor``.
TARGET, SCALE, DECIMATION, OF_AXON, OF_NEURON, OF_SYNAPSE, FACTORS_END = range(7)
# Places in a row of ``factor``.
VARIABLE, CONSTANT, SIGN = range(3)
_AXON, _NEURON = ("x0", "x1", "x2"), ("y0", "y1", "y2", "y3", "r")
_SAFE = 1 << 62


class Rules(NamedTuple):
    """Rows of integers, see the places above; ``effect`` int32[schemes, weights] is what a stored weight adds.

    Variables of the axon count x0, x1, x2 from 0, those of the neuron y0 to y3 and r, those of the synapse w, d, t.
    ``offset`` is the place of weight 0 in ``effect``.
    """

    scheme: Ints
    product: Ints
    factor: Ints
    effect: NDArray[np.int32]
    offset: int


class Widths(NamedTuple):
    """Largest trace and spike count, bits of a decay, extremes of third factor, accumulator and tag, and the point.

    ``point`` is the number of bits behind the point of the accumulator, in which every synaptic variable is summed.
    """

    trace: int
    count: int  # type: ignore[assignment]  # hides a method of tuples that nobody needs here
    decay_bits: int
    reward_low: int
    reward_high: int
    low: int
    high: int
    tag_low: int
    tag_high: int
    point: int


def widths_of(chip: Chip) -> Widths:
    """Return the widths of a chip's learning engine."""
    bits = chip.width("learning_accumulator_bits")
    return Widths(
        (1 << chip.width("trace_bits")) - 1,
        (1 << chip.width("spike_count_bits")) - 1,
        chip.width("trace_decay_bits"),
        *signed_range(chip.width("reward_bits")),
        *signed_range(bits),
        *signed_range(chip.width("tag_bits")),
        bits - chip.width("weight_mantissa_bits") - 1,
    )


def rules_of(schemes: Sequence[Encoding], chip: Chip, grain: int) -> Rules:
    """Return the flat form of the rules of some encodings; what weights add is counted in units of 2**``grain``.

    Raises UnsupportedError for a product that cannot be computed exactly in 64 bits.
    """
    widths = widths_of(chip)
    offset = 1 << chip.width("weight_mantissa_bits")
    rows = np.zeros((len(schemes), _SCHEME), dtype=np.int64)
    products: list[list[int]] = []
    factors: list[list[int]] = []
    effect = np.zeros((len(schemes), 2 * offset), dtype=np.int32)
    for k, encoding in enumerate(schemes):
        if encoding.rule is None:
            raise UnsupportedError(f"{chip.name}: scheme {k} has no learning rule")
        low, high, step = weight_range(encoding.sign, encoding.bits, chip)
        rows[k] = _scheme(encoding, encoding.rule, widths, low, high, step)
        rows[k, PRODUCTS] = len(products)
        for found in encoding.rule.sums:
            for product in found.products:
                row, parts = _product(found.target, product, len(factors), widths, chip)
                products.append(row)
                factors += parts
        rows[k, PRODUCTS_END] = len(products)
        effect[k] = effective_weights(np.arange(-offset, offset), encoding, chip) >> grain
    return Rules(rows, _rows(products, 7), _rows(factors, 3), effect, offset)


def _rows(rows: list[list[int]], width: int) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def _scheme(encoding: Encoding, rule: LearningRule, widths: Widths, low: int, high: int, step: int) -> list[int]:
    row = [0] * _SCHEME
    traces: list[Trace | None] = [getattr(rule, name) for name in TRACES]
    row[EPOCH], row[DROP], row[LOW], row[HIGH] = rule.epoch, step.bit_length() - 1, low, high
    row[LONGEST] = encoding.longest
    row[REWARD_DECAY] = decay_of(rule.reward_tau, widths.decay_bits) if rule.reward_tau else -1
    row[TRACED_BEFORE] = sum(trace is not None for trace in traces[:2])
    row[TRACED_AFTER] = sum(trace is not None for trace in traces[2:])
    for k, trace in enumerate(traces):
        if trace is not None:
            row[DECAY + k], row[IMPULSE + k] = decay_of(trace.tau, widths.decay_bits), trace.impulse
    return row


def decay_of(tau: float, bits: int) -> int:
    """Return what a trace of that time constant keeps per step, in parts of 2**bits, rounded to the nearest."""
    return round((1 << bits) * Trace(0, tau).kept)


def _product(
    target: str, product: Product, begin: int, widths: Widths, chip: Chip
) -> tuple[list[int], list[list[int]]]:
    """Return a row of ``product``, and rows of ``factor`` that begin at a place: of axon, neuron and synapse."""
    mantissa, exponent = scale(product, chip) or (0, 0)
    groups: list[list[list[int]]] = [[], [], []]
    largest = abs(mantissa) << (exponent + widths.point)
    for factor in product.factors:
        group = 0 if factor.variable in _AXON else 1 if factor.variable in _NEURON else 2
        names = (_AXON, _NEURON, TARGETS)[group]
        groups[group].append([names.index(factor.variable), factor.constant, int(factor.sign)])
        largest *= 1 if factor.sign else _extreme(factor.variable, widths, chip) + abs(factor.constant)
    if largest > _SAFE:
        raise UnsupportedError(
            f"{chip.name}: column {product.column}: a product may reach {largest:.2g}, more than 2^62"
        )
    ends = np.cumsum([0, *map(len, groups)]) + begin
    row = [TARGETS.index(target), mantissa << (exponent + widths.point), (1 << product.decimation) - 1, *ends.tolist()]
    return row, [part for group in groups for part in group]


def _extreme(variable: str, widths: Widths, chip: Chip) -> int:
    """Return the largest magnitude of a variable."""
    named = {
        "x0": widths.count,
        "y0": widths.count,
        "r": -widths.reward_low,
        "w": 1 << chip.width("weight_mantissa_bits"),
        "d": chip.limit("delay_max"),
        "t": -widths.tag_low,
    }
    return named.get(variable, widths.trace)
