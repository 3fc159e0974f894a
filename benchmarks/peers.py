"""How fast is neurosim beside SANA-FE? Run in its environment (make bench-peers).

.bench/sanafe/bin/python benchmarks/peers.py [a b c] [--json]

Both simulate workloads a, b and c of workloads.py in one process, one thread, warm, and in turn: neurosim's compiled
engine with contention (Loihi's default constants, 16 slots per queue), SANA-FE with its timing models "detailed" and
"simple" (without contention) on the Loihi that it ships, less the input units that are not used. They get the same
neurons, synapses, places and pulses. Who fires in every one of the first steps is compared, and the numbers of pulses
and packets in every part that is timed; a difference ends the run. The median of the processor times counts. Peak
memory is that of a fresh process for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from common import parser, print_json, say_versions, table, timed, versions
from memory import peaks
from sanafe_chip import SanafeChip
from workloads import STEPS, Workload, workload

from neurosim.engine.compiled import CompiledChip
from neurosim.results import Run

MODELS = ("detailed", "simple")
AIMS = {"a": (20, 10), "b": (20, 10), "c": (80, 10)}  # times as fast as each of the two
AIM_MIB = 200
COMPARED = {"a": 200, "b": 200, "c": 10}  # first steps in which every pulse is compared
ROUNDS = {"a": 3, "b": 3, "c": 2}


@dataclass(frozen=True, eq=False)
class Reference:
    """What neurosim says about every step that SANA-FE will take: packets and pulses per step, inputs included."""

    work: Workload
    run: Run

    def compare_first(self, theirs: Any, steps: int) -> None:
        """Raise SystemExit unless the same neurons fire in the first steps."""
        names = self.run.spikes.names
        numbers = np.array([[p.name for p in self.work.network.populations].index(name) for name in names])
        ours = self.run.spikes.first_sample
        ours = np.stack([ours[:, 0], numbers[ours[:, 1]], ours[:, 2]], axis=1)[ours[:, 0] < steps]
        if not np.array_equal(ours[np.lexsort(ours.T[::-1])], theirs):
            raise SystemExit(f"workload {self.work.name}: different neurons fire: {len(ours)} against {len(theirs)}")

    def compare_window(self, counts: dict[str, Any], first: int, steps: int) -> None:
        """Raise SystemExit unless a window of steps has the same numbers of pulses and packets."""
        window = slice(first, first + steps)
        pulses = sum(int(each[0, window].sum()) for each in self.run.spikes.counts.values())
        pulses += int(self.work.inputs[0, window].sum())
        packets = int(self.run.activity.packets_per_step[window].sum())
        if (pulses, packets) != (counts["neurons_fired"], counts["packets_sent"]):
            raise SystemExit(
                f"workload {self.work.name}, steps {first}..{first + steps - 1}: {pulses} pulses and {packets} packets"
                f" against {counts['neurons_fired']} and {counts['packets_sent']}"
            )


def measure(name: str) -> dict[str, float]:
    """Return times per step (ms), ratios and what was compared."""
    steps, compared, rounds = STEPS[name], COMPARED[name], ROUNDS[name]
    work = workload(name, compared + rounds * len(MODELS) * steps)
    program = work.program()
    chip = CompiledChip(program, program.chip.constants())
    reference = Reference(work, chip.run(work.inputs))
    other = SanafeChip(work)
    reference.compare_first(other.pulses(compared), compared)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {model: [] for model in MODELS}
    done = compared
    for _ in range(rounds):
        for model in MODELS:
            ours.append(timed(lambda: chip.run(work.inputs[:, :steps], trace_first=False))[0])
            seconds, counts = timed(partial(other.run, steps, model))
            theirs[model].append(seconds)
            reference.compare_window(counts, done, steps)
            done += steps
    window = slice(0, done)
    return {
        "neurosim_ms": 1e3 * median(ours) / steps,
        **{f"{model}_ms": 1e3 * median(theirs[model]) / steps for model in MODELS},
        **{f"{model}_ratio": median(theirs[model]) / median(ours) for model in MODELS},
        "packets_per_step": float(reference.run.activity.packets_per_step[window].mean()),
        "pulses_per_step": float(sum(each[0, window].mean() for each in reference.run.spikes.counts.values())),
        "steps_with_equal_pulses": compared,
        "steps_with_equal_counts": done - compared,
    }


def report(results: dict[str, dict[str, float]], memory: dict[str, dict[str, float]]) -> None:
    """Print the tables."""
    for name, row in results.items():
        print(f"{name}: {workload(name, 1).title}; {row['pulses_per_step']:,.1f} pulses and", end=" ")
        print(f"{row['packets_per_step']:,.0f} packets per step; the same neurons fire in all of", end=" ")
        print(f"{row['steps_with_equal_pulses']} steps, as many pulses and packets in {row['steps_with_equal_counts']}")
    print()
    head = (
        "ms/step",
        "SANA-FE detailed",
        "SANA-FE simple",
        "neurosim",
        "detailed: ratio",
        "aim",
        "simple: ratio",
        "aim",
    )
    rows = []
    for name, row in results.items():
        times = [f"{row[f'{who}_ms']:,.3f}" for who in (*MODELS, "neurosim")]
        ratios = [
            text
            for model, aim in zip(MODELS, AIMS[name], strict=True)
            for text in (f"{row[f'{model}_ratio']:,.1f}", str(aim))
        ]
        rows.append((name, *times, *ratios))
    table(head, rows)
    print()
    memory_head = ("peak memory, MiB", "SANA-FE", "neurosim", "after importing", "after loading", "aim below")
    table(memory_head, [(name, *_sizes(memory[name])) for name in results])


def _sizes(memory: dict[str, float]) -> tuple[str, ...]:
    stages = ("sanafe", "neurosim", "neurosim_imported", "neurosim_loaded")
    return (*(f"{memory[stage]:,.0f}" for stage in stages), str(AIM_MIB))


def memory_of(name: str) -> dict[str, float]:
    """Return peak memory (MiB) of fresh processes of both simulators."""
    ours, theirs = peaks("neurosim", name), peaks("sanafe", name)
    return {
        "neurosim": ours["run"],
        "neurosim_imported": ours["imported"],
        "neurosim_loaded": ours["loaded"],
        "sanafe": theirs["run"],
    }


def main() -> None:
    options_of = parser(__doc__)
    options_of.add_argument("workloads", nargs="*", default=list(STEPS), help="a, b, c (default all)")
    options = options_of.parse_args()
    results = {name: measure(name) for name in options.workloads}
    memory = {name: memory_of(name) for name in options.workloads}
    found = versions("sanafe", "numba", "numpy")
    if options.json:
        aims = {name: dict(zip(MODELS, AIMS[name], strict=True)) for name in results}
        print_json({"aims": aims, "results": results, "peak_memory_mib": memory, "versions": found})
        return
    report(results, memory)
    say_versions(found)


if __name__ == "__main__":
    main()
