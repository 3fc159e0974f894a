"""What a scenario yields: one result per chip and number of steps, with everything a report needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neurosim.chip import Chip
from neurosim.mapping import Record, Usage
from neurosim.program import Program
from neurosim.results import Energy, NeuroBench, Run, Statistics
from neurosim.scenario.code_costs import CodeCosts
from neurosim.scenario.code_studies import CodeStudies


@dataclass(frozen=True, eq=False)
class RunResult:
    """One chip at one number of input steps.

    Accuracies are fractions of ``run.samples``: ``accuracy`` of the chip, ``reference_accuracy`` of the original
    network in floating point on the same pulses, ``published_accuracy`` what the model's author prints (None
    where nothing is printed). ``decisions_changed`` counts samples on which chip and reference decide differently,
    ``pulse_counts_changed`` those on which any population fires another number of pulses in its T steps.
    ``additions`` and ``dense_multiply_adds`` are per inference: synaptic events of the reference and the
    multiply-adds of the dense network of the same shape; ``recorded_additions`` are those that the model file states
    for all 10,000 test images. ``seconds`` is the time that the simulation took. ``code``: opcodes, words and loading,
    on chips whose nodes run code.
    """

    chip: Chip
    program: Program
    run: Run
    energy: Energy
    latency: Statistics
    spike_latency: Statistics
    model: str
    steps: int
    accuracy: float
    reference_accuracy: float
    published_accuracy: float | None
    decisions_changed: int
    pulse_counts_changed: int
    additions: float
    dense_multiply_adds: int
    neurobench: NeuroBench
    lowering: tuple[Record, ...]
    usage: tuple[Usage, ...]
    warnings: tuple[str, ...]
    mapper: str
    seconds: float
    recorded_additions: float | None = None
    code: CodeCosts | None = None

    @property
    def energy_delay_product(self) -> float:
        """Energy times mean latency of one inference, in joule seconds."""
        return self.energy.total.value * self.latency.mean

    @property
    def exact(self) -> bool:
        """Whether every rewrite of the lowering is exact."""
        return all(record.fidelity == "exact" for record in self.lowering)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form of the design: per inference, means over samples unless named otherwise."""
        return {
            "chip": self.chip.name,
            "constants": self.energy.constants,
            "engine": self.run.engine,
            "network": self.run.network,
            "model": self.model,
            "mapper": self.mapper,
            "samples": self.run.samples,
            "steps": self.steps,
            "chip_steps": self.run.chip_steps,
            "accuracy": self.accuracy,
            "reference_accuracy": self.reference_accuracy,
            "published_accuracy": self.published_accuracy,
            "decisions_changed": self.decisions_changed,
            "pulse_counts_changed": self.pulse_counts_changed,
            "latency_s": self.latency.as_dict(),
            "spike_latency_s": self.spike_latency.as_dict(),
            "energy_j": self.energy.as_dict(),
            "energy_delay_product_js": self.energy_delay_product,
            "activity": self.run.activity.summary(),
            "additions": self.additions,
            "dense_multiply_adds": self.dense_multiply_adds,
            "neurobench": self.neurobench.as_dict(),
            "cores_used": len(self.program.cores),
            "lowering": [record.as_dict() for record in self.lowering],
            **({"code": self.code.as_dict()} if self.code else {}),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Refusal:
    """A chip that cannot hold a model, and the limit that says so."""

    chip: str
    model: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """Return a plain dictionary for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class ScenarioResult:
    """All results of a scenario; ``configuration`` is the resolved scenario, ``provenance`` versions and hashes.

    ``refusals`` are pairs of chip and model that do not fit; only a comparison goes on after one. ``studies`` are made
    beside the runs.
    """

    name: str
    title: str
    configuration: Mapping[str, Any]
    provenance: Mapping[str, Any]
    runs: tuple[RunResult, ...]
    refusals: tuple[Refusal, ...] = ()
    studies: CodeStudies | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form of the design."""
        return {
            "scenario": self.name,
            "title": self.title,
            "provenance": dict(self.provenance),
            "runs": [run.as_dict() for run in self.runs],
            **({"refused": [refusal.as_dict() for refusal in self.refusals]} if self.refusals else {}),
            **({"code_studies": self.studies.as_dict()} if self.studies else {}),
        }
