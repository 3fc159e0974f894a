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
BOUNDARIES = ("cores", "chip", "chip with host")
COMPONENTS = ("synapse", "neuron", "spike output", "network", "barrier", "learning", "static", "host")


@dataclass(frozen=True)
class Price:
    """One term of the linear form: ``counter`` times the figure ``energy`` belongs to ``component``.

    ``energy`` names a figure of the constant set, or ``level.<name>.<figure>`` of a performance level.
    ``of`` "unused cores" takes the counter once per core that is not in use, where the boundary reaches that far.
    """

    counter: str
    energy: str
    component: str
    of: Literal["cores in use", "unused cores"] = "cores in use"


@dataclass(frozen=True)
class Power:
    """The time that ``counter`` counts, times the power ``level.<name>.<figure>`` or ``power.<figure>``.

    ``unit`` is what the counter counts: picoseconds, or ticks, which last as long as the run's steps did on average
    (longer than the clock's where a core overran). A power that flows only while a core works belongs to another
    ``component`` than the static part; it is stated at the reference supply, and so are the times it is taken for.
    """

    counter: str
    power: str
    unit: Literal["ps", "tick"]
    component: str = "static"


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
    terms: Sequence[Price | Power],
    constants: str | None = None,
    host: Host | None = None,
    boundary: Boundary | None = None,
) -> Energy:
    """Price a run with a constant set of the chip, by default the one it ran with, at the chip's supply voltage.

    The band adds up the ends of every figure's range (all low or all high at once, so it is an outer bound);
    a figure without a range gets the set's stated error. Raises NeurosimError for an unknown set or host figure.
    """
    host = host or Host()
    chosen = chip.constants(constants or run.constants)
    wanted = boundary or ("chip with host" if host.counted else "chip")
    if wanted not in BOUNDARIES:
        raise unknown("boundary", wanted, BOUNDARIES)
    bill = _Bill(chip, chosen, run)
    for term in terms:
        if isinstance(term, Power):
            bill.hold(term)
        elif term.of == "cores in use" or wanted != "cores":
            bill.count(term)
    seconds = float(run.times.step_ends[:, -1].mean()) * 1e-12 + host_seconds(run, chip, host)
    bill.static(seconds, wanted)
    if wanted == "chip with host":
        bill.host(host, seconds)
    per_core = _per_core(run, terms, chip, chosen)
    return Energy(chip.name, chosen.name, wanted, bill.parts, per_core, tuple(dict.fromkeys(bill.unranged)))


class _Bill:
    """Adds up parts of the energy of one run."""

    def __init__(self, chip: Chip, constants: ConstantSet, run: Run) -> None:
        self.chip, self.constants, self.run = chip, constants, run
        self.parts = {name: Band(0.0, 0.0, 0.0) for name in COMPONENTS}
        self.unranged: list[str] = []

    def add(self, component: str, name: str, quantity: Quantity, factor: float) -> None:
        """Add a figure times a factor to a part; remember the figure if nothing is known of its error."""
        band, ranged = _band(quantity, self.constants)
        self.parts[component] += Band(factor * band.value, factor * band.low, factor * band.high)
        if not ranged and factor and quantity.value:
            self.unranged.append(name)

    def count(self, term: Price) -> None:
        """Add one term of the linear form."""
        number = float(self.run.activity.total(term.counter).mean())
        if term.of == "unused cores":
            number *= len(self.chip.usable_cores) - len(self.run.activity.cores)
        figure = energy_figure(self.chip, self.constants, term.energy)
        name = term.energy if term.energy.startswith("level.") else f"energy.{term.energy}"
        self.add(term.component, name, figure, number * self.chip.scale.energy)

    def hold(self, term: Power) -> None:
        """Add a power for the time that a counter tells."""
        unit = self.run.times.step_ends[:, -1] / self.run.chip_steps if term.unit == "tick" else 1.0
        seconds = float((self.run.activity.total(term.counter) * unit).mean()) * 1e-12
        scale = self.chip.scale
        factor = scale.static if term.component == "static" else scale.energy / self.chip.time_factor
        self.add(term.component, term.power, power_figure(self.chip, self.constants, term.power), seconds * factor)

    def static(self, seconds: float, boundary: Boundary) -> None:
        """Add the powers that flow whatever happens."""
        used, power = len(self.run.activity.cores), self.constants.power
        shares = {"core_static": float(used)}
        if boundary != "cores":
            shares["chip_static"] = float(self.chip.n_chips)
            shares["core_unused"] = float(len(self.chip.usable_cores) - used)
        for name, number in shares.items():
            self.add("static", f"power.{name}", power[name], number * seconds * self.chip.scale.static)

    def host(self, host: Host, seconds: float) -> None:
        """Add what lies around the chip."""
        for name in ("embedded_clocks", "embedded_running") if host.embedded else ():
            if name not in self.chip.power:
                raise NeurosimError(f"{self.chip.name}: host.embedded: the descriptor has no power.{name}")
            self.add("host", f"power.{name}", self.chip.power[name], seconds)
        if host.state_reset:
            self.add("host", "host.state_reset", _host_figure(self.chip, "state_reset"), 1.0)


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


def energy_figure(chip: Chip, constants: ConstantSet, name: str) -> Quantity:
    """Return the figure that a Price names; raises NeurosimError when the descriptor has none."""
    if name.startswith("level."):
        _, level, figure = name.split(".")
        return chip.levels[level].energy[figure]
    if name not in constants.energy:
        raise NeurosimError(f"constant set {constants.name} has no energy.{name}")
    return constants.energy[name]


def power_figure(chip: Chip, constants: ConstantSet, name: str) -> Quantity:
    """Return the figure that a Power names."""
    if name.startswith("level."):
        _, level, figure = name.split(".")
        return chip.levels[level].power[figure]
    return constants.power[name.removeprefix("power.")]


def _band(quantity: Quantity, constants: ConstantSet) -> tuple[Band, bool]:
    if quantity.range is not None:
        return Band(quantity.si, quantity.low, quantity.high), True
    error = constants.stated_error.energy if constants.stated_error and quantity.dimension == "energy" else None
    if error is None:
        return Band(quantity.si, quantity.si, quantity.si), False
    return Band(quantity.si, quantity.si * (1 - error), quantity.si * (1 + error)), True


def _per_core(run: Run, terms: Sequence[Price | Power], chip: Chip, constants: ConstantSet) -> NDArray[np.float64]:
    per_core = np.zeros(run.activity.per_core.shape[1])
    for term in terms:
        each = _each(term, chip, constants)
        if term.counter in run.activity.counters and each:
            column = run.activity.per_core[:, :, run.activity.counters.index(term.counter)]
            per_core += column.mean(axis=0) * each * chip.scale.energy
    return per_core


def _each(term: Price | Power, chip: Chip, constants: ConstantSet) -> float:
    """Return the dynamic energy in joules that one count on a core in use costs, 0 where it costs none there."""
    if isinstance(term, Price):
        return energy_figure(chip, constants, term.energy).si if term.of == "cores in use" else 0.0
    if term.component == "static" or term.unit != "ps":
        return 0.0
    return power_figure(chip, constants, term.power).si * 1e-12 / chip.time_factor


def _sum(bands: Iterable[Band]) -> Band:
    total = Band(0.0, 0.0, 0.0)
    for band in bands:
        total += band
    return total
