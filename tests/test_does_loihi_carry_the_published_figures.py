"""Does loihi.toml carry the published figures with unit, source and confidence, and are they read exactly?"""

import json
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from neurosim.chip import Quantity, Table, load_chip
from neurosim.chip.check import figures
from neurosim.cores.compartment.vocabulary import VOCABULARY
from neurosim.report import chips as report


@pytest.fixture(scope="module")
def loihi():
    return load_chip("loihi", lambda kind: VOCABULARY)


# Davies et al., IEEE Micro 38(1), 82 (2018), table of operations: pJ and ns.
DAVIES = {
    "synaptic_operation": (23.6, 3.5),
    "neuron_update_inactive": (52, 5.3),
    "neuron_update_active": (81, 8.4),
    "spike_within_tile": (1.7, 2.1),
    "hop_east_west": (3.0, 4.1),
    "hop_north_south": (4.0, 6.5),
    "learning_update": (120, 6.1),
}
# Architecture file of SANA-FE: pJ and ns; the active update is visit + update.
SILICON = {
    "synaptic_operation": (35.5, 3.8),
    "synaptic_operation_sparse": (33.6, 4.7),
    "synaptic_operation_shared": (24.0, 3.1),
    "neuron_update_inactive": (51.2, 6.0),
    "neuron_update_active": (51.2 + 21.6, 6.0 + 3.7),
    "spike_generation": (69.3, 30),
    "output_message": (111, 5.1),
    "input_message": (0, 16),
    "hop_east_west": (3.0, 4.1),
    "hop_north_south": (4.2, 6.5),
}


@pytest.mark.parametrize(("name", "published"), [("davies2018", DAVIES), ("silicon-fit", SILICON)])
def test_does_each_set_hold_its_published_energies_and_times(loihi, name, published):
    constants = loihi.constants(name)
    for operation, (picojoules, nanoseconds) in published.items():
        assert constants.energy[operation].si * 1e12 == pytest.approx(picojoules, rel=1e-12), operation
        assert constants.time[operation].picoseconds() == round(nanoseconds * 1000), operation


def test_is_what_a_set_does_not_publish_zero_with_a_reason(loihi):
    for name, published in (("davies2018", DAVIES), ("silicon-fit", SILICON)):
        constants = loihi.constants(name)
        for operation, figure in constants.energy.items():
            if figure.value == 0:
                assert "counted as zero" in figure.note or operation in {"spike_generation", "input_message"}
        silent = {operation for operation, figure in constants.energy.items() if figure.confidence == "estimated"}
        assert not silent & published.keys()
    assert loihi.constants("silicon-fit").energy["random_number"].si == 6e-12
    assert "neuron_update_active" in loihi.constants("davies2018").energy["spike_generation"].note


def test_is_the_fit_to_silicon_the_default_with_its_stated_error(loihi):
    assert loihi.constants().name == "silicon-fit"
    assert list(loihi.constant_sets) == ["davies2018", "silicon-fit"]
    stated = loihi.constants().stated_error
    assert (stated.energy, stated.latency) == (0.117, 0.243)
    assert loihi.constants("davies2018").stated_error is None


@pytest.mark.parametrize(
    ("name", "tiles", "picoseconds"),
    [
        ("davies2018", 1, 113_000),
        ("davies2018", 32, 465_000),
        ("davies2018", 16.5, 289_000),  # half way in tiles: the mean of 113 and 465 ns
        ("davies2018", 100, 465_000),
        ("silicon-fit", 0, 600_000),
        ("silicon-fit", 1, 600_000),
        ("silicon-fit", 2, 1_000_000),
        ("silicon-fit", 3, 1_200_000),
        ("silicon-fit", 4, 1_400_000),
        ("silicon-fit", 29, 1_800_000),
        ("silicon-fit", 32, 1_800_000),
    ],
)
def test_is_the_barrier_read_between_published_tiles(loihi, name, tiles, picoseconds):
    barrier = loihi.constants(name).time["barrier"]
    assert barrier.picoseconds_at(tiles) == picoseconds
    assert barrier.at(tiles) * 1e12 == pytest.approx(picoseconds, rel=1e-12)


def test_does_the_chip_have_128_cores_of_1024_compartments(loihi):
    assert (loihi.columns, loihi.rows, loihi.cores_per_tile, loihi.n_cores) == (8, 4, 4, 128)
    assert loihi.limit("compartments") == 1024
    assert loihi.limit("input_axons") == loihi.limit("output_axons") == 4096
    assert loihi.limit("synapse_memory_words") * loihi.limit("word_bits") == 128 * 1024 * 8
    assert loihi.limit("accumulator_slots") == loihi.limit("delay_window") * loihi.limit("compartments")
    assert (loihi.limit("synapse_block"), loihi.limit("synapse_header_bits")) == (64, 10)
    assert (loihi.limit("index_bits_min"), loihi.limit("index_bits_max")) == (6, 12)
    assert (loihi.limit("weight_exponent_min"), loihi.limit("weight_exponent_max")) == (-8, 7)
    assert (loihi.limit("delay_max"), loihi.limit("refractory_max")) == (62, 64)
    assert loihi.limits["threshold_profiles"].range == (8, 16)
    assert loihi.limit("state_bytes_min") == loihi.limit("state_bytes_max") == 24
    assert [loihi.limit(name) for name in ("programmable", "program_length_max", "payload_bits")] == [0, 0, 0]
    assert loihi.limit("core_memory_bytes") == 2_000_000 // 8


def test_does_the_arithmetic_have_the_published_widths(loihi):
    assert loihi.width("current_bits") == loihi.width("voltage_bits") == 24
    assert 2 ** loihi.width("decay_bits") == 4096
    assert (loihi.width("decay_offset_u"), loihi.width("decay_offset_v")) == (1, 0)
    assert 2 ** (9 + 2 * loihi.width("voltage_bound_exponent_high")) - 1 == 2**23 - 1
    assert 2 ** loihi.width("effective_weight_max_exponent") - 2 ** loihi.width("weight_shift") == 2**21 - 64
    assert (loihi.width("threshold_mantissa_bits"), loihi.width("threshold_exponent")) == (17, 6)
    assert 2 ** (loihi.width("bias_mantissa_bits") - 1) - 1 == 4095
    assert loihi.arithmetic["synaptic_sum_bits"].confidence == "estimated"


def test_does_a_link_carry_what_a_tile_can_send(loihi):
    peak = loihi.facts["tile_peak_throughput"].si
    for constants in loihi.constant_sets.values():
        link = constants.time["link_serialisation"]
        assert link.si * peak == pytest.approx(1, rel=1e-4)
        assert link.picoseconds() == 291
        assert link.confidence == "estimated"
        assert (link.low, link.high) == (link.si, 4.1e-9)
    assert loihi.constants("silicon-fit").flow["buffer_depth"].whole() == 16
    assert loihi.constants("davies2018").flow["buffer_depth"].whole() == 0


def test_do_static_powers_add_up_to_the_logged_idle_power(loihi):
    power = loihi.power
    rails = 8.8e-3 + 20.8e-3
    assert power["chip_static"].si == pytest.approx(rails)
    assert (power["core_static"].low, power["core_static"].high) == (0.38e-3, 0.46e-3)
    assert power["core_static"].si == pytest.approx((4.2e-3 + 5.1e-3) / 2 / 11, rel=0.01)
    low = power["chip_static"].si + loihi.n_cores * power["core_static"].low + power["embedded_clocks"].si
    high = power["chip_static"].si + loihi.n_cores * power["core_static"].high + power["embedded_clocks"].si
    assert low == pytest.approx(96.3e-3, rel=0.01)  # logged after a run
    assert high == pytest.approx(106e-3, rel=0.01)
    assert power["core_unused"].value == 0
    assert "gated" in power["core_unused"].note
    assert (power["embedded_running"].low, power["embedded_running"].high) == (2.7e-3, 5.8e-3)


def test_are_the_host_terms_those_of_the_published_experiments(loihi):
    host = loihi.host
    assert host["step_overhead_blouw"].picoseconds() == 337_000_000
    assert (host["step_overhead_frady"].low, host["step_overhead_frady"].high) == (5.8e-6, 13e-6)
    assert host["image_overhead_quartz"].si == 4.9e-3
    assert host["state_reset"].si == 5.94e-6
    assert (host["board_barrier_256"].si, host["board_barrier_768"].si) == (14.3e-6, 16.2e-6)


def test_does_every_derived_or_estimated_figure_say_why(loihi):
    for path, figure in figures(loihi.document).items():
        assert figure.confidence == "documented" or figure.note, path
    assert loihi.io.confidence == "estimated"
    assert loihi.io.note


def test_are_the_contradictions_of_the_sources_told(loihi):
    told = " ".join(f"{c.topic} {c.detail}" for c in loihi.contradictions)
    for figure in ("23.6", "35.5", "0.465", "1.8", "threshold profiles", "16", "208", "0.73", "28.8"):
        assert figure in told


def test_how_the_two_sets_differ_for_a_spike(loihi):
    # A spike to one core with f synapses costs about 29 + 23.6 f and 202 + 35.5 f pJ above a silent neuron.
    def spike(name, fan_out):
        energy = {key: figure.si * 1e12 for key, figure in loihi.constants(name).energy.items()}
        extra = energy["neuron_update_active"] - energy["neuron_update_inactive"]
        message = energy["spike_generation"] + energy["output_message"] + energy["input_message"]
        return extra + message + fan_out * energy["synaptic_operation"]

    for fan_out, ratio in ((256, 1.5), (10, 2.1), (1, 4.5)):
        assert spike("silicon-fit", fan_out) / spike("davies2018", fan_out) == pytest.approx(ratio, rel=0.03)


def quantity(value, unit):
    return Quantity(value=value, unit=unit, source="x", confidence="estimated")


@pytest.mark.parametrize(
    ("value", "unit", "picoseconds"),
    [
        (4.1, "ns", 4100),
        (0.5, "ps", 0),
        (1.5, "ps", 2),
        (2.5, "ps", 2),
        (2.0015, "ns", 2002),
        (1, "s", 10**12),
    ],
)
def test_are_halves_of_a_picosecond_rounded_to_even(value, unit, picoseconds):
    assert quantity(value, unit).picoseconds() == picoseconds


@given(st.integers(0, 10**9))
def test_is_a_time_in_whole_picoseconds_kept(picoseconds):
    assert quantity(picoseconds, "ps").picoseconds() == picoseconds
    assert quantity(picoseconds, "ns").picoseconds() == 1000 * picoseconds
    assert math.isclose(quantity(picoseconds, "us").si, picoseconds / 1e6)


@given(st.floats(0, 40), st.floats(0, 40))
def test_does_a_rising_table_rise_between_its_ends(one, other):
    table = Table(points=((1, 2), (4, 5), (9, 6)), over="tile", unit="us", source="x", confidence="derived")
    low, high = table.at(min(one, other)), table.at(max(one, other))
    assert 2e-6 <= low <= high <= 6e-6


def test_is_an_overridden_figure_marked_and_the_digest_changed(loihi):
    path = "constants.silicon-fit.energy.synaptic_operation"
    changed = loihi.with_overrides({path: "0.03 nJ"})
    [(_, figure)] = changed.find(path)
    assert figure.si == 30e-12
    assert (figure.confidence, figure.source, figure.range) == ("estimated", "override", None)
    assert "35.5 pJ" in figure.note
    assert "override" in changed.sources
    assert changed.digest != loihi.digest
    assert changed.overrides == ((path, "0.03 nJ"),)
    assert loihi.find(path)[0][1].value == 35.5  # the original stands
    assert changed.constants("davies2018") == loihi.constants("davies2018")


def test_does_an_override_without_a_set_reach_every_set(loihi):
    changed = loihi.with_overrides({"energy.synaptic_operation": "30", "time.barrier": "1 us", "geometry.rows": "2"})
    for constants in changed.constant_sets.values():
        assert constants.energy["synaptic_operation"].si == 30e-12
        assert constants.time["barrier"].picoseconds_at(1) == constants.time["barrier"].picoseconds_at(32) == 10**6
    assert changed.n_cores == 64


def test_does_the_override_of_one_set_win_over_that_of_all(loihi):
    path = "constants.silicon-fit.energy.barrier"
    changed = loihi.with_overrides({path: "7 pJ", "energy.barrier": "5 pJ"})
    assert [figure.value for _, figure in changed.find("energy.barrier")] == [5, 7]
    assert dict(changed.overrides)[path] == "7 pJ"


def test_do_overrides_in_another_order_give_the_same_chip(loihi):
    one = loihi.with_overrides({"limits.compartments": "512", "power.chip_static": "30"})
    other = loihi.with_overrides({"power.chip_static": "30", "limits.compartments": "512"})
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one


def test_does_explain_tell_source_range_note_and_set(loihi):
    told = report.explain_json(loihi, "energy.synaptic_operation")["figures"]
    assert [(item["set"], item["value"], item["default"]) for item in told] == [
        ("davies2018", 23.6, False),
        ("silicon-fit", 35.5, True),
    ]
    assert {key for item in told for key in item} >= {"unit", "confidence", "range", "note", "source", "path"}
    assert "SANA-FE" in told[1]["source"][0]["text"]
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(report.explain(loihi, "power.core_static"))
    shown = console.export_text()
    for words in ("0.42 mW", "0.38 to 0.46 mW", "derived", "Quartz2023", "11 cores"):
        assert words in shown


def test_does_the_chip_table_show_both_sets_side_by_side(loihi):
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(report.chip_table(loihi))
    console.print(report.chip_list_table([loihi]))
    lines = console.export_text().splitlines()
    assert any("energy.synaptic_operation " in line and "23.6 pJ" in line and "35.5 pJ" in line for line in lines)
    assert any("silicon-fit (default)" in line for line in lines)
    assert any("29.6 mW d" in line for line in lines)


def test_is_the_json_of_a_chip_plain_and_complete(loihi):
    document = json.loads(json.dumps(report.chip_json(loihi)))
    assert document["figures"]["limits"]["compartments"]["value"] == 1024
    assert document["constants"]["silicon-fit"]["energy"].keys() == VOCABULARY.energy
    assert document["constants"]["silicon-fit"]["stated_error"]["latency"] == 0.243
    assert document["figures"]["geometry"]["columns"]["source"][0]["key"] == "SANA-FE"
    assert report.chip_list_json([loihi])[0]["cores"] == 128
