"""Equivalence: the mapped network against the unmapped one, spike for spike; the first divergence is named."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.check.references import Reference, references
from neurosim.check.result import Part
from neurosim.cores.kind import CoreKind
from neurosim.mapping import Mapping
from neurosim.results import Run

NAME = "equivalence"


def equivalence(mapping: Mapping, kind: CoreKind, run: Run, inputs: NDArray[Any]) -> Part:
    """Compare a run with recorded spikes with what the network does on the same inputs without a chip."""
    compared, findings, spikes = [], [], 0
    for reference in references(mapping, kind, inputs):
        compared.append(reference.name)
        findings += _differences(run, reference, inputs.shape[1])
        spikes = sum(int(run.spikes.counts[name].sum()) for name in run.spikes.counts)
    if not compared:
        return Part.skipped(NAME, "neurons draw random numbers core by core, or the network is too large for one core")
    if not findings and not spikes and not any(answer.any() for answer in run.answers.values()):
        return Part.skipped(NAME, "no neuron fired and no answer is other than 0: more pulses are needed (rate, steps)")
    note = f"{spikes} spikes in {run.samples} samples of {inputs.shape[1]} steps, against {' and '.join(compared)}"
    return Part.of(NAME, note, findings)


def _differences(run: Run, reference: Reference, steps: int) -> list[str]:
    findings = []
    first = _first_divergence(run, reference, steps)
    if first:
        findings.append(first)
    for name, expected in reference.answers.items():
        found = run.answers[name]
        bad = np.argwhere(found != expected)
        if len(bad):
            sample, neuron = bad[0].tolist()
            findings.append(
                f"answer of {name}[{neuron}] in sample {sample} is {found[sample, neuron]}, of {reference.name}"
                f" {expected[sample, neuron]:g}"
            )
    return findings


def _first_divergence(run: Run, reference: Reference, steps: int) -> str:
    """Return the earliest spike that only one of both has, in words: least step, then sample."""
    found: list[tuple[int, int, str, int, bool]] = []
    total = 0
    for name, expected in reference.pulses.items():
        mapped = run.spikes.full.get(name)
        if mapped is None:
            continue
        lag = reference.lag.get(name, 0)
        window = mapped[:, lag : lag + expected.shape[1]]
        different = np.argwhere(window != expected[:, : window.shape[1]])
        total += len(different)
        if len(different):
            sample, step, neuron = min(different.tolist(), key=lambda row: (row[1], row[0], row[2]))
            found.append((step + lag, sample, name, neuron, bool(window[sample, step, neuron])))
    if not found:
        return ""
    step, sample, name, neuron, fires = min(found)
    does = "fires on the chip and not" if fires else "does not fire on the chip and does"
    which = f"{name}[{neuron}] in step {step} of sample {sample}"
    return f"{total} spikes differ, first {which}, which {does} in {reference.name}"
