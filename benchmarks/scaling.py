"""Does the cost grow linearly? Run: python benchmarks/scaling.py [--json]

Two sweeps on the compiled engine, one thread, warm, on cores of Loihi:

* packets: 10^3 to 10^6 packets in every step on 128 cores; each neuron fires in every step, to 8 cores all over the
  chip, one synapse at each. Queues are unbounded (constants davies2018); a last line tells what 10^6 packets cost with
  16 slots per link (silicon-fit), where queues fill and the step is taken event by event;
* synapses: 10^5 to 10^8 synapses on 1 to 960 cores that all hold the same: 102 neurons, a spike every 4 steps, 8
  packets to cores of the same group of eight, 128 synapses at each.

Printed are the median time of some rounds per packet or synaptic event, and the largest over the smallest. The
programs are written directly and are larger than what Loihi's cores hold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from common import median_time, parser, print_json, say_versions, table, versions
from memory import peak
from uniform import Size, program

from neurosim.engine.compiled import CompiledChip

REQUIRED_RATIO = 1.5
UNBOUNDED, BOUNDED = "davies2018", "silicon-fit"
PACKETS = [Size(neurons, 1, 1) for neurons in (1, 10, 98, 977)]
NETWORKS = [Size(102, 128, 4, cores, 8) for cores in (1, 8, 96, 960)]
LEAST_STEPS = 16  # a run's own cost, apart from its steps, should not count


def sweep(sizes: Sequence[Size], constants: str, rounds: int, events: float) -> list[dict[str, float]]:
    """Measure each size on about ``events`` synaptic events."""
    return [measure(size, constants, rounds, events) for size in sizes]


def measure(size: Size, constants: str, rounds: int, events: float, least: int = LEAST_STEPS) -> dict[str, float]:
    """Return counts of a program and its times."""
    loaded = program(size)
    chip = CompiledChip(loaded, loaded.chip.constants(constants))
    periods = max(1, round(events / size.all_synapses))
    inputs = np.zeros((1, max(least, periods * size.period), 0), dtype=np.bool_)
    run = chip.run(inputs, trace_first=False)
    total, steps = run.activity.summary(), inputs.shape[1]
    seconds = median_time(lambda: chip.run(inputs, trace_first=False), rounds)
    return {
        "synapses": size.all_synapses,
        "neurons": size.cores * size.neurons,
        "packets_per_step": total["packets"] / steps,
        "events_per_step": total["synaptic_operations"] / steps,
        "ns_per_packet": 1e9 * seconds / total["packets"],
        "ns_per_event": 1e9 * seconds / total["synaptic_operations"],
    }


def spread(rows: Sequence[dict[str, float]], figure: str) -> float:
    """Return the largest value of a figure over its smallest."""
    values = [row[figure] for row in rows]
    return max(values) / min(values)


def report(rows: Sequence[dict[str, float]], size: str, figure: str, noun: str) -> None:
    """Print one sweep."""
    table(
        (size.replace("_", " "), "packets/step", "synaptic events/step", f"ns per {noun}"),
        [
            (f"{r[size]:,.0f}", f"{r['packets_per_step']:,.0f}", f"{r['events_per_step']:,.0f}", f"{r[figure]:.2f}")
            for r in rows
        ],
    )
    print(f"\nlargest over smallest {spread(rows, figure):.2f}, required at most {REQUIRED_RATIO}\n")


def main() -> None:
    options_of = parser(__doc__)
    options_of.add_argument("--rounds", type=int, default=3)
    options_of.add_argument("--packets", type=float, default=2e6, help="packets per measurement, at least")
    options_of.add_argument("--events", type=float, default=4e7, help="synaptic events per measurement, at least")
    options = options_of.parse_args()
    packets = sweep(PACKETS, UNBOUNDED, options.rounds, options.packets)
    bounded = measure(PACKETS[-1], BOUNDED, 1, 0, least=2)
    synapses = sweep(NETWORKS, UNBOUNDED, options.rounds, options.events)
    found = versions("numba", "numpy")
    if options.json:
        ratios = {"packets": spread(packets, "ns_per_packet"), "synapses": spread(synapses, "ns_per_event")}
        results = {
            "packets": packets,
            "bounded": bounded,
            "synapses": synapses,
            "ratios": ratios,
            "peak_memory_mib": peak(),
        }
        print_json({"required_ratio": REQUIRED_RATIO, "results": results, "versions": found})
        return
    report(packets, "neurons", "ns_per_packet", "packet")
    print(
        f"with 16 slots per link {bounded['packets_per_step']:,.0f} packets/step: {bounded['ns_per_packet']:.0f} ns\n"
    )
    report(synapses, "synapses", "ns_per_event", "synaptic event")
    print(f"peak memory {peak():,.0f} MiB")
    say_versions(found)


if __name__ == "__main__":
    main()
