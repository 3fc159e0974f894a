"""A result file from outside: its mapping is checked and measured anew, and what it claims falsely is told."""

import json

import pytest
from bench_cases import write_scenario

from neurosim.bench.board import board, read_results
from neurosim.bench.outside import recheck, take
from neurosim.bench.result import read_result, write_result
from neurosim.bench.runner import Setting, run_bench
from neurosim.bench.schema import jobs, load_bench
from neurosim.errors import FileError


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    bench = load_bench(write_scenario(folder))
    run_bench(Setting("loihi", folder), jobs(bench, 1))
    (path,) = (folder / "results").glob("*/*.json")
    return bench, folder, json.loads(path.read_text())


def changed(bench, tmp_path, change):
    raw = json.loads(json.dumps(bench[2]))
    change(raw)
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(raw))
    return file


def found(bench, file):
    return recheck(file, bench[0], "loihi", bench[1] / "rates")


def test_an_honest_result_is_taken_as_it_is(bench, tmp_path):
    result = found(bench, changed(bench, tmp_path, lambda raw: None))
    assert (result.outcome, result.origin, result.refuted) == ("legal", "outside", [])
    assert result.static == bench[2]["static"]
    assert result.seconds is None  # nobody here has seen how long it took


def test_a_flattering_figure_is_replaced_and_told(bench, tmp_path):
    true = bench[2]["static"]["packets"]
    result = found(bench, changed(bench, tmp_path, lambda raw: raw["static"].update(packets=true / 2)))
    assert result.static["packets"] == true
    assert result.refuted == [f"static.packets: claimed {true / 2}, found {true}"]


def test_an_illegal_mapping_that_claims_to_be_legal_is_found_out(bench, tmp_path):
    def crowd(raw):
        raw["mapping"]["neurons"]["neurons"] = [0] * 894

    result = found(bench, changed(bench, tmp_path, crowd))
    assert result.outcome == "illegal"
    assert result.refuted[0].startswith("outcome: claimed legal, found illegal: ")
    assert not result.static


def test_another_legal_mapping_gets_its_own_figures(bench, tmp_path):
    def swap(raw):
        cores = raw["mapping"]["cores"]
        cores[0], cores[27] = cores[27], cores[0]

    result = found(bench, changed(bench, tmp_path, swap))
    assert result.outcome == "legal"
    assert result.static["packets"] == bench[2]["static"]["packets"]
    assert result.static["hop_weighted"] != bench[2]["static"]["hop_weighted"]
    assert any(lie.startswith("static.hop_weighted: claimed") for lie in result.refuted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw.pop("mapping"), "mapping: missing: without it there is nothing to check"),
        (lambda raw: raw["case"].update(network_sha256="0" * 64), "case.network_sha256: found 000"),
        (lambda raw: raw["case"].update(chip_set={}), "case.chip_set: found"),
        (lambda raw: raw["case"].update(rates_sha256="0" * 64), "case.rates_sha256: found 000"),
        (lambda raw: raw["case"].update(network="conv-4"), "case.network: unknown network 'conv-4'"),
        (lambda raw: raw["case"].update(order="sorted"), "case.order: unknown order 'sorted'"),
        (lambda raw: raw["mapping"]["neurons"]["neurons"].pop(), "found 893 neurons, the population has 894"),
        (lambda raw: raw["mapping"]["network"].update(lowered_sha256="0" * 64), "network.lowered_sha256"),
        (lambda raw: raw.update(format="other"), "format: found 'other'"),
        (lambda raw: raw.update(speed=3), "speed: unknown key"),
    ],
)
def test_a_file_for_something_else_is_refused_in_one_line(bench, tmp_path, change, message):
    with pytest.raises(FileError) as caught:
        found(bench, changed(bench, tmp_path, change))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_stands_in_the_leaderboard_marked_and_with_its_false_claims(bench, tmp_path):
    file = changed(bench, tmp_path, lambda raw: raw["static"].update(packets=1.0))
    folder = tmp_path / "out"
    own = read_result(next((bench[1] / "results").glob("*/*.json")))
    write_result(own, folder / "results" / "mlp-3.given" / "own.json")
    take(file, bench[0], "loihi", folder)
    shown = board(*read_results(folder), baseline="sequential+row-major")
    assert [s.mapper for s in shown.standings] == ["sequential+row-major", "sequential+row-major (outside)"]
    assert shown.standings[1].ratios["packets"].ratio == 1.0
    assert shown.refuted[0]["claims"][0].startswith("static.packets: claimed 1.0")
