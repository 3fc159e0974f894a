"""Do all crossbar cores in flat arrays do, core by core and tick by tick, what each does alone?

Random memories and random arrivals: cores of all sizes, neurons that draw and neurons that do not, spikes that come
late and spikes due beyond the ring. Ranges of cores are swept and fed as a whole, one by one, and split in any order.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

import neurosim as ns
from neurosim.cores.arena import together
from neurosim.cores.crossbar import flat, reset, stamp, start, words
from neurosim.cores.crossbar.draw import first_state
from neurosim.cores.crossbar.image import CrossbarImage, padded
from neurosim.cores.crossbar.prices import COUNTERS
from neurosim.cores.crossbar.registers import Registers
from neurosim.cores.fetch import fetch
from neurosim.cores.flat import (
    Arrivals,
    fired_of,
    read_membranes,
    receive_spikes,
    stamp_input,
    sweep_cores,
)
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Network, Population, Projection, Source
from neurosim.program import Destinations, Program

TRUENORTH = ns.load_chip("truenorth")
NEMO = {
    "arithmetic.potential_low": "-393216",
    "arithmetic.potential_high": "393216",
    "arithmetic.overflow_spikes": "1",
}
CHIPS = [
    TRUENORTH,
    TRUENORTH.with_overrides({"time.spike_generation": "3 ns", "time.synaptic_operation": "1.5 ns"}),
    TRUENORTH.with_overrides({**NEMO, "limits.scheduler_slots": "5", "limits.delay_max": "4"}),
]
LOWEST, HIGHEST = -(2**19), 2**19 - 1
UNTOUCHED = -7
seeds = st.integers(0, 2**32 - 1)


@njit
def sweep(cores, first, last, step, fired):
    sweep_cores(cores, first, last, step, fired)


@njit
def receive(cores, first, last, step, arrivals):
    return receive_spikes(cores, first, last, step, arrivals)


@njit
def potentials(cores, into):
    read_membranes(cores, into)


@njit
def stamped(cores, static, step, value):
    return stamp_input(cores, static, step, value)


# ---- random programs ---------------------------------------------------------------------------------------


def random_registers(rng, n):
    """Neurons that fire now and then, or hit their bounds; in half of all cores some draw."""
    noisy = rng.random() < 0.5
    small, large = rng.integers(0, 40, n), rng.integers(0, 2**18, n)
    edge = rng.choice([LOWEST, LOWEST + 1, HIGHEST - 1, HIGHEST], n)
    kind = rng.choice(["quiet", "busy", "any"])
    reset_size = 2 ** rng.integers(0, 8, n) - 1
    return Registers(
        rng.integers(-9, 10, (4, n)) if kind == "busy" else rng.integers(-255, 256, (4, n)),
        (rng.random((4, n)) < 0.3) & noisy,
        rng.integers(-3, 6, n) if kind != "any" else rng.integers(-255, 256, n),
        (rng.random(n) < 0.3) & noisy,
        rng.random(n) < 0.3,
        large if kind == "quiet" else small,
        np.where((rng.random(n) < 0.4) & noisy, rng.choice([1, 7, 255, 2**18 - 1], n), 0),
        rng.integers(0, 3, n),
        rng.choice([-1, 1], n) * reset_size,
        large if kind == "any" else small,
        rng.random(n) < 0.5,
        np.where(rng.random(n) < 0.1, edge, rng.integers(-50, 50, n)),
    ).padded(padded(n))


def random_image(rng, place, chip):
    n, axons = (int(rng.choice([1, 7, 8, 63, 64, 65, 130, 256])) for _ in range(2))
    rows = np.zeros((axons, padded(n)), np.uint8)
    rows[:, :n] = rng.random((axons, n)) < rng.choice([0.05, 0.5, 1.0])
    return CrossbarImage(
        n,
        rng.integers(0, 4, axons).astype(np.uint8),
        np.packbits(rows, axis=1, bitorder="little"),
        random_registers(rng, n),
        rng.random(n) < 0.3,
        np.ones(n, np.int64),
        rng.integers(1, chip.limit("delay_max") + 1, n),
        first_state(int(rng.integers(4)), place),
    )


def random_program(seed, chip):
    """Cores with random memories, some of them alike, whose columns send to no axon or to one."""
    rng = np.random.default_rng(seed)
    images = [random_image(rng, place, chip) for place in range(int(rng.choice([1, 2, 5])))]
    images += [images[k] for k in rng.integers(len(images), size=int(rng.choice([0, 3, 40])))]
    outputs = []
    for image in images:
        ptr = np.concatenate([[0], np.cumsum(rng.integers(0, 2, image.n))])
        outputs.append(Destinations(ptr, np.zeros(ptr[-1], np.int32), np.zeros(ptr[-1], np.int32)))
    nothing = Destinations(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32))
    where = np.arange(len(images), dtype=np.int32)
    return Program(chip, None, where, tuple(images), nothing, tuple(outputs), {}, "")


def mapped_program(seed):
    """Two populations, the second one read out, on any cores."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 20, 3).tolist()
    neurons = Source(), AddAndFire(2.0), AddAndFire(1.0)
    populations = [Population(f"p{k}", n, neuron) for k, (n, neuron) in enumerate(zip(sizes, neurons, strict=True))]
    projections = []
    for a, b in pairwise(populations):
        weights = rng.choice([-1, 1, 2], (a.size, b.size)) * (rng.random((a.size, b.size)) < 0.6)
        weights[0, 0] = 1
        projections.append(Projection.dense(a.name, b.name, weights, int(rng.integers(0, 3))))
    network = Network("chain", tuple(populations), tuple(projections), ("p2",))
    lowered = ns.map(network, TRUENORTH).lowered
    pool = rng.permutation(np.array(TRUENORTH.usable_cores))[: int(rng.integers(1, 10))]
    where = rng.choice(pool, lowered.network.n_neurons).astype(np.int32)
    return ns.load_program(Mapping(network, lowered, TRUENORTH, where, "random", 0))


def random_arrivals(rng, program, step, density):
    """Spikes for every core: in any order, several on an axon, late ones and ones due beyond the ring."""
    slots = program.chip.limit("scheduler_slots")
    counts = [int(rng.integers(0, 1 + int(density * len(image.axon_type)))) for image in program.images]
    axons = [rng.integers(0, len(image.axon_type), n) for image, n in zip(program.images, counts, strict=True)]
    n = sum(counts)
    due = step + 1 + np.where(rng.random(n) < 0.1, rng.integers(-2 * slots, 40, n), rng.integers(0, slots, n))
    count = np.array(counts, dtype=np.int64)
    # The cores' shares lie in any order in the arrays of all packets.
    order = rng.permutation(len(counts))
    begin = np.empty_like(count)
    begin[order] = np.cumsum(count[order]) - count[order]
    axon, payload = np.zeros((2, count.sum()), dtype=np.int64)
    of_core = np.cumsum(count) - count
    for k, mine in enumerate(axons):
        axon[begin[k] : begin[k] + count[k]] = mine
        payload[begin[k] : begin[k] + count[k]] = due[of_core[k] : of_core[k] + count[k]]
    return Arrivals(begin, count, axon, payload, np.zeros_like(axon))


def ranges(rng, n):
    """Cut n cores into ranges, in any order."""
    match rng.integers(3):
        case 0:
            return [(0, n)]
        case 1:
            return [(k, k + 1) for k in rng.permutation(n).tolist()]
    cuts = np.unique(np.concatenate([[0, n], rng.integers(0, n + 1, 4)])).tolist()
    pairs = list(pairwise(cuts))
    return [pairs[k] for k in rng.permutation(len(pairs))]


# ---- the two side by side ----------------------------------------------------------------------------------


def of_core(fired, k):
    """What core k fired: units, entries, payloads, times and the length of its sweep."""
    units = fired.unit[fired.unit_ptr[k] :][: fired.units[k]]
    a = fired.entry_ptr[k]
    messages = [values[a : a + fired.messages[k]].tolist() for values in (fired.entry, fired.payload, fired.leaves)]
    return units.tolist(), *messages, int(fired.duration[k])


def alone(firing):
    columns = firing.units, firing.destination, firing.payload, firing.time
    return *(values.tolist() for values in columns), int(firing.duration)


def run_both(program, cores, seed, ticks, seen):
    """Run ticks on flat cores and on single ones, from the state after loading, and compare all that they leave."""
    rng = np.random.default_rng(seed)
    constants = program.chip.constants()
    single = [start(program, k, constants) for k in range(len(program.images))]
    fired, n = fired_of(program, multicast=False), len(single)
    for step in range(ticks):
        for values in (fired.units, fired.messages, fired.duration, fired.unit, fired.entry):
            values[:] = UNTOUCHED
        expected, left = [alone(core.update()) for core in single], set(range(n))
        for first, last in ranges(rng, n):
            sweep(cores, first, last, step, fired)
            left -= set(range(first, last))
            for k in range(n):
                if k in left:
                    assert fired.units[k] == fired.messages[k] == fired.duration[k] == UNTOUCHED
                else:
                    assert of_core(fired, k) == expected[k]
        seen["spikes"] += sum(len(units) for units, *_ in expected)
        arrivals = random_arrivals(rng, program, step, rng.choice([0.0, 0.1, 1.0]))
        for k, core in enumerate(single):
            mine = slice(arrivals.begin[k], arrivals.begin[k] + arrivals.count[k])
            core.finish_step(arrivals.axon[mine], arrivals.payload[mine])
        for first, last in ranges(rng, n):
            assert receive(cores, first, last, step, arrivals) == 0
        assert cores.counters.tolist() == [core.counters.tolist() for core in single]
        held = np.full(sum(image.n for image in program.images), UNTOUCHED)
        potentials(cores, held)
        units = [np.arange(image.n, dtype=np.int32) for image in program.images]
        assert held.tolist() == np.concatenate([c.membranes(u) for c, u in zip(single, units, strict=True)]).tolist()
        assert cores.state.register.tolist() == [int(core._state.register[0]) for core in single]
    for name, total in zip(COUNTERS, cores.counters.sum(axis=0).tolist(), strict=True):
        seen[name] = seen.get(name, 0) + total


def compare(program, seed, ticks=6, seen=None):
    cores = flat(program, program.chip.constants())
    run_both(program, cores, seed, ticks, seen if seen is not None else {"spikes": 0})
    reset(cores)
    assert not cores.counters.any()
    run_both(program, cores, seed + 1, 2, {"spikes": 0})


@settings(max_examples=50, deadline=None)
@given(seeds, seeds, st.sampled_from(CHIPS))
def test_do_cores_with_any_memories_agree(memories, arrivals, chip):
    compare(random_program(memories, chip), arrivals)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_do_cores_of_mapped_networks_agree(seed):
    compare(mapped_program(seed), seed)


def test_do_the_cases_put_the_question():
    # Everything that a core can count happens, many times; so do columns that fire and send nothing.
    seen, sending = {"spikes": 0}, []
    for seed in range(12):
        program = random_program(seed, CHIPS[seed % len(CHIPS)])
        compare(program, seed, seen=seen)
        sending += [len(out.core) / image.n for out, image in zip(program.outputs, program.images, strict=True)]
    assert min(seen.values()) > 100, seen
    assert 0 < np.mean(sending) < 1


def test_is_an_input_stamped_with_the_tick_it_is_due_in():
    cores = flat(random_program(1, TRUENORTH), TRUENORTH.constants())
    for static, step, value in ((1, 0, 1), (15, 7, 3)):
        assert stamped(cores, static, step, value) == stamp(static, step, value) == static + step


@pytest.mark.parametrize("empty", [0, 3])
def test_does_an_empty_range_leave_everything_alone(empty):
    program = random_program(4, TRUENORTH)
    cores, fired = flat(program, TRUENORTH.constants()), fired_of(program, multicast=False)
    fired.units[:] = UNTOUCHED
    sweep(cores, empty, empty, 0, fired)
    assert (fired.units == UNTOUCHED).all()
    assert not cores.counters.any()


@settings(max_examples=20, deadline=None)
@given(seeds, st.sampled_from([0.02, 0.5, 1.0]))
def test_does_a_spike_leave_after_all_events_up_to_its_column(seed, density):
    """Told once more from the memories alone, for cores of any width: columns one by one, each with its events."""
    program = random_program(seed, CHIPS[1])
    cores, fired, rng = (
        flat(program, CHIPS[1].constants()),
        fired_of(program, multicast=False),
        np.random.default_rng(seed),
    )
    update, event, spike = 186_000, 1_500, 3_000  # ps, see CHIPS
    sweep(cores, 0, len(program.images), 0, fired)
    active = [np.flatnonzero(rng.random(len(image.axon_type)) < density) for image in program.images]
    count = np.array([len(axons) for axons in active])
    axon, due = np.concatenate(active), np.ones(count.sum(), dtype=np.int64)
    receive(cores, 0, len(count), 0, Arrivals(np.cumsum(count) - count, count, axon, due, due))
    before = cores.counters[:, 0].copy()
    sweep(cores, 0, len(program.images), 1, fired)
    for k, image in enumerate(program.images):
        synapses = np.unpackbits(image.rows, axis=1, count=image.n, bitorder="little")
        events = np.cumsum(synapses[active[k]].sum(axis=0, dtype=np.int64))
        units = fired.unit[fired.unit_ptr[k] :][: fired.units[k]]
        leaves = (units + 1) * update + events[units] * event + np.arange(1, len(units) + 1) * spike
        sends = program.outputs[k].ptr[units + 1] > program.outputs[k].ptr[units]
        assert fired.leaves[fired.entry_ptr[k] :][: fired.messages[k]].tolist() == leaves[sends].tolist()
        assert fired.duration[k] == image.n * update + events[-1] * event + len(units) * spike
        assert cores.counters[k, 0] - before[k] == events[-1]


# ---- what they are made of ---------------------------------------------------------------------------------


@njit
def compiled_words(bits, few, flags, values, word_at, value_at, sums):
    words.add_where(few, word_at, values, value_at, len(word_at), sums, 64, 1)
    words.clear(few, 8)
    fetch(values, 5)
    return words.ones(bits), words.lowest(bits), words.rest(bits), words.ones_of(few, 0, bits), words.marks(flags, 64)


@settings(deadline=None)
@given(seeds, st.sampled_from([0, 1, 2**63, 2**64 - 1, 5 << 40]))
def test_do_machine_words_do_what_they_say(seed, bits):
    rng = np.random.default_rng(seed)
    bits = np.uint64(bits)
    few = rng.integers(0, 2**64, (3, 8), dtype=np.uint64)
    flags = rng.integers(0, 3, (2, 100)).astype(np.uint8)
    values = rng.integers(-255, 256, (3, 192)).astype(np.int16)
    word_at, value_at = rng.integers(0, 23, 9), rng.integers(0, 7, 9) * 64
    sums = rng.integers(-9, 9, (2, 128)).astype(np.int32)
    arrays = [few.copy(), sums.copy()]
    found = compiled_words(bits, arrays[0], flags, values, word_at, value_at, arrays[1])
    plain = compiled_words.py_func(bits, few, flags, values, word_at, value_at, sums)
    assert tuple(map(int, found)) == tuple(map(int, plain))
    assert arrays[0].tolist() == few.tolist()
    assert arrays[1].tolist() == sums.tolist()


def test_are_large_arrays_put_side_by_side_as_they_are():
    cores = flat(random_program(3, TRUENORTH), TRUENORTH.constants())
    large = cores._replace(ring=np.arange(2**20, dtype=np.uint64).reshape(16, -1, 4))
    for values in (cores, large):
        placed = together(values)
        assert (placed is values) == (values is cores)
        assert type(placed) is type(cores)
        assert type(placed.bar) is type(cores.bar)
        assert placed.update == cores.update
        for a, b in zip(arrays_of(placed), arrays_of(values), strict=True):
            assert a.dtype == b.dtype
            assert a.flags.c_contiguous
            assert a.flags.writeable
            assert np.array_equal(a, b)
    at = [a.__array_interface__["data"][0] for a in arrays_of(placed)]
    assert at == sorted(at)
    assert at[-1] - at[0] < 2**24
    assert all(place % 64 == 0 for place in at)


def arrays_of(values):
    if isinstance(values, np.ndarray):
        return [values]
    return [a for value in values for a in arrays_of(value)] if isinstance(values, tuple) else []
