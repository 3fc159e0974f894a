"""Write t10k.npz, the 10,000 MNIST test images and labels, and the first 5,000 of the training images beside them.

Both come from the IDX files in data/cache/mnist/.

    python models/mnist-images/make_dataset.py

Needs numpy and the files that models/mnist-pulsed/fetch_training_images.py fetches.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "data" / "cache" / "mnist"
SETS = {
    HERE / "t10k.npz": ("t10k", 10_000),
    HERE.parent / "mnist-training" / "train-5000.npz": ("train", 5_000),
}
UNSIGNED_BYTES = 0x08


def main() -> None:
    for target, (name, first) in SETS.items():
        images = read_idx(CACHE / f"{name}-images-idx3-ubyte")[:first]
        labels = read_idx(CACHE / f"{name}-labels-idx1-ubyte")[:first]
        np.savez_compressed(target, images=images.reshape(first, -1), labels=labels)
        print(f"{target.name}: {first} images, SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()}")


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file: two zero bytes, type, number of dimensions, big-endian sizes, then the values."""
    if not path.is_file():
        sys.exit(f"{path}: missing; run models/mnist-pulsed/fetch_training_images.py (or 'make data') first")
    content = path.read_bytes()
    zeros, kind, dimensions = content[:2], content[2], content[3]
    shape = np.frombuffer(content, dtype=">u4", count=dimensions, offset=4).astype(int)
    data = np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions)
    if zeros != b"\0\0" or kind != UNSIGNED_BYTES or data.size != shape.prod():
        sys.exit(f"{path}: not an IDX file of bytes, or its size is wrong")
    return data.reshape(shape)


if __name__ == "__main__":
    main()
