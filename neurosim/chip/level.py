"""Level and Scale: what changes with the supply, as measured levels or as powers of the voltage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurosim.chip.quantity import Quantity
from neurosim.chip.schema import Operating, PerformanceLevel


@dataclass(frozen=True)
class Scale:
    """Factors on all dynamic energies and on all static powers at the supply that holds."""

    energy: float
    static: float


def scale_of(operating: Operating | None) -> Scale:
    """Return (voltage / reference)^exponent for energies and static powers; 1.0 where nothing is said."""
    if operating is None:
        return Scale(1.0, 1.0)
    ratio = operating.voltage.si / operating.reference_voltage.si
    return Scale(ratio**operating.energy_exponent.value, ratio**operating.static_exponent.value)


def time_factor_of(operating: Operating | None) -> float:
    """Return the factor on all times at the supply; 1.0 where nothing is said."""
    if operating is None or operating.time_factor is None:
        return 1.0
    return operating.time_factor.at(operating.voltage.si)


@dataclass(frozen=True)
class Level:
    """A performance level: supply in volts, clock in hertz, and energies and powers measured at that level."""

    name: str
    voltage: float
    clock_hz: float
    energy: Mapping[str, Quantity]
    power: Mapping[str, Quantity]

    @property
    def period_ps(self) -> int:
        """One clock period in whole picoseconds, halves to the even neighbour."""
        return round(1e12 / self.clock_hz)


def levels_of(found: Mapping[str, PerformanceLevel]) -> dict[str, Level]:
    """Return the levels of a descriptor by name, in its order: the slowest first."""
    return {name: Level(name, x.voltage.si, x.clock.si, x.energy, x.power) for name, x in found.items()}
