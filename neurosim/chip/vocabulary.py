"""Vocabulary: the names that a core kind wants to find in the descriptor of a chip built of such cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COMMON_POWER = frozenset({"chip_static", "core_static", "core_unused"})


@dataclass(frozen=True)
class Vocabulary:
    """Names and dimensions that a descriptor must hold, no more and no fewer.

    Mappings go from name to dimension: ``count`` is a whole number from 0, ``signed`` a whole number of
    either sign, anything else is a physical dimension (time, energy, power, voltage, area, length, rate).
    ``energy`` names are energies, ``time`` names times (a Quantity or a Table), ``cycles`` whole numbers of clock
    cycles; these and ``flow`` must stand in every constant set. ``level_energy`` and ``level_power`` must stand in
    every performance level; a kind that names none has no levels. ``power`` names powers: ``chip_static`` of the
    powered chip besides its cores, ``core_static`` of each core in use, ``core_unused`` of each core not in use,
    and what a kind adds; those of ``power_optional`` may be left out.
    """

    limits: Mapping[str, str]
    arithmetic: Mapping[str, str]
    energy: frozenset[str]
    time: frozenset[str]
    flow: Mapping[str, str]
    power: frozenset[str] = COMMON_POWER
    power_optional: frozenset[str] = frozenset()
    cycles: frozenset[str] = frozenset()
    level_energy: frozenset[str] = frozenset()
    level_power: frozenset[str] = frozenset()

    @property
    def has_levels(self) -> bool:
        """Whether chips of this kind have performance levels."""
        return bool(self.level_energy or self.level_power)
