"""How fast is the compiled engine beside the event kernel? Run: python benchmarks/engines.py [--json]

Both run in one process on one thread, in turn, after a warm-up; the median of the processor times of some rounds
counts. Workloads on Loihi, with both of its constant sets (unbounded queues, and 16 slots per queue):

* mnist: the published 784-128-10 network on random pulses, as dense as the test images' mean, 16 steps each;
* recurrent: 1,024 neurons with 128 random synapses each on 32 cores, one per tile; noise makes 2 % fire per step;
* layers: 784-256-10 on 9 cores, with pulses on 30 % of the inputs in every step.

The event kernel gets fewer steps or samples, as it takes longer; figures are per step.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time

import numba
import numpy as np

import neurosim as ns
from neurosim.engine.compiled import CompiledChip
from neurosim.engine.event.chip import EventChip
from neurosim.mapping import Mapping
from neurosim.network import (
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    Population,
    Projection,
    Source,
)
from neurosim.program import Program
from neurosim.results import Run

SIDE = 32  # cores of the recurrent network


@dataclass(frozen=True)
class Workload:
    """A program, its constant set, and inputs for the event kernel and for the compiled engine."""

    name: str
    program: Program
    constants: str
    few: np.ndarray
    many: np.ndarray


def recurrent() -> Program:
    """1,024 neurons without memory: noise of +-127 x 64 passes a threshold of 122 x 64 in 5 of 255 draws."""
    rng = np.random.default_rng(1)
    n, fan_out = 1024, 128
    neuron = CompartmentNeuron(
        (Compartment(decay_u=4095, decay_v=4095, threshold=122 * 64, noise_target="voltage", noise_exponent=13),)
    )
    targets = np.concatenate([np.sort(rng.choice(n, fan_out, replace=False)) for _ in range(n)]).astype(np.int32)
    weights = rng.choice([-1, 1], n * fan_out)
    synapses = Projection("a", "a", np.arange(0, n * fan_out + 1, fan_out), targets, weights, 1, 0, 6)
    network = Network("recurrent", (Population("in", 1, Source()), Population("a", n, neuron)), (synapses,), ("a",))
    return placed(network, np.repeat(4 * np.arange(SIDE), n // SIDE))


def layers() -> Program:
    """784-256-10, 32 hidden neurons on each of eight cores and the ten outputs on a ninth."""
    rng = np.random.default_rng(2)
    populations = (
        Population("in", 784, Source()),
        Population("hidden", 256, AddAndFire(48.0)),
        Population("out", 10, Accumulator()),
    )
    projections = (
        Projection.dense("in", "hidden", rng.integers(-8, 10, (784, 256))),
        Projection.dense("hidden", "out", rng.integers(-8, 9, (256, 10))),
    )
    network = Network("layers", populations, projections, ("out",))
    return placed(network, np.append(np.repeat(np.arange(8), 32), np.full(10, 8)))


def placed(network: Network, core_of: np.ndarray) -> Program:
    chip = ns.load_chip("loihi")
    lowered = ns.map(network, chip).lowered
    return ns.load_program(Mapping(network, lowered, chip, core_of.astype(np.int32), "by hand", 0))


def mnist() -> Program:
    return ns.load_program(ns.map(ns.load_network("mnist-pulsed"), ns.load_chip("loihi")))


def workloads(event_steps: int, steps: int, samples: int) -> list[Workload]:
    """Return every program with both constant sets."""
    rng = np.random.default_rng(3)
    digits = rng.random((samples, 16, 784)) < 0.13  # as many pulses as the mean test image gives
    pulses = rng.random((1, steps, 784)) < 0.3
    silent = np.zeros((1, steps, 1), dtype=bool)
    cases = [
        ("mnist", mnist(), digits[: max(1, samples // 20)], digits),
        ("recurrent", recurrent(), silent[:, :event_steps], silent),
        ("layers", layers(), pulses[:, :event_steps], pulses),
    ]
    sets = ns.load_chip("loihi").constant_sets
    return [Workload(name, program, c, few, many) for name, program, few, many in cases for c in sets]


def timed(action: Callable[[], Run]) -> tuple[float, Run]:
    start = process_time()
    run = action()
    return process_time() - start, run


def measure(work: Workload, rounds: int) -> dict[str, float]:
    """Return times per step, their ratio, and what the compiled engine does per second."""
    constants = work.program.chip.constants(work.constants)
    event, compiled = EventChip(work.program, constants), CompiledChip(work.program, constants)
    compiled.run(work.few[:1, :2])
    slow, fast = [], []
    for _ in range(rounds):
        seconds, run = timed(lambda: event.run(work.few, trace_first=False))
        slow.append(seconds / (len(work.few) * run.chip_steps))
        seconds, run = timed(lambda: compiled.run(work.many, trace_first=False))
        fast.append(seconds / (len(work.many) * run.chip_steps))
    steps, total = len(work.many) * run.chip_steps, run.activity.summary()
    per_step = {name: total[name] * len(work.many) / steps for name in ("packets", "hops", "synaptic_operations")}
    return {
        "event_us": 1e6 * median(slow),
        "compiled_us": 1e6 * median(fast),
        "ratio": median(slow) / median(fast),
        **{f"{name}_per_step": value for name, value in per_step.items()},
        "packets_per_s": per_step["packets"] / median(fast),
        "synaptic_operations_per_s": per_step["synaptic_operations"] / median(fast),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000, help="steps of the compiled engine")
    parser.add_argument("--event-steps", type=int, default=30, help="steps of the event kernel")
    parser.add_argument("--samples", type=int, default=200, help="images of the compiled engine")
    options = parser.parse_args()
    numba.set_num_threads(1)
    result = {
        f"{work.name}, {work.constants}": measure(work, options.rounds)
        for work in workloads(options.event_steps, options.steps, options.samples)
    }
    if options.json:
        versions = {"python": platform.python_version(), "numba": numba.__version__, "machine": platform.machine()}
        print(json.dumps({"results": result, "versions": versions}))
        return
    print("| workload | event, us/step | compiled, us/step | ratio | packets/step | packets/s | synaptic events/s |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, row in result.items():
        print(
            f"| {name} | {row['event_us']:,.0f} | {row['compiled_us']:,.1f} | {row['ratio']:,.0f} |"
            f" {row['packets_per_step']:,.0f} | {row['packets_per_s']:,.0f} | {row['synaptic_operations_per_s']:,.0f} |"
        )


if __name__ == "__main__":
    main()
