"""The scenario of kind "stdp": weight change against the time between a spike before and one after a synapse.

The one-pair protocol of Bi and Poo (1998): pairs of spikes at a fixed difference, repeated at a fixed interval, on
many synapses at once. The mean over copies beats the random rounding; its standard error is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from neurosim.errors import NeurosimError
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source
from neurosim.network.rule_table import RuleTable
from neurosim.program import Program
from neurosim.results import Energy, Run
from neurosim.scenario.exponential import Exponential, fit_exponential
from neurosim.scenario.schema import Positive, Seed
from neurosim.scenario.single import read_single

KIND = "stdp"
_GRAIN = 6  # weights count in units of 2^6, as the chip's smallest effective weight
_DRIVE, _FAR = 4096, 2048  # a drive that fires a neuron at once, and a threshold that no single weight reaches


class About(Strict):
    """``[scenario]``: chip, engine and seed."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    chip: str
    constants: str | None = None
    engine: str = "compiled"
    seed: Seed = 0


class Protocol(Strict):
    """``[protocol]``: spike-time differences (ms, after minus before), pairings, interval, copies, first weight."""

    step_ms: Annotated[float, Field(gt=0)] = 1.0
    from_ms: float
    to_ms: float
    every_ms: Annotated[float, Field(gt=0)]
    pairings: Positive
    interval_ms: Annotated[float, Field(gt=0)]
    copies: Annotated[int, Field(ge=2, strict=True)]
    weight: Positive


class Published(Strict):
    """``[published]``: the exponentials to stand beside ours; amplitudes are fractions of the first weight."""

    source: str
    tau_plus_ms: float
    tau_minus_ms: float
    amplitude_plus: float
    amplitude_minus: float


class StdpScenario(Strict):
    """The whole file, resolved; the rule's time constants are in steps."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["stdp"]
    scenario: About
    protocol: Protocol
    rule: RuleTable
    published: Published


@dataclass(frozen=True)
class Side:
    """One side of the window: the exponential that the rule asks for, the fitted and the published one.

    Amplitudes are fractions of the first weight after all pairings, time constants in ms.
    """

    configured: Exponential
    fitted: Exponential
    published: Exponential

    def of(self, name: str) -> dict[str, float]:
        """Return one figure of the three, for JSON."""
        found = {"configured": self.configured, "fitted": self.fitted, "published": self.published}
        return {key: getattr(value, name) for key, value in found.items()}


@dataclass(frozen=True, eq=False)
class StdpResult:
    """The window: ``difference`` (ms), mean ``change`` and its standard ``error`` (fractions) float64[n]."""

    scenario: StdpScenario
    chip: Chip
    program: Program
    run: Run
    energy: Energy
    difference: NDArray[np.float64]
    change: NDArray[np.float64]
    error: NDArray[np.float64]
    plus: Side
    minus: Side
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        about = self.scenario.scenario
        rows = np.stack([self.difference, self.change, self.error], axis=1)
        return {
            "scenario": about.name,
            "title": about.title,
            "kind": KIND,
            "stdp": {
                "tau_plus_ms": self.plus.of("tau"),
                "tau_minus_ms": self.minus.of("tau"),
                "amplitude_plus": self.plus.of("amplitude"),
                "amplitude_minus": self.minus.of("amplitude"),
                "window": rows.tolist(),
            },
            "runs": [
                {
                    "chip": self.chip.name,
                    "constants": self.energy.constants,
                    "engine": self.run.engine,
                    "samples": self.run.samples,
                    "steps": self.run.steps,
                    "energy_j": self.energy.as_dict(),
                    "activity": self.run.activity.summary(),
                    "cores_used": len(self.program.cores),
                }
            ],
        }


@dataclass(frozen=True, eq=False)
class PreparedStdp:
    """A protocol with everything loaded, mapped and checked."""

    scenario: StdpScenario
    chip: Chip
    program: Program
    differences: NDArray[np.int64]

    @property
    def resolved(self) -> Mapping[str, Any]:
        """The scenario with every default filled in, for ``--dry-run``."""
        return self.scenario.model_dump(by_alias=True, exclude_none=True, mode="json")


def prepare_stdp(name_or_path: str | Path, changes: Sequence[tuple[str, Any]] = ()) -> PreparedStdp:
    """Read a scenario of this kind, apply changes (path, value), and load what it needs; raises NeurosimError."""
    scenario = read_single(StdpScenario, name_or_path, changes)
    check_engine(scenario.scenario.engine)
    chip = load_chip(scenario.scenario.chip)
    chip.constants(scenario.scenario.constants)
    differences = _differences(scenario.protocol)
    if min(int((differences > 0).sum()), int((differences < 0).sum())) < 2:
        raise NeurosimError(f"scenario {scenario.scenario.name}: less than two differences on one side of zero")
    for sign in (1, -1):
        _configured(scenario, sign)
    network = pairs_network(scenario, len(differences))
    program = load_program(map_network(network, chip, seed=scenario.scenario.seed))
    return PreparedStdp(scenario, chip, program, differences)


def _differences(protocol: Protocol) -> NDArray[np.int64]:
    """Return the differences in steps; raises NeurosimError when they do not fit between two pairings."""
    if protocol.to_ms < protocol.from_ms:
        raise NeurosimError(f"protocol.to_ms {protocol.to_ms:g}: is below from_ms {protocol.from_ms:g}")
    number = round((protocol.to_ms - protocol.from_ms) / protocol.every_ms) + 1
    exact = (protocol.from_ms + protocol.every_ms * np.arange(number)) / protocol.step_ms
    steps: NDArray[np.int64] = np.rint(exact).astype(np.int64)
    if np.abs(exact - steps).max() > 1e-9 or steps[-1] * protocol.step_ms > protocol.to_ms + 1e-9:
        raise NeurosimError(f"protocol.every_ms {protocol.every_ms:g}: differences must be whole steps")
    room = round(protocol.interval_ms / protocol.step_ms)
    if _before(steps) + int(np.abs(steps).max()) + 2 > room:
        raise NeurosimError(f"protocol.interval_ms {protocol.interval_ms:g}: too short for {protocol.to_ms:g} ms")
    return steps


def _before(differences: NDArray[np.int64]) -> int:
    """Return the step of the spike before the synapse: late enough for the earliest one after it."""
    return int(max(-differences.min(), 0)) + 1


def pairs_network(scenario: StdpScenario, differences: int) -> Network:
    """Return neurons with one synapse that learns and one that drives; every neuron has lines of its own."""
    n = differences * scenario.protocol.copies
    cell = CompartmentNeuron((Compartment(decay_u=4095, decay_v=4095, threshold=_FAR << _GRAIN),))
    one = Projection("before", "after", np.arange(n + 1), np.arange(n, dtype=np.int32), np.ones(n, dtype=np.int64), 1)
    weights = np.full(n, scenario.protocol.weight)
    learning = replace(one, weights=weights, exponent=_GRAIN, learning=scenario.rule.rule())
    drive = replace(one, source="drive", weights=np.full(n, _DRIVE >> _GRAIN), exponent=2 * _GRAIN)
    populations = Population("before", n, Source()), Population("drive", n, Source()), Population("after", n, cell)
    return Network(scenario.scenario.name, populations, (learning, drive), ("after",))


def _pulses(protocol: Protocol, differences: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the pulses of one pairing [1, steps, lines]; a driven neuron fires in the step after its pulse."""
    n, before = len(differences) * protocol.copies, _before(differences)
    pulses = np.zeros((1, round(protocol.interval_ms / protocol.step_ms), 2 * n), dtype=np.bool_)
    pulses[0, before, :n] = True
    pulses[0, np.repeat(before + differences - 1, protocol.copies), n + np.arange(n)] = True
    return pulses


def run_stdp(prepared: PreparedStdp, progress: Callable[[str, int], Callable[[int], None]] | None = None) -> StdpResult:
    """Run the protocol and fit both sides of the window. Raises NeurosimError."""
    scenario, protocol, began = prepared.scenario, prepared.scenario.protocol, perf_counter()
    about, differences = scenario.scenario, prepared.differences
    one = _pulses(protocol, differences)
    run = simulate(
        prepared.program,
        np.broadcast_to(one, (protocol.pairings, *one.shape[1:])),
        constants=about.constants,
        engine=about.engine,
        learning="keep",
        progress=progress(f"{about.name}, pairings", protocol.pairings) if progress else None,
    )
    if run.learned is None:
        raise NeurosimError(f"scenario {about.name}: nothing has learned")
    weights = run.learned.weight.reshape(len(differences), protocol.copies).astype(np.float64)
    change: NDArray[np.float64] = weights / protocol.weight - 1
    error: NDArray[np.float64] = change.std(axis=1, ddof=1) / float(np.sqrt(protocol.copies))
    ms = differences.astype(np.float64) * protocol.step_ms
    mean: NDArray[np.float64] = change.mean(axis=1)
    plus, minus = _side(scenario, ms, mean, 1), _side(scenario, ms, mean, -1)
    energy = price(run, prepared.chip, about.constants)
    seconds = perf_counter() - began
    return StdpResult(scenario, prepared.chip, prepared.program, run, energy, ms, mean, error, plus, minus, seconds)


def _side(scenario: StdpScenario, ms: NDArray[np.float64], change: NDArray[np.float64], sign: int) -> Side:
    """Fit one side of the window: differences above (1) or below (-1) zero."""
    published = scenario.published
    tau, amplitude = (
        (published.tau_plus_ms, published.amplitude_plus)
        if sign > 0
        else (published.tau_minus_ms, published.amplitude_minus)
    )
    here = sign * ms > 0
    span = float(np.abs(ms).max())
    fitted = fit_exponential(np.abs(ms[here]), change[here], scenario.protocol.step_ms / 10, 100 * span)
    return Side(_configured(scenario, sign), fitted, Exponential(amplitude, tau))


def _configured(scenario: StdpScenario, sign: int) -> Exponential:
    """Return the exponential that the rule asks for, without rounding: spikes count once, all traces decay.

    The product with x1 and y0 acts where the spike after the synapse comes second, that with y1 and x0 where it
    comes first; other products do not belong to a pair rule.
    """
    rule, protocol = scenario.rule, scenario.protocol
    trace, names = (rule.x1, {"x1", "y0"}) if sign > 0 else (rule.y1, {"y1", "x0"})
    products = [p for s in rule.rule().sums if s.target == "w" for p in s.products]
    scales = [
        p.mantissa * 2.0**p.exponent
        for p in products
        if {f.variable for f in p.factors} == names and len(p.factors) == 2 and not any(f.constant for f in p.factors)
    ]
    if trace is None or not scales or len(products) != 2:
        raise NeurosimError(f"scenario {scenario.scenario.name}: rule.dw: must be a pair rule, a*x1*y0 + b*y1*x0")
    per_pair = scales[0] * trace.impulse
    return Exponential(per_pair * protocol.pairings / protocol.weight, trace.tau * protocol.step_ms)
