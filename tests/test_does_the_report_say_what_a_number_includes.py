"""Does the report say what a number includes, show every figure, and leave nothing half-written behind?"""

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import neurosim as ns
from neurosim.cores import core_kind
from neurosim.engine.functional import run_functional
from neurosim.errors import FileError, NeurosimError
from neurosim.network.dataset import load_dataset
from neurosim.network.pulses import encode
from neurosim.report import check_writable, figures, report, tables
from neurosim.report.chip_sections import fullest
from neurosim.report.core_map import cells, core_image
from neurosim.report.engineering import count, engineering, percent, span
from neurosim.report.figures import wilson
from neurosim.report.group import group, slug
from neurosim.report.html import page
from neurosim.report.notes import additions_note, without_range
from neurosim.report.summary import write_summary
from neurosim.report.table import result_table
from neurosim.results import Host, inference_latency, neurobench, spike_latency
from neurosim.scenario.result import RunResult, ScenarioResult

STEPS = (4, 16)
SAMPLES = 3


@pytest.fixture(scope="module")
def result():
    """Two real runs of the pulsed MNIST network, put together by hand."""
    network, chip, images = ns.load_network("mnist-pulsed"), ns.load_chip("loihi"), load_dataset("mnist-test")
    mapping = ns.map(network, chip)
    program = ns.load_program(mapping)
    runs = []
    for steps in STEPS:
        inputs = encode("bernoulli", images.images[:SAMPLES], steps, seed=1)
        run, floating = ns.simulate(program, inputs), run_functional(network, inputs)
        decided = floating.answer("evidence").argmax(axis=1)
        right = images.labels[:SAMPLES]
        runs.append(
            RunResult(
                chip=chip,
                program=program,
                run=run,
                energy=ns.price(run, chip),
                latency=inference_latency(run, chip, Host()),
                spike_latency=spike_latency(run),
                model=network.name,
                steps=steps,
                accuracy=float((run.decisions() == right).mean()),
                reference_accuracy=float((decided == right).mean()),
                published_accuracy=0.882 if steps == 4 else None,
                decisions_changed=int((run.decisions() != decided).sum()),
                pulse_counts_changed=0,
                additions=float(sum(events.mean() for events in floating.synaptic_events)),
                dense_multiply_adds=784 * 128 + 128 * 10,
                neurobench=neurobench(network, floating.pulses, floating.synaptic_events, floating.membrane_updates),
                lowering=mapping.lowered.records,
                usage=tuple(core_kind(chip.core_kind).usage(program)),
                warnings=("few samples & <coarse>",),
                mapper="sequential",
                seconds=0.5,
            )
        )
    configuration = {"scenario": {"name": "<digits>", "steps": list(STEPS)}}
    provenance = {"neurosim": "0", "hashes": {"inputs": "12ab"}}
    return ScenarioResult("digits", "Digits & <more>", configuration, provenance, tuple(runs))


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    return report(result, tmp_path_factory.mktemp("reports") / "new" / "run")


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def shown(result, width):
    console = Console(width=width, record=True, file=StringIO(), color_system=None)
    console.print(result_table(result))
    return console.export_text()


# ---------------------------------------------------------------- the screen


@pytest.mark.parametrize("width", [80, 100, 120])
def test_does_the_table_show_every_figure_at_every_width(result, width):
    text = shown(result, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    for run in result.runs:
        activity = run.run.activity.summary()
        for figure in (
            percent(run.accuracy),
            engineering(run.latency.mean, "s"),
            engineering(run.latency.p99, "s"),
            engineering(run.energy.total.value, "J"),
            span(run.energy.total.low, run.energy.total.high, "J"),
            engineering(run.energy.dynamic.value, "J"),
            engineering(run.energy.static.value, "J"),
            count(activity["synaptic_operations"]),
            count(activity["spikes"]),
            count(activity["packets"]),
        ):
            assert figure in text
    assert "88.20" in text  # the published accuracy at T = 4
    assert re.search(r"16 +- +", text)  # none is published at T = 16


def test_does_the_table_say_what_the_energy_includes(result):
    text = " ".join(shown(result, 120).split())
    assert "not measured" in text
    assert "boundary chip: activity of the cores in use" in text
    assert "no host" in text
    assert "silicon-fit" in text
    assert "11.7 % in energy and 24.3 % in latency" in text  # what the authors of the set state
    assert "no range is known for power.chip_static" in text
    assert "energy.barrier: not published, counted as zero" in text
    assert re.search(r"approximate quantise hidden \(each weight off by at most", text)
    assert "exact retime (2 more steps per inference)" in text
    assert "warning few samples & <coarse>" in text


def test_is_a_column_shown_only_where_runs_differ(result):
    other = replace(result, runs=(result.runs[0], replace(result.runs[1], mapper="another")))
    assert "mapper sequential" in shown(result, 120)
    assert "mapper sequential" not in shown(other, 120)
    assert "another" in shown(other, 120)


def test_are_names_with_brackets_shown_as_they_are(result):
    assert "a [bold]name[/bold]" in shown(replace(result, title="a [bold]name[/bold]"), 120)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (24.247e-6, "24.2 µJ"),
        (999.96e-9, "1.00 µJ"),
        (99.96e-9, "100 nJ"),
        (9.996e-6, "10.0 µJ"),
        (9.93e-6, "9.93 µJ"),
        (582e-12, "582 pJ"),
        (1e-3, "1.00 mJ"),
        (1.5, "1.50 J"),
        (0.0, "0 J"),
    ],
)
def test_does_a_number_keep_three_digits_and_the_right_prefix(value, text):
    assert engineering(value, "J") == text


def test_is_a_band_written_with_one_prefix():
    assert span(0.9e-6, 1.234e-3, "J") == "0.000900..1.23 mJ"
    assert span(9.94e-6, 11.36e-6, "J") == "9.94..11.4 µJ"


# ---------------------------------------------------------------- additions against multiply-adds


@pytest.mark.parametrize(
    ("additions", "first"),
    [
        ({4: 50, 16: 200}, 16),
        ({16: 200, 4: 50}, 16),  # whatever the order of the runs
        ({4: 200, 8: 50, 16: 200, 64: 800}, 16),  # not from a T after which it is fewer again
        ({1: 150, 4: 600}, 1),
        ({4: 50, 8: 99}, None),
    ],
)
def test_from_which_step_count_does_the_pulsed_network_add_more(result, additions, first):
    run = result.runs[0]
    runs = [replace(run, steps=T, additions=float(n), dense_multiply_adds=100) for T, n in additions.items()]
    sentence = additions_note(runs)
    if first is None:
        assert sentence is None
    else:
        assert f"from T = {first} on" in sentence
        assert "more additions than" in sentence
        assert f"{additions[first]} against 100" in sentence


def test_is_as_many_not_called_more(result):
    sentence = additions_note([replace(result.runs[0], additions=100.0, dense_multiply_adds=100)])
    assert "as many additions as" in sentence
    assert "more additions" not in sentence


# ---------------------------------------------------------------- files for programs


def test_does_the_summary_hold_every_number_unchanged(result, folder):
    read = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert read.pop("configuration") == result.configuration
    assert read == json.loads(json.dumps(result.as_dict()))
    assert read["runs"][1]["energy_j"]["total"] == result.runs[1].energy.total.value
    assert json.loads((folder / "configuration.json").read_text(encoding="utf-8")) == result.configuration


def test_is_a_number_that_is_none_refused(result, tmp_path):
    broken = replace(result, runs=(replace(result.runs[0], accuracy=float("nan")),))
    with pytest.raises(FileError, match=r"summary\.json: cannot be written as JSON"):
        write_summary(broken, tmp_path / "summary.json")
    assert not list(tmp_path.iterdir())


def rows(folder, name, run):
    whole = pq.read_table(folder / "tables" / f"{name}.parquet").to_pydict()
    chosen = np.array(whole["run"]) == run
    return {column: np.array(values)[chosen] for column, values in whole.items()}


@pytest.mark.parametrize("index", [0, 1])
def test_do_counters_per_core_give_the_energy_per_core(result, folder, index):
    run = result.runs[index]
    cores = rows(folder, "cores", index)
    figures_of = run.chip.constants("silicon-fit").energy
    prices = core_kind("compartment").prices(run.chip)
    priced = sum(cores[p.counter] * figures_of[p.energy].si for p in prices if p.counter in cores)
    assert cores["dynamic_energy_j"] == pytest.approx(priced, rel=1e-12)
    on_the_mesh = run.energy.parts["network"].value + run.energy.parts["barrier"].value
    assert cores["dynamic_energy_j"].sum() + on_the_mesh == pytest.approx(run.energy.dynamic.value, rel=1e-12)
    assert cores["core"].tolist() == run.program.cores.tolist()
    assert set(cores["steps"]) == {STEPS[index]}


def test_do_links_stand_where_the_mesh_has_them(result, folder):
    links = rows(folder, "links", 1)
    move = np.stack([links["to_column"] - links["from_column"], links["to_row"] - links["from_row"]], axis=1)
    for kind, (dx, dy) in {"E": (1, 0), "W": (-1, 0), "N": (0, 1), "S": (0, -1), "inject": (0, 0)}.items():
        assert (move[links["kind"] == kind] == (dx, dy)).all()
    # 8 x 4 tiles: 2 x (7 x 4 + 8 x 3) links between them; one port and the cores in use each way.
    assert len(links["kind"]) == 104 + 2 * (1 + len(result.runs[1].program.cores))
    program = result.runs[1].program
    ends = [*program.chip.io.ports, *(program.position(k) for k in range(len(program.cores)))]
    for kind in ("inject", "eject"):
        chosen = links["kind"] == kind
        places = zip(links["from_column"][chosen].tolist(), links["from_row"][chosen].tolist(), strict=True)
        assert list(places) == ends
    entered = links["packets"][links["kind"] == "inject"].sum()
    assert entered == pytest.approx(result.runs[1].run.activity.summary()["packets"])
    assert entered == pytest.approx(links["packets"][links["kind"] == "eject"].sum())  # none is lost


def test_do_the_steps_add_up_to_the_inference(result, folder):
    steps = rows(folder, "steps", 1)
    run = result.runs[1]
    assert len(steps["step"]) == run.run.chip_steps == STEPS[1] + 2
    assert steps["duration_s"].sum() == pytest.approx(run.latency.mean, rel=1e-12)
    assert steps["packets"].sum() == pytest.approx(run.run.activity.summary()["packets"])
    assert steps["spikes"].sum() == pytest.approx(run.run.activity.summary()["spikes"])


def test_is_the_first_sample_kept_in_full(result, folder):
    spikes, packets = rows(folder, "first_sample_spikes", 1), rows(folder, "first_sample_packets", 1)
    run = result.runs[1].run
    assert set(spikes["population"]) == {"hidden"}
    assert len(spikes["step"]) == run.spikes.counts["hidden"][0].sum()
    assert len(packets["step"]) == run.activity.total("packets")[0]
    assert (packets["delivered_ps"] > packets["created_ps"]).all()
    histogram = rows(folder, "spike_latency", 1)
    assert histogram["packets"].sum() == run.activity.total("packets").sum()


# ---------------------------------------------------------------- figures


def test_does_every_core_stand_at_its_place_on_the_map(result):
    run = result.runs[0]
    cores = np.array([5, 127], dtype=np.int32)
    energy = replace(run.energy, per_core=np.array([1.0, 2.0]))
    image = core_image(replace(run, program=replace(run.program, cores=cores), energy=energy))
    assert cells(4) == (2, 2)
    assert image.shape == (4 * 2, 8 * 2)
    # Core 5 is the second of tile 1 (column 1, row 0), core 127 the last of tile 31 (column 7, row 3).
    assert {tuple(place): image[tuple(place)] for place in np.argwhere(~np.isnan(image)).tolist()} == {
        (0, 3): 1.0,
        (7, 15): 2.0,
    }


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17, 857 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_is_the_interval_of_an_accuracy_that_of_the_literature(hits, n, low, high):
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-5)


def test_has_every_group_its_own_pictures(result, folder):
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "energy.png",
        "accuracy.png",
        "trade-off.png",
        "step-duration.png",
        "raster-loihi.png",
        "cores-loihi.png",
        "links-loihi.png",
    }
    two = group([result.runs[0], replace(result.runs[1], mapper="another")])
    assert [item.label for item in two] == ["loihi (sequential)", "loihi (another)"]
    assert slug("chip (a = 5)") != slug("chip (a = -5)")


# ---------------------------------------------------------------- report.html


class Outline(HTMLParser):
    """Checks that elements close in order, and collects ids, addresses and names of elements."""

    void = frozenset({"meta", "img", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.names = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in self.void:
            self.open.append(tag)
        self._attributes(attrs)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)
        self._attributes(attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def _attributes(self, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        self.addresses += [value for name, value in attrs if name.split(":")[-1] in ("href", "src", "data", "action")]


def test_does_the_page_need_nothing_from_outside(html):
    outline = Outline()
    outline.feed(html)
    assert not outline.open
    assert not outline.names & {"script", "link", "iframe", "object", "base"}
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in outline.addresses)
    assert len(outline.ids) == len(set(outline.ids))
    assert "http://" not in html
    assert "https://" not in html
    assert not re.search(r"url\((?!#)|@import", html)
    assert len(html) < 3_000_000


def test_does_the_page_open_with_what_was_modelled(result, html):
    text = unescape(html)
    places = [text.index(f"<h2>{title}") for title in ("What was modelled", "Results", "What the numbers include")]
    assert places == sorted(places)
    assert "<h2>" not in text[: places[0]]
    told = result.runs[0].chip.fidelity
    for line in (*told.exact, *told.approximate, *told.unsupported):
        assert places[0] < text.index(line) < places[1]
    assert places[0] < text.index("Nothing here was measured") < places[1]


def test_does_the_page_hold_every_part(result, html):
    text = unescape(html)
    run = result.runs[1]
    for record in run.lowering:
        assert record.why in text
    for contradiction in run.chip.contradictions:
        assert contradiction.detail in text
    for line in (
        "silicon-fit",
        "no range is known for power.chip_static",
        "energy.barrier: not published, counted as zero",
        span(run.energy.total.low, run.energy.total.high, "J"),
        engineering(run.spike_latency.max, "s"),
        count(run.neurobench.effective_acs),
        run.run.program_digest,
        run.chip.digest,
        "12ab",
        "more additions than the dense network",
        "hops north south",
    ):
        assert line in text
    for name, figure in run.chip.constants("silicon-fit").energy.items():
        assert f"energy.{name}" in text
        assert str(figure) in text


def test_is_every_text_escaped(html):
    assert "Digits &amp; &lt;more&gt;" in html
    assert "few samples &amp; &lt;coarse&gt;" in html
    assert "<more>" not in html
    assert "<coarse>" not in html
    assert "<digits>" not in html


def test_is_an_effect_that_was_measured_shown(result):
    record = replace(result.runs[0].lowering[0], measured={"accuracy_lost": 0.0125})
    text = page(replace(result, runs=(replace(result.runs[0], lowering=(record,)),)), [])
    assert "accuracy lost 0.0125" in text
    assert "not measured</td>" not in text


def test_is_the_fullest_core_named_for_every_limit(result):
    usage = {item.limit: item for item in fullest(result.runs[0].usage)}
    for item in result.runs[0].usage:
        assert usage[item.limit].needed * item.available >= item.needed * usage[item.limit].available
    assert usage["compartments"].available == 1024  # compartments of a core of this chip, as its makers publish


def test_is_a_power_without_range_named_only_inside_the_boundary(result):
    run = result.runs[0]
    assert "power.chip_static" in without_range(run)
    inside = ns.price(run.run, run.chip, boundary="cores")
    assert "power.chip_static" not in without_range(replace(run, energy=inside))
    assert "power.core_static" not in without_range(run)  # a range of 0.38 to 0.46 mW is published


# ---------------------------------------------------------------- the folder


def every_file(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_does_a_second_report_replace_the_first_and_nothing_else(result, folder, tmp_path):
    target = tmp_path / "run"
    for name in ("summary.json", "figures/raster-older.png", "tables/cores.parquet", "figures/mine.png", "notes.txt"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("{}")
    report(result, target)
    found, mine = every_file(target), {"figures/mine.png", "notes.txt"}
    assert {name: content for name, content in found.items() if name not in mine} == every_file(folder)  # bit by bit
    assert mine <= found.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_is_a_folder_with_other_things_refused(result, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    for refuse in (lambda: report(result, tmp_path), lambda: check_writable(tmp_path)):
        with pytest.raises(NeurosimError, match=r"not empty and holds no summary\.json"):
            refuse()
    assert every_file(tmp_path) == {"letter.txt": b"dear"}


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below", "x" * 300])
def test_is_a_place_that_cannot_be_written_refused_before_the_run(result, tmp_path, place):
    (tmp_path / "file").write_text("text")
    for refuse in (lambda: report(result, tmp_path / place), lambda: check_writable(tmp_path / place)):
        with pytest.raises(FileError) as caught:
            refuse()
        assert str(caught.value).startswith(str(tmp_path / place))
        assert "\n" not in str(caught.value)
    assert every_file(tmp_path) == {"file": b"text"}


def test_does_checking_leave_nothing_behind(tmp_path):
    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_does_a_failure_leave_the_folder_as_it_was(result, folder, tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    before = every_file(folder)
    monkeypatch.setattr(tables, "write_tables", fail)
    for target in (tmp_path / "new" / "run", folder):
        with pytest.raises((FileError, KeyboardInterrupt), match=r"no space left|^$"):
            report(result, target)
    assert not list(tmp_path.iterdir())
    assert every_file(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_does_a_failure_at_the_last_moment_leave_nothing(result, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(figures, "pictures", lambda _: [])
    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(FileError, match="permission denied"):
        report(result, tmp_path / "new" / "far" / "run")
    assert not list(tmp_path.iterdir())


def test_can_runs_be_reported_without_a_scenario(result, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "pictures", lambda _: [])
    target = report(result.runs, tmp_path / "run")
    assert "<h1>mnist-pulsed on loihi</h1>" in (target / "report.html").read_text(encoding="utf-8")
    assert len(json.loads((target / "summary.json").read_text(encoding="utf-8"))["runs"]) == len(STEPS)
    with pytest.raises(NeurosimError, match="holds no runs"):
        report([], tmp_path / "none")
