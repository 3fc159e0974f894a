"""Does a full TrueNorth run in real time? Run: python benchmarks/full_truenorth.py [--json] [--ticks N] [--threads N]

4,096 cores with 256 neurons behind 256 axons each, 128 random synapses on every axon, every neuron with one target axon
on another core and a delay of 1 to 15 ticks. Neurons are deterministic: a leak of 1 takes a neuron to its threshold of
50 ticks of 1 ms, which makes 20 Hz; half of the axons excite by 1 and half inhibit by 1, so that synapses shift spikes
and leave the mean rate as it is. First potentials are drawn from 0..49.

Timed is the compiled engine as anybody calls it, with ``network = "counts"`` and everything that a run leaves: spikes,
counters per core and per tick, hops per link, latencies, energy. ``bandwidth`` is the share of the bytes that a tick
touches, in lines of 64 bytes where places are scattered, in what the same threads copy of a large array in the same
time. Results must be equal for 1, 2 and 3 threads.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

import neurosim as ns
from neurosim.cores.crossbar.image import CrossbarImage
from neurosim.cores.crossbar.registers import population_registers
from neurosim.engine.compiled import CompiledChip
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.how import How
from neurosim.mapping import Lowered
from neurosim.network import CrossbarNeuron, Network, Population
from neurosim.program import Destinations, Program

PERIOD = 50  # ticks between two spikes of a neuron without input
WEIGHTS = (1, -1)
ONES = 128  # synapses of an axon
LINE = 64  # bytes that come from memory at once


# ---- the chip ----------------------------------------------------------------------------------------------


def full_chip(seed: int) -> Program:
    """Return the program: memories and destinations of all cores of a chip, with nothing sent from outside."""
    chip, rng = ns.load_chip("truenorth"), np.random.default_rng(seed)
    cores, axons, neurons = chip.n_cores, chip.limit("axons"), chip.limit("neurons")
    neuron = CrossbarNeuron(
        WEIGHTS, threshold=PERIOD, leak=1, reset_mode=1, negative_threshold=PERIOD * axons, negative_saturation=True
    )
    registers = population_registers(Population("all", neurons, neuron), chip)
    rows = random_rows(cores, axons, neurons, rng)
    initial = rng.integers(0, PERIOD, (cores, neurons))
    delay = rng.integers(chip.limit("delay_min"), chip.limit("delay_max") + 1, (cores, neurons))
    kind = (np.arange(axons) % len(WEIGHTS)).astype(np.uint8)
    none, one = np.zeros(neurons, np.bool_), np.ones(neurons, np.int64)
    images = [
        CrossbarImage(neurons, kind, rows[c], registers._replace(initial=initial[c]), none, one, delay[c], 1)
        for c in range(cores)
    ]
    target, axon = random_targets(cores, neurons, axons, rng)
    ptr = np.arange(neurons + 1)
    outputs = [Destinations(ptr, target[c], axon[c], delay[c].astype(np.int32)) for c in range(cores)]
    nothing = Destinations(np.zeros(1, np.int64), *np.zeros((2, 0), np.int32))
    network = Network("full chip", (Population("all", cores * neurons, neuron),), ())
    where = np.arange(cores, dtype=np.int32)
    return Program(chip, Lowered(network, (), {"all": 0}), where, tuple(images), nothing, tuple(outputs), {}, "")


def random_rows(cores: int, axons: int, neurons: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw rows with exactly ONES bits set: uint8[cores, axons, neurons / 8]."""
    row = (np.arange(neurons) < ONES).astype(np.uint8)
    rows = np.empty((cores, axons, neurons // 8), np.uint8)
    for core in rows:
        core[:] = np.packbits(rng.permuted(np.tile(row, (axons, 1)), axis=1), axis=1, bitorder="little")
    return rows


def random_targets(
    cores: int, neurons: int, axons: int, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give every neuron an axon of its own on another core: int32[cores, neurons] each."""
    axon = rng.permutation(cores * axons)
    own = np.arange(cores * neurons) // neurons
    while (home := np.flatnonzero(axon[: len(own)] // axons == own)).size:
        other = rng.integers(len(axon), size=len(home))
        for a, b in zip(home.tolist(), other.tolist(), strict=True):
            axon[a], axon[b] = axon[b], axon[a]
    chosen = axon[: len(own)].reshape(cores, neurons).astype(np.int32)
    return chosen // axons, chosen % axons


# ---- running it --------------------------------------------------------------------------------------------


def copy_rate(threads: int, size: int = 1 << 27) -> float:
    """Return how many bytes per second some threads read and write as they copy an array of their own each."""
    arrays = [np.ones((2, size // 8 // threads)) for _ in range(threads)]

    def copy(pair: NDArray[np.float64]) -> None:
        np.copyto(pair[0], pair[1])

    with ThreadPoolExecutor(threads) as pool:
        return max(2 * size / timed(lambda: list(pool.map(copy, arrays))) for _ in range(9))


def timed(action: Callable[[], Any]) -> float:
    start = perf_counter()
    action()
    return perf_counter() - start


def agree(program: Program) -> None:
    """Raise RuntimeError if a run on some number of threads differs from that on one."""
    silence = np.zeros((1, PERIOD // 2, 0), bool)
    runs = [CompiledChip(program, program.chip.constants(), How("counts", n)).run(silence) for n in (1, 2, 3)]
    for other in runs[1:]:
        if difference := first_difference(runs[0], other):
            raise RuntimeError(f"results depend on the number of threads: {difference}")


def bytes_touched(chip: CompiledChip, spikes: float, events: float) -> dict[str, float]:
    """Return the bytes that a tick reads and writes, by array; every scattered access counts a line."""
    cores = chip._chip.cores
    n, lines = len(cores.counters), LINE * spikes
    return {
        "potentials": 2 * cores.state.v.nbytes,
        "crossbar rows": lines * events / ONES / spikes,
        "axon types": lines,
        "ring": 2 * cores.ring[0].nbytes + 2 * lines,
        "counters": 4 * cores.counters.nbytes,
        "columns that send": 2 * lines,
        "destinations": 2 * lines,
        "spikes of the sweep": 2 * 8 * (4 * spikes + 3 * n),
        "packets": 2 * 8 * 7 * spikes,
        "what arrives": 2 * 8 * (2 * spikes + 2 * n),
        "who fired": 3 * 8 * 2 * spikes,
    }


def measure(program: Program, threads: int, ticks: int, rounds: int) -> dict[str, Any]:
    """Time whole runs, and say what the last of them counted."""
    chip = CompiledChip(program, program.chip.constants(), How("counts", threads))
    silence = np.zeros((1, ticks, 0), bool)
    chip.run(silence[:, :PERIOD])
    seconds, cpu = [], []
    for _ in range(rounds):
        before, start = process_time(), perf_counter()
        last = chip.run(silence)
        seconds.append(perf_counter() - start)
        cpu.append(process_time() - before)
    total, tick_s = last.activity.summary(), chip.program.chip.tick / 1e12
    energy = ns.price(last, chip.program.chip)
    spikes, events, each = total["spikes"] / ticks, total["synaptic_operations"] / ticks, median(seconds) / ticks
    touched = bytes_touched(chip, spikes, events)
    return {
        "threads": threads,
        "ticks": ticks,
        "ms_per_tick": 1e3 * each,
        "ms_least": 1e3 * min(seconds) / ticks,
        "cpu_ms_per_tick": 1e3 * median(cpu) / ticks,
        "real_time": tick_s / each,
        "rate_hz": spikes / total["neuron_updates"] * ticks / tick_s,
        "spikes_per_tick": spikes,
        "synaptic_events_per_tick": events,
        "synaptic_events_per_s": events / each,
        "hops_per_spike": total["hops"] / total["packets"],
        "energy_j": energy.total.value,
        "power_w": energy.total.value / (ticks * tick_s),
        "bytes_per_tick": sum(touched.values()),
        "bytes_by_array": touched,
    }


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--ticks", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="runs, of which the median counts")
    parser.add_argument("--threads", type=int, default=2, help="figures are given for 1 up to so many threads")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    before = peak_memory()
    start = perf_counter()
    program = full_chip(options.seed)
    built = perf_counter() - start
    agree(program)
    rows = [measure(program, threads, options.ticks, options.rounds) for threads in range(1, options.threads + 1)]
    memory = {"peak": peak_memory(), "before the chip was built": before}
    for row in rows:  # last, as the arrays that are copied need memory too
        row["copy_bytes_per_s"] = copy_rate(row["threads"])
        row["bandwidth"] = row["bytes_per_tick"] / row["ms_per_tick"] * 1e3 / row["copy_bytes_per_s"]
    result = {
        "results": rows,
        "build_s": built,
        "memory_bytes": memory,
        "versions": {"python": platform.python_version(), "numba": numba.__version__, "machine": platform.machine()},
    }
    print(json.dumps(result) if options.json else markdown(result))


def markdown(result: dict[str, Any]) -> str:
    memory = {name: f"{size / 2**20:,.0f} MiB" for name, size in result["memory_bytes"].items()}
    first = result["results"][0]
    lines = [
        "| threads | ms/tick | least | CPU ms/tick | x real time | synaptic events/s | memory bandwidth |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {row['threads']} | {row['ms_per_tick']:.3f} | {row['ms_least']:.3f} |"
            f" {row['cpu_ms_per_tick']:.3f} | {row['real_time']:.2f} | {row['synaptic_events_per_s']:,.0f} |"
            f" {100 * row['bandwidth']:.0f} % of {row['copy_bytes_per_s'] / 1e9:.0f} GB/s |"
            for row in result["results"]
        ),
        "",
        f"{first['ticks']:,} ticks; {first['rate_hz']:.2f} Hz, {first['spikes_per_tick']:,.0f} spikes,"
        f" {first['synaptic_events_per_tick']:,.0f} synaptic events and {first['bytes_per_tick'] / 1e6:.1f} MB touched"
        f" per tick, {first['hops_per_spike']:.1f} hops per spike, {1e3 * first['power_w']:.1f} mW (modelled)."
        " Results equal for 1, 2 and 3 threads.",
        f"Peak memory of the process {memory['peak']}, the compiler's included"
        f" ({memory['before the chip was built']} before the chip was built). Built in {result['build_s']:.1f} s.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
