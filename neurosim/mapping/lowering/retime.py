"""Retiming: give every projection at least the chip's shortest delay without changing what is computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurosim.errors import UnsupportedError
from neurosim.mapping.lowering.record import Record
from neurosim.network import Network, Projection


def retime(network: Network, least: int) -> tuple[Network, dict[str, int], Record | None]:
    """Return the network with every delay at least ``least`` steps, the lag of each population, and a record.

    A population with lag L does in step t + L what it did in step t; a projection's new delay is its old one
    plus the difference of the two lags (the retiming rule of Leiserson and Saxe, 1991). Lags are the longest
    path, by Bellman-Ford. Raises UnsupportedError when a circle of projections has too little delay.
    """
    lag = {p.name: 0 for p in network.populations}
    for _ in range(len(network.populations) + 1):
        changed = False
        for p in network.projections:
            needed = lag[p.source] + least - _shortest(p)
            if needed > lag[p.target]:
                lag[p.target], changed = needed, True
        if not changed:
            break
    else:
        raise UnsupportedError(
            f"network {network.name}: a circle of projections has less delay than the chip's {least} steps each"
        )
    if not any(lag.values()):
        return network, lag, None
    projections = tuple(_shifted(p, lag[p.target] - lag[p.source]) for p in network.projections)
    record = Record(
        "retime",
        "each population runs behind the input by " + ", ".join(f"{k} {v}" for k, v in lag.items() if v) + " steps",
        f"a spike acts {least} step after it was sent at the earliest; the network asks for the same step",
        "exact",
        f"{max(lag.values())} more steps per inference",
    )
    return replace(network, projections=projections), lag, record


def _shortest(projection: Projection) -> int:
    return int(projection.delays.min()) if len(projection.targets) else 0


def _shifted(projection: Projection, shift: int) -> Projection:
    if isinstance(projection.delay, int):
        return replace(projection, delay=projection.delay + shift)
    return replace(projection, delay=(projection.delay + shift).astype(np.int16))
