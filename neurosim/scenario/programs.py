"""The scenario of kind "programs": F18A programs run opcode by opcode, and the times and powers measured on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Literal, NamedTuple, assert_never

from neurosim.api import load_chip
from neurosim.chip import Chip
from neurosim.cores.f18a.array import Array, Host, Pin, collector, feeder
from neurosim.cores.f18a.assemble import Code, assemble_nodes
from neurosim.cores.f18a.energy import ArrayEnergy, price_array
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.result import ArrayResult, Step
from neurosim.engine.event.array import run_array
from neurosim.errors import NeurosimError, nearest
from neurosim.results import Band
from neurosim.scenario.bands import exactly, times
from neurosim.scenario.programs_file import (
    KIND,
    BetweenLabels,
    Interval,
    Latency,
    Measure,
    OfOpcodes,
    Power,
    ProgramsScenario,
    TimedProgram,
    Turns,
)

DEFAULT_NODE = 407
_WORD = 1 << 18


class Measured(NamedTuple):
    """A time (s), or a power (W) with the band that the ranges of the constants allow."""

    band: Band
    dimension: Literal["time", "power"]


@dataclass(frozen=True, eq=False)
class ProgramRun:
    """One program with one constant set: what the array did, what it took, and what was measured."""

    program: TimedProgram
    result: ArrayResult
    energy: ArrayEnergy
    measured: Mapping[str, Measured]

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON: SI units, the state of the array but for its trace."""
        array = self.result.as_dict()
        del array["trace"], array["io_writes"], array["hosts"]
        return {
            "program": self.program.name,
            "constants": self.result.constants,
            "measured": {
                name: asdict(found.band) | {"dimension": found.dimension} for name, found in self.measured.items()
            },
            "energy_j": self.energy.as_dict(),
            "array": array,
        }


@dataclass(frozen=True, eq=False)
class ProgramsResult:
    """All programs of a scenario, by constant set."""

    scenario: ProgramsScenario
    chip: Chip
    runs: tuple[ProgramRun, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        about = self.scenario.scenario
        return {
            "scenario": about.name,
            "title": about.title,
            "kind": KIND,
            "chip": self.chip.name,
            "engine": about.engine,
            "runs": [run.as_dict() for run in self.runs],
        }


@dataclass(frozen=True, eq=False)
class PreparedPrograms:
    """A scenario with everything loaded and assembled; ``constants`` are the sets to run with."""

    scenario: ProgramsScenario
    chip: Chip
    constants: tuple[str, ...]
    codes: Mapping[str, tuple[Code, ...]]

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The scenario with every default filled in, for ``--dry-run``."""
        return self.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")


def prepare_programs(scenario: ProgramsScenario) -> PreparedPrograms:
    """Assemble and check everything that can go wrong before anything runs. Raises NeurosimError."""
    about = scenario.scenario
    for name in scenario.chip:
        if name != about.chip:
            raise NeurosimError(f"scenario {about.name}: chip.{name} is set, but the chip is {about.chip}")
    chip = load_chip(about.chip).with_overrides(scenario.chip[about.chip].set if scenario.chip else {})
    sets = about.constants or (chip.default_constants,)
    for name in sets:
        chip.constants(name)
    grid = Grid.of(chip)
    codes = {each.name: _assembled(scenario, each, grid) for each in scenario.program}
    prepared = PreparedPrograms(scenario, chip, sets, codes)
    for each in scenario.program:
        _array(prepared, each, sets[0])
        for measure in each.measure.values():
            _check(prepared, each, measure)
    return prepared


def _assembled(scenario: ProgramsScenario, program: TimedProgram, grid: Grid) -> tuple[Code, ...]:
    return assemble_nodes(scenario.text_of(program), program.name, grid=grid, default=DEFAULT_NODE)


def run_programs(
    prepared: PreparedPrograms, progress: Callable[[str, int], Callable[[int], None]] | None = None
) -> ProgramsResult:
    """Run every program with every constant set. Raises NeurosimError as ``run_program`` does."""
    began, scenario = perf_counter(), prepared.scenario
    advance = progress(scenario.scenario.name, len(scenario.program)) if progress else None
    runs: list[ProgramRun] = []
    for program in scenario.program:
        runs += [run_program(prepared, program, name) for name in prepared.constants]
        if advance is not None:
            advance(1)
    return ProgramsResult(scenario, prepared.chip, tuple(runs), perf_counter() - began)


def run_program(prepared: PreparedPrograms, program: TimedProgram, constants: str) -> ProgramRun:
    """Run one program and measure it; raises NeurosimError where it computes something else than it says."""
    traced = sorted({node for m in program.measure.values() if (node := _node_of(prepared, program, m)) is not None})
    result = run_array(_array(prepared, program, constants), opcodes=program.opcodes, trace=traced)
    _check_leaves(prepared, program, result)
    measured = {name: _measure(prepared, program, result, m) for name, m in program.measure.items()}
    return ProgramRun(program, result, price_array(result, prepared.chip), measured)


def _array(prepared: PreparedPrograms, program: TimedProgram, constants: str) -> Array:
    hosts: list[Host] = []
    if program.feed:
        hosts.append(feeder(*_place(program.feed.port), range(program.feed.count)))
    if program.collect:
        hosts.append(collector(*_place(program.collect)))
    pins = []
    if crystal := program.crystal:
        pins.append(Pin(crystal.node, crystal.times(), [(k + 1) % 2 for k in range(crystal.edges)]))
    programs = [code.program() for code in prepared.codes[program.name]]
    return Array(prepared.chip, programs, hosts, pins, constants)


def _place(text: str) -> tuple[int, str]:
    node, _, port = text.partition(".")
    return int(node), port


def _check(prepared: PreparedPrograms, program: TimedProgram, measure: Measure) -> None:
    """Refuse a measure that the program cannot give."""
    name = f"{prepared.scenario.scenario.name}: program {program.name}"
    nodes = [code.node for code in prepared.codes[program.name]]
    node = _node_of(prepared, program, measure)
    if node is not None and node not in nodes:
        raise NeurosimError(f"{name}: measure of node {node:03d}, which has no code")
    if isinstance(measure, BetweenLabels):
        labels = prepared.codes[program.name][nodes.index(node)].labels
        for label in (measure.start, measure.end):
            if label not in labels:
                raise NeurosimError(f"{name}: no label '{label}'{nearest(label, labels)}")
    if isinstance(measure, Latency | Interval) and not program.collect:
        raise NeurosimError(f"{name}: measure by {measure.by} needs collect")
    if isinstance(measure, Latency) and not program.feed:
        raise NeurosimError(f"{name}: measure by latency of a word needs feed")


def _node_of(prepared: PreparedPrograms, program: TimedProgram, measure: Measure) -> int | None:
    """Return the node whose opcodes a measure looks at, None for measures that look at none."""
    if not isinstance(measure, BetweenLabels | OfOpcodes | Turns):
        return None
    return prepared.codes[program.name][0].node if measure.node is None else measure.node


def _check_leaves(prepared: PreparedPrograms, program: TimedProgram, result: ArrayResult) -> None:
    wanted = tuple(word % _WORD for word in program.leaves)
    node = prepared.codes[program.name][0].node or 0
    found = result.node(node).stack[: len(wanted)]
    if found != wanted:
        raise NeurosimError(f"program {program.name}: leaves {list(found)} on the stack, must be {list(wanted)}")


def _measure(prepared: PreparedPrograms, program: TimedProgram, result: ArrayResult, measure: Measure) -> Measured:
    node = _node_of(prepared, program, measure)
    steps = [step for step in result.trace if step.node == node]
    match measure:
        case BetweenLabels():
            labels = next(code.labels for code in prepared.codes[program.name] if code.node == node)
            start, end = (_first(program, steps, name, labels[name]) for name in (measure.start, measure.end))
            return _time((end - start) / measure.over)
        case OfOpcodes():
            return _time(sum(s.end - s.begin for s in steps if s.opcode in measure.opcodes) / measure.over)
        case Turns():
            return _time(_mean(program, [s.begin for s in steps if s.opcode == measure.opcode], measure.last))
        case Latency():
            received, sent = _received(program, result), result.host(*_fed(program)).sent
            if not received or not sent:
                raise NeurosimError(f"program {program.name}: no word came through")
            return _time((received[0] - sent[0][0]) / measure.over)
        case Interval():
            return _time(_mean(program, _received(program, result), measure.last))
        case Power():
            energy = price_array(result, prepared.chip, measure.boundary)
            return Measured(times(1e12 / result.end, energy.total), "power")
        case _:
            assert_never(measure)


def _fed(program: TimedProgram) -> tuple[int, str]:
    return _place(program.feed.port if program.feed else "")


def _received(program: TimedProgram, result: ArrayResult) -> list[int]:
    """Return the times (ps) of the words collected."""
    return [time for time, _ in result.host(*_place(program.collect or "")).received]


def _first(program: TimedProgram, steps: Sequence[Step], label: str, address: int) -> int:
    """Return when the word at a label began for the first time (ps)."""
    for step in steps:
        if step.address == address & 0xFF and step.slot == 0:
            return step.begin
    raise NeurosimError(f"program {program.name}: label '{label}' was never reached")


def _mean(program: TimedProgram, found: Sequence[int], last: int) -> float:
    """Return the mean difference (ps) between the last so many times."""
    if len(found) <= last:
        raise NeurosimError(f"program {program.name}: {len(found)} times, {last + 1} are needed for {last} intervals")
    return (found[-1] - found[-1 - last]) / last


def _time(picoseconds: float) -> Measured:
    return Measured(exactly(picoseconds * 1e-12), "time")
