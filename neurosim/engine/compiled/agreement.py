"""Do two runs agree? Compared field by field, to the last unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.results import Run
from neurosim.results.activity import NETWORK_COUNTERS

_PACKET = ("step", "source", "destination", "axon", "created", "delivered")


def first_difference(a: Run, b: Run) -> str | None:
    """Return a line that names the first difference between two runs, None if they agree in all but the engine.

    Pulses and packets of the first sample are sets; everything else is compared place by place.
    """
    return next(_differences(a, b), None)


def _differences(a: Run, b: Run) -> Iterator[str]:
    yield from _scalars(a, b)
    for name in a.spikes.counts:
        yield from _array(f"pulses of {name}", a.spikes.counts[name], b.spikes.counts[name], ("sample", "step"))
    yield from _rows("pulse", a.spikes.first_sample, b.spikes.first_sample, ("step", "population", "neuron"))
    yield from _array("step_ends", a.times.step_ends, b.times.step_ends, ("sample", "step"))
    yield from _rows("packet", a.times.first_packets, b.times.first_packets, _PACKET)
    yield from _counters(a, b)
    for name in a.spikes.full:
        yield from _array(f"pulses of {name}", a.spikes.full[name], b.spikes.full[name], ("sample", "step", "neuron"))
    for name in a.answers:
        yield from _array(f"answers of {name}", a.answers[name], b.answers[name], ("sample", "neuron"))
    yield from _learned(a, b)
    columns = [np.stack(run.times.packet_latency, axis=1) for run in (a, b)]
    yield from _rows("packet latency", columns[0], columns[1], ("latency", "packets"))


def _scalars(a: Run, b: Run) -> Iterator[str]:
    for name in ("chip", "core_kind", "constants", "network", "program_digest", "steps", "chip_steps", "positions"):
        if getattr(a, name) != getattr(b, name):
            yield f"{name}: {getattr(a, name)} against {getattr(b, name)}"
    pairs = {
        "counters": (a.activity.counters, b.activity.counters),
        "links": (a.activity.links, b.activity.links),
        "cores": (a.activity.cores.tolist(), b.activity.cores.tolist()),
        "populations": (a.spikes.names, b.spikes.names),
        "recorded populations": (sorted(a.spikes.full), sorted(b.spikes.full)),
        "answers": (sorted(a.answers), sorted(b.answers)),
    }
    for name, (one, other) in pairs.items():
        if one != other:
            yield f"{name}: {one} against {other}"


def _counters(a: Run, b: Run) -> Iterator[str]:
    x, y = a.activity, b.activity
    yield from _array("counter", x.per_core, y.per_core, ("sample", "core", "counter"), x.counters)
    yield from _array("counter", x.per_step, y.per_step, ("step", "counter"), x.counters)
    yield from _array("packets_per_step", x.packets_per_step, y.packets_per_step, ("step",))
    yield from _array("packets on a link", x.per_link, y.per_link, ("link",))
    yield from _array("counter", x.network, y.network, ("sample", "counter"), NETWORK_COUNTERS)


def _learned(a: Run, b: Run) -> Iterator[str]:
    if a.learned is None or b.learned is None:
        if a.learned is not b.learned:
            yield f"learned: {a.learned} against {b.learned}"
        return
    for name in a.learned._fields:
        yield from _array(f"learned {name}", getattr(a.learned, name), getattr(b.learned, name), ("synapse",))


def _array(
    what: str, a: NDArray[Any], b: NDArray[Any], axes: tuple[str, ...], names: tuple[str, ...] = ()
) -> Iterator[str]:
    if a.dtype != b.dtype or a.shape != b.shape:
        yield f"{what}: {a.dtype}{list(a.shape)} against {b.dtype}{list(b.shape)}"
    elif not np.array_equal(a, b):
        at = tuple(np.argwhere(a != b)[0].tolist())
        where = [f"{axis} {names[k] if names and axis == 'counter' else k}" for axis, k in zip(axes, at, strict=True)]
        yield f"{what}: {', '.join(where)}: {a[at]} against {b[at]}"


def _rows(what: str, a: NDArray[Any], b: NDArray[Any], columns: tuple[str, ...]) -> Iterator[str]:
    if a.shape[1:] != b.shape[1:]:
        yield f"{what}: rows of {a.shape[1:]} against {b.shape[1:]}"
        return
    a, b = (rows[np.lexsort(rows.T[::-1])] for rows in (a, b))
    n = min(len(a), len(b))
    different = np.flatnonzero((a[:n] != b[:n]).any(axis=1))
    if len(different) == 0 and len(a) == len(b):
        return
    at = int(different[0]) if len(different) else n

    def row(rows: NDArray[Any]) -> str:
        if at >= len(rows):
            return "none"
        return ", ".join(f"{name} {value}" for name, value in zip(columns, rows[at].tolist(), strict=True))

    yield f"{what}: {row(a)} against {row(b)} ({len(a)} and {len(b)} in all)"
