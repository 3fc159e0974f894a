"""Running a scenario: every chip and number of steps on the same pulses."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.api import load_chip, load_program, map_network, price, simulate
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.engine.functional import FunctionalRun, run_functional
from neurosim.errors import NeurosimError
from neurosim.mapping import Record
from neurosim.network.dataset import Dataset, load_dataset
from neurosim.network.model_file import Model, load_model
from neurosim.network.pulses import encode
from neurosim.program import Program
from neurosim.results import Run, inference_latency, neurobench, spike_latency
from neurosim.scenario.result import RunResult, ScenarioResult
from neurosim.scenario.schema import Scenario, resolved

# Called with a label and the number of samples to come; returns what is called with samples done.
Progress = Callable[[str, int], Callable[[int], None]]

_LIBRARIES = ("neurosim", "numpy", "numba", "simpy")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A scenario with everything loaded, mapped and checked; nothing has run yet."""

    scenario: Scenario
    model: Model
    dataset: Dataset
    programs: tuple[Program, ...]


def prepare(scenario: Scenario) -> Prepared:
    """Load, map and check everything that can go wrong before the long part. Raises NeurosimError."""
    about = scenario.scenario
    for name in scenario.chip:
        if name not in about.chips:
            raise NeurosimError(
                f"scenario {about.name}: chip.{name} is set, but the chips are {', '.join(about.chips)}"
            )
    model, dataset = load_model(about.model), load_dataset(scenario.inputs.dataset)
    if about.samples > len(dataset.images):
        raise NeurosimError(
            f"scenario {about.name}: samples {about.samples}, data set {dataset.name} has {len(dataset.images)}"
        )
    if dataset.images.shape[1] != model.network.n_inputs:
        raise NeurosimError(
            f"scenario {about.name}: {dataset.name} has {dataset.images.shape[1]} values per image,"
            f" {model.network.name} needs {model.network.n_inputs}"
        )
    chips = [load_chip(name).with_overrides(scenario.options(name).set) for name in about.chips]
    for name, chip in zip(about.chips, chips, strict=True):
        chip.constants(scenario.options(name).constants)
    programs = tuple(load_program(map_network(model.network, chip, about.mapper, about.seed)) for chip in chips)
    return Prepared(scenario, model, dataset, programs)


def run_scenario(prepared: Prepared, workers: int = 0, progress: Progress | None = None) -> ScenarioResult:
    """Run every chip at every number of steps; pulses and reference are made once per number of steps."""
    scenario, about = prepared.scenario, prepared.scenario.scenario
    results = []
    for steps in about.steps:
        pulses = _pulses(prepared, steps)
        reference = run_functional(prepared.model.network, pulses)
        for name, program in zip(about.chips, prepared.programs, strict=True):
            advance = progress(f"{name}, T = {steps}", about.samples) if progress else None
            began = perf_counter()
            run = simulate(
                program,
                pulses,
                constants=scenario.options(name).constants,
                engine=about.engine,
                workers=workers,
                progress=advance,
            )
            results.append(_result(prepared, name, program, run, reference, steps, perf_counter() - began))
    return ScenarioResult(about.name, about.title, resolved(scenario), _provenance(prepared), tuple(results))


def _pulses(prepared: Prepared, steps: int) -> NDArray[np.bool_]:
    inputs, samples = prepared.scenario.inputs, prepared.scenario.scenario.samples
    drawn = max(inputs.draw_images or samples, samples)
    images = prepared.dataset.images[:samples]
    return encode(inputs.encoder, images, steps, seed=inputs.seed, draw_images=drawn)


def _result(
    prepared: Prepared, name: str, program: Program, run: Run, reference: FunctionalRun, steps: int, seconds: float
) -> RunResult:
    options, chip = prepared.scenario.options(name), program.chip
    labels = prepared.dataset.labels[: run.samples]
    network = prepared.model.network
    expected = np.argmax(reference.answer(network.outputs[0]), axis=1)
    decisions = run.decisions()
    published = prepared.scenario.published
    host = options.host.as_host()
    energy = price(run, chip, options.constants, host, options.boundary)
    measured = {
        "decisions_changed": float((decisions != expected).sum()),
        "accuracy_change": float((decisions == labels).mean() - (expected == labels).mean()),
    }
    return RunResult(
        chip=chip,
        program=program,
        run=run,
        energy=energy,
        latency=inference_latency(run, chip, host),
        spike_latency=spike_latency(run),
        model=network.name,
        steps=steps,
        accuracy=float((decisions == labels).mean()),
        reference_accuracy=float((expected == labels).mean()),
        published_accuracy=published.accuracy.get(str(steps)) if published else None,
        decisions_changed=int((decisions != expected).sum()),
        additions=float(sum(events.mean() for events in reference.synaptic_events)),
        dense_multiply_adds=_dense(prepared.model),
        neurobench=neurobench(network, reference.pulses, reference.synaptic_events, reference.membrane_updates),
        lowering=tuple(_with_effect(record, measured) for record in program.lowered.records),
        usage=tuple(core_kind(chip.core_kind).usage(program)),
        warnings=_warnings(run, chip, options.host.as_host().counted),
        mapper=prepared.scenario.scenario.mapper,
        seconds=seconds,
    )


def _dense(model: Model) -> int:
    network = model.network
    return sum(network.population(p.source).size * network.population(p.target).size for p in network.projections)


def _with_effect(record: Record, measured: dict[str, float]) -> Record:
    # All approximate passes act together, so each carries the effect of all of them.
    return replace(record, measured=measured) if record.fidelity == "approximate" else record


def _warnings(run: Run, chip: Chip, host_counted: bool) -> tuple[str, ...]:
    warnings = []
    if "voltages_clipped" in run.activity.counters:
        clipped = int(run.activity.total("voltages_clipped").sum())
        if clipped:
            warnings.append(
                f"{clipped} voltages reached the bound of the chip's integers and were clipped, over all samples"
            )
    if not host_counted:
        warnings.append(
            "host and state reset are not included: in most published single-chip experiments the host loop,"
            " not the cores, sets the time of a step (chip.NAME.host in the scenario switches it on)"
        )
    error = chip.constants(run.constants).stated_error
    if error is not None:
        warnings.append(f"times of constant set {run.constants} are stated to be off by up to {error.latency:.1%}")
    return tuple(warnings)


def _provenance(prepared: Prepared) -> dict[str, Any]:
    versions = {name: _version(name) for name in _LIBRARIES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "seed": prepared.scenario.scenario.seed,
        "pulse_seed": prepared.scenario.inputs.seed,
        "network_sha256": prepared.model.digest,
        "dataset_sha256": prepared.dataset.digest,
        "chip_sha256": {program.chip.name: program.chip.digest for program in prepared.programs},
        "mapping_sha256": {program.chip.name: program.mapping_digest for program in prepared.programs},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
