"""An instruction that cannot be left to the compiler: adding a block of weights at once.

A loop over the lanes says the same, but whether it becomes one operation on a vector register hangs on
the code around it; where it does not, or does so halfway, it takes ten times as long.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurosim.cores.compartment.flat_neurons import LANES


def _add_block(context: Any, sums: Any, to: Any, words: Any, at: Any, value: Any) -> Any:
    """Add ``value * words[at + j]`` to ``sums[to + j]`` for j below LANES, modulo the width of a sum."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sum_vector, total = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        word_vector, word = _pointer(context, builder, signature.args[2], arguments[2], arguments[3])
        vector = ir.VectorType(total, LANES)
        weights = builder.load(word_vector, align=word.width // 8)
        if word.width < total.width:
            weights = builder.sext(weights, vector)
        factor = builder.trunc(arguments[4], total) if total.width < 64 else arguments[4]
        before = builder.load(sum_vector, align=total.width // 8)
        after = builder.add(before, builder.mul(weights, _repeated(builder, factor, vector)))
        builder.store(after, sum_vector, align=total.width // 8)
        return context.get_dummy_value()

    return types.void(sums, types.uint64, words, types.uint64, types.int64), emit


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> tuple[Any, Any]:
    """Return a pointer to LANES values of an array from an index on, and the type of one of them."""
    proxy: Any = cgutils.create_struct_proxy(kind)  # type: ignore[no-untyped-call]
    element = context.get_data_type(kind.dtype)
    pointer = builder.gep(proxy(context, builder, value=array).data, [index])
    return builder.bitcast(pointer, ir.VectorType(element, LANES).as_pointer()), element


def _repeated(builder: Any, value: Any, vector: Any) -> Any:
    undefined, index = ir.Constant(vector, ir.Undefined), ir.IntType(32)
    first = builder.insert_element(undefined, value, index(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(index, LANES), [0] * LANES))


add_block: Any = intrinsic(_add_block)
