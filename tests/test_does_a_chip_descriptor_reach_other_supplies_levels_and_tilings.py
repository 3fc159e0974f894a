"""Does a chip descriptor reach other supplies, performance levels and tilings of several chips?"""

import io
import json
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from neurosim.chip import load_chip
from neurosim.errors import NeurosimError
from neurosim.paths import data_dir
from neurosim.report import chips as report


def vocabulary_of(kind):
    return import_module(f"neurosim.cores.{kind}.vocabulary").VOCABULARY


def load(name):
    return load_chip(name, vocabulary_of)


LOIHI, TRUENORTH, SPINNAKER2 = load("loihi"), load("truenorth"), load("spinnaker2")


def shown(picture, width=140):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(picture)
    return console.export_text()


@pytest.mark.parametrize(
    ("voltage", "energy", "static"),
    [("0.8 V", 1, 1), ("700 mV", 0.875**2, 0.875**3.89), ("1.05 V", 1.3125**2, 1.3125**3.89)],
)
def test_is_the_scale_a_power_of_the_supply(voltage, energy, static):
    chip = TRUENORTH.with_overrides({"operating.voltage": voltage})
    assert chip.scale.energy == pytest.approx(energy)
    assert chip.scale.static == pytest.approx(static)


def test_is_the_scale_one_where_no_supply_is_stated():
    assert (LOIHI.scale.energy, LOIHI.scale.static) == (1.0, 1.0)


def test_do_fractions_and_other_references_count():
    chip = TRUENORTH.with_overrides(
        {"operating.energy_exponent": "1.5", "operating.static_exponent": "-2", "operating.reference_voltage": "400 mV"}
    )
    assert chip.scale.energy == pytest.approx(2**1.5)
    assert chip.scale.static == pytest.approx(0.25)


def test_does_a_changed_supply_keep_its_range_and_the_stated_figures():
    chip = TRUENORTH.with_overrides({"operating.voltage": "700 mV"})
    [(_, voltage)] = chip.find("operating.voltage")
    assert (voltage.si, voltage.low, voltage.high) == (0.7, 0.7, 1.05)
    assert chip.constants().energy == TRUENORTH.constants().energy
    assert chip.digest != TRUENORTH.digest


def test_is_the_tick_changed_like_any_figure():
    assert TRUENORTH.with_overrides({"clock.tick": "200 us"}).tick == 200_000_000


def test_are_levels_reached_by_path():
    path = "level.low.energy.neuron_update"
    [(full, figure)] = SPINNAKER2.find(path)
    assert (full, figure.si) == (path, 664e-12)
    chip = SPINNAKER2.with_overrides({path: "1 nJ", "level.high.clock": "400 MHz", "level.low.power.sleep": "2"})
    assert chip.levels["low"].energy["neuron_update"].si == 1e-9
    assert chip.levels["low"].power["sleep"].si == 2e-3
    assert (chip.levels["high"].clock_hz, chip.levels["high"].period_ps) == (400e6, 2500)
    assert list(chip.levels) == ["low", "high"]
    assert LOIHI.levels == {}


def test_are_levels_in_the_order_of_the_file_the_slowest_first():
    for name in ("spinnaker2", "spinnaker2-prototype"):
        clocks = [level.clock_hz for level in load(name).levels.values()]
        assert clocks == sorted(clocks)


def test_does_an_override_without_a_set_reach_the_powers_that_a_set_states_itself():
    assert [path for path, _ in TRUENORTH.find("power.core_static")] == [
        "constants.printed-power.power.core_static",
        "power.core_static",
    ]
    chip = TRUENORTH.with_overrides({"power.core_static": "20 uW"})
    assert {constants.power["core_static"].si for constants in chip.constant_sets.values()} == {20e-6}
    one = TRUENORTH.with_overrides({"constants.printed-power.power.core_static": "20 uW"})
    assert [c.power["core_static"].value for c in one.constant_sets.values()] == [10.47, 20]
    assert one.power["core_static"].value == 10.47


def test_is_one_chip_what_a_descriptor_without_a_tiling_means():
    assert (LOIHI.n_chips, LOIHI.columns_per_chip, LOIHI.rows_per_chip) == (1, 8, 4)
    assert LOIHI.usable_cores == tuple(range(128))
    assert LOIHI.tiled(1, 1) is LOIHI
    assert LOIHI.event_router is None
    [item] = report.explain_json(LOIHI, "geometry.chip_rows")["figures"]
    assert (item["value"], item["source"][0]["text"]) == (1, "holds where a descriptor says nothing")


def test_does_a_tiling_multiply_tiles_and_cores():
    four = LOIHI.tiled(2, 3)
    assert (four.n_chips, four.columns, four.rows) == (6, 16, 12)
    assert (four.columns_per_chip, four.rows_per_chip) == (8, 4)
    assert four.n_cores == four.n_existing_cores == len(four.usable_cores) == 6 * 128
    assert four == LOIHI.with_overrides({"geometry.chip_columns": "2", "geometry.chip_rows": "3"})
    assert four.digest != LOIHI.digest
    assert four.tiled(1, 1).columns == 8
    assert four.io == LOIHI.io  # places of the first chip


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3))
def test_are_absent_tiles_and_reserved_cores_taken_from_every_chip(chip_columns, chip_rows):
    chip = SPINNAKER2.tiled(chip_columns, chip_rows)
    cores = chip.usable_cores
    assert list(cores) == sorted(set(cores))
    assert max(cores) < chip.n_cores
    on_chip = {}
    for core in cores:
        tile, slot = divmod(core, 4)
        row, column = divmod(tile, 8 * chip_columns)
        assert (column % 8, row % 5) not in {(3, 4), (4, 4)}
        on_chip.setdefault((column // 8, row // 5), []).append((row % 5 * 8 + column % 8, slot))
    assert len(on_chip) == chip.n_chips
    # 38 quads in order; the system keeps the last one, which is the tile at column 7 of row 4.
    expected = [(tile, slot) for tile in range(39) if tile not in (35, 36) for slot in range(4)]
    for found in on_chip.values():
        assert found == expected


def test_are_fewer_cores_than_a_tile_reserved_at_the_end_of_the_chip():
    chip = SPINNAKER2.with_overrides({"geometry.reserved_cores_per_chip": "1"})
    assert chip.usable_cores[-3:] == (156, 157, 158)
    assert len(chip.usable_cores) == 151


def test_does_a_descriptor_state_its_own_tiling(tmp_path):
    text = (data_dir("chips") / "loihi.toml").read_text()
    line = 'chip_columns = { value = 4, unit = "chip", source = "Frady2020", confidence = "documented" }\n'
    path = tmp_path / "board.toml"
    path.write_text(text.replace("\n# Figures that describe", f"{line}\n# Figures that describe", 1))
    board = load(path)
    assert (board.n_chips, board.columns, board.rows) == (4, 32, 4)
    assert board.geometry["chip_columns"].value == 4
    assert "chip_rows" not in board.geometry


def test_may_host_figures_have_any_name(tmp_path):
    text = (data_dir("chips") / "loihi.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("step_overhead_blouw", "my_desk"))
    assert "my_desk" in load(path).host
    assert load("truenorth").host == {}


def test_are_the_new_sections_shown():
    told = shown(report.chip_table(SPINNAKER2.tiled(2, 1)))
    for words in (
        "tick of 1 ms",
        "2 x 1 chips of 8 x 5 tiles of 4 cores = 304 cores, 296 of them for use",
        "no cores at tiles (3, 4), (4, 4) of each chip (estimated)",
        "event router at tile (4, 2) of each chip (estimated)",
        "cycles.neuron_update",
    ):
        assert words in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "clock 150 MHz 300 MHz" in lines
    assert "power.sleep 1.054 mW d 3.22 mW d" in lines
    told = shown(report.chip_table(TRUENORTH.with_overrides({"operating.voltage": "0.7"})))
    assert "supply 0.7 V, figures stated at 0.8 V: dynamic energies x 0.7656, static powers x 0.5949" in told
    assert "64 x 64 tiles of 1 core = 4096 cores" in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "power.core_static 10.47 uW d 12.71 uW d" in lines


def test_does_explain_show_levels_and_the_supply():
    told = shown(report.explain(SPINNAKER2, "level.high.energy.cycle"))
    for words in ("15 pJ", "derived", "Scholze2026", "14.98"):
        assert words in told
    told = shown(report.explain(TRUENORTH, "operating.static_exponent"))
    for words in ("3.89", "3.75 to 4.04", "ln(0.875)"):
        assert words in told


@pytest.mark.parametrize("name", ["loihi", "loihi2", "spinnaker2", "spinnaker2-prototype", "truenorth"])
def test_is_the_json_of_every_chip_plain(name):
    chip = load(name)
    document = json.loads(json.dumps(report.chip_json(chip)))
    assert document["levels"].keys() == chip.levels.keys()
    assert document["layout"]["usable_cores"] == len(chip.usable_cores)
    assert document["scale"] == {"energy": 1.0, "static": 1.0}
    assert ("clock" in document["figures"]) == (chip.discipline == "tick")
    assert "operating" in document["figures"] or name != "truenorth"
    for title, constants in document["constants"].items():
        assert constants["cycles"].keys() == chip.constants(title).cycles.keys()
    assert report.chip_list_json([chip])[0]["cores"] == chip.n_existing_cores


def test_is_a_figure_of_an_absent_section_unknown():
    with pytest.raises(NeurosimError, match=r"unknown figure of chip loihi: 'level\.low\.clock'"):
        LOIHI.find("level.low.clock")
