"""Does a mapping come back from its file, and is a file that is wrong refused in one line that says why?"""

import copy
import json
from pathlib import Path

import command_line
import numpy as np
import pytest

import neurosim as ns
from neurosim.errors import FileError
from neurosim.mapping import exchange
from neurosim.scenario.exchange import open_mapping

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line in this process; returns (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    return lambda *arguments: command_line.run(monkeypatch, capsys, *arguments)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A mapping and its file."""
    mapping = ns.map(ns.load_network("mnist-common"), ns.load_chip("truenorth"), "hilbert", seed=3)
    path = tmp_path_factory.mktemp("mapping") / "mapping.json"
    exchange.write_file(exchange.to_file(mapping, model="mnist-common", versions={"python": "3"}), path)
    return mapping, path


def test_does_a_mapping_come_back(written):
    mapping, path = written
    opened = open_mapping(path)
    assert np.array_equal(opened.mapping.core_of, mapping.core_of)
    assert opened.mapping.digest() == mapping.digest()
    assert (opened.mapping.mapper, opened.mapping.seed) == ("hilbert", 3)
    assert opened.file.mapper.versions == {"python": "3"}


def test_is_a_file_written_the_same_again(written, tmp_path):
    _, path = written
    exchange.write_file(exchange.read_file(path), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_is_the_committed_schema_that_of_the_code():
    assert json.loads((ROOT / "docs" / "mapping.schema.json").read_text()) == exchange.schema()


def test_does_the_schema_name_every_field_of_a_file(written):
    raw = json.loads(written[1].read_text())
    properties = exchange.schema()["properties"]
    assert raw.keys() <= properties.keys()
    assert {"network", "chip", "mapper", "neurons", "cores"} <= set(exchange.schema()["required"])


# ---- what is wrong with a file ---------------------------------------------------------------------------------


def put(raw, *path_and_value):
    *path, last, value = path_and_value
    for part in path:
        raw = raw[part]
    raw[last] = value


def drop(raw, *path):
    for part in path[:-1]:
        raw = raw[part]
    del raw[path[-1]]


MISTAKES = [
    ("another network", lambda r: put(r, "network", "sha256", "0" * 64), "network.sha256: is for another one"),
    ("another chip", lambda r: put(r, "chip", "sha256", "1" * 64), "chip.sha256: is for another one"),
    ("another figure", lambda r: put(r, "chip", "set", {"limits.axons": "255"}), "chip.sha256: is for another one"),
    ("figure that is none", lambda r: put(r, "chip", "set", {"limits.axon": "255"}), "chip.set: .*did you mean"),
    ("another lowering", lambda r: put(r, "network", "lowered_sha256", "2" * 64), "network.lowered_sha256: is for"),
    ("chip of another name", lambda r: put(r, "chip", "name", "loihi"), "chip.sha256: is for another one"),
    ("unknown chip", lambda r: put(r, "chip", "name", "loihy"), "unknown chip 'loihy', did you mean 'loihi"),
    (
        "unknown model",
        lambda r: put(r, "network", "model", "mnist-comon"),
        "'mnist-comon', did you mean 'mnist-common'",
    ),
    ("no model", lambda r: drop(r, "network", "model"), "network.model: missing: .*--model"),
    ("no hash", lambda r: drop(r, "network", "sha256"), "network.sha256: missing"),
    ("short hash", lambda r: put(r, "chip", "sha256", "abc"), "chip.sha256: found 'abc', must match"),
    ("no format", lambda r: drop(r, "format"), "format: missing"),
    ("another format", lambda r: put(r, "format", "rig"), "format: found 'rig', must be neurosim-mapping"),
    ("another version", lambda r: put(r, "version", 2), "version: found 2"),
    ("unknown key", lambda r: put(r, "core", []), "core: unknown key, did you mean 'cores'?"),
    (
        "unknown population",
        lambda r: put(r, "neurons", "hiden", [0]),
        "neurons.hiden: unknown population, did you mean",
    ),
    ("missing population", lambda r: drop(r, "neurons", "output"), "neurons.output: missing: 10 neurons have no core"),
    ("a neuron too few", lambda r: r["neurons"]["output"].pop(), "neurons.output: found 9 neurons, .* has 10"),
    ("a neuron too many", lambda r: r["neurons"]["output"].append(0), "neurons.output: found 11 neurons"),
    ("core that is none", lambda r: put(r, "neurons", "output", 3, 99), r"neurons.output\[3\]: found core 99"),
    ("negative core", lambda r: put(r, "neurons", "output", 3, -1), r"neurons.output\[3\]: found -1"),
    ("half a core", lambda r: put(r, "neurons", "output", 3, 1.5), r"neurons.output\[3\]: found 1.5"),
    ("core as text", lambda r: put(r, "neurons", "output", 3, "1"), r"neurons.output\[3\]: found '1'"),
    ("off the chip", lambda r: put(r, "cores", 2, "column", 64), r"cores\[2\].column: found 64, truenorth has 0..63"),
    ("slot that is none", lambda r: put(r, "cores", 2, "slot", 1), r"cores\[2\].slot: found 1, truenorth has 0..0"),
    (
        "two on one place",
        lambda r: put(r, "cores", 2, copy.deepcopy(r["cores"][0])),
        r"cores\[2\]: stands at .* core 0",
    ),
    ("no cores", lambda r: put(r, "cores", []), "found core 0, cores lists 0"),
    ("two routes", lambda r: put(r, "routes", [[0, 1], [0, 64, 1]]), r"routes\[1\]: is a second route"),
    ("empty route", lambda r: put(r, "routes", [[]]), r"routes\[0\]: found no tiles"),
    ("dead core that is none", lambda r: put(r, "dead_cores", [5, 4096]), r"dead_cores\[1\]: found core 4096"),
    ("dead link between none", lambda r: put(r, "dead_links", [[0, 2]]), r"dead_links\[0\]: .*no neighbours"),
    ("link of three tiles", lambda r: put(r, "dead_links", [[1, 2, 3]]), "dead_links"),
    ("negative time", lambda r: put(r, "mapper", "seconds", -1.0), "mapper.seconds: found -1.0"),
]


@pytest.mark.parametrize(("change", "said"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_is_a_mistake_named_in_one_line(written, call, tmp_path, change, said):
    raw = json.loads(written[1].read_text())
    change(raw)
    (tmp_path / "wrong.json").write_text(json.dumps(raw))
    with pytest.raises(ValueError, match=said):
        open_mapping(tmp_path / "wrong.json")
    status, out, err = call("check", "wrong.json")
    assert (status, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "found a list, must be an object"),
        ('{"neurons": {"a": [1], "a": [2]}}', "key 'a' stands twice in one object"),
        ('{"mapper": {"seconds": NaN}}', "found NaN, numbers must be finite"),
        ("\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_is_what_is_no_mapping_file_refused(tmp_path, text, said):
    path = tmp_path / "file.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FileError, match=said):
        exchange.read_file(path)


def test_is_a_missing_file_named(call):
    assert call("check", "none.json") == (2, "", "neurosim: none.json: no such file or directory\n")


# ---- commands --------------------------------------------------------------------------------------------------


def test_do_map_and_check_agree(call, tmp_path):
    status, out, _ = call("map", "mnist-common", "--chip", "loihi", "--mapper", "snake", "--out", "m.json", "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["check"]["passed"]
    assert answer["metrics"]["static"]["packets"] > 0
    assert answer["metrics"]["dynamic"]["injected"] == answer["metrics"]["static"]["injected"]
    status, out, _ = call("check", "m.json", "--json", "--samples", "1")
    assert (status, json.loads(out)["passed"]) == (0, True)


def test_does_an_illegal_file_fail_with_status_1(call, tmp_path):
    # All 138 neurons of two compartments each on one core with room for 100 compartments, in a well-formed file.
    changed = ["--set", "limits.compartments=100", "--samples", "0"]
    assert call("map", "mnist-common", "--chip", "loihi", *changed, "--out", "m.json")[0] == 0
    raw = json.loads((tmp_path / "m.json").read_text())
    raw["neurons"] = {name: [0] * len(cores) for name, cores in raw["neurons"].items()}
    (tmp_path / "m.json").write_text(json.dumps(raw))
    status, out, _ = call("check", "m.json", "--json")
    assert status == 1
    findings = json.loads(out)["parts"]["legality"]["findings"]
    assert any("limit compartments on core 0: needed 276, available 100" in text for text in findings)


def test_does_map_go_round_dead_cores_and_links(call, tmp_path):
    dead = ["--dead-core", "0", "--dead-core", "1", "--dead-link", "0,0-1,0"]
    status, out, _ = call("map", "mnist-common", "--chip", "truenorth", *dead, "--out", "m.json", "--json")
    assert (status, json.loads(out)["check"]["passed"]) == (0, True)
    raw = json.loads((tmp_path / "m.json").read_text())
    assert (raw["dead_cores"], raw["dead_links"]) == ([0, 1], [[0, 1]])
    assert {(p["column"], p["row"]) for p in raw["cores"]}.isdisjoint({(0, 0), (1, 0)})
    assert call("check", "m.json", "--samples", "0")[0] == 0


def test_is_the_reason_of_an_impossible_problem_one_line(call):
    status, out, err = call("map", "mnist-pulsed", "--chip", "truenorth")
    assert (status, out) == (2, "")
    assert err == "neurosim: truenorth: limit axons on population 'hidden', neuron 0: needed 784, available 256\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["map", "mnist-common", "--chip", "loihi", "--mapper", "snak"],
            "unknown mapper 'snak', did you mean 'snake'?",
        ),
        (["map", "mnist-common", "--chip", "loihi", "--dead-link", "1-2"], "--dead-link 1-2: must have the form"),
        (["map", "mnist-common", "--chip", "loihi", "--dead-link", "0,0-2,0"], "no neighbours among the 8 x 4 tiles"),
        (["map", "mnist-common", "--chip", "loihi", "--dead-core", "128"], "dead core 128: loihi has cores 0..127"),
        (["map", "mnist-common", "--chip", "loihi", "--set", "x"], "--set x: must have the form"),
        (["map", "mnist-common", "--chip", "loihi", "--out", "no/folder/m.json"], "no/folder/m.json: no such file"),
        (["schema", "maping"], "unknown format 'maping', did you mean 'mapping'?"),
    ],
)
def test_are_wrong_words_answered_with_the_nearest(call, arguments, said):
    status, out, err = call(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_does_a_stated_dead_core_or_link_fail_the_check(written, call, tmp_path):
    raw = json.loads(written[1].read_text())
    for change, part in (({"dead_cores": [0]}, "legality"), ({"dead_links": [[0, 1]]}, "routes")):
        (tmp_path / "m.json").write_text(json.dumps(raw | change))
        status, out, _ = call("check", "m.json", "--json", "--samples", "0")
        assert (status, json.loads(out)["parts"][part]["verdict"]) == (1, "failed")
