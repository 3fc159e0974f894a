"""Files of models and data sets: found by name, arrays read and checked against their hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import StringConstraints

from neurosim.document import parse
from neurosim.errors import FileError, unknown
from neurosim.paths import data_dir

Arrays = Mapping[str, NDArray[Any]]
FileName = Annotated[str, StringConstraints(pattern=r"^[^/\\]+$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def catalog(file_name: str) -> dict[str, Path]:
    """Return name to path of every file of that name one folder down in ``models``."""
    return {_declared_name(path): path for path in sorted(data_dir("models").glob(f"*/{file_name}"))}


def _declared_name(path: Path) -> str:
    try:
        raw = parse(path)
    except FileError:
        return path.parent.name  # loading it by this name tells what is wrong
    about = raw.get("model", raw)
    return str(about.get("name", path.parent.name)) if isinstance(about, dict) else path.parent.name


def locate(what: str, name_or_path: str | Path, file_name: str) -> Path:
    """Return the path of a file given by catalog name, by folder or by its own path.

    A Path, or a text with a slash or the ending ``.toml``, is a path; other text is a name in the catalog.
    """
    if isinstance(name_or_path, Path) or "/" in name_or_path or name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        return path / file_name if path.is_dir() else path
    known = catalog(file_name)
    if name_or_path not in known:
        raise unknown(what, name_or_path, known)
    return known[name_or_path]


def read_arrays(document: Path, table: str, file: str, sha256: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of the npz file that a document names, after checking its SHA-256 (hex).

    ``table`` is where the document names it, for messages.

    Raises FileError, for the document when the file is missing, for the file when it is damaged or another.
    """
    prefix = f"{table}." if table else ""
    path = document.parent / file
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"'{file}': {(error.strerror or 'cannot be read').lower()}"
        raise FileError(document, problem, f"{prefix}file") from None
    arrays = _unpack(path, content)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise FileError(path, f"SHA-256 is {found}, {document.name} says {sha256}", f"{prefix}sha256")
    return arrays


def _unpack(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        archive = np.load(io.BytesIO(content), allow_pickle=False)
        return {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for a damaged archive
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FileError(path, f"truncated, damaged or not an npz file: {reason}") from None
