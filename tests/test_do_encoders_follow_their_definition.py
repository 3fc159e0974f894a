"""Do the encoders pulse where their definitions say, and does the MNIST network repeat its publication?"""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.errors import NeurosimError
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.pulses import ENCODERS, bernoulli, encode, even

ROWS = np.array([[0.0, 0.1, 0.5, 0.9, 1.0], [0.25, 0.75, 0.3, 0.7, 0.6]], dtype=np.float32)

# J. L. Sokol, bnn-example (June 2026): accuracy in percent on the first 1000 test images, by steps.
PUBLISHED = {1: 11.40, 2: 58.50, 4: 88.20, 8: 93.00, 16: 93.70, 64: 93.60}
PUBLISHED_RELU = 94.23  # percent of all 10,000 test images


@pytest.fixture(scope="module")
def mnist():
    return load_dataset("mnist-test")


@pytest.fixture(scope="module")
def weights():
    """The matrices of the committed model, rebuilt from its projections."""
    projections = load_model("mnist-pulsed").network.projections
    W1, W2 = np.zeros((784, 128)), np.zeros((128, 10))
    for matrix, projection in zip((W1, W2), projections, strict=True):
        matrix[projection.rows, projection.targets] = projection.weights
    return W1, W2


def test_are_bernoulli_pulses_the_draws_below_the_value():
    rng = np.random.default_rng(7)
    draws = [rng.random((5, 5)) for _ in range(6)]
    expected = np.array([[draws[t][image] < ROWS[image] for t in range(6)] for image in range(2)])
    np.testing.assert_array_equal(bernoulli(ROWS, 6, seed=7, draw_images=5), expected)
    assert expected.any()
    assert not expected.all()


@pytest.mark.parametrize("n", [127, 128, 129, 300])
def test_are_many_images_encoded_like_few(n):
    values = np.random.default_rng(0).random((n, 7)).astype(np.float32)
    rng = np.random.default_rng(3)
    draws = np.stack([rng.random((n + 11, 7))[5 : 5 + n] for _ in range(4)], axis=1)
    pulses = bernoulli(values, 4, seed=3, draw_images=n + 11, first=5)
    np.testing.assert_array_equal(pulses, draws < values[:, None])


@given(st.integers(1, 8), st.integers(0, 7), st.integers(0, 7), st.integers(0, 5), st.integers(0, 2**40))
@settings(max_examples=50, deadline=None)
def test_does_a_block_of_images_get_the_pulses_of_the_whole(n, start, length, dropped, seed):
    values = np.random.default_rng(0).random((n, 3)).astype(np.float32)
    whole = bernoulli(values, 4, seed=seed, draw_images=n + dropped)
    block = values[start : start + length]
    pulses = bernoulli(block, 4, seed=seed, draw_images=n + dropped, first=min(start, n))
    np.testing.assert_array_equal(pulses, whole[start : start + length])


def test_do_bernoulli_rates_match_the_values():
    steps = 20_000
    counts = bernoulli(ROWS, steps).sum(axis=1)
    deviation = np.sqrt(steps * ROWS * (1 - ROWS))
    assert (abs(counts - steps * ROWS) <= 5 * deviation + 0.01).all()


def test_do_all_test_images_give_the_known_number_of_pulses(mnist):
    # 103.9 per image and step is the mean brightness of the 10,000 test images times 784.
    assert round(bernoulli(mnist.images, 1).sum() / 10_000, 1) == 103.9


@given(st.floats(0, 1, width=32), st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_are_even_pulses_those_of_exact_arithmetic(value, steps):
    x, half = Fraction(value), Fraction(1, 2)
    expected = [math.floor((t + 1) * x + half) > math.floor(t * x + half) for t in range(steps)]
    assert even([[value]], steps)[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, "00000000"), (1.0, "11111111"), (0.5, "10101010"), (0.25, "01000100"), (0.75, "11011101")],
)
def test_do_even_pulses_start_half_way(value, expected):
    # By hand: the accumulator starts at 1/2, so 0.5 pulses at once and 0.25 in the second step.
    assert "".join(str(int(p)) for p in even([[value]], 8)[0, :, 0]) == expected


def test_does_encode_call_the_encoder_of_that_name():
    for name in ENCODERS:
        assert encode(name, ROWS, 5, seed=3, draw_images=4).dtype == np.bool_
    np.testing.assert_array_equal(
        encode("bernoulli", ROWS, 5, seed=3, draw_images=4), bernoulli(ROWS, 5, seed=3, draw_images=4)
    )
    np.testing.assert_array_equal(encode("even", ROWS, 5, seed=3), even(ROWS, 5))
    assert encode("even", ROWS, 5).shape == (2, 5, 5)


@pytest.mark.parametrize("name", sorted(ENCODERS))
@pytest.mark.parametrize(
    ("values", "steps", "options", "expected"),
    [
        (ROWS, 0, {}, "steps: found 0"),
        (ROWS, -1, {}, "steps: found -1"),
        (ROWS, 1.5, {}, "steps: found 1.5"),
        (ROWS, True, {}, "steps: found True"),
        ([[0.5, float("nan")]], 1, {}, r"values: found nan at \[0, 1\], must lie in 0\.\.1"),
        ([[0.5], [1.01]], 1, {}, r"values: found 1\.01 at \[1, 0\]"),
        ([[-0.01]], 1, {}, r"values: found -0\.01 at \[0, 0\]"),
        ([[255]], 1, {}, r"values: found 255 at \[0, 0\]"),
        ([0.5], 1, {}, r"values: found shape \(1,\)"),
        ([["a"]], 1, {}, "values: found numbers of type <U1"),
        (ROWS, 1, {"seed": -1}, "seed: found -1"),
        (ROWS, 1, {"draw_images": 1}, "draw_images: found 1, must be a whole number of at least 2"),
        (ROWS, 1, {"draw_images": 3, "first": 2}, "draw_images: found 3, .* at least 4"),
        (ROWS, 1, {"first": -1}, "first: found -1"),
    ],
)
def test_are_wrong_requests_refused(name, values, steps, options, expected):
    with pytest.raises(NeurosimError, match=expected):
        encode(name, values, steps, **options)


def test_is_an_unknown_encoder_refused_with_the_nearest_spelling():
    with pytest.raises(NeurosimError, match=r"unknown encoder 'bernouli', did you mean 'bernoulli'\?"):
        encode("bernouli", ROWS, 1)


def test_are_the_images_those_of_mnist(mnist):
    # Class counts and first labels as published with the database.
    assert mnist.images.shape == (10_000, 784)
    assert mnist.labels[:5].tolist() == [7, 2, 1, 0, 4]
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(mnist.labels).tolist() == counts


def answers(pulses_of_step, steps: int, W1, W2) -> np.ndarray:
    """The published definition in plain numpy: class per image after ``steps`` steps."""
    membrane = evidence = 0.0
    for step in range(steps):
        membrane = membrane + pulses_of_step(step).astype(np.float64) @ W1
        fired = membrane >= 1
        evidence = evidence + fired @ W2
        membrane = membrane - fired
    return evidence.argmax(axis=1)


@pytest.mark.parametrize("steps", PUBLISHED)
def test_does_the_pulsed_network_repeat_the_published_accuracy(mnist, weights, steps):
    rng = np.random.default_rng(1)
    images, labels = mnist.images[:1000], mnist.labels[:1000]
    found = answers(lambda _: rng.random((1000, 784)) < images, steps, *weights)
    assert abs(100 * (found == labels).mean() - PUBLISHED[steps]) < 0.1 + 1e-9


def test_do_even_pulses_serve_as_well_as_random_ones(mnist, weights):
    # With 16 evenly spaced pulses the accuracy is within three images of the ReLU network's.
    images, labels = mnist.images[:1000], mnist.labels[:1000]
    pulses = even(images, 16)
    pulsed = (answers(lambda step: pulses[:, step], 16, *weights) == labels).sum()
    relu = ((np.maximum(images @ weights[0], 0) @ weights[1]).argmax(axis=1) == labels).sum()
    assert abs(int(pulsed) - int(relu)) <= 3


def test_does_the_relu_network_repeat_the_published_accuracy(mnist, weights):
    W1, W2 = weights
    found = (np.maximum(mnist.images @ W1, 0) @ W2).argmax(axis=1)
    assert abs(100 * (found == mnist.labels).mean() - PUBLISHED_RELU) < 0.015


def test_are_sums_of_weights_exact_in_any_order(weights):
    # Multiples of 2**-30 below 1: sums of fewer than 2**23 of them fit the 53 bits of a float64.
    for matrix in weights:
        assert (matrix * 2.0**30 == np.round(matrix * 2.0**30)).all()
        assert abs(matrix).max() < 1
        assert (matrix != 0).all()
