"""Is every mistake in a model file or a data set refused with one line that says where it is?"""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosim.errors import FileError, NeurosimError
from neurosim.network import LIF, Accumulator, AddAndFire, Source
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model, load_network

W1 = np.array([[0.5, -0.25], [0.0, 1.0], [0.75, 0.125]], dtype=np.float32)
W2 = np.array([[1, -2], [0, 3]], dtype=np.int8)
ARRAYS = {"W1": W1, "W2": W2, "theta": np.array([1.0, 2.0])}

MODEL = """
schema = 1
[model]
name = "small"
title = "Small"
summary = "Three inputs, two neurons, two accumulators."
source = "made up"
licence = "none"
[weights]
file = "weights.npz"
sha256 = "@SHA@"
[[population]]
name = "pixels"
size = 3
neuron = "source"
[[population]]
name = "hidden"
size = 2
neuron = "add-and-fire"
threshold = "@theta"
[[population]]
name = "evidence"
size = 2
neuron = "accumulator"
[[projection]]
source = "pixels"
target = "hidden"
weights = "@W1"
[[projection]]
source = "hidden"
target = "evidence"
weights = "@W2"
delay = 1
[readout]
population = "evidence"
rule = "membrane"
[training]
anything = "goes"
"""

DATASET = """
schema = 1
name = "tiny"
title = "Tiny"
file = "tiny.npz"
sha256 = "@SHA@"
images = 2
width = 2
height = 1
classes = 3
source = "made up"
attribution = "nobody"
licence = "none"
"""
IMAGES = {"images": np.array([[0, 255], [51, 128]], np.uint8), "labels": np.array([2, 0], np.uint8)}


def write(folder: Path, text: str = MODEL, arrays: dict | None = None) -> Path:
    """Write a model or data set whose SHA-256 is right, and return its TOML file."""
    npz = folder / ("tiny.npz" if "tiny.npz" in text else "weights.npz")
    np.savez(npz, **({**ARRAYS, **IMAGES} if arrays is None else arrays))
    path = folder / ("dataset.toml" if "tiny.npz" in text else "model.toml")
    path.write_text(text.replace("@SHA@", hashlib.sha256(npz.read_bytes()).hexdigest()))
    return path


def refusal(path: Path, load=load_model) -> str:
    """Load, expect a FileError, and return its one line."""
    with pytest.raises(FileError) as caught:
        load(path)
    line = str(caught.value)
    assert "\n" not in line
    assert str(path if path.is_dir() else path.parent) in line
    return line


def test_does_a_right_file_give_the_network_that_it_describes(tmp_path):
    model = load_model(write(tmp_path))
    network = model.network
    assert [(p.name, p.size, type(p.neuron)) for p in network.populations] == [
        ("pixels", 3, Source), ("hidden", 2, AddAndFire), ("evidence", 2, Accumulator),
    ]  # fmt: skip
    assert network.population("hidden").neuron.threshold.tolist() == [1.0, 2.0]
    first, second = network.projections
    assert (first.indptr.tolist(), first.targets.tolist()) == ([0, 2, 3, 5], [0, 1, 1, 0, 1])
    assert (first.weights.tolist(), first.delay) == ([0.5, -0.25, 1.0, 0.75, 0.125], 0)
    assert (second.weights.tolist(), second.weights.dtype, second.delay) == ([1, -2, 3], np.int64, 1)
    assert (network.outputs, model.readout, model.title) == (("evidence",), "membrane", "Small")
    assert model.provenance["training"] == {"anything": "goes"}
    assert model.digest == load_network(tmp_path).digest()


def test_do_parameters_of_lif_neurons_arrive(tmp_path):
    lif = 'neuron = "lif"\ndecay = 0.9\nbias = "@theta"\nthreshold = 3\nreset = "subtract-late"'
    text = MODEL.replace('neuron = "add-and-fire"\nthreshold = "@theta"', lif)
    neuron = load_network(write(tmp_path, text)).population("hidden").neuron
    assert isinstance(neuron, LIF)
    assert (neuron.decay, neuron.bias.tolist(), neuron.threshold) == (0.9, [1.0, 2.0], 3.0)
    assert (neuron.initial, neuron.reset) == (0.0, "subtract-late")


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("schema = 1", "schema = 2", r"schema: found 2.*1"),
        ("schema = 1", "schema = = 1", r"not TOML: .*line 2"),
        ("schema = 1", "", r"schema: missing"),
        ("[readout]", "[readuot]", r"readuot: unknown key, did you mean 'readout'\?"),
        ('title = "Small"', "", r"model\.title: missing"),
        ('title = "Small"', 'titel = "Small"', r"model\.titel: unknown key, did you mean 'title'\?"),
        ('title = "Small"', 'title = ""', r"model\.title: found ''"),
        ('sha256 = "@SHA@"', 'sha256 = "abc"', r"weights\.sha256: found 'abc'"),
        ('file = "weights.npz"', 'file = "../weights.npz"', r"weights\.file: found '\.\./weights\.npz'"),
        ('file = "weights.npz"', 'file = "weigths.npz"', r"weights\.file: 'weigths\.npz': no such file"),
        ("size = 3", "size = 0", r"population\[0\]\.size: found 0"),
        ("size = 3", 'size = "3"', r"population\[0\]\.size: found '3'"),
        ("size = 3", "size = 3.0", r"population\[0\]\.size: found 3\.0"),
        ("size = 3", "size = true", r"population\[0\]\.size: found True"),
        ('"add-and-fire"', '"ad-and-fire"', r"\[1\]\.neuron: unknown neuron 'ad-and-fire', did you mean"),
        ('neuron = "accumulator"', "", r"population\[2\]\.neuron: missing \(known: accumulator,"),
        ('neuron = "accumulator"', "neuron = 7", r"population\[2\]\.neuron: "),
        ("threshold =", "treshold =", r"population\[1\]\.treshold: unknown key, did you mean 'threshold'\?"),
        ('threshold = "@theta"', "", r"population\[1\]\.threshold: missing"),
        ('"@theta"', "nan", r"population\[1\]\.threshold: found nan: must be a finite number"),
        ('"@theta"', "true", r"population\[1\]\.threshold: found True"),
        ('"@theta"', '"theta"', r"population\[1\]\.threshold: found 'theta'.*'@name'"),
        ('"@theta"', '"@teta"', r"population\[1\]\.threshold: .*no array 'teta', did you mean 'theta'\?"),
        ('"@theta"', '"@W1"', r"population\[1\]\.threshold: array 'W1' has shape \(3, 2\), needs \(2,\)"),
        ('"@theta"', "0", r"population\[1\]\.threshold: found 0, must be above 0"),
        ('"@W1"', '"@W3"', r"projection\[0\]\.weights: .*no array 'W3' \(known: W1, W2, "),
        ('"@W1"', '"@W2"', r"projection\[0\]\.weights: array 'W2' has shape \(2, 2\), needs \(3, 2\)"),
        ('"@W1"', '"W1"', r"projection\[0\]\.weights: found 'W1'"),
        ('source = "pixels"', 'source = "pixel"', r"projection\[0\]\.source: .*'pixel'.*'pixels'"),
        ('target = "hidden"', 'target = "hiden"', r"projection\[0\]\.target: .*'hiden'.*'hidden'"),
        ('target = "evidence"', 'target = "pixels"', r"projection\[1\]\.weights: .*needs \(2, 3\)"),
        ("delay = 1", "delay = -1", r"projection\[1\]\.delay: found -1"),
        ("delay = 1", "delay = 1.5", r"projection\[1\]\.delay: found 1\.5"),
        ("delay = 1", "dely = 1", r"projection\[1\]\.dely: unknown key, did you mean 'delay'\?"),
        ('name = "hidden"', 'name = "pixels"', r"population\[1\]\.name: 'pixels' stands twice"),
        ('population = "evidence"', 'population = "evidense"', r"readout\.population: .*'evidence'"),
        ('population = "evidence"', 'population = "pixels"', r"readout\.population: 'pixels' is a source"),
        ('rule = "membrane"', 'rule = "membrain"', r"readout\.rule: found 'membrain'.*'membrane'"),
        ('rule = "membrane"', 'rule = "pulses"', r"readout\.rule: 'evidence' accumulates and never fires"),
    ],
)  # fmt: skip
def test_is_a_mistake_in_the_text_named(tmp_path, right, wrong, expected):
    assert right in MODEL
    line = refusal(write(tmp_path, MODEL.replace(right, wrong, 1)))
    assert re.search(rf"model\.toml: .*{expected}", line), line


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"W1": W1}, r"projection\[1\]\.weights: .*no array 'W2'"),
        ({"W1": W1 * [[1], [np.nan], [1]]}, r"projection\[0\]\.weights: array 'W1' holds nan at \[1, 0\]"),
        ({"W1": W1 * [[1], [1], [-np.inf]]}, r"projection\[0\]\.weights: array 'W1' holds -inf at \[2, 0\]"),
        ({"W1": W1[:2]}, r"projection\[0\]\.weights: array 'W1' has shape \(2, 2\), needs \(3, 2\)"),
        ({"W1": W1.T}, r"projection\[0\]\.weights: array 'W1' has shape \(2, 3\), needs \(3, 2\)"),
        ({"W1": W1.ravel()}, r"projection\[0\]\.weights: array 'W1' has shape \(6,\), needs \(3, 2\)"),
        ({"W1": W1.astype(complex)}, r"projection\[0\]\.weights: array 'W1' holds complex128"),
        ({"W1": W1.astype(str)}, r"projection\[0\]\.weights: array 'W1' holds <U"),
        ({"theta": np.array([1.0, np.nan])}, r"population\[1\]\.threshold: array 'theta' holds nan at \[1\]"),
        ({"theta": np.array([1.0, -1.0])}, r"population\[1\]\.threshold: found -1, must be above 0"),
        ({"theta": np.ones(3)}, r"population\[1\]\.threshold: array 'theta' has shape \(3,\), needs \(2,\)"),
    ],
)
def test_is_a_mistake_in_the_arrays_named(tmp_path, arrays, expected):
    complete = {"W2": W2, **{"W1": W1, "theta": ARRAYS["theta"]}, **arrays}
    if "W2'" in expected:
        del complete["W2"]
    line = refusal(write(tmp_path, MODEL, complete))
    assert re.search(rf"model\.toml: {expected}", line), line


def test_is_a_weights_file_other_than_the_one_named_refused(tmp_path):
    path = write(tmp_path)
    np.savez(tmp_path / "weights.npz", **{**ARRAYS, "W1": W1 + 1})
    assert re.search(r"weights\.npz: weights\.sha256: SHA-256 is [0-9a-f]{64}, model\.toml says", refusal(path))


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_is_a_truncated_weights_file_called_truncated(tmp_path, part):
    path = write(tmp_path)
    npz = tmp_path / "weights.npz"
    content = npz.read_bytes()
    npz.write_bytes(content[: int(part * len(content))])
    assert re.search(r"weights\.npz: truncated, damaged or not an npz file", refusal(path))


def test_are_pickled_objects_refused_unread(tmp_path):
    path = write(tmp_path, MODEL, {**ARRAYS, "W1": np.array([{"a": 1}], dtype=object)})
    assert "weights.npz: truncated, damaged or not an npz file" in refusal(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_is_any_damage_to_the_weights_an_error_of_one_line(tmp_path, data):
    path = write(tmp_path)
    content = bytearray((tmp_path / "weights.npz").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (tmp_path / "weights.npz").write_bytes(content)
    assert "weights.npz: " in refusal(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(MODEL)), st.binary(max_size=3), st.integers(0, 12))
def test_does_any_damage_to_the_text_end_in_a_network_or_one_line(tmp_path, at, inserted, removed):
    path = write(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:at] + inserted + content[at + removed :])
    try:
        load_model(path)
    except FileError as error:
        assert "\n" not in str(error)


def test_is_a_missing_file_or_name_refused(tmp_path):
    assert re.search(r"nothing\.toml: no such file", refusal(tmp_path / "nothing.toml"))
    assert re.search(r"model\.toml: no such file", refusal(tmp_path))
    with pytest.raises(NeurosimError, match=r"unknown model 'mnist-pulsd', did you mean 'mnist-pulsed'\?"):
        load_network("mnist-pulsd")
    with pytest.raises(NeurosimError, match=r"unknown data set 'mnist-tset', did you mean 'mnist-test'\?"):
        load_dataset("mnist-tset")


def test_does_a_right_data_set_arrive(tmp_path):
    found = load_dataset(write(tmp_path, DATASET))
    expected = np.array([[0, 1], [51 / 255, 128 / 255]], dtype=np.float32)
    np.testing.assert_array_equal(found.images, expected)
    assert (found.images.dtype, found.labels.dtype, found.labels.tolist()) == (np.float32, np.int64, [2, 0])
    assert found.digest == hashlib.sha256((tmp_path / "tiny.npz").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("right", "wrong", "arrays", "expected"),
    [
        ("width =", "widht =", IMAGES, r"dataset\.toml: widht: unknown key, did you mean 'width'\?"),
        ('attribution = "nobody"', "", IMAGES, r"dataset\.toml: attribution: missing"),
        ("images = 2", "images = 3", IMAGES, r"tiny\.npz: images: has shape \(2, 2\), needs \(3, 2\)"),
        ("classes = 3", "classes = 2", IMAGES, r"tiny\.npz: labels: found 2, tiny has 2 classes"),
        ("images", "images", {"images": IMAGES["images"]}, r"tiny\.npz: labels: missing"),
        (
            "images",
            "images",
            {**IMAGES, "images": np.ones((2, 2))},
            r"tiny\.npz: images: holds float64, needs",
        ),
        (
            "sha256 = ",
            'sha256 = "' + 64 * "0" + '" #',
            IMAGES,
            r"tiny\.npz: sha256: SHA-256 is .* says 0{64}",
        ),
    ],
)
def test_is_a_mistake_in_a_data_set_named(tmp_path, right, wrong, arrays, expected):
    path = write(tmp_path, DATASET.replace(right, wrong, 1), arrays)
    line = refusal(path, load_dataset)
    assert re.search(expected, line), line
