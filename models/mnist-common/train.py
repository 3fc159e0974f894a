"""Train the 784-128-10 network with ternary weights through its own pulses, on 55,000 MNIST images.

    python models/mnist-common/train.py            writes weights.npz beside this script
    python models/mnist-common/train.py --check    writes nothing; fails unless weights.npz would be the same

Needs numpy and the files that models/mnist-pulsed/fetch_training_images.py puts into data/cache/mnist/. Takes
about a minute. Every matrix product adds whole numbers below 2**24 in float32, so no order of addition can change
the result, and random bits come from the raw generator, whose stream numpy keeps: the file is the same everywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "data" / "cache" / "mnist"
WEIGHTS = HERE / "weights.npz"

SEED, EPOCHS, SLICE, STEPS, RATE = 0, 12, 128, 16, 0.015
HELD_OUT = 5_000  # training images that are never trained on, for choices
SIDE, CLASSES = 28, 10
WINDOW, STRIDE, PER_WINDOW = 8, 4, 4
HIDDEN_THRESHOLD, OUTPUT_THRESHOLD = 6, 6
SHARPNESS = 0.6  # softmax exponent per output pulse
LINEAR = 3  # a pulse counts as linear in its membrane from 0 up to this many thresholds
START, BOUND = 0.8, 1.2  # spread of the first shadow weights, and the most that they may reach
GRADE = 1024  # errors are rounded to 1 / GRADE; sums over STEPS * SLICE of them stay below 2**24
MEAN, SQUARE = np.float32(0.9), np.float32(0.999)  # memory of Adam's two averages

Layer = tuple[np.ndarray, np.ndarray]  # membranes before the reset and pulses, [steps, images, neurons]


def main() -> None:
    parser = argparse.ArgumentParser(description="trains the network that every chip can hold")
    parser.add_argument("--check", action="store_true", help="compare with weights.npz instead of writing it")
    check = parser.parse_args().check
    images, labels = load("train")
    source = np.random.PCG64(SEED)
    order = shuffled(source, len(images))
    W1, W2 = train(images, labels, order[HELD_OUT:], order[:HELD_OUT], source)
    content = pack(W1=W1, W2=W2)
    report(content)
    if not check:
        WEIGHTS.write_bytes(content)
    elif not WEIGHTS.is_file() or WEIGHTS.read_bytes() != content:
        sys.exit(f"{WEIGHTS}: missing or different from the weights trained now")


def load(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8[n, 784] and uint8[n] labels from the IDX files (16 and 8 bytes of header)."""
    paths = CACHE / f"{part}-images-idx3-ubyte", CACHE / f"{part}-labels-idx1-ubyte"
    for path in paths:
        if not path.is_file():
            sys.exit(f"{path}: missing; run 'make data' first")
    pixels = np.fromfile(paths[0], dtype=np.uint8, offset=16).reshape(-1, SIDE * SIDE)
    return pixels, np.fromfile(paths[1], dtype=np.uint8, offset=8)


# ---- the network -------------------------------------------------------------------------------------------


def windows() -> np.ndarray:
    """Return bool[784, hidden]: which pixels a hidden neuron may see; the four corner windows are left out."""
    places = range(0, SIDE - WINDOW + 1, STRIDE)
    ends = {places[0], places[-1]}
    masks = []
    for row in places:
        for column in places:
            if row in ends and column in ends:
                continue
            mask = np.zeros((SIDE, SIDE), dtype=np.bool_)
            mask[row : row + WINDOW, column : column + WINDOW] = True
            masks.append(mask.ravel())
    return np.repeat(np.stack(masks, axis=1), PER_WINDOW, axis=1)


def ternary(shadow: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(shadow), -1, 1)


def multiply(pulses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    steps, images, lines = pulses.shape
    return (pulses.reshape(-1, lines) @ weights).reshape(steps, images, -1)


def add_and_fire(inputs: np.ndarray, threshold: int) -> Layer:
    v = np.zeros(inputs.shape[1:], dtype=np.float32)
    membranes, pulses = np.empty_like(inputs), np.empty_like(inputs)
    for step, arriving in enumerate(inputs):
        v += arriving
        membranes[step] = v
        pulses[step] = v >= threshold
        v -= threshold * pulses[step]
    return membranes, pulses


def errors_before(membranes: np.ndarray, errors: np.ndarray, threshold: int) -> np.ndarray:
    """Return the error of each step's input from those of its pulses.

    Where the membrane is in the linear range, input and pulse count of this step go together; elsewhere (too
    low, or saturated at one pulse per step) the input is kept and takes the error of the next step.
    """
    linear = (membranes > 0) & (membranes < LINEAR * threshold)
    result = np.empty_like(membranes)
    later = np.zeros_like(membranes[0])
    for step in reversed(range(len(membranes))):
        later = np.where(linear[step], errors[step], later)
        result[step] = later
    return result


# ---- training ----------------------------------------------------------------------------------------------


class Adam:
    """Shadow weights of one layer with the two running averages of their gradient."""

    def __init__(self, source: np.random.PCG64, allowed: np.ndarray) -> None:
        draw = (source.random_raw(allowed.size) >> 40).astype(np.float32).reshape(allowed.shape)  # 24 bits, exact
        self.allowed = allowed.astype(np.float32)
        self.shadow = (draw * np.float32(2**-23) - 1) * np.float32(START) * self.allowed
        self.mean, self.square = np.zeros_like(self.shadow), np.zeros_like(self.shadow)
        self.mean_left, self.square_left = np.float32(1), np.float32(1)

    def step(self, gradient: np.ndarray, rate: np.float32) -> None:
        gradient = gradient * self.allowed
        self.mean += (1 - MEAN) * (gradient - self.mean)
        self.square += (1 - SQUARE) * (gradient * gradient - self.square)
        self.mean_left *= MEAN
        self.square_left *= SQUARE
        size = np.sqrt(self.square / (1 - self.square_left)) + np.float32(1e-3)
        self.shadow -= rate * (self.mean / (1 - self.mean_left)) / size
        np.clip(self.shadow, -BOUND, BOUND, out=self.shadow)


def train(
    images: np.ndarray, labels: np.ndarray, chosen: np.ndarray, held_out: np.ndarray, source: np.random.PCG64
) -> tuple[np.ndarray, np.ndarray]:
    """Follow the pulses of STEPS steps back through both layers; the rate falls to zero in a straight line."""
    used = images[chosen].any(axis=0)  # a pixel that is never set gets no synapse
    first = Adam(source, windows() & used[:, None])
    second = Adam(source, np.ones((first.shadow.shape[1], CLASSES)))
    slices = len(chosen) // SLICE
    for epoch in range(EPOCHS):
        order = chosen[shuffled(source, len(chosen))]
        for k in range(slices):
            part = order[k * SLICE : (k + 1) * SLICE]
            gradient1, gradient2 = gradients(
                draw_pulses(images[part], source), labels[part], ternary(first.shadow), ternary(second.shadow)
            )
            rate = np.float32(RATE * (1 - (epoch * slices + k) / (EPOCHS * slices)))
            first.step(gradient1, rate)
            second.step(gradient2, rate)
        right = accuracy(images[held_out], labels[held_out], ternary(first.shadow), ternary(second.shadow))
        print(f"epoch {epoch + 1:2d}: {100 * right:.2f} % of the images held out", flush=True)
    return ternary(first.shadow).astype(np.int8), ternary(second.shadow).astype(np.int8)


def gradients(x: np.ndarray, labels: np.ndarray, W1: np.ndarray, W2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    membranes1, pulses1 = add_and_fire(multiply(x, W1), HIDDEN_THRESHOLD)
    membranes2, pulses2 = add_and_fire(multiply(pulses1, W2), OUTPUT_THRESHOLD)
    error = output_error(pulses2.sum(axis=0), labels)
    errors2 = errors_before(membranes2, np.broadcast_to(error, pulses2.shape), OUTPUT_THRESHOLD)
    errors1 = errors_before(membranes1, multiply(errors2, W2.T), HIDDEN_THRESHOLD)
    return sum_of_products(x, errors1), sum_of_products(pulses1, errors2)


def sum_of_products(pulses: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return pulses.reshape(-1, pulses.shape[2]).T @ errors.reshape(-1, errors.shape[2])


def output_error(counts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Softmax of the pulse counts minus the label, in whole numbers of 1 / GRADE."""
    below = (counts.max(axis=1, keepdims=True) - counts).astype(np.int64)
    powers = np.array([round(2**20 * math.exp(-SHARPNESS * k)) for k in range(STEPS + 1)])[below]
    share = GRADE * powers / powers.sum(axis=1, keepdims=True)
    share[np.arange(len(labels)), labels] -= GRADE
    return np.rint(share).astype(np.float32)


def accuracy(images: np.ndarray, labels: np.ndarray, W1: np.ndarray, W2: np.ndarray) -> float:
    source = np.random.PCG64(SEED + 1)
    right = 0
    for k in range(0, len(images), 500):
        hidden = add_and_fire(multiply(draw_pulses(images[k : k + 500], source), W1), HIDDEN_THRESHOLD)[1]
        counts = add_and_fire(multiply(hidden, W2), OUTPUT_THRESHOLD)[1].sum(axis=0)
        right += int((counts.argmax(axis=1) == labels[k : k + 500]).sum())
    return right / len(images)


# ---- random numbers and files ------------------------------------------------------------------------------


def draw_pulses(pixels: np.ndarray, source: np.random.PCG64) -> np.ndarray:
    """Return float32[steps, n, 784]: 1 where a random byte is below the pixel, i.e. with probability pixel / 256."""
    shape = STEPS, *pixels.shape
    size = math.prod(shape)
    random = source.random_raw(-(-size // 8)).astype("<u8").view(np.uint8)[:size].reshape(shape)
    return (random < pixels).astype(np.float32)


def shuffled(source: np.random.PCG64, n: int) -> np.ndarray:
    return np.argsort(source.random_raw(n), kind="stable")


def pack(**arrays: np.ndarray) -> bytes:
    """Return an uncompressed npz: its bytes do not depend on the version of zlib."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def report(content: bytes) -> None:
    with np.load(io.BytesIO(content)) as weights:
        synapses = [int(np.count_nonzero(weights[name])) for name in ("W1", "W2")]
    print(f"synapses               {synapses[0]} + {synapses[1]}")
    print(f"SHA-256 of weights.npz {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
