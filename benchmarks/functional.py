"""How fast is the functional engine beside NEST? Run in NEST's environment (make bench-peers), or without NEST.

.bench/nest/bin/python benchmarks/functional.py [--json]

One recurrent network of 1,024 leaky neurons with 128 random synapses each, 1,000 steps, on one thread. Both rasters
must be the published one, which NEST, Brian2 and Lava give without a difference. neurosim's time is that of the whole
call, in which the network is flattened; NEST's is that of the steps alone. Times are medians of the processor times of
some rounds, after one that does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from math import exp
from statistics import median

import numpy as np
from common import parser, print_json, quiet, say_versions, table, timed, versions
from numpy.typing import NDArray

from neurosim.engine.functional import run_functional
from neurosim.network import LIF, Network, Population, Projection

N, FAN_OUT, STEPS, TAU = 1024, 128, 1000, 20.0
PULSES, EVENTS, CHECKSUM = 23_272, 2_978_816, 6_005_474_260  # published; the last is the sum of step * neuron
FIRST = [(0, 207), (0, 585), (0, 698), (0, 806), (0, 895), (1, 529), (2, 432), (2, 462)]

Raster = tuple[NDArray[np.int64], NDArray[np.int64]]  # steps and neurons of all pulses, in this order


@dataclass(frozen=True, eq=False)
class Drawn:
    """The network: sorted targets int64[N, FAN_OUT], weights of each neuron, currents and first membranes."""

    targets: NDArray[np.int64]
    weight: NDArray[np.float64]
    current: NDArray[np.float64]
    membrane: NDArray[np.float64]


def drawn() -> Drawn:
    """Return the published draws, which depend on their order."""
    rng = np.random.default_rng(42)
    targets = np.empty((N, FAN_OUT), dtype=np.int64)
    for i in range(N):
        chosen = rng.choice(N - 1, FAN_OUT, replace=False)
        targets[i] = np.sort(chosen + (chosen >= i))
    weight = np.where(rng.random(N) < 0.8, 0.008, -0.032)
    return Drawn(targets, weight, rng.uniform(1.00, 1.18, N), rng.random(N))


def check(who: str, raster: Raster) -> None:
    """Raise SystemExit unless pulses are those published."""
    step, neuron = raster
    found = (len(step), int((step * neuron).sum()), list(zip(step[:8].tolist(), neuron[:8].tolist(), strict=True)))
    if found != (PULSES, CHECKSUM, FIRST):
        raise SystemExit(f"{who}: not the published raster: {found} against {(PULSES, CHECKSUM, FIRST)}")


def neurosim(net: Drawn) -> Callable[[], tuple[float, Raster]]:
    """Return a function that runs the network and returns the time (s) and the raster."""
    decay = exp(-1 / TAU)
    cells = Population("cells", N, LIF(decay, bias=(1 - decay) * net.current, initial=net.membrane))
    starts = np.arange(0, N * FAN_OUT + 1, FAN_OUT)
    weights = np.repeat(net.weight, FAN_OUT)
    synapses = Projection("cells", "cells", starts, net.targets.ravel().astype(np.int32), weights, delay=1)
    network = Network("recurrent", (cells,), (synapses,), ("cells",))
    inputs = np.zeros((1, STEPS, 0), dtype=np.bool_)

    def run() -> tuple[float, Raster]:
        seconds, result = timed(lambda: run_functional(network, inputs))
        step, neuron = np.nonzero(result.pulses["cells"][0])
        return seconds, (step, neuron)

    return run


def nest(net: Drawn) -> Callable[[], tuple[float, Raster]]:
    """Return the same for NEST, which builds the network anew in every round; only the steps are timed."""
    with quiet():
        import nest as simulator
    first, pairs = 1, np.repeat(np.arange(N), FAN_OUT)
    weights = np.repeat(net.weight, FAN_OUT)
    neuron = {"tau_m": TAU, "C_m": TAU, "E_L": 0.0, "V_th": 1.0, "V_reset": 0.0, "t_ref": 0.0}

    def run() -> tuple[float, Raster]:
        with quiet():
            simulator.ResetKernel()
            simulator.SetKernelStatus({"resolution": 1.0, "local_num_threads": 1})
            cells = simulator.Create("iaf_psc_delta", N, params=neuron)
            cells.I_e, cells.V_m = net.current.tolist(), net.membrane.tolist()
            synapses = {"weight": weights, "delay": np.ones(len(weights)), "synapse_model": "static_synapse"}
            simulator.Connect(first + pairs, first + net.targets.ravel(), "one_to_one", syn_spec=synapses)
            recorder = simulator.Create("spike_recorder")
            simulator.Connect(cells, recorder)
            simulator.Prepare()
            seconds, _ = timed(lambda: simulator.Run(float(STEPS)))
            simulator.Cleanup()
        step = np.rint(recorder.events["times"]).astype(np.int64) - 1  # a pulse is stamped with the end of its step
        sender = np.asarray(recorder.events["senders"], dtype=np.int64) - first
        order = np.lexsort((sender, step))
        return seconds, (step[order], sender[order])

    return run


def measure(who: str, run: Callable[[], tuple[float, Raster]], rounds: int) -> dict[str, float]:
    """Return the median time (s) of rounds after the first, and synaptic events per second."""
    seconds = []
    for _ in range(rounds + 1):
        time, raster = run()
        check(who, raster)
        seconds.append(time)
    return {"seconds": median(seconds[1:]), "events_per_s": EVENTS / median(seconds[1:])}


def main() -> None:
    options_of = parser(__doc__)
    options_of.add_argument("--rounds", type=int, default=7)
    options = options_of.parse_args()
    net, there = drawn(), find_spec("nest") is not None
    results = {"neurosim": measure("neurosim", neurosim(net), options.rounds)}
    if there:
        results["NEST"] = measure("NEST", nest(net), options.rounds)
    found = versions("numba", "numpy", *(["nest-simulator"] if there else []))
    if options.json:
        ratio = {"ratio": results["NEST"]["seconds"] / results["neurosim"]["seconds"]} if there else {}
        print_json({"results": results, **ratio, "pulses": PULSES, "synaptic_events": EVENTS, "versions": found})
        return
    print(f"{PULSES:,} pulses and {EVENTS:,} synaptic events in {STEPS:,} steps, as published\n")
    rows = [(who, f"{1e3 * row['seconds']:.2f}", f"{row['events_per_s']:.3g}") for who, row in results.items()]
    table(("recurrent network", "ms", "synaptic events/s"), rows)
    if there:
        print(f"\nneurosim is {results['NEST']['seconds'] / results['neurosim']['seconds']:.1f} times as fast as NEST")
    else:
        print(
            "\nNEST is not in this environment: make bench-peers, then .bench/nest/bin/python benchmarks/functional.py"
        )
    say_versions(found)


if __name__ == "__main__":
    main()
