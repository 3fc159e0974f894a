"""Is the arithmetic of a compartment core that of Loihi's public emulators, to the last bit?

The rules are stated a second time here, in unbounded integers and one compartment at a time, and worked out by
hand for single cases.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.cores.compartment.encode import Encoding, effective_weights, encode
from neurosim.cores.compartment.step import JOINS, TWO, Parameters, State, deliver, step_compartments
from neurosim.cores.compartment.widths import arithmetic
from neurosim.engine.functional import run_functional
from neurosim.errors import UnsupportedError
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

ONE = 4096  # decays are fractions of this
CURRENT_BITS, SUM_BITS = 24, 22
LOWEST, HIGHEST = -(2**23) + 1, 2**23 - 1
TOP_THRESHOLD = (2**17 - 1) * 2**6
TOP_BIAS = (2**12 - 1) * 2**7
NEVER = 2**40  # a threshold that no voltage reaches

LOIHI = ns.load_chip("loihi")
WIDTHS = arithmetic(LOIHI)


# ---- the rules in unbounded integers -----------------------------------------------------------------------


@dataclass
class Plain:
    """One compartment: parameters and state as Python integers."""

    decay_u: int = 0
    decay_v: int = 0
    threshold: int = NEVER
    bias: int = 0
    refractory: int = 1
    join: str = "none"
    takes: int = 1
    spiking: bool = True
    u: int = 0
    v: int = 0
    held: int = 0


def shrunk(x, loss):
    """``|x| * (4096 - loss) / 4096`` without its fraction, with the sign of x."""
    size = abs(x) * (ONE - loss) // ONE
    return size if x >= 0 else -size


def wrapped(x, bits):
    x %= 2**bits
    return x - 2**bits if x >= 2 ** (bits - 1) else x


BOTH = {"add": sum, "pass": sum, "max": max, "block": max, "min": min, "gate": min}


def plain_step(compartments, sums):
    """One step of all compartments; returns fired, active and the number of clipped voltages."""
    fired, active, clipped, stack = [], [], 0, []
    for c, q in zip(compartments, sums, strict=True):
        before = c.u, c.v
        arrived = wrapped(q, SUM_BITS)
        c.u = wrapped(shrunk(c.u, c.decay_u + 1) + arrived, CURRENT_BITS)
        heard = [stack.pop() for _ in range(c.takes) if stack] if c.join != "none" else []
        child = BOTH[c.join](heard) if heard else 0
        joined = {"none": c.u, "add": c.u + child, "max": max(c.u, child), "min": min(c.u, child), "pass": child}
        joined |= {"gate": c.u if child > 0 else 0, "block": 0 if child > 0 else c.u}
        wanted = shrunk(c.v, c.decay_v) + joined[c.join] + c.bias
        c.v = min(max(wanted, LOWEST), HIGHEST)
        clipped += c.v != wanted
        over = c.held == 0 and c.v > c.threshold
        if over:
            c.v, c.held = 0, c.refractory - 1
        elif c.held:
            c.v, c.held = 0, c.held - 1
        fired.append(over and c.spiking)
        active.append(arrived != 0 or (c.u, c.v) != before or over)
        stack.append(c.v)
    return fired, active, clipped


class Core:
    """The code under test with the same compartments."""

    def __init__(self, compartments):
        def column(name):
            return np.array([getattr(c, name) for c in compartments], dtype=np.int64)

        names = ("decay_u", "decay_v", "bias", "threshold", "refractory")
        join = np.array(
            [JOINS[c.join] + TWO * (c.takes == 2 and c.join != "none") for c in compartments], dtype=np.int64
        )
        spiking = np.array([c.spiking for c in compartments])
        self.parameters = Parameters(**{name: column(name) for name in names}, join=join, spiking=spiking)
        self.state = State(column("u"), column("v"), column("held"))
        self.fired, self.active = np.zeros((2, len(compartments)), dtype=np.bool_)

    def step(self, sums):
        q = np.array(sums, dtype=np.int64)
        clipped = step_compartments(q, self.state, self.parameters, WIDTHS, self.fired, self.active)
        return self.fired.tolist(), self.active.tolist(), clipped


def after(q=0, steps=1, **values):
    """Current, voltage and fired of one compartment after some steps, with input ``q`` in the first one."""
    core = Core([Plain(**values)])
    for step in range(steps):
        core.step([q if step == 0 else 0])
    return int(core.state.u[0]), int(core.state.v[0]), bool(core.fired[0])


# ---- by hand -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("u", "decay", "expected"),
    [
        (1000, 4095, 0),  # the extra one: nothing is kept
        (HIGHEST, 4095, 0),
        (4096, 4094, 1),
        (4095, 4094, 0),
        (40960, 0, 40950),  # and decay 0 loses one part in 4096
        (1, 0, 0),
        (100, 409, 89),  # 100 * 3686 / 4096 = 89.99
        (-100, 409, -89),
        (-1, 0, 0),
    ],
)
def test_does_the_current_lose_its_decay_and_the_extra_one(u, decay, expected):
    assert after(u=u, decay_u=decay)[0] == expected


@pytest.mark.parametrize(
    ("v", "decay", "expected"),
    [
        (1000, 0, 1000),  # no extra one here
        (HIGHEST, 0, HIGHEST),
        (8192, 4095, 2),  # decay 4095 does not clear the voltage
        (4095, 4095, 0),
        (100, 410, 89),
        (-100, 410, -89),
        (-8191, 4095, -1),
    ],
)
def test_does_the_voltage_lose_its_decay_and_nothing_more(v, decay, expected):
    assert after(v=v, decay_v=decay, decay_u=4095)[1] == expected


def test_does_the_voltage_see_the_current_of_the_same_step():
    assert after(q=64, threshold=63, decay_u=4095) == (64, 0, True)
    assert after(q=640, decay_u=2047) == (640, 640, False)
    assert after(q=640, decay_u=2047, steps=2) == (320, 960, False)


@pytest.mark.parametrize(("v", "fires"), [(63, False), (64, False), (65, True)])
def test_does_it_fire_only_above_the_threshold(v, fires):
    assert after(v=v, threshold=64) == (0, 0 if fires else v, fires)


def test_does_a_negative_threshold_fire_from_rest():
    assert after(threshold=-1) == (0, 0, True)
    assert after(threshold=0) == (0, 0, False)


@pytest.mark.parametrize(
    ("q", "expected"),
    [(2**21 - 1, 2**21 - 1), (2**21, -(2**21)), (-(2**21) - 1, 2**21 - 1), (2**22, 0), (3 * 2**21 + 5, -(2**21) + 5)],
)
def test_does_the_synaptic_sum_wrap(q, expected):
    assert after(q=q)[0] == expected


def test_does_the_current_wrap():
    kept = 8386559  # 8388607 * 4095 / 4096 = 8386559.0002
    assert after(u=HIGHEST, q=2**21 - 1)[0] == kept + 2**21 - 1 - 2**24
    assert after(u=-HIGHEST, q=-(2**21))[0] == -kept - 2**21 + 2**24


def test_is_the_voltage_clipped_and_not_wrapped():
    core = Core([Plain(v=HIGHEST, bias=100), Plain(v=LOWEST, bias=-5), Plain(v=HIGHEST - 1, bias=1)])
    assert core.step([0, 0, 0])[2] == 2
    assert core.state.v.tolist() == [HIGHEST, LOWEST, HIGHEST]


def test_is_a_clipped_voltage_still_above_the_largest_threshold():
    assert after(v=HIGHEST, bias=TOP_BIAS, threshold=TOP_THRESHOLD) == (0, 0, True)


@pytest.mark.parametrize("refractory", [1, 2, 3, 64])
def test_is_the_voltage_held_at_zero_for_the_refractory_period(refractory):
    core = Core([Plain(bias=100, threshold=50, refractory=refractory)])
    fired = []
    for _ in range(130):
        fired += core.step([0])[0]
        assert core.state.v[0] == 0
    assert np.flatnonzero(fired).tolist() == list(range(0, 130, refractory))


def test_does_the_current_run_on_while_the_voltage_is_held():
    core = Core([Plain(decay_u=2047, threshold=100, refractory=3)])
    seen = [
        (*core.step([1024 if step == 0 else 0])[0], int(core.state.u[0]), int(core.state.v[0])) for step in range(5)
    ]
    assert seen == [(True, 1024, 0), (False, 512, 0), (False, 256, 0), (True, 128, 0), (False, 64, 0)]


@pytest.mark.parametrize(
    ("join", "voltage"),
    [("none", 30), ("add", 130), ("max", 100), ("min", 30), ("pass", 100), ("gate", 30), ("block", 0)],
)
def test_does_each_join_take_what_it_says(join, voltage):
    core = Core([Plain(v=100), Plain(join=join)])
    core.step([0, 30])
    assert core.state.v.tolist() == [100, voltage]


@pytest.mark.parametrize(
    ("join", "children", "voltage"),
    [
        *(("add", (100, 7), 137), ("max", (100, 7), 100), ("max", (20, 7), 30), ("min", (100, 7), 7)),
        *(("pass", (100, 7), 107), ("gate", (100, 7), 30), ("gate", (100, -7), 0), ("gate", (-1, 7), 0)),
        *(("block", (-100, -7), 30), ("block", (-100, 7), 0), ("block", (100, -7), 0), ("gate", (100, 0), 0)),
    ],
)
def test_does_a_join_of_two_take_both(join, children, voltage):
    core = Core([Plain(v=children[0]), Plain(v=children[1]), Plain(join=join, takes=2)])
    core.step([0, 0, 30])
    assert core.state.v.tolist() == [*children, voltage]


def test_does_a_tree_take_its_branches_from_the_stack():
    # ((1, 2 + 1), 10): the third listens to the second, the root to the third and the first.
    branches = [Plain(v=1), Plain(v=10), Plain(v=2, join="add"), Plain(join="add", takes=2)]
    core = Core(branches)
    core.step([0, 0, 0, 0])
    assert core.state.v.tolist() == [1, 10, 12, 13]


def test_does_a_join_see_the_child_after_its_update_and_its_reset():
    core = Core([Plain(threshold=99, spiking=False, bias=60), Plain(join="add")])
    fired = [core.step([0, 0])[0] for _ in range(3)]
    assert fired == [[False, False]] * 3  # the dendrite crosses its threshold in step 1 but does not spike
    assert core.state.v.tolist() == [60, 60 + 0 + 60]


@pytest.mark.parametrize(
    ("mantissa", "bits", "sign", "exponent", "expected"),
    [
        (255, 8, "excitatory", 0, 255 * 64),
        (-255, 8, "inhibitory", 0, -255 * 64),
        (255, 8, "mixed", 0, 254 * 64),  # the sign takes one bit
        (-255, 8, "mixed", 0, -254 * 64),  # toward zero
        (255, 1, "excitatory", 0, 128 * 64),
        (127, 1, "excitatory", 0, 0),
        (255, 8, "excitatory", -7, 64),  # 127.5, forced to a multiple of 64
        (-255, 8, "inhibitory", -7, -64),
        (255, 8, "excitatory", -8, 0),  # 63.75
        (255, 8, "excitatory", 7, 255 * 8192),
        (-256, 8, "mixed", 7, -(2**21 - 64)),  # -2**21, clipped
    ],
)
def test_is_the_effective_weight_the_one_worked_out_by_hand(mantissa, bits, sign, exponent, expected):
    encoding = Encoding(bits, sign, exponent, 0)
    assert effective_weights(np.array([mantissa]), encoding, LOIHI).tolist() == [expected]


# ---- against the second statement --------------------------------------------------------------------------


def signed(limit):
    """Numbers in -limit..limit, the ends and zero more often than by chance."""
    return st.one_of(st.sampled_from([-limit, 1 - limit, -1, 0, 1, limit - 1, limit]), st.integers(-limit, limit))


DECAY = st.one_of(st.sampled_from([0, 1, 2048, 4094, 4095]), st.integers(0, 4095))


def compartment(child):
    return st.builds(
        Plain,
        decay_u=DECAY,
        decay_v=DECAY,
        threshold=st.one_of(st.sampled_from([0, 64, TOP_THRESHOLD]), st.integers(-1, 2**17 - 1).map(lambda m: m * 64)),
        bias=signed(TOP_BIAS),
        refractory=st.one_of(st.sampled_from([1, 64]), st.integers(1, 6)),
        join=st.sampled_from(list(JOINS) if child else ["none"]),
        takes=st.sampled_from([1, 2]),
        spiking=st.booleans(),
        u=signed(2**23 - 1),
        v=signed(2**23 - 1),
    )


@given(st.data(), st.integers(1, 6), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_does_every_step_equal_the_rules_in_unbounded_integers(data, n, steps):
    plain = [data.draw(compartment(child=k > 0)) for k in range(n)]
    core = Core(plain)
    rows = st.lists(st.one_of(signed(2**21), signed(2**23)), min_size=n, max_size=n)
    for _ in range(steps):
        sums = data.draw(rows)
        assert core.step(sums) == plain_step(plain, sums)
        assert core.state.u.tolist() == [c.u for c in plain]
        assert core.state.v.tolist() == [c.v for c in plain]
        assert core.state.wait.tolist() == [c.held for c in plain]


def plain_weight(mantissa, bits, mixed, exponent):
    lost = 2 ** (8 - (bits - mixed))
    size = abs(mantissa) // lost * lost
    power = 6 + exponent
    size = size * 2**power if power >= 0 else size // 2**-power
    size = min(size // 64 * 64, 2**21 - 64)
    return size if mantissa >= 0 else -size


@pytest.mark.parametrize("sign", ["mixed", "excitatory", "inhibitory"])
def test_does_every_stored_weight_have_the_stated_effect(sign):
    mixed = sign == "mixed"
    mantissas = range(-256 if mixed else 0, 256) if sign != "inhibitory" else range(-255, 1)
    for bits in (1, 2, 3, 4, 5, 6, 8):
        for exponent in range(-8, 8):
            expected = [plain_weight(w, bits, mixed, exponent) for w in mantissas]
            got = effective_weights(np.array(mantissas), Encoding(bits, sign, exponent, 0), LOIHI)
            assert got.tolist() == expected


@given(
    st.lists(st.integers(-300, 300), min_size=1, max_size=6),
    st.integers(0, 15),
    st.sampled_from([-1, 0, 1]),
)
@settings(max_examples=300, deadline=None)
def test_does_a_weight_act_as_written_or_is_refused(weights, exponent, one_sign):
    weights = np.array([abs(w) * one_sign if one_sign else w for w in weights])
    n = len(weights)
    projection = Projection(
        "a", "b", np.array([0, n]), np.arange(n, dtype=np.int32), weights, delay=1, exponent=exponent
    )
    written = [int(w) * 2**exponent for w in weights]
    try:
        encoding, mantissas = encode(projection, LOIHI)
    except UnsupportedError as error:
        assert "projection a -> b" in str(error)
        largest = 127 if min(written) < 0 < max(written) else 255
        assert exponent < 6 or exponent > 6 + 7 or max(abs(weights)) > largest  # what fits at 2**6 is never refused
        return
    assert effective_weights(mantissas, encoding, LOIHI).tolist() == written
    assert np.abs(mantissas).max() <= 255
    assert encoding.bits in (1, 2, 3, 4, 5, 6, 8)
    assert -8 <= encoding.exponent <= 7


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_does_the_ring_of_delays_act_in_the_right_step(seed, axons, targets):
    """Synapses with delays 0..62, which act one step later and more; compared with a dictionary over steps."""
    rng = np.random.default_rng(seed)
    fan_out = rng.integers(0, 6, axons)
    ptr = np.concatenate([[0], np.cumsum(fan_out)])
    target = rng.integers(0, targets, ptr[-1]).astype(np.int32)
    weight = rng.choice([-2097088, -64, 64, 8128, 2097088], ptr[-1]).astype(np.int32)
    delay = rng.choice([0, 1, 5, 61, 62], ptr[-1]).astype(np.int16)
    ring = np.zeros((64, targets), dtype=np.int64)
    due = defaultdict(int)
    for step in range(200):
        assert ring[step % 64].tolist() == [due[step, k] for k in range(targets)]
        ring[step % 64] = 0
        arrived = rng.integers(0, axons, rng.integers(0, 5))
        deliver(arrived, ptr, target, weight, delay, ring, step)
        for a in arrived:
            for s in range(ptr[a], ptr[a + 1]):
                due[step + 1 + int(delay[s]), int(target[s])] += int(weight[s])


# ---- a whole network, through the functional engine --------------------------------------------------------


def random_network(rng):
    """Two input lines, three neurons of two compartments; every synapse with its own delay of 1..63 steps."""

    def part(join):
        decays = rng.choice([0, 128, 2048, 4095], 2)
        return Compartment(
            decay_u=int(decays[0]),
            decay_v=int(decays[1]),
            threshold=rng.choice([0, 640, 64000, TOP_THRESHOLD], 3),
            bias=rng.choice([-TOP_BIAS, -3, 0, 64, TOP_BIAS], 3),
            refractory=int(rng.choice([1, 2, 64])),
            initial=rng.choice([LOWEST, -64, 0, 5000, HIGHEST], 3),
            join=join,
            spiking=bool(join != "none" or rng.random() < 0.5),
        )

    def synapses(source, rows, port):
        weights = rng.integers(-127, 128, (rows, 3)) * (rng.random((rows, 3)) < 0.8)
        dense = Projection.dense(source, "n", weights, port=port)
        delay = rng.choice([1, 2, 7, 62, 63], len(dense.targets)).astype(np.int16)
        exponent = int(rng.integers(6, 13))
        return Projection(source, "n", dense.indptr, dense.targets, dense.weights, delay, port, exponent)

    neuron = CompartmentNeuron((part("none"), part(str(rng.choice(list(JOINS))))))
    projections = (synapses("in", 2, 0), synapses("in", 2, 1), synapses("n", 3, int(rng.integers(2))))
    return Network("random", (Population("in", 2, Source()), Population("n", 3, neuron)), projections, ("n",))


def plain_network(network, inputs):
    """Pulses of the somas [steps][neuron] and the voltages of the first compartments at the end."""
    parts = network.population("n").neuron.compartments

    def number(value, neuron):
        return int(np.broadcast_to(value, 3)[neuron])

    compartments = [
        Plain(
            **{name: number(getattr(c, name), k) for name in ("decay_u", "decay_v", "threshold", "bias", "refractory")},
            join=c.join,
            spiking=c.spiking,
            v=number(c.initial, k),
        )
        for k in range(3)
        for c in parts
    ]
    due = defaultdict(int)
    pulses = []
    for step, lines in enumerate(inputs):
        fired, _, _ = plain_step(compartments, [due[step, k] for k in range(6)])
        somas = fired[1::2]
        pulses.append(somas)
        for p in network.projections:
            sending = lines if p.source == "in" else somas
            for row, target, weight, delay in zip(p.rows, p.targets, p.weights, p.delays, strict=True):
                if sending[row]:
                    due[step + int(delay), 2 * int(target) + p.port] += int(weight) * 2**p.exponent
    return pulses, [c.v for c in compartments[::2]]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_does_a_network_of_compartments_equal_the_rules(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    inputs = rng.random((1, 150, 2)) < 0.3
    pulses, voltages = plain_network(network, inputs[0])
    run = run_functional(network, inputs, WIDTHS)
    assert run.pulses["n"][0].tolist() == pulses
    assert run.final["n"][0].tolist() == voltages
