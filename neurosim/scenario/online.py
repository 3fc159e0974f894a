"""The scenario of kind "learning": a model learns a data set on the chip, image after image.

Accuracy before and after on test images with learning off, during on the training images themselves: an image is
answered by what was learned from those before it. Energy of learning stands beside energy of inference.
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

from neurosim.api import learned_network, load_chip, load_program, map_network, price, simulate
from neurosim.chip import Chip
from neurosim.document import Strict
from neurosim.engine.simulate import check_engine
from neurosim.errors import NeurosimError
from neurosim.network import Network
from neurosim.network.dataset import Dataset, load_dataset
from neurosim.network.model_file import Model, load_model
from neurosim.network.pulses import encode
from neurosim.program import Program
from neurosim.results import Energy, Run
from neurosim.scenario.schema import Positive, Seed
from neurosim.scenario.single import learning_curve, read_single

KIND = "learning"


class About(Strict):
    """``[scenario]``: model, chip, steps per image and number of test images."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    model: str
    chip: str
    constants: str | None = None
    steps: Positive
    samples: Positive
    mapper: str = "sequential"
    engine: str = "compiled"
    seed: Seed = 0


class Training(Strict):
    """``[training]``: the images to learn, and the population that is told their class by pulses."""

    dataset: str
    samples: Positive
    passes: Positive = 1
    teacher: str
    teacher_pulses: Positive
    block: Positive


class Inputs(Strict):
    """``[inputs]``: the test images, and the encoder of all images."""

    dataset: str
    encoder: str = "even"
    seed: Seed = 1


class OnlineScenario(Strict):
    """The whole file, resolved."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["learning"]
    scenario: About
    training: Training
    inputs: Inputs


@dataclass(frozen=True, eq=False)
class Phase:
    """A run of one phase with its energy per image; ``right`` bool[n] tells which images were answered correctly."""

    run: Run
    energy: Energy
    right: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """The fraction answered correctly."""
        return float(self.right.mean())

    @property
    def learning(self) -> float:
        """Energy of learning per image, in joules."""
        return self.energy.parts["learning"].value

    @property
    def inference(self) -> float:
        """Dynamic energy of everything else per image, in joules."""
        return self.energy.dynamic.value - self.learning

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form: per image."""
        latency = float(self.run.times.step_ends[:, -1].mean()) * 1e-12
        return {
            "samples": self.run.samples,
            "accuracy": self.accuracy,
            "energy_j": self.energy.as_dict(),
            "energy_learning_j": self.learning,
            "energy_inference_j": self.inference,
            "latency_s": latency,
            "activity": self.run.activity.summary(),
        }


@dataclass(frozen=True, eq=False)
class OnlineResult:
    """All phases; ``curve`` holds (images seen, accuracy on the block that ends there) of the training."""

    scenario: OnlineScenario
    chip: Chip
    program: Program
    before: Phase
    during: Phase
    after: Phase
    curve: tuple[tuple[int, float], ...]
    rules: tuple[str, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        about = self.scenario.scenario
        return {
            "scenario": about.name,
            "title": about.title,
            "kind": KIND,
            "runs": [
                {
                    "chip": self.chip.name,
                    "constants": self.after.energy.constants,
                    "engine": self.after.run.engine,
                    "model": about.model,
                    "steps": about.steps,
                    "cores_used": len(self.program.cores),
                    "rules": list(self.rules),
                    "before": self.before.as_dict(),
                    "during": {**self.during.as_dict(), "curve": [list(point) for point in self.curve]},
                    "after": self.after.as_dict(),
                }
            ],
        }


@dataclass(frozen=True, eq=False)
class PreparedOnline:
    """A scenario with everything loaded, mapped and checked."""

    scenario: OnlineScenario
    model: Model
    chip: Chip
    program: Program
    training: Dataset
    test: Dataset

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The scenario with every default filled in, for ``--dry-run``."""
        return self.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")


def prepare_online(name_or_path: str | Path, changes: Sequence[tuple[str, Any]] = ()) -> PreparedOnline:
    """Read a scenario of this kind, apply changes (path, value), and load what it needs; raises NeurosimError."""
    scenario = read_single(OnlineScenario, name_or_path, changes)
    about, training = scenario.scenario, scenario.training
    check_engine(about.engine)
    model, chip = load_model(about.model), load_chip(about.chip)
    chip.constants(about.constants)
    where = f"scenario {about.name}"
    if not model.network.learns:
        raise NeurosimError(f"{where}: model {about.model} has no learning rule")
    teacher = model.network.population(training.teacher)
    if not teacher.is_source or model.network.sources[-1] is not teacher:
        raise NeurosimError(f"{where}: training.teacher '{training.teacher}' must be the last source of the model")
    if training.teacher_pulses > about.steps:
        raise NeurosimError(
            f"{where}: training.teacher_pulses {training.teacher_pulses}: an image has {about.steps} steps"
        )
    sets = load_dataset(training.dataset), load_dataset(scenario.inputs.dataset)
    for dataset, samples in zip(sets, (training.samples, about.samples), strict=True):
        _check_images(where, dataset, samples, model.network)
    program = load_program(map_network(model.network, chip, about.mapper, about.seed))
    return PreparedOnline(scenario, model, chip, program, *sets)


def _check_images(where: str, dataset: Dataset, samples: int, network: Network) -> None:
    if samples > len(dataset.images):
        raise NeurosimError(f"{where}: samples {samples}, data set {dataset.name} has {len(dataset.images)}")
    lines, classes = network.n_inputs - network.sources[-1].size, network.sources[-1].size
    if dataset.images.shape[1] != lines:
        raise NeurosimError(
            f"{where}: {dataset.name} has {dataset.images.shape[1]} values per image, {network.name} needs {lines}"
        )
    if dataset.labels.max() >= classes:
        raise NeurosimError(
            f"{where}: {dataset.name} has label {dataset.labels.max()}, the teacher has {classes} lines"
        )


def run_online(
    prepared: PreparedOnline, progress: Callable[[str, int], Callable[[int], None]] | None = None
) -> OnlineResult:
    """Test, learn, and test again. Raises NeurosimError."""
    scenario, about, began = prepared.scenario, prepared.scenario.scenario, perf_counter()
    before = _phase(prepared, prepared.program, "before", progress)
    during = _phase(prepared, prepared.program, "during", progress)
    learned = learned_network(prepared.model.network, prepared.program, during.run)
    program = load_program(map_network(learned, prepared.chip, about.mapper, about.seed))
    after = _phase(prepared, program, "after", progress)
    curve = tuple(learning_curve(during.right, scenario.training.block))
    rules = tuple(
        f"{p.source} -> {p.target}: {text}"
        for p in learned.projections
        if p.learning is not None
        for text in p.learning.rules
    )
    seconds = perf_counter() - began
    return OnlineResult(scenario, prepared.chip, program, before, during, after, curve, rules, seconds)


def _phase(
    prepared: PreparedOnline,
    program: Program,
    name: Literal["before", "during", "after"],
    progress: Callable[[str, int], Callable[[int], None]] | None,
) -> Phase:
    """Run the test images with learning off, or ``during`` the training images with it on."""
    scenario, about = prepared.scenario, prepared.scenario.scenario
    pulses, labels = _pulses(prepared, name == "during")
    run = simulate(
        program,
        pulses,
        constants=about.constants,
        engine=about.engine,
        learning="keep" if name == "during" else "off",
        progress=progress(f"{about.name}, {name}", len(pulses)) if progress else None,
    )
    return Phase(run, price(run, prepared.chip, scenario.scenario.constants), run.decisions() == labels)


def _pulses(prepared: PreparedOnline, learning: bool) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return pulses bool[n, T, lines] and labels int64[n] of a phase; only learning has a teacher."""
    scenario, about, training = prepared.scenario, prepared.scenario.scenario, prepared.scenario.training
    dataset, samples = (prepared.training, training.samples) if learning else (prepared.test, about.samples)
    labels = dataset.labels[:samples]
    pixels = encode(scenario.inputs.encoder, dataset.images[:samples], about.steps, seed=scenario.inputs.seed)
    teacher = np.zeros((samples, about.steps, prepared.model.network.sources[-1].size), dtype=np.bool_)
    if learning:
        for step in np.arange(training.teacher_pulses) * about.steps // training.teacher_pulses:
            teacher[np.arange(samples), step, labels] = True
    pulses, times = np.concatenate([pixels, teacher], axis=2), training.passes if learning else 1
    return np.concatenate([pulses] * times), np.concatenate([labels] * times)


def phases(result: OnlineResult) -> dict[str, Phase]:
    """Return the phases by name, in order."""
    return {name: getattr(result, name) for name in ("before", "during", "after")}
