"""Chips with congested networks and ticks that do not hold, and networks of whole numbers to put on them."""

import numpy as np

import neurosim as ns
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Network, Population, Projection, Source

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
    {"flow.buffer_depth": "4", "time.link_serialisation": "8 ns"},
]


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

SMALL = {"geometry.columns": "4", "geometry.rows": "34"}
TRUENORTH = ns.load_chip("truenorth")
CROSSBARS = [
    {},
    {**SMALL, "geometry.chip_columns": "3", "geometry.chip_rows": "2"},
    {**SMALL, "geometry.chip_columns": "2", "time.edge_serialisation": "3 us", "time.edge_crossing": "20 us"},
    {**SMALL, "clock.tick": "60 us"},
    {**SMALL, "clock.tick": "60 us", "geometry.chip_rows": "3", "time.link_serialisation": "9 us"},
    {**SMALL, "clock.tick": "60 us", "flow.buffer_depth": "1", "time.link_serialisation": "2 us"},
    {
        **SMALL,
        "geometry.chip_columns": "2",
        "flow.buffer_depth": "1",
        "time.link_serialisation": "300 ns",
        "time.edge_serialisation": "2 us",
    },
]
