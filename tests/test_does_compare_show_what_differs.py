"""Does a comparison show every chip beside the others, what differs, what was refused, and why?"""

import json
import re
from dataclasses import replace
from html import unescape
from io import StringIO

import command_line
import numpy as np
import pytest
from rich.console import Console

import neurosim as ns
from neurosim.errors import CapacityError, NeurosimError
from neurosim.report import figures, report
from neurosim.report.compare import comparison_table, is_comparison, ordered
from neurosim.report.compare_notes import boundary_notes, fidelity_note, points, trust_note
from neurosim.report.engineering import count, engineering, percent, span
from neurosim.report.group import by_chip, group
from neurosim.report.html import page
from neurosim.report.notes import shared
from neurosim.report.per_operation import operation_note, per_operation, stated
from neurosim.report.static_notes import static_notes
from neurosim.report.table import result_table
from neurosim.results import Band
from neurosim.scenario import run as running
from neurosim.scenario.run import prepare, run_scenario
from neurosim.scenario.schema import load_scenario

SCENARIO = """
schema = 1
[scenario]
name = "tiny"
title = "Three images"
model = "mnist-pulsed"
chips = ["loihi", "loihi2", "spinnaker2"]
steps = [2, 4]
samples = 3
[inputs]
dataset = "mnist-test"
encoder = "even"
[chip.loihi2.set]
"limits.synapse_memory_words" = "{words}"
"""
# 784 x 128 synapses of 8 bits do not fit into one word per core; a neuron's own synapses already need more.
WORDS_REFUSED, WORDS_ENOUGH = 1, 16384


def written(folder, words):
    path = folder / "tiny.toml"
    path.write_text(SCENARIO.format(words=words))
    return path


@pytest.fixture(scope="module")
def given():
    """Return what each simulation of ``result`` was given: (program, pulses)."""
    return []


@pytest.fixture(scope="module")
def result(tmp_path_factory, given):
    """Two chips that hold the model and one that refuses it, at two numbers of steps."""
    scenario = load_scenario(written(tmp_path_factory.mktemp("scenario"), WORDS_REFUSED))

    def spy(program, pulses, **options):
        given.append((program, pulses))
        return ns.simulate(program, pulses, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "simulate", spy)
        return run_scenario(prepare(scenario, refuse=False), workers=1)


def screen(shown, width=120):
    console = Console(width=width, record=True, file=StringIO(), color_system=None)
    console.print(shown)
    return console.export_text()


def flat(text):
    return " ".join(text.split())


def with_energy(run, **parts):
    """Return a run with these parts of energy in joules, and none else."""
    bands = {name: Band(parts.get(name, 0.0), 0.0, 2 * parts.get(name, 0.0)) for name in run.energy.parts}
    return replace(run, energy=replace(run.energy, parts=bands))


def with_steps(run, picoseconds):
    """Return a run with one sample whose steps last as long as listed."""
    ends = np.cumsum([picoseconds], axis=1)
    seconds = float(ends[0, -1]) * 1e-12
    times = replace(run.run.times, step_ends=ends)
    return replace(run, run=replace(run.run, times=times), latency=replace(run.latency, mean=seconds))


def exactly(run, **changes):
    """Return a run whose lowering has exact records only."""
    records = tuple(record for record in run.lowering if record.fidelity == "exact")
    return replace(run, lowering=records, **changes)


def on(result, chip, steps=4):
    return next(run for run in result.runs if (run.chip.name, run.steps) == (chip, steps))


# ---------------------------------------------------------------- the same question to every chip


def test_does_every_chip_get_the_same_pulses(result, given):
    assert [program.chip.name for program, _ in given] == ["loihi", "spinnaker2"] * 2
    for steps, pair in zip((2, 4), (given[:2], given[2:]), strict=True):
        assert all(pulses.shape == (3, steps, 784) for _, pulses in pair)
        assert np.array_equal(pair[0][1], pair[1][1])


def test_does_every_chip_get_the_same_reference(result):
    for steps in (2, 4):
        runs = [run for run in result.runs if run.steps == steps]
        assert len({(run.reference_accuracy, run.additions) for run in runs}) == 1


# ---------------------------------------------------------------- what a chip refuses


def test_is_a_chip_that_refuses_listed_with_its_limit(result):
    (refusal,) = result.refusals
    assert (refusal.chip, refusal.model) == ("loihi2", "mnist-pulsed")
    assert re.fullmatch(r"loihi2: limit synapse_memory_words.*: needed \d+, available 1", refusal.reason)
    assert result.as_dict()["refused"] == [
        {"chip": "loihi2", "model": "mnist-pulsed", "reason": refusal.reason},
    ]
    row = next(line for line in screen(comparison_table(result)).splitlines() if line.startswith("loihi2"))
    assert row.split(maxsplit=1)[1].startswith("refused: limit synapse_memory_words")
    assert "needed" in row
    assert "available 1" in row


def test_is_a_refusal_an_error_where_nothing_is_compared(tmp_path):
    scenario = load_scenario(written(tmp_path, WORDS_REFUSED))
    with pytest.raises(CapacityError, match="synapse_memory_words"):
        prepare(scenario)


def test_is_a_comparison_without_any_chip_an_error(tmp_path):
    scenario = load_scenario(written(tmp_path, WORDS_REFUSED), [("scenario.chips", ["loihi2"])])
    with pytest.raises(NeurosimError, match="scenario tiny: loihi2: limit synapse_memory_words"):
        prepare(scenario, refuse=False)


def test_is_a_model_that_every_chip_refuses_still_listed(result):
    other = replace(result.refusals[0], model="too-large", chip="loihi")
    more = replace(result, refusals=(*result.refusals, other))
    lines = screen(comparison_table(more)).splitlines()
    assert any(re.match(r"too-large +loihi +refused: ", line) for line in lines)
    assert "loihi refuses too-large" in unescape(page(more, []))
    assert figures.pictures(more)


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("width", [80, 100, 120])
def test_does_the_table_show_every_figure_at_every_width(result, width):
    text = screen(comparison_table(result), width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    for run in result.runs:
        mine = [line for line in text.splitlines() if re.match(rf"{run.chip.name} +{run.steps} ", line)]
        activity = run.run.activity.summary()
        for figure in (
            percent(run.accuracy),
            percent(run.reference_accuracy),
            points(run),
            str(run.decisions_changed),
            str(run.pulse_counts_changed),
            "approximate",
            engineering(run.latency.mean, "s"),
            engineering(run.energy.dynamic.value, "J"),
            engineering(run.energy.static.value, "J"),
            engineering(run.energy.total.value, "J"),
            span(run.energy.total.low, run.energy.total.high, "J"),
            engineering(run.energy.total.value * run.latency.mean, "J s"),
            count(activity["synaptic_operations"]),
            count(activity["packets"]),
            engineering(run.energy.dynamic.value / activity["synaptic_operations"], "J"),
            str(len(run.program.cores)),
            run.energy.boundary,
            run.energy.constants,
        ):
            assert any(re.search(rf"(?<!\S){re.escape(figure)}(?!\S)", line) for line in mine), figure


def test_has_every_chip_and_step_count_one_row_side_by_side(result):
    first = screen(comparison_table(result)).split("\n\n")[1]
    rows = re.findall(r"^(\w+) +(\d+) ", first, re.MULTILINE)
    assert rows == [("loihi", "2"), ("spinnaker2", "2"), ("loihi", "4"), ("spinnaker2", "4")]


def test_do_models_stand_under_each_other_and_chips_together(result):
    other = [replace(run, model="another") for run in result.runs]
    mixed = ordered([*other[:2], *result.runs, *other[2:]])
    assert [(run.model, run.steps) for run in mixed] == [
        (model, steps) for model in ("another", "mnist-pulsed") for steps in (2, 2, 4, 4)
    ]
    text = screen(comparison_table(replace(result, runs=tuple(mixed))))
    assert re.search(r"^another +spinnaker2 +4 ", text, re.MULTILINE)
    assert re.search(r"^mnist-pulsed +loihi +2 ", text, re.MULTILINE)


def test_do_runs_on_several_chips_and_models_name_both(result):
    text = screen(result_table(result))
    assert re.search(r"^chip +T ", text, re.MULTILINE)
    assert "model mnist-pulsed" in text
    two = replace(result, runs=(*result.runs, *(replace(run, model="another") for run in result.runs)))
    text = screen(result_table(two))
    assert re.search(r"^model +chip +T ", text, re.MULTILINE)
    assert len(re.findall(r"^another +spinnaker2 +4 ", text, re.MULTILINE)) >= 1
    assert "model mnist-pulsed," not in text
    assert {item.label for item in group(two.runs)} == {
        f"{chip} ({model})" for chip in ("loihi", "spinnaker2") for model in ("mnist-pulsed", "another")
    }
    assert [item.label for item in by_chip(two.runs)] == ["loihi", "spinnaker2"]
    apart = group([on(result, "loihi"), replace(on(result, "spinnaker2"), model="another")])
    assert [item.label for item in apart] == ["loihi (mnist-pulsed)", "spinnaker2 (another)"]


def test_is_what_holds_for_a_whole_chip_or_model_said_once(result):
    runs = [*result.runs, *(replace(run, model="another") for run in result.runs)]
    groups = group(runs)

    def told(test):
        return [text for _, text in shared(groups, lambda item: [("topic", "so")] if test(item.longest) else [])]

    assert told(lambda run: True) == ["so"]
    assert told(lambda run: run.chip.name == "loihi") == ["loihi: so"]
    assert told(lambda run: run.model == "another") == ["another: so"]
    assert told(lambda run: (run.chip.name, run.model) == ("loihi", "another")) == ["loihi (another): so"]
    groups = [item for item in groups if item.label != "loihi (mnist-pulsed)"]
    assert told(lambda run: run.model == "another") == ["another: so"]  # all of loihi too, but not called so


# ---------------------------------------------------------------- exact or not


def test_does_an_exact_lowering_say_that_nothing_differs(result):
    run = exactly(on(result, "loihi"), decisions_changed=0, pulse_counts_changed=0)
    (item,) = group([run])
    assert fidelity_note(item) == [("exact", "no decision and no pulse count differs from the reference")]
    assert "exact" in screen(comparison_table(replace(result, runs=(run,))))


@pytest.mark.parametrize("changes", [{"decisions_changed": 1}, {"pulse_counts_changed": 1}])
def test_is_an_exact_lowering_that_differs_called_broken(result, changes):
    run = exactly(on(result, "loihi"), **{"decisions_changed": 0, "pulse_counts_changed": 0, **changes})
    ((topic, text),) = fidelity_note(group([run])[0])
    assert topic == "broken"
    assert "lost on the way: nothing" in text
    assert "broken" in screen(comparison_table(replace(result, runs=(run,))))


def test_does_a_broken_run_name_what_was_lost(result):
    run = exactly(on(result, "loihi"), decisions_changed=2, pulse_counts_changed=3)
    network = run.run.activity.network.copy()
    network[:, 5] = 4  # overruns, by the order of the network's counters; 3 samples
    activity = replace(run.run.activity, network=network)
    ((_, text),) = fidelity_note(group([replace(run, run=replace(run.run, activity=activity))])[0])
    assert text.endswith("lost on the way: 12 overruns")


def test_does_an_approximate_lowering_name_its_passes_and_effect(result):
    run = replace(
        on(result, "loihi"), decisions_changed=2, pulse_counts_changed=3, accuracy=1 / 3, reference_accuracy=2 / 3
    )
    ((topic, text),) = fidelity_note(group([run])[0])
    assert topic == "approximate"
    assert text == (
        "quantise hidden, quantise evidence; measured at T = 4: 2 decisions and 3 pulse counts of 3 differ,"
        " accuracy -33.33 points"
    )


# ---------------------------------------------------------------- where static energy comes from


TICK = 10**9  # picoseconds: SpiNNaker2 and its descriptor use 1 ms


def test_is_the_tick_named_where_it_sets_the_latency_and_static_dominates(result):
    run = with_steps(with_energy(on(result, "spinnaker2"), synapse=1e-6, static=9e-6), [TICK] * 3)
    told, over_all = static_notes([run])
    assert "90.0 % of the energy is static, 3.00 mW for 3.00 ms" in told
    assert "every step lasts one tick of 1.00 ms" in told
    assert "half of the energy would be dynamic at a latency of 333 µs" in told  # 1 uJ / 3 mW
    assert "static energy dominates on spinnaker2 (90.0 % or more)" in over_all
    assert "the tick sets the latency" in over_all


def test_is_static_energy_not_said_to_dominate_where_it_does_not(result):
    run = with_steps(with_energy(on(result, "spinnaker2"), synapse=6e-6, static=4e-6), [TICK] * 3)
    _, over_all = static_notes([run])
    assert "static energy is not the larger part" in over_all
    assert "dominates" not in over_all


def test_is_the_tick_not_blamed_where_a_step_took_longer(result):
    run = with_steps(with_energy(on(result, "spinnaker2"), synapse=1e-6, static=9e-6), [TICK, TICK + 1, TICK])
    (told,) = static_notes([run])
    assert "on a tick of 1.00 ms, as long as their work takes" in told
    assert "every step lasts one tick" not in told


def test_is_a_static_part_that_is_larger_without_a_tick_told_as_well(result):
    ticked = with_steps(with_energy(on(result, "spinnaker2"), synapse=1e-6, static=9e-6), [TICK] * 3)
    large = with_steps(with_energy(on(result, "loihi"), synapse=2e-6, static=8e-6), [10**6, 3 * 10**6])
    small = with_energy(large, synapse=8e-6, static=2e-6)
    assert "the larger part on loihi too, whose steps are not fixed" in static_notes([ticked, large])[-1]
    assert "loihi" not in static_notes([ticked, small])[-1]
    assert "its steps last 1.00 µs to 3.00 µs, as long as their work and the barrier take" in static_notes([large])[0]


def test_is_the_time_of_a_host_told_apart(result):
    run = with_steps(with_energy(on(result, "loihi"), synapse=2e-6, static=8e-6), [10**6] * 4)
    with_host = replace(run, latency=replace(run.latency, mean=run.latency.mean + 5e-3))
    assert "host" not in static_notes([run])[0]
    assert "the host adds 5.00 ms" in static_notes([with_host])[0]


# ---------------------------------------------------------------- one synaptic operation


def test_is_energy_per_operation_dynamic_energy_over_operations(result):
    run = with_energy(on(result, "loihi"), synapse=3e-6, neuron=1e-6, static=9e-6)
    n = run.run.activity.summary()["synaptic_operations"]
    band = per_operation(run, run.energy.dynamic)
    assert (band.value, band.low, band.high) == pytest.approx((4e-6 / n, 0.0, 8e-6 / n))
    activity = replace(run.run.activity, per_core=0 * run.run.activity.per_core)
    assert per_operation(replace(run, run=replace(run.run, activity=activity)), run.energy.dynamic) is None


def test_does_the_part_in_synapses_stand_beside_the_stated_figure(result):
    run = on(result, "loihi")
    n = run.run.activity.summary()["synaptic_operations"]
    energetic = with_energy(run, synapse=30e-12 * n, neuron=10e-12 * n, static=60e-12 * n)
    text = operation_note(group([energetic])[0])
    assert text.startswith("30.0 pJ in synapses, 40.0 pJ dynamic, 100 pJ in all; its descriptor: ")
    assert "23.6 pJ (davies2018, documented)" in text


@pytest.mark.parametrize(
    ("chip", "figures_of"),
    [
        ("loihi", {("davies2018", 23.6, False), ("silicon-fit", 35.5, False)}),  # Davies 2018; Boyle 2025, in pJ
        ("truenorth", {("published", 26, True), ("fit-800mV", 1.48, False), ("printed-power", 1.48, False)}),
        ("spinnaker2", {("level low", 158, False), ("level high", 285, False)}),  # 19 cycles of 8.3 and 15.0 pJ
    ],
)
def test_do_the_figures_beside_it_come_from_the_descriptor(chip, figures_of):
    found = stated(ns.load_chip(chip))
    assert {(item.where, item.figure.value, item.total) for item in found} == figures_of
    assert all(item.figure.unit == "pJ" for item in found)


# ---------------------------------------------------------------- what does not compare


def test_are_different_boundaries_warned_of(result):
    first, second = on(result, "loihi"), on(result, "spinnaker2")
    assert boundary_notes([first, second]) == []
    inside = replace(second, energy=replace(second.energy, boundary="cores"))
    assert boundary_notes([first, inside]) == [
        "the boundaries differ, so totals do not compare: chip: loihi; cores: spinnaker2"
    ]
    assert "the boundaries differ" in flat(screen(comparison_table(replace(result, runs=(first, inside)))))


def test_is_a_figure_that_a_person_changed_told_as_estimated(result):
    run = on(result, "loihi")
    assert "documented" in trust_note(group([run])[0]).split(";")[0]
    changed = replace(run, chip=run.chip.with_overrides({"energy.synaptic_operation_sparse": "1 uJ"}))
    assert "under 1 % documented, under 1 % derived, 100 % estimated figures" in trust_note(group([changed])[0])


def test_are_warnings_said_once(result):
    runs = tuple(replace(run, warnings=("beware",)) for run in result.runs)
    assert screen(comparison_table(replace(result, runs=runs))).count("beware") == 1


# ---------------------------------------------------------------- report and command line


def test_does_the_report_open_with_fidelity_and_then_compare(result, tmp_path):
    folder = report(result, tmp_path / "run")
    text = unescape((folder / "report.html").read_text(encoding="utf-8"))
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    assert titles[:3] == ["What was modelled", "Comparison", "Results"]
    assert "loihi2 refuses mnist-pulsed: limit synapse_memory_words" in text
    for name in ("comparison", "operation"):
        assert (folder / "figures" / f"{name}.png").is_file()
    for run in result.runs:
        assert engineering(run.energy_delay_product, "J s") in text
    read = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert read["refused"] == result.as_dict()["refused"]


def test_is_every_chip_in_the_fidelity_part_once(result):
    two = replace(result, runs=(*result.runs, *(replace(run, model="another") for run in result.runs)))
    text = unescape(page(two, []))
    part = text[text.index("<h2>What was modelled") : text.index("<h2>Comparison")]
    assert part.count("<h3>Loihi (Intel, 2018)</h3>") == 1
    assert "mnist-pulsed: retime" in part
    assert "another: retime" in part


def test_is_a_lone_run_not_called_a_comparison(result):
    alone = replace(result, runs=result.runs[:1], refusals=())
    assert not is_comparison(alone)
    assert "<h2>Comparison" not in page(alone, [])
    assert not {"comparison", "operation"} & {picture.name for picture in figures.pictures(alone)}


def test_is_a_run_without_energy_or_operations_drawn(result):
    run = with_energy(result.runs[0])
    activity = replace(run.run.activity, per_core=0 * run.run.activity.per_core)
    silent = replace(run, run=replace(run.run, activity=activity))
    both = replace(result, runs=(silent, *result.runs[1:]))
    assert "comparison" in {picture.name for picture in figures.pictures(both)}
    assert "0 J" in screen(comparison_table(both))


def test_does_the_command_print_json_with_runs_and_refusals(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, WORDS_REFUSED)
    options = ("--steps", "2", "--samples", "2", "--workers", "1", "--json")
    status, out, err = command_line.run(monkeypatch, capsys, "compare", path, *options)
    assert (status, err) == (0, "")
    read = json.loads(out)
    assert [(run["chip"], run["steps"], run["samples"]) for run in read["runs"]] == [
        ("loihi", 2, 2),
        ("spinnaker2", 2, 2),
    ]
    assert [(item["chip"], item["model"]) for item in read["refused"]] == [("loihi2", "mnist-pulsed")]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["tiny.toml"]


def test_do_options_of_compare_change_the_scenario(monkeypatch, capsys, tmp_path):
    path = written(tmp_path, WORDS_ENOUGH)
    options = ["--chip", "loihi2", "--chip", "loihi", "--samples", "5", "--steps", "1,2", "--seed", "7"]
    more = ["--mapper", "hilbert", "--set", "inputs.encoder=bernoulli", "--dry-run"]
    status, out, _ = command_line.run(monkeypatch, capsys, "compare", path, *options, *more)
    read = json.loads(out)
    assert status == 0
    about = read["scenario"]
    assert (about["chips"], about["samples"], about["steps"]) == (["loihi2", "loihi"], 5, [1, 2])
    assert (about["seed"], about["mapper"], read["inputs"]["encoder"]) == (7, "hilbert", "bernoulli")


def test_is_a_comparison_that_no_chip_can_hold_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, WORDS_REFUSED)
    status, out, err = command_line.run(monkeypatch, capsys, "compare", path, "--chip", "loihi2")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "limit synapse_memory_words" in err
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["tiny.toml"]
