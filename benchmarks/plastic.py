"""How many synapses learn per second? Run: python benchmarks/plastic.py [--json]

1,024 leaky neurons with 128 random synapses each, all of which learn by a pair rule in every step: workload a of
workloads.py on as few cores as hold it. About 2 % of the neurons fire in a step. Both rows run the same program on the
compiled engine, with learning on and off; their difference is what learning takes. Medians of processor time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

from common import parser, print_json, say_versions, table, timed, versions
from workloads import GRAIN, workload

import neurosim as ns
from neurosim.engine.compiled import CompiledChip
from neurosim.network import LearningRule, Trace
from neurosim.program import Program

AIM = 100e6
RULE = LearningRule(("dw = 2^-4*x1*y0 - 2^-4*y1*x0",), x1=Trace(16, 20.0), y1=Trace(16, 20.0), epoch=1, sign="mixed")


@dataclass(frozen=True)
class Found:
    """Microseconds per step with learning on and off, synapses updated per step and per second."""

    cores: int
    on_us: float
    off_us: float
    updates: float
    per_second: float
    per_second_alone: float


def program() -> Program:
    """Return the program; its weights, of either sign, count in steps of two."""
    work = workload("a")
    synapses = work.network.projections[0]
    plastic = replace(synapses, weights=2 * synapses.weights, exponent=GRAIN - 1, learning=RULE)
    return ns.load_program(ns.map(replace(work.network, projections=(plastic,)), work.chip))


def measure(rounds: int, steps: int) -> Found:
    """Measure with learning on and off."""
    loaded, inputs = program(), workload("a", steps).inputs
    chips = [
        CompiledChip(replace(loaded, options={"learning": mode}), loaded.chip.constants()) for mode in ("reset", "off")
    ]
    times: list[list[float]] = [[], []]
    for chip in chips:
        chip.run(inputs[:, :2])
    for _ in range(rounds):
        for chip, found in zip(chips, times, strict=True):
            seconds, run = timed(lambda chip=chip: chip.run(inputs, trace_first=False))
            found.append(seconds / steps)
            if chip is chips[0]:
                updates = int(run.activity.total("synapse_updates")[0]) / steps
    on, off = map(median, times)
    return Found(len(loaded.cores), 1e6 * on, 1e6 * off, updates, updates / on, updates / (on - off))


def main() -> None:
    options_of = parser(__doc__)
    options_of.add_argument("--rounds", type=int, default=5)
    options_of.add_argument("--steps", type=int, default=300)
    options = options_of.parse_args()
    found = measure(options.rounds, options.steps)
    if options.json:
        print_json({"results": found.__dict__, "aim_updates_per_s": AIM, "versions": versions("numba", "numpy")})
        return
    head = ("1,024 x 128 plastic", "cores", "learning, us/step", "off, us/step", "updates/step", "updates/s", "aim")
    row = ("pair rule, epoch of 1 step", str(found.cores), f"{found.on_us:,.0f}", f"{found.off_us:,.0f}")
    table(head, [(*row, f"{found.updates:,.0f}", f"{found.per_second:,.0f}", f"{AIM:,.0f}")])
    say_versions(versions("numba", "numpy"))


if __name__ == "__main__":
    main()
