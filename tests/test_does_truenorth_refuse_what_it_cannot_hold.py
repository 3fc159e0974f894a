"""Does TrueNorth refuse, by name and number, what its cores cannot hold?"""

import re
from itertools import pairwise

import numpy as np
import pytest

from neurosim.chip import load_chip
from neurosim.cores import crossbar
from neurosim.cores.crossbar.vocabulary import VOCABULARY
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import Lowered, Mapping, MappingProblem, assign, nets_of, refuse_illegal
from neurosim.network import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    CrossbarNeuron,
    Network,
    Population,
    Projection,
    Source,
)
from neurosim.network.model_file import load_model

CHIP = load_chip("truenorth", lambda _: VOCABULARY)


def network_of(weights, neuron=None, delay=0):
    weights = np.asarray(weights)
    populations = (
        Population("in", weights.shape[0], Source()),
        Population("out", weights.shape[1], neuron or AddAndFire(3.0)),
    )
    return Network("small", populations, (Projection.dense("in", "out", weights, delay),), ("out",))


def program_of(network, core_of=None, chip=CHIP):
    lowered = crossbar.lower(network, chip)
    nets = nets_of(lowered.network)
    if core_of is None:
        filler = crossbar.core_filler(lowered, nets, chip)
        problem = MappingProblem(chip.name, lowered.network.n_neurons, nets, chip.columns, chip.rows, 1, filler)
        core_of = assign("sequential", problem, 0)
    return crossbar.load(Mapping(network, lowered, chip, np.asarray(core_of, np.int32), "given", 0), nets)


def refusal(network, chip=CHIP):
    with pytest.raises(NeurosimError) as caught:
        crossbar.lower(network, chip)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("truenorth: ")
    return caught.value


def check_capacity(error, limit, needed, available, where):
    assert isinstance(error, CapacityError)
    assert (error.chip, error.limit, error.needed, error.available) == ("truenorth", limit, needed, available)
    assert where in error.where


# ---- capacities --------------------------------------------------------------------------------------------


def test_is_the_pulsed_mnist_network_refused_for_its_784_axons():
    network = load_model("mnist-pulsed").network
    weights = next(p for p in network.projections if p.target == "hidden")
    widest = int(np.bincount(weights.targets[weights.weights != 0]).max())
    assert widest > 256
    check_capacity(refusal(network), "axons", widest, 256, "population 'hidden'")


def test_is_a_neuron_with_256_axons_held_and_with_257_refused():
    program = program_of(network_of(np.ones((256, 1), int)))
    assert [len(image.axon_type) for image in program.images] == [256]
    check_capacity(refusal(network_of(np.ones((257, 3), int))), "axons", 257, 256, "population 'out', neuron 0")


def test_does_a_source_with_two_delays_count_as_two_axons():
    populations = (Population("in", 129, Source()), Population("out", 1, AddAndFire(3.0)))
    twice = tuple(Projection.dense("in", "out", np.ones((129, 1), int), delay) for delay in (0, 1))
    error = refusal(Network("twice", populations, twice, ("out",)))
    check_capacity(error, "axons", 258, 256, "population 'out', neuron 0")


def test_are_four_weight_values_held_and_five_refused():
    four = np.array([[1, 7], [2, 2], [-3, -3], [4, 9], [4, 7]])
    program_of(network_of(four))
    five = four.copy()
    five[4, 1] = -1
    check_capacity(refusal(network_of(five)), "axon_types", 5, 4, "population 'out', neuron 1")


@pytest.mark.parametrize(
    ("weight", "limit", "available"), [(256, "weight_max", 255), (-256, "weight_min", -255), (1001, "weight_max", 255)]
)
def test_are_weights_outside_nine_bits_refused(weight, limit, available):
    check_capacity(refusal(network_of([[weight], [1]])), limit, weight, available, "population 'out'")
    program_of(network_of([[255], [-255]]))


def test_are_large_weights_held_when_a_factor_makes_them_small():
    lowered = crossbar.lower(network_of([[1000], [-2000]], AddAndFire(3000.0)), CHIP)
    neuron = lowered.network.population("out").neuron
    assert lowered.scale["out"] == 1 / 1000
    assert (sorted(int(w[0]) for w in neuron.weights), int(neuron.threshold[0])) == ([-2, 0, 0, 1], 3)


@pytest.mark.parametrize("delay", [15, 16, 40])
def test_is_a_delay_above_15_refused(delay):
    network = network_of(np.ones((2, 2), int), delay=delay)
    if delay <= 15:
        assert program_of(network).inputs.statics().tolist() == [15, 15]
    else:
        check_capacity(refusal(network), "delay_max", delay, 15, "projection in -> out")


def test_is_a_delay_refused_that_grows_too_long_by_the_ways_beside_it():
    names = ["in", "a", "b", "c"]
    populations = tuple(Population(n, 2, Source() if n == "in" else AddAndFire(1.0)) for n in names)
    one = np.eye(2, dtype=int)
    chain = [Projection.dense(a, b, one, 0) for a, b in pairwise(names)]
    error = refusal(Network("skip", populations, (*chain, Projection.dense("in", "c", one, 13)), ("c",)))
    check_capacity(error, "delay_max", 16, 15, "projection in -> c")


def test_does_one_neuron_of_too_many_columns_name_its_population():
    chip = CHIP.with_overrides({"limits.neurons": "1"})
    populations = (
        Population("in", 1, Source()),
        Population("a", 1, AddAndFire(1.0)),
        Population("b", 2, AddAndFire(1.0)),
    )
    fan = (Projection.dense("in", "a", [[1]]), Projection.dense("a", "b", [[1, 1]]))
    error = refusal(Network("fan", populations, fan, ("b",)), chip)
    check_capacity(error, "neurons", 2, 1, "population 'a', neuron 0")


def test_are_more_cores_than_the_chip_has_refused():
    network = network_of(np.ones((1, 70), int))
    chip = CHIP.with_overrides({"geometry.columns": "1", "geometry.rows": "33", "limits.neurons": "2"})
    with pytest.raises(CapacityError, match="limit cores: needed 35, available 33"):
        program_of(network, chip=chip)


# ---- models that a crossbar cannot express -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("neuron", "weights", "words"),
    [
        (Accumulator(), [[1]], r"'out'.*accumulator.*membrane.*read out a population that fires"),
        (AddAndFire(1.0), [[0.1], [0.3]], r"'out'.*no factor.*integers within -255\.\.255.*multiples of one number"),
        (AddAndFire(np.pi), [[1], [2]], r"'out'.*no factor.*threshold"),
        (AddAndFire(300_000.0), [[1]], r"'out'.*threshold 300000\.\.300000.*available 0\.\.262143"),
        (AddAndFire(-1.0), [[1]], r"'out'.*threshold -1\.\.-1.*available 0\.\.262143"),
        (LIF(0.9), [[1]], r"'out'.*decay 0\.9.*only decay 1 is exact"),
        (LIF(1.0, bias=256.0), [[1]], r"'out'.*leak: found 256, available -255\.\.255"),
        (LIF(1.0, bias=0.3, threshold=2.0), [[1]], r"'out'.*no factor"),
        (LIF(1.0, initial=600_000.0), [[1]], r"'out'.*initial: found 600000, available -524288\.\.524287"),
        (
            CompartmentNeuron((Compartment(decay_u=4095, decay_v=0, threshold=64),)),
            [[1]],
            r"'out'.*neuron CompartmentNeuron unsupported",
        ),
    ],
)
def test_is_a_model_refused_that_would_not_be_exact(neuron, weights, words):
    error = refusal(network_of(weights, neuron))
    assert isinstance(error, UnsupportedError)
    assert re.search(words, str(error))


def test_is_a_network_without_neurons_refused():
    with pytest.raises(UnsupportedError, match="no population that computes"):
        crossbar.lower(Network("none", (Population("in", 3, Source()),), ()), CHIP)


def native(**changes):
    return CrossbarNeuron(**{"weights": (1, -1, 0, 0), "threshold": 5, **changes})


@pytest.mark.parametrize(
    ("neuron", "words"),
    [
        (native(weights=(1, 2, 3, 256)), r"weights: found 256, available -255\.\.255"),
        (native(weights=(np.array([1, -256]),)), r"weights: found -256, available -255\.\.255"),
        (native(weights=(1.0,)), r"weights\[0\]: found float64, needs integers"),
        (native(weights=(np.ones(3, np.int64),)), r"weights\[0\]: has shape \(3,\), needs \(\) or \(2,\)"),
        (native(weights=(1,), stochastic_weights=(True, True)), r"2 stochastic_weights for 1 weights"),
        (native(stochastic_weights=(1,)), r"stochastic_weights\[0\]: found int64, needs true or false"),
        (native(leak=-256), r"leak: found -256, available -255\.\.255"),
        (native(threshold=-1), r"threshold: found -1, available 0\.\.262143"),
        (native(threshold=2**18), r"threshold: found 262144, available 0\.\.262143"),
        (native(negative_threshold=2**18), r"negative_threshold: found 262144, available 0\.\.262143"),
        (native(threshold_mask=2**18), r"threshold_mask: found 262144, available 0\.\.262143"),
        (native(reset_mode=3), r"reset_mode: found 3, available 0\.\.2"),
        (native(reset=-(2**20) + 1), r"reset: found -1048575, available -524288\.\.524287"),
        (native(reset=6), r"reset 6, the register holds 2\^k - 1 and a sign"),
        (native(initial=2**19), r"initial: found 524288, available -524288\.\.524287"),
        (native(negative_saturation=1), r"negative_saturation: found int64, needs true or false"),
    ],
)
def test_is_a_parameter_refused_that_the_register_cannot_hold(neuron, words):
    error = refusal(network_of([[1, 1], [2, 2]], neuron, 1))
    assert isinstance(error, UnsupportedError)
    assert re.search(rf"population 'out': {words}", str(error))


def test_are_five_axon_types_refused():
    error = refusal(network_of([[1, 1]], native(weights=(1, 2, 3, 4, 5)), 1))
    check_capacity(error, "axon_types", 5, 4, "population 'out'")


@pytest.mark.parametrize("weight", [5, -1, 1.5])
def test_is_a_weight_onto_crossbar_neurons_that_is_no_axon_type_refused(weight):
    error = refusal(network_of([[weight, 1]], native(), 1))
    assert re.search(rf"projection in -> out: weight {weight:g}; .* axon type, 1\.\.4", str(error))


def test_are_two_synapses_of_one_axon_on_one_neuron_refused():
    one = network_of([[1, 1]], native(), 1)
    twice = Network("twice", one.populations, one.projections * 2, ("out",))
    with pytest.raises(UnsupportedError, match="in -> out: two synapses from one axon to one neuron"):
        crossbar.lower(twice, CHIP)


def noisy_chain(outputs):
    noisy = native(threshold=1, threshold_mask=3)
    populations = (
        Population("in", 1, Source()),
        Population("noisy", 1, noisy),
        Population("out", 2, AddAndFire(1.0)),
    )
    projections = (Projection.dense("in", "noisy", [[1]], 1), Projection.dense("noisy", "out", [[1, 1]], 1))
    return Network("noisy", populations, projections, outputs)


def test_is_a_neuron_that_draws_refused_two_targets():
    error = refusal(noisy_chain(("noisy", "out")))
    check_capacity(error, "targets_per_neuron", 2, 1, "'noisy', neuron 0, which draws random numbers, is read out")
    program_of(noisy_chain(("out",)))
    error = program_of(noisy_chain(("out",)), [0, 1, 2])  # both targets, on a core each
    with pytest.raises(CapacityError, match="limit targets_per_neuron on core 0: needed 2, available 1"):
        refuse_illegal(CHIP.name, crossbar.usage(error))


# ---- what is loaded ----------------------------------------------------------------------------------------


def usage_of(program):
    return {(u.limit, u.core): (u.needed, u.available) for u in crossbar.usage(program)}


def test_does_the_usage_say_what_the_tables_hold():
    """Three inputs, two of both signs, reach 5 neurons; two of those reach three others, on cores 0, 70 and 4095."""
    populations = (
        Population("in", 3, Source()),
        Population("a", 5, AddAndFire(1.0)),
        Population("b", 3, AddAndFire(1.0)),
    )
    first = [[1, 1, 0, 0, 2], [1, -1, 0, 0, 0], [0, 2, 1, -1, 0]]
    second = np.zeros((5, 3), int)
    second[[0, 4]] = 200
    network = Network(
        "tables",
        populations,
        (Projection.dense("in", "a", first, 2), Projection.dense("a", "b", second, 7)),
        ("b",),
    )
    program = program_of(network, [0, 0, 0, 0, 0, 0, 70, 4095])
    found = usage_of(program)
    # Line 0 needs one axon, as neuron 4 has no weight but 2; line 1 (1 and -1) two; line 2 (2, 1 and -1) three.
    # Neurons 0 and 4 have one on each of three cores, and a copy for each; neuron 5 is read out.
    assert found["axons", 0] == (6 + 2, 256)
    assert found["neurons", 0] == (3 + 1 + 1 + 1 + 3 + 1, 256)
    assert found["axon_types", 0] == (3, 4)
    assert found["weight_max", 0] == (200, 255)
    assert found["weight_min", 0] == (1, 255)
    assert found["delay_max", 0] == (7, 15)
    assert found["scheduler_slots", 0] == (8, 16)
    assert found["reach", 0] == (63, 255)
    assert found["targets_per_neuron", 0] == (1, 1)
    assert found["axons", 4095] == (2, 256)
    assert found["neurons", 4095] == (1, 256)
    assert found["weight_min", 4095] == (0, 255)
    assert all(u.legal for u in crossbar.usage(program))


@pytest.mark.parametrize(("limit", "value"), [("axons", 8), ("neurons", 9), ("axon_types", 3)])
def test_does_a_mapping_that_exceeds_a_core_name_core_limit_and_numbers(limit, value):
    rng = np.random.default_rng(0)
    network = network_of(rng.choice([1, 2, 3, 4], (9, 10)))
    program = program_of(network, np.full(10, 42))
    tight = CHIP.with_overrides({f"limits.{limit}": str(value)})
    program = type(program)(**{**vars(program), "chip": tight})
    with pytest.raises(CapacityError) as caught:
        refuse_illegal(CHIP.name, crossbar.usage(program))
    needed = {"axons": len(program.images[0].axon_type), "neurons": 10, "axon_types": 4}[limit]
    check_capacity(caught.value, limit, needed, value, "core 42")


def test_does_a_core_refuse_the_neuron_that_exceeds_it():
    """Neurons share axons, so a core takes neurons until axons or columns end; copies are columns."""
    weights = np.zeros((6, 5), int)
    for j, rows in enumerate(([0, 1, 2], [0, 1, 3], [3, 4, 5], [0], [1])):
        weights[rows, j] = 1
    chip = CHIP.with_overrides({"limits.axons": "4", "limits.neurons": "4"})
    lowered = crossbar.lower(network_of(weights), chip)
    core = crossbar.core_filler(lowered, nets_of(lowered.network), chip)()
    assert core.add(0) is None
    assert core.add(1) is None
    refused = core.add(2)
    assert (refused.limit, refused.needed, refused.available) == ("axons", 6, 4)
    refused = core.add(3, sends=2)  # read out as well: three targets, three columns
    assert (refused.limit, refused.needed, refused.available) == ("neurons", 5, 4)
    assert core.add(3, sends=1) is None
    refused = core.add(4)
    assert (refused.limit, refused.needed, refused.available) == ("neurons", 5, 4)


def test_is_a_network_that_was_not_lowered_refused_by_loading():
    plain = network_of([[1, 2]], native(), 1)
    lowered = Lowered(plain, (), {})
    with pytest.raises(UnsupportedError, match=r"in -> out: axon types .* 1\.\.2 of one source neuron"):
        crossbar.core_filler(lowered, nets_of(plain), CHIP)
    early = Lowered(network_of([[1, 1]], native(), 0), (), {})
    with pytest.raises(UnsupportedError, match=r"in -> out: delays 0\.\.0"):
        crossbar.core_filler(early, nets_of(early.network), CHIP)
    summing = Lowered(network_of([[1, 1]], AddAndFire(1.0), 1), (), {})
    with pytest.raises(UnsupportedError, match="population 'out': neuron AddAndFire unsupported"):
        crossbar.core_filler(summing, nets_of(summing.network), CHIP)
