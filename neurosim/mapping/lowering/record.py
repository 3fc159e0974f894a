"""What lowering returns: the rewritten network and one record per pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from neurosim.network import Network

Fidelity = Literal["exact", "approximate"]


@dataclass(frozen=True)
class Record:
    """One rewrite: what changed, why, whether it is exact, what it costs, and its measured effect if measured."""

    name: str
    what: str
    why: str
    fidelity: Fidelity
    cost: str = "none"
    measured: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Lowered:
    """A network that the chip can express.

    ``lag[p]`` steps by which population p runs behind the original network; ``scale[p]`` is the factor between
    the original membrane and the chip's integer.
    """

    network: Network
    records: tuple[Record, ...]
    lag: Mapping[str, int]
    scale: Mapping[str, float] = field(default_factory=dict)

    @property
    def extra_steps(self) -> int:
        """Steps that a run needs beyond its input steps until the last population has seen everything."""
        return max(self.lag.values(), default=0)

    @property
    def exact(self) -> bool:
        """Whether every rewrite is exact, so that decisions equal those of the original network."""
        return all(record.fidelity == "exact" for record in self.records)
