"""Where the project's data lie: inside an installed wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

from neurosim.errors import NeurosimError, unknown

KINDS = ("chips", "models", "scenarios")


def data_dir(kind: str) -> Path:
    """Return the folder of ``chips``, ``models`` or ``scenarios``.

    The copy inside the package (an installed wheel) comes first, then the package's sibling (a checkout).
    Raises NeurosimError for an unknown kind or when neither folder exists.
    """
    if kind not in KINDS:
        raise unknown("kind of data", kind, KINDS)
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / kind, package.parent / kind):
        if folder.is_dir():
            return folder
    raise NeurosimError(f"{kind}: no such data folder in the package {package} nor beside it")
