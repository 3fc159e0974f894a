"""Does the cost grow linearly? Run: python benchmarks/scaling.py [--json]

Two sweeps on the compiled engine, one thread, warm, 128 cores of Loihi with its default constants (16 slots per queue):

* packets: 10^3 to 10^6 packets in every step; each neuron fires in every step, to 8 cores, one synapse at each;
* synapses: 10^5 to 10^8 synapses; a neuron fires every 4 steps, to 8 cores, 128 synapses at each.

Printed are the median time of some rounds per packet or synaptic event, and the largest over the smallest. The
programs are written directly and are larger than what Loihi's cores hold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from common import median_time, parser, print_json, say_versions, table, versions
from memory import peak
from uniform import CORES, Size, program

from neurosim.engine.compiled import CompiledChip

REQUIRED_RATIO = 1.5
PERIOD, SYNAPSES = 4, 128
PACKETS = [Size(neurons, 1, 1) for neurons in (1, 10, 98, 977)]
NETWORKS = [Size(neurons, SYNAPSES, PERIOD) for neurons in (1, 8, 76, 763)]


def sweep(sizes: Sequence[Size], constants: str | None, rounds: int, events: float) -> list[dict[str, float]]:
    """Measure each size on about ``events`` synaptic events."""
    return [measure(size, constants, rounds, events) for size in sizes]


def measure(size: Size, constants: str | None, rounds: int, events: float) -> dict[str, float]:
    """Return counts of a program and its times."""
    loaded = program(size)
    chip = CompiledChip(loaded, loaded.chip.constants(constants))
    periods = max(1, round(events / size.all_synapses))
    inputs = np.zeros((1, max(2, periods * size.period), 0), dtype=np.bool_)
    run = chip.run(inputs, trace_first=False)
    total, steps = run.activity.summary(), inputs.shape[1]
    seconds = median_time(lambda: chip.run(inputs, trace_first=False), rounds)
    return {
        "synapses": size.all_synapses,
        "neurons": CORES * size.neurons,
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
    options_of.add_argument("--constants", help="a constant set of Loihi (default: its own default)")
    options_of.add_argument("--packets", type=float, default=2e6, help="packets per measurement, at least two steps")
    options_of.add_argument("--events", type=float, default=4e7, help="synaptic events per measurement")
    options = options_of.parse_args()
    packets = sweep(PACKETS, options.constants, options.rounds, options.packets)
    synapses = sweep(NETWORKS, options.constants, options.rounds, options.events)
    found = versions("numba", "numpy")
    if options.json:
        ratios = {"packets": spread(packets, "ns_per_packet"), "synapses": spread(synapses, "ns_per_event")}
        results = {"packets": packets, "synapses": synapses, "ratios": ratios, "peak_memory_mib": peak()}
        print_json({"required_ratio": REQUIRED_RATIO, "results": results, "versions": found})
        return
    report(packets, "neurons", "ns_per_packet", "packet")
    report(synapses, "synapses", "ns_per_event", "synaptic event")
    print(f"peak memory {peak():,.0f} MiB")
    say_versions(found)


if __name__ == "__main__":
    main()
