"""Legality: what the chip would reject, the simulator rejects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurosim.errors import CapacityError


@dataclass(frozen=True)
class Usage:
    """How much of one limit is used on one core (-1 for a core that has no place yet)."""

    limit: str
    core: int
    needed: int
    available: int

    @property
    def legal(self) -> bool:
        """Whether the limit is kept."""
        return self.needed <= self.available


def refuse_illegal(chip: str, usages: Iterable[Usage]) -> None:
    """Raise CapacityError for the first limit that is exceeded."""
    for usage in usages:
        if not usage.legal:
            raise CapacityError(chip, usage.limit, usage.needed, usage.available, f"core {usage.core}")
