"""Does a full TrueNorth run in real time? Run: python benchmarks/full_truenorth.py [--json] [--ticks N] [--threads N]

4,096 cores with 256 neurons behind 256 axons each, 128 random synapses on every axon, every neuron with one target axon
on another core and a delay of 1 to 15 ticks. Neurons are deterministic: a leak of 1 takes a neuron to its threshold of
50 ticks of 1 ms, which makes 20 Hz; half of the axons excite by 1 and half inhibit by 1, so that synapses shift spikes
and leave the mean rate as it is. First potentials are drawn from 0..49.

Measured is all that the compiled engine's counting network asks of the cores: sweeps with the leaving time of every
spike, sending, hops, delivery into the rings, all counters. Threads share the cores in ranges and meet once per tick;
results are compared for 1, 2 and 3 threads. ``bandwidth`` is the share of the bytes that a tick touches, in lines of
64 bytes where places are scattered, in what the same threads copy of a large array in the same time.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import platform
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from statistics import mean, median
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

import neurosim as ns
from neurosim.cores.arena import together
from neurosim.cores.crossbar import flat, reset
from neurosim.cores.crossbar.image import CrossbarImage
from neurosim.cores.crossbar.prices import COUNTERS
from neurosim.cores.crossbar.registers import population_registers
from neurosim.cores.fetch import fetch
from neurosim.cores.flat import Arrivals, Fired, fired_of, receive_spikes, sweep_cores
from neurosim.mapping import Lowered
from neurosim.network import CrossbarNeuron, Network, Population
from neurosim.program import Destinations, Program

Ints = NDArray[np.int64]
PERIOD = 50  # ticks between two spikes of a neuron without input
WEIGHTS = (1, -1)
ONES = 128  # synapses of an axon
AHEAD = 8  # cores whose ways are asked for before they are needed
TOGETHER = 10  # ticks that are timed together
LINE = 64  # bytes that come from memory at once
EAST_WEST, NORTH_SOUTH = 0, 1


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


# ---- the network between the cores -------------------------------------------------------------------------


class Mail(NamedTuple):
    """Spikes under way between ranges of cores.

    ``to`` int64[entries] packs hops east-west, north-south, goal and axon, 16 bits each, of every entry of all cores.
    ``letter`` int64[2, ranges, room] holds what a range sent to all ranges in an even and in an odd tick,
    in the order of sending: the tick it is due in and, packed in 32 bits, goal and axon; ``n`` int64[2, ranges] how
    many there are. ``hops`` int64[ranges, 8] counts hops, places for other processors' counts left free.
    """

    to: Ints
    letter: Ints
    n: Ints
    hops: Ints


def mail_of(program: Program, ranges: int) -> Mail:
    columns, entries = program.chip.columns, [len(out.core) for out in program.outputs]
    to = np.empty(sum(entries), np.int64)
    for c, (out, end) in enumerate(zip(program.outputs, np.cumsum(entries).tolist(), strict=True)):
        goal = out.core.astype(np.int64)
        east, south = abs(goal % columns - c % columns), abs(goal // columns - c // columns)
        to[end - len(goal) : end] = east << 48 | south << 32 | goal << 16 | out.axon
    letter = np.empty((2, ranges, -(-len(entries) // ranges) * max(entries)), np.int64)
    return Mail(to, letter, np.zeros((2, ranges), np.int64), np.zeros((ranges, 8), np.int64))


@njit
def post(mail: Mail, fired: Fired, own: int, first: int, last: int, step: int) -> None:
    """Send what cores first..last-1, range ``own``, fired in a step, and count the hops."""
    entry_ptr, entry, payload, messages = fired.entry_ptr, fired.entry, fired.payload, fired.messages
    to, letter = mail.to, mail.letter[step & 1, own]
    n = east_west = north_south = 0
    for c in range(first, last):
        for d in range(c if c == first else c + AHEAD, min(c + AHEAD + 1, last)):
            base = entry_ptr[d]
            for k in range(base, base + messages[d]):
                fetch(to, 256 * d + entry[k])
        base = entry_ptr[c]
        row = 256 * c
        for k in range(base, base + messages[c]):
            way = to[row + entry[k]]
            letter[n] = payload[k] << 32 | (way & 0xFFFFFFFF)
            east_west += way >> 48
            north_south += way >> 32 & 0xFFFF
            n += 1
    mail.n[step & 1, own] = n
    mail.hops[own, EAST_WEST] += east_west
    mail.hops[own, NORTH_SOUTH] += north_south


@njit
def sort(mail: Mail, first: int, last: int, step: int, arrivals: Arrivals) -> None:
    """List what was sent to cores first..last-1 in a step by core, in the order of sending."""
    letters, n = mail.letter[step & 1], mail.n[step & 1]
    begin, count, axon, payload = arrivals.begin, arrivals.count, arrivals.axon, arrivals.payload
    count[first:last] = 0
    for own in range(len(n)):
        for k in range(n[own]):
            goal = letters[own, k] >> 16 & 0xFFFF
            if first <= goal < last:
                count[goal] += 1
    place = 0
    for c in range(first, last):
        begin[c] = place
        place += count[c]
    for own in range(len(n)):
        for k in range(n[own]):
            letter = letters[own, k]
            goal = letter >> 16 & 0xFFFF
            if first <= goal < last:
                axon[begin[goal]] = letter & 0xFFFF
                payload[begin[goal]] = letter >> 32
                begin[goal] += 1
    for c in range(first, last):
        begin[c] -= count[c]


@njit
def tick(cores: Any, fired: Fired, arrivals: Arrivals, mail: Mail, own: int, first: int, last: int, step: int) -> None:
    """Take over what was sent in the step before, sweep, and send."""
    if step > 0:
        sort(mail, first, last, step - 1, arrivals)
        receive_spikes(cores, first, last, step - 1, arrivals)
    sweep_cores(cores, first, last, step, fired)
    post(mail, fired, own, first, last, step)


# ---- threads that meet after every tick --------------------------------------------------------------------

_yield = ctypes.CDLL(None).sched_yield
_yield.argtypes, _yield.restype = (), ctypes.c_int
SPINS = 2000  # looks at the gate before another thread of the machine may have the processor


@intrinsic
def _arrive(_: Any, gate: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", data, ir.IntType(64)(1), "seq_cst")

    return types.int64(gate), code


@intrinsic
def _arrived(_: Any, gate: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(data, "acquire", 8)

    return types.int64(gate), code


@njit(nogil=True)
def run_range(
    cores: Any,
    fired: Fired,
    arrivals: Arrivals,
    mail: Mail,
    own: int,
    first: int,
    last: int,
    begin: int,
    end: int,
    gate: Ints,
) -> None:
    """Run ticks begin..end-1 of a range of cores; all ranges wait for each other at the end of each."""
    for step in range(begin, end):
        tick(cores, fired, arrivals, mail, own, first, last, step)
        _arrive(gate)
        spins = 0
        while _arrived(gate) < (step + 1 - begin) * len(mail.hops):
            spins += 1
            if spins % SPINS == 0:
                _yield()


# ---- running it --------------------------------------------------------------------------------------------


class Chip:
    """A chip that runs on some threads, each of which has a range of cores."""

    def __init__(self, program: Program, cores: Any, threads: int) -> None:
        n = len(program.cores)
        bounds = [n * k // threads for k in range(threads + 1)]
        self.ranges = [(k, a, b) for k, (a, b) in enumerate(pairwise(bounds))]
        self.cores = cores
        self.fired, self.mail = together(fired_of(program, multicast=False)), mail_of(program, threads)
        room, none = len(self.mail.to), np.zeros(0, np.int64)
        self.arrivals = [
            Arrivals(
                np.zeros(n, np.int64), np.zeros(n, np.int64), np.empty(room, np.int64), np.empty(room, np.int64), none
            )
            for _ in range(threads)
        ]
        self.pool = ThreadPoolExecutor(threads)
        reset(cores)

    def run(self, begin: int, end: int) -> None:
        """Run ticks begin..end-1."""
        gate = np.zeros(1, np.int64)

        def run(part: tuple[int, int, int]) -> None:
            run_range(self.cores, self.fired, self.arrivals[part[0]], self.mail, *part, begin, end, gate)

        list(self.pool.map(run, self.ranges))

    def digest(self) -> str:
        """Return a digest of what the last tick left: spikes, times, potentials, rings, counters and hops."""
        fired, sha = self.fired, hashlib.sha256()
        for c in range(len(fired.units)):
            a, b = fired.entry_ptr[c], fired.entry_ptr[c] + fired.messages[c]
            for values in (fired.entry, fired.payload, fired.leaves):
                sha.update(values[a:b].tobytes())
        for values in (fired.duration, self.cores.state.v, self.cores.ring, self.cores.counters):
            sha.update(values.tobytes())
        sha.update(self.mail.hops.sum(axis=0).tobytes())
        return sha.hexdigest()


def digests(program: Program, cores: Any, threads: int, ticks: int) -> list[str]:
    """Return the digests after each of some ticks."""
    chip = Chip(program, cores, threads)
    found = []
    for step in range(ticks):
        chip.run(step, step + 1)
        found.append(chip.digest())
    return found


def time_ticks(chip: Chip, begin: int, end: int) -> list[float]:
    """Return how long a tick takes (s), ten by ten."""
    times = [perf_counter()]
    for step in range(begin, end, TOGETHER):
        chip.run(step, step + TOGETHER)
        times.append(perf_counter())
    return (np.diff(times) / TOGETHER).tolist()


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


def bytes_touched(chip: Chip, spikes: float, events: float) -> dict[str, float]:
    """Return the bytes that a tick reads and writes, by array; every scattered access counts a line."""
    cores, n = chip.cores, len(chip.cores.counters)
    slot, lines = cores.ring[0].nbytes, LINE * spikes
    return {
        "potentials": 2 * cores.state.v.nbytes,
        "crossbar rows": lines * events / ONES / spikes,
        "axon types": lines,
        "ring": 2 * slot + 2 * lines,
        "counters": 2 * cores.counters.nbytes,
        "columns that send": 2 * lines,
        "spikes of the sweep": 2 * 8 * (4 * spikes + 3 * n),
        "spikes under way": 8 * spikes * (1 + 2) + 2 * 8 * (2 * spikes + 2 * n),
    }


def measure(program: Program, cores: Any, threads: int, ticks: int) -> dict[str, Any]:
    chip, settled = Chip(program, cores, threads), 2 * PERIOD
    time_ticks(chip, 0, settled)
    cores.counters[:], chip.mail.hops[:] = 0, 0
    cpu = process_time()
    times = time_ticks(chip, settled, settled + ticks)
    cpu = process_time() - cpu
    total = dict(zip(COUNTERS, cores.counters.sum(axis=0).tolist(), strict=True))
    spikes, events = total["spikes"] / ticks, total["synaptic_operations"] / ticks
    seconds, tick_s = mean(times), program.chip.tick / 1e12
    touched = bytes_touched(chip, spikes, events)
    return {
        "threads": threads,
        "ticks": ticks,
        "ms_per_tick": 1e3 * seconds,
        "ms_median": 1e3 * median(times),
        "ms_least": 1e3 * min(times),
        "cpu_ms_per_tick": 1e3 * cpu / ticks,
        "real_time": tick_s / seconds,
        "real_time_median": tick_s / median(times),
        "rate_hz": spikes / total["neuron_updates"] * ticks / tick_s,
        "spikes_per_tick": spikes,
        "synaptic_events_per_tick": events,
        "synaptic_events_per_s": events / seconds,
        "hops_per_spike": int(chip.mail.hops.sum()) / total["spikes"],
        "array_bytes": array_bytes((chip.cores, chip.fired, chip.mail, *chip.arrivals)),
        "late_spikes": total["late_spikes"],
        "bytes_per_tick": sum(touched.values()),
        "bytes_by_array": touched,
    }


def array_bytes(values: Any) -> int:
    """Return the bytes of all arrays in a tuple of tuples."""
    if isinstance(values, np.ndarray):
        return int(values.nbytes)
    return sum(map(array_bytes, values)) if isinstance(values, tuple) else 0


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--ticks", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2, help="figures are given for 1 up to so many threads")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    before = peak_memory()
    start = perf_counter()
    program = full_chip(options.seed)
    cores = flat(program, program.chip.constants())
    program = replace(program, images=())  # they are in the cores now
    built = perf_counter() - start
    alike = [digests(program, cores, threads, PERIOD // 2) for threads in (1, 2, 3)]
    assert alike[0] == alike[1] == alike[2], "results depend on the number of threads"
    ticks = -(-options.ticks // TOGETHER) * TOGETHER
    rows = [measure(program, cores, threads, ticks) for threads in range(1, options.threads + 1)]
    memory = {"peak": peak_memory(), "before the chip was built": before, "arrays": rows[-1]["array_bytes"]}
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
        "| threads | ms/tick | median | least | CPU ms/tick | x real time | synaptic events/s | memory bandwidth |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {row['threads']} | {row['ms_per_tick']:.3f} | {row['ms_median']:.3f} | {row['ms_least']:.3f} |"
            f" {row['cpu_ms_per_tick']:.3f} | {row['real_time']:.2f} | {row['synaptic_events_per_s']:,.0f} |"
            f" {100 * row['bandwidth']:.0f} % of {row['copy_bytes_per_s'] / 1e9:.0f} GB/s |"
            for row in result["results"]
        ),
        "",
        f"{first['ticks']:,} ticks; {first['rate_hz']:.2f} Hz, {first['spikes_per_tick']:,.0f} spikes,"
        f" {first['synaptic_events_per_tick']:,.0f} synaptic events and {first['bytes_per_tick'] / 1e6:.1f} MB touched"
        f" per tick, {first['hops_per_spike']:.1f} hops per spike. Results equal for 1, 2 and 3 threads.",
        f"Arrays of the chip {memory['arrays']}; peak memory of the process {memory['peak']}, the compiler's included"
        f" ({memory['before the chip was built']} before the chip was built). Built in {result['build_s']:.1f} s.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
