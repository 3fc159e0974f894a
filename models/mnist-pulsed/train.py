"""Train the 784-128-10 network on 20,000 MNIST images and convert it to add-and-fire neurons.

    python models/mnist-pulsed/train.py            writes weights.npz beside this script
    python models/mnist-pulsed/train.py --check    writes nothing; fails unless weights.npz would be the same

Needs numpy and the files that fetch_training_images.py puts into data/cache/mnist/. Takes a few seconds.
"""

from __future__ import annotations

import os

# Float32 sums depend on their order, which OpenBLAS chooses by processor and number of threads. The oldest
# kernel, which every x86-64 processor can run, and one thread give the same weights bit for bit everywhere.
# Must be set before numpy is imported; another BLAS than OpenBLAS ignores it and gives a sister network.
os.environ.update(OPENBLAS_CORETYPE="Nehalem", OPENBLAS_NUM_THREADS="1")

import argparse
import hashlib
import io
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "data" / "cache" / "mnist"
WEIGHTS = HERE / "weights.npz"
SEED, EPOCHS, SLICE, RATE = 0, 8, 128, np.float32(0.1)
INPUTS, HIDDEN, CLASSES, TRAINING_IMAGES = 784, 128, 10, 20_000
PERCENTILE = 99.9
# Weights are rounded to multiples of 2**-30 (error below 5e-10, none becomes zero): every sum of fewer than
# 2**22 of them is then exact in float64, so that membranes do not depend on the order of pulses.
GRID = 2.0**30


def main() -> None:
    parser = argparse.ArgumentParser(description="trains the pulsed MNIST network")
    parser.add_argument("--check", action="store_true", help="compare with weights.npz instead of writing it")
    check = parser.parse_args().check
    images, labels = load("train")
    images, labels = images[:TRAINING_IMAGES], labels[:TRAINING_IMAGES]
    W1, W2 = train(images, labels)
    scale = balance(images, W1)
    content = pack(W1=on_grid(W1 / scale), W2=on_grid(W2.astype(np.float64)))
    report(content, scale)
    if not check:
        WEIGHTS.write_bytes(content)
    elif not WEIGHTS.is_file() or WEIGHTS.read_bytes() != content:
        sys.exit(f"{WEIGHTS}: missing or different from the weights trained now")


def load(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return float32[n, 784] in 0..1 and int64[n] labels from the IDX files (16 and 8 bytes of header)."""
    paths = CACHE / f"{part}-images-idx3-ubyte", CACHE / f"{part}-labels-idx1-ubyte"
    for path in paths:
        if not path.is_file():
            sys.exit(f"{path}: missing; run fetch_training_images.py (or 'make data') first")
    pixels = np.fromfile(paths[0], dtype=np.uint8, offset=16).reshape(-1, INPUTS)
    labels = np.fromfile(paths[1], dtype=np.uint8, offset=8)
    return pixels.astype(np.float32) / np.float32(255), labels.astype(np.int64)


def train(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plain stochastic gradient descent on the softmax cross-entropy of a ReLU network without biases."""
    rng = np.random.default_rng(SEED)
    W1 = rng.normal(0, np.sqrt(2 / INPUTS), (INPUTS, HIDDEN)).astype(np.float32)
    W2 = rng.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, CLASSES)).astype(np.float32)
    for _ in range(EPOCHS):
        order = rng.permutation(len(images))
        for start in range(0, len(images), SLICE):
            chosen = order[start : start + SLICE]
            gradient1, gradient2 = gradients(images[chosen], labels[chosen], W1, W2)
            W1 -= RATE * gradient1
            W2 -= RATE * gradient2
    return W1, W2


def gradients(x: np.ndarray, labels: np.ndarray, W1: np.ndarray, W2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = x @ W1
    hidden = np.maximum(z, 0)
    error = softmax(hidden @ W2)
    error[np.arange(len(labels)), labels] -= 1
    error /= np.float32(len(labels))
    return x.T @ ((error @ W2.T) * (z > 0)), hidden.T @ error


def softmax(logits: np.ndarray) -> np.ndarray:
    # The exponential is taken in float64 and rounded: numpy's float32 one differs between processors.
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64)).astype(np.float32)
    return powers / powers.sum(axis=1, keepdims=True)


def balance(images: np.ndarray, W1: np.ndarray) -> float:
    """Return lambda: the 99.9th percentile of the positive hidden pre-activations."""
    z = (images @ W1).astype(np.float64)
    return float(np.percentile(z[z > 0], PERCENTILE))


def on_grid(weights: np.ndarray) -> np.ndarray:
    return (np.round(weights.astype(np.float32).astype(np.float64) * GRID) / GRID).astype(np.float32)


def pack(**arrays: np.ndarray) -> bytes:
    """Return an uncompressed npz: its bytes do not depend on the version of zlib."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def report(content: bytes, scale: float) -> None:
    images, labels = load("t10k")
    with np.load(io.BytesIO(content)) as weights:
        W1, W2 = weights["W1"].astype(np.float64), weights["W2"].astype(np.float64)
    right = (np.maximum(images @ W1, 0) @ W2).argmax(axis=1) == labels
    print(f"lambda                                 {scale:.7f}")
    print(f"ReLU network, 10,000 test images       {100 * right.mean():.2f} %")
    print(f"ReLU network, first 1,000 test images  {100 * right[:1000].mean():.2f} %")
    print(f"SHA-256 of weights.npz                 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
