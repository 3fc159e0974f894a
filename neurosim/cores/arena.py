"""Arrays side by side in one stretch of memory, which the system may then hold in large pages.

Programs of thousands of cores walk through tens of megabytes in every step. In pages of 4 KiB the processor looks up
the place of nearly every core's data anew.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

_PAGE = 1 << 21  # bytes of a large page
_LEAST = 1 << 22  # from so many bytes on NumPy asks the system for large pages
_LINE = 64  # bytes of a cache line


def together(values: T) -> T:
    """Return a tuple of arrays, tuples and other values with copies of all arrays in one stretch of memory.

    Small ones are returned as they are.
    """
    size = _size(values)
    if size < _LEAST:
        return values
    memory = np.empty(size + _PAGE, np.uint8)
    start = -memory.ctypes.data % _PAGE
    placed: T = _place(values, memory[start : start + size])[0]
    return placed


def _size(values: Any) -> int:
    if isinstance(values, np.ndarray):
        return -(-values.nbytes // _LINE) * _LINE
    return sum(map(_size, values)) if isinstance(values, tuple) else 0


def _place(values: Any, memory: NDArray[np.uint8]) -> tuple[Any, NDArray[np.uint8]]:
    """Copy values to the front of some memory; returns them and what is left of it."""
    if isinstance(values, np.ndarray):
        copy = memory[: values.nbytes].view(values.dtype).reshape(values.shape)
        copy[...] = values
        return copy, memory[_size(values) :]
    if not isinstance(values, tuple):
        return values, memory
    parts = []
    for value in values:
        part, memory = _place(value, memory)
        parts.append(part)
    made = type(values)
    return (made._make(parts) if hasattr(made, "_make") else made(parts)), memory
