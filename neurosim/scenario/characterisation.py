"""The scenario of kind "characterisation": a chip full of random activity, and the power that it draws.

All cores and neurons are in use, each neuron fires at random with one mean rate, each spike reaches a row with the
same number of synapses on a random core after a random delay. This is how the makers of TrueNorth measured power.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import sqrt
from time import perf_counter
from typing import Any

import numpy as np

from neurosim.api import price, simulate
from neurosim.chip import Chip
from neurosim.engine.simulate import check_engine
from neurosim.errors import NeurosimError
from neurosim.network.generate import firing_probability, random_neuron
from neurosim.program import Program
from neurosim.results import Band, Energy, Run
from neurosim.scenario.bands import times
from neurosim.scenario.characterisation_file import KIND, CharacterisationScenario, Load, chip_of
from neurosim.scenario.extrapolate import after, for_all_cores
from neurosim.scenario.random_program import random_program


@dataclass(frozen=True, eq=False)
class Sample:
    """What was simulated: ``run`` the ticks after the warm-up, on the cores of ``program`` only.

    ``rate_hz`` is the exact mean rate of a neuron with ideal draws, ``probability`` that of a tick.
    """

    program: Program
    run: Run
    probability: Fraction
    rate_hz: float
    seconds: float

    @property
    def chance(self) -> float:
        """Relative standard deviation of the number of spikes, as independent draws would have it."""
        spikes = int(self.run.activity.total("spikes").sum())
        return sqrt((1 - float(self.probability)) / spikes) if spikes else 0.0


@dataclass(frozen=True, eq=False)
class ChipPower:
    """Power of the whole chip at one supply and constant set; ``energy`` is that of all ticks simulated.

    ``chance`` is one standard deviation of the number of spikes, relative.
    """

    chip: Chip
    energy: Energy
    run: Run
    time: float
    chance: float

    @property
    def total(self) -> Band:
        """The power in watts, with the band that the constants' ranges allow."""
        return times(1 / self.time, self.energy.total)

    @property
    def parts(self) -> dict[str, Band]:
        """The power in watts by component, those that are zero left out."""
        return {name: times(1 / self.time, band) for name, band in self.energy.parts.items() if band.value}

    @property
    def statistical(self) -> float:
        """One standard deviation of the power (W) that the number of spikes causes."""
        return self.energy.dynamic.value / self.time * self.chance

    @property
    def operations_per_second(self) -> float:
        """Synaptic events per second on the whole chip."""
        return float(self.run.activity.total("synaptic_operations").mean()) / self.time

    @property
    def per_operation(self) -> Band | None:
        """All power over all synaptic events, in joules; None without events."""
        rate = self.operations_per_second
        return times(1 / rate, self.total) if rate else None

    @property
    def statistical_per_operation(self) -> float:
        """One standard deviation of ``per_operation`` (J): that of the static part's share."""
        rate = self.operations_per_second
        return self.energy.static.value / self.time / rate * self.chance if rate else 0.0


@dataclass(frozen=True, eq=False)
class CharacterisationResult:
    """A sample and the powers that follow, one per constant set."""

    scenario: CharacterisationScenario
    sample: Sample
    powers: tuple[ChipPower, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form: one run per constant set, activity and energy of the whole chip."""
        about, sample = self.scenario.scenario, self.sample
        return {
            "scenario": about.name,
            "title": about.title,
            "kind": KIND,
            "load": self.scenario.characterisation.model_dump(exclude_none=True),
            "rate_hz": sample.rate_hz,
            "firing_probability": f"{sample.probability.numerator}/{sample.probability.denominator}",
            "seed": about.seed,
            "runs": [self._run(power) for power in self.powers],
        }

    def _run(self, power: ChipPower) -> dict[str, Any]:
        total, per_operation = power.total, power.per_operation
        return {
            "chip": power.chip.name,
            "constants": power.energy.constants,
            "engine": power.run.engine,
            "samples": power.run.samples,
            "steps": power.run.steps,
            "cores_used": len(power.run.activity.cores),
            "cores_simulated": len(self.sample.program.cores),
            "power_w": {
                **asdict(total),
                "statistical": power.statistical,
                "breakdown": {name: asdict(band) for name, band in power.parts.items()},
            },
            "time_s": power.time,
            "energy_j": power.energy.as_dict(),
            "synaptic_operations_per_second": power.operations_per_second,
            "energy_per_synaptic_operation_j": asdict(per_operation) if per_operation else None,
            "activity": power.run.activity.summary(),
            "warnings": list(self.warnings),
        }


def prepare_sample(chip: Chip, load: Load, seed: int) -> tuple[Program, Fraction]:
    """Return the program of a sample and the exact probability with which its neurons fire; raises NeurosimError."""
    probability = load.rate_hz * chip.tick * 1e-12
    if probability > 1:
        raise NeurosimError(
            f"rate_hz {load.rate_hz:g}: a neuron fires at most once per tick, {1e12 / chip.tick:g} times a second"
        )
    neuron = random_neuron(probability, chip.width("threshold_draw_bits"))
    return random_program(chip, neuron, load.cores, load.active_synapses, seed), firing_probability(neuron)


def simulate_sample(
    program: Program,
    probability: Fraction,
    ticks: int,
    engine: str,
    advance: Callable[[int], None] | None = None,
) -> Sample:
    """Simulate a sample: some ticks after a warm-up of the longest delay, as the difference of two runs."""
    began, chip = perf_counter(), program.chip
    warm_up = chip.limit("delay_max")
    head, whole = (
        simulate(program, np.zeros((1, steps, 0), np.bool_), engine=engine, progress=advance)
        for steps in (warm_up, warm_up + ticks)
    )
    rate = float(probability) / (chip.tick * 1e-12)
    return Sample(program, after(whole, head), probability, rate, perf_counter() - began)


def power_of(sample: Sample, chip: Chip, constants: str | None) -> ChipPower:
    """Return the power of the whole chip; only its supply and prices may differ from those of the sample's chip."""
    run = for_all_cores(sample.run, chip)
    energy = price(run, chip, constants, boundary="chip")
    time = float(run.times.step_ends[:, -1].mean()) * 1e-12
    return ChipPower(chip, energy, run, time, sample.chance)


@dataclass(frozen=True, eq=False)
class PreparedCharacterisation:
    """A characterisation with everything loaded and checked; ``constants`` are the sets to price with."""

    scenario: CharacterisationScenario
    constants: tuple[str, ...]
    program: Program
    probability: Fraction

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The scenario with every default filled in, for ``--dry-run``."""
        return self.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")


def prepare_characterisation(scenario: CharacterisationScenario) -> PreparedCharacterisation:
    """Load and check everything that can go wrong before the long part. Raises NeurosimError."""
    about, load = scenario.scenario, scenario.characterisation
    for name in scenario.chip:
        if name != about.chip:
            raise NeurosimError(f"scenario {about.name}: chip.{name} is set, but the chip is {about.chip}")
    check_engine(about.engine)
    chip = chip_of(about.chip, load, scenario.chip[about.chip].set if scenario.chip else None)
    sets = about.constants or (chip.default_constants,)
    for name in sets:
        chip.constants(name)
    return PreparedCharacterisation(scenario, sets, *prepare_sample(chip, load, about.seed))


def run_characterisation(
    prepared: PreparedCharacterisation, progress: Callable[[str, int], Callable[[int], None]] | None = None
) -> CharacterisationResult:
    """Run a characterisation and price it with every constant set asked for."""
    about, load = prepared.scenario.scenario, prepared.scenario.characterisation
    advance = progress(f"{about.name}, warm-up and measurement", 2) if progress else None
    sample = simulate_sample(prepared.program, prepared.probability, load.ticks, about.engine, advance)
    powers = tuple(power_of(sample, prepared.program.chip, name) for name in prepared.constants)
    return CharacterisationResult(prepared.scenario, sample, powers, _warnings(sample))


def _warnings(sample: Sample) -> tuple[str, ...]:
    overruns, late = (int(sample.run.activity.total(name).sum()) for name in ("overruns", "late_packets"))
    ticks = len(sample.program.cores) * sample.run.chip_steps
    found = []
    if overruns:
        found.append(
            f"{overruns} of {ticks} times a core was not done when its next tick was due: with the descriptor's times,"
            " which are upper bounds, the chip does not keep this tick"
        )
    if late:
        found.append(f"{late} packets arrived after the tick in which they were sent")
    return tuple(found)
