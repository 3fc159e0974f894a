"""What do other ways to write code for the GA144 cost, and what would a network take that does not fit on one?

Every study runs generated code and compares it with the network; here with networks by hand, and the published size of
the array: 144 nodes of 64 words of 18 bits.
"""

from __future__ import annotations

import json
from functools import cache

import command_line
import numpy as np
import pytest

import neurosim as ns
from neurosim.cores.f18a import external
from neurosim.cores.f18a.array import Array, Host, Receive, Send
from neurosim.cores.f18a.assemble import AssemblyError
from neurosim.engine.compiled.array import run_array
from neurosim.engine.functional import run_functional
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.network import AddAndFire, Network, Population, Projection, Source
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.pulses import encode
from neurosim.scenario.external_memory import external_memory
from neurosim.scenario.many_chips import many_chips
from neurosim.scenario.strategies import strategies
from neurosim.scenario.whole_weights import PACKED_MOST, layer, matrix, pruned, rounded, whole_network

RNG = np.random.default_rng(7)


@cache
def chip():
    return ns.load_chip("ga144")


def chain(*weights, thresholds):
    sizes = [weights[0].shape[0], *(each.shape[1] for each in weights)]
    names = ["in", *(f"layer {k}" for k in range(1, len(sizes)))]
    populations = [Population("in", sizes[0], Source())]
    populations += [Population(n, s, AddAndFire(t)) for n, s, t in zip(names[1:], sizes[1:], thresholds, strict=True)]
    projections = [Projection.dense(a, b, w) for a, b, w in zip(names, names[1:], weights, strict=False)]
    return Network("chain", tuple(populations), tuple(projections), (names[-1],))


@cache
def ways():
    network = load_model("mnist-common").network
    pulses = encode("bernoulli", load_dataset("mnist-test").images[:3], 4, seed=1, draw_images=1000)
    return strategies(network, chip(), [*range(48, 56), *range(72, 80)], pulses)


class TestStrategies:
    def test_is_the_default_the_best(self):
        ran = [each for each in ways() if each.refused is None]
        default = next(each for each in ran if each.default)
        assert len(ran) >= 6
        assert {each.coding for each in ran} == {"bits", "events"}
        assert all(default.energy.value <= each.energy.value for each in ran)
        assert all(default.opcodes <= each.opcodes for each in ran)

    def test_is_what_does_not_fit_told(self):
        # A cell that deals out lists of events has no room for the code of a second leaf.
        refused = [each for each in ways() if each.refused]
        assert {(each.coding, each.leaves) for each in refused} == {("events", 2)}
        assert all("needed 65, available 64" in (each.refused or "") for each in refused)

    def test_is_an_unknown_neuron_refused(self):
        with pytest.raises(NeurosimError, match=r"has neurons 0\.\.127, found 128"):
            strategies(load_model("mnist-common").network, chip(), [128], np.zeros((1, 1, 784), np.bool_))


class TestWholeWeights:
    def test_are_they_whole_and_of_so_many_bits(self):
        weights = RNG.normal(size=(40, 9))
        for bits in (2, 4, 8):
            whole = rounded(weights, bits)
            assert np.array_equal(whole, np.rint(whole))
            assert np.abs(whole).max() <= 2 ** (bits - 1) - 1

    def test_is_the_error_that_of_rounding(self):
        # Weights that are whole already, the largest of them included, come back as they are.
        weights = RNG.integers(-7, 8, size=(30, 5)) / 7.0
        weights[0, 0] = 1.0
        assert np.allclose(rounded(weights, 4) / 7, weights)

    def test_do_only_the_smallest_weights_go(self):
        weights = RNG.normal(size=(784, 3))
        whole = pruned(np.sign(weights), weights)
        for k in range(3):
            for sign in (1, -1):
                assert (sign * whole[:, k]).clip(min=0).sum() == PACKED_MOST
                kept, gone = (sign * weights[:, k])[whole[:, k] == sign], (sign * weights[:, k])[whole[:, k] == 0]
                assert kept.min() > gone.max()

    def test_is_another_shape_refused(self):
        network = load_model("mnist-common").network
        both = Network(
            "skip",
            network.populations,
            (*network.projections, Projection.dense("pixels", "output", np.ones((784, 10)))),
            network.outputs,
        )
        with pytest.raises(UnsupportedError, match="chain of layers"):
            whole_network(both, 8, False, 1.0)

    def test_do_thresholds_grow_with_the_weights(self):
        weights = RNG.normal(size=(60, 4))
        network = whole_network(chain(weights, thresholds=[1.0]), 8, False, 1.0)
        scale = matrix(network, network.projections[0])[0, 0] / weights[0, 0]
        assert network.neurons[0].neuron.threshold == pytest.approx(scale, rel=0.02)


class TestManyChips:
    def test_do_two_dense_neurons_of_784_lines_share_a_chip(self):
        # A dense neuron of 784 lines has 49 words of 16 lines: 25 leaves of two words, 13 cells. The chip has two rows
        # of 16 cells with two leaves each beside a trunk at its edge.
        whole = chain(RNG.integers(-7, 8, size=(784, 5)), RNG.integers(-3, 4, size=(5, 3)), thresholds=[40.0, 3.0])
        pulses = RNG.random((2, 3, 784)) < 0.1
        found = many_chips(whole, chip(), pulses, 0.5, 4, False)
        assert found.chips == (3, 1)
        assert found.nodes > 5 * (25 + 13) + 3 * (1 + 1)  # leaves and cells
        assert found.words > 5 * 784 + 3 * 5  # a word for each weight
        # Words of the input pass two links, with those of the neurons before (each less than a word); then the spikes.
        assert found.moved == 3 * (49 * 2 + 2 + 1)
        assert found.synaptic_operations == sum(e.mean() for e in run_functional(whole, pulses).synaptic_events)
        assert found.parts["links"].value == pytest.approx(found.moved * 360e-12)
        assert found.energy.low < found.energy.value < found.energy.high

    def test_do_four_small_neurons_share_words(self):
        weights = np.sign(RNG.integers(-1, 2, size=(784, 8))) * (RNG.random((784, 8)) < 0.3)
        pulses = RNG.random((1, 2, 784)) < 0.1
        assert many_chips(chain(weights, thresholds=[9.0]), chip(), pulses, 0.0, 2, True).chips == (1,)
        assert many_chips(chain(4 * weights, thresholds=[36.0]), chip(), pulses, 0.0, 4, False).chips[0] > 1

    def test_does_a_layer_alone_compute_the_same(self):
        network = chain(RNG.integers(-3, 4, size=(20, 6)), thresholds=[4.0])
        pulses = RNG.random((3, 5, 20)) < 0.4
        whole = run_functional(network, pulses).pulses["layer 1"]
        part = run_functional(layer(network, 0, 2, 5), pulses).pulses["layer 1"]
        assert np.array_equal(part, whole[:, :, 2:5])


class TestExternalMemory:
    @pytest.mark.parametrize(("neurons", "bits"), [(32, 8), (10, 8), (17, 8), (1, 8), (20, 4), (3, 4)])
    def test_do_nodes_add_what_comes_in_and_fire(self, neurons, bits):
        most = 2 ** (bits - 1) - 1
        weights = RNG.integers(-most, most + 1, size=(12, neurons))
        pulses = RNG.random((1, 5, 12)) < 0.5
        weights[0], pulses[0, 0] = most, np.arange(12) == 0  # which makes all fire at once
        threshold = most
        code = external.adder_code(neurons, bits, threshold, "up")
        rows = external.rows(weights, bits)
        assert rows.max() < 1 << 16
        steps = []
        for pulsed in pulses[0]:
            for line in np.flatnonzero(pulsed):
                steps += [Send(0), *(Send(int(word)) for word in rows[line])]
            steps += [Send(external.STEP), Receive(external.spike_words(neurons))]
        result = run_array(Array(chip(), [code.program(708)], [Host(708, "up", tuple(steps), listens=False)]))
        expected = run_functional(chain(weights, thresholds=[float(threshold)]), pulses).pulses["layer 1"][0]
        assert np.array_equal(external.fired(np.array(result.host(708, "up").words), neurons), expected)
        assert result.doubts == ()
        assert expected[0].all()

    def test_do_33_neurons_not_fit(self):
        assert external.most_neurons(8, 100, "up") == 32
        with pytest.raises(AssemblyError, match="overflow"):
            external.adder_code(34, 8, 100, "up")

    def test_are_reads_and_their_time_those_of_the_pulses(self):
        whole = chain(
            RNG.integers(-99, 100, size=(20, 40)), RNG.integers(-99, 100, size=(40, 4)), thresholds=[90.0] * 2
        )
        pulses = RNG.random((2, 3, 20)) < 0.5
        found = external_memory(whole, chip(), pulses, 0.5, 8)
        hidden = run_functional(whole, pulses).pulses["layer 1"]
        # Two weights to a read: 20 reads per pulse of the input, 2 per pulse of the hidden layer; 225 ns (200 to 250).
        assert found.moved == (20 * pulses.sum() + 2 * hidden.sum()) / 2
        assert found.parts["reading"].value == pytest.approx(found.moved * 4.05e-9)
        assert found.seconds == pytest.approx(found.moved * 225e-9, rel=0.35)
        assert found.seconds > found.moved * 225e-9
        assert found.nodes == 3  # 32 and 8 neurons, and the 4 outputs


BEYOND = '[beyond]\nchip = "ga144"\nmodel = "mnist-pulsed"\n'


class TestScenario:
    FILE = """
schema = 1
[scenario]
name = "small"
title = "one image"
model = "mnist-common"
chips = ["ga144"]
steps = [2, 3]
samples = 2
[inputs]
dataset = "mnist-test"
draw_images = 1000
[strategies]
chip = "ga144"
neurons = [0, 1, 2, 3]
samples = 1
steps = 2
"""

    def call(self, monkeypatch, capsys, tmp_path, text, *arguments):
        file = tmp_path / "small.toml"
        file.write_text(text)
        monkeypatch.chdir(tmp_path)
        return command_line.run(monkeypatch, capsys, "run", file, *arguments)

    def test_are_opcodes_words_and_loading_told(self, monkeypatch, capsys, tmp_path):
        status, out, _ = self.call(monkeypatch, capsys, tmp_path, self.FILE, "--json", "--out", "folder")
        assert status == 0
        document = json.loads(out)
        for run in document["runs"]:
            code, activity = run["code"], run["activity"]
            classes = {name: value for name, value in code["opcodes"].items() if name != "all"}
            assert sum(classes.values()) == pytest.approx(code["opcodes"]["all"])
            assert classes["port"] == pytest.approx(activity["opcodes_port"])
            # Every word that moves is stored once and fetched once, but for those of the host at either end.
            assert code["words_moved"] == pytest.approx(activity["words_sent"] + 45 * run["steps"])
            assert code["loading"]["seconds"]["serial"] == pytest.approx(
                code["loading"]["words"] * 30 / 921600, rel=1e-3
            )
        ways = document["code_studies"]["strategies"]["ways"]
        assert [way["default"] for way in ways].count(True) == 1
        page = (tmp_path / "folder" / "report.html").read_text()
        for words in ("Code of the nodes", "Ways to write the code", "words moved through ports", "Loading, once"):
            assert words in page
        shown = self.call(monkeypatch, capsys, tmp_path, self.FILE)[1]
        assert "boot stream of 8,566 words" in shown
        assert "the first way is the default" in shown

    def test_is_the_network_that_does_not_fit_told_with_words(self, monkeypatch, capsys, tmp_path):
        status, _, error = self.call(monkeypatch, capsys, tmp_path, self.FILE.replace("mnist-common", "mnist-pulsed"))
        assert status == 2
        assert "needed 25546, available 9216" in error

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("neurons = [0, 1, 2, 3]", "neurons = [200]", "population hidden has neurons 0..127, found 200"),
            ("neurons = [0, 1, 2, 3]", "neurons = []", "strategies.neurons"),
            ("[strategies]", "[strategy]", "strategy: unknown key, did you mean 'strategies'?"),
            (
                "[strategies]",
                f"{BEYOND.replace('pulsed', 'puls')}weights = [{{ bits = 8 }}]\n[strategies]",
                "did you mean 'mnist-pulsed'?",
            ),
            (
                "[strategies]",
                f"{BEYOND}weights = [{{ bits = 4, packed = true }}]\n[strategies]",
                "beyond.weights[0]: packed: found 4 bits, four weights to a word have 2",
            ),
        ],
    )
    def test_is_a_mistake_told_in_one_line(self, monkeypatch, capsys, tmp_path, old, new, problem):
        status, out, error = self.call(monkeypatch, capsys, tmp_path, self.FILE.replace(old, new))
        assert (status, out) == (2, "")
        assert problem in error
        assert error.count("\n") == 1

    def test_is_a_chip_without_code_refused(self, monkeypatch, capsys, tmp_path):
        text = self.FILE.replace('"ga144"', '"loihi"')
        error = self.call(monkeypatch, capsys, tmp_path, text)[2]
        assert "chip loihi: its cores run no code of their own" in error

    def test_are_studies_of_chips_that_do_not_run_left_out(self, monkeypatch, capsys, tmp_path):
        text = self.FILE.replace('chips = ["ga144"]', 'chips = ["loihi"]')
        status, out, _ = self.call(monkeypatch, capsys, tmp_path, text, "--json")
        assert status == 0
        assert "code_studies" not in json.loads(out)
