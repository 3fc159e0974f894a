"""Thresholds of add-and-fire neurons as whole numbers of weight units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.lower_programs import largest_threshold
from neurosim.cores.compartment.quantise import at_most, largest_weight, weight_bounds
from neurosim.errors import UnsupportedError
from neurosim.network import AddAndFire, Population, Projection
from neurosim.network.neuron import Parameter

_GRID_TOLERANCE = 1e-9  # relative; below it a threshold counts as on the grid


def threshold_grid(
    population: Population, model: AddAndFire, incoming: list[Projection], chip: Chip
) -> tuple[NDArray[np.int64], float, bool]:
    """Choose integer thresholds that one inhibitory weight can take away, and the weight scale that follows.

    The soma keeps floor(v / 2**decay_bits) of its voltage, which must stay below half a weight unit for the
    comparison to be exact: the threshold is at most ``2**decay_bits / 2`` units (docs/semantics.md). A program takes
    any whole threshold; where one must be chosen it is the same, as far as it does not bind the weights.
    """
    threshold = np.broadcast_to(np.asarray(model.threshold, dtype=np.float64), (population.size,))
    if threshold.min() <= 0:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {threshold.min():g}, must be above 0"
        )
    largest, integers = weight_bounds(incoming)
    programmable = bool(chip.limit("programmable"))
    most = float(largest_threshold(chip) if programmable else 2 ** chip.width("decay_bits") // 2)
    whole = bool(np.all(threshold == np.rint(threshold)))
    if integers and whole and largest <= largest_weight(chip) and threshold.max() <= most:
        theta = threshold.astype(np.int64)
        if programmable or _common_power(theta, chip) is not None:
            return theta, 1.0, True
    # Scalar thresholds land exactly on the grid; with an array each one is rounded to it.
    wanted = min(largest_weight(chip) / largest if largest else most, most / float(threshold.max()))
    top = float(threshold.max()) * wanted
    power = max(int(np.floor(top)).bit_length() - chip.width("weight_mantissa_bits"), 0)
    step = 1 << power
    grid_top = int(top) // step * step
    if grid_top < 1:
        raise UnsupportedError(
            f"{chip.name}: population '{population.name}': threshold {threshold.max():g} is below one weight step"
            f" of {largest / largest_weight(chip):.3g}"
        )
    scale = grid_top / float(threshold.max())
    theta = np.maximum(np.rint(threshold * scale / step).astype(np.int64), 1) * step
    return theta, scale, False


def _common_power(theta: NDArray[np.int64], chip: Chip) -> int | None:
    """Return the power of two that leaves all thresholds as mantissas, or None when there is none."""
    mantissa, power = split(theta)
    return power if int(mantissa.max()).bit_length() <= chip.width("weight_mantissa_bits") else None


def split(theta: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Split thresholds in mantissas and the largest power of two that all of them share."""
    shared = int(np.bitwise_or.reduce(theta))
    power = (shared & -shared).bit_length() - 1
    return theta >> power, power


def rounding(theta: NDArray[np.int64], scale: float, threshold: Parameter) -> str:
    """Say what thresholds became, and how far they are off when they are not on the grid."""
    low, high = int(np.min(theta)), int(np.max(theta))
    error = float(np.abs(theta / scale - threshold).max())
    off = f", off by at most {at_most(error)}" if error > _GRID_TOLERANCE * float(np.max(threshold)) else ""
    return (str(low) if low == high else f"{low}..{high}") + off
