"""Does a chip descriptor refuse mistakes in one line with file, field, value found and nearest spelling?"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from neurosim import paths
from neurosim.chip import Chip, Quantity, Table, list_chips, load_chip
from neurosim.cores.compartment.vocabulary import VOCABULARY
from neurosim.cores.crossbar.vocabulary import VOCABULARY as CROSSBAR
from neurosim.cores.processor.vocabulary import VOCABULARY as PROCESSOR
from neurosim.errors import FileError, NeurosimError
from neurosim.paths import data_dir

LOIHI = (data_dir("chips") / "loihi.toml").read_text()
TRUENORTH = (data_dir("chips") / "truenorth.toml").read_text()
SPINNAKER2 = (data_dir("chips") / "spinnaker2.toml").read_text()
CHECKED = ("limits", "arithmetic", "energy", "time", "flow", "power")
VOCABULARIES = {"compartment": VOCABULARY, "crossbar": CROSSBAR, "processor": PROCESSOR}


def vocabulary_of(kind):
    if kind not in VOCABULARIES:
        raise NeurosimError(f"unknown core kind '{kind}', did you mean 'compartment'?")
    return VOCABULARIES[kind]


def load(path):
    return load_chip(path, vocabulary_of)


@pytest.fixture
def refusal(tmp_path):
    """Return a function that writes a descriptor and gives back the one line with which it is refused."""

    def refuse(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        with pytest.raises(FileError) as caught:
            load(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        return message.removeprefix(f"{path}: ")

    return refuse


def changed(old, new, text=LOIHI):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def figures():
    """Every (line number, section, name) of a figure in a section that the vocabulary governs."""
    section = ""
    for number, line in enumerate(LOIHI.splitlines()):
        if header := re.fullmatch(r"\[([\w.-]+)\]", line):
            section = header[1]
        elif (name := re.match(r"(\w+) = \{", line)) and section.rsplit(".", maxsplit=1)[-1] in CHECKED:
            yield number, section, name[1]


def with_line(number, line):
    lines = LOIHI.splitlines()
    lines[number] = line
    return "\n".join(lines)


def test_is_the_descriptor_accepted_before_it_is_spoiled(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(LOIHI)
    assert load(path) == load(str(path))
    assert len(list(figures())) == len(VOCABULARY.limits) + len(VOCABULARY.arithmetic) + 2 * (
        len(VOCABULARY.energy) + len(VOCABULARY.time) + len(VOCABULARY.flow)
    ) + len(VOCABULARY.power) + len(VOCABULARY.power_optional)


def test_is_every_missing_figure_named(refusal):
    for number, section, name in figures():
        if name not in VOCABULARY.power_optional:
            assert refusal(with_line(number, "")).startswith(f"{section}.{name}: missing")


def test_may_an_optional_power_be_left_out(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("".join(line for line in LOIHI.splitlines(keepends=True) if not line.startswith("embedded_clocks")))
    assert "embedded_clocks" not in load(path).power
    assert "embedded_running" in load(path).power


def test_is_every_misspelt_figure_answered_with_the_nearest_name(refusal):
    for number, section, name in figures():
        line = LOIHI.splitlines()[number].replace(name, f"{name}z", 1)
        message = refusal(with_line(number, line))
        assert message.startswith(f"{section}.{name}z: unknown key, did you mean '{name}'?")


def test_is_every_wrong_dimension_refused(refusal):
    for number, section, name in figures():
        line = re.sub(r'unit = "[^"]*"', 'unit = "V"', LOIHI.splitlines()[number])
        message = refusal(with_line(number, line))
        assert message.startswith(f"{section}.{name}: found ")
        assert "voltage" in message


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("schema = 1", "schema = 2", "schema", "found 2"),
        ("schema = 1", "", "schema", "missing"),
        ("[limits]", "[limit]", "limit", "did you mean 'limits'?"),
        ('maker = "Intel"', "", "chip.maker", "missing"),
        ('maker = "Intel"', "maker = 3", "chip.maker", "found 3"),
        ('maker = "Intel"', 'maker = ""', "chip.maker", "found ''"),
        ("year = 2018", 'year = "2018"', "chip.year", "found '2018'"),
        ("year = 2018", "yaer = 2018", "chip.yaer", "did you mean 'year'?"),
        ('"barrier"', '"barier"', "chip.discipline", "found 'barier', did you mean 'barrier'?"),
        ('core_kind = "compartment"', 'core_kind = "compartmnet"', "chip.core_kind", "'compartment'"),
        ('default_constants = "silicon-fit"', 'default_constants = "silicon-fix"', "chip.default_constants",
         "'silicon-fix', did you mean 'silicon-fit'?"),
        ("value = 1024,", "", "limits.compartments.value", "missing"),
        ("value = 1024,", 'value = "1024",', "limits.compartments.value", "found '1024'"),
        ("value = 1024,", "value = true,", "limits.compartments.value", "found True"),
        ("value = 1024,", "value = nan,", "limits.compartments.value", "finite"),
        ("value = 1024,", "value = 1e300,", "limits.compartments.value", "found 1e+300"),
        ("value = 1024,", "value = 10.5,", "limits.compartments", "found 10.5 compartment, must be a"),
        ("value = 1024,", "value = -1,", "limits.compartments", "found -1 compartment, must not be"),
        ("value = 35.5,", "value = -35.5,", "constants.silicon-fit.energy.synaptic_operation", "found -35.5"),
        ("value = 35.5,", "valeu = 35.5,", "constants.silicon-fit.energy.synaptic_operation.valeu",
         "did you mean 'value'?"),
        ('value = 35.5, unit = "pJ"', 'value = 35.5, unit = "pj"',
         "constants.silicon-fit.energy.synaptic_operation.unit", "unknown unit 'pj', did you mean 'pJ'?"),
        ('value = 35.5, unit = "pJ"', 'value = 35.5, unit = "ns"',
         "constants.silicon-fit.energy.synaptic_operation", "found 35.5 ns, which is time; needs energy"),
        ('value = 35.5, unit = "pJ", source = "SANA-FE;', 'value = 35.5, unit = "pJ", source = "SANAFE;',
         "constants.silicon-fit.energy.synaptic_operation.source", "found 'SANAFE'"),
        ('confidence = "documented"', 'confidence = "documentd"', "geometry.columns.confidence",
         "did you mean 'documented'?"),
        ("range = [0.38, 0.46]", "range = [0.43, 0.46]", "power.core_static", "range [0.43, 0.46]"),
        ("range = [0.38, 0.46]", "range = [0.46, 0.38]", "power.core_static", "range [0.46, 0.38]"),
        ("range = [0.38, 0.46]", "range = [0.38]", "power.core_static.range[1]", "missing"),
        ("range = [0.38, 0.46]", 'range = [0.38, "x"]', "power.core_static.range[1]", "found 'x'"),
        ("points = [[1, 113], [32, 465]]", "points = [[32, 465], [1, 113]]",
         "constants.davies2018.time.barrier", "1 follows 32"),
        ("points = [[1, 113], [32, 465]]", "points = []", "constants.davies2018.time.barrier", "one needed"),
        ("ports = [[0, 0]]", "ports = [[8, 0]]", "io.ports.0", "found [8, 0], outside the mesh of 8 x 4"),
        ("ports = [[0, 0]]", "ports = [[0, 0], [0, 0]]", "io.ports.1", "found [0, 0] twice"),
        ("ports = [[0, 0]]", "ports = []", "io.ports", "at least 1"),
        ("columns = { value = 8", "columns = { value = 0", "geometry.columns", "found 0"),
        ('source = "Boyle2025"', 'source = "Boyle"', "constants.silicon-fit.stated_error.source",
         "did you mean 'Boyle2025'?"),
        ("latency = 0.243", "latency = -1", "constants.silicon-fit.stated_error.latency", "found -1"),
        ("[constants.davies2018]", '[constants."a.b"]\n[constants.b]', "constants.a.b", "found 'a.b'"),
        ("[fidelity]", "[fidelity]\nwrong = []", "fidelity.wrong", "unknown key"),
        ('topic = "barrier time"', "", "contradiction[1].topic", "missing"),
    ],
)  # fmt: skip
def test_is_a_mistake_answered_with_field_and_value(refusal, old, new, field, words):
    message = refusal(changed(old, new))
    assert message.startswith(f"{field}: ")
    assert words in message


HOST = "[host]\nstep = { value = 5, unit = "


@pytest.mark.parametrize(
    ("text", "old", "new", "field", "words"),
    [
        (LOIHI, 'discipline = "barrier"', 'discipline = "tick"', "clock", "missing, a chip of discipline tick needs "
         "clock.tick"),
        (LOIHI, "[facts]", '[clock]\ntick = { value = 1, unit = "ms", source = "lava", confidence = "documented" }\n'
         "[facts]", "clock", "a chip of discipline barrier has no tick"),
        (TRUENORTH, '[clock]\ntick = { value = 1, unit = "ms"', '[clock]\ntick = { value = 1, unit = "MHz"',
         "clock.tick", "found 1 MHz, which is rate; needs time"),
        (TRUENORTH, "tick = { value = 1, unit = \"ms\", range = [0.0476, 1]", 'tick = { value = 0, unit = "ms"',
         "clock.tick", "found 0 ms, must be greater than 0"),
        (TRUENORTH, "tick = { value = 1, unit = \"ms\", range = [0.0476, 1]", 'tick = { value = 0.1, unit = "ps"',
         "clock.tick", "found 0.1 ps, must be at least 1 ps"),
        (TRUENORTH, "[clock]\n", "[clock]\ntock = 1\n", "clock.tock", "unknown key, did you mean 'tick'?"),
        (TRUENORTH, "reference_voltage =", "reference_volage =", "operating.reference_volage",
         "did you mean 'reference_voltage'?"),
        (TRUENORTH, 'value = 0.8, unit = "V", range = [0.70, 1.05]', 'value = 1.2, unit = "V", range = [0.70, 1.05]',
         "operating.voltage", "range [0.7, 1.05] does not bracket the value 1.2"),
        (TRUENORTH, 'value = 0.8, unit = "V", source', 'value = 0, unit = "V", source',
         "operating.reference_voltage", "found 0 V, must be greater than 0"),
        (TRUENORTH, 'value = 0.8, unit = "V", source', 'value = 0.8, unit = "s", source',
         "operating.reference_voltage", "found 0.8 s, which is time; needs voltage"),
        (TRUENORTH, 'energy_exponent = { value = 2, unit = "1"', 'energy_exponent = { value = 2, unit = "core"',
         "operating.energy_exponent", "found 2 core, must be a plain number (unit 1)"),
        (SPINNAKER2, "[level.low.energy]\ncycle", "[level.low.energy]\ncycles", "level.low.energy.cycles",
         "unknown key, did you mean 'cycle'?"),
        (SPINNAKER2, "[level.low.energy]\ncycle", "[level.low.energy]\n# cycle", "level.low.energy.cycle",
         "missing, needs a figure of dimension energy"),
        (SPINNAKER2, "[level.low.power]\nsleep", "[level.low.power]\n# sleep", "level.low.power.sleep", "missing"),
        (SPINNAKER2, 'sleep = { value = 1.054, unit = "mW"', 'sleep = { value = 1.054, unit = "pJ"',
         "level.low.power.sleep", "which is energy; needs power"),
        (SPINNAKER2, 'clock = { value = 150, unit = "MHz"', 'clock = { value = 150, unit = "ns"',
         "level.low.clock", "which is time; needs rate"),
        (SPINNAKER2, "clock = { value = 150,", "clock = { value = 0,", "level.low.clock", "must be greater than 0"),
        (SPINNAKER2, "clock = { value = 150,", "clock = { value = 301,", "level.high.clock",
         "found 300 MHz after 301 MHz, the slowest level must come first"),
        (SPINNAKER2, 'voltage = { value = 0.5, unit = "V", source = "Scholze2026"',
         'voltage = { value = 0.5, unit = "V", source = "Scholze"', "level.low.voltage.source", "found 'Scholze'"),
        (SPINNAKER2, "cycles]\nneuron_update", "cycles]\nneuron_updates",
         "constants.scholze2026.cycles.neuron_updates", "did you mean 'neuron_update'?"),
        (SPINNAKER2, "spike = { value = 20,", "spike = { value = 20.5,", "constants.scholze2026.cycles.spike",
         "found 20.5 cycle, must be a whole number"),
        (LOIHI, "[constants.davies2018.flow]", '[constants.davies2018.cycles]\nspike = { value = 1, unit = "cycle", '
         'source = "lava", confidence = "derived" }\n[constants.davies2018.flow]',
         "constants.davies2018.cycles.spike", "unknown key"),
        (TRUENORTH, ".power]\ncore_static", ".power]\ncore_statics", "constants.printed-power.power.core_statics",
         "unknown key, did you mean 'core_static'?"),
        (TRUENORTH, 'core_static = { value = 12.71, unit = "uW"', 'core_static = { value = 12.71, unit = "pJ"',
         "constants.printed-power.power.core_static", "needs power"),
        (SPINNAKER2, "[[3, 4], [4, 4]]", "[[3, 4], [8, 4]]", "geometry.absent.tiles.1",
         "found [8, 4], outside the mesh of 8 x 5 tiles"),
        (SPINNAKER2, "[[3, 4], [4, 4]]", "[[3, 4], [3, 4]]", "geometry.absent.tiles.1", "found [3, 4] twice"),
        (SPINNAKER2, "[[3, 4], [4, 4]]", "[[3, 4, 5]]", "geometry.absent.tiles[0]", "found [3, 4, 5]"),
        (SPINNAKER2, "[[3, 4], [4, 4]]", "[]", "geometry.absent.tiles", "at least 1"),
        (SPINNAKER2, "[[3, 4], [4, 4]]", "[[0, 0], [4, 4]]", "io.ports.0",
         "found [0, 0], a tile that geometry.absent takes away"),
        (SPINNAKER2, "[[3, 4], [4, 4]]", str([[x, y] for x in range(8) for y in range(5)]),
         "geometry.event_router.tile", "found [4, 2], a tile that geometry.absent takes away"),
        (SPINNAKER2, "tile = [4, 2]", "tile = [4, 5]", "geometry.event_router.tile", "outside the mesh of 8 x 5"),
        (SPINNAKER2, "tile = [4, 2]", "tile = [4]", "geometry.event_router.tile[1]", "missing"),
        (SPINNAKER2, 'tile = [4, 2]\nsource = "neurosim"', 'tile = [4, 2]\nsource = "neurosm"',
         "geometry.event_router.source", "did you mean 'neurosim'?"),
        (SPINNAKER2, "reserved_cores_per_chip = { value = 4,", "reserved_cores_per_chip = { value = 152,",
         "geometry.reserved_cores_per_chip", "found 152, the chip has 152 cores and one must be left"),
        (SPINNAKER2, "reserved_cores_per_chip = { value = 4,", "reserved_cores_per_chip = { value = -1,",
         "geometry.reserved_cores_per_chip", "must not be negative"),
        (SPINNAKER2, "reserved_cores_per_chip =", "reserved_core_per_chip =", "geometry.reserved_core_per_chip",
         "did you mean 'reserved_cores_per_chip'?"),
        (LOIHI, "[facts]", 'chip_columns = { value = 0, unit = "chip", source = "lava", confidence = "derived" }\n'
         "[facts]", "geometry.chip_columns", "found 0, must be at least 1"),
        (LOIHI, "[host]", HOST + '"W", source = "lava", confidence = "documented" }', "host.step",
         "found 5 W, which is power; needs time or energy"),
        (LOIHI, "core_unused =", "core_unusd =", "power.core_unusd", "did you mean 'core_unused'?"),
    ],
)  # fmt: skip
def test_is_a_mistake_in_a_newer_section_answered(refusal, text, old, new, field, words):
    message = refusal(changed(old, new, text))
    assert message.startswith(f"{field}: ")
    assert words in message


def test_are_levels_refused_where_the_kind_has_none_and_asked_for_where_it_has(refusal):
    levels = SPINNAKER2[SPINNAKER2.index("[level.low]") : SPINNAKER2.index("# Power that flows")]
    assert refusal(changed(levels, "", SPINNAKER2)) == (
        "level: missing, core kind processor needs at least one performance level"
    )
    message = refusal(changed("\n[power]", f"\n{levels}[power]"))
    assert message.startswith("level: found low, high, but core kind compartment has no performance levels")


def test_is_a_bare_number_in_place_of_a_figure_refused(refusal):
    number, section, name = next(figures())
    assert refusal(with_line(number, f"{name} = 1024")).startswith(f"{section}.{name}: found 1024")


def test_are_further_problems_counted(refusal):
    text = changed("value = 1024,", "", changed("value = 35.5,", ""))
    assert refusal(text).endswith("limits.compartments.value: missing (and 1 more)")


@pytest.mark.parametrize("text", ["not toml at all", "a = [", "a = 1\na = 2", "x = " + "[" * 5000])
def test_is_what_is_not_toml_refused(refusal, text):
    assert refusal(text).startswith("not TOML: ")


def test_are_bytes_that_are_not_text_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match="not TOML"):
        load(path)


def test_is_a_missing_file_or_a_folder_refused(tmp_path):
    for path in (tmp_path / "absent.toml", tmp_path, str(tmp_path / "absent.toml")):
        with pytest.raises(FileError, match=re.escape(str(path))):
            load(path)


def test_is_an_unknown_chip_answered_with_the_nearest_name():
    assert "loihi" in list_chips()
    with pytest.raises(NeurosimError, match=r"^unknown chip 'lohi', did you mean 'loihi'\?$"):
        load("lohi")


def test_is_an_unknown_kind_of_data_refused():
    with pytest.raises(NeurosimError, match=r"unknown kind of data 'chip', did you mean 'chips'\?"):
        data_dir("chip")


def test_are_data_found_in_a_wheel_first_then_beside_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "neurosim" / "paths.py"))
    with pytest.raises(NeurosimError, match=r"^chips: no such data folder"):
        data_dir("chips")
    (tmp_path / "chips").mkdir()
    assert data_dir("chips") == (tmp_path / "chips").resolve()
    (tmp_path / "neurosim" / "_data" / "chips").mkdir(parents=True)
    assert data_dir("chips") == (tmp_path / "neurosim" / "_data" / "chips").resolve()


@settings(max_examples=150, deadline=None)
@given(
    text=st.sampled_from([LOIHI, TRUENORTH, SPINNAKER2]),
    place=st.floats(0, 1),
    length=st.integers(0, 40),
    filling=st.text(st.sampled_from("ab={}[]\"'.,#\n 01-_é\x00"), max_size=12),
)
def test_does_arbitrary_damage_give_a_chip_or_one_line(tmp_path_factory, text, place, length, filling):
    start = int(place * len(text))
    path = tmp_path_factory.mktemp("damaged") / "mine.toml"
    path.write_text(text[:start] + filling + text[start + length :])
    try:
        assert isinstance(load(path), Chip)
    except FileError as error:
        assert "\n" not in str(error)


NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
NUMBERS = [(text, match.span()) for text in (TRUENORTH, SPINNAKER2) for match in NUMBER.finditer(text)]


@settings(max_examples=150, deadline=None)
@given(
    where=st.sampled_from(NUMBERS),
    number=st.sampled_from(["0", "-1", "1e150", "-1e150", "0.5", "1e-150", "7", "1000000", "true", "[]", '"x"']),
)
def test_does_any_number_changed_give_a_usable_chip_or_one_line(tmp_path_factory, where, number):
    text, (start, end) = where
    path = tmp_path_factory.mktemp("changed") / "mine.toml"
    path.write_text(text[:start] + number + text[end:])
    try:
        chip = load(path)
    except FileError as error:
        assert "\n" not in str(error)
        return
    assert chip.tick > 0
    assert chip.scale.energy >= 0
    assert all(level.period_ps >= 1 for level in chip.levels.values())
    assert chip.n_existing_cores > 0


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("energy.synaptic_operaton", "energy.synaptic_operation"),
        ("limits.compartment", "limits.compartments"),
        ("power.static_core", "power.core_static"),
        ("constants.silicon-fit.energy.bariers", "constants.silicon-fit.energy.barrier"),
    ],
)
def test_is_an_unknown_figure_answered_with_the_nearest_path(path, nearest):
    with pytest.raises(NeurosimError, match=re.escape(f"'{path}', did you mean '{nearest}'?")):
        load("loihi").find(path)


def test_are_unknown_sets_limits_and_widths_refused():
    chip = load("loihi")
    with pytest.raises(NeurosimError, match=r"'davies', did you mean 'davies2018'\?"):
        chip.constants("davies")
    with pytest.raises(NeurosimError, match=r"'compartment', did you mean 'compartments'\?"):
        chip.limit("compartment")
    with pytest.raises(NeurosimError, match=r"'current_bit', did you mean 'current_bits'\?"):
        chip.width("current_bit")


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("energy.synaptic_operation", "30 ns", "found unit 'ns', needs energy"),
        ("energy.synaptic_operation", "30 pj", "did you mean 'pJ'?"),
        ("energy.synaptic_operation", "a lot", "found 'a lot'"),
        ("energy.synaptic_operation", "", "found ''"),
        ("energy.synaptic_operation", "nan", "found 'nan'"),
        ("energy.synaptic_operation", "1e999", "finite"),
        ("energy.synaptic_operation", "-1", "found -1"),
        ("energy.nothing_like_it", "1", "unknown figure"),
        ("time.barrier", "1", "needs a unit: the sets use ns, us"),
        ("limits.compartments", "10.5", "must be a whole number"),
        ("geometry.columns", "0", "at least 1"),
        ("chip.name", "1", "unknown figure"),
        ("geometry.chip_columns", "0", "override geometry.chip_columns: found 0, must be at least 1"),
        ("geometry.chip_rows", "1.5", "must be a whole number"),
        ("geometry.chip_colums", "2", "did you mean 'geometry.chip_columns'?"),
        ("operating.voltage", "0.7 V", "unknown figure of chip loihi: 'operating.voltage'"),
        ("host.state_reset", "5 V", "found unit 'V', needs energy"),
    ],
)
def test_is_a_wrong_override_refused(path, text, words):
    with pytest.raises(NeurosimError) as caught:
        load("loihi").with_overrides({path: text})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["0.69 V", "1.06 V", "690 mV", "2", "-0.8"])
def test_is_a_supply_outside_its_range_refused_however_often_it_is_changed(text):
    chip = load("truenorth")
    for start in (chip, chip.with_overrides({"operating.voltage": "900 mV"})):
        with pytest.raises(NeurosimError) as caught:
            start.with_overrides({"operating.voltage": text})
        assert str(caught.value) == (
            f"override operating.voltage: found '{text}', outside 0.7 to 1.05 V, what the chip works with"
        )


def test_is_a_power_of_the_supply_beyond_the_floats_refused():
    with pytest.raises(NeurosimError, match="beyond all bounds"):
        load("truenorth").with_overrides({"operating.static_exponent": "1e9", "operating.voltage": "1 V"})


def test_is_an_unknown_level_answered_with_the_nearest_path():
    with pytest.raises(NeurosimError, match=r"did you mean 'level\.low\.energy\.cycle'\?"):
        load("spinnaker2").find("level.lo.energy.cycle")


def test_has_a_chip_without_a_tick_none_to_give():
    with pytest.raises(NeurosimError, match=r"^chip loihi has no tick: its discipline is barrier$"):
        _ = load("loihi").tick


def test_is_a_tiling_of_no_chips_refused():
    with pytest.raises(NeurosimError, match=r"geometry\.chip_rows: found 0, must be at least 1"):
        load("loihi").tiled(1, 0)


def test_is_a_quantity_frozen_and_checked_when_built_in_python():
    quantity = Quantity(value=3.5, unit="ns", source="x", confidence="documented")
    with pytest.raises(ValidationError):
        quantity.value = 4  # type: ignore[misc]
    with pytest.raises(ValidationError, match="bracket"):
        Quantity(value=3.5, unit="ns", source="x", confidence="documented", range=(4, 5))
    with pytest.raises(NeurosimError, match="cannot be read as a time"):
        Quantity(value=3.5, unit="pJ", source="x", confidence="documented").picoseconds()
    with pytest.raises(ValidationError, match="ascend"):
        Table(points=((1, 2), (1, 3)), over="tile", unit="ns", source="x", confidence="derived")
