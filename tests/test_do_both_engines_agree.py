"""Does the compiled engine give the event kernel's run, spike for spike, count for count and picosecond for picosecond?

Random networks on random places, on every kind of chip, with idle and with congested networks, with ticks that hold
and ticks that overrun. The two are compared field by field; test_is_a_planted_fault_found.py shows that this can fail.
"""

from collections import Counter

import numpy as np
import pytest
from engine_cases import CONGESTED, CROSSBARS, LOIHI2, SPINNAKER, TICKS, TRUENORTH, integer_case, placed
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LOIHI, cases, draw_case, place, seeds

import neurosim as ns
from neurosim.engine.compiled import CompiledChip
from neurosim.engine.compiled import chip as chip_module
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.compiled.cache import drop_older
from neurosim.engine.event.chip import EventChip
from neurosim.errors import NeurosimError


def both(program, pulses, constants=None, **options):
    """Run both engines; returns their runs after they were found equal."""
    chosen = program.chip.constants(constants)
    runs = [engine(program, chosen).run(pulses, record_spikes=True, **options) for engine in (EventChip, CompiledChip)]
    assert (runs[0].engine, runs[1].engine) == ("event", "compiled")
    assert first_difference(*runs) is None
    return runs


# ---- Loihi: a barrier, unicast lists, bounded queues ---------------------------------------------------------


@settings(max_examples=75, deadline=None)
@given(cases(), seeds, st.sampled_from(sorted(LOIHI.constant_sets)))
def test_do_they_agree_on_random_networks_and_places(case, seed, constants):
    both(ns.load_program(place(case.network, seed)), case.pulses, constants)


@settings(max_examples=75, deadline=None)
@given(cases(late=False), seeds, st.sampled_from(CONGESTED))
def test_do_they_agree_when_queues_are_full(case, seed, slow):
    both(ns.load_program(place(case.network, seed, LOIHI.with_overrides(slow))), case.pulses)


# ---- SpiNNaker2: a tick, multicast trees, cores that are late ----------------------------------------------


@settings(max_examples=75, deadline=None)
@given(seeds, st.integers(1, 3), st.sampled_from(TICKS))
def test_do_they_agree_on_ticks_trees_and_overruns(seed, layers, changes):
    net, pulses = integer_case(seed, layers)
    both(placed(net, SPINNAKER.with_overrides(changes), seed), pulses)


# ---- TrueNorth: a tick, unicast spikes, several chips ------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 2), st.sampled_from(CROSSBARS))
def test_do_they_agree_on_crossbars_and_edges(seed, layers, changes):
    net, pulses = integer_case(seed, layers)
    both(placed(net, TRUENORTH.with_overrides(changes), seed, 10), pulses)


@settings(max_examples=40, deadline=None)
@given(cases(late=False), seeds, st.booleans())
def test_do_they_agree_on_spikes_that_carry_values(case, seed, plain):
    program = ns.load_program(place(case.network, seed, LOIHI2))
    values = case.pulses if plain else case.pulses * np.random.default_rng(seed).integers(-9, 10, case.pulses.shape)
    both(program, values)


def test_do_the_cases_put_the_question():
    # Packets that wait for a slot, spikes over mesh links and edges, overruns, and packets that come too late.
    held_up = 0
    for seed in range(6):
        case = draw_case(seed, ["add", "leak", "single"][: 1 + seed % 3])
        for slow in CONGESTED[4:8]:
            ends = [
                both(ns.load_program(place(case.network, seed, LOIHI.with_overrides(changes))), case.pulses)[1].times
                for changes in (slow, {**slow, "flow.buffer_depth": "0"})
            ]
            held_up += int((ends[0].step_ends != ends[1].step_ends).sum())
    assert held_up > 20
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
