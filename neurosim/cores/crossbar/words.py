"""Machine words: counting and finding bits, and adding where bits are set.

Compiled code uses the processor's own instructions; the same functions in plain Python say what they do. Arrays may
have any number of dimensions; places are counted through all their values in the order of memory. (A row taken out
of an array would be counted as one more holder of it, at a cost that tells here.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

WORD = 64  # bits of a word, and columns that are computed at once
FEW = 8  # words that are counted at once
_ONE = np.uint64(1)
_helpers: Any = cgutils  # untyped
_I1, _I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))


def ones(word: np.uint64) -> int:
    """Return the number of bits that are set."""
    return int(word).bit_count()


def lowest(word: np.uint64) -> int:
    """Return the place of the lowest bit that is set, 64 if there is none."""
    return (int(word) & -int(word)).bit_length() - 1 if word else WORD


def rest(word: np.uint64) -> np.uint64:
    """Return the word without the lowest bit that is set."""
    return np.uint64(int(word) & (int(word) - 1))


def ones_of(words: NDArray[np.uint64], start: int, mask: np.uint64) -> int:
    """Return the number of bits that are set in both the mask and one of the FEW words from place ``start`` on."""
    return sum((int(word) & int(mask)).bit_count() for word in words.reshape(-1)[start : start + FEW])


def marks(values: NDArray[np.uint8], start: int) -> np.uint64:
    """Return a word whose bit k is set where place ``start + k`` is not 0."""
    bits = np.packbits(values.reshape(-1)[start : start + WORD] != 0, bitorder="little")
    return np.uint64(bits.view(np.uint64)[0])


def clear(words: NDArray[np.uint64], start: int) -> None:
    """Set the FEW words from place ``start`` on to 0."""
    words.reshape(-1)[start : start + FEW] = 0


def add_where(
    words: NDArray[np.uint64],
    word_at: NDArray[np.int64],
    values: NDArray[np.int16],
    value_at: NDArray[np.int64],
    n: int,
    sums: NDArray[np.int32],
    start: int,
    w: int,
) -> None:
    """Add rows of values to sums, n times, where the bits of a row of words are set; of all rows only word w.

    The i-th row of words begins at place ``word_at[i]``, that of values at ``value_at[i]``, the sums at ``start``.
    """
    into = sums.reshape(-1)[start + WORD * w :][:WORD]
    for word, first in zip(words.reshape(-1)[word_at[:n] + w], value_at[:n] + WORD * w, strict=True):
        bits = np.unpackbits(np.array([word]).view(np.uint8), bitorder="little")
        into += bits * values.reshape(-1)[first : first + WORD]


def _instruction(code: Any) -> Any:
    return intrinsic(code)


@_instruction
def _ones(_: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), code


@_instruction
def _lowest(_: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], _I1(0))

    return types.int64(types.uint64), code


@_instruction
def _ones_of(_: Any, words: Any, start: Any, mask: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_I64, FEW)
        held = builder.load(_place(context, builder, signature, arguments, 0, arguments[1], vector), align=8)
        masks = ir.Constant(vector, ir.Undefined)
        for k in range(FEW):
            masks = builder.insert_element(masks, arguments[2], _I32(k))
        both = builder.and_(held, masks)
        counts = _call(builder, f"llvm.ctpop.v{FEW}i64", vector, [both])
        return _call(builder, f"llvm.vector.reduce.add.v{FEW}i64", _I64, [counts])

    return types.int64(words, types.intp, types.uint64), code


@_instruction
def _marks(_: Any, values: Any, start: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_I8, WORD)
        held = builder.load(_place(context, builder, signature, arguments, 0, arguments[1], vector), align=1)
        return builder.bitcast(builder.icmp_unsigned("!=", held, ir.Constant(vector, None)), _I64)

    return types.uint64(values, types.intp), code


@_instruction
def _clear(_: Any, words: Any, start: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_I64, FEW)
        place = _place(context, builder, signature, arguments, 0, arguments[1], vector)
        builder.store(ir.Constant(vector, None), place, align=8)
        return context.get_dummy_value()

    return types.void(words, types.intp), code


@_instruction
def _add_where(
    _: Any, words: Any, word_at: Any, values: Any, value_at: Any, n: Any, sums: Any, start: Any, w: Any
) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def at(array: int, index: Any, kind: ir.Type) -> Any:
            return _place(context, builder, signature, arguments, array, index, kind)

        bits, narrow, wide = (ir.VectorType(kind, WORD) for kind in (_I1, _I16, _I32))
        _, _, _, _, n, _, start, w = arguments
        column = builder.mul(w, _I64(WORD))
        into = at(5, builder.add(start, column), wide)
        sum_ = _helpers.alloca_once_value(builder, builder.load(into, align=4))  # ends up in registers
        with _helpers.for_range(builder, n) as loop:
            word_at, value_at = (builder.load(at(array, loop.index, _I64)) for array in (1, 3))
            chosen = builder.bitcast(builder.load(at(0, builder.add(word_at, w), _I64)), bits)
            added = builder.load(at(2, builder.add(value_at, column), narrow), align=2)
            added = builder.sext(builder.select(chosen, added, ir.Constant(narrow, None)), wide)
            builder.store(builder.add(builder.load(sum_), added), sum_)
        builder.store(builder.load(sum_), into, align=4)
        return context.get_dummy_value()

    index = types.intp
    return types.void(words, word_at, values, value_at, index, sums, index, index), code


def _call(builder: Any, name: str, result: ir.Type, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(_helpers.get_or_insert_function(builder.module, kind, name), arguments)


def _place(context: Any, builder: Any, signature: Any, arguments: Any, array: int, index: Any, kind: ir.Type) -> Any:
    """Return where a place of an array lies, as that of something of another kind."""
    data = context.make_array(signature.args[array])(context, builder, arguments[array]).data
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


@overload(ones, inline="always")
def _of_ones(word: Any) -> Any:
    def call(word: Any) -> Any:
        return _ones(word)

    return call


@overload(lowest, inline="always")
def _of_lowest(word: Any) -> Any:
    def call(word: Any) -> Any:
        return _lowest(word)

    return call


@overload(rest, inline="always")
def _of_rest(word: Any) -> Any:
    def call(word: Any) -> Any:
        return word & (word - _ONE)

    return call


@overload(ones_of, inline="always")
def _of_ones_of(words: Any, start: Any, mask: Any) -> Any:
    def call(words: Any, start: Any, mask: Any) -> Any:
        return _ones_of(words, start, mask)

    return call


@overload(marks, inline="always")
def _of_marks(values: Any, start: Any) -> Any:
    def call(values: Any, start: Any) -> Any:
        return _marks(values, start)

    return call


@overload(clear, inline="always")
def _of_clear(words: Any, start: Any) -> Any:
    def call(words: Any, start: Any) -> Any:
        return _clear(words, start)

    return call


@overload(add_where, inline="always")
def _of_add_where(words: Any, word_at: Any, values: Any, value_at: Any, n: Any, sums: Any, start: Any, w: Any) -> Any:
    def call(words: Any, word_at: Any, values: Any, value_at: Any, n: Any, sums: Any, start: Any, w: Any) -> Any:
        return _add_where(words, word_at, values, value_at, n, sums, start, w)

    return call
