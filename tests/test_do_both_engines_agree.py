"""Does the compiled engine give the event kernel's run, spike for spike, count for count and picosecond for picosecond?

Random networks on random places, on every kind of chip, with idle and with congested networks, with ticks that hold
and ticks that overrun. The two are compared field by field; planted faults show that the comparison can fail.
"""

import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LOIHI, cases, draw_case, place, seeds

import neurosim as ns
from neurosim.engine.compiled import CompiledChip, barrier, flat_barrier, network
from neurosim.engine.compiled import chip as chip_module
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.compiled.cache import drop_older
from neurosim.engine.event.chip import EventChip
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Compartment, CompartmentNeuron, Network, Population, Projection, Source


def both(program, pulses, constants=None, **options):
    """Run both engines; returns their runs after they were found equal."""
    chosen = program.chip.constants(constants)
    runs = [engine(program, chosen).run(pulses, record_spikes=True, **options) for engine in (EventChip, CompiledChip)]
    assert (runs[0].engine, runs[1].engine) == ("event", "compiled")
    assert first_difference(*runs) is None
    return runs


# ---- Loihi: a barrier, unicast lists, bounded queues ---------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(cases(), seeds, st.sampled_from(sorted(LOIHI.constant_sets)))
def test_do_they_agree_on_random_networks_and_places(case, seed, constants):
    both(ns.load_program(place(case.network, seed)), case.pulses, constants)


# All times are whole nanoseconds, so that much happens in the same picosecond.
LATTICE = {
    f"time.{name}": "1 ns"
    for name in (
        "neuron_update_inactive",
        "neuron_update_active",
        "output_message",
        "hop_east_west",
        "hop_north_south",
        "link_serialisation",
        "io_serialisation",
    )
} | {"time.spike_generation": "0 ns", "time.spike_within_tile": "2 ns"}
CONGESTED = [
    {**LATTICE, "flow.buffer_depth": "1"},
    {**LATTICE, "flow.buffer_depth": "2", "time.link_serialisation": "2 ns"},
    {**LATTICE, "flow.buffer_depth": "0"},
    {"time.barrier": "0 ns", "time.io_serialisation": "300 ns"},
    {"flow.buffer_depth": "1", "time.link_serialisation": "3 ns"},
    {"flow.buffer_depth": "1", "time.link_serialisation": "10 ns", "time.io_serialisation": "1 ns"},
    {"flow.buffer_depth": "2", "time.link_serialisation": "4.1 ns"},
    {"flow.buffer_depth": "3", "time.link_serialisation": "1 ns", "time.output_message": "0 ns"},
    {"flow.buffer_depth": "1", "time.link_serialisation": "0 ns"},
    {"flow.buffer_depth": "0", "time.link_serialisation": "20 ns"},
]


@settings(max_examples=60, deadline=None)
@given(cases(late=False), seeds, st.sampled_from(CONGESTED))
def test_do_they_agree_when_queues_are_full(case, seed, slow):
    both(ns.load_program(place(case.network, seed, LOIHI.with_overrides(slow))), case.pulses)


# ---- SpiNNaker2: a tick, multicast trees, cores that are late ----------------------------------------------


def integer_case(seed, layers):
    """Add-and-fire populations in a chain with some steps back, whole weights, and pulses for two samples."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 20, layers + 1).tolist()
    populations = [Population("p0", sizes[0], Source())]
    populations += [Population(f"p{k}", n, AddAndFire(float(rng.integers(1, 4)))) for k, n in enumerate(sizes) if k]
    projections = [_random(rng, populations[k], populations[k + 1], int(rng.integers(0, 3))) for k in range(layers)]
    if layers > 1 and rng.random() < 0.5:
        projections.append(_random(rng, populations[-1], populations[1], layers + 1))
    chain = Network(f"chain {seed}", tuple(populations), tuple(projections), (populations[-1].name,))
    return chain, rng.random((2, int(rng.integers(1, 10)), sizes[0])) < rng.choice([0.1, 0.5, 1.0])


def _random(rng, source, target, delay):
    weights = rng.choice([-1, 1, 2], (source.size, target.size)) * (rng.random((source.size, target.size)) < 0.6)
    weights[0, 0] = 1
    return Projection.dense(source.name, target.name, weights, delay)


def placed(net, chip, seed, cores=None):
    """Put the neurons on any cores, from one to as many as there are."""
    mapping = ns.map(net, chip)
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.array(chip.usable_cores))[: int(rng.integers(1, cores or 41))]
    where = rng.choice(pool, mapping.lowered.network.n_neurons).astype(np.int32)
    return ns.load_program(Mapping(net, mapping.lowered, chip, where, "random", 0))


LOIHI2 = ns.load_chip("loihi2")
SPINNAKER = ns.load_chip("spinnaker2")
SLOW = {"level.low.clock": "1 MHz", "level.high.clock": "2 MHz"}
TICKS = [
    {},
    {f"time.{name}": "10 ns" for name in ("hop_east_west", "hop_north_south", "link_serialisation", "io_serialisation")}
    | {"time.router_latency": "10 ns", "time.router_serialisation": "10 ns", "time.spike_within_tile": "20 ns"},
    {"clock.tick": "20 us"},
    {**SLOW, "clock.tick": "900 us"},
    {**SLOW, "clock.tick": "300 us"},
    {**SLOW, "clock.tick": "2 ms", "time.io_serialisation": "300 us"},
    {"clock.tick": "10 us", "time.router_latency": "37 us"},
    {"clock.tick": "40 us", "time.link_serialisation": "5 us", "time.router_serialisation": "11 us"},
    {"clock.tick": "40 us", "time.link_serialisation": "0 us", "time.router_serialisation": "0 us"},
]


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 3), st.sampled_from(TICKS))
def test_do_they_agree_on_ticks_trees_and_overruns(seed, layers, changes):
    net, pulses = integer_case(seed, layers)
    both(placed(net, SPINNAKER.with_overrides(changes), seed), pulses)


# ---- TrueNorth: a tick, unicast spikes, several chips ------------------------------------------------------

SMALL = {"geometry.columns": "4", "geometry.rows": "34"}
TRUENORTH = ns.load_chip("truenorth")
CROSSBARS = [
    {},
    {**SMALL, "geometry.chip_columns": "3", "geometry.chip_rows": "2"},
    {**SMALL, "geometry.chip_columns": "2", "time.edge_serialisation": "3 us", "time.edge_crossing": "20 us"},
    {**SMALL, "clock.tick": "60 us"},
    {**SMALL, "clock.tick": "60 us", "geometry.chip_rows": "3", "time.link_serialisation": "9 us"},
    {**SMALL, "clock.tick": "60 us", "flow.buffer_depth": "1", "time.link_serialisation": "2 us"},
]


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 2), st.sampled_from(CROSSBARS))
def test_do_they_agree_on_crossbars_and_edges(seed, layers, changes):
    net, pulses = integer_case(seed, layers)
    both(placed(net, TRUENORTH.with_overrides(changes), seed, 10), pulses)


# ---- the ways inside the compiled engine -------------------------------------------------------------------


def generic(program, pulses, constants=None):
    """Run both engines, the compiled one core by core as it does for kinds of cores that it does not know."""
    chosen = program.chip.constants(constants)
    chip = CompiledChip(program, chosen)
    chip._flat = None
    runs = EventChip(program, chosen).run(pulses, True), chip.run(pulses, True)
    assert first_difference(*runs) is None
    return runs


@settings(max_examples=40, deadline=None)
@given(cases(late=False), seeds, st.sampled_from([{}, *CONGESTED]))
def test_does_the_way_for_unknown_cores_agree_too(case, seed, changes):
    generic(ns.load_program(place(case.network, seed, LOIHI.with_overrides(changes))), case.pulses)


@settings(max_examples=30, deadline=None)
@given(cases(late=False), seeds, st.booleans())
def test_do_they_agree_on_spikes_that_carry_values(case, seed, plain):
    program = ns.load_program(place(case.network, seed, LOIHI2))
    values = case.pulses if plain else case.pulses * np.random.default_rng(seed).integers(-9, 10, case.pulses.shape)
    both(program, values)


def test_do_the_cases_put_the_question(monkeypatch):
    # Steps with and without full queues, spikes over mesh links and edges, overruns, and packets that come too late.
    full = Counter()
    carry = barrier.carry

    def counted(*arguments):
        was_full = carry(*arguments)
        full[was_full] += 1
        return was_full

    monkeypatch.setattr(barrier, "carry", counted)
    for seed in range(6):
        case = draw_case(seed, ["add", "leak", "single"][: 1 + seed % 3])
        for slow in CONGESTED[4:8]:
            generic(ns.load_program(place(case.network, seed, LOIHI.with_overrides(slow))), case.pulses)
    assert full[True] > 100
    assert full[False] > 100
    seen = Counter()
    for seed in range(4):
        net, pulses = integer_case(seed, 1 + seed % 2)
        for chip in (*map(SPINNAKER.with_overrides, TICKS), *map(TRUENORTH.with_overrides, CROSSBARS[1:])):
            activity = both(placed(net, chip, seed, 10), pulses)[1].activity
            for name in ("overruns", "late_packets", "edge_crossings", "hops_east_west", "hops_north_south"):
                seen[name] += int(activity.total(name).sum())
    assert min(seen.values()) > 100, seen
    assert len(seen) == 5


def test_is_the_packet_trace_kept_for_the_first_sample_only_and_by_step():
    case = draw_case(3, ("add", "sum"))
    program = ns.load_program(place(case.network, 3))
    event, compiled = both(program, case.pulses, trace_first=False)
    assert len(event.times.first_packets) == len(compiled.times.first_packets) == 0
    _, compiled = both(program, case.pulses)
    assert len(compiled.times.first_packets) == compiled.activity.total("packets")[0] > 0
    assert np.all(np.diff(compiled.times.first_packets[:, 0]) >= 0)


def test_does_a_chip_run_again_as_before():
    case = draw_case(5, ("single", "leak"))
    chip = CompiledChip(ns.load_program(place(case.network, 5)), LOIHI.constants())
    first, second = chip.run(case.pulses, True), chip.run(case.pulses, True)
    assert first_difference(first, second) is None


@pytest.mark.parametrize("workers", [1, 2])
def test_do_workers_give_the_same_run(workers):
    case = draw_case(6, ("add", "single"), samples=5)
    program = ns.load_program(place(case.network, 6))
    one = ns.simulate(program, case.pulses, record_spikes=True)
    other = ns.simulate(program, case.pulses, record_spikes=True, engine="compiled", workers=workers)
    assert other.engine == "compiled"
    assert first_difference(one, other) is None


def test_are_both_engines_run_and_compared_on_request(monkeypatch):
    case = draw_case(7, ("add",))
    program = ns.load_program(place(case.network, 7))
    run = ns.simulate(program, case.pulses, engine="both")
    assert run.engine == "both"
    assert first_difference(run, ns.simulate(program, case.pulses)) is None
    monkeypatch.setattr(chip_module, "barrier_time", lambda *_: 1)
    with pytest.raises(NeurosimError, match=r"the engines differ, event against compiled: step_ends: sample 0, step 0"):
        ns.simulate(program, case.pulses, engine="both")


def test_is_code_dropped_that_is_older_than_what_it_was_made_of(tmp_path):
    index = tmp_path / "flow.nbi"
    index.write_bytes(b"")
    written = index.stat().st_mtime
    drop_older(index, written)
    assert index.exists()
    drop_older(index, written + 1)
    assert not index.exists()
    drop_older(index, written + 1)  # gone already: nothing to say


# ---- planted faults ----------------------------------------------------------------------------------------

# Each fault is one expression of the compiled engine changed; the engine then runs as plain Python.
FAULTS = [
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
    ("step", "links[:, :2] = before", "links[:, 0] = before[:, 0]"),
    ("step", "links[:, :2] = before", "links[:, 1] = before[:, 1]"),
    ("exact", "links[upstream, WAITS_BEHIND]\n", "NONE\n"),
    ("exact", "    links[link, SLOTS] += 1", "    links[link, SLOTS] += 2"),
    ("exact", "        link = upstream\n", "        return\n"),
    ("exact", "links[link, FREE_AT], link - links.shape[0], -1 - link", "links[link, FREE_AT], 1 << 60, -1 - link"),
    ("exact", "links[stop, SLOTS] > 0", "links[stop, SLOTS] > -99"),
    ("heap", "PRIORITY if heap[a, PRIORITY] != heap[b, PRIORITY] else SEQUENCE", "SEQUENCE"),
    ("sample", "max(time[p], busy) + processing[at]", "max(time[p] + processing[at], busy)"),
    ("sample", "now = max(swept, delivered, processed) + barrier", "now = max(swept, delivered) + barrier"),
    ("sample", "now = max(swept, delivered, processed) + barrier", "now = max(delivered, processed) + barrier"),
    ("sample", "at += spacing", "at += 1"),
    ("sample", "range(port, len(pulses), lines.ports)", "range(port, len(pulses) - 1, lines.ports)"),
    ("sample", "step % slots[core]", "0"),
    ("sample", "created[n] = time[n] = now + leaves[k]", "created[n] = time[n] = now"),
    ("sample", "counters[core, CLIPPED] += clipped", "pass"),
    ("sample", "dense_events += dense[at]", "dense_events += sparse[at]"),
    ("sample", "fired[n_fired : n_fired + spikes, 0] = step", "fired[n_fired : n_fired + spikes, 0] = 0"),
    ("sample", "if sheet.read[k] == step", "if sheet.read[k] <= step"),
    ("sample", "bins[latency] += 1", "bins[latency] = 1"),
    ("sample", "add_noise(noise, step, slot, bias)", "add_noise(noise, 0, slot, bias)"),
    ("exact", "w.ends[trees.hub, INJECT_LINK]", "w.ends[0, INJECT_LINK]"),
    ("exact", "packets[copy, FIRST], packets[copy, LAST] = first, last", "packets[copy, FIRST] = first"),
    ("tick", "_TIMERS = -(1 << 40)", "_TIMERS = 1 << 40"),
    ("tick", "done > (step + 1) * self._period", "done >= (step + 1) * self._period"),
    ("tick", "max(done, (step + 1) * self._period)", "(step + 1) * self._period"),
    ("tick", "max(done, (step + 1) * self._period)", "max(done, (step + 1) * self._period + (who >= 0))"),
    ("tick", "delivered >= (created", "delivered > (created"),
    ("tick", "created // self._period + 1", "created // self._period + 2"),
    ("tick", "self._steps - 1, now)", "self._steps - 1, self._steps * self._period)"),
    ("tick", "network.advance(FOREVER, 0)", "pass"),
    ("tick", "now + firing.time", "step * self._period + firing.time"),
]  # fmt: skip


MUTABLE = ("heap", "exact", "flow", "step", "sample", "tick")


def load_mutant(monkeypatch, faulty=None, old="", new=""):
    """Load the compiled engine's functions as plain Python, one expression of one file changed."""
    for name in MUTABLE:
        text = Path(barrier.__file__).with_name(f"{name}.py").read_text()
        if name == faulty:
            assert old in text, f"{name}.py has no '{old}'"
            text = text.replace(old, new)
        text = re.sub(rf"neurosim\.engine\.compiled\.({'|'.join(MUTABLE)})\b", r"mutant_\1", text)
        text = text.replace("from numba import njit", "njit = lambda **_: lambda function: function")
        module = ModuleType(f"mutant_{name}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(text, f"mutant_{name}.py", "exec"), module.__dict__)
    mutant = {name: sys.modules[f"mutant_{name}"] for name in MUTABLE}
    monkeypatch.setattr(chip_module, "Tick", mutant["tick"].Tick)
    monkeypatch.setattr(flat_barrier, "run_sample", mutant["sample"].run_sample)
    monkeypatch.setattr(barrier, "carry", mutant["step"].carry)
    for name in ("advance", "send", "take", "keep_waiting", "clear_links"):
        monkeypatch.setattr(network, name, getattr(mutant["exact"], name))


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


@pytest.fixture(scope="module")
def yardstick():
    """Programs, pulses and what the event kernel makes of them."""
    changes = [{}, *CONGESTED[:8]]
    mappings = [burst(seed, change) for k, change in enumerate(changes) for seed in (k, k + 10)]
    mappings.append((ns.map(full_scale(), LOIHI), np.ones((1, 20, 1), dtype=bool)))
    programs = [(ns.load_program(mapping), pulses) for mapping, pulses in mappings]
    ticking = [SPINNAKER.with_overrides(changes) for changes in TICKS[1:]]
    ticking += [TRUENORTH.with_overrides(changes) for changes in CROSSBARS[3:]]
    chains = [integer_case(seed, 2) for seed in range(len(ticking))]
    programs += [(placed(net, chip, 1, 8), pulses[:1]) for chip, (net, pulses) in zip(ticking, chains, strict=True)]
    programs += [on_the_picosecond(shift) for shift in (0, 1)]
    return [(program, p, EventChip(program, program.chip.constants()).run(p, True)) for program, p in programs]


def differences(yardstick):
    for program, pulses, expected in yardstick:
        run = CompiledChip(program, program.chip.constants()).run(pulses, True)
        yield first_difference(expected, run)


def test_is_the_engine_in_plain_python_the_same(monkeypatch, yardstick):
    load_mutant(monkeypatch)
    assert list(differences(yardstick)) == [None] * len(yardstick)


@pytest.mark.parametrize(("file", "old", "new"), FAULTS, ids=range(len(FAULTS)))
def test_is_a_planted_fault_found(monkeypatch, yardstick, file, old, new):
    load_mutant(monkeypatch, file, old, new)
    try:
        found = any(differences(yardstick))
    except (IndexError, RuntimeError):
        found = True  # a fault that ends in nonsense shows itself
    assert found, f"{file}: '{new}' instead of '{old}' changes nothing that is compared"
