"""The multiply-accumulate array of a processing element, for the dense layers of a baseline."""

from __future__ import annotations

from typing import NamedTuple

from neurosim.chip import Chip, ConstantSet
from neurosim.errors import NeurosimError, UnsupportedError


class MacRun(NamedTuple):
    """Clock cycles and energy (joules, above sleep) of a dense layer on one array."""

    cycles: int
    energy: float


def mac_array(multiply_adds: int, chip: Chip, constants: ConstantSet) -> MacRun:
    """Return what a dense layer of so many multiply-adds costs on the array of one processing element.

    ``mac_units`` work in every cycle of which ``mac_utilisation_percent`` are useful, so that
    ``cycles = ceil(multiply_adds / (units * utilisation))`` and ``energy = multiply_adds * energy.mac``. Raises
    NeurosimError for a negative number and UnsupportedError for a chip without such an array.
    """
    if multiply_adds < 0:
        raise NeurosimError(f"multiply_adds {multiply_adds}: must not be negative")
    useful = chip.limit("mac_units") * chip.limit("mac_utilisation_percent")
    if not useful:
        raise UnsupportedError(f"{chip.name}: mac_units {chip.limit('mac_units')}: no multiply-accumulate array")
    return MacRun(-(-100 * multiply_adds // useful), multiply_adds * constants.energy["mac"].si)
