"""Does the compiled engine give the event kernel's run, spike for spike, count for count and picosecond for picosecond?

Random networks on random places, on every kind of chip, with idle and with congested networks, with ticks that hold
and ticks that overrun. The two are compared field by field; planted faults show that the comparison can fail.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LOIHI, cases, place, seeds

import neurosim as ns
from neurosim.engine.compiled import CompiledChip
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.event.chip import EventChip
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Network, Population, Projection, Source


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


CONGESTED = [
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
    network = Network(f"chain {seed}", tuple(populations), tuple(projections), (populations[-1].name,))
    return network, rng.random((2, int(rng.integers(1, 10)), sizes[0])) < rng.choice([0.1, 0.5, 1.0])


def _random(rng, source, target, delay):
    weights = rng.choice([-1, 1, 2], (source.size, target.size)) * (rng.random((source.size, target.size)) < 0.6)
    weights[0, 0] = 1
    return Projection.dense(source.name, target.name, weights, delay)


def placed(network, chip, seed, cores=None):
    """Put the neurons on any cores, from one to as many as there are."""
    mapping = ns.map(network, chip)
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.array(chip.usable_cores))[: int(rng.integers(1, cores or 41))]
    where = rng.choice(pool, mapping.lowered.network.n_neurons).astype(np.int32)
    return ns.load_program(Mapping(network, mapping.lowered, chip, where, "random", 0))


SPINNAKER = ns.load_chip("spinnaker2")
SLOW = {"level.low.clock": "1 MHz", "level.high.clock": "2 MHz"}
TICKS = [
    {},
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
    network, pulses = integer_case(seed, layers)
    both(placed(network, SPINNAKER.with_overrides(changes), seed), pulses)


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
    network, pulses = integer_case(seed, layers)
    both(placed(network, TRUENORTH.with_overrides(changes), seed, 10), pulses)
