"""Does learning cost updates times price and time, and nothing when it is off? And does it keep what it should?"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learning_cases import one_synapse, random_case
from test_is_learning_as_stated import ENGINES, LOIHI, LOIHI2, placed

import neurosim as ns
from neurosim.cores.compartment import core_filler
from neurosim.cores.compartment import usage as used
from neurosim.engine.compiled.agreement import first_difference
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import nets_of
from neurosim.network import LearningRule, Trace
from neurosim.results.energy import COMPONENTS

IDLE = LearningRule(("dw = 0*x1*y0",), x1=Trace(7, 20.0), y1=Trace(7, 20.0), y3=Trace(1, 2.0), epoch=3)


def parts(run, chip):
    return {name: band.value for name, band in ns.price(run, chip).parts.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_is_energy_updates_times_price_and_time_likewise(engine):
    # 12 synapses of one axon each, 12 neurons, 7 steps with an epoch of 3: two epochs. Traces: x1 of 12 axons, y1 and
    # y3 of 12 neurons, in each of 7 steps.
    network, pulses = one_synapse(IDLE, [0, 4], [2], 0, 7, copies=12)
    dear = {
        f"constants.davies2018.{kind}.trace_update": f"7 {unit}" for kind, unit in (("energy", "pJ"), ("time", "ns"))
    }
    chip = LOIHI.with_overrides(dear)
    mapping = ns.map(network, chip)
    runs = [
        ns.simulate(mapping, pulses, engine=engine, constants="davies2018", learning=learning)
        for learning in ("reset", "off")
    ]
    on, off = (parts(run, chip) for run in runs)
    assert on["learning"] == pytest.approx((2 * 12 * 120 + 7 * 36 * 7) * 1e-12, rel=1e-9)
    assert off["learning"] == 0
    for name in set(COMPONENTS) - {"learning", "static"}:
        assert on[name] == off[name]
    later = np.diff(runs[0].times.step_ends[0] - runs[1].times.step_ends[0], prepend=0)
    assert later.tolist() == [36 * 7000 + (12 * 6100 if step in (2, 5) else 0) for step in range(7)]
    assert runs[0].activity.total("synapse_updates").tolist() == [24]
    assert runs[0].activity.per_step[:, runs[0].activity.counters.index("synapse_updates")].tolist() == [
        0,
        0,
        12,
    ] * 2 + [0]


def test_do_cores_learn_side_by_side():
    # Nine neurons with one synapse each on three cores: 1, 2 and 6. The step waits for the six.
    network, pulses = one_synapse(replace(IDLE, epoch=1), [0], [2], 0, 4, copies=9)
    mapping = ns.map(network, LOIHI)
    spread = ns.mapping.Mapping(
        network, mapping.lowered, LOIHI, np.array([0, 1, 1, *[2] * 6], dtype=np.int32), "by hand", 0
    )
    ends = [ns.simulate(spread, pulses, learning=mode).times.step_ends[0] for mode in ("reset", "off")]
    assert np.diff(ends[0] - ends[1], prepend=0).tolist() == [6 * 6100] * 4


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(ENGINES))
def test_is_a_run_with_learning_off_that_of_a_network_without(seed, engine):
    network, pulses, _, _ = random_case(seed)
    kept = tuple(p for p in network.projections if not p.modulates)
    network = replace(network, projections=tuple(unmodulated(p) for p in kept))
    plain = network.frozen()
    assert not plain.learns
    off = ns.simulate(placed(network, LOIHI2, seed), pulses, engine=engine, record_spikes=True, learning="off")
    none = ns.simulate(placed(plain, LOIHI2, seed), pulses, engine=engine, record_spikes=True)
    assert off.learned is None
    off = replace(off, program_digest=none.program_digest)
    assert first_difference(off, none) is None
    assert parts(off, LOIHI2) == parts(none, LOIHI2)


def unmodulated(projection):
    """The same with a rule that needs no third factor, and weights that a fixed synapse can hold too."""
    if projection.learning is None:
        return projection
    rule = replace(projection.learning, rules=("dw = x1*y0", "dt = 2^-3*y1*x0*w"))
    return replace(projection, learning=rule, exponent=max(projection.exponent, 6))


def test_does_a_network_without_learning_have_no_trace_of_it():
    network, pulses = one_synapse(IDLE, [0], [2], 10, 5)
    run = ns.simulate(ns.map(network.frozen(), LOIHI), pulses)
    assert run.learned is None
    assert parts(run, LOIHI)["learning"] == 0
    assert run.activity.total("synapse_updates").tolist() == run.activity.total("trace_updates").tolist() == [0]
    assert network.digest() != network.frozen().digest()


# ---- from sample to sample -----------------------------------------------------------------------------------------

GROW = LearningRule(("dw = 2*x0",))


@pytest.mark.parametrize("engine", [*ENGINES, "both"])
def test_are_weights_kept_or_loaded_again_as_asked(engine):
    network, pulses = one_synapse(GROW, [0, 1], [3], 0, 5)
    pulses = np.repeat(pulses, 3, axis=0)
    weights = {
        mode: int(ns.simulate(ns.map(network, LOIHI), pulses, engine=engine, learning=mode).learned.weight[0])
        for mode in ("keep", "reset")
    }
    assert weights == {"keep": 3 * 4, "reset": 4}


def test_do_samples_that_go_on_draw_other_numbers():
    network, pulses = one_synapse(LearningRule(("dw = 2^-1*x0",), sign="excitatory"), [0], [], 0, 1, copies=200)
    mapping = ns.map(network, LOIHI)
    once = ns.simulate(mapping, pulses).learned.weight
    twice = ns.simulate(mapping, np.repeat(pulses, 2, axis=0), learning="keep").learned.weight
    assert not np.array_equal(2 * once, twice)
    assert np.array_equal(once, ns.simulate(mapping, np.repeat(pulses, 2, axis=0)).learned.weight)


@pytest.mark.parametrize("learning", ["keep", "reset"])
def test_do_workers_and_threads_learn_the_same(learning):
    network, pulses, _, _ = random_case(11, samples=6)
    program = placed(network, LOIHI2, 11)
    one = ns.simulate(program, pulses, learning=learning)
    for how in ({"workers": 2}, {"threads": 2}):
        assert first_difference(one, ns.simulate(program, pulses, learning=learning, **how)) is None


def test_does_a_chip_learn_again_as_before():
    from neurosim.engine.compiled import CompiledChip
    from neurosim.engine.event.chip import EventChip

    network, pulses, _, _ = random_case(12)
    program = replace(placed(network, LOIHI2, 12), options={"learning": "keep"})
    for engine in (EventChip, CompiledChip):
        chip = engine(program, LOIHI2.constants())
        assert first_difference(chip.run(pulses), chip.run(pulses)) is None


# ---- what it takes of a core --------------------------------------------------------------------------------------


def usage(rule, copies, **changes):
    network, _ = one_synapse(rule, [0], [1], 0, 3, copies=copies)
    projections = (replace(network.projections[0], **changes), *network.projections[1:])
    program = ns.load_program(ns.map(replace(network, projections=projections), LOIHI))
    return {item.limit: item.needed for item in used(program)}


def test_do_synapses_that_learn_take_memory_for_what_they_store():
    # An axon of 50 synapses on neighbours needs no index: weight 8, tag 9, delay 6 bits and a header of 10, in words of
    # 64 bits. Beside it stands the one that drives: 120 needs 7 bits, which cannot be stored, so 8.
    wide = {"weights": np.zeros(50, dtype=np.int64), "indptr": np.array([0] + [50] * 50)}
    wide["targets"] = np.arange(50, dtype=np.int32)
    drive = -(-(50 * 8 + 10) // 64)
    assert usage(GROW, 50, **wide)["synapse_memory_words"] == drive + -(-(50 * 8 + 10) // 64)
    tagged = replace(GROW, rules=("dw = 2*x0", "dt = x0"))
    assert usage(tagged, 50, **wide)["synapse_memory_words"] == drive + -(-(50 * 17 + 10) // 64)
    late = replace(GROW, rules=("dw = 2*x0", "dd = x0", "dt = x0"))
    needs = usage(late, 50, **wide)
    assert needs["synapse_memory_words"] == drive + -(-(50 * 23 + 10) // 64)
    assert (needs["delay_max"], needs["accumulator_slots"], needs["learning_rules"]) == (62, 64 * 50, 1)
    assert usage(replace(late, max_delay=3), 50, **wide)["accumulator_slots"] == 8 * 50


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_does_a_mapper_reckon_what_is_loaded(seed):
    network, _, _, _ = random_case(seed)
    roomy = LOIHI2.with_overrides({"limits.synapse_formats": "64"})
    lowered = ns.map(network, roomy).lowered
    nets, cores = nets_of(lowered.network), np.zeros(lowered.network.n_neurons, dtype=np.int32)
    fill = core_filler(lowered, nets, roomy)()
    sends = nets.sends(cores)
    assert [fill.add(neuron, int(sends[neuron])) for neuron in range(len(cores))] == [None] * len(cores)
    program = ns.load_program(ns.mapping.Mapping(network, lowered, roomy, cores, "by hand", 0))
    assert {item.limit: item.needed for item in used(program)} == fill.needs


def test_is_a_core_refused_that_would_learn_too_long_delays():
    network, _ = one_synapse(replace(GROW, rules=("dd = x0",)), [0], [1], 0, 3, copies=200)
    mapping = ns.map(network, LOIHI)  # 128 compartments with 64 slots each fill a core
    assert np.bincount(mapping.core_of).tolist() == [128, 72]
    together = ns.mapping.Mapping(network, mapping.lowered, LOIHI, np.zeros(200, dtype=np.int32), "by hand", 0)
    with pytest.raises(CapacityError, match="loihi: limit accumulator_slots on core 0: needed 12800, available 8192"):
        ns.load_program(together)


def test_do_chips_without_learning_refuse_it():
    network, _ = one_synapse(GROW, [0], [1], 0, 3)
    with pytest.raises(UnsupportedError, match="spinnaker2: projection before -> after: learning unsupported"):
        ns.map(network, ns.load_chip("spinnaker2"))
    with pytest.raises(CapacityError, match=r"loihi: limit learning_rules .*: needed 1, available 0"):
        ns.map(network, LOIHI.with_overrides({"limits.learning_rules": "0"}))


def test_is_an_unknown_mode_refused():
    network, pulses = one_synapse(GROW, [0], [1], 0, 3)
    with pytest.raises(NeurosimError, match=r"unknown learning 'kept', did you mean 'keep'\?"):
        ns.simulate(ns.map(network, LOIHI), pulses, learning="kept")
