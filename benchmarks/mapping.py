"""How good and how quick are mappers? Run: python benchmarks/mapping.py [--json] [--large]

(a) Placers on nug30 (QAPLIB; 30 facilities on 5 x 6 places), with both gaps: to the best known cost, 6124, which is
proved, and to the Gilmore-Lawler bound. A gap to the bound of 35 % is the optimum. Median and best of some seeds.
(b) With --large, the default mapper on 100,000 neurons on Loihi, in the network's order and shuffled.
Seconds are processor time after one call that compiles.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import numpy as np
from common import parser, print_json, say_versions, table, timed, versions

import neurosim as ns
from neurosim.cores import core_kind
from neurosim.cores.problem import problem_of
from neurosim.mapping import MappingProblem, assign
from neurosim.mapping.bounds import gilmore_lawler, least_cores
from neurosim.mapping.geometry import ways_of
from neurosim.mapping.place.problem import PlacementProblem, placement_of
from neurosim.mapping.registry import DEFAULT, find, names_of
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

NUG30 = Path(__file__).parents[1] / "tests" / "data" / "qap_nug30.json"
SEEDS = 5
NEURONS, NEAR, REWIRED = 100_000, 14, 0.01


def nug30() -> tuple[PlacementProblem, float]:
    """Return the public instance and its best known cost."""
    data = json.loads(NUG30.read_text())["nug30"]
    flow, n = np.array(data["flow"], dtype=np.float64), len(data["flow"])
    source, target = np.nonzero(flow)
    columns, rows = data["cols"], data["rows"]
    grid = (np.arange(n), columns, rows, 1, ways_of(columns, rows), (), np.zeros((0, n)), np.full(n, -1))
    return PlacementProblem("nug30", n, source, target, flow[source, target], *grid), float(data["optimum"])


def placers() -> dict[str, dict[str, float]]:
    """Measure every placer but the exact one, which takes no more than 16 clusters."""
    problem, best = nug30()
    bound, found = gilmore_lawler(problem), {}
    for name in names_of("placer"):
        if name == "exact":
            continue
        place = find("placer", name)
        place(problem)
        runs = [timed(lambda place=place, seed=seed: place(problem, seed=seed)) for seed in range(SEEDS)]
        costs = [problem.cost(places) for _, places in runs]
        found[name] = {
            "median": median(costs),
            "best": min(costs),
            "gap_to_best_known": median(costs) / best - 1,
            "gap_to_bound": median(costs) / bound - 1,
            "seconds": median(seconds for seconds, _ in runs),
        }
    return found


def small_world(shuffled: bool) -> MappingProblem:
    """Return a ring of neurons, each with 14 near targets of which a hundredth lie anywhere, on Loihi."""
    rng = np.random.default_rng(0)
    source = np.repeat(np.arange(NEURONS), NEAR)
    steps = np.concatenate([np.arange(-NEAR // 2, 0), np.arange(1, NEAR // 2 + 1)])
    target = (source + np.tile(steps, NEURONS)) % NEURONS
    anywhere = rng.random(len(target)) < REWIRED
    target[anywhere] = rng.integers(0, NEURONS, anywhere.sum())
    if shuffled:
        number = rng.permutation(NEURONS)
        source, target = number[source], number[target]
    key = np.unique(source * NEURONS + target)
    ptr = np.concatenate([[0], np.cumsum(np.bincount(key // NEURONS, minlength=NEURONS))]).astype(np.int64)
    cell = CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=512),))
    ones = np.ones(len(key), dtype=np.int64)
    ring = Projection("ring", "ring", ptr, (key % NEURONS).astype(np.int32), ones, 1, exponent=6)
    entry = Projection.dense("in", "ring", np.eye(64, NEURONS, dtype=np.int64))
    entry = Projection("in", "ring", entry.indptr, entry.targets, entry.weights, exponent=6)
    populations = (Population("in", 64, Source()), Population("ring", NEURONS, cell))
    network, chip = Network("small world", populations, (ring, entry), ("ring",)), ns.load_chip("loihi")
    return problem_of(core_kind(chip.core_kind).lower(network, chip), chip)


def large() -> dict[str, dict[str, float]]:
    """Measure the default mapper on a large network."""
    found = {}
    for name, shuffled in (("given order", False), ("shuffled", True)):
        problem = small_world(shuffled)
        seconds, core_of = timed(lambda problem=problem: assign(DEFAULT, problem, 0))
        cores, clusters = np.unique(core_of, return_inverse=True)
        placement = placement_of(problem, clusters, DEFAULT)
        packets = float(placement.spikes.sum() + np.maximum(placement.entering, 0).sum())
        found[name] = {
            "cores": len(cores),
            "least_cores": least_cores(problem),
            "packets": packets,
            "traffic": placement.cost(cores),
            "traffic_bound": gilmore_lawler(placement),
            "seconds": seconds,
        }
    return found


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--large", action="store_true", help="also map 100,000 neurons")
    chosen = options.parse_args()
    found = {"nug30": placers(), **({"large": large()} if chosen.large else {})}
    used = versions("neurosim", "numba", "numpy", "scipy")
    if chosen.json:
        print_json({"versions": used, **found})
        return
    say_versions(used)
    rows = [
        [name, f"{m['median']:.0f}", f"{m['best']:.0f}", f"{m['gap_to_best_known']:+.1%}", f"{m['gap_to_bound']:+.1%}",
         f"{m['seconds']:.2f}"]
        for name, m in sorted(found["nug30"].items(), key=lambda pair: pair[1]["median"])
    ]  # fmt: skip
    table(["nug30", f"median of {SEEDS}", "best", "to best known", "to Gilmore-Lawler", "s"], rows)
    if chosen.large:
        print()
        head = ["100,000 neurons", "cores", "least", "packets", "packets x links", "at least", "s"]
        keys = ("cores", "least_cores", "packets", "traffic", "traffic_bound", "seconds")
        table(head, [[name, *(f"{m[key]:.0f}" for key in keys)] for name, m in found["large"].items()])


if __name__ == "__main__":
    main()
