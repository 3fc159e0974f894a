"""Does the network for every chip hold what its model file says, and keep the limits it was made for?"""

import numpy as np
import pytest

from neurosim.engine.functional import run_functional
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.pulses import bernoulli

IMAGES, STEPS = 1000, 16
SIDE, WINDOW, STRIDE, PER_WINDOW = 28, 8, 4, 4
CORE_INPUTS = 128  # a TrueNorth core has 256 axons; an input with both signs takes two


@pytest.fixture(scope="module")
def model():
    return load_model("mnist-common")


@pytest.fixture(scope="module")
def weights(model):
    """The two weight matrices, rebuilt from the network's synapses."""
    matrices = []
    for projection in model.network.projections:
        sizes = [model.network.population(name).size for name in (projection.source, projection.target)]
        matrix = np.zeros(sizes, dtype=np.int64)
        matrix[projection.rows, projection.targets] = projection.weights
        matrices.append(matrix)
    return matrices


@pytest.fixture(scope="module")
def digits():
    data = load_dataset("mnist-test")
    return data.images[:IMAGES], data.labels[:IMAGES]


@pytest.fixture(scope="module")
def stated(model, weights, digits):
    """Output pulse counts [images, 10] of the equations in the README, written down once more."""
    theta1, theta2 = (int(model.network.population(name).neuron.threshold) for name in ("hidden", "output"))
    W1, W2 = (matrix.astype(np.float32) for matrix in weights)  # sums of ternary weights are exact
    rng = np.random.default_rng(1)
    v, u = np.zeros((IMAGES, 128)), np.zeros((IMAGES, 10))
    counts = np.zeros((IMAGES, 10), dtype=np.int64)
    for _ in range(STEPS):
        pixels = (rng.random(digits[0].shape) < digits[0]).astype(np.float32)
        v += pixels @ W1
        hidden = v >= theta1
        v[hidden] -= theta1
        u += hidden.astype(np.float32) @ W2
        output = u >= theta2
        u[output] -= theta2
        counts += output
    return counts


def test_is_the_stated_share_of_images_right(model, stated, digits):
    right = int((stated.argmax(axis=1) == digits[1]).sum())
    assert right == round(IMAGES * model.provenance["training"]["pulsed_accuracy_1000"][str(STEPS)])
    assert right >= 0.945 * IMAGES


def test_does_the_reference_give_the_same_pulses(model, stated, digits):
    run = run_functional(model.network, bernoulli(digits[0], STEPS, seed=1))
    np.testing.assert_array_equal(run.answer("output"), stated)


def test_is_the_answer_read_from_pulses_that_are_there(model, stated):
    assert (model.readout, model.network.outputs) == ("pulses", ("output",))
    assert (stated.sum(axis=1) > 0).mean() > 0.99
    assert (stated.sum(axis=0) > 0).all()
    assert stated.max() <= STEPS


def test_are_weights_ternary_and_thresholds_whole(model, weights):
    for projection, matrix in zip(model.network.projections, weights, strict=True):
        assert projection.weights.dtype == np.int64
        assert set(np.unique(matrix)) == {-1, 0, 1}
        assert (projection.delays == 0).all()
    for population in model.network.neurons:
        assert float(population.neuron.threshold).is_integer()


def corners():
    """Upper left corners of the windows, row by row, without those in the corners of the image."""
    places = range(0, SIDE - WINDOW + 1, STRIDE)
    ends = (0, SIDE - WINDOW)
    return [(row, column) for row in places for column in places if not (row in ends and column in ends)]


def test_does_each_group_of_four_see_only_its_window(weights):
    assert len(corners()) * PER_WINDOW == weights[0].shape[1] == CORE_INPUTS
    seen = (weights[0] != 0).reshape(SIDE, SIDE, len(corners()), PER_WINDOW)
    for k, (row, column) in enumerate(corners()):
        inside = seen[row : row + WINDOW, column : column + WINDOW, k]
        assert inside.sum() == seen[:, :, k].sum()
        assert (inside.sum(axis=(0, 1)) > 0).all()


def test_do_twelve_cores_of_128_inputs_hold_it(weights):
    rows = [
        [k for k, corner in enumerate(corners()) if corner[0] == row] for row in range(0, SIDE - WINDOW + 1, STRIDE)
    ]
    groups = [row[i : i + 3] for row in rows for i in range(0, len(row), 3)]
    left_over = [group[0] for group in groups if len(group) == 1]
    cores = [group for group in groups if len(group) == 3] + [left_over]
    assert len(cores) == 11
    for core in cores:
        neurons = [PER_WINDOW * k + i for k in core for i in range(PER_WINDOW)]
        assert (weights[0][:, neurons] != 0).any(axis=1).sum() <= CORE_INPUTS
    assert weights[1].shape[0] <= CORE_INPUTS


def test_are_all_hidden_neurons_different_and_in_use(weights):
    assert len(np.unique(weights[0], axis=1).T) == weights[0].shape[1]
    assert (weights[1] != 0).any(axis=1).all()
