"""The machine code that numba keeps on disk: dropped when what it was made of has changed, announced when it is made.

numba recompiles a function when its own file changes, not when a function changes that it calls from another file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

_PACKAGE = Path(__file__).parents[2]
_PATIENCE = 2.0  # seconds after which somebody at a terminal is told what takes so long


def drop_stale_code() -> None:
    """Remove kept code of the cores and of the engines that is older than any file it may be made of."""
    shared = _newest([_PACKAGE / "cores"], "*.py")
    kinds = [folder for folder in (_PACKAGE / "cores").iterdir() if (folder / "__init__.py").exists()]
    newest = {folder: max(shared, _newest([folder], "**/*.py")) for folder in kinds}
    engines = _PACKAGE / "engine"  # among them this one
    newest[engines] = max(_newest([engines], "**/*.py"), *newest.values())
    for folder, time in newest.items():
        for index in _indexes(folder):
            drop_older(index, time)


def drop_older(index: Path, newest: float) -> None:
    """Remove an index of kept code, after which numba takes none of it, if it is older than some time (s)."""
    try:
        if index.stat().st_mtime < newest:
            index.unlink()
    except FileNotFoundError:
        pass  # another process was quicker
    except OSError as error:
        print(f"neurosim: cannot remove outdated {index}: {error.strerror}", file=sys.stderr)


def _newest(folders: list[Path], pattern: str) -> float:
    return max(path.stat().st_mtime for folder in folders for path in folder.glob(pattern))


def _indexes(folder: Path) -> list[Path]:
    """Return the index files of the compiled functions of a folder's modules."""
    elsewhere = os.environ.get("NUMBA_CACHE_DIR")
    if not elsewhere:
        return list(folder.glob("**/__pycache__/*.nbi"))
    stems = {path.stem for path in folder.glob("**/*.py")}
    return [path for path in Path(elsewhere).rglob("*.nbi") if path.name.split(".")[0] in stems]


@contextmanager
def notice() -> Iterator[None]:
    """Say on a terminal that the engine compiles, if what is done inside takes long."""
    text = "neurosim: compiling the engine for these cores, once; this takes about half a minute"
    timer = Timer(_PATIENCE, lambda: print(text, file=sys.stderr))
    timer.daemon = True
    if sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
