"""What a run is worth: the checker's verdict and the metrics, reckoned anew from the mapping alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.api import load_program
from neurosim.bench.attempt import Attempt
from neurosim.bench.case import Case
from neurosim.bench.result import BenchResult, RunRef, Simulated
from neurosim.benchset.rates import pulses
from neurosim.check import check
from neurosim.check.measure import measure, static_of
from neurosim.mapping import Mapping
from neurosim.mapping.exchange import to_file
from neurosim.mapping.metrics import as_dict
from neurosim.scenario.mapped import versions

SIMULATED_STEPS, SIMULATED_SAMPLES = 16, 1


def judge(case: Case, run: RunRef, found: Attempt, simulated: bool = False) -> BenchResult:
    """Return the result of a run: a mapping is legal if the checker passes it, and only then has metrics."""
    seen = BenchResult(
        case=case.ref,
        run=run,
        outcome=found.outcome,
        reason=found.reason,
        seconds=found.seconds,
        peak_bytes=found.peak_bytes,
        versions=versions(),
    )
    if found.core_of is None:
        return seen
    mapping = Mapping(case.network, case.lowered, case.chip, found.core_of, run.mapper, run.seed, found.notes)
    result = check(mapping, inputs=_nothing(case))
    verdicts = {part.name: str(part.verdict) for part in result.parts}
    seen = seen.model_copy(update={"check": verdicts, "mapping": to_file(mapping)})
    if not result.passed:
        return seen.model_copy(update={"outcome": "illegal", "reason": result.findings[0]})
    return seen.model_copy(
        update={
            "static": _floats(as_dict(static_of(mapping, case.rates))),
            "bounds": case.bounds,
            "simulated": _simulated(case, mapping) if simulated else None,
        }
    )


def _simulated(case: Case, mapping: Mapping) -> Simulated:
    inputs = pulses(case.name, SIMULATED_STEPS, SIMULATED_SAMPLES)
    metrics = measure(mapping, load_program(mapping), inputs)
    dynamic = as_dict(metrics.dynamic) if metrics.dynamic else {}
    return Simulated(
        steps=SIMULATED_STEPS,
        samples=SIMULATED_SAMPLES,
        static=_floats(as_dict(metrics.static)),
        dynamic=_floats(dynamic),
    )


def _nothing(case: Case) -> NDArray[np.bool_]:
    return np.zeros((0, 1, case.network.n_inputs), dtype=np.bool_)


def _floats(values: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else float(value) for name, value in values.items()}
