"""Data sets: images with their labels, from a folder with ``dataset.toml`` (format in models/README.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from neurosim.document import Exact, Text, parse, validate
from neurosim.errors import FileError, nearest
from neurosim.network.files import Arrays, FileName, Sha256, catalog, locate, read_arrays

DATASET_FILE = "dataset.toml"
_WHITE = np.float32(255)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images: ``images`` float32[n, width * height] in 0..1, row-major; ``labels`` int64[n].

    ``attribution`` says whose they are; ``digest`` is the SHA-256 (hex) of the file that holds them.
    """

    name: str
    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    attribution: str
    digest: str


def load_dataset(name_or_path: str | Path) -> Dataset:
    """Return a data set: a name from the catalog, a folder, or the path of a ``dataset.toml``.

    A pixel becomes pixel / 255 in float32. Raises NeurosimError for an unknown name and FileError for
    anything wrong in the files.
    """
    path = locate("data set", name_or_path, DATASET_FILE)
    document = validate(_Document, parse(path), path)
    arrays = read_arrays(path, "", document.file, document.sha256)
    file = path.parent / document.file
    pixels = _bytes(file, "images", arrays, (document.images, document.width * document.height))
    labels = _bytes(file, "labels", arrays, (document.images,))
    if labels.max() >= document.classes:
        problem = f"found {labels.max()}, {document.name} has {document.classes} classes"
        raise FileError(file, problem, "labels")
    return Dataset(
        document.name, pixels.astype(np.float32) / _WHITE, labels.astype(np.int64),
        document.attribution, document.sha256,
    )  # fmt: skip


def list_datasets() -> list[str]:
    """Return the names in the catalog of data sets, sorted."""
    return sorted(catalog(DATASET_FILE))


_Count = Annotated[int, Field(ge=1)]


class _Document(Exact):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    name: Text
    title: Text
    file: FileName
    sha256: Sha256
    images: _Count
    width: _Count
    height: _Count
    classes: _Count
    source: Text
    attribution: Text
    licence: Text


def _bytes(file: Path, name: str, arrays: Arrays, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if name not in arrays:
        raise FileError(file, f"missing{nearest(name, arrays)}", name)
    array = arrays[name]
    if array.dtype != np.uint8:
        raise FileError(file, f"holds {array.dtype}, needs uint8", name)
    if array.shape != shape:
        raise FileError(file, f"has shape {array.shape}, needs {shape}", name)
    return array
