"""Does a trace on request hold every pulse and packet, and does a run keep no more than it says?"""

import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from engine_cases import SPINNAKER, TICKS, integer_case, placed
from strategies import draw_case, place

import neurosim as ns
from neurosim.engine.compiled import chip as compiled_chip
from neurosim.engine.compiled.agreement import first_difference
from neurosim.engine.compiled.run import Steps
from neurosim.report.trace import trace_files
from neurosim.results.activity import bounded


class Collect:
    def __init__(self):
        self.rows = {"spikes": [], "packets": []}

    def spikes(self, sample, rows):
        self.rows["spikes"] += [(sample, *row) for row in rows.tolist()]

    def packets(self, sample, rows):
        self.rows["packets"] += [(sample, *row) for row in rows.tolist()]


def traced(program, pulses, engine):
    sink = Collect()
    run = ns.simulate(program, pulses, engine=engine, record_spikes=True, sink=sink)
    return run, {name: sorted(rows) for name, rows in sink.rows.items()}


def programs():
    for seed in range(3):
        case = draw_case(seed, ("add", "leak"), samples=3)
        yield ns.load_program(place(case.network, seed)), case.pulses
    for seed, changes in enumerate((TICKS[0], TICKS[4], TICKS[6])):
        net, pulses = integer_case(seed, 2)
        yield placed(net, SPINNAKER.with_overrides(changes), seed), pulses


def test_does_a_trace_hold_everything_on_either_engine():
    for program, pulses in programs():
        run, rows = traced(program, pulses, "compiled")
        assert rows == traced(program, pulses, "event")[1]
        assert len(rows["packets"]) == int(run.activity.total("packets").sum()) > 0
        full = [
            (sample, step, k, neuron)
            for k, name in enumerate(run.spikes.names)
            for sample, step, neuron in np.argwhere(run.spikes.full[name]).tolist()
        ]
        assert rows["spikes"] == sorted(full)
        first = [row[1:] for row in rows["packets"] if row[0] == 0]
        assert first == sorted(map(tuple, run.times.first_packets.tolist()))


def test_does_it_matter_how_often_rows_are_taken_away(monkeypatch):
    whole = [traced(program, pulses, "compiled") for program, pulses in programs()]
    monkeypatch.setattr(compiled_chip, "Steps", lambda *args: Steps(*args, budget=1))
    for (run, rows), (program, pulses) in zip(whole, programs(), strict=True):
        again, same = traced(program, pulses, "compiled")
        assert first_difference(run, again) is None
        assert rows == same


def test_are_rows_kept_by_whole_steps():
    rows = np.repeat(np.array([[0], [1], [1], [2], [2], [2], [4]]), 3, axis=1)
    kept = {limit: len(bounded(rows, limit)) for limit in range(1, 9)}
    # The step in which the limit is reached is the last one that is kept.
    assert kept == {1: 1, 2: 3, 3: 3, 4: 6, 5: 6, 6: 6, 7: 7, 8: 7}


@pytest.mark.parametrize("limit", [1, 5, 40])
def test_is_the_first_sample_cut_alike_on_both_engines(monkeypatch, limit):
    for module in ("neurosim.engine.event.recorder", "neurosim.engine.compiled.recorder"):
        monkeypatch.setattr(f"{module}.bounded", lambda rows: bounded(rows, limit))
    monkeypatch.setattr("neurosim.engine.compiled.recorder.TRACE_ROWS", limit)
    monkeypatch.setattr(compiled_chip, "Steps", lambda *args: Steps(*args, budget=1))
    cut = 0
    for program, pulses in programs():
        one, other = (ns.simulate(program, pulses, engine=engine) for engine in ("event", "compiled"))
        assert first_difference(one, other) is None
        cut += len(one.times.first_packets) < one.activity.total("packets")[0]
    assert cut


def test_are_files_written_row_group_by_row_group(tmp_path):
    with trace_files(tmp_path, "a", ("spikes", "packets")) as files:
        files.spikes(0, np.array([[1, 2, 3], [4, 5, 6]]))
        files.spikes(1, np.array([[7, 8, 9]]))
        files.spikes(1, np.zeros((0, 3), dtype=np.int64))
        files.packets(2, np.arange(6).reshape(1, 6))
    spikes = pq.ParquetFile(tmp_path / "a-spikes.parquet")
    assert spikes.num_row_groups == 2
    assert spikes.read().to_pydict() == {
        "sample": [0, 0, 1],
        "step": [1, 4, 7],
        "population": [2, 5, 8],
        "neuron": [3, 6, 9],
    }
    packets = pq.read_table(tmp_path / "a-packets.parquet")
    assert packets.column_names == ["sample", "step", "source", "destination", "axon", "created_ps", "delivered_ps"]
    assert [column[0].as_py() for column in packets.columns] == [2, 0, 1, 2, 3, 4, 5]


def neurosim(*arguments):
    command = [sys.executable, "-m", "neurosim", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_does_the_command_line_write_traces(tmp_path):
    done = neurosim("run", "demo", "--chip", "loihi", "--samples", 3, "--trace", "packets", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    [run] = json.loads(done.stdout)["runs"]
    [file] = (tmp_path / "traces").glob("*")
    assert pq.read_metadata(file).num_rows == round(3 * run["activity"]["packets"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trace", "packet", "--out", "x"], "unknown trace 'packet', did you mean 'packets'?"),
        (["--trace", "packets", "--json"], "--trace packets: needs a folder to write to, see --out"),
        (["--network", "count"], "unknown network model 'count', did you mean 'counts'?"),
    ],
)
def test_are_wrong_choices_refused_in_one_line(tmp_path, arguments, message):
    done = neurosim("run", "demo", *(str(tmp_path / a) if a == "x" else a for a in arguments))
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not any(tmp_path.iterdir())
