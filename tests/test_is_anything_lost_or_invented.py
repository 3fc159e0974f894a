"""Do packets, hops, synaptic operations and picojoules add up, counted a second time from network and placement?"""

import tomllib
from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import KINDS, LOIHI, cases, drained, draw_case, place, seeds, unmapped

import neurosim as ns
from neurosim.errors import NeurosimError

COLUMNS, CORES_PER_TILE = 8, 4  # Loihi's 32 tiles of 4 cores, as SANA-FE arranges them
PORT = (0, 0)
DESCRIPTOR = tomllib.loads((Path(__file__).parents[1] / "chips" / "loihi.toml").read_text())

# Which figure of the descriptor prices which counter, per component.
PRICED = {
    "synapse": {
        "synaptic_operations_dense": "synaptic_operation",
        "synaptic_operations_sparse": "synaptic_operation_sparse",
        "input_messages": "input_message",
    },
    "neuron": {
        "neuron_updates_inactive": "neuron_update_inactive",
        "neuron_updates_active": "neuron_update_active",
        "random_numbers": "random_number",
    },
    "spike output": {"spikes": "spike_generation", "output_messages": "output_message"},
    "network": {
        "packets": "spike_within_tile",
        "hops_east_west": "hop_east_west",
        "hops_north_south": "hop_north_south",
    },
    "barrier": {"chip_steps": "barrier"},
}


def tile(core):
    number = int(core) // CORES_PER_TILE
    return number % COLUMNS, number // COLUMNS


def sent(mapping, pulses):
    """Yield (pulses of one neuron or input line per sample, its tile, its synapses, cores that they are on)."""
    network = mapping.lowered.network
    spikes, _ = unmapped(mapping, pulses)
    first = dict(zip([p.name for p in network.neurons], offsets(network.neurons), strict=True))
    line = dict(zip([p.name for p in network.sources], offsets(network.sources), strict=True))
    fed = drained(mapping, pulses)
    for p in network.projections:
        for row in range(len(p.indptr) - 1):
            targets = p.targets[p.indptr[row] : p.indptr[row + 1]]
            if p.source in line:
                counts, place_of_source = fed[:, :, line[p.source] + row].sum(axis=1), PORT
            else:
                counts = spikes[p.source][:, :, row].sum(axis=1)
                place_of_source = tile(mapping.core_of[first[p.source] + row])
            yield counts, place_of_source, len(targets), set(mapping.core_of[first[p.target] + targets].tolist())


def offsets(populations):
    return np.cumsum([0, *(p.size for p in populations)])[:-1].tolist()


def route(start, end):
    """Yield the mesh links of a packet as (direction, from tile, to tile): the column first, then the row."""
    (x, y), (goal_x, goal_y) = start, end
    while (x, y) != (goal_x, goal_y):
        here = x + COLUMNS * y
        east_west, north_south = "E" if goal_x > x else "W", "N" if goal_y > y else "S"
        direction = east_west if x != goal_x else north_south
        step_x, step_y = {"E": (1, 0), "W": (-1, 0), "N": (0, 1), "S": (0, -1)}[direction]
        x, y = x + step_x, y + step_y
        yield direction, here, x + COLUMNS * y


@settings(max_examples=40, deadline=None)
@given(cases(), seeds)
def test_are_packets_hops_and_synaptic_operations_those_of_the_pulses(case, seed):
    mapping = place(case.network, seed)
    activity = ns.simulate(mapping, case.pulses).activity
    packets, east_west, north_south, operations = np.zeros((4, len(case.pulses)), dtype=np.int64)
    links = Counter()
    arrivals = Counter()
    for counts, start, synapses, cores in sent(mapping, case.pulses):
        operations += counts * synapses
        packets += counts * len(cores)
        for core in cores:
            x, y = tile(core)
            east_west += counts * abs(x - start[0])
            north_south += counts * abs(y - start[1])
            arrivals[core] += counts.sum()
            for link in route(start, (x, y)):
                links[link] += counts.sum()

    def total(name):
        return activity.total(name).tolist()

    assert total("packets") == packets.tolist()
    assert total("input_messages") == packets.tolist()
    assert total("hops_east_west") == east_west.tolist()
    assert total("hops_north_south") == north_south.tolist()
    both = activity.total("synaptic_operations_dense") + activity.total("synaptic_operations_sparse")
    assert both.tolist() == operations.tolist()
    received = activity.per_core[:, :, activity.counters.index("input_messages")].sum(axis=0)
    assert dict(zip(activity.cores.tolist(), received.tolist(), strict=True)) == {
        int(core): arrivals[core] for core in activity.cores.tolist()
    }
    mesh = {link: n for link, n in zip(activity.links, activity.per_link.tolist(), strict=True) if link[0] in "EWNS"}
    assert {link: n for link, n in mesh.items() if n} == {link: n for link, n in links.items() if n}
    assert sum(mesh.values()) == sum(total("hops_east_west")) + sum(total("hops_north_south"))


@settings(max_examples=40, deadline=None)
@given(cases(), seeds)
def test_do_all_tables_of_a_run_have_the_same_totals(case, seed):
    mapping = place(case.network, seed)
    run = ns.simulate(mapping, case.pulses, record_spikes=True)
    activity, times = run.activity, run.times
    assert activity.per_step.sum(axis=0).tolist() == activity.per_core.sum(axis=(0, 1)).tolist()
    packets = activity.total("packets").sum()
    assert activity.packets_per_step.sum() == packets
    for kind in ("inject", "eject"):
        assert sum(n for n, link in zip(activity.per_link, activity.links, strict=True) if link[0] == kind) == packets
    assert times.packet_latency[1].sum() == packets
    assert len(times.first_packets) == activity.total("packets")[0]
    assert np.all(times.first_packets[:, 5] > times.first_packets[:, 4])
    from_ports = times.first_packets[:, 1] == 0
    assert activity.total("output_messages")[0] == np.count_nonzero(~from_ports)
    n, steps = len(case.pulses), run.chip_steps
    assert steps == case.pulses.shape[1] + mapping.lowered.extra_steps
    assert times.step_ends.shape == (n, steps)
    assert np.all(np.diff(times.step_ends, axis=1) > 0)
    compartments = sum(p.size * p.compartments for p in mapping.lowered.network.neurons)
    updates = activity.total("neuron_updates_active") + activity.total("neuron_updates_inactive")
    assert updates.tolist() == [compartments * steps] * n
    assert activity.total("chip_steps").tolist() == [steps] * n
    for name, pulses in run.spikes.full.items():
        index = run.spikes.names.index(name)
        events = run.spikes.first_sample[run.spikes.first_sample[:, 1] == index]
        assert sorted(map(tuple, events[:, [0, 2]].tolist())) == list(map(tuple, np.argwhere(pulses[0]).tolist()))


@settings(max_examples=30, deadline=None)
@given(cases(samples=1), seeds, seeds)
def test_is_only_the_network_counted_differently_when_neurons_move(case, one, other):
    # Which axons are stored dense depends on the neighbours on a core; the number of operations does not.
    runs = [ns.simulate(place(case.network, seed), case.pulses).activity.summary() for seed in (one, other)]
    kept = ("spikes", "neuron_updates_active", "neuron_updates_inactive", "synaptic_operations", "voltages_clipped")
    kept += ("random_numbers",)
    for name in (*kept, "chip_steps"):
        assert runs[0][name] == runs[1][name], name


@settings(max_examples=30, deadline=None)
@given(cases(), seeds, st.sampled_from(["davies2018", "silicon-fit"]), st.sampled_from(["davies2018", "silicon-fit"]))
def test_is_energy_counter_times_price_and_power_times_time(case, seed, ran_with, priced_with):
    run = ns.simulate(place(case.network, seed), case.pulses, constants=ran_with)
    energy = ns.price(run, LOIHI, constants=priced_with)
    prices = {name: figure["value"] for name, figure in DESCRIPTOR["constants"][priced_with]["energy"].items()}
    assert {figure["unit"] for figure in DESCRIPTOR["constants"][priced_with]["energy"].values()} == {"pJ"}
    expected = {}
    for component, terms in PRICED.items():
        counts = {counter: run.activity.total(counter).tolist() for counter in terms}
        expected[component] = sum(sum(counts[c]) / run.samples * prices[name] for c, name in terms.items()) * 1e-12
    power = DESCRIPTOR["power"]
    assert power["core_static"]["unit"] == power["chip_static"]["unit"] == "mW"
    milliwatts = power["chip_static"]["value"] + len(run.activity.cores) * power["core_static"]["value"]
    expected["static"] = milliwatts * 1e-3 * sum(run.times.step_ends[:, -1].tolist()) / run.samples * 1e-12
    for component, joules in expected.items():
        assert energy.parts[component].value == pytest.approx(joules, rel=1e-9, abs=1e-30), component
    assert energy.total.value == pytest.approx(sum(expected.values()), rel=1e-9)
    assert energy.total.value == pytest.approx(energy.dynamic.value + energy.static.value, rel=1e-12)
    assert energy.total.low <= energy.total.value <= energy.total.high
    in_cores = sum(expected[component] for component in ("synapse", "neuron", "spike output"))
    assert energy.per_core.sum() == pytest.approx(in_cores, rel=1e-9, abs=1e-30)


def test_does_the_boundary_say_which_static_power_is_counted():
    case = draw_case(5, ("add", "leak"))
    run = ns.simulate(place(case.network, 5), case.pulses)
    seconds = run.times.step_ends[:, -1].mean() * 1e-12
    cores = ns.price(run, LOIHI, boundary="cores")
    chip = ns.price(run, LOIHI, boundary="chip")
    assert chip.total.value - cores.total.value == pytest.approx(29.6e-3 * seconds, rel=1e-9)
    with pytest.raises(NeurosimError, match="'chip'"):
        ns.price(run, LOIHI, boundary="chips")


def identical(a, b, path=""):
    """Compare two values field by field and bit by bit."""
    assert type(a) is type(b), path
    if is_dataclass(a):
        for item in fields(a):
            identical(getattr(a, item.name), getattr(b, item.name), f"{path}.{item.name}")
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype, path
        assert a.tobytes() == b.tobytes(), path
        assert a.shape == b.shape, path
    elif hasattr(a, "keys"):
        assert list(a) == list(b), path
        for key in a:
            identical(a[key], b[key], f"{path}[{key}]")
    elif isinstance(a, tuple):
        assert len(a) == len(b), path
        for k, (x, y) in enumerate(zip(a, b, strict=True)):
            identical(x, y, f"{path}[{k}]")
    else:
        assert a == b, path


@settings(max_examples=10, deadline=None)
@given(cases(late=False), seeds)
def test_is_a_second_run_identical_to_the_last_bit(case, seed):
    runs = [ns.simulate(place(case.network, seed), case.pulses, record_spikes=True) for _ in range(2)]
    identical(*runs)
    program = ns.load_program(place(case.network, seed))
    identical(runs[0], ns.simulate(program, case.pulses, record_spikes=True))


@pytest.mark.parametrize("slow", [{}, {"time.io_serialisation": "5 ms"}, {"time.link_serialisation": "5 ms"}])
def test_is_the_result_the_same_for_any_number_of_workers(slow):
    # A port or link that is still busy when a sample ends must not delay the next sample.
    case = draw_case(4, KINDS, samples=7)
    mapping = place(case.network, 9, LOIHI.with_overrides(slow))
    runs = [ns.simulate(mapping, case.pulses, record_spikes=True, workers=workers) for workers in (1, 2, 3)]
    identical(runs[0], runs[1])
    identical(runs[0], runs[2])


def test_is_a_sample_the_same_alone_and_in_company():
    case = draw_case(4, KINDS, samples=4)
    mapping = place(case.network, 9, LOIHI.with_overrides({"time.io_serialisation": "5 ms"}))
    together = ns.simulate(mapping, case.pulses)
    alone = [ns.simulate(mapping, case.pulses[k : k + 1]) for k in range(4)]
    assert together.times.step_ends.tolist() == [run.times.step_ends[0].tolist() for run in alone]
    assert np.array_equal(together.activity.per_core, np.concatenate([run.activity.per_core for run in alone]))


def test_is_a_senseless_number_of_workers_refused():
    case = draw_case(4, ("sum",))
    with pytest.raises(NeurosimError, match="workers -1"):
        ns.simulate(place(case.network, 0), case.pulses, workers=-1)
