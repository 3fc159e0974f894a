"""Running a scenario: every chip and number of steps on the same pulses."""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.api import load_chip, load_program, map_network, price, simulate
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.engine.how import Sink
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import Record
from neurosim.network.dataset import Dataset, load_dataset
from neurosim.network.model_file import Model, load_model
from neurosim.network.pulses import encode
from neurosim.program import Program
from neurosim.results import Run, inference_latency, spike_latency
from neurosim.scenario.code_costs import code_costs
from neurosim.scenario.code_studies import CodeStudies, prepare_studies, run_studies
from neurosim.scenario.code_studies import PreparedStudies as Studies
from neurosim.scenario.exchange import mapping_for
from neurosim.scenario.reference import Reference
from neurosim.scenario.result import Refusal, RunResult, ScenarioResult
from neurosim.scenario.schema import Scenario, resolved

# Called with a label and the number of samples to come; returns what is called with samples done.
Progress = Callable[[str, int], Callable[[int], None]]
Tracer = Callable[[str], AbstractContextManager[Sink]]

_OUT_OF_RANGE = {
    "voltages_clipped": "voltages were clipped at the bound of the chip's integers",
    "registers_wrapped": "registers of neuron programs wrapped",
    "potentials_clipped": "potentials were clipped at the bound of the chip's integers",
    "negative_thresholds": "potentials were held at the negative threshold",
    "membranes_saturated": "membranes were held at the bound of their integers",
    "late_spikes": "spikes came after their tick and acted when the ring came round",
}
_LIBRARIES = ("neurosim", "numpy", "numba", "simpy")


@dataclass(frozen=True, eq=False)
class Placed:
    """One model on one chip, mapped by ``mapper`` and checked."""

    model: Model
    chip: str
    program: Program
    mapper: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """A scenario with everything loaded, mapped and checked; nothing has run yet."""

    scenario: Scenario
    dataset: Dataset
    placed: tuple[Placed, ...]
    refusals: tuple[Refusal, ...]
    studies: Studies | None = None


def prepare(scenario: Scenario, refuse: bool = True) -> Prepared:
    """Load, map and check everything that can go wrong before the long part. Raises NeurosimError.

    With ``refuse`` off a chip that cannot hold a model is noted instead, as long as one of them can.
    """
    about = scenario.scenario
    for name in scenario.chip:
        if name not in about.chips:
            chosen = ", ".join(about.chips)
            raise NeurosimError(f"scenario {about.name}: chip.{name} is set, but the chips are {chosen}")
    models, dataset = [load_model(name) for name in about.model], load_dataset(scenario.inputs.dataset)
    if about.samples > len(dataset.images):
        raise NeurosimError(
            f"scenario {about.name}: samples {about.samples}, data set {dataset.name} has {len(dataset.images)}"
        )
    chips = {name: _chip(scenario, name) for name in about.chips}
    placed, refusals = [], []
    for model in models:
        if model.network.learns:
            raise NeurosimError(
                f"scenario {about.name}: model {model.network.name} learns, a scenario of kind 'learning' is needed"
            )
        if dataset.images.shape[1] != model.network.n_inputs:
            raise NeurosimError(
                f"scenario {about.name}: {dataset.name} has {dataset.images.shape[1]} values per image,"
                f" {model.network.name} needs {model.network.n_inputs}"
            )
        for name, chip in chips.items():
            try:
                placed.append(_placed(scenario, name, chip, model))
            except (CapacityError, UnsupportedError) as error:
                if refuse:
                    raise
                refusals.append(Refusal(name, model.network.name, str(error)))
    if not placed:
        raise NeurosimError(f"scenario {about.name}: {refusals[0].reason}")
    studies = prepare_studies(scenario.strategies, scenario.beyond, chips, models[0].network)
    return Prepared(scenario, dataset, tuple(placed), tuple(refusals), studies)


def _chip(scenario: Scenario, name: str) -> Chip:
    options = scenario.options(name)
    chip = load_chip(name).with_overrides(options.set)
    chip.constants(options.constants)
    return chip


def _placed(scenario: Scenario, name: str, chip: Chip, model: Model) -> Placed:
    options, about = scenario.options(name), scenario.scenario
    if options.mapping is not None:
        mapping = mapping_for(options.mapping, model.network, chip)
    else:
        mapping = map_network(model.network, chip, options.mapper or about.mapper, about.seed)
    levels = {"level_policy": options.level_policy, "level_threshold": options.level_threshold}
    program = load_program(mapping, {key: value for key, value in levels.items() if value is not None})
    return Placed(model, name, program, mapping.mapper)


def run_scenario(
    prepared: Prepared, workers: int = 0, progress: Progress | None = None, tracer: Tracer | None = None
) -> ScenarioResult:
    """Run every model on every chip at every number of steps, on the same pulses; each reference runs once.

    ``tracer`` opens what takes all pulses and packets of a run, given its label.
    """
    scenario, about = prepared.scenario, prepared.scenario.scenario
    results = []
    for steps in about.steps:
        pulses = _pulses(prepared, steps)
        references: dict[str, Reference] = {}
        for place in prepared.placed:
            network = place.model.network
            if network.name not in references:
                references[network.name] = Reference.of(network, pulses)
            label = f"{network.name} on {place.chip}, T = {steps}"
            advance = progress(label, about.samples) if progress else None
            began = perf_counter()
            with tracer(f"{network.name}-{place.chip}-T{steps}") if tracer else nullcontext() as sink:
                run = simulate(
                    place.program,
                    pulses,
                    constants=scenario.options(place.chip).constants,
                    engine=about.engine,
                    network=about.network,
                    threads=about.threads,
                    workers=workers,
                    progress=advance,
                    sink=sink,
                )
            reference = references[network.name]
            results.append(_result(prepared, place, run, reference, steps, perf_counter() - began))
    told = (about.name, about.title, resolved(scenario), _provenance(prepared))
    return ScenarioResult(*told, tuple(results), prepared.refusals, _studies(prepared, progress))


def _studies(prepared: Prepared, progress: Progress | None) -> CodeStudies | None:
    """Run the studies on the first samples, drawn as those of the runs are."""
    if prepared.studies is None:
        return None

    def pulses(samples: int, steps: int) -> NDArray[np.bool_]:
        return _pulses(prepared, steps, samples)

    return run_studies(prepared.studies, prepared.dataset, pulses, progress)


def _pulses(prepared: Prepared, steps: int, wanted: int | None = None) -> NDArray[np.bool_]:
    inputs, samples = prepared.scenario.inputs, wanted or prepared.scenario.scenario.samples
    drawn = max(inputs.draw_images or samples, samples)
    images = prepared.dataset.images[:samples]
    return encode(inputs.encoder, images, steps, seed=inputs.seed, draw_images=drawn)


def _result(prepared: Prepared, place: Placed, run: Run, reference: Reference, steps: int, seconds: float) -> RunResult:
    options, program, chip = prepared.scenario.options(place.chip), place.program, place.program.chip
    labels = prepared.dataset.labels[: run.samples]
    network = place.model.network
    expected, decisions = reference.decisions, run.decisions()
    first = place.model.path == prepared.placed[0].model.path
    host = options.host.as_host()
    changed = int((decisions != expected).sum())
    measured = {
        "decisions_changed": float(changed),
        "accuracy_change": float((decisions == labels).mean() - (expected == labels).mean()),
    }
    return RunResult(
        chip=chip,
        program=program,
        run=run,
        energy=price(run, chip, options.constants, host, options.boundary),
        latency=inference_latency(run, chip, host),
        spike_latency=spike_latency(run),
        model=network.name,
        steps=steps,
        accuracy=float((decisions == labels).mean()),
        reference_accuracy=float((expected == labels).mean()),
        published_accuracy=prepared.scenario.published_accuracy(steps) if first else None,
        decisions_changed=changed,
        pulse_counts_changed=_pulse_counts_changed(program, run, reference, steps),
        additions=reference.additions,
        dense_multiply_adds=network.n_dense_weights,
        neurobench=reference.neurobench,
        lowering=tuple(_with_effect(record, measured) for record in program.lowered.records),
        usage=tuple(core_kind(chip.core_kind).usage(program)),
        warnings=_warnings(run, chip, options.constants, host.counted),
        mapper=place.mapper,
        seconds=seconds,
        code=code_costs(program, run),
        recorded_additions=place.model.provenance["training"].get("additions_10000", {}).get(str(steps)),
    )


def _pulse_counts_changed(program: Program, run: Run, reference: Reference, steps: int) -> int:
    """Count the samples on which a population fires another number of pulses than in the reference."""
    changed = np.zeros(run.samples, dtype=np.bool_)
    for name, pulses in reference.pulse_counts.items():
        if name in run.spikes.counts:
            lag = program.lag[name]
            changed |= run.spikes.counts[name][:, lag : lag + steps].sum(axis=1) != pulses
    return int(changed.sum())


def _with_effect(record: Record, measured: dict[str, float]) -> Record:
    # All approximate passes act together, so each carries the effect of all of them.
    return replace(record, measured=measured) if record.fidelity == "approximate" else record


def _warnings(run: Run, chip: Chip, constants: str | None, host_counted: bool) -> tuple[str, ...]:
    warnings = []
    for counter, words in _OUT_OF_RANGE.items():
        times = int(run.activity.total(counter).sum()) if counter in run.activity.counters else 0
        if times:
            warnings.append(f"{times} {words}, over all samples")
    overruns, late = int(run.activity.total("overruns").sum()), int(run.activity.total("late_packets").sum())
    if overruns:
        warnings.append(f"{overruns} times a core was not done when its next tick was due, over all samples")
    if late:
        warnings.append(f"{late} packets arrived after the tick in which they were sent, over all samples")
    if not host_counted and chip.host:
        warnings.append(
            "host and state reset are not included: in most published single-chip experiments the host loop,"
            f" not the cores, sets the time of a step (chip.{chip.name}.host in the scenario switches it on)"
        )
    if run.network != "exact":
        warnings.append(
            f"network model '{run.network}': hops and link loads are exact, but packets do not wait for each other, so"
            " latencies are those of an empty network"
        )
    error = chip.constants(constants).stated_error
    if error is not None:
        warnings.append(f"times of constant set {run.constants} are stated to be off by up to {error.latency:.1%}")
    return tuple(warnings)


def _provenance(prepared: Prepared) -> dict[str, Any]:
    versions = {name: _version(name) for name in _LIBRARIES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "seed": prepared.scenario.scenario.seed,
        "pulse_seed": prepared.scenario.inputs.seed,
        "network_sha256": {place.model.network.name: place.model.digest for place in prepared.placed},
        "dataset_sha256": prepared.dataset.digest,
        "chip_sha256": {place.chip: place.program.chip.digest for place in prepared.placed},
        "mapping_sha256": {
            f"{place.model.network.name} on {place.chip}": place.program.mapping_digest for place in prepared.placed
        },
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
