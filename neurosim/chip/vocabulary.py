"""Vocabulary: the names that a core kind wants to find in the descriptor of a chip built of such cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Vocabulary:
    """Names and dimensions that a descriptor must hold, no more and no fewer.

    Mappings go from name to dimension: ``count`` is a whole number from 0, ``signed`` a whole number of
    either sign, anything else is a physical dimension (time, energy, power, voltage, area, length, rate).
    ``energy`` names are energies, ``time`` names times (a Quantity or a Table), ``power`` names powers.
    ``energy``, ``time`` and ``flow`` must stand in every constant set.
    """

    limits: Mapping[str, str]
    arithmetic: Mapping[str, str]
    energy: frozenset[str]
    time: frozenset[str]
    flow: Mapping[str, str]
    power: frozenset[str]
    host: Mapping[str, str]
