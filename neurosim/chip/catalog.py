"""Finds and reads chip descriptors: the catalog by name, any other file by path."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from neurosim.chip.descriptor import Chip, build_document
from neurosim.chip.vocabulary import Vocabulary
from neurosim.document import parse_bytes, read_bytes
from neurosim.errors import FileError, NeurosimError, unknown
from neurosim.paths import data_dir


def list_chips() -> list[str]:
    """Return the names of the chips in the catalog, sorted."""
    return sorted(path.stem for path in data_dir("chips").glob("*.toml"))


def load_chip(name_or_path: str | Path, vocabulary_of: Callable[[str], Vocabulary]) -> Chip:
    """Read a chip by its catalog name or from a ``.toml`` file, and check it.

    A Path, or a text with a slash or the ending ``.toml``, is a file. ``vocabulary_of`` gives the vocabulary
    of a core kind by name. Raises NeurosimError for an unknown name, FileError for what is wrong in the file.
    """
    path = _locate(name_or_path)
    content = read_bytes(path)
    raw, digest = parse_bytes(path, content), hashlib.sha256(content).hexdigest()
    kind = build_document(raw, str(path), None).chip.core_kind
    try:
        vocabulary = vocabulary_of(kind)
    except NeurosimError as error:
        raise FileError(path, str(error), "chip.core_kind") from None
    return Chip(build_document(raw, str(path), vocabulary), vocabulary, str(path), digest)


def _locate(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, Path) or "/" in name_or_path or name_or_path.endswith(".toml"):
        return Path(name_or_path)
    names = list_chips()
    if name_or_path not in names:
        raise unknown("chip", name_or_path, names)
    return data_dir("chips") / f"{name_or_path}.toml"
