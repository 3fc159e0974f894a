"""Does the comparison of two runs say which component changed the energy, and do pictures show the hottest links?"""

import json
import shutil
from pathlib import Path

import command_line
import numpy as np
import pytest
from engine_cases import SPINNAKER, TRUENORTH, integer_case, placed

import neurosim as ns
from neurosim.check.measure import edges_on_chip
from neurosim.errors import FileError, NeurosimError
from neurosim.mapping import Mapping, exchange
from neurosim.mapping.metrics import Grid, edges_of
from neurosim.mapping.metrics.hot import hottest
from neurosim.report.diff import Change, diff
from neurosim.report.floor_pair import floor_pair
from neurosim.report.floor_plan import floor_plan
from neurosim.report.run_folder import read_folder

LOIHI = ns.load_chip("loihi")
PNG = b"\x89PNG"


SCENARIO = """
schema = 1
[scenario]
name = "pair"
title = "two mappings"
model = "mnist-common"
chips = ["truenorth"]
steps = [2]
samples = 2
[inputs]
dataset = "mnist-test"
encoder = "even"
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two run folders that differ in the mapping only: the mapper's, and one with every core 20 tiles farther out."""
    from neurosim.report import report
    from neurosim.scenario.run import prepare, run_scenario
    from neurosim.scenario.schema import load_scenario

    home = tmp_path_factory.mktemp("pair")
    (home / "pair.toml").write_text(SCENARIO)
    near = ns.map(ns.load_network("mnist-common"), TRUENORTH)
    far = Mapping(near.network, near.lowered, TRUENORTH, near.core_of + np.int32(20), "shifted", 0)
    exchange.write_file(exchange.to_file(far), home / "far.json")
    for name, changes in (("near", []), ("far", [("chip.truenorth.mapping", str(home / "far.json"))])):
        prepared = prepare(load_scenario(home / "pair.toml", changes))
        report(run_scenario(prepared, workers=1), home / name)
    return home / "near", home / "far"


def test_does_only_the_network_change_when_cores_move(folders):
    before, after = map(read_folder, folders)
    (change,) = diff(before, after)
    assert change.notes == ()
    assert change.main.name == "network"
    dynamic = {part.name: part for part in change.parts}
    assert dynamic["synapse"].change == dynamic["neuron"].change == 0
    assert dynamic["network"].change > 0
    assert sum(part.change for part in change.parts) == pytest.approx(change.energy.change)
    assert sum(part.share for part in change.parts) == pytest.approx(1)
    # Inputs come 20 tiles farther, packets between the cores as far as before: 20 more hops per input packet.
    (hops,) = [c for c in change.counters["network"] if c.name == "hops_east_west"]
    priced = TRUENORTH.constants().energy["hop_east_west"].si * hops.change
    assert dynamic["network"].change == pytest.approx(priced)
    assert (before.runs[0].entry["mapper"], after.runs[0].entry["mapper"]) == ("sequential", "shifted")


def test_does_the_other_way_round_turn_all_signs(folders):
    before, after = map(read_folder, folders)
    (there,), (back,) = diff(before, after), diff(after, before)
    assert there.energy.change == -back.energy.change
    assert [part.name for part in there.parts] == [part.name for part in back.parts]


def test_does_a_run_not_differ_from_itself(folders):
    (change,) = diff(read_folder(folders[0]), read_folder(folders[0]))
    assert change.main is None
    assert change.counters == {}
    assert change.notes == ()


def test_does_a_comparison_tell_what_else_differs(folders, tmp_path):
    other = shutil.copytree(folders[1], tmp_path / "other")
    raw = json.loads((other / "summary.json").read_text())
    raw["runs"][0]["samples"] = 3
    raw["provenance"]["pulse_seed"] = 9
    raw["provenance"]["chip_sha256"]["truenorth"] = "0"
    (other / "summary.json").write_text(json.dumps(raw))
    (change,) = diff(read_folder(folders[0]), read_folder(other))
    assert change.notes == ("samples: 2 before, 3 after", "pulses differ", "chips differ: truenorth")


def test_does_the_command_print_and_draw(folders, tmp_path, monkeypatch, capsys):
    status, out, _ = command_line.run(monkeypatch, capsys, "diff", *folders, "--out", tmp_path / "pictures")
    assert status == 0
    assert "network changed most" in out
    assert (tmp_path / "pictures" / "floor-0.png").read_bytes().startswith(PNG)
    status, out, _ = command_line.run(monkeypatch, capsys, "diff", *folders, "--json")
    (change,) = json.loads(out)
    assert change["parts"][0]["name"] == "network"
    assert change["parts"][0]["change"] == change["parts"][0]["after"] - change["parts"][0]["before"]


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (shutil.rmtree, "summary.json: no such file"),
        (lambda f: (f / "summary.json").write_text("{"), "summary.json: not JSON"),
        (lambda f: (f / "summary.json").write_text("[]"), "runs: missing"),
        (lambda f: (f / "summary.json").write_text('{"runs": [{}]}'), r"runs\[0\].model: missing"),
        (lambda f: (f / "tables" / "links.parquet").write_bytes(b"no"), "links.parquet: cannot be read"),
    ],
)
def test_is_a_broken_folder_named(folders, tmp_path, break_it, said):
    folder = shutil.copytree(folders[1], tmp_path / "broken")
    break_it(folder)
    with pytest.raises(FileError, match=said):
        floor_pair(diff(read_folder(folders[0]), read_folder(folder))[0], "x")


def test_are_folders_of_other_runs_refused(folders, tmp_path):
    folder = shutil.copytree(folders[1], tmp_path / "other")
    raw = json.loads((folder / "summary.json").read_text())
    raw["runs"] = [raw["runs"][0] | {"steps": 5}, raw["runs"][0] | {"steps": 6}]
    (folder / "summary.json").write_text(json.dumps(raw))
    with pytest.raises(NeurosimError, match=r"has 1 runs and .* 2, none of both"):
        diff(read_folder(folders[0]), read_folder(folder))


def test_is_rounding_no_change():
    assert Change("x", 0.1 + 0.2, 0.3).change == 0
    assert Change("x", 0.0, 1e-30).change == 1e-30
    assert Change("x", 2.0, 1.0).ratio == -0.5


# ---- the hottest links -----------------------------------------------------------------------------------------


def test_is_the_hottest_link_the_one_that_most_cross_and_are_its_causes_theirs():
    # Three neurons in a row send to a fourth at the end: 1, 2 and 4 spikes; all pass the last link.
    from test_do_metrics_follow_their_definitions import problem_of

    problem = problem_of([(0, [3]), (1, [3]), (2, [3])], 4, 4, 1)
    edges = edges_of(problem.nets, np.arange(4, dtype=np.int32), np.array([1.0, 2, 4, 0]))
    hot, _ = hottest(edges, Grid(4, 1), np.arange(4), most=2)
    assert [(h.link, h.packets) for h in hot] == [(("E", 2, 3), 7.0), (("E", 1, 2), 3.0)]
    assert hot[0].causes == ((2, 4.0), (1, 2.0), (0, 1.0))
    assert hot[1].causes == ((1, 2.0), (0, 1.0))


TILED = TRUENORTH.with_overrides({"geometry.columns": "4", "geometry.rows": "34", "geometry.chip_columns": "2"})


@pytest.mark.parametrize("chip", [LOIHI, SPINNAKER, TRUENORTH, TILED], ids=lambda chip: chip.name)
@pytest.mark.parametrize("seed", [1, 7])
def test_do_the_causes_of_every_link_add_up_to_its_load(chip, seed):
    net, _ = integer_case(seed, 3)
    program = placed(net, chip, seed)
    neurons = program.lowered.network.neurons
    core_of = np.concatenate([program.cores[program.members[p.name].core] for p in neurons])
    mapping = Mapping(net, program.lowered, chip, core_of.astype(np.int32), "random", 0)
    rates = np.random.default_rng(seed).integers(0, 9, mapping.lowered.network.n_inputs + len(core_of)).astype(float)
    edges, grid = edges_on_chip(mapping, rates)
    hot, loads = hottest(edges, grid, mapping.cores.astype(np.int64), most=10_000)
    assert len(hot) == np.count_nonzero(loads.between) > 10
    for link in hot:
        assert sum(packets for _, packets in link.causes) == pytest.approx(link.packets), link.link
    assert [h.packets for h in hot] == sorted((h.packets for h in hot), reverse=True)
    assert floor_plan(mapping, rates).png.startswith(PNG)


def test_does_a_plan_name_links_and_neurons(tmp_path, monkeypatch, capsys):
    arguments = ["map", "mnist-common", "--chip", "truenorth", "--samples", "1", "--json"]
    status, _, _ = command_line.run(monkeypatch, capsys, *arguments, "--plan", tmp_path / "plan.png")
    assert status == 0
    assert Path(tmp_path / "plan.png").read_bytes().startswith(PNG)
    status, _, err = command_line.run(monkeypatch, capsys, *arguments, "--plan", tmp_path / "plan.pdf")
    assert (status, "pictures are written as .png" in err) == (2, True)
    mapping = ns.map(ns.load_network("mnist-common"), TRUENORTH)
    words = [text.get_text() for axes in floor_plan(mapping).figure.axes for text in axes.texts]
    lines = next(text for text in words if "packets of" in text).splitlines()
    assert len(lines) == 5
    assert "pixels[" in lines[0]
    assert {"1", "2", "3", "4", "5"} <= set(words)


# ---- a run on a stated mapping -----------------------------------------------------------------------------------


def test_does_a_run_take_a_mapping_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.toml").write_text(SCENARIO)
    made = ["map", "mnist-common", "--chip", "truenorth", "--mapper", "snake", "--samples", "0"]
    assert command_line.run(monkeypatch, capsys, *made, "--out", "m.json")[0] == 0
    status, out, _ = command_line.run(monkeypatch, capsys, "run", "pair.toml", "--mapping", "m.json", "--json")
    assert status == 0
    assert json.loads(out)["runs"][0]["mapper"] == "snake"
    status, _, err = command_line.run(monkeypatch, capsys, "run", "pair.toml", "--mapping", "m.json", "--chip", "loihi")
    assert status == 2
    assert "chip.truenorth is set, but the chips are loihi" in err


def test_is_a_plan_of_a_chip_without_routers_refused():
    mapping = ns.map(ns.load_network("mnist-common"), ns.load_chip("ga144"))
    with pytest.raises(NeurosimError, match="ga144: floor plan of a chip without routers unsupported"):
        floor_plan(mapping)
