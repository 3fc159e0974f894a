"""A mapper that crashes, hangs or returns nonsense is a line in the results, and every other run takes place."""

import json
import os
import time
from pathlib import Path

import pytest
from bench_cases import write_mappers, write_scenario
from command_line import run as run_command

from neurosim.bench import source
from neurosim.bench.board import board, read_results
from neurosim.bench.result import read_result
from neurosim.bench.runner import Setting, run_bench
from neurosim.bench.schema import jobs, load_bench
from neurosim.errors import NeurosimError

BAD = {
    "leaves": ("crashed", "ended its process: exit status 7"),
    "killed": ("crashed", "ended its process: signal SIGKILL"),
    "raises": ("failed", "RuntimeError: no idea"),
    "ends": ("failed", "SystemExit: enough"),
    "words": ("failed", "returned <U8[894], needs int32[894]"),
    "outside": ("failed", "names core 128, loihi has 0..127"),
    "short": ("failed", "returned int64[3], needs int32[894]"),
    "crowded": ("illegal", "compartments on core 0"),
}


def run(folder, names, file, kill_after=30.0, workers=1):
    bench = load_bench(write_scenario(folder, kill_after))
    mappers = [f"{file}:{name}" for name in names]
    lines = []
    lost = run_bench(Setting("loihi", folder / "out"), jobs(bench, 1, mappers), workers, lines.append)
    results, unread = read_results(folder / "out")
    assert not lost
    assert not unread
    return {result.run.mapper.rpartition(":")[2]: result for result in results}, lines


def test_every_bad_mapper_is_reported_by_name_and_the_good_one_runs(tmp_path):
    found, lines = run(tmp_path, [*BAD, "good", "tampers"], write_mappers(tmp_path))
    for name, (outcome, reason) in BAD.items():
        assert found[name].outcome == outcome, name
        assert reason in found[name].reason, name
        assert not found[name].static
    assert found["good"].outcome == "legal"
    assert found["good"].static["cores_used"] == 28
    assert found["good"].check["completeness"] == "passed"
    assert found["tampers"].static == found["good"].static  # a mapper gets a copy; it cannot change the problem
    assert lines == [f"mlp-3, given: {len(BAD) + 2} runs, 0 kept"]
    named = {failure["mapper"].rpartition(":")[2] for failure in board(list(found.values()), baseline="x").failures}
    assert named == set(BAD)


def test_a_mapper_that_hangs_is_killed_with_what_it_started(tmp_path, monkeypatch):
    monkeypatch.setenv("HANGING", str(tmp_path / "pid"))
    began = time.monotonic()
    found, _ = run(tmp_path, ["hangs", "good"], write_mappers(tmp_path), kill_after=2.0)
    assert found["hangs"].outcome == "timeout"
    assert "was not done after 2 s: killed" in found["hangs"].reason
    assert found["good"].outcome == "legal"
    assert time.monotonic() - began < 40
    assert not _runs(int((tmp_path / "pid").read_text()))


def test_does_a_mapper_that_found_no_time_stand_in_the_leaderboard(tmp_path):
    found, _ = run(tmp_path, ["gives_up", "good"], write_mappers(tmp_path))
    assert found["gives_up"].outcome == "legal"
    (note,) = board(list(found.values()), baseline="x").notes
    assert (note["mapper"].rpartition(":")[2], note["note"]) == ("gives_up", "had no time")


def test_do_libraries_start_no_threads_in_workers(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    found, _ = run(tmp_path, ["threads"], write_mappers(tmp_path), workers=2)
    assert found["threads"].reason.endswith("RuntimeError: threads 1")
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def _runs(pid):
    """Tell whether a process lives; one that has ended and waits for its parent does not."""
    status = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc")
    for _ in range(50):
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.1)
    return True


def test_a_second_run_keeps_what_is_there_and_runs_what_changed(tmp_path, monkeypatch):
    file = write_mappers(tmp_path)
    found, _ = run(tmp_path, ["good", "raises"], file)
    paths = sorted((tmp_path / "out" / "results").glob("*/*.json"))
    written = {path: path.stat().st_mtime_ns for path in paths}
    _, lines = run(tmp_path, ["good", "raises"], file)
    assert lines == ["mlp-3, given: 0 runs, 2 kept"]
    assert {path: path.stat().st_mtime_ns for path in paths} == written

    paths[0].write_text(paths[0].read_text()[:100])  # a damaged file
    _, lines = run(tmp_path, ["good", "raises"], file)
    assert lines == ["mlp-3, given: 1 runs, 1 kept"]
    assert read_result(paths[0]).static == found["good"].static

    file.write_text(file.read_text() + "\n# changed\n")  # another mapper under the same name
    _, lines = run(tmp_path, ["good", "raises"], file)
    assert lines == ["mlp-3, given: 2 runs, 0 kept"]

    monkeypatch.setattr(source, "room_digest", lambda folder: "another")  # other mapping code in the project
    _, lines = run(tmp_path, ["good", "raises"], file)
    assert lines == ["mlp-3, given: 2 runs, 0 kept"]

    _, lines = run(tmp_path, ["good", "raises"], file, kill_after=29.0)  # another limit
    assert lines == ["mlp-3, given: 2 runs, 0 kept"]


def test_a_network_that_does_not_go_on_the_chip_is_named_and_the_others_run(tmp_path):
    text = write_scenario(tmp_path).read_text()
    text = text.replace('"limits.compartments" = "32"', '"limits.compartment" = "32"')
    text += '\n[[network]]\nname = "reservoir"\n'
    (tmp_path / "small.toml").write_text(text)
    bench = load_bench(tmp_path / "small.toml")
    lost = run_bench(Setting("loihi", tmp_path / "out"), jobs(bench, 1), 1)
    assert len(lost) == 1
    assert "mlp-3, given" in lost[0]
    assert "did you mean 'limits.compartments'" in lost[0]
    results, _ = read_results(tmp_path / "out")
    assert [(r.case.network, r.outcome) for r in results] == [("reservoir", "legal")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "mlp-3"', 'name = "mlp3"', r"network\[0\].name: unknown network 'mlp3', did you mean 'mlp-3'"),
        ('name = "sequential+row-major"\nstoch', 'name = "sequental+row-major"\nstoch', "did you mean 'sequential'"),
        ('orders = ["given"]', 'orders = ["sorted"]', "scenario.orders"),
        ("time_limit = 5", "time_limit = 0", "scenario.time_limit"),
        ("stochastic = false", "stochastic = false\nnetworks = ['conv-4']", r"mapper\[0\].networks"),
        ("kill_after", "kil_after", "did you mean 'kill_after'"),
    ],
)
def test_mistakes_in_the_scenario_are_one_line(tmp_path, old, new, message):
    file = write_scenario(tmp_path)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(NeurosimError, match=message) as caught:
        load_bench(file)
    assert "\n" not in str(caught.value)


def test_result_files_are_plain_json_with_the_mapping(tmp_path):
    run(tmp_path, ["good"], write_mappers(tmp_path))
    (path,) = (tmp_path / "out" / "results").glob("*/*.json")
    raw = json.loads(path.read_text())
    assert raw["format"] == "neurosim-mapping-result"
    assert len(raw["mapping"]["neurons"]["neurons"]) == 894
    assert raw["case"]["chip_set"] == {"limits.compartments": "32"}


def test_is_an_unknown_chip_refused_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, out, err = run_command(monkeypatch, capsys, "mappers", "mapping_bench", "--chip", "lohi", "--out", "here")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "unknown chip 'lohi', did you mean 'loihi'" in err
    assert not (tmp_path / "here").exists()
