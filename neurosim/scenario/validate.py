"""Validation: the published figures of a chip beside what the simulator predicts, with errors; it does not judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import assert_never

from neurosim.chip import Chip
from neurosim.engine.simulate import ENGINES
from neurosim.errors import NeurosimError
from neurosim.results import Band
from neurosim.scenario.bands import exactly, minus, times, total
from neurosim.scenario.characterisation import Sample, power_of, prepare_sample, simulate_sample
from neurosim.scenario.characterisation_file import Load, chip_of
from neurosim.scenario.micro import operation_cost
from neurosim.scenario.micro_processor import operation_energy
from neurosim.scenario.power_state import state_power
from neurosim.scenario.programs import Measured, prepare_programs, run_program
from neurosim.scenario.programs_file import load_programs
from neurosim.scenario.published import (
    ByCharacterisation,
    ByOperation,
    ByPowerState,
    ByProgram,
    Point,
    PublishedFile,
    load_published,
)
from neurosim.scenario.validation import Row, Validation

_SEED = 0


def validate_chips(
    names: Iterable[str], progress: Callable[[str, int], Callable[[int], None]] | None = None
) -> list[Validation]:
    """Predict every published point of some chips; all files are read first. Raises NeurosimError."""
    files = [load_published(name) for name in names]
    return [validate_chip(document, chip, progress) for document, chip in files]


def validate_chip(
    document: PublishedFile, chip: Chip, progress: Callable[[str, int], Callable[[int], None]] | None = None
) -> Validation:
    """Predict every point of a file of published points; raises NeurosimError for what does not go together."""
    began, predictor = perf_counter(), Predictor(document, chip)
    advance = progress(f"{chip.name}: published points", len(document.point)) if progress else None
    rows: list[Row] = []
    for point in document.point:
        rows += predictor.rows(point)
        if advance is not None:
            advance(1)
    return Validation(chip, tuple(rows), document.notes, perf_counter() - began)


class Predictor:
    """Predicts the points of one file; activity and programs that several points share are simulated once."""

    def __init__(self, document: PublishedFile, chip: Chip) -> None:
        self._document, self._chip = document, chip
        self._samples: dict[str, Sample] = {}
        self._programs: dict[str, Mapping[str, Measured]] = {}

    def rows(self, point: Point) -> list[Row]:
        """Return one row per constant set that the point is predicted with."""
        if point.predict is None:
            return [self._row(point, None, None, 0.0)]
        sets = point.constants or self._document.constants or (self._chip.default_constants,)
        return [self._row(point, name, *self._predict(point, name)) for name in sets]

    def _row(self, point: Point, constants: str | None, band: Band | None, statistical: float) -> Row:
        return Row(
            self._chip.name,
            point.quantity,
            point.condition,
            point.published,
            constants,
            band,
            statistical,
            constants in point.fitted,
            point.bound,
            point.note,
        )

    def _predict(self, point: Point, constants: str) -> tuple[Band, float]:
        """Return the prediction and its statistical deviation; raises NeurosimError where the units disagree."""
        changes, how = {**self._document.set, **point.set}, point.predict
        match how:
            case ByCharacterisation():
                dimension: str = "power" if how.measure == "power" else "energy"
                band, statistical = self._characterise(how, constants, changes)
            case ByOperation():
                dimension, statistical = how.measure, 0.0
                band = _operation(how, self._chip.with_overrides(changes), constants)
            case ByPowerState():
                dimension, statistical = "power", 0.0
                band = _power_state(how, self._chip.with_overrides(changes), constants)
            case ByProgram():
                (band, dimension), statistical = self._program(how, constants, changes), 0.0
            case None:
                raise NeurosimError(f"{point.quantity}: nothing says how to predict it")
            case _:
                assert_never(how)
        if point.published.dimension != dimension:
            raise NeurosimError(
                f"{self._chip.name}: published {point.quantity} is {point.published}, predicted is {dimension}"
            )
        return band, statistical

    def _characterise(self, how: ByCharacterisation, constants: str, changes: dict[str, str]) -> tuple[Band, float]:
        load = how.load
        chip = chip_of(self._chip.name, load, changes)
        power = power_of(self._sample(load, changes), chip, constants)
        if how.measure == "power":
            return power.total, power.statistical
        per_operation = power.per_operation
        if per_operation is None:
            raise NeurosimError(f"{self._chip.name}: energy per synaptic event: the load has no synaptic events")
        return per_operation, power.statistical_per_operation

    def _sample(self, load: Load, changes: dict[str, str]) -> Sample:
        """Return the activity of a load, which does not depend on the supply."""
        plain = load.model_copy(update={"voltage": None})
        key = f"{plain.model_dump_json()} {sorted(changes.items())}"
        if key not in self._samples:
            chip = chip_of(self._chip.name, plain, changes)
            program, probability = prepare_sample(chip, plain, _SEED)
            engine = "compiled" if "compiled" in ENGINES else "event"
            self._samples[key] = simulate_sample(program, probability, load.ticks, engine)
        return self._samples[key]

    def _program(self, how: ByProgram, constants: str, changes: dict[str, str]) -> Measured:
        key = f"{how.scenario} {how.program} {constants} {sorted(changes.items())}"
        if key not in self._programs:
            given = [(f"chip.{self._chip.name}.{figure}", value) for figure, value in changes.items()]
            scenario = load_programs(how.scenario, given)
            program = scenario.find(how.program)
            if program is None:
                raise NeurosimError(f"{how.scenario}: no program '{how.program}'")
            self._programs[key] = run_program(prepare_programs(scenario), program, constants).measured
        return self._programs[key][how.measure]


def _operation(how: ByOperation, chip: Chip, constants: str) -> Band:
    if chip.core_kind == "processor":
        if how.measure != "energy" or how.level is None:
            raise NeurosimError(f"{chip.name}: of operation {how.operation} only the energy at a level is predicted")
        return times(how.times, operation_energy(how.operation, chip, constants, how.level))
    if chip.core_kind != "compartment" or how.level is not None:
        raise NeurosimError(f"{chip.name}: operation {how.operation}: not measured on cores of kind {chip.core_kind}")
    cost = operation_cost(how.operation, chip, constants, how.tiles)
    if how.measure == "energy":
        return times(how.times, cost.energy)
    return exactly(how.times * (cost.seconds if how.measure == "time" else cost.per_second))


def _power_state(how: ByPowerState, chip: Chip, constants: str) -> Band:
    def power(cores: int) -> Band:
        return state_power(chip, constants, cores, how.work, how.level, how.chips)

    chips = power(0)
    parts = {"chip": chips, "cores": minus(power(how.cores), chips)}
    return total(parts[name] if name in parts else _embedded(how, chip, name) for name in how.parts)


def _embedded(how: ByPowerState, chip: Chip, name: str) -> Band:
    figure = chip.power[name]
    return times(how.chips, Band(figure.si, figure.low, figure.high))
