"""The scenario of kind "reward": a choice that only its reward can teach, given later by a world around the chip.

Trial after trial one of several cues pulses; the action whose neuron fires more often is the choice. The world sees it
as a host would, and some steps later praises or blames by a pulse that is one third factor for all synapses. Halfway
the right answers may be reversed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from neurosim.api import load_chip, load_program, map_network, price, simulate
from neurosim.chip import Chip
from neurosim.document import Strict
from neurosim.engine.simulate import check_engine
from neurosim.engine.world import World
from neurosim.errors import NeurosimError
from neurosim.network import Network
from neurosim.network.model_file import load_model
from neurosim.program import Program
from neurosim.results import Energy, Run
from neurosim.scenario.schema import Positive, Seed
from neurosim.scenario.single import learning_curve, read_single

KIND = "reward"


class About(Strict):
    """``[scenario]``: model, chip and seed; the seed chooses the cues and the noise."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    model: str
    chip: str
    constants: str | None = None
    mapper: str = "sequential"
    engine: str = "compiled"
    seed: Seed = 0


class Task(Strict):
    """``[task]``: number of ``cues``, trials, steps of a trial and of a cue, step of the reward, trial of reversal.

    The lines of the model's first source are shared out to the cues; the second source has a line that praises and
    one that blames. Cue k asks for action k modulo the number of actions, after ``reversal`` for the one after that.
    """

    cues: Positive
    trials: Positive
    steps: Positive
    cue_steps: Positive
    reward_step: Positive
    reversal: Positive | None = None
    block: Positive


class RewardScenario(Strict):
    """The whole file, resolved."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["reward"]
    scenario: About
    task: Task


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is shown and asked for: ``cue`` and ``right`` action int64[trials]."""

    cue: NDArray[np.int64]
    right: NDArray[np.int64]


class Trials(World):
    """The world of the task; ``choice`` int64[trials] is the action taken, -1 for none or several alike."""

    def __init__(self, task: Task, lesson: Lesson, lines: int, actions: int, population: str, teaches: bool) -> None:
        super().__init__()
        self._task, self._lesson, self._lines, self._population = task, lesson, lines, population
        self._teaches = teaches
        self._counts = np.zeros((task.trials, actions), dtype=np.int64)
        self.choice = np.full(task.trials, -1, dtype=np.int64)

    def begin(self, lines: int, populations: Sequence[str]) -> None:
        """Take the names of the populations, as World does."""
        super().begin(lines, populations)
        self._actions = list(populations).index(self._population)

    def see(self, rows: NDArray[np.int64]) -> None:
        """Count what the actions fire before the reward."""
        trial, step = np.divmod(rows[:, 0], self._task.steps)
        here = (rows[:, 1] == self._actions) & (step < self._task.reward_step)
        np.add.at(self._counts, (trial[here], rows[here, 2]), 1)

    def turn(self, step: int, now: int) -> NDArray[np.int32]:
        """Give the pulses of a step: of the cue, or of the reward."""
        trial, at = divmod(step, self._task.steps)
        if at < self._task.cue_steps:
            share = self._lines // self._task.cues
            for line in range(share * int(self._lesson.cue[trial]), share * (int(self._lesson.cue[trial]) + 1)):
                self.pulse(line)
        if at == self._task.reward_step:
            counts = self._counts[trial]
            if np.count_nonzero(counts == counts.max()) == 1:
                self.choice[trial] = counts.argmax()
            if self._teaches and self.choice[trial] >= 0:
                self.pulse(self._lines + int(self.choice[trial] != self._lesson.right[trial]))
        return super().turn(step, now)


@dataclass(frozen=True, eq=False)
class RewardResult:
    """``right`` bool[trials] tells which choices were; ``control`` the same for a chip that is never rewarded."""

    scenario: RewardScenario
    chip: Chip
    program: Program
    run: Run
    energy: Energy
    right: NDArray[np.bool_]
    control: NDArray[np.bool_]
    rules: tuple[str, ...]
    seconds: float

    def curve(self, right: NDArray[np.bool_]) -> list[tuple[int, float]]:
        """Return (trials so far, fraction right in the block that ends there)."""
        return learning_curve(right, self.scenario.task.block)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form; energies are those of all trials together."""
        about = self.scenario.scenario
        return {
            "scenario": about.name,
            "title": about.title,
            "kind": KIND,
            "reward": {
                "chance": 1 / self.actions,
                "reversal": self.scenario.task.reversal,
                "curve": [list(point) for point in self.curve(self.right)],
                "without_reward": [list(point) for point in self.curve(self.control)],
            },
            "runs": [
                {
                    "chip": self.chip.name,
                    "constants": self.energy.constants,
                    "engine": self.run.engine,
                    "model": about.model,
                    "steps": self.run.steps,
                    "cores_used": len(self.program.cores),
                    "rules": list(self.rules),
                    "energy_j": self.energy.as_dict(),
                    "activity": self.run.activity.summary(),
                }
            ],
        }

    @property
    def actions(self) -> int:
        """Number of actions."""
        return len(next(iter(self.run.answers.values()))[0])


@dataclass(frozen=True, eq=False)
class PreparedReward:
    """A task with everything loaded, mapped and checked."""

    scenario: RewardScenario
    network: Network
    chip: Chip
    program: Program

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The scenario with every default filled in, for ``--dry-run``."""
        return self.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")


def prepare_reward(name_or_path: str | Path, changes: Sequence[tuple[str, Any]] = ()) -> PreparedReward:
    """Read a scenario of this kind, apply changes (path, value), and load what it needs; raises NeurosimError."""
    scenario = read_single(RewardScenario, name_or_path, changes)
    about, task = scenario.scenario, scenario.task
    check_engine(about.engine)
    network, chip = load_model(about.model).network, load_chip(about.chip)
    chip.constants(about.constants)
    where = f"scenario {about.name}"
    if about.engine == "both":
        raise NeurosimError(f"{where}: engine 'both' runs everything twice, which a world cannot")
    if not network.learns or len(network.sources) != 2 or network.sources[1].size != 2:
        raise NeurosimError(f"{where}: model {about.model} must learn and have two sources, the second of 2 lines")
    if network.sources[0].size % task.cues:
        raise NeurosimError(f"{where}: task.cues {task.cues}: cannot share {network.sources[0].size} lines evenly")
    if not task.cue_steps <= task.reward_step < task.steps:
        raise NeurosimError(
            f"{where}: task.reward_step {task.reward_step}: must lie after the cue of {task.cue_steps} steps and"
            f" before the end of the trial of {task.steps}"
        )
    return PreparedReward(scenario, network, chip, load_program(map_network(network, chip, about.mapper, about.seed)))


def run_reward(
    prepared: PreparedReward, progress: Callable[[str, int], Callable[[int], None]] | None = None
) -> RewardResult:
    """Run all trials with reward, and once more without. Raises NeurosimError."""
    scenario, began = prepared.scenario, perf_counter()
    lesson = _lesson(scenario, prepared.network.population(prepared.network.outputs[0]).size)
    advance = progress(f"{scenario.scenario.name}, with and without reward", 2) if progress else None
    run, choice = _trials(prepared, lesson, True, advance)
    _, control = _trials(prepared, lesson, False, advance)
    rules = tuple(text for p in prepared.network.projections if p.learning is not None for text in p.learning.rules)
    energy = price(run, prepared.chip, scenario.scenario.constants)
    results = choice == lesson.right, control == lesson.right
    seconds = perf_counter() - began
    return RewardResult(scenario, prepared.chip, prepared.program, run, energy, *results, rules, seconds)


def _lesson(scenario: RewardScenario, actions: int) -> Lesson:
    task = scenario.task
    cue = np.random.default_rng(scenario.scenario.seed).integers(0, task.cues, task.trials)
    turned = np.arange(task.trials) >= (task.trials if task.reversal is None else task.reversal)
    return Lesson(cue, (cue + turned) % actions)


def _trials(
    prepared: PreparedReward, lesson: Lesson, teaches: bool, advance: Callable[[int], None] | None
) -> tuple[Run, NDArray[np.int64]]:
    scenario, network = prepared.scenario, prepared.network
    task, answers = scenario.task, network.population(network.outputs[0])
    world = Trials(task, lesson, network.sources[0].size, answers.size, answers.name, teaches)
    run = simulate(
        prepared.program,
        np.zeros((1, task.trials * task.steps, network.n_inputs), dtype=np.bool_),
        constants=scenario.scenario.constants,
        engine=scenario.scenario.engine,
        world=world,
        progress=advance,
    )
    return run, world.choice
