"""Asking for memory early, so that many places can be waited for at the same time."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

_helpers: Any = cgutils  # untyped
_READ, _KEEP, _DATA = 0, 3, 1  # what the instruction is told


def fetch(values: NDArray[Any], place: int | np.uint64) -> None:
    """Ask for the memory of a place that is read or written soon; places are counted through all dimensions."""


def _fetch(context: Any, values: Any, place: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = _helpers.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0])
        pointer = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
        builder.call(prefetch, [pointer, number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(values, types.intp), emit


_instruction: Any = intrinsic(_fetch)


@overload(fetch, inline="always")
def _of_fetch(values: Any, place: Any) -> Any:
    def call(values: Any, place: Any) -> Any:
        return _instruction(values, place)

    return call
