"""How a program is run, whatever the engine; and where pulses and packets can be sent while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

NETWORKS = ("exact", "counts")


@dataclass(frozen=True)
class How:
    """Choices of a run: the ``network`` model, ``threads`` that share the cores of a step, a ``router`` of one's own.

    ``network`` "exact" simulates links and queues. "counts" is the same network with links that serialise nothing
    and queues without bound: hops and link loads are those of the exact one, latencies those of an empty network.
    """

    network: str = "exact"
    threads: int = 1
    router: Callable[..., Any] | None = None

    @property
    def contention(self) -> bool:
        """Whether packets wait for each other."""
        return self.network != "counts"


class Sink(Protocol):
    """Takes what happens in a run, sample by sample; several calls may belong to one sample."""

    def spikes(self, sample: int, rows: NDArray[np.int64]) -> None:
        """Take pulses as rows (step, population index, neuron)."""

    def packets(self, sample: int, rows: NDArray[np.int64]) -> None:
        """Take packets as rows (step, source, destination, axon, created, delivered), times in ps."""
