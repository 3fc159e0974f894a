"""Gaps to the best known solution and to a lower bound: two different things, so both are told."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.errors import NeurosimError


@dataclass(frozen=True)
class Gap:
    """A cost beside the best known one and a lower bound; None where one is not known.

    A bound may lie far below what can be reached, so a large ``to_bound`` does not mean that a cost is bad.
    """

    cost: float
    best: float | None = None
    bound: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("best known cost", self.best), ("lower bound", self.bound)):
            if value is not None and value < 0:
                raise NeurosimError(f"{name} {value:g}, must be at least 0")
        if self.bound is not None and self.cost < self.bound * (1 - 1e-12):
            raise NeurosimError(f"cost {self.cost:g} is below the lower bound {self.bound:g}: one of them is wrong")

    @property
    def to_best(self) -> float | None:
        """Cost over best known cost, less one."""
        return _excess(self.cost, self.best)

    @property
    def to_bound(self) -> float | None:
        """Cost over lower bound, less one."""
        return _excess(self.cost, self.bound)


def _excess(cost: float, reference: float | None) -> float | None:
    if reference is None:
        return None
    if not reference:
        return 0.0 if not cost else None
    return cost / reference - 1
