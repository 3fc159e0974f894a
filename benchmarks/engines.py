"""How fast is the compiled engine beside the event kernel? Run: python benchmarks/engines.py [--json]

Both run in one process on one thread, in turn, after a warm-up; the median of the processor times of some rounds
counts. Workloads are a, b and c of workloads.py and the published 784-128-10 network on random pulses (mnist), 16
steps each and as dense as the test images' mean. All are on Loihi, with both of its constant sets (unbounded queues,
and 16 slots per queue). The event kernel gets fewer steps or samples, as it takes longer; figures are per step.
Peak memory is that of a fresh process that loads and runs the workload on the compiled engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from common import parser, print_json, say_versions, table, timed, versions
from memory import peaks
from numpy.typing import NDArray
from workloads import workload

import neurosim as ns
from neurosim.engine.compiled import CompiledChip
from neurosim.engine.event.chip import EventChip
from neurosim.program import Program

EVENT_STEPS = {"a": 30, "b": 30, "c": 3}


@dataclass(frozen=True, eq=False)
class Case:
    """A program, and inputs for the event kernel and for the compiled engine."""

    name: str
    program: Program
    few: NDArray[np.bool_]
    many: NDArray[np.bool_]


def mnist(samples: int) -> Case:
    """Return the published network with as many pulses as the mean test image gives."""
    digits = np.random.default_rng(3).random((samples, 16, 784)) < 0.13
    program = ns.load_program(ns.map(ns.load_network("mnist-pulsed"), ns.load_chip("loihi")))
    return Case("mnist", program, digits[: max(1, samples // 20)], digits)


def recurrent_or_layers(name: str) -> Case:
    """Return one of the workloads a, b and c."""
    work = workload(name)
    return Case(name, work.program(), work.inputs[:, : EVENT_STEPS[name]], work.inputs)


def measure(case: Case, constants: str, rounds: int) -> dict[str, float]:
    """Return times per step, their ratio, and what the compiled engine does per second."""
    chosen = case.program.chip.constants(constants)
    event, compiled = EventChip(case.program, chosen), CompiledChip(case.program, chosen)
    compiled.run(case.few[:1, :2])
    slow, fast = [], []
    for _ in range(rounds):
        seconds, run = timed(lambda: event.run(case.few, trace_first=False))
        slow.append(seconds / (len(case.few) * run.chip_steps))
        seconds, run = timed(lambda: compiled.run(case.many, trace_first=False))
        fast.append(seconds / (len(case.many) * run.chip_steps))
    total = run.activity.summary()
    step = {name: total[name] / run.chip_steps for name in ("packets", "hops", "spikes", "synaptic_operations")}
    return {
        "event_us": 1e6 * median(slow),
        "compiled_us": 1e6 * median(fast),
        "ratio": median(slow) / median(fast),
        **{f"{name}_per_step": value for name, value in step.items()},
        "packets_per_s": step["packets"] / median(fast),
        "synaptic_operations_per_s": step["synaptic_operations"] / median(fast),
    }


def report(results: dict[str, dict[str, float]], memory: dict[str, dict[str, float]]) -> None:
    """Print both tables."""
    head = (
        "workload",
        "event, us/step",
        "compiled, us/step",
        "ratio",
        "packets/step",
        "packets/s",
        "synaptic events/s",
    )
    rows = [
        (
            name,
            f"{row['event_us']:,.0f}",
            f"{row['compiled_us']:,.1f}",
            f"{row['ratio']:,.0f}",
            f"{row['packets_per_step']:,.0f}",
            f"{row['packets_per_s']:,.0f}",
            f"{row['synaptic_operations_per_s']:,.0f}",
        )
        for name, row in results.items()
    ]
    table(head, rows)
    print()
    stages = ("imported", "loaded", "run")
    peak_head = ("peak memory, MiB", "after importing", "after loading", "after running")
    table(peak_head, [(name, *(f"{sizes[stage]:.0f}" for stage in stages)) for name, sizes in memory.items()])


def main() -> None:
    options_of = parser(__doc__)
    options_of.add_argument("--rounds", type=int, default=3)
    options_of.add_argument("--samples", type=int, default=200, help="images of the compiled engine")
    options = options_of.parse_args()
    results = {}
    for case in (mnist(options.samples), *map(recurrent_or_layers, EVENT_STEPS)):
        for constants in case.program.chip.constant_sets:
            results[f"{case.name}, {constants}"] = measure(case, constants, options.rounds)
    memory = {name: peaks("neurosim", name) for name in EVENT_STEPS}  # now that all code is compiled and kept
    found: dict[str, Any] = versions("numba", "numpy", "simpy")
    if options.json:
        print_json({"results": results, "peak_memory_mib": memory, "versions": found})
        return
    report(results, memory)
    say_versions(found)


if __name__ == "__main__":
    main()
