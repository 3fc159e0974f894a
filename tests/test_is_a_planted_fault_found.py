"""Is a fault in either engine found by comparing their runs?

Each fault is one expression of one file changed. The engine that has it runs as plain Python; the other as it is.
"""

import re
import signal
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from engine_cases import CONGESTED, CROSSBARS, SLOW, SMALL, SPINNAKER, TICKS, TRUENORTH, integer_case, placed
from learning_cases import random_case
from programmed_networks import LOIHI2, draw_programmed_case
from strategies import LOIHI, draw_case, place

import neurosim as ns
from neurosim.cores import kind as kind_module
from neurosim.engine.compiled import CompiledChip
from neurosim.engine.compiled import chip as compiled_chip
from neurosim.engine.compiled import run as compiled_run
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.event.chip import EventChip
from neurosim.engine.how import How
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Compartment, CompartmentNeuron, Network, Population, Projection, Source

COMPILED = [
    ("flow", "start = max(joined, free)", "start = joined"),
    ("flow", "start = max(time[p], free)", "start = time[p]"),
    ("flow", "free = start + serialisation", "free = start + latency"),
    ("flow", "front[i] < front[best]", "front[i] > front[best]"),
    ("flow", "front_time[i] < front_time[best] or", "front_time[i] > front_time[best] or"),
    ("flow", "full = full or started[i - depth] >= taken[i]", "pass"),
    ("flow", "full = full or started[i - depth] >= taken[i]", "full = full or started[i - depth] >= taken[i] + 5_000"),
    ("flow", "links[link, JOINED] += n", "links[link, JOINED] += n > 0"),
    ("flow", "journal[k, 1], scratch.journal[k, 2]", "journal[k, 1], links[link, JOINED]"),
    ("flow", "= scratch.journal[k, 1], scratch", "= links[link, FREE_AT], scratch"),
    ("lanes", "start = max(entry[p], free)", "start = entry[p]"),
    ("lanes", "(time_a == time_b) & (item_a < item_b)", "(time_a == time_b) & (item_a > item_b)"),
    ("lanes", "(time_a < time_b) |", "(time_a > time_b) |"),
    ("lanes", "5 * room if 4 * room <= a < 5 * room else 4 * room", "4 * room"),
    ("lanes", "_in_order(times[a:a_end], items[a:a_end])", "pass"),
    ("lanes", "full |= started[i - depth] >= times[a + i] - g.slowest", "pass"),
    ("lanes", "lane[column_way, to_x] += 1", "lane[column_way, x] += 1"),
    ("carry", "net.links[:, :2] = room.saved", "pass"),
    ("carry", "room.born[at] = ends[k], created[p]", "room.born[at] = ends[k], ends[k]"),
    ("carry", "number[trees.endpoint[leaves[k]]] += 1", "number[trees.endpoint[leaves[k]]] = 1"),
    ("exact", "links[upstream, WAITS_BEHIND]\n", "NONE\n"),
    ("exact", "    links[link, SLOTS] += 1", "    links[link, SLOTS] += 2"),
    ("exact", "        link = upstream\n", "        return\n"),
    ("exact", "links[link, FREE_AT], link - links.shape[0], -1 - link", "links[link, FREE_AT], 1 << 60, -1 - link"),
    ("exact", "links[stop, SLOTS] > 0", "links[stop, SLOTS] > -99"),
    ("exact", "w.ends[trees.hub, INJECT_LINK]", "w.ends[0, INJECT_LINK]"),
    ("exact", "packets[copy, FIRST], packets[copy, LAST] = first, last", "packets[copy, FIRST] = first"),
    ("heap", "PRIORITY if heap[a, PRIORITY] != heap[b, PRIORITY] else SEQUENCE", "SEQUENCE"),
    ("trees", "start = max(times[k], links[gate, FREE_AT])", "start = times[k]"),
    ("trees", "at[i - before[i] - first] if before[i] else behind_gate", "behind_gate"),
    ("trees", "if at[behind] < first", "if at[behind] < 0"),
    ("counts", "above = at[i - trees.before[link]] if trees.before[link] else gate", "above = gate"),
    ("counts", "e.way[k, SENT] = 0", "pass"),
    ("counts", "grown[along, to_y, to_x] -= packets", "pass"),
    ("counts", "taken[WEST, y, x - 1] + w.fixed[out[WEST], LATENCY]", "taken[WEST, y, x - 1]"),
    ("counts", "times[k] + down[leaf]", "times[k]"),
    ("entries", "time[n] += way[of, TIME]", "pass"),
    ("counts", "links[trees.link[i], JOINED] += packets", "links[trees.link[i], JOINED] = packets"),
    ("entries", "at += spacing", "at += 1"),
    ("entries", "range(port, len(pulses), e.ports)", "range(port, len(pulses) - 1, e.ports)"),
    ("entries", "created[n] = time[n] = now + leaves[k]", "created[n] = time[n] = now"),
    ("entries", "leaves[entry] == leaves[entry + 1]", "False"),
    ("sample", "max(tally[NOW] + longest, delivered, done)", "max(tally[NOW] + longest, delivered)"),
    ("sample", "max(tally[NOW] + longest, delivered, done)", "max(delivered, done)"),
    ("sample", "+ said[:, LEARNED].max() + clock.barrier", "+ clock.barrier"),
    ("sample", "if sheet.read[k] == step", "if sheet.read[k] <= step"),
    ("sample", "longest > period or not", "not"),
    ("sample", "longest > period or delivered", "delivered"),
    ("sample", "delivered >= sheet.tally[NOW] + period", "False"),
    ("counts", "bins[time] += packets", "bins[time] += packets > 0"),
    ("counts", "goals[goal[p]] += 1", "goals[goal[p]] = 1"),
    ("sample", "held &= time < end", "held &= time < end + 1_000_000"),
    ("carry", "e.way[room.packets.entry[p], SENT] -= 1", "pass"),
    ("sheet", "rows[n, 0], rows[n, 1] = step, start + unit[k]", "rows[n, 0], rows[n, 1] = 0, start + unit[k]"),
    ("sheet", "bins[latency] += 1", "bins[latency] = 1"),
    ("sheet", "grown[k] += counters[core, k] - before[core, k]", "grown[k] += counters[core, k]"),
    ("late", "_TIMERS = -(1 << 40)", "_TIMERS = 1 << 40"),
    ("late", "[OVERRUNS] += done > due\n    _set_timer", "[OVERRUNS] += done >= due\n    _set_timer"),
    ("late", "max(done, due), core, step + 1)\n    return _rows", "due, core, step + 1)\n    return _rows"),
    ("late", "delivered >= (created", "delivered > (created"),
    ("late", "created // period + 1", "created // period + 2"),
    ("late", "advance(w, trees, traffic, FOREVER, 0)", "pass"),
    ("late", "sheet.ends[steps - 1] = sheet.tally[NOW] = now", "sheet.ends[steps - 1] = steps * clock.period"),
    ("late", "sheet.sent[step] += sent.ptr[last] - sent.ptr[first]", "sheet.sent[step] += 1"),
]  # fmt: skip

EVENT = [
    ("link", "self.free_at = now + wait + self.serialisation", "self.free_at = now + self.serialisation"),
    ("link", "wait + self.latency)", "self.latency)"),
    ("link", "        self.packets += 1\n        packet.callbacks", "        packet.callbacks"),
    ("link", "upstream = stop.waiting.popleft()", "upstream = stop.waiting.pop()"),
    ("link", "(self._wake_up, self.rank, self.free_at - now)", "(self._wake_up, 1 << 60, self.free_at - now)"),
    ("link", "            stop.slots -= 1\n            self._start_head(stop)", "            self._start_head(stop)"),
    ("router", 'order = (east_west, north_south) if', 'order = (north_south, east_west) if'),
    ("barrier", "max(busy, 0)", "0"),
    ("barrier", "learning + self.time", "learning"),
    ("barrier", "learning + self.time", "self.time"),
    ("chip", "keep=keep and sample > 0", "keep=False"),
    ("barrier", "not self._sweeping and not self.mesh.in_flight", "not self.mesh.in_flight"),
    ("core", "start = max(packet.delivered, self.busy_until)", "start = packet.delivered"),
    ("core", "        self._payloads.clear()\n        if self.on_end", "        if self.on_end"),
    ("core", "dispatch(entry, payload, now + time)", "dispatch(entry, payload, now)"),
    ("host", "at[port] += self._spacing", "pass"),
    ("tick", "_FIRST = -(1 << 40)", "_FIRST = 1 << 40"),
    ("tick", "core.overruns += self.env.now > due + self.period", "core.overruns += self.env.now >= due + self.period"),
    ("tick", "packet.delivered >= self._begin", "packet.delivered > self._begin"),
    ("tick", "if self.env.now < due:", "if False:"),
    ("multicast", "mesh.sent += len(plan) - 1", "mesh.sent += len(plan)"),
    ("recorder", "self._before[core] = counters", "pass"),
    ("recorder", "step == self.program.lag[name] + self._steps - 1", "step == self._steps - 1"),
    ("recorder", "0 <= step - self.program.lag[name] < self._steps", "0 <= step < self._steps"),
    ("chip", "packet.delivered - packet.created] += 1", "packet.delivered - packet.created] = 1"),
    ("chip", "serialisation = edge[1] = depth = 0", "serialisation = depth = 0"),
]  # fmt: skip

KERNELS = ("heap", "wires", "entries", "trees", "exact", "flow", "lanes", "counts", "carry", "sheet", "sample", "late")
FLATS = ("compartment", "crossbar", "processor")
PARTS = ("packet", "link", "router", "multicast", "mesh", "core", "host", "barrier", "tick", "recorder", "chip")


def load(monkeypatch, package, names, changed):
    """Load modules of a package anew, one expression of one of them changed; functions stay plain Python."""
    folder = Path(import_module(package).__file__).parent
    modules = {}
    for name in names:
        text = (folder / f"{name}.py").read_text()
        if changed and changed[0] == name:
            assert changed[1] in text, f"{name}.py has no '{changed[1]}'"
            text = text.replace(changed[1], changed[2])
        for other in names:
            text = re.sub(rf"{re.escape(package)}\.{other}\b", f"mutant.{package}.{other}", text)
        text = text.replace("from numba import njit", "njit = lambda **_: lambda function: function")
        module = modules[name] = ModuleType(f"mutant.{package}.{name}")
        if monkeypatch is not None:
            monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(text, f"mutant/{name}.py", "exec"), module.__dict__)
    return modules


def compiled_in_python(monkeypatch, changed=None):
    """Let CompiledChip run as plain Python."""
    mutants = load(monkeypatch, "neurosim.engine.compiled", KERNELS, changed)
    everything = {name: value for module in mutants.values() for name, value in vars(module).items()}
    for user in (compiled_chip, compiled_run):
        for name in [name for name in vars(user) if name in everything and not name.startswith("_")]:
            origin = getattr(vars(user)[name], "__module__", "")
            if origin.startswith("neurosim.engine.compiled."):
                monkeypatch.setattr(user, name, everything[name])
    for name, flat in flats_in_python().items():
        kind = kind_module.core_kind(name)
        monkeypatch.setattr(kind, "flat", flat.flat)
        monkeypatch.setattr(kind, "reset", flat.reset)
        if hasattr(kind, "rest"):
            monkeypatch.setattr(kind, "rest", flat.rest_cores)
            monkeypatch.setattr(kind, "learned", flat.learned_by)


@cache
def flats_in_python():
    """Return the flat cores of every kind as plain Python; what they compute is tested elsewhere."""
    return {name: load(None, f"neurosim.cores.{name}", ["flat"], None)["flat"] for name in FLATS}


def burst(seed, changes):
    """Many neurons that fire at once, on cores all over the chip: waiting, ties and full queues."""
    case = draw_case(seed, ("sum", "add", "sum") if seed % 3 == 2 else ("add", "single", "sum"), samples=1)
    return place(case.network, seed, LOIHI.with_overrides(changes)), case.pulses[:, :6]


def full_scale():
    """A compartment that runs against the upper bound of its voltage every 17 steps."""
    neuron = CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, bias=4095 << 7, threshold=(2**17 - 1) << 6),))
    synapse = Projection("in", "a", np.array([0, 1]), np.array([0], np.int32), np.array([1]), 1, 0, 6)
    return Network("clipped", (Population("in", 1, Source()), Population("a", 1, neuron)), (synapse,), ("a",))


def on_the_picosecond(shift):
    """A pulse that arrives as tick 1 starts, or a picosecond later, at a core whose sweep takes the whole tick."""
    net = Network(
        "one",
        (Population("in", 1, Source()), Population("a", 1, AddAndFire(1.0))),
        (Projection.dense("in", "a", [[1]], 1),),
        ("a",),
    )
    idle = 10 + 20  # us at 1 MHz: the timer and one neuron
    slow = {"level.low.clock": "1 MHz", "level.high.clock": "1 MHz", "cycles.tick": "10", "cycles.neuron_update": "20"}
    chip = SPINNAKER.with_overrides({**slow, "clock.tick": f"{idle} us", "time.router_latency": "1 us"})
    program = ns.load_program(ns.map(net, chip))
    [rest] = EventChip(program, chip.constants()).run(np.ones((1, 1, 1), bool)).times.packet_latency[0].tolist()
    latency = idle * 1_000_000 - (rest - 1_000_000) + shift
    program = ns.load_program(ns.map(net, chip.with_overrides({"time.router_latency": f"{latency} ps"})))
    return program, np.array([[[1], [0], [0]]], dtype=bool)


SLOW_LINKS = {"time.link_serialisation": "60 ns", "time.barrier": "0 ns"}


def crowded():
    """Yield chips on whose links packets of one step wait for each other: edges between chips, trees, small queues."""
    edges = {
        **SMALL,
        "geometry.chip_columns": "2",
        "time.link_serialisation": "2 us",
        "time.edge_serialisation": "3 us",
    }
    yield TRUENORTH.with_overrides(edges)
    yield TRUENORTH.with_overrides({**edges, "geometry.chip_rows": "2"})
    yield TRUENORTH.with_overrides({**edges, "flow.buffer_depth": "2"})
    yield TRUENORTH.with_overrides({**edges, "flow.buffer_depth": "4", "time.hop_east_west": "1 us"})
    yield SPINNAKER.with_overrides({"time.link_serialisation": "900 ns", "time.router_serialisation": "100 ns"})
    for tick in (1200, 900, 600):
        yield SPINNAKER.with_overrides({**SLOW, "clock.tick": f"{tick} us", "time.link_serialisation": "900 ns"})
    for depth, time in ((4, "8 ns"), (6, "15 ns"), (6, "60 ns"), (2, "60 ns")):
        yield LOIHI.with_overrides({"flow.buffer_depth": str(depth), "time.link_serialisation": time})


def crowd(chip, seed):
    """Thirty input lines that reach each of forty neurons, which reach twenty more, all over a few cores."""
    populations = (
        Population("in", 30, Source()),
        Population("a", 40, AddAndFire(2.0)),
        Population("b", 20, AddAndFire(3.0)),
    )
    projections = (Projection.dense("in", "a", np.ones((30, 40)), 1), Projection.dense("a", "b", np.ones((40, 20)), 1))
    return placed(Network("crowd", populations, projections, ("b",)), chip, seed, 24)


def counted():
    """Yield chips on which sweeps or packets take longer than a tick where the network only counts."""
    yield TRUENORTH.with_overrides({**SMALL, "clock.tick": "60 us", "time.neuron_update": "4 us"})
    yield TRUENORTH.with_overrides({**SMALL, "clock.tick": "60 us", "time.hop_east_west": "45 us"})


def on_cores(net, chip, cores):
    """Put the neurons on the first cores, which share a tile."""
    mapping = ns.map(net, chip)
    where = np.random.default_rng(1).integers(0, cores, mapping.lowered.network.n_neurons).astype(np.int32)
    return Mapping(net, mapping.lowered, chip, where, "random", 0)


def cases():
    """Yield programs, pulses and network models that between them use everything that an engine does."""
    changes = [{}, *CONGESTED[:8]]
    mappings = [burst(seed, change) for k, change in enumerate(changes) for seed in (k, k + 10)]
    mappings.append((ns.map(full_scale(), LOIHI), np.ones((1, 20, 1), dtype=bool)))
    programs = [(ns.load_program(mapping), pulses) for mapping, pulses in mappings]
    ticking = [SPINNAKER.with_overrides(changes) for changes in TICKS]
    ticking += [TRUENORTH.with_overrides(changes) for changes in CROSSBARS[1:]]
    chains = [integer_case(seed, 2) for seed in range(len(ticking))]
    programs += [(placed(net, chip, 1, 8), pulses) for chip, (net, pulses) in zip(ticking, chains, strict=True)]
    programs += [on_the_picosecond(shift) for shift in (0, 1)]
    programs += [(crowd(chip, seed), np.ones((2, 3, 30), dtype=bool)) for seed, chip in enumerate(crowded())]
    diverging = SPINNAKER.with_overrides({"time.link_serialisation": "900 ns", "time.router_serialisation": "0 ns"})
    programs += [(placed(net, diverging, 2), pulses) for net, pulses in (integer_case(seed, 2) for seed in (3, 5))]
    net, pulses = integer_case(2, 3)
    programs.append((ns.load_program(on_cores(net, LOIHI.with_overrides(SLOW_LINKS), 4)), pulses))
    network, pulses, _, _ = random_case(12)
    learning = ns.load_program(on_cores(network, LOIHI2, 3))
    programs.append((replace(learning, options={"learning": "keep"}), pulses))
    programmed = draw_programmed_case(3)
    programs.append((ns.load_program(place(programmed.network, 3, LOIHI2)), programmed.pulses))
    yield from ((program, pulses, "exact") for program, pulses in programs)
    yield from ((program, pulses, "counts") for program, pulses in programs[::3])
    for seed, chip in enumerate(counted()):
        yield crowd(chip, seed), np.ones((2, 3, 30), dtype=bool), "counts"


@pytest.fixture(scope="module")
def yardstick():
    """Programs, pulses, how to run them, and what the event kernel makes of them."""
    found = []
    for program, pulses, network in cases():
        how = How(network)
        run = EventChip(program, program.chip.constants(), how).run(pulses, True)
        found.append((program, pulses, how, run))
    return found


def differences(engine, yardstick):
    for program, pulses, how, expected in yardstick:
        run = engine(program, program.chip.constants(), how).run(pulses, True)
        yield first_difference(expected, run)


PATIENCE = 60  # seconds; the whole yardstick takes a few


def is_found(engine, yardstick):
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(PATIENCE)
    try:
        return any(differences(engine, yardstick))
    except (IndexError, RuntimeError, ValueError, TimeoutError):
        return True  # a fault that ends in nonsense, or never, shows itself
    finally:
        signal.alarm(0)


def _give_up(*_):
    raise TimeoutError


def test_is_the_compiled_engine_in_plain_python_the_same(monkeypatch, yardstick):
    compiled_in_python(monkeypatch)
    assert list(differences(CompiledChip, yardstick)) == [None] * len(yardstick)


@pytest.mark.parametrize(("file", "old", "new"), COMPILED, ids=range(len(COMPILED)))
def test_is_a_fault_of_the_compiled_engine_found(monkeypatch, yardstick, file, old, new):
    compiled_in_python(monkeypatch, (file, old, new))
    assert is_found(CompiledChip, yardstick), f"{file}: '{new}' instead of '{old}' changes nothing that is compared"


@pytest.mark.parametrize(("file", "old", "new"), EVENT, ids=range(len(EVENT)))
def test_is_a_fault_of_the_event_kernel_found(monkeypatch, yardstick, file, old, new):
    mutant = load(monkeypatch, "neurosim.engine.event", PARTS, (file, old, new))["chip"]
    assert is_found(mutant.EventChip, yardstick), f"{file}: '{new}' instead of '{old}' changes nothing that is compared"
