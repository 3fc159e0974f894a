"""What a mapper is made of, as a digest: a result is kept only as long as the code that made it stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from neurosim import mapping
from neurosim.document import read_bytes
from neurosim.mapping.registry import full_name


def source_digest(mapper: str) -> str:
    """Return the SHA-256 of the project's mapping code and of what else a mapper is made of.

    Files of somebody's own count with their content, installed mappers of others with the version of their package.
    Raises FileError for a file that cannot be read.
    """
    sha = hashlib.sha256(room_digest(Path(mapping.__file__).parent).encode())
    for part in full_name(mapper).split("+"):
        if ".py:" in part:
            sha.update(read_bytes(Path(part.rpartition(":")[0])))
        for package in _packages(part):
            sha.update(package.encode())
    return sha.hexdigest()


@cache
def room_digest(folder: Path) -> str:
    """Return the SHA-256 of all Python files under a folder, with their names."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        sha.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        sha.update(read_bytes(path))
    return sha.hexdigest()


def _packages(name: str) -> Iterator[str]:
    for kind in ("partitioner", "placer", "mapper"):
        for point in entry_points(group=f"neurosim.{kind}s"):
            if point.name == name and point.dist is not None and point.dist.name != "neurosim":
                yield f"{point.dist.name} {point.dist.version}"
