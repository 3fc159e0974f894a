"""Write t10k.npz, the 10,000 MNIST test images and labels, from the IDX files in data/cache/mnist/.

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
TARGET = HERE / "t10k.npz"
UNSIGNED_BYTES = 0x08


def main() -> None:
    images = read_idx(CACHE / "t10k-images-idx3-ubyte")
    labels = read_idx(CACHE / "t10k-labels-idx1-ubyte")
    np.savez_compressed(TARGET, images=images.reshape(len(images), -1), labels=labels)
    print(f"{TARGET.name}: {len(images)} images, SHA-256 {hashlib.sha256(TARGET.read_bytes()).hexdigest()}")


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
