"""Memory, delays, weights, router table and options: what a processing element refuses, and in which words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processing_elements import CHIP, StandIn, program_of

from neurosim.cores import processor
from neurosim.cores.processor import router
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import Lowered, MappingProblem, assign, nets_of, refuse_illegal
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    Network,
    Population,
    Projection,
    Source,
)


def net(weights, neuron=None, delay=1, name="n"):
    """A projection "in" -> "n" with the given weights."""
    rows, columns = np.shape(weights)
    populations = (Population("in", rows, Source()), Population(name, columns, neuron or Accumulator()))
    return Network("net", populations, (Projection.dense("in", name, weights, delay),), (name,))


def needs(program):
    return {(u.limit, u.core): u.needed for u in processor.usage(program)}


def test_data_memory_is_neurons_synapses_rows_and_delay_slots():
    """6 neurons of 40 B, 4 x 6 - 1 synapses of 4 B, 4 rows of 8 B, 6 x 5 delay slots of 4 B."""
    weights = np.ones((4, 6))
    weights[1, 2] = 0
    program = program_of(net(weights, delay=5))
    data = 6 * 40 + 23 * 4 + 4 * 8 + 6 * 5 * 4
    assert needs(program)["data_bytes", 0] == data == 484
    assert needs(program)["sram_bytes", 0] == 32768 + 484
    assert needs(program)["delay_max", 0] == 5


@pytest.mark.parametrize(("room", "legal"), [(484, True), (483, False)])
def test_one_byte_too_much_is_refused_with_both_figures(room, legal):
    weights = np.ones((4, 6))
    weights[1, 2] = 0
    usages = processor.usage(program_of(net(weights, delay=5), StandIn({"data_bytes": room})))
    if legal:
        refuse_illegal("spin", usages)
        return
    with pytest.raises(CapacityError, match="limit data_bytes on core 0: needed 484, available 483"):
        refuse_illegal("spin", usages)


def test_code_and_data_share_the_memory():
    usages = processor.usage(program_of(net(np.ones((1, 1))), StandIn({"sram_bytes": 32768 + 40 + 4 + 8 + 4 - 1})))
    with pytest.raises(CapacityError, match="limit sram_bytes on core 0: needed 32824, available 32823"):
        refuse_illegal("spin", usages)


def problem(network, chip):
    lowered = processor.lower(network, chip)
    nets = nets_of(lowered.network)
    filler = processor.core_filler(lowered, nets, chip)
    shape = (chip.columns, chip.rows, chip.cores_per_tile)
    return MappingProblem(chip.name, lowered.network.n_neurons, nets, *shape, filler), lowered


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_filling_asks_for_what_loading_takes_and_leaves_no_room(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 15, 3).tolist()
    populations = (
        Population("in", sizes[0], Source()),
        *(Population(f"a{k}", sizes[k], AddAndFire(1.0)) for k in (1, 2)),
    )
    pairs = (("in", "a1", 0, 1), ("a1", "a2", 1, 2), ("a1", "a1", 1, 1), ("in", "a2", 0, 2))
    projections = []
    for source, target, a, b in pairs:
        made = Projection.dense(source, target, rng.integers(-1, 2, (sizes[a], sizes[b])).astype(float))
        delays = rng.integers(1, 16, len(made.targets)).astype(np.int16)
        projections.append(Projection(source, target, made.indptr, made.targets, made.weights, delays))
    chip = StandIn({"data_bytes": int(rng.integers(400, 900))})
    asked, lowered = problem(Network("fill", populations, tuple(projections)), chip)
    try:
        core_of = assign("sequential", asked, 0)
    except CapacityError as error:
        assert error.limit in ("data_bytes", "cores")
        return
    program = program_of(asked, chip, core_of, lowered)
    refuse_illegal("spin", processor.usage(program))
    for core in program.cores:
        fill = asked.new_core()
        for neuron in np.flatnonzero(core_of == core):
            assert fill.add(int(neuron)) is None
        assert fill.needs["data_bytes"] == needs(program)["data_bytes", int(core)]
        following = int(np.flatnonzero(core_of == core)[-1]) + 1
        if following < len(core_of):
            assert fill.add(following).limit == "data_bytes"
            assert fill.needs["data_bytes"] == needs(program)["data_bytes", int(core)]


def test_a_neuron_that_no_core_can_hold_is_refused_while_mapping():
    asked, _ = problem(net(np.ones((30, 1))), StandIn({"data_bytes": 300}))
    with pytest.raises(CapacityError, match=r"limit data_bytes on .*: needed 404, available 300"):
        assign("sequential", asked, 0)


@pytest.mark.parametrize(("delay", "legal"), [(15, True), (16, False)])
def test_a_delay_beyond_the_ring_is_refused(delay, legal):
    network = net(np.ones((1, 1)), delay=delay)
    if legal:
        assert needs(program_of(network))["delay_max", 0] == 15
        return
    with pytest.raises(UnsupportedError, match=r"in -> n: limit delay_max: delay of 16 ticks, available 1\.\.15"):
        processor.lower(network, CHIP)


def test_a_delay_that_retiming_makes_too_long_is_refused():
    """a runs one tick behind the input, so that in -> b takes 15 + 2."""
    names = ("a", "b")
    populations = (Population("in", 1, Source()), *(Population(name, 1, AddAndFire(1.0)) for name in names))
    pairs = (("in", "a", 0), ("a", "b", 0), ("in", "b", 15))
    projections = tuple(Projection.dense(a, b, [[1.0]], delay) for a, b, delay in pairs)
    with pytest.raises(UnsupportedError, match="in -> b: limit delay_max: delay of 17 ticks"):
        processor.lower(Network("late", populations, projections), CHIP)


@pytest.mark.parametrize(
    ("weights", "model"),
    [
        ([[127.0, -128.0]], Accumulator()),
        ([[508.0, -4.0]], Accumulator()),  # 127 and -1 times 4
        ([[0.5, 0.25]], AddAndFire(1.75)),
        ([[3.0, 1.0]], LIF(decay=1.0, threshold=2.5)),
    ],
)
def test_weights_that_eight_bits_hold_need_no_rounding(weights, model):
    lowered = processor.lower(net(weights, model), CHIP, quantise=False)
    assert lowered.exact
    stored = lowered.network.projections[0]
    assert (stored.weights * 2.0**stored.exponent == np.ravel(weights) * processor_factor(lowered, model)).all()


def processor_factor(lowered, model):
    return lowered.scale["n"] / (2**15 if isinstance(model, LIF) else 1)


@pytest.mark.parametrize("weights", [[[128.0, 1.0]], [[0.37, 0.1]], [[257.0, 256.0]], [[-129.0, 1.0]]])
def test_weights_over_eight_bits_are_refused_unless_they_may_be_rounded(weights):
    network = net(weights)
    with pytest.raises(UnsupportedError, match=r"in -> n: limit weight_bits: weights .* 8 bits available"):
        processor.lower(network, CHIP, quantise=False)
    lowered = processor.lower(network, CHIP)
    assert not lowered.exact
    assert abs(lowered.network.projections[0].weights).max() <= 128


def test_stored_weights_of_more_bits_are_refused_while_mapping_and_loading():
    network = net(np.array([[300, -1]]))
    by_hand = Lowered(network, (), {"in": 0, "n": 0})
    words = r"in -> n: limit weight_bits: weights -1\.\.300 need 10 bits, available 8"
    with pytest.raises(UnsupportedError, match=words):
        program_of(network, lowered=by_hand)
    with pytest.raises(UnsupportedError, match=words):
        processor.core_filler(by_hand, nets_of(network), CHIP)
    assert program_of(network, StandIn({"weight_bits": 16}), lowered=by_hand).images[0].weight.tolist() == [300, -1]


def test_a_network_that_is_not_lowered_is_refused_while_loading():
    network = net(np.array([[3]]), AddAndFire(2.5))
    with pytest.raises(UnsupportedError, match=r"'n': parameter 2\.5 is no whole number"):
        program_of(network, lowered=Lowered(network, (), {"in": 0, "n": 0}))


@pytest.mark.parametrize(
    ("neuron", "words"),
    [
        (AddAndFire(0.0), "'n': threshold 0, must be above 0"),
        (LIF(decay=1.5), r"'n': decay 1\.5\.\.1\.5, must lie in 0\.\.1"),
        (LIF(decay=0.5, threshold=-1.0), "'n': threshold -1, must not be negative"),
        (CompartmentNeuron((Compartment(0, 0, 64),)), "'n': neuron CompartmentNeuron unsupported"),
    ],
)
def test_neurons_without_a_form_here_are_refused(neuron, words):
    with pytest.raises(UnsupportedError, match=words):
        processor.lower(net(np.ones((1, 1)), neuron), CHIP)


def test_a_threshold_that_weights_leave_no_room_for_is_refused():
    """32 bits hold weights of 1e6 and, half of the range kept free, nothing below 1e6 / 2**30."""
    assert processor.lower(net([[1e6 / 3]], AddAndFire(1e6 * 2.0**-29)), CHIP)
    with pytest.raises(UnsupportedError, match=r"'n': threshold 0\.0001 is too small beside its weights"):
        processor.lower(net([[1e6 / 3]], AddAndFire(1e-4)), CHIP)


def test_the_router_needs_an_entry_per_block_of_keys_with_one_route():
    """Keys 0..3 go to one core, 4..5 to two, 6 is sent by no spike, 7 goes back to the first: 0-3, 4-5, 7."""
    populations = (Population("in", 8, Source()), Population("n", 2, Accumulator()))
    weights = np.zeros((8, 2))
    weights[[0, 1, 2, 3, 7], 0] = 1
    weights[4:6] = 1
    network = Network("routes", populations, (Projection.dense("in", "n", weights, 1),), ("n",))
    assert needs(program_of(network, core_of=[0, 1]))["router_entries", -1] == 3
    assert needs(program_of(network, core_of=[5, 5]))["router_entries", -1] == 1


def test_each_core_has_keys_of_its_own():
    """Four neurons on two cores, all onto one core, and the input lines: three spaces of keys."""
    populations = (
        Population("in", 3, Source()),
        Population("a", 4, AddAndFire(1.0)),
        Population("b", 1, Accumulator()),
    )
    projections = (Projection.dense("in", "a", np.ones((3, 4)), 1), Projection.dense("a", "b", np.ones((4, 1)), 1))
    network = Network("spaces", populations, projections, ("b",))
    assert processor.router_entries(program_of(network, core_of=[1, 1, 2, 2, 0])) == 3


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_blocks_of_keys_are_as_few_as_halving_finds(routes):
    def blocks(low, size):
        used = {r for r in routes[low : low + size] if r >= 0}
        return len(used) if len(used) < 2 else blocks(low, size // 2) + blocks(low + size // 2, size // 2)

    assert router._entries(np.array(routes, dtype=np.int64)) == blocks(0, 64)


def test_a_router_table_that_overflows_is_refused():
    """Lines to alternating cores share no block: as many entries as lines."""
    weights = np.zeros((16, 2))
    weights[::2, 0] = weights[1::2, 1] = 1
    populations = (Population("in", 16, Source()), Population("n", 2, Accumulator()))
    network = Network("alternate", populations, (Projection.dense("in", "n", weights, 1),), ("n",))
    refuse_illegal("spin", processor.usage(program_of(network, StandIn({"router_entries": 16}), [0, 1])))
    with pytest.raises(CapacityError, match=r"limit router_entries .*needed 16, available 15"):
        refuse_illegal("spin", processor.usage(program_of(network, StandIn({"router_entries": 15}), [0, 1])))


@pytest.mark.parametrize(
    ("policy", "hint"),
    [("hihg", "did you mean 'high'"), ("fats", "did you mean 'fast'"), ("turbo", "known: auto, fast, high, low, slow")],
)
def test_an_unknown_policy_or_level_is_refused_with_the_nearest_spelling(policy, hint):
    program = program_of(net(np.ones((1, 1))), level_policy=policy)
    with pytest.raises(NeurosimError, match=f"level policy of chip stand-in: '{policy}'.*{hint}"):
        processor.start(program, 0, CHIP.set)


@pytest.mark.parametrize("threshold", [-1, 2.5, True, "ten"])
def test_a_threshold_that_is_no_number_of_spikes_is_refused(threshold):
    program = program_of(net(np.ones((1, 1))), level_threshold=threshold)
    with pytest.raises(NeurosimError, match=r"level_threshold: found .*, needs a whole number from 0"):
        processor.start(program, 0, CHIP.set)


def test_a_chip_without_levels_is_refused():
    with pytest.raises(UnsupportedError, match="no performance level"):
        processor.start(program_of(net(np.ones((1, 1))), StandIn(levels_in_order=())), 0, CHIP.set)
