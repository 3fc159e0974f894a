"""Is bad F18A input refused in one line, and does nothing make the tools crash or hang?"""

import json
import random

import pytest
from f18a_nodes import GRID, array, ga144, run
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from neurosim.cli_f18a import app
from neurosim.cores.f18a.array import LATEST, Array
from neurosim.cores.f18a.assemble import assemble, assemble_nodes
from neurosim.cores.f18a.program import NodeProgram
from neurosim.cores.f18a.vectors import run_vectors
from neurosim.engine.compiled.array import run_array
from neurosim.errors import CapacityError, FileError, NeurosimError

PIECES = (
    "dup + jump l l: [ ] begin unext 5 -1 @p word org 0x3f node 407 /a /stack | ( ) \\ 'l +cy -cy equ x ; settle on"
)


@pytest.fixture
def cli(tmp_path):
    """Return a function that writes a file and runs a command on it: (exit status, output, error)."""

    def call(command, content, *options, name="file"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = CliRunner().invoke(app, [command, str(path), *options])
        error = result.exception
        if error is not None and not isinstance(error, NeurosimError | SystemExit):
            raise error
        return result.exit_code, result.stdout, str(error).replace(str(path), "FILE") if error else ""

    return call


class TestCommands:
    def test_does_asm_list_the_words(self, cli):
        status, out, _ = cli("asm", "node 407 l: dup drop jump l")
        assert status == 0
        assert "node 407: 1 words" in out
        document = json.loads(cli("asm", "node 407 l: 7 jump l", "--json")[1])
        assert document["nodes"][0]["labels"] == {"l": 0}
        assert document["nodes"][0]["memory"]["01"] == "00007"

    def test_does_dis_give_text_that_assembles_to_the_same(self, cli):
        rng = random.Random(5)
        words = [rng.randrange(1 << 18) for _ in range(64)]
        text = cli("dis", " ".join(f"{word:05x}" for word in words))[1]
        assert assemble(text).words == tuple(words)

    def test_does_run_tell_state_times_and_energy(self, cli):
        text = "node 400 /a west\n/b east\nl: @ 5 + !b jump l"
        status, out, _ = cli("run", text, "--feed", "400.left=1,2,-3", "--collect", "400.right", "--json")
        document = json.loads(out)
        assert status == 0
        out_of = {host["port"]: [word for _, word in host["received"]] for host in document["hosts"]}
        assert out_of == {"left": [], "right": [6, 7, 2]}
        assert document["ended"] == "waiting"
        assert document["energy_j"]["low"] < document["energy_j"]["total"] < document["energy_j"]["high"]
        assert document["loading"]["words"] > 0
        assert "ended: waiting at" in cli("run", text, "--feed", "400.left=1", "--collect", "400.right")[1]

    def test_does_run_record_a_trace(self, cli):
        out = cli("run", "node 407 dup | jump rdlu", "--engine", "event", "--trace", "407", "--json")[1]
        assert [step["opcode"] for step in json.loads(out)["trace"]] == ["dup", ".", ".", ".", "jump"]
        assert "add --engine event" in cli("run", "dup", "--trace", "407")[2]

    def test_do_constants_supply_and_limits_count(self, cli):
        text = "l: jump l"
        ends = [
            json.loads(cli("run", text, "--opcodes", "100", "--json", *options)[1])["end_ps"]
            for options in ((), ("--constants", "db001"), ("--set", "operating.voltage=1.6"))
        ]
        assert ends == [101 * 5200, 101 * 5100, 101 * round(5200 * 1.1562)]
        assert json.loads(cli("run", text, "--until", "1 us", "--json")[1])["ended"] == "limit"

    def test_is_a_deadlock_a_failure(self, cli):
        status, out, _ = cli("run", "node 407 /a east\n! jump rdlu\nnode 408 /a west\n! jump rdlu")
        assert status == 1
        assert "deadlock: node 407 waits for 408 (write on left)" in out

    def test_are_all_nodes_in_deadlock_told_with_whom_they_wait_for(self, cli):
        # Each node reads from the next one in a ring through the whole array; nobody writes.
        path = [
            row * 100 + column for row in range(8) for column in (range(1, 18) if row % 2 == 0 else range(17, 0, -1))
        ]
        path += [row * 100 for row in range(7, -1, -1)]
        ring = dict(zip(path, [*path[1:], path[0]], strict=True))
        text = "\n".join(f"node {node:03d} /a {GRID.towards(node, goal)}\n@ jump 0" for node, goal in ring.items())
        assert len(ring) == 144
        for engine in ("compiled", "event"):
            status, out, _ = cli("run", text, "--engine", engine)
            told = [line for line in out.splitlines() if line.startswith("deadlock: ")]
            assert status == 1
            assert len(told) == 144
            for line, node in zip(told, sorted(ring), strict=True):
                assert line.startswith(f"deadlock: node {node:03d} waits for {ring[node]:03d} (read on ")

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400))
    def test_do_random_bytes_give_words_or_one_line(self, tmp_path_factory, data):
        file = tmp_path_factory.getbasetemp() / "random.f18a"
        file.write_bytes(data)
        for command in (["asm"], ["run", "--opcodes", "500", "--until", "1 us"], ["dis"]):
            result = CliRunner().invoke(app, [command[0], str(file), *command[1:]])
            if result.exit_code not in (0, 1) or not isinstance(result.exception, SystemExit | None):
                assert isinstance(result.exception, NeurosimError)
                assert "\n" not in str(result.exception)

    def test_does_strict_carry_refuse(self, cli):
        text = "node 407 [ dup + . . ] jump rdlu"
        assert "warning: node 407 at 000" in cli("run", text)[1]
        assert "strict-carry" in cli("run", text, "--strict-carry")[2]

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            (("--engine", "evnt"), "unknown engine 'evnt', did you mean 'event'?"),
            (("--set", "time.alu"), "must have the form figure=value"),
            (("--until", "soon"), "must be a time such as '10 us'"),
            (("--feed", "400"), "must have the form 708.up=1,2,3"),
            (("--feed", "407.up=99999999"), "word out of range"),
            (("--collect", "nowhere"), "must name a port as 708.up"),
            (("--option", "settle=off"), "unknown --option 'settle'"),
            (("--option", "settling=of"), "did you mean 'off'"),
            (("--constants", "db003"), "unknown constant set"),
            (("--chip", "loihi"), "not f18a"),
            (("--opcodes", "0"), "opcodes: found 0"),
        ],
    )
    def test_are_wrong_options_refused_in_one_line(self, cli, options, problem):
        status, out, error = cli("run", "node 407 dup", *options)
        assert status != 0
        assert problem in error
        assert "\n" not in error
        assert out == ""

    def test_is_a_missing_file_refused(self, tmp_path):
        for command in ("asm", "run", "vectors", "dis"):
            result = CliRunner().invoke(app, [command, str(tmp_path / "nothing")])
            assert "no such file" in str(result.exception)

    def test_is_what_is_no_text_refused(self, cli):
        assert cli("asm", b"\xff\xfe\x00")[2] == "FILE: not text in UTF-8: byte 0"
        assert cli("asm", b" " * (1 << 21))[2] == "FILE: 2097152 bytes, at most 1048576 are read"


class TestVectors:
    EXAMPLE = "tests/data/f18a_vectors_example.json"

    def document(self, request):
        return json.loads((request.config.rootpath / self.EXAMPLE).read_text())

    def test_do_the_example_vectors_pass(self, cli, request):
        status, out, _ = cli("vectors", json.dumps(self.document(request)), "--json")
        assert (status, json.loads(out)) == (0, {"passed": 64, "failed": 0, "failures": []})
        status, out, _ = cli("vectors", json.dumps(self.document(request)), "--engine", "event")
        assert (status, out) == (0, "passed 64, failed 0\n")

    def test_are_failures_named(self, cli, request):
        document = self.document(request)
        for vector, change in zip(
            document["single"],
            ({"a": 1}, {"p": 5}, {"slot": 3}, {"d": [0] * 10}, {"r": [1] * 9}, {"ram_diff": {"00": "1"}}),
            strict=False,
        ):
            vector["final"] |= change
        document["single"][6]["word_fetches"] += 1
        document["single"][7]["opcounts"]["."] = 99
        document["multi"][0]["nodes"][1]["opcodes"] += 1
        changed = [vector["id"] for vector in document["single"][:8]] + [document["multi"][0]["id"]]
        status, out, _ = cli("vectors", json.dumps(document), "--json")
        assert status == 1
        assert json.loads(out) == {"passed": 55, "failed": 9, "failures": changed}

    @pytest.mark.parametrize(
        ("path", "value", "problem"),
        [
            (("format",), 2, "format: found 2"),
            (("singel",), [], "singel: unknown key, did you mean 'single'?"),
            (("single", 0, "init", "p"), 1024, "single[0].init.p"),
            (("single", 0, "init", "p"), 1.0, "single[0].init.p"),
            (("single", 0, "init", "ram"), "0 1", "found 2 words, must be 64"),
            (("single", 0, "init", "d"), [0] * 9, "single[0].init.d"),
            (("single", 0, "rom"), "C", "found 'C', which roms does not have"),
            (("single", 0, "steps"), -1, "single[0].steps"),
            (("single", 0, "final", "ram_diff"), {"zz": "0"}, "found 'zz', must be a number in hex"),
            (("multi", 0, "nodes", 0, "coord"), 999, "nodes 000 to 717"),
            (("roms", "A"), "x " * 64, "found 'x', must be a number in hex"),
        ],
    )
    def test_is_a_malformed_file_refused(self, tmp_path, request, path, value, problem):
        document = self.document(request)
        place = document
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        file = tmp_path / "vectors.json"
        file.write_text(json.dumps(document))
        try:
            verdict = run_vectors(file, ga144(), run_array)
        except FileError as error:
            assert problem in str(error)
            assert "\n" not in str(error)
        else:
            assert problem in "".join(verdict.failures.values())

    @settings(max_examples=80, deadline=None)
    @given(st.binary(max_size=300))
    def test_do_random_bytes_get_one_line(self, tmp_path_factory, data):
        file = tmp_path_factory.getbasetemp() / "random.json"
        file.write_bytes(data)
        with pytest.raises(FileError) as caught:
            run_vectors(file, ga144(), run_array)
        assert "\n" not in str(caught.value)

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.integers(0, (1 << 18) - 1), min_size=64, max_size=64), st.integers(0, 1023), st.integers(0, 5000)
    )
    def test_does_random_memory_come_to_a_verdict(self, tmp_path_factory, words, start, steps):
        ram = " ".join(f"{word:x}" for word in words)
        init = {"p": start, "a": words[0], "b": words[1] & 511, "carry": 0, "d": words[:10], "r": words[:9], "ram": ram}
        single = {"id": "s", "steps": steps, "init": init, "final": {}}
        multi = {"id": "m", "nodes": [{"coord": 407, "init": init, "final": {}}]}
        file = tmp_path_factory.getbasetemp() / "memory.json"
        file.write_text(json.dumps({"format": 1, "single": [single], "multi": [multi] if steps < 50 else []}))
        verdict = run_vectors(file, ga144(), run_array)
        assert verdict.passed + len(verdict.failures) in (1, 2)


class TestRandomText:
    @settings(max_examples=150, deadline=None)
    @given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES.split()), max_size=60).map(" ".join)))
    def test_does_the_assembler_give_words_or_one_line(self, text):
        for read in (assemble, assemble_nodes):
            try:
                read(text)
            except NeurosimError as error:
                assert "\n" not in str(error)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, (1 << 18) - 1), max_size=64), st.integers(0, 1023))
    def test_does_random_memory_end_in_bounded_steps(self, words, start):
        try:
            result = run([NodeProgram(708, words, start)], opcodes=2000, until=10**8)
        except NeurosimError as error:
            assert str(error).startswith("node 708")
        else:
            assert result.opcodes <= 2000

    def test_is_a_huge_text_refused_quickly(self):
        with pytest.raises(NeurosimError, match="overflow"):
            assemble("dup drop " * 50_000)
        with pytest.raises(NeurosimError):
            assemble("9" * 100_000)
        with pytest.raises(NeurosimError):
            assemble("0x" + "9" * 100_000)


class TestPrograms:
    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ({"words": [0] * 65}, "limit ram_words: needed 65, available 64"),
            ({"rom": [0] * 65}, "limit rom_words: needed 65, available 64"),
            ({"words": [1 << 18]}, "words: found 262144, must be 0..0x3ffff"),
            ({"start": 1024}, "start: found 1024"),
            ({"b": 512}, "b: found 512"),
            ({"stack": [-1]}, "stack: found -1"),
            ({"memory": {64: 0}}, "address 0x40, RAM is 0..0x3f"),
        ],
    )
    def test_are_values_out_of_range_refused(self, arguments, problem):
        with pytest.raises(NeurosimError, match=problem) as caught:
            NodeProgram(407, **arguments)
        assert isinstance(caught.value, CapacityError) == ("limit" in problem)

    def test_are_nodes_that_do_not_exist_refused(self):
        with pytest.raises(NeurosimError, match="nodes 000 to 717"):
            array([NodeProgram(818)])
        with pytest.raises(NeurosimError, match="two programs"):
            array([NodeProgram(407), NodeProgram(407)])

    def test_are_limits_out_of_range_refused(self):
        for limits in ({"opcodes": 0}, {"until": 0}, {"until": LATEST + 1}):
            with pytest.raises(NeurosimError, match="must be 1"):
                run_array(array("jump rdlu"), **limits)

    def test_is_a_time_that_counts_nothing_refused(self):
        slow = ga144().with_overrides({"time.alu": "2 ms"})
        with pytest.raises(NeurosimError, match=r"time\.alu: found 2000000000 ps"):
            run_array(Array(slow, array("jump rdlu").programs))
