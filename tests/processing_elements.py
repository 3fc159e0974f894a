"""A small chip of processing elements with figures chosen for reckoning by hand, and a loop that ticks them."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from neurosim.chip import ConstantSet, Level, Quantity
from neurosim.cores import processor
from neurosim.mapping import Mapping, nets_of

LIMITS = {
    "sram_bytes": 131072,
    "code_bytes": 32768,
    "data_bytes": 98304,
    "router_entries": 16384,
    "weight_bits": 8,
    "delay_min": 1,
    "delay_max": 15,
    "payload_bits": 128,
    "bytes_per_neuron": 40,
    "bytes_per_synapse": 4,
    "bytes_per_row": 8,
    "bytes_per_delay_slot_and_neuron": 4,
    "mac_units": 64,
    "mac_utilisation_percent": 16,
}
CYCLES = {"neuron_update": 80, "synaptic_operation": 19, "packet": 31, "spike": 23, "tick": 211}
LEVEL_CHANGE = 97_000  # ps


def figure(value, unit="1"):
    return Quantity(value=value, unit=unit, source="test", confidence="estimated")


def level(name, megahertz, update, operation, cycle, sleep):
    """A level with energies in picojoules and a power in milliwatts."""
    energy = {"neuron_update": update, "synaptic_operation": operation, "cycle": cycle}
    joules = {key: figure(value, "pJ") for key, value in energy.items()}
    return Level(name, 0.5, megahertz * 1e6, joules, {"sleep": figure(sleep, "mW")})


SLOW, FAST = level("slow", 125, 600, 150, 8, 1.0), level("fast", 250, 1200, 300, 15, 3.0)
MIDDLE = level("middle", 200, 800, 200, 11, 2.0)


@dataclass(frozen=True)
class StandIn:
    """What a core kind asks of a chip; ``tick`` in picoseconds."""

    limits: dict = field(default_factory=dict)
    levels_in_order: tuple = (SLOW, FAST)
    tick: int = 1_000_000_000
    name: str = "stand-in"
    digest: str = "stand-in"
    columns: int = 4
    rows: int = 4
    cores_per_tile: int = 4
    n_cores: int = 64

    @property
    def levels(self):
        return {x.name: x for x in self.levels_in_order}

    def limit(self, name):
        return {**LIMITS, **self.limits}[name]

    def width(self, name):
        return {"state_bits": 32}[name]

    @cached_property
    def set(self):
        times = {"level_change": figure(LEVEL_CHANGE, "ps")}
        energies = {"level_change": figure(5, "pJ"), "mac": figure(0.52, "pJ")}
        cycles = {name: figure(value) for name, value in CYCLES.items()}
        return ConstantSet("test", "test", "test", energies, times, {}, cycles=cycles)


CHIP = StandIn()


@dataclass(frozen=True)
class Options:
    """A program with options: everything else is the program's."""

    program: object
    options: dict

    def __getattr__(self, name):
        return getattr(self.program, name)


def program_of(network, chip=CHIP, core_of=None, lowered=None, **options):
    """Lower, place (by default all on core 0) and load; options are level_policy and level_threshold."""
    lowered = lowered or processor.lower(network, chip)
    n = lowered.network.n_neurons
    where = np.zeros(n, dtype=np.int32) if core_of is None else np.asarray(core_of, dtype=np.int32)
    mapping = Mapping(network, lowered, chip, where, "test", 0)
    return Options(processor.load(mapping, nets_of(lowered.network)), options)


@dataclass
class Ticks:
    """What ticking left: per population pulses bool[T, size] and membranes int64[T, size]; firings [T][core]."""

    pulses: dict
    membranes: dict
    firings: list
    cores: list

    def total(self, counter):
        names = processor.counters(CHIP)
        return sum(int(core.counters[names.index(counter)]) for core in self.cores)


def tick_through(program, pulses, constants=None):
    """Run pulses bool[T, input lines] tick by tick: every packet arrives in the tick in which it is sent."""
    constants = constants or program.chip.set
    cores = [processor.start(program, k, constants) for k in range(len(program.cores))]
    sizes = {name: len(members.soma) for name, members in program.members.items()}
    fired = {name: np.zeros((len(pulses), size), dtype=bool) for name, size in sizes.items()}
    membranes = {name: np.zeros((len(pulses), size), dtype=np.int64) for name, size in sizes.items()}
    firings = []
    for t, lines in enumerate(pulses):
        inbox = [[] for _ in cores]
        firings.append([core.update() for core in cores])
        sources = [(program.inputs, np.flatnonzero(lines))]
        sources += [(out, f.destination) for out, f in zip(program.outputs, firings[-1], strict=True)]
        for out, senders in sources:
            for unit in senders:
                for entry in range(out.ptr[unit], out.ptr[unit + 1]):
                    inbox[out.core[entry]].append(out.axon[entry])
        for core, axons in zip(cores, inbox, strict=True):
            core.finish_step(np.array(axons, dtype=np.int64), np.zeros(len(axons), dtype=np.int64))
        for name, members in program.members.items():
            for k, (c, u, s) in enumerate(zip(members.core, members.soma, members.state, strict=True)):
                fired[name][t, k] = u in firings[-1][c].units
                membranes[name][t, k] = cores[c].membranes(np.array([s], dtype=np.int32))[0]
    return Ticks(fired, membranes, firings, cores)
