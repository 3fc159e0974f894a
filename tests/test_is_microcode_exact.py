"""Does a neuron program compute what its instructions say, in whole numbers that wrap, and do the examples?

Expected values are worked out by hand, by a second interpreter in unbounded integers, or by the neuron's equation.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programmed_networks import LOIHI2, draw_program, run_once, toward_zero

from neurosim.cores.compartment.programs import (
    add_and_fire,
    leaky,
    leaky_subtract,
    leaky_subtract_late,
    resonate_and_fire,
    sigma_delta,
)
from neurosim.cores.compartment.step import Parameters, State, step_compartments
from neurosim.cores.compartment.vm import NUMBERS, code_of, step_programs
from neurosim.cores.compartment.widths import arithmetic
from neurosim.network import NeuronProgram
from neurosim.network.microcode import OPERATIONS

WIDTHS = arithmetic(LOIHI2)
MOST = 2**23 - 1  # of 24 bits


def step(program, q, registers=None, parameters=None):
    """Run one step of as many neurons as q has; returns (registers [n][r], sent, active, wrapped)."""
    q = np.atleast_1d(np.asarray(q, dtype=np.int64))
    state = np.zeros((len(q), len(program.registers)), dtype=np.int64) if registers is None else registers
    given = np.stack([np.broadcast_to((parameters or {})[name], q.shape) for name in program.parameters] or [q], 1)
    given = given[:, : len(program.parameters)].astype(np.int64)
    sent, active = np.full(len(q), -7), np.ones(len(q), dtype=np.bool_)
    count = step_programs(q, state, given, code_of(program), WIDTHS, sent, active)
    return state, sent.tolist(), active.tolist(), count


def once(text, q=0, bits=24, **start):
    """Run lines of text once on registers v, w with the given start; returns (v, w, sent, wrapped)."""
    program = NeuronProgram.from_text("test", text, ["v", "w"], [], ["a"], bits)
    state, sent, _, count = step(program, q, np.array([[start.get("v", 0), start.get("w", 0)]]))
    return (*state[0].tolist(), sent[0], count)


# ---- instruction by instruction -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "v", "w", "expected"),
    [
        ("move v w", 1, -9, -9),
        ("move v -8388608", 1, 0, -8388608),
        ("select v w 5 6", 0, 0, 6),
        ("select v w 5 6", 0, -2, 5),
        ("select v v w 6", 3, 4, 4),
        ("and v v w", 0b1100, 0b1010, 0b1000),
        ("and v v w", -1, 77, 77),
        ("or v v w", 0b1100, 0b1010, 0b1110),
        ("or v v w", -8, 5, -3),
        ("shift-left v w 3", 0, -5, -40),
        ("shift-right v w 1", 0, -3, -2),  # an arithmetic shift rounds down
        ("shift-right v w 1", 0, 3, 1),
        ("shift-right v w 23", 0, -1, -1),
        ("add v v w", 5, -7, -2),
        ("subtract v v w", 5, 7, -2),
        ("negate v w", 0, 7, -7),
        ("min v v w", 5, -7, -7),
        ("max v v w", 5, -7, 5),
        ("multiply-shift v v w 0", 300, -7, -2100),
        ("multiply-shift v w 1 1", 0, -3, -1),  # toward zero
        ("multiply-shift v w 1 1", 0, 3, 1),
        ("multiply-shift v v w 23", MOST, MOST, 2**23 - 2),  # the product has 46 bits
        ("multiply-shift v v w 23", -(2**23), MOST, -MOST),
        ("less v v w", 3, 4, 1),
        ("less v v w", 4, 4, 0),
        ("less v v w", -5, -4, 1),
        ("greater-equal v v w", 4, 4, 1),
        ("greater-equal v v w", 3, 4, 0),
        ("equal v v w", 4, 4, 1),
        ("equal v v w", 4, -4, 0),
    ],
)
def test_does_one_instruction_compute_its_value(line, v, w, expected):
    assert once(line, v=v, w=w) == (expected, w, 0, 0)


@pytest.mark.parametrize(
    ("line", "v", "w", "expected"),
    [
        ("add v v w", MOST, 1, -(2**23)),
        ("add v v w", -(2**23), -1, MOST),
        ("subtract v v w", -(2**23), 1, MOST),
        ("negate v v", -(2**23), 0, -(2**23)),
        ("shift-left v v 1", 2**22, 0, -(2**23)),
        ("shift-left v v 23", 3, 0, -(2**23)),
        ("multiply-shift v v w 1", 2**23 - 1, 4, -2),  # 2**24 - 2 = 2**24 + (-2)
        ("multiply-shift v v v 23", -(2**23), 0, -(2**23)),  # 2**23, one beyond the largest
    ],
)
def test_does_a_result_wrap_and_is_it_counted(line, v, w, expected):
    assert once(line, v=v, w=w) == (expected, w, 0, 1)


@pytest.mark.parametrize("bits", [2, 8, 16, 24, 31, 32])
def test_does_every_width_wrap_at_its_own_bound(bits):
    most = 2 ** (bits - 1) - 1
    assert once("add v v 1", bits=bits, v=most) == (-most - 1, 0, 0, 1)
    assert once("add v v 1", bits=bits, v=most - 1) == (most, 0, 0, 0)
    assert once(f"multiply-shift v v v {bits - 1}", bits=bits, v=-most - 1) == (-most - 1, 0, 0, 1)


def test_is_the_input_read_and_cleared():
    assert once("take v\ntake w", q=40) == (40, 0, 0, 0)
    assert once("move v 5", q=40) == (5, 0, 0, 0)  # what is not taken is gone in the next step: sums are per step


@pytest.mark.parametrize(("q", "taken"), [(2**21 - 1, 2**21 - 1), (2**21, -(2**21)), (-(2**21) - 1, 2**21 - 1)])
def test_does_the_synaptic_sum_wrap_at_its_22_bits(q, taken):
    assert once("take v", q=q) == (taken, 0, 0, 0)


def test_do_temporaries_start_at_zero_and_registers_stay():
    program = NeuronProgram.from_text("count", "add a a 1\nadd v v a", ["v"], [], ["a"])
    state = np.array([[10]])
    for k in range(5):
        step(program, 0, state)
        assert state.tolist() == [[11 + k]]


@pytest.mark.parametrize(
    ("text", "ran"),
    [
        ("skip-if v\nadd w w 1\nadd w w 10", {0: 11, 1: 10, -1: 10}),
        ("jump past\nadd w w 1\npast: add w w 10", {0: 10, 1: 10}),
        ("jump-if v past\nadd w w 1\npast: add w w 10", {0: 11, 1: 10, 2: 10}),
        ("jump-if v end\nadd w w 1\nend:", {0: 1, 1: 0}),
        ("skip-if v\njump end\nadd w w 1\nend:", {0: 0, 1: 1}),
        ("skip-if v\nskip-if 1\nadd w w 1\nadd w w 10", {0: 10, 1: 11}),
        ("jump-if v a\njump-if 1 b\na: add w w 1\nb: add w w 10", {0: 10, 1: 11}),
    ],
)
def test_does_control_go_where_it_should(text, ran):
    for v, w in ran.items():
        assert once(text, v=v) == (v, w, 0, 0)


@pytest.mark.parametrize(
    ("text", "v", "sent"),
    [
        ("spike", 0, 1),
        ("spike v", 77, 77),
        ("spike v", -77, -77),
        ("spike v", 0, 0),  # nothing to add: no spike
        ("spike v\nspike 3", 9, 3),  # one spike a step; the later one holds
        ("spike 3\nspike v", 0, 0),
        ("spike v", MOST, MOST),
        ("spike v", -(2**23), -MOST),  # a sign and 23 bits of magnitude
        ("move w v", 5, 0),
    ],
)
def test_does_a_spike_carry_its_value(text, v, sent):
    assert once(text, v=v)[2] == sent


def test_is_a_value_of_a_wide_register_clipped_to_the_payload():
    assert once("spike v", bits=32, v=2**30)[2] == MOST
    assert once("spike v", bits=32, v=-(2**31))[2] == -MOST


def test_is_active_what_had_input_changed_or_fired():
    add = NeuronProgram.from_text("add", "take a\nadd v v a", ["v"], [], ["a"])
    fire = NeuronProgram.from_text("fire", "spike", ["v"])
    turn = NeuronProgram.from_text("turn", "negate v v", ["v"])
    deaf = NeuronProgram.from_text("deaf", "move v v", ["v"])
    assert step(add, [0, 3, 2**22])[2] == [False, True, False]  # 2**22 wraps to 0, which is no input
    assert step(fire, [0])[2] == [True]
    assert step(turn, [0, 0], np.array([[0], [4]]))[2] == [False, True]
    assert step(deaf, [0, 5], np.array([[9], [9]]))[2] == [False, True]


def test_has_every_operation_a_number():
    assert NUMBERS.keys() == OPERATIONS.keys()
    assert len(set(NUMBERS.values())) == len(NUMBERS)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_do_random_programs_run_as_stated(seed):
    rng = np.random.default_rng(seed)
    program, n = draw_program(rng), 4
    state = rng.integers(program.low, program.high + 1, (n, len(program.registers)))
    given = {name: rng.integers(program.low, program.high + 1, n) for name in program.parameters}
    plain = [dict(zip(program.registers, row, strict=True)) for row in state.tolist()]
    for _ in range(4):
        q = rng.integers(-(2**24), 2**24, n) * rng.integers(0, 2, n)
        _, sent, active, count = step(program, q, state, given)
        total = 0
        for k in range(n):
            own = {name: int(values[k]) for name, values in given.items()}
            plain[k], value, alive, overflows = run_once(program, plain[k], own, int(q[k]))
            total += overflows
            assert dict(zip(program.registers, state[k].tolist(), strict=True)) == plain[k]
            assert (sent[k], active[k]) == (value, alive)
        assert count == total


def test_do_the_random_programs_put_the_question():
    rng = np.random.default_rng(0)
    seen, spikes, wraps = set(), 0, 0
    for _ in range(300):
        program = draw_program(rng)
        seen |= {instruction[0] for instruction in program.code}
        state = rng.integers(program.low, program.high + 1, (4, len(program.registers)))
        given = {name: rng.integers(program.low, program.high + 1, 4) for name in program.parameters}
        _, sent, _, count = step(program, rng.integers(-(2**21), 2**21, 4), state, given)
        spikes, wraps = spikes + np.count_nonzero(sent), wraps + count
    assert seen == OPERATIONS.keys()
    assert spikes > 100
    assert wraps > 100


# ---- the examples, each beside its equation ------------------------------------------------------------------


def sums(seed, steps, n, low=-300, high=400):
    return np.random.default_rng(seed).integers(low, high, (steps, n))


def trace(program, q, parameters, registers=None):
    """Run a program over q [T, n]; returns registers [T, n, r] and values sent [T, n]."""
    state = np.zeros((q.shape[1], len(program.registers)), dtype=np.int64) if registers is None else registers
    seen, sent = [], []
    for row in q:
        sent.append(step(program, row, state, parameters)[1])
        seen.append(state.copy())
    return np.array(seen), np.array(sent)


def trunc(x, places):
    return np.vectorize(toward_zero)(x, places)


def test_is_add_and_fire_its_equation():
    q, theta = sums(1, 200, 7), np.array([1, 5, 50, 300, 1000, 4000, 9])
    seen, sent = trace(add_and_fire(), q, {"threshold": theta})
    v = np.zeros(7, dtype=int)
    for t in range(200):
        v = v + q[t]
        s = v >= theta
        v = v - s * theta
        assert np.array_equal(seen[t, :, 0], v)
        assert np.array_equal(sent[t], s)
    assert 0 < sent.sum() < sent.size
    # Nothing is lost: the input so far is what was taken away and what is left.
    assert np.array_equal(q.sum(axis=0), theta * sent.sum(axis=0) + seen[-1, :, 0])


def test_is_the_leaky_program_its_equation_and_the_compartment():
    steps, n = 150, 6
    q = sums(2, steps, n)
    du, dv = np.array([0, 100, 1024, 4095, 2000, 4095]), np.array([0, 50, 512, 4095, 4095, 0])
    bias, theta = np.array([0, 7, -7, 30, 100, 0]), 64 * np.array([1, 5, 9, 3, 4, 20])
    seen, sent = trace(leaky(), q, {"keep_u": 4096 - du - 1, "keep_v": 4096 - dv, "bias": bias, "threshold": theta})
    u = v = np.zeros(n, dtype=int)
    state = State(*np.zeros((3, n), dtype=np.int64))
    one = np.ones(n, dtype=np.int64)
    p = Parameters(du, dv, bias, theta, one, 0 * one, one.astype(bool))
    fired, active = np.zeros((2, n), dtype=bool)
    for t in range(steps):
        u = trunc(u * (4096 - du - 1), 12) + q[t]
        v = trunc(v * (4096 - dv), 12) + u + bias
        s = v > theta
        v = np.where(s, 0, v)
        assert np.array_equal(seen[t], np.stack([v, u], axis=1))
        assert np.array_equal(sent[t], s)
        step_compartments(q[t].astype(np.int64), state, p, WIDTHS, fired, active)
        assert np.array_equal(np.stack([state.v, state.u], axis=1), seen[t])
        assert np.array_equal(fired, s)
    assert 0 < sent.sum() < sent.size


@pytest.mark.parametrize("late", [False, True])
def test_are_the_leaky_programs_with_subtraction_their_equations(late):
    q, n = sums(3, 150, 5), 5
    keep, bias, theta = (
        np.array([4096, 4000, 2048, 0, 3000]),
        np.array([0, 9, -9, 50, 0]),
        np.array([99, 0, 300, 5, 640]),
    )
    program = leaky_subtract_late() if late else leaky_subtract()
    seen, sent = trace(program, q, {"keep": keep, "bias": bias, "threshold": theta})
    v, s = np.zeros(n, dtype=int), np.zeros(n, dtype=bool)
    for t in range(150):
        v = trunc(v * keep, 12) + bias + q[t] - (theta * s if late else 0)
        s = v > theta
        v = v - (0 if late else theta * s)
        assert np.array_equal(seen[t, :, 0], v)
        assert np.array_equal(sent[t], s)
    assert 0 < sent.sum() < sent.size


@pytest.mark.parametrize("shift", [0, 3, 6])
def test_does_sigma_delta_send_the_quantised_change(shift):
    q, theta = sums(4, 200, 6), np.array([1, 8, 64, 100, 300, 1000])
    seen, sent = trace(sigma_delta(shift), q, {"threshold": theta})
    sigma = known = np.zeros(6, dtype=int)
    for t in range(200):
        sigma = sigma + q[t]
        change = np.maximum(sigma, 0) - known
        value = np.where(np.abs(change) >= theta, trunc(change, shift), 0)
        known = known + value * 2**shift
        assert np.array_equal(seen[t], np.stack([sigma, known], axis=1))
        assert np.array_equal(sent[t], value)
        # A receiver that adds up the values never is further off than threshold or step.
        held = sent[: t + 1].sum(axis=0) * 2**shift
        assert np.all(np.abs(np.maximum(sigma, 0) - held) < np.maximum(theta, 2**shift))
    assert np.abs(sent).max() > 1
    assert (sent < 0).any()
    assert (sent == 0).any()


def test_does_resonate_and_fire_rotate():
    n, k = 5, 12
    angle, damping = np.array([0.1, 0.3, 0.7, 1.2, 0.3]), np.array([1.0, 0.99, 0.95, 0.98, 0.5])
    c, d = (np.rint(2**k * damping * f(angle)).astype(int) for f in (np.cos, np.sin))
    q, theta = sums(5, 300, n, -200, 200), np.array([400, 400, 300, 300, 20])
    seen, sent = trace(resonate_and_fire(k), q, {"c": c, "d": d, "threshold": theta})
    x = y = np.zeros(n, dtype=int)
    for t in range(300):
        x, y = trunc(x * c, k) - trunc(y * d, k) + q[t], trunc(x * d, k) + trunc(y * c, k)
        s = y > theta
        x, y = np.where(s, 0, x), np.where(s, 0, y)
        assert np.array_equal(seen[t], np.stack([y, x], axis=1))
        assert np.array_equal(sent[t], s)
    assert np.all(sent.sum(axis=0) > 0)


def test_does_a_resonator_answer_its_own_frequency():
    # Input in time with the rotation makes it fire, as much input at half or double the period does not.
    period, k = 20, 12
    c, d = round(2**k * 0.98 * np.cos(2 * np.pi / period)), round(2**k * 0.98 * np.sin(2 * np.pi / period))
    q = np.zeros((400, 3), dtype=int)
    for column, every in enumerate((period, period // 2, 2 * period)):
        q[::every, column] = 1000 * every // period
    _, sent = trace(resonate_and_fire(k), q, {"c": c, "d": d, "threshold": 2000})
    assert sent[:, 0].sum() > 0
    assert sent[:, 1].sum() == 0
