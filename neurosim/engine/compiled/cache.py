"""The machine code that numba keeps on disk: dropped when what it was made of has changed, announced when it is made.

numba recompiles a function when its own file changes, not when a function changes that it calls from another file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

_KERNELS = "neurosim.engine.compiled"
# Modules with compiled functions, each after those that it calls.
_MODULES = (
    "neurosim.cores.compartment.step",
    "neurosim.cores.compartment.noise",
    "neurosim.cores.compartment.state",
    f"{_KERNELS}.heap",
    f"{_KERNELS}.wires",
    f"{_KERNELS}.exact",
    f"{_KERNELS}.flow",
    f"{_KERNELS}.step",
    f"{_KERNELS}.network",
    f"{_KERNELS}.flat",
    f"{_KERNELS}.barrier",
    f"{_KERNELS}.sample",
)


def drop_stale_code() -> None:
    """Remove code of this engine that is older than a module that it was made of."""
    newest = 0.0
    for name in _MODULES:
        module = import_module(name)
        newest = max(newest, Path(str(module.__file__)).stat().st_mtime)
        if name.startswith(_KERNELS):
            for index in _indexes(module):
                drop_older(index, newest)


def drop_older(index: Path, newest: float) -> None:
    """Remove an index of kept code, after which numba takes none of it, if it is older than some time (s)."""
    try:
        if index.stat().st_mtime < newest:
            index.unlink()
    except FileNotFoundError:
        pass  # another process was quicker
    except OSError as error:
        print(f"neurosim: cannot remove outdated {index}: {error.strerror}", file=sys.stderr)


def _indexes(module: Any) -> list[Path]:
    """Return the index files of the compiled functions of a module."""
    functions = [f for f in vars(module).values() if hasattr(f, "stats") and f.__module__ == module.__name__]
    stem = module.__name__.rpartition(".")[2]
    folders = {Path(f.stats.cache_path) for f in functions if f.stats.cache_path}
    return [index for folder in folders for index in folder.glob(f"{stem}.*.nbi")]


def say_if_compiling(functions: Sequence[Any]) -> None:
    """Say on a terminal that the first use compiles, if no code of these functions is kept."""
    if not sys.stderr.isatty():
        return
    modules = {f.__module__ for f in functions}
    if not all(_indexes(sys.modules[name]) for name in modules):
        print("neurosim: compiling the engine, once; this takes about half a minute", file=sys.stderr)
