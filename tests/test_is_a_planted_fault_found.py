"""Is a fault in either engine found by comparing their runs?

Each fault is one expression of one file changed. The engine that has it runs as plain Python; the other as it is.
"""

import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from engine_cases import CONGESTED, CROSSBARS, SPINNAKER, TICKS, TRUENORTH, integer_case, placed
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
from neurosim.network import AddAndFire, Compartment, CompartmentNeuron, Network, Population, Projection, Source

COMPILED = [
    ("flow", "start = max(joined, free)", "start = joined"),
    ("flow", "start = max(time[p], free)", "start = time[p]"),
    ("flow", "free = start + serialisation", "free = start + latency"),
    ("flow", "front[i] < front[best]", "front[i] > front[best]"),
    ("flow", "front_time[i] < front_time[best] or", "front_time[i] > front_time[best] or"),
    ("flow", "full = full or started[i - depth] >= taken[i]", "pass"),
    ("flow", "full = full or started[i - depth] >= taken[i]", "full = full or started[i - depth] >= taken[i] + 5_000"),
    ("flow", "taken[n], started[n] = joined - run_latency[run], start", "taken[n], started[n] = joined, start"),
    ("flow", "links[link, JOINED] += n", "links[link, JOINED] += n > 0"),
    ("flow", "links[link, FREE_AT] = free\n        links[link, JOINED] += ptr", "links[link, JOINED] += ptr"),
    ("flow", "journal[k, 1], scratch.journal[k, 2]", "journal[k, 1], links[link, JOINED]"),
    ("flow", "= scratch.journal[k, 1], scratch", "= links[link, FREE_AT], scratch"),
    ("lanes", "start = max(entry[p], free)", "start = entry[p]"),
    ("lanes", "(time_a == time_b) & (item_a < item_b)", "(time_a == time_b) & (item_a > item_b)"),
    ("lanes", "(time_a < time_b) |", "(time_a > time_b) |"),
    ("lanes", "6 * room if 5 * room <= a < 6 * room else 5 * room", "5 * room"),
    ("lanes", "on = at[along] = 4 * room if k % 2 else 3 * room", "on = at[along] = 3 * room"),
    ("lanes", "_in_order(times[a:a_end], items[a:a_end])", "pass"),
    ("lanes", "full |= started[i - depth] >= times[a + i] - g.slowest", "pass"),
    ("lanes", "started[i] = max(times[a + i], free)", "started[i] = times[a + i]"),
    ("lanes", "lane[column_way, to_x] += 1", "lane[column_way, x] += 1"),
    ("carry", "net.links[:, :2] = room.saved", "pass"),
    ("carry", "room.saved[:] = net.links[:, :2]", "pass"),
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
    ("trees", "start = max(joins, links[this, FREE_AT])", "start = joins"),
    ("trees", "at[i - before[i] - first] if before[i] else behind_gate", "behind_gate"),
    ("trees", "if at[behind] < first", "if at[behind] < 0"),
    ("counts", "time[p] += latency[entry[p]]", "time[p] += 0"),
    ("counts", "above = at[i - trees.before[link]] if trees.before[link] else gate", "above = gate"),
    ("counts", "t.sent[k] = 0", "pass"),
    ("counts", "links[trees.link[i], JOINED] += packets", "links[trees.link[i], JOINED] = packets"),
    ("entries", "at += spacing", "at += 1"),
    ("entries", "range(port, len(pulses), e.ports)", "range(port, len(pulses) - 1, e.ports)"),
    ("entries", "created[n] = time[n] = now + leaves[k]", "created[n] = time[n] = now"),
    ("entries", "leaves[entry] == leaves[entry + 1]", "False"),
    ("sample", "end = max(end, last, done) + clock.barrier", "end = max(end, last) + clock.barrier"),
    ("sample", "end = max(end, last, done) + clock.barrier", "end = max(last, done) + clock.barrier"),
    ("sample", "if sheet.read[k] == step", "if sheet.read[k] <= step"),
    ("sample", "sheet.tally[NOW] + longest > end", "sheet.tally[NOW] + longest >= end + 99_000_000"),
    ("sample", "held = held and time[k] < end", "held = held and time[k] <= end"),
    ("carry", "net.tally.sent[packets.entry[p]] -= 1", "pass"),
    ("carry", "packets.time[:n] = packets.created[:n]", "pass"),
    ("sheet", "rows[n, 0], rows[n, 1] = step, start + unit[k]", "rows[n, 0], rows[n, 1] = 0, start + unit[k]"),
    ("sheet", "bins[latency] += 1", "bins[latency] = 1"),
    ("sheet", "grown[step, k] += counters[core, k] - before[core, k]", "grown[step, k] += counters[core, k]"),
    ("late", "_TIMERS = -(1 << 40)", "_TIMERS = 1 << 40"),
    ("late", "_HOST = -1", "_HOST = 1 << 30"),
    ("late", "[OVERRUNS] += done > due\n    _set_timer", "[OVERRUNS] += done >= due\n    _set_timer"),
    ("late", "max(done, due), core, step + 1)\n    return _rows", "due, core, step + 1)\n    return _rows"),
    ("late", "delivered >= (created", "delivered > (created"),
    ("late", "created // period + 1", "created // period + 2"),
    ("late", "advance(net.wires, net.trees, traffic, FOREVER, 0)", "pass"),
    ("late", "sheet.ends[steps - 1] = sheet.tally[NOW] = now", "sheet.ends[steps - 1] = steps * period"),
    ("late", "sheet.sent[step] += packets.ptr[last] - packets.ptr[first]", "sheet.sent[step] += 1"),
]  # fmt: skip

EVENT = [
    ("link", "self.free_at = now + wait + self.serialisation", "self.free_at = now + self.serialisation"),
    ("link", "wait + self.latency)", "self.latency)"),
    ("link", "        self.packets += 1\n        packet.callbacks", "        packet.callbacks"),
    ("link", "upstream = stop.waiting.popleft()", "upstream = stop.waiting.pop()"),
    ("link", "(self._wake_up, self.rank, self.free_at - now)", "(self._wake_up, 1 << 60, self.free_at - now)"),
    ("link", "            stop.slots -= 1\n            self._start_head(stop)", "            self._start_head(stop)"),
    ("router", 'order = (east_west, north_south) if', 'order = (north_south, east_west) if'),
    ("barrier", "max(busy, 0) + self.time", "self.time"),
    ("barrier", "not self._sweeping and not self.mesh.in_flight", "not self.mesh.in_flight"),
    ("core", "start = max(packet.delivered, self.busy_until)", "start = packet.delivered"),
    ("core", "self._next += copies", "self._next += 1"),
    ("core", "        self._payloads.clear()\n        if self.on_end", "        if self.on_end"),
    ("core", "dispatch(entry, payload, now + time)", "dispatch(entry, payload, now)"),
    ("host", "at[port] += self._spacing", "at[0] += self._spacing"),
    ("host", "port, value = line % len(self._ports), int(pulses[line])", "port, value = 0, int(pulses[line])"),
    ("tick", "_FIRST = -(1 << 40)", "_FIRST = 1 << 40"),
    ("tick", "core.overruns += self.env.now > due + self.period", "core.overruns += self.env.now >= due + self.period"),
    ("tick", "packet.delivered >= self._begin", "packet.delivered > self._begin"),
    ("tick", "if self.env.now < due:", "if False:"),
    ("multicast", "origin + first, source", "origin, source"),
    ("multicast", "own = rank if leaves[rank].endpoint in self.ejection else -1", "own = -1"),
    ("multicast", "mesh.sent += len(plan) - 1", "mesh.sent += len(plan)"),
    ("recorder", "self._before[core] = counters", "pass"),
    ("recorder", "step == self.program.lag[name] + self._steps - 1", "step == self._steps - 1"),
    ("recorder", "0 <= step - self.program.lag[name] < self._steps", "0 <= step < self._steps"),
    ("chip", "link.free_at = 0", "pass"),
    ("chip", "packet.delivered - packet.created] += 1", "packet.delivered - packet.created] = 1"),
    ("chip", "serialisation = edge[1] = depth = 0", "serialisation = depth = 0"),
]  # fmt: skip

KERNELS = ("heap", "wires", "entries", "trees", "counts", "exact", "flow", "lanes", "carry", "sheet", "sample", "late")
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
    programmed = draw_programmed_case(3)
    programs.append((ns.load_program(place(programmed.network, 3, LOIHI2)), programmed.pulses))
    yield from ((program, pulses, "exact") for program, pulses in programs)
    yield from ((program, pulses, "counts") for program, pulses in programs[::3])


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


def is_found(engine, yardstick):
    try:
        return any(differences(engine, yardstick))
    except (IndexError, RuntimeError, ValueError):
        return True  # a fault that ends in nonsense shows itself


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
