"""Does the GA144's descriptor carry the figures of the data books, and does its time factor refuse mistakes?"""

import io

import pytest
from f18a_nodes import ga144
from rich.console import Console

from neurosim.api import load_chip
from neurosim.chip.check import figures
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.timing import durations
from neurosim.errors import FileError, NeurosimError
from neurosim.paths import data_dir
from neurosim.report.chips import chip_json, chip_table

# DB002 (typical, 1.8 V) and DB001, in nanoseconds.
TIMES = {
    "db002": {"alu": 1.4, "memory": 5.0, "transfer": 5.2, "unext": 2.4, "io_read": 3.5, "port": 4.68},
    "db001": {"alu": 1.5, "memory": 5.1, "transfer": 5.1, "unext": 2.0},
}


def test_is_it_the_chip_of_the_brief():
    chip = ga144()
    assert (chip.columns, chip.rows, chip.n_cores, chip.discipline) == (18, 8, 144, "asynchronous")
    assert (chip.limit("ram_words"), chip.limit("rom_words"), chip.width("word_bits")) == (64, 64, 18)
    assert chip.limit("ram_words") * 144 * 18 == 165_888


@pytest.mark.parametrize("name", TIMES)
def test_are_both_columns_of_times_there(name):
    for operation, nanoseconds in TIMES[name].items():
        assert ga144().constants(name).duration(operation) == round(nanoseconds * 1000)
    assert ga144().default_constants == "db002"


def test_are_powers_those_of_the_briefs():
    power = ga144().power
    assert (power["active"].si, power["active"].low, power["active"].high) == (4.5e-3, 3.2e-3, 7.0e-3)
    assert power["core_static"].si == pytest.approx(55e-9 * 1.8)
    assert power["active"].confidence == "derived"  # never called measured


@pytest.mark.parametrize("volts", [1.6, 1.7, 1.75, 1.8, 1.9, 2.0])
def test_does_time_follow_the_curve_of_the_supply(volts):
    # Chlorophyll's fit to DB002: t(V) over t(1.8 V).
    def curve(v):
        return -0.6775 * v**3 + 4.2904 * v**2 - 9.4878 * v + 8.1287

    chip = ga144().with_overrides({"operating.voltage": str(volts)})
    assert chip.time_factor == pytest.approx(curve(volts) / curve(1.8), rel=0.002)
    nominal = durations(ga144(), ga144().constants())
    assert durations(chip, chip.constants())[reg.FETCH] == round(5200 * chip.time_factor)
    assert nominal[reg.FETCH] == 5200


def test_is_a_supply_outside_the_range_refused():
    with pytest.raises(NeurosimError, match=r"outside 1\.6 to 2 V"):
        ga144().with_overrides({"operating.voltage": "2.2"})


def test_is_a_time_factor_refused_where_a_clock_keeps_time(tmp_path):
    text = (data_dir("chips") / "truenorth.toml").read_text()
    factor = '[operating.time_factor]\npoints = [[0.8, 1]]\nover = "V"\nunit = "1"\nsource = "neurosim"\n'
    file = tmp_path / "mine.toml"
    file.write_text(text.replace("[facts]", f'{factor}confidence = "estimated"\n\n[facts]', 1))
    with pytest.raises(FileError, match=r"operating\.time_factor: found, but the times of a chip of discipline tick"):
        load_chip(file)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[1.8, 1]", "[1.8, -1]", "operating.time_factor: found -1 at the supply, must be greater than 0"),
        ('over = "supply in volts"\nunit = "1"', 'over = "supply in volts"\nunit = "ns"', "which is time"),
        ('alu = { value = 1.4, unit = "ns"', 'alu = { value = 1.4, unit = "pJ"', "needs time"),
        ("port = {", "prot = {", "unknown key, did you mean 'port'"),
    ],
)
def test_are_mistakes_in_the_file_refused(tmp_path, old, new, problem):
    text = (data_dir("chips") / "ga144.toml").read_text()
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(FileError, match=problem):
        load_chip(file)


@pytest.mark.parametrize("name", ["ga144", "loihi", "spinnaker2"])
def test_do_names_of_figures_stand_in_full_on_a_narrow_screen(name):
    chip = load_chip(name)
    console = Console(width=80, file=io.StringIO())
    console.print(chip_table(chip))
    words = console.file.getvalue().split()
    for path in figures(chip.document):
        section, _, figure = path.partition(".")
        if section in ("operating", "geometry", "limits", "host", "facts") and path in shown(chip):
            assert figure in words
    if name == "ga144":
        assert "time_factor" in words
        assert "1.1562" in words


def shown(chip):
    return {f"{title}.{name}" for title, found in chip_json(chip)["figures"].items() for name in found}
