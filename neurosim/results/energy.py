"""Energy: activity times the chip's price list, afterwards; nothing here runs a simulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip, ConstantSet, Quantity
from neurosim.errors import NeurosimError, unknown
from neurosim.results.activity import Run

Boundary = Literal["cores", "chip", "chip with host"]
COMPONENTS = ("synapse", "neuron", "spike output", "network", "barrier", "static", "host")


@dataclass(frozen=True)
class Price:
    """One term of the linear form: ``counter`` times the descriptor's ``energy`` figure belongs to ``component``."""

    counter: str
    energy: str
    component: str


@dataclass(frozen=True)
class Host:
    """What lies around the chip, off unless asked for.

    ``step_overhead`` names a figure of the descriptor's host section that is added to every step (None = the
    chip runs free); ``inference_overhead`` one that is added to every inference; ``embedded`` charges the
    embedded processors' power for the whole time; ``state_reset`` charges one reset of the chip per inference.
    """

    step_overhead: str | None = None
    inference_overhead: str | None = None
    embedded: bool = False
    state_reset: bool = False

    @property
    def counted(self) -> bool:
        """Whether anything of the host is counted."""
        return bool(self.step_overhead or self.inference_overhead or self.embedded or self.state_reset)


@dataclass(frozen=True)
class Band:
    """A value in joules with the lower and upper end that the constants' ranges and stated error allow."""

    value: float
    low: float
    high: float

    def __add__(self, other: Band) -> Band:
        return Band(self.value + other.value, self.low + other.low, self.high + other.high)


@dataclass(frozen=True, eq=False)
class Energy:
    """Energy per inference (mean over samples), in joules: modelled, never measured.

    ``parts`` one Band per component; ``per_core`` dynamic energy of each core in use, float64[cores];
    ``unranged`` names the figures that have neither a range nor a stated error, so that the band leaves them out.
    """

    chip: str
    constants: str
    boundary: Boundary
    parts: Mapping[str, Band]
    per_core: NDArray[np.float64]
    unranged: tuple[str, ...]

    @property
    def total(self) -> Band:
        """Sum of all parts."""
        return _sum(self.parts.values())

    @property
    def dynamic(self) -> Band:
        """Sum of the parts that activity causes."""
        return _sum(band for name, band in self.parts.items() if name not in ("static", "host"))

    @property
    def static(self) -> Band:
        """Power that flows whatever happens, times the latency."""
        return self.parts["static"]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form of the design."""
        return {
            "total": self.total.value,
            "dynamic": self.dynamic.value,
            "static": self.static.value,
            "low": self.total.low,
            "high": self.total.high,
            "boundary": self.boundary,
            "breakdown": {name: asdict(band) for name, band in self.parts.items()},
            "without_range": list(self.unranged),
        }


def price(
    run: Run,
    chip: Chip,
    prices: Sequence[Price],
    constants: str | None = None,
    host: Host | None = None,
    boundary: Boundary | None = None,
) -> Energy:
    """Price a run with a constant set of the chip, by default the one it ran with.

    The band adds up the ends of every figure's range (all low or all high at once, so it is an outer bound);
    a figure without a range gets the set's stated error. Raises NeurosimError for an unknown set or host figure.
    """
    host = host or Host()
    chosen = chip.constants(constants or run.constants)
    wanted = boundary or ("chip with host" if host.counted else "chip")
    if wanted not in ("cores", "chip", "chip with host"):
        raise unknown("boundary", wanted, ("cores", "chip", "chip with host"))
    parts = {name: Band(0.0, 0.0, 0.0) for name in COMPONENTS}
    unranged = []
    for term in prices:
        quantity = _energy(chosen, term.energy)
        count = float(run.activity.total(term.counter).mean())
        band, ranged = _band(quantity, chosen)
        parts[term.component] += Band(count * band.value, count * band.low, count * band.high)
        if not ranged and count and quantity.value:
            unranged.append(f"energy.{term.energy}")
    seconds = float(run.times.step_ends[:, -1].mean()) * 1e-12 + host_seconds(run, chip, host)
    parts["static"] = _static(chip, run, seconds, wanted)
    if wanted == "chip with host":
        parts["host"] = _host(chip, host, seconds)
    return Energy(chip.name, chosen.name, wanted, parts, _per_core(run, prices, chosen), tuple(dict.fromkeys(unranged)))


def host_seconds(run: Run, chip: Chip, host: Host) -> float:
    """Return the time that the host adds to one inference, in seconds."""
    seconds = 0.0
    if host.step_overhead:
        seconds += _host_figure(chip, host.step_overhead).si * run.chip_steps
    if host.inference_overhead:
        seconds += _host_figure(chip, host.inference_overhead).si
    return seconds


def _host_figure(chip: Chip, name: str) -> Quantity:
    if name not in chip.host:
        raise unknown(f"host figure of chip {chip.name}:", name, chip.host)
    return chip.host[name]


def _energy(constants: ConstantSet, name: str) -> Quantity:
    if name not in constants.energy:
        raise NeurosimError(f"constant set {constants.name} has no energy.{name}")
    return constants.energy[name]


def _band(quantity: Quantity, constants: ConstantSet) -> tuple[Band, bool]:
    if quantity.range is not None:
        return Band(quantity.si, quantity.low, quantity.high), True
    error = constants.stated_error.energy if constants.stated_error else None
    if error is None:
        return Band(quantity.si, quantity.si, quantity.si), False
    return Band(quantity.si, quantity.si * (1 - error), quantity.si * (1 + error)), True


def _static(chip: Chip, run: Run, seconds: float, boundary: Boundary) -> Band:
    cores = chip.power["core_static"]
    n = len(run.activity.cores)
    power = Band(n * cores.si, n * cores.low, n * cores.high)
    if boundary != "cores":
        gated = chip.power["chip_gated"]
        power += Band(gated.si, gated.low, gated.high)
    return Band(power.value * seconds, power.low * seconds, power.high * seconds)


def _host(chip: Chip, host: Host, seconds: float) -> Band:
    total = Band(0.0, 0.0, 0.0)
    if host.embedded:
        for name in ("embedded_clocks", "embedded_running"):
            quantity = chip.power[name]
            total += Band(quantity.si * seconds, quantity.low * seconds, quantity.high * seconds)
    if host.state_reset:
        reset = _host_figure(chip, "state_reset")
        total += Band(reset.si, reset.low, reset.high)
    return total


def _per_core(run: Run, prices: Sequence[Price], constants: ConstantSet) -> NDArray[np.float64]:
    per_core = np.zeros(run.activity.per_core.shape[1])
    for term in prices:
        if term.counter in run.activity.counters:
            column = run.activity.per_core[:, :, run.activity.counters.index(term.counter)]
            per_core += column.mean(axis=0) * _energy(constants, term.energy).si
    return per_core


def _sum(bands: Iterable[Band]) -> Band:
    total = Band(0.0, 0.0, 0.0)
    for band in bands:
        total += band
    return total
