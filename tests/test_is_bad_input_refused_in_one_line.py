"""Is bad input answered with one line that names file, field and limit, with status 2 and nothing left behind?"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import command_line
import numpy as np
import pytest

from neurosim.bench.schema import jobs, load_bench
from neurosim.paths import data_dir
from neurosim.scenario.schema import scenario_kind

SCENARIO = """
schema = 1
[scenario]
name = "tiny"
title = "three images"
model = "{model}"
chips = ["loihi"]
steps = [2]
samples = 3
[inputs]
dataset = "mnist-test"
encoder = "even"
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(SCENARIO.format(model="mnist-pulsed"))
    return path


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line in this process; returns (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    return lambda *arguments: command_line.run(monkeypatch, capsys, *arguments)


@pytest.fixture
def refused(call, tmp_path):
    """Run a command that must fail with one line and leave no folder; returns the line."""

    def run(*arguments):
        before = set(tmp_path.rglob("*"))
        status, out, err = call(*arguments)
        assert status == 2, (out, err)
        assert out == ""
        assert err.count("\n") == 1
        assert set(tmp_path.rglob("*")) == before
        return err

    return run


def model_folder(tmp_path, **arrays):
    """Copy mnist-pulsed with some arrays replaced, and its hash kept right."""
    folder = tmp_path / "model"
    shutil.copytree(data_dir("models") / "mnist-pulsed", folder, ignore=shutil.ignore_patterns("*.py"))
    with np.load(folder / "weights.npz") as old:
        new = {name: arrays.get(name, old[name]) for name in old.files}
    np.savez(folder / "weights.npz", **new)
    set_hash(folder)
    return folder


def set_hash(folder):
    text = (folder / "model.toml").read_text()
    digest = hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest()
    start = text.index('sha256 = "') + len('sha256 = "')
    (folder / "model.toml").write_text(text[:start] + digest + text[start + 64 :])


def test_does_a_correct_scenario_run(call, scenario):
    status, out, err = call("run", scenario, "--json", "--workers", 1)
    assert (status, err) == (0, "")
    run = json.loads(out)["runs"][0]
    assert run["chip"] == "loihi"
    assert run["samples"] == 3
    keys = {"constants", "engine", "model", "steps", "accuracy", "reference_accuracy", "latency_s", "energy_j"}
    assert keys | {"activity", "cores_used", "lowering", "warnings"} <= run.keys()
    assert {"mean", "p50", "p99", "max"} <= run["latency_s"].keys()
    assert {"total", "dynamic", "static", "low", "high", "boundary", "breakdown"} <= run["energy_j"].keys()
    assert {"synaptic_operations", "neuron_updates", "spikes", "packets", "hops"} <= run["activity"].keys()


def test_is_an_unknown_chip_named_with_the_nearest_one(refused, scenario):
    assert "unknown chip 'lohi', did you mean 'loihi'?" in refused("run", scenario, "--chip", "lohi")


def test_is_an_unknown_key_named_with_file_and_nearest_key(refused, scenario):
    scenario.write_text(scenario.read_text().replace("samples = 3", "smaples = 3"))
    line = refused("run", scenario)
    assert "tiny.toml: scenario.smaples: unknown key, did you mean 'samples'?" in line


def test_is_a_wrong_unit_named_with_figure_and_unit(refused, scenario):
    line = refused("run", scenario, "--set", "chip.loihi.energy.synaptic_operation=30 ns")
    assert "energy.synaptic_operation" in line
    assert "ns" in line
    assert "energy" in line


def test_is_a_wrong_unit_in_a_chip_file_named(refused, scenario, tmp_path):
    chip = tmp_path / "mine.toml"
    text = (data_dir("chips") / "loihi.toml").read_text()
    chip.write_text(text.replace('value = 35.5, unit = "pJ"', 'value = 35.5, unit = "ns"'))
    line = refused("run", scenario, "--chip", chip)
    assert "mine.toml: constants.silicon-fit.energy.synaptic_operation" in line


def test_is_a_missing_model_file_named(refused, scenario, tmp_path):
    scenario.write_text(SCENARIO.format(model=tmp_path / "none" / "model.toml"))
    assert "model.toml: no such file" in refused("run", scenario)


def test_are_truncated_weights_named(refused, scenario, tmp_path):
    folder = model_folder(tmp_path)
    content = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").write_bytes(content[: len(content) // 2])
    set_hash(folder)
    scenario.write_text(SCENARIO.format(model=folder))
    line = refused("run", scenario)
    assert "weights.npz" in line
    assert "truncated" in line


def test_are_weights_that_are_not_numbers_named(refused, scenario, tmp_path):
    weights = np.zeros((784, 128), dtype=np.float32)
    weights[3, 5] = np.nan
    scenario.write_text(SCENARIO.format(model=model_folder(tmp_path, W1=weights)))
    line = refused("run", scenario)
    assert "'W1' holds nan at [3, 5]" in line


def test_is_a_network_too_large_refused_with_the_limit(refused, scenario, tmp_path):
    # Every evidence neuron has one input axon per hidden neuron; a core has 4,096.
    rng = np.random.default_rng(0)
    wide = 5_000
    folder = model_folder(
        tmp_path,
        W1=rng.normal(size=(784, wide)).astype(np.float32),
        W2=np.ones((wide, 10), dtype=np.float32),
    )
    model = folder / "model.toml"
    model.write_text(model.read_text().replace("size = 128", f"size = {wide}"))
    scenario.write_text(SCENARIO.format(model=folder))
    line = refused("run", scenario)
    assert "loihi: limit input_axons" in line
    assert "needed 5000, available 4096" in line


@pytest.mark.parametrize("steps", ["0", "-3", "2,0"])
def test_are_steps_below_one_refused(refused, scenario, steps):
    line = refused("run", scenario, "--steps", steps)
    assert "scenario.steps" in line
    assert "greater than or equal to 1" in line


@pytest.mark.parametrize("steps", ["many", "4,,8", ""])
def test_are_steps_that_are_no_numbers_refused(refused, scenario, steps):
    assert f"--steps {steps}: must be a number" in refused("run", scenario, "--steps", steps)


def test_is_a_scenario_that_is_not_toml_refused(refused, scenario):
    scenario.write_text("this is not TOML")
    assert "tiny.toml: not TOML" in refused("run", scenario)


@pytest.mark.parametrize("place", ["file/below", "tiny.toml"])
def test_is_a_folder_that_cannot_be_written_refused_before_the_run(refused, scenario, tmp_path, place):
    (tmp_path / "file").write_text("a file, not a folder")
    assert place.split("/")[0] in refused("run", scenario, "--out", tmp_path / place)


def test_is_an_unknown_scenario_named_with_the_nearest_one(refused):
    assert "unknown scenario 'mnist_pulse', did you mean 'mnist_pulsed'?" in refused("run", "mnist_pulse")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engine", "evnt"], "unknown engine 'evnt', did you mean 'event'?"),
        (["--mapper", "hilber"], "unknown mapper 'hilber', did you mean 'hilbert'?"),
        (["--samples", "20000"], "samples 20000, data set mnist-test has 10000"),
        (["--set", "inputs.encoder=evn"], "unknown encoder 'evn', did you mean 'even'?"),
        (["--set", "samples=3"], "did you mean 'scenario.samples'?"),
        (["--set", "scenario.samples"], "must have the form a.b=value"),
        (["--set", "scenario.samples=3.5"], "scenario.samples: found 3.5"),
        (["--set", "chip.loihi.constants=davies"], "unknown constant set of chip loihi: 'davies'"),
        (["--set", "chip.loihi.host.step_overhead=none"], "host figure of chip loihi"),
        (["--set", "chip.truenorth.constants=x"], "chip.truenorth is set, but the chips are loihi"),
    ],
)
def test_is_a_wrong_option_named(refused, scenario, arguments, words):
    assert words in refused("run", scenario, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--chip", "truenorth"], "truenorth: limit axons on population 'hidden'"),
        (["--chip", "spinnaker2", "--set", "chip.spinnaker2.level_policy=hgh"], "'hgh', did you mean 'high'?"),
        (["--chip", "spinnaker2", "--set", "chip.spinnaker2.limits.data_bytes=8000"], "limit data_bytes"),
        (["--chip", "spinnaker2", "--set", "chip.spinnaker2.limits.router_entries=2"], "limit router_entries"),
        (["--chip", "loihi2", "--set", "chip.loihi2.limits.core_memory_bytes=1000"], "limit core_memory_bytes"),
    ],
)
def test_is_a_network_that_another_chip_cannot_hold_refused(refused, scenario, arguments, words):
    assert words in refused("run", scenario, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chips", "lohi"], "did you mean 'loihi'?"),
        (["explain", "loihi", "energy.synaptic_operatoin"], "did you mean 'energy.synaptic_operation'?"),
        (["noc", "--mesh", "8by8"], "--mesh 8by8: must have the form 8x8"),
        (["noc", "--pattern", "unifrom"], "did you mean 'uniform'?"),
        (["noc", "--load", "1.5"], "load"),
        (["noc", "--mesh", "4x8", "--pattern", "transpose"], "square"),
    ],
)
def test_is_a_wrong_argument_of_the_other_commands_named(refused, arguments, words):
    assert words in refused(*arguments)


def test_does_a_dry_run_print_the_resolved_configuration_and_write_nothing(call, scenario, tmp_path):
    status, out, _ = call("run", scenario, "--dry-run", "--steps", "4,8", "--set", "chip.loihi.constants=davies2018")
    resolved = json.loads(out)
    assert status == 0
    assert resolved["scenario"]["steps"] == [4, 8]
    assert resolved["scenario"]["mapper"] == "sequential"
    assert resolved["chip"]["loihi"]["constants"] == "davies2018"
    assert not (tmp_path / "out").exists()


def test_does_the_module_run_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "neurosim", "chips", "--json"], capture_output=True, text=True, check=True
    )
    assert "loihi" in {chip["name"] for chip in json.loads(done.stdout)}


def test_are_all_scenarios_of_the_catalog_readable(call):
    for path in sorted(Path(data_dir("scenarios")).glob("*.toml")):
        if scenario_kind(path) == "mappers":
            assert jobs(load_bench(path), 1)
            continue
        status, out, err = call("run", path, "--dry-run", "--json")
        assert status == 0 or "refused" in err or "limit" in err, (path, out, err)
