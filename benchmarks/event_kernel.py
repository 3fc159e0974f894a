"""How fast is the event kernel beside bare SimPy? Run: python benchmarks/event_kernel.py [--json]

In one process and in turn, several rounds: (a) bare SimPy, one process per node that waits for a timeout of 1
again and again; (b) an 8x8 mesh under uniform traffic at load 0.3, with unbounded links and with 16 slots per
queue. Events are those that SimPy processes. The ratio is kernel to bare events per second, median of rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter

import numpy as np
import simpy

from neurosim.engine.traffic import Traffic

SIDE, LOAD, ROUTER = 8, 0.3, {"hop_cycles": 4, "end_cycles": 6}
REQUIRED_RATIO = 0.40
MESH_LINKS = ("E", "W", "N", "S")


def timed(env: simpy.Environment, action: Callable[[], object]) -> tuple[float, int]:
    """Return seconds and processed events of an action."""

    def processed() -> int:
        return next(env._eid) - len(env._queue)

    events, start = processed(), perf_counter()
    action()
    seconds = perf_counter() - start
    return seconds, processed() - events - 1  # the counter itself took a number


def bare_simpy(events: int) -> dict[str, float]:
    """Measure processes that only wait."""

    def wait(env: simpy.Environment) -> Iterator[simpy.Event]:
        while True:
            yield env.timeout(1)

    env = simpy.Environment()
    for _ in range(SIDE * SIDE):
        env.process(wait(env))
    seconds, done = timed(env, lambda: env.run(until=events // SIDE**2))
    return {"events_per_s": done / seconds}


def kernel(depth: int, events: int) -> dict[str, float]:
    """Measure the mesh under traffic, the process that feeds it included."""
    traffic = Traffic(SIDE, SIDE, "uniform", LOAD, seed=1, depth=depth, **ROUTER)
    list(traffic.advance(500))
    mesh, packets = traffic.mesh, traffic.mesh.received
    crossed = mesh.packets_per_link()[np.isin(mesh.link_kind, MESH_LINKS)].sum()
    cycles = events // round(SIDE**2 * LOAD * 8.25)
    seconds, done = timed(traffic.env, lambda: list(traffic.advance(cycles)))
    hops = mesh.packets_per_link()[np.isin(mesh.link_kind, MESH_LINKS)].sum() - crossed
    return {
        "events_per_s": done / seconds,
        "packets_per_s": (mesh.received - packets) / seconds,
        "packet_hops_per_s": float(hops) / seconds,
    }


def benchmark(rounds: int, events: int) -> dict[str, dict[str, float]]:
    """Return the median of every figure, and the median ratio to bare SimPy of the same round."""
    cases = {
        "bare SimPy": lambda: bare_simpy(events),
        "links without bounds": lambda: kernel(0, events),
        "links with 16 slots": lambda: kernel(16, events),
    }
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            figures = case()
            bare = measured["bare SimPy"][-1] if name != "bare SimPy" else figures
            measured[name].append({**figures, "ratio": figures["events_per_s"] / bare["events_per_s"]})
    return {name: {key: median(r[key] for r in runs) for key in runs[0]} for name, runs in measured.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--events", type=int, default=400_000, help="events per measurement (default 400000)")
    options = parser.parse_args()
    result = benchmark(options.rounds, options.events)
    if options.json:
        versions = {"python": platform.python_version(), "simpy": simpy.__version__, "machine": platform.machine()}
        print(json.dumps({"required_ratio": REQUIRED_RATIO, "results": result, "versions": versions}))
        return
    print(f"{SIDE}x{SIDE} mesh, uniform traffic, load {LOAD}; median of {options.rounds} rounds")
    print(f"{'':22}{'events/s':>12}{'ratio':>8}{'packets/s':>12}{'hops/s':>12}")
    for name, row in result.items():
        cells = "".join(f"{row[key]:12,.0f}" for key in ("packets_per_s", "packet_hops_per_s") if key in row)
        print(f"{name:22}{row['events_per_s']:12,.0f}{row['ratio']:8.2f}{cells}")
    print(f"required ratio {REQUIRED_RATIO:.2f}")


if __name__ == "__main__":
    main()
