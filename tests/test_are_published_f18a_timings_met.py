"""Do F18A programs take the time, and a crystal oscillator the energy, that were published?

Times: 10 % (the spread from chip to chip), energy of the oscillator: 5 %; the default constants. The programs are those
of the scenario ga144_anchors and run opcode by opcode; published figures are written here by hand.
"""

from __future__ import annotations

import json
from functools import cache

import command_line
import pytest
from f18a_nodes import GRID, array, ga144, programs, run, run_both

from neurosim.cores.f18a.array import Array, collector, feeder
from neurosim.cores.f18a.boot import loading
from neurosim.cores.f18a.energy import price_array
from neurosim.cores.f18a.program import NodeProgram
from neurosim.engine.compiled.array import run_array
from neurosim.errors import FileError, NeurosimError
from neurosim.paths import data_dir
from neurosim.scenario.programs import ProgramRun, prepare_programs, run_program
from neurosim.scenario.programs_file import load_programs
from neurosim.scenario.published import load_published, read_published
from neurosim.scenario.validate import validate_chip

TIME, ENERGY = 0.10, 0.05
MOST = (1 << 18) - 1
NANO, MICRO, MILLI = 1e-9, 1e-6, 1e-3


@cache
def prepared():
    return prepare_programs(load_programs("ga144_anchors"))


@cache
def anchor(name: str) -> ProgramRun:
    return run_program(prepared(), prepared().scenario.find(name), "db002")


def text_of(name: str, **equ: int) -> str:
    scenario = prepared().scenario
    program = scenario.find(name)
    return scenario.text_of(program.model_copy(update={"equ": {**program.equ, **equ}}))


PUBLISHED = {
    # C. Moore, timings: 427 turns of an empty loop take about 1 us, 2.3 ns each.
    ("empty loop", "turn"): (2.3 * NANO, TIME),
    ("empty loop", "all"): (1.0 * MICRO, TIME),
    # BOOT-02: 498 turns of two nops and unext.
    ("loop of two nops", "all"): (2.56 * MICRO, TIME),
    # C. Moore, arithmetic: 18 by 18 bits unsigned; the unsigned division in ROM.
    ("multiplication", "call"): (84 * NANO, TIME),
    ("division", "call"): (661 * NANO, TIME),
    # AN007: drop, read io, test; nops and next. The second with two shifts.
    ("polling loop", "turn"): (18.1 * NANO, 0.001),
    ("polling loop with shifts", "turn"): (20.7 * NANO, TIME),
    # C. Moore: ! and @ through a port.
    ("port pair", "pair"): (8.6 * NANO, TIME),
    # AN020: 23.40 ns through five nodes, measured; 13.0 ns per word, nominal.
    ("relay", "latency"): (23.40 * NANO, TIME),
    ("relay", "word"): (13.0 * NANO, TIME),
    # AB005 and AN020: about 50 to 52 ns per word, however long the line.
    ("delay line", "word"): (52 * NANO, TIME),
    # AN002: supply current of a node that drives a crystal; a node that only counts down.
    ("oscillator, 9 MHz", "power"): (2.036 * MILLI, ENERGY),
    ("oscillator, 10 MHz", "power"): (2.239 * MILLI, ENERGY),
    ("oscillator, 15 MHz", "power"): (3.389 * MILLI, ENERGY),
    ("delay loop", "power"): (3.2 * MILLI, TIME),
    # PB001: all nodes suspended.
    ("waiting chip", "power"): (14 * MICRO, TIME),
}


@pytest.mark.parametrize("program", PUBLISHED)
def test_is_a_published_figure_met(program):
    name, measure = program
    published, error = PUBLISHED[program]
    assert anchor(name).measured[measure].band.value == pytest.approx(published, rel=error)


def test_does_no_sum_lack_the_time_to_settle():
    for program in prepared().scenario.program:
        assert [doubt for doubt in anchor(program.name).result.doubts if "right after" in doubt.what] == []


def test_is_each_of_them_predicted_by_validate():
    document, chip = load_published("ga144")
    rows = validate_chip(document, chip).rows
    named = {(p.predict.program, p.predict.measure): p.published.si for p in document.point if p.predict}
    assert named == {key: pytest.approx(value) for key, (value, _) in PUBLISHED.items() if key != ("empty loop", "all")}
    errors = [row.error for row in rows if row.error is not None]
    assert len(errors) == len(named)
    assert max(map(abs, errors)) < TIME
    assert {row.quantity for row in rows if row.kind == "not predicted"} == {"time"}


@pytest.mark.parametrize(("x", "y"), [(1234, 250000), (MOST, MOST), (0, 77), (131072, 3)])
def test_does_the_multiplication_multiply(x, y):
    result = run(text_of("multiplication", X=x, Y=y))
    low, high, _ = result.node(407).stack[:3]
    signed = x - (1 << 18) if x >> 17 else x  # the multiplicand is signed, the multiplier is not
    assert (high << 18) + low == signed * y % (1 << 36)


@pytest.mark.parametrize(("x", "y"), [(65536, -98304), (-65536, -98304), (131071, 131071), (-131072, 1), (3, -5)])
def test_does_the_multiplication_of_fractions_multiply(x, y):
    result = run(text_of("fraction multiplication", X=x, Y=y))
    assert result.node(407).stack[0] == ((x * y) >> 17) % (1 << 18)


@pytest.mark.parametrize(("number", "divisor"), [(200, 10), (MOST, 3), (1234 * 54321 + 999, 54321), (0x15555, 1)])
def test_does_the_division_divide(number, divisor):
    text = text_of("division", HIGH=number >> 18, LOW=number & MOST, MINUS=-divisor)
    assert run(text).node(407).stack[:2] == (number // divisor, number % divisor)


def test_does_a_one_in_the_quotient_take_longer_than_a_zero():
    zeros, half, ones = (
        anchor(name).measured["call"].band.value for name in ("division, all zeros", "division", "division, all ones")
    )
    assert zeros < half < ones
    assert half == pytest.approx((zeros + ones) / 2, rel=0.001)


def test_does_the_relay_pass_all_words_on_in_both_engines():
    east = GRID.port(404, "east")
    result = run_both(text_of("relay"), hosts=[feeder(400, "left", range(200)), collector(404, east)])
    assert result.host(404, east).words == tuple(range(200))


def test_does_the_oscillator_drive_and_let_go_of_its_pin():
    driven = [word >> 16 for _, _, word in anchor("oscillator, 9 MHz").result.io_writes]
    assert driven == [3, 0, 2, 0] * 1000  # high, let go, low, let go


class TestCommands:
    def call(self, monkeypatch, capsys, *arguments):
        return command_line.run(monkeypatch, capsys, *arguments)

    def test_does_run_tell_what_each_program_takes(self, monkeypatch, capsys):
        status, out, _ = self.call(monkeypatch, capsys, "run", "ga144_anchors", "--json")
        document = json.loads(out)
        assert status == 0
        assert [run["program"] for run in document["runs"]] == [p.name for p in prepared().scenario.program]
        found = next(run for run in document["runs"] if run["program"] == "delay line")
        assert found["measured"]["word"]["value"] == anchor("delay line").measured["word"].band.value
        shown = self.call(monkeypatch, capsys, "run", "ga144_anchors")[1]
        assert "53.4 ns" in shown
        assert "…" not in shown

    def test_do_supply_and_constants_count(self):
        slow = prepare_programs(
            load_programs(
                "ga144_anchors",
                [("chip.ga144.operating.voltage", "1.6"), ("scenario.constants", ["db002", "db001"])],
            )
        )
        program = slow.scenario.find("empty loop")
        default, other = (run_program(slow, program, name).measured["turn"].band.value for name in slow.constants)
        assert default == pytest.approx(anchor("empty loop").measured["turn"].band.value * 1.1562, rel=0.001)
        assert other == pytest.approx(2.0 * NANO * 1.1562, rel=0.01)  # DB001's unext

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ('start = "loop"', 'start = "lop"', "no label 'lop', did you mean 'loop'?"),
            ('like = "division"', 'like = "divison"', "no text of that name, did you mean 'division'?"),
            ("leaves = [218656]", "leaves = [218657]", "leaves [218656] on the stack, must be [218657]"),
            (
                'by = "latency of a word"',
                'by = "latency of words"',
                "did you mean 'latency of a word'?",
            ),
            ('collect = "404.right"', "", "measure by latency of a word needs collect"),
            ("last = 100", "last = 200", "200 times, 201 are needed for 200 intervals"),
            ("node = 407, opcodes", "node = 406, opcodes", "measure of node 406, which has no code"),
            ("begin @ ! unext", "begin @ ! unxt", "port pair:6:11: 'unxt' between begin and unext"),
            ("-if keep", "-if kep", "division:6:36: undefined label 'kep', did you mean 'keep'?"),
            ("opcodes = 200000", "opcodes = 0", "program[15].opcodes: found 0: input should be greater"),
            ('chip = "ga144"', 'chip = "loihi"', "its cores are of kind compartment, not f18a"),
            ("crystal = { node = 708", "crystal = { node = 709", "pin 17 of node 709: the node has pins none"),
            ('name = "relay"', 'name = "port pair"', "program[10] (port pair): stands twice"),
        ],
    )
    def test_is_a_mistake_told_in_one_line(self, monkeypatch, capsys, tmp_path, old, new, problem):
        text = (data_dir("scenarios") / "ga144_anchors.toml").read_text()
        assert old in text
        file = tmp_path / "mine.toml"
        file.write_text(text.replace(old, new, 1))
        status, out, error = self.call(monkeypatch, capsys, "run", str(file), "--json")
        assert (status, out) == (2, "")
        assert problem in error
        assert error.count("\n") == 1

    def test_does_a_published_figure_name_a_program_and_a_measure(self, tmp_path):
        text = (data_dir("scenarios") / "validation" / "ga144.toml").read_text()
        file = tmp_path / "ga144.toml"
        for old, new, problem in (
            ('program = "relay"', 'program = "rely"', "no program 'rely' in ga144_anchors, did you mean 'relay'?"),
            ('measure = "latency"', 'measure = "latncy"', "no measure 'latncy', did you mean 'latency'?"),
            ('scenario = "ga144_anchors"', 'scenario = "demo"', "a scenario of kind 'programs' is needed"),
        ):
            file.write_text(text.replace(old, new, 1))
            with pytest.raises(FileError, match=problem):
                read_published(file)


def delay_line(node):
    """A node without code: it executes two words per datum from its port and sends the same two on (AB005)."""
    return next(each for each in programs(text_of("delay line")) if each.node == node)


def test_does_a_delay_line_give_words_back_after_64_per_node():
    words = [word for k in range(140) for word in (0x09D0A, k + 1, 0x09822)]
    west, east = feeder(402, GRID.port(402, "west"), words), collector(403, GRID.port(403, "east"))
    result = run([delay_line(402), delay_line(403)], hosts=[west, east])
    out = result.host(403, GRID.port(403, "east")).words
    assert set(out[::3]) == {0x09D0A}
    assert out[1::3] == (0,) * 128 + tuple(range(1, 13))


class TestEnergy:
    def test_is_the_power_of_a_waiting_chip_leakage(self):
        energy = anchor("waiting chip").energy
        assert energy.parts["leakage"].value > 0.99 * energy.total.value

    def test_is_the_sum_of_all_nodes_that_of_the_parts(self):
        result = run(text_of("relay"), hosts=[feeder(400, "left", range(20))])
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
