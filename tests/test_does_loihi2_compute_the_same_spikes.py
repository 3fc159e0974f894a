"""Do neurons that run programs, with and without values on their spikes, compute on Loihi 2 what they compute unmapped?

And what fixed compartments compute on Loihi, where both can: there the same weights and thresholds make the same
pulses. Limits and prices of programmed neurons are added up by hand.
"""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programmed_networks import LOIHI2, draw_programmed_case, unmapped
from strategies import GRAIN, KINDS, LOIHI, Case, draw_case, place, seeds

import neurosim as ns
from neurosim.cores import core_kind
from neurosim.cores.compartment import arithmetic, lower
from neurosim.cores.compartment.programs import add_and_fire, leaky, resonate_and_fire, sigma_delta
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError
from neurosim.mapping import Mapping, MappingProblem, nets_of
from neurosim.mapping.partition.sequential import sequential_fill
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    NeuronProgram,
    Population,
    ProgrammedNeuron,
    Projection,
    Source,
)

KIND = core_kind("compartment")
SUM = NeuronProgram.from_text("sum", "take q\nadd v v q", ["v"], [], ["q"])
PASS = NeuronProgram.from_text("pass", "take q\nshift-right q q 6\nspike q", ["v"], [], ["q"])
FIRE = ProgrammedNeuron(add_and_fire(), {"threshold": 64})


def same_as_unmapped(mapping, inputs, engine="event"):
    run = ns.simulate(mapping, inputs, record_spikes=True, engine=engine)
    pulses, answers, values = unmapped(mapping, inputs)
    assert run.spikes.full.keys() == pulses.keys()
    for name, expected in pulses.items():
        assert np.array_equal(run.spikes.full[name], expected), name
    for name, expected in answers.items():
        assert np.array_equal(run.answers[name], expected), name
    return run, values


def chain(*neurons, size=1, weight=1, delay=1):
    """Input line k onto neuron k of the first population, that onto the next, and so on."""
    names = ["in", *(f"n{k}" for k in range(len(neurons)))]
    populations = (
        Population("in", size, Source()),
        *(Population(n, size, x) for n, x in zip(names[1:], neurons, strict=True)),
    )
    one = Projection.dense("in", "n0", weight * np.eye(size, dtype=int), delay)
    projections = tuple(
        replace(one, source=a, target=b, exponent=0 if isinstance(x, AddAndFire | Accumulator) else GRAIN)
        for a, b, x in zip(names[:-1], names[1:], neurons, strict=True)
    )
    return Network("chain", populations, projections, (names[-1],))


# ---- mapped and unmapped -------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seeds, st.lists(st.sampled_from(KINDS), max_size=2), seeds)
def test_is_a_random_placement_of_programs_like_no_chip(seed, kinds, where):
    case = draw_programmed_case(seed, kinds)
    same_as_unmapped(place(case.network, where, LOIHI2), case.pulses, engine="both")


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from(["sequential", "snake", "hilbert"]))
def test_is_the_placement_of_a_mapper_like_no_chip(seed, mapper):
    case = draw_programmed_case(seed, ("single", "add"))
    narrow = {"limits.compartments": "5", "limits.program_length_max": "40"}
    for chip in (LOIHI2, LOIHI2.with_overrides(narrow)):
        with contextlib.suppress(CapacityError):
            same_as_unmapped(ns.map(case.network, chip, mapper), case.pulses)


def test_do_the_random_networks_put_the_question():
    mixed = graded = large = spikes = several = wrapped = 0
    for seed in range(30):
        case = draw_programmed_case(seed, KINDS[seed % 5 :][:2])
        mapping = place(case.network, seed, LOIHI2)
        run, values = same_as_unmapped(mapping, case.pulses)
        images = ns.load_program(mapping).images
        mixed += any(len(image.fixed) and image.banks for image in images)
        several += any(len(image.banks) > 1 for image in images)
        graded += len(values)
        large += sum(int((np.abs(v) > 1).sum()) for v in values.values())
        wrapped += int(run.activity.total("registers_wrapped").sum())
        spikes += sum(run.spikes.counts[p.name].sum() for p in case.network.neurons if p.name.startswith("program"))
    assert min(mixed, several, graded) > 5
    assert large > 200
    assert spikes > 300
    assert wrapped > 100


@settings(max_examples=40, deadline=None)
@given(seeds, st.lists(st.sampled_from(["add", "sum", "leak"]), min_size=1, max_size=3))
def test_do_lowered_networks_make_the_same_pulses_on_loihi_and_loihi2(seed, kinds):
    # The same quantisation on both: Loihi takes the threshold away through a synapse, Loihi 2 in the program.
    case = draw_case(seed, kinds)
    old, new = ns.map(case.network, LOIHI), ns.map(case.network, LOIHI2)
    runs = [ns.simulate(mapping, case.pulses, record_spikes=True) for mapping in (old, new)]
    assert old.lowered.lag == new.lowered.lag
    assert old.lowered.scale == new.lowered.scale
    for name, full in runs[0].spikes.full.items():
        assert np.array_equal(full, runs[1].spikes.full[name]), name
    for name, answers in runs[0].answers.items():
        assert np.array_equal(answers, runs[1].answers[name]), name
    resets = sum(p.size for p in case.network.neurons if isinstance(p.neuron, AddAndFire))
    assert new.lowered.network.n_synapses == old.lowered.network.n_synapses - resets
    assert all(p.compartments == 1 for p in new.lowered.network.neurons)


# ---- what lowering makes of it -------------------------------------------------------------------------------


def records(network, chip=LOIHI2):
    return {record.name: record for record in lower(network, chip).records}


def test_is_add_and_fire_one_exact_program_without_packets_to_itself():
    net = chain(AddAndFire(1001.0), Accumulator(), size=3, weight=7)  # no mantissa of 8 bits: Loihi rounds it
    made = records(net)
    assert [made[name].fidelity for name in ("quantise n0", "program n0", "quantise n1")] == ["exact"] * 3
    assert records(net, LOIHI)["quantise n0"].fidelity == "approximate"
    lowered = lower(net, LOIHI2).network
    assert lowered.population("n0").neuron.parameters == {"threshold": 1001 * 64}
    assert isinstance(lowered.population("n1").neuron, CompartmentNeuron)
    assert lowered.n_synapses == net.n_synapses
    inputs = np.random.default_rng(0).random((2, 400, 3)) < 0.9
    inputs[:, -2:] = False  # two steps to go from the input to the readout
    run = ns.simulate(ns.map(net, LOIHI2), inputs, record_spikes=True)
    pulses = (7 * inputs.cumsum(axis=1)) // 1001  # in all; the membrane keeps the rest
    assert np.array_equal(run.spikes.full["n0"][:, 1:].cumsum(axis=1), pulses[:, :-1])
    assert pulses[:, -1].min() == 2
    assert np.array_equal(run.answers["n1"], 7 * 64 * pulses[:, -1])
    assert run.activity.total("packets").tolist() == (inputs.sum((1, 2)) + pulses[:, -1].sum(1)).tolist()


def test_is_a_large_threshold_held_where_loihi_must_shrink_weights():
    weights = np.array([[1.0, 0.3]])
    net = replace(chain(AddAndFire(100.0), size=2), projections=(Projection.dense("in", "n0", weights.repeat(2, 0)),))
    assert lower(net, LOIHI2).scale["n0"] == pytest.approx(127 * 64, rel=0.01)
    assert lower(net, LOIHI).scale["n0"] == pytest.approx(2048 / 100 * 64, rel=0.01)


@pytest.mark.parametrize("reset", ["subtract", "subtract-late"])
@pytest.mark.parametrize("decay", [1.0, 0.0, 0.5])
def test_is_a_leak_with_subtractive_reset_a_program(reset, decay):
    # Halves of multiples of 64 stay whole for six steps and then lose less than one part; thresholds are far apart.
    net = chain(LIF(decay, threshold=2.0, bias=0.25, initial=1.0, reset=reset), size=2)
    net = replace(net, projections=(Projection.dense("in", "n0", [[1.0, 3.0], [2.0, -1.0]], 1),))
    mapping = ns.map(net, LOIHI2)
    assert records(net)["leak n0"].fidelity == ("exact" if decay in (0, 1) else "approximate")
    inputs = np.random.default_rng(1).random((3, 60, 2)) < 0.4
    run = ns.simulate(mapping, inputs, record_spikes=True)
    reference = run_functional(net, inputs)
    if decay in (0, 1):
        assert np.array_equal(run.spikes.full["n0"], reference.pulses["n0"])
    same_as_unmapped(mapping, inputs)
    assert reference.pulses["n0"].sum() > 20
    assert np.mean(run.spikes.full["n0"] == reference.pulses["n0"]) > 0.98


def test_does_lowering_say_when_graded_sums_may_wrap():
    # One synapse of weight 1 (64 on the chip) and a value of up to 2**23 - 1 can leave the 22 bits of a sum.
    sender = ProgrammedNeuron(sigma_delta(0), {"threshold": 1})
    made = records(chain(sender, AddAndFire(5.0)))
    assert made["range n1"].fidelity == "approximate"
    assert f"reach 0 or {(2**23 - 1) * 64}" in made["range n1"].what
    assert "range n1" not in records(chain(FIRE, AddAndFire(5.0)))


def test_does_retiming_know_which_programs_rest():
    restless = ProgrammedNeuron(leaky(), {"keep_u": 0, "keep_v": 4096, "bias": 1, "threshold": 10})
    calm = ProgrammedNeuron(leaky(), {"keep_u": 0, "keep_v": 4096, "bias": 0, "threshold": 10})
    falling = ProgrammedNeuron(resonate_and_fire(), {"c": 2048, "d": 0, "threshold": 10**6}, {"x": 5})
    for neuron, fidelity in ((restless, "approximate"), (calm, "exact"), (falling, "approximate"), (FIRE, "exact")):
        assert records(chain(neuron, delay=0))["retime"].fidelity == fidelity


# ---- values on spikes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 2, -1, 300, -(2**14) + 1, 2**14])
def test_does_a_synapse_add_weight_times_value(value):
    # In step 0 the input carries the value over weight 2 (128); in step 1 the neuron passes 2 * value on, which
    # arrives in step 2 over weight 2. Sums have 22 bits.
    net = chain(ProgrammedNeuron(PASS), ProgrammedNeuron(SUM), size=1, weight=2)
    inputs = np.zeros((1, 5, 1), dtype=int)
    inputs[0, 0, 0] = value

    def sum_of(x):
        return (x + 2**21) % 2**22 - 2**21

    passed = sum_of(value * 128) >> 6
    run, values = same_as_unmapped(ns.map(net, LOIHI2), inputs)
    assert values["n0"][0, :, 0].tolist()[:4] == [0, passed, 0, 0]
    assert run.answers["n1"].tolist() == [[sum_of(passed * 128)]]
    assert run.spikes.full["n0"][0, :, 0].tolist()[:4] == [False, passed != 0, False, False]


def test_is_a_plain_spike_a_value_of_one():
    net = chain(FIRE, ProgrammedNeuron(SUM), size=3, weight=3)
    pulses = np.random.default_rng(2).random((2, 9, 3)) < 0.5
    plain = ns.simulate(ns.map(net, LOIHI2), pulses)
    ones = ns.simulate(ns.map(net, LOIHI2), pulses.astype(np.int8))
    twice = ns.simulate(ns.map(net, LOIHI2), 2 * pulses.astype(np.int64))
    assert np.array_equal(plain.answers["n1"], ones.answers["n1"])
    assert np.array_equal(plain.times.step_ends, ones.times.step_ends)
    assert np.array_equal(plain.activity.per_core, ones.activity.per_core)
    assert (twice.answers["n1"] > plain.answers["n1"]).any()


def test_do_fixed_compartments_take_values_too():
    summing = CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=64 * (2**17 - 1), spiking=False),))
    inputs = np.array([[[5], [0], [-2], [0]]])
    run, _ = same_as_unmapped(ns.map(chain(summing, weight=3), LOIHI2), inputs)
    assert run.answers["n0"].tolist() == [[3 * 64 * 3]]


def test_does_a_chain_of_sigma_delta_neurons_follow_its_input():
    # What the last one knows is never further from the input's running sum than the quantisation of both stages.
    step = 64
    neuron = ProgrammedNeuron(sigma_delta(6), {"threshold": 8 * step})
    net = chain(neuron, neuron, ProgrammedNeuron(SUM))
    inputs = np.random.default_rng(3).integers(-3, 5, (4, 120, 1))
    inputs[:, 0] = 400
    full = run_functional(net, inputs, arithmetic(LOIHI2), trace=True)
    same_as_unmapped(ns.map(net, LOIHI2), inputs)
    held = full.membranes["n2"][:, 3:, 0]
    true = step * inputs.cumsum(axis=1)[:, :-3, 0]
    assert np.all(np.abs(held - true) < 2 * 8 * step)
    assert 0 < np.count_nonzero(full.values["n0"]) < inputs.size / 4  # few of the inputs make it send


# ---- limits --------------------------------------------------------------------------------------------------


def usage(network, chip=LOIHI2, core_of=0):
    lowered = lower(network, chip)
    places = np.full(lowered.network.n_neurons, core_of, dtype=np.int32)
    return {u.limit: u for u in KIND.usage(KIND.load(Mapping(network, lowered, chip, places, "by hand", 0),
                                                     nets_of(lowered.network)))}  # fmt: skip


def crowd(n, program=SUM, **parameters):
    population = Population("crowd", n, ProgrammedNeuron(program, parameters))
    wires = Projection("in", "crowd", np.array([0, 1]), np.zeros(1, np.int32), np.array([1]), 1, 0, GRAIN)
    return Network("crowd", (Population("in", 1, Source()), population), (wires,), ("crowd",))


def registers(n, bits=32):
    names = tuple(f"r{k}" for k in range(n))
    return NeuronProgram(f"{n} registers", names, (), (("take", "r0"),), (), bits)


@pytest.mark.parametrize(
    ("program", "parameters", "size"),
    [
        (SUM, {}, 8),  # one register of 24 bits, and 8 bytes at least
        (registers(2), {}, 8),
        (registers(3), {}, 12),
        (registers(3, 24), {}, 9),
        (registers(9, 7), {}, 8),  # 63 bits
        (registers(13, 5), {}, 9),  # 65 bits
        (add_and_fire(32), {"threshold": 5}, 8),  # a parameter that all share is not the neuron's own
        (leaky(bits=32), {"keep_u": 1, "keep_v": 2, "bias": 3, "threshold": 4}, 8),
        (leaky(bits=32), {"keep_u": np.arange(4), "keep_v": 2, "bias": np.arange(4), "threshold": 4}, 16),
        (registers(1024), {}, 4096),
    ],
)
def test_does_state_take_the_bytes_of_its_registers(program, parameters, size):
    found = usage(crowd(4, program, **parameters))
    assert found["core_memory_bytes"].needed == 4 * size + 8  # and one word of synapses
    assert found["state_bytes_max"].needed == size
    assert found["program_length_max"].needed == len(program.code)


def test_do_8192_neurons_of_least_state_fit_beside_a_full_synapse_memory():
    assert 8192 * LOIHI2.limit("state_bytes_min") + 16384 * 8 == LOIHI2.limit("core_memory_bytes")
    found = usage(crowd(8192))
    assert all(u.legal for u in found.values())
    assert found["core_memory_bytes"].needed == 65536 + 8
    assert len(ns.map(crowd(8192), LOIHI2).cores) == 1
    with pytest.raises(CapacityError, match="limit compartments on core 0: needed 8193, available 8192"):
        ns.load_program(by_hand(crowd(8193)))


def by_hand(network, core_of=0):
    lowered = lower(network, LOIHI2)
    places = np.broadcast_to(np.asarray(core_of, np.int32), (lowered.network.n_neurons,)).copy()
    return Mapping(network, lowered, LOIHI2, places, "by hand", 0)


def test_does_memory_bind_before_the_number_of_neurons():
    # 192 KiB hold 47 neurons of 4096 bytes and one word, not 48; 2048 of 96 bytes (24 registers) less one.
    for program, fit in ((registers(1024), 47), (registers(24), 2047)):
        assert all(u.legal for u in usage(crowd(fit, program)).values())
        with pytest.raises(CapacityError, match="limit core_memory_bytes on core 0"):
            ns.load_program(by_hand(crowd(fit + 1, program)))
        assert len(ns.map(crowd(fit + 1, program), LOIHI2).cores) == 2
    with pytest.raises(CapacityError, match=r"state_bytes_max.*needed 4100, available 4096"):
        ns.map(crowd(1, registers(1025)), LOIHI2)


def test_does_every_different_program_of_a_core_take_room():
    def programs(*lengths, alike=False):
        populations = [
            Population(
                f"p{k}", 2, ProgrammedNeuron(NeuronProgram("p" if alike else f"p{k}", ("v",), (), (("take", "v"),) * n))
            )
            for k, n in enumerate(lengths)
        ]
        return Network("several", (Population("in", 1, Source()), *populations), (), ("p0",))

    assert usage(programs(60, 68))["program_length_max"].needed == 128
    assert usage(programs(100, 100, 100, alike=True))["program_length_max"].needed == 100
    with pytest.raises(CapacityError, match="program_length_max on core 0: needed 129, available 128"):
        ns.load_program(by_hand(programs(60, 69)))
    assert len(ns.map(programs(60, 68), LOIHI2).cores) == 1
    assert len(ns.map(programs(60, 69), LOIHI2).cores) == 2


def test_do_shared_parameters_make_profiles():
    def thresholds(n, distinct):
        parts = [
            Population(f"p{k}", 1, ProgrammedNeuron(add_and_fire(), {"threshold": 1 + k % distinct})) for k in range(n)
        ]
        return Network("profiles", (Population("in", 1, Source()), *parts), (), ("p0",))

    assert usage(thresholds(40, 32))["compartment_profiles"].needed == 32
    with pytest.raises(CapacityError, match="compartment_profiles on core 0: needed 33, available 32"):
        ns.load_program(by_hand(thresholds(33, 33)))
    own = crowd(100, add_and_fire(), threshold=np.arange(1, 101))
    assert usage(own)["compartment_profiles"].needed == 1  # each neuron stores its own threshold
    assert usage(own)["threshold_profiles"].needed == 0


def test_has_loihi_no_limits_of_programs():
    net = chain(AddAndFire(3.0))
    assert not {"core_memory_bytes", "state_bytes_max", "program_length_max"} & set(usage(net, LOIHI))
    assert "registers_wrapped" not in KIND.counters(LOIHI)


TIGHT = {
    "compartments": st.integers(2, 20),
    "core_memory_bytes": st.integers(40, 600),
    "program_length_max": st.integers(20, 60),
    "compartment_profiles": st.integers(2, 5),
    "threshold_profiles": st.integers(2, 4),
    "synapse_memory_words": st.integers(4, 60),
    "input_axons": st.integers(4, 30),
}


@st.composite
def tight_chips(draw):
    chosen = draw(st.lists(st.sampled_from(sorted(TIGHT)), max_size=4, unique=True))
    return LOIHI2.with_overrides({f"limits.{name}": str(draw(TIGHT[name])) for name in chosen})


@settings(max_examples=60, deadline=None)
@given(seeds, st.lists(st.sampled_from(KINDS), max_size=2), tight_chips())
def test_does_filling_a_core_reckon_what_loading_finds(seed, kinds, chip):
    network = draw_programmed_case(seed, kinds).network
    lowered = lower(network, chip)
    nets = nets_of(lowered.network)
    new_core = KIND.core_filler(lowered, nets, chip)
    problem = MappingProblem(
        chip.name, lowered.network.n_neurons, nets, chip.columns, chip.rows, chip.cores_per_tile, new_core
    )
    try:
        core_of = sequential_fill(problem)
    except CapacityError:
        return
    if core_of.max() >= chip.n_cores:
        return
    found = {
        (u.core, u.limit): u for u in KIND.usage(KIND.load(Mapping(network, lowered, chip, core_of, "f", 0), nets))
    }
    assert all(u.legal for u in found.values())
    sends = nets.sends(core_of)
    for core in np.unique(core_of).tolist():
        fill = new_core()
        for neuron in np.flatnonzero(core_of == core).tolist():
            assert fill.add(neuron, int(sends[neuron])) is None
        assert fill.needs == {limit: u.needed for (c, limit), u in found.items() if c == core}


# ---- counts, times and energy --------------------------------------------------------------------------------


def test_does_a_programmed_neuron_cost_what_any_neuron_costs():
    # Three neurons on core 0, one input line onto the first, threshold 2: step 0 all idle; step 1 the first gets
    # input (active); step 2 it gets input and fires; step 3 nothing.
    net = chain(ProgrammedNeuron(add_and_fire(), {"threshold": 128}), size=3)
    inputs = np.zeros((1, 4, 3), dtype=bool)
    inputs[0, :2, 0] = True
    run = ns.simulate(ns.map(net, LOIHI2), inputs)
    count = {name: int(run.activity.total(name)[0]) for name in run.activity.counters}
    assert (count["neuron_updates_active"], count["neuron_updates_inactive"]) == (2, 10)
    assert (count["spikes"], count["output_messages"], count["input_messages"]) == (1, 0, 2)
    # Time of the sweeps: 2.65 ns idle, 4.2 ns active, 3 ns per spike; the barrier takes 200 ns. The packets of
    # steps 0 and 1 (2.1 ns within the tile and 0.7 ns per synapse) arrive while the sweep goes on.
    sweeps = [3 * 2650, 2 * 2650 + 4200, 2 * 2650 + 4200 + 3000, 3 * 2650]
    assert np.diff(run.times.step_ends[0], prepend=0).tolist() == [s + 200_000 for s in sweeps]
    neuron = ns.price(run, LOIHI2).parts["neuron"].value
    assert neuron == pytest.approx(2 * 81e-12 + 10 * 52e-12)


def test_are_compartments_and_programs_of_one_core_counted_together():
    # Without input, step by step: a compartment that drifts is active, one that idles is not, one that fires by its
    # bias in every step is; so are a program that counts, one that rests and one that fires.
    drifts, idles, fires = (
        CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=6400, bias=bias),)) for bias in (1, 0, 8000)
    )
    rests, counts = ProgrammedNeuron(SUM), ProgrammedNeuron(NeuronProgram.from_text("up", "add v v 1", ["v"]))
    beats = ProgrammedNeuron(NeuronProgram.from_text("beat", "spike", ["v"]))
    parts = {"drifts": drifts, "rests": rests, "idles": idles, "counts": counts, "fires": fires, "beats": beats}
    populations = (Population("in", 1, Source()), *(Population(name, 1, neuron) for name, neuron in parts.items()))
    net = Network("mixed", populations, (), ("drifts", "counts"))
    run = ns.simulate(ns.map(net, LOIHI2), np.zeros((1, 3, 1), dtype=bool), record_spikes=True)
    assert len(run.activity.cores) == 1
    count = {name: int(run.activity.total(name)[0]) for name in run.activity.counters}
    assert (count["neuron_updates_active"], count["neuron_updates_inactive"], count["spikes"]) == (12, 6, 6)
    assert [name for name, full in run.spikes.full.items() if full.all()] == ["fires", "beats"]
    sweep = 4 * 4200 + 2 * 2650 + 2 * 3000
    assert run.times.step_ends[0].tolist() == [k * (sweep + 200_000) for k in (1, 2, 3)]
    assert run.answers["drifts"].tolist() == [[0]]  # it can fire, so that its pulses are its answer
    assert run.answers["counts"].tolist() == [[3]]


def test_is_a_wrapped_register_counted():
    net = chain(ProgrammedNeuron(NeuronProgram.from_text("up", "add v v 4000000", ["v"])))
    run = ns.simulate(ns.map(net, LOIHI2), np.zeros((2, 6, 1), dtype=bool))
    # 4, 8, 12 (-4.8), -0.8, 3.2, 7.2 million: once in six steps beyond 2**23 - 1
    assert run.activity.total("registers_wrapped").tolist() == [1, 1]
    assert run.answers["n0"].tolist() == [[24_000_000 - 2**24]] * 2


def test_is_a_case_repeatable():
    case = draw_programmed_case(5)
    assert isinstance(case, Case)
    mapping = ns.map(case.network, LOIHI2)
    first, second = (ns.simulate(mapping, case.pulses, record_spikes=True, workers=w) for w in (1, 2))
    for name, full in first.spikes.full.items():
        assert np.array_equal(full, second.spikes.full[name])
    assert np.array_equal(first.activity.per_core, second.activity.per_core)
