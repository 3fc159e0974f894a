"""What a run of F18A nodes cost: power of a running node times its time, leakage of those that wait.

There is no published energy per opcode. A turn of unext has a measured figure of its own; all the rest of the time
in which a node ran is priced with the power of a running node, whose band is wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from neurosim.chip import Chip, Quantity
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.result import ArrayResult
from neurosim.cores.f18a.timing import durations
from neurosim.errors import unknown
from neurosim.results.energy import Band

BOUNDARIES = ("cores", "chip")


@dataclass(frozen=True)
class ArrayEnergy:
    """Energy of a run in joules: derived from the makers' currents and modelled time, never measured.

    ``parts``: active (running nodes, but for unext), unext, and leakage (suspended nodes; with boundary chip also
    those without a program). ``per_node`` is what each node with a program took while it ran.
    """

    chip: str
    constants: str
    boundary: str
    parts: Mapping[str, Band]
    per_node: Mapping[int, float]

    @property
    def total(self) -> Band:
        """Sum of all parts."""
        bands = list(self.parts.values())
        return Band(sum(b.value for b in bands), sum(b.low for b in bands), sum(b.high for b in bands))

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        total = self.total
        return {
            "total": total.value,
            "low": total.low,
            "high": total.high,
            "boundary": self.boundary,
            "constants": self.constants,
            "confidence": "derived",
            "breakdown": {name: asdict(band) for name, band in self.parts.items()},
        }


def price_array(
    result: ArrayResult, chip: Chip, boundary: Literal["cores", "chip"] = "chip", constants: str | None = None
) -> ArrayEnergy:
    """Price a run with a constant set of the chip, by default the one it ran with, at the supply of the chip.

    ``chip`` must be at the supply at which the run was made: times change with it. The band takes all figures at
    the low or all at the high end of their ranges. Raises NeurosimError for an unknown set or boundary.
    """
    if boundary not in BOUNDARIES:
        raise unknown("boundary", boundary, BOUNDARIES)
    chosen = chip.constants(constants or result.constants)
    turn = int(durations(chip, chip.constants(result.constants))[reg.MICRONEXT])
    turns = {c.node: c.opcodes.get("unext", 0) for c in result.counters}
    # Powers and the energy of unext are stated at the reference supply, so times are taken back to it.
    running = {c.node: (c.active_ps - turns[c.node] * turn) * 1e-12 / chip.time_factor for c in result.counters}
    waiting = sum(c.suspended_ps for c in result.counters) * 1e-12
    unused = (chip.n_existing_cores - len(result.counters)) * result.end * 1e-12 if boundary == "chip" else 0.0
    static = _band(chosen.power["core_static"], waiting) + _band(chosen.power["core_unused"], unused)
    if boundary == "chip":
        static += _band(chosen.power["chip_static"], result.end * 1e-12)
    dynamic, leakage = chip.scale.energy, chip.scale.static
    active, unext = chosen.power["active"], chosen.energy["unext"]
    return ArrayEnergy(
        chip.name,
        chosen.name,
        boundary,
        {
            "active": _band(active, sum(running.values()) * dynamic),
            "unext": _band(unext, sum(turns.values()) * dynamic),
            "leakage": Band(static.value * leakage, static.low * leakage, static.high * leakage),
        },
        {node: (active.si * running[node] + unext.si * turns[node]) * dynamic for node in running},
    )


def _band(figure: Quantity, factor: float) -> Band:
    return Band(figure.si * factor, figure.low * factor, figure.high * factor)
