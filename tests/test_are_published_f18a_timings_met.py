"""Do F18A programs take the time, and a crystal oscillator the energy, that were published?

Times: 10 % (the spread from chip to chip), energy of the oscillator: 5 %; the default constants. Each program runs
opcode by opcode in the simulator; sources are named beside the figures.
"""

from __future__ import annotations

import pytest
from f18a_nodes import GRID, array, ga144, programs, run, run_both, traced

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.array import Array, Pin, collector, feeder
from neurosim.cores.f18a.assemble import assemble
from neurosim.cores.f18a.boot import loading
from neurosim.cores.f18a.energy import price_array
from neurosim.cores.f18a.program import NodeProgram
from neurosim.engine.compiled.array import run_array
from neurosim.engine.event.array import run_array as run_event
from neurosim.errors import NeurosimError

TIME, ENERGY = 0.10, 0.05
MOST = (1 << 18) - 1


def first(result, address):
    """When the word at an address began for the first time (ps)."""
    return next(step.begin for step in result.trace if step.address == address & 0xFF and step.slot == 0)


def word_time(text, start, end="done"):
    """Nanoseconds from the first opcode at one label to the first at another, and the run."""
    code, result = assemble(text), traced(text)
    assert result.doubts == ()
    return (first(result, code.address(end)) - first(result, code.address(start))) / 1000, result


def test_does_an_empty_unext_loop_take_2_3_ns():
    # C. Moore, timings: 427 turns take about 1 us.
    taken, _ = word_time("/return 426\nloop: begin unext | done: dup jump rdlu", "loop")
    assert taken / 427 == pytest.approx(2.3, rel=TIME)
    assert taken == pytest.approx(1000, rel=TIME)


def test_does_the_delay_of_the_boot_rom_take_2_56_us():
    # BOOT-02: 498 turns of two nops and unext.
    taken, _ = word_time("/return 497\nloop: begin . . unext | done: dup jump rdlu", "loop")
    assert taken == pytest.approx(2560, rel=TIME)


def test_does_an_unsigned_multiplication_take_84_ns():
    # C. Moore, arithmetic: 18 by 18 bits.
    text = "1234 250000 call mul done: dup jump rdlu mul: 17 push a! dup dup or begin +* unext a ;"
    taken, result = word_time(text, "mul")
    assert taken == pytest.approx(84, rel=TIME)
    assert result.node(407).stack[0] == 1234 * 250000 % (1 << 18)


DIVIDE = """
    {high} {low} {minus} call div done: dup jump rdlu
    +cy
    div:  dup dup or dup + drop     ( clear the carry )
          a! 17 push
    loop: dup + push dup + dup a + -if keep
          drop pop next loop
          dup + ;
    keep: push drop pop pop next loop
          dup + ;
"""


@pytest.mark.parametrize(("number", "divisor"), [(200, 10), (MOST, 3), (1234 * 54321 + 999, 54321), (0x15555, 1)])
def test_does_a_division_take_661_ns(number, divisor):
    # C. Moore: the unsigned division in ROM. Restoring, one bit of the quotient per turn, carried by the carry.
    text = DIVIDE.format(high=number >> 18, low=number & MOST, minus=-divisor)
    taken, result = word_time(text, "div")
    assert taken == pytest.approx(661, rel=TIME)
    assert result.node(407).stack[1:3] == (number // divisor, number % divisor)  # below the dup of "done"


def test_does_a_polling_loop_take_18_1_ns():
    # AN007: drop, read io, test; nops and next: 18.1 ns per turn.
    text = "/return 99\n/io 0\nloop: [ drop @b -if out ] out: [ . . next loop ] done: dup jump rdlu"
    taken, _ = word_time(text, "loop")
    assert taken / 100 == pytest.approx(18.1, rel=0.001)


def test_does_a_store_and_a_fetch_through_a_port_take_8_6_ns():
    # C. Moore: ! and @ in one node, their mirror in its neighbour.
    text = """
        node 407 /a east
        /return 99
        begin ! @ unext jump rdlu
        node 408 /a west
        /return 99
        begin @ ! unext jump rdlu
    """
    steps = traced(text, 407).trace
    pairs = [step.end - step.begin for step in steps if step.opcode in ("!", "@")]
    assert sum(pairs) / 100 / 1000 == pytest.approx(8.6, rel=TIME)


RELAY = "\n".join(f"node {400 + k}\n/a west\n/b east\n/return 0x3ffff\nbegin @ !b unext" for k in range(5))


def test_does_a_relay_pass_a_word_in_4_68_ns_and_turn_in_13():
    # AN020: 23.40 ns through five nodes, measured; 13.0 ns per word, nominal.
    east = GRID.port(404, "east")
    result = run_both(RELAY, hosts=[feeder(400, "left", range(200)), collector(404, east)])
    out, sent = result.host(404, east).received, result.host(400, "left").sent
    assert [word for _, word in out] == list(range(200))
    assert (out[0][0] - sent[0][0]) / 1000 == pytest.approx(23.40, rel=TIME)
    assert (out[-1][0] - out[99][0]) / 100 / 1000 == pytest.approx(13.0, rel=TIME)


def delay_line(node):
    """A node without code: it executes two words per datum from its port and sends the same two on (AB005)."""
    pair = (0x09822, 0x09D0A)
    ports = {way: isa.ADDRESSES[GRID.port(node, way)] for way in ("west", "east")}
    return NodeProgram(node, [0] * 64, ports["west"], a=0, b=ports["east"], stack=pair * 5)


def test_does_a_delay_line_sustain_a_word_in_52_ns():
    # AB005 and AN020: about 50 to 52 ns per word, however long the line.
    ends = """
        node 400 /a east
        /return 499
        loop: 0x09d0a ! dup ! 0x09822 ! next loop jump rd-u
        node 407 /a west
        /return 499
        loop: @ drop @ @ drop drop next loop jump rdlu
    """
    lines = [*programs(ends), *(delay_line(400 + k) for k in range(1, 7))]
    steps = [s for s in run_event(array(lines), opcodes=20_000, trace=[404]).trace if s.opcode == "!+"]
    assert (steps[-1].begin - steps[-201].begin) / 200 / 1000 == pytest.approx(52, rel=TIME)


def test_does_a_delay_line_give_words_back_after_64_per_node():
    words = [word for k in range(140) for word in (0x09D0A, k + 1, 0x09822)]
    west, east = feeder(400, "left", words), collector(401, GRID.port(401, "east"))
    result = run([delay_line(400), delay_line(401)], hosts=[west, east])
    out = result.host(401, GRID.port(401, "east")).words
    assert set(out[::3]) == {0x09D0A}
    assert out[1::3] == (0,) * 128 + tuple(range(1, 13))


@pytest.mark.parametrize(("megahertz", "milliwatt"), [(9, 2.036), (10, 2.239), (15, 3.389)])
def test_does_an_oscillator_take_the_measured_power(megahertz, milliwatt):
    # AN002: node 517 drives its crystal at every edge for the time of one store, then waits for the other edge.
    half, edges = round(1e6 / megahertz / 2), 2000
    crystal = Pin(517, [half * (k + 1) for k in range(edges)], [(k + 1) % 2 for k in range(edges)])
    text = """
        node 517 /a left
        /io 0
        /stack 0x800 0x30800 0 0x20000 0x800 0x30800 0 0x20000 0x800 0x30800
        /return 0x3ffff
        @ drop | loop: !b !b @ | drop next loop
    """
    result = run(text, pins=[crystal])
    driven = [word >> 16 for _, _, word in result.io_writes]
    assert driven == [3, 0, 2, 0] * (edges // 2)  # high, let go, low, let go
    energy = price_array(result, ga144(), "cores").total.value
    power = energy / (result.end * 1e-12)
    assert power * 1e3 == pytest.approx(milliwatt, rel=ENERGY)


class TestEnergy:
    def test_does_a_delay_loop_take_3_2_mw(self):
        # AN002: "about 3.2 mW" for a node that only counts down.
        result = run("/return 100000\nbegin unext jump rdlu")
        power = price_array(result, ga144(), "cores").total.value / (result.end * 1e-12)
        assert power * 1e3 == pytest.approx(3.2, rel=TIME)

    def test_does_a_waiting_chip_take_14_microwatt(self):
        # PB001: all nodes suspended.
        pin = Pin(708, (10**9,), (1,))
        result = run("node 708 /a up\n@ drop jump rdl-", pins=[pin])
        energy = price_array(result, ga144())
        assert energy.parts["leakage"].value / (result.end * 1e-12) * 1e6 == pytest.approx(14, rel=TIME)
        assert energy.parts["leakage"].value > 0.9 * energy.total.value

    def test_is_the_sum_of_all_nodes_that_of_the_parts(self):
        result = run(RELAY, hosts=[feeder(400, "left", range(20))])
        energy = price_array(result, ga144())
        dynamic = energy.parts["active"].value + energy.parts["unext"].value
        assert sum(energy.per_node.values()) == pytest.approx(dynamic)
        assert energy.total.low < energy.total.value < energy.total.high

    def test_does_energy_go_with_the_square_of_the_supply(self):
        low = ga144().with_overrides({"operating.voltage": "1.6"})
        text = "[ dup . . . ] [ @p drop . . ] word 5 [ jump rdlu ]"
        result = run_array(Array(low, array(text).programs))
        slow = price_array(result, low, "cores").parts["active"].value
        fast = price_array(run(text), ga144(), "cores").parts["active"].value
        assert slow / fast == pytest.approx((1.6 / 1.8) ** 2, rel=0.001)

    def test_is_an_unknown_boundary_refused(self):
        with pytest.raises(NeurosimError, match="did you mean 'chip'"):
            price_array(run("jump rdlu"), ga144(), "chips")


class TestLoading:
    def test_is_a_full_chip_of_the_published_size(self):
        # BOOT-02 and DB013: 3 + 1 + 142 x 5 + 143 x (5 + 64 + 2 + 1) words.
        full = loading(ga144(), [NodeProgram(node, [0] * 64) for node in GRID.nodes if node != 708])
        assert full.words == 11_010
        assert full.seconds["serial_slow"] == pytest.approx(0.72, rel=0.01)
        assert full.seconds["serial"] == pytest.approx(0.36, rel=0.01)
        assert full.seconds["flash"] == pytest.approx(1.0, rel=0.03)
        assert full.joules == pytest.approx(42.5e-6, rel=0.06)  # 40 to 45 uJ

    def test_does_a_stream_end_at_the_last_program(self):
        # By hand: header 3, focus 1, a pump and a start for 707, load 5 + 2, A and B 2 each, start 1 for 706.
        one = loading(ga144(), [NodeProgram(706, [0, 0], a=5)])
        assert one.path == (707, 706)
        assert one.words == 3 + 1 + (5 + 1) + (5 + 2 + 2 + 2 + 1)
        assert one.word_hops == 18 + 12

    def test_is_a_path_that_jumps_refused(self):
        with pytest.raises(NeurosimError, match="not neighbours"):
            loading(ga144(), [NodeProgram(706, [0])], path=(706,))
        with pytest.raises(NeurosimError, match="not on the path"):
            loading(ga144(), [NodeProgram(706, [0])], path=(707,))
