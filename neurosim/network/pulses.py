"""Encoders: pure functions from values in 0..1 to pulses, one row of input lines per step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import NeurosimError, unknown

Values = NDArray[np.float32]  # [n, inputs], 0..1
Pulses = NDArray[np.bool_]  # [n, steps, inputs]
Encoder = Callable[[Values, int, int, int, int], Pulses]

_BLOCK = 128  # rows whose values and draws stay in the processor's cache
_MOST_STEPS = 2**27  # up to here float32 value times step, plus one half, has an exact floor in float64


def bernoulli(values: ArrayLike, steps: int, seed: int = 1, draw_images: int | None = None, first: int = 0) -> Pulses:
    """Pulse with probability ``value`` in every step: where a uniform draw is below the value.

    ``values`` [n, inputs] in 0..1 (taken as float32); returns bool[n, steps, inputs]. The draws are those of
    a fresh ``default_rng(seed)``: per step one array of doubles [draw_images, inputs], of which the values
    take rows ``first`` to ``first + n``. So a block of images gets the pulses that it gets when all
    ``draw_images`` are encoded at once (the default is ``first + n``). Raises NeurosimError.
    Source of the draw order: J. L. Sokol, bnn-example (2026).
    """
    checked = _checked(values, steps)
    n, inputs = checked.shape
    rows = _drawn_rows(n, seed, draw_images, first)
    pulses = np.empty((n, steps, inputs), dtype=np.bool_)
    for block in range(0, n, _BLOCK):
        here = checked[block : block + _BLOCK].astype(np.float64)
        draws = np.empty_like(here)
        rng = np.random.default_rng(seed)
        skip = rng.bit_generator.advance  # type: ignore[attr-defined]  # PCG64 has it; one draw per double
        skip(int(first + block) * inputs)
        for step in range(steps):
            np.less(rng.random(out=draws), here, out=pulses[block : block + _BLOCK, step])
            skip(int(rows - len(here)) * inputs)
    return pulses


def even(values: ArrayLike, steps: int) -> Pulses:
    """Pulse at even distances: an accumulator per input starts at one half, adds the value, and wraps at 1.

    Step t (from 0) has a pulse where ``floor((t + 1) x + 1/2) > floor(t x + 1/2)``. ``values`` [n, inputs] in
    0..1 (taken as float32); returns bool[n, steps, inputs]. Exact: the product of a float32 and a step number
    below 2**27 fits a float64, so no rounding moves a pulse. Raises NeurosimError.
    """
    checked = _checked(values, steps)
    if steps > _MOST_STEPS:
        raise NeurosimError(f"even pulses: {steps} steps, at most {_MOST_STEPS} are exact")
    x = checked.astype(np.float64)
    pulses = np.empty((x.shape[0], steps, x.shape[1]), dtype=np.bool_)
    before = np.zeros_like(x)
    for step in range(steps):
        after = np.floor((step + 1) * x + 0.5)
        np.greater(after, before, out=pulses[:, step])
        before = after
    return pulses


def _even(values: Values, steps: int, _seed: int, _draw_images: int, _first: int) -> Pulses:
    return even(values, steps)  # it draws nothing


ENCODERS: dict[str, Encoder] = {"bernoulli": bernoulli, "even": _even}


def encode(
    name: str, values: ArrayLike, steps: int, *, seed: int = 1, draw_images: int | None = None, first: int = 0
) -> Pulses:
    """Return the pulses bool[n, steps, inputs] that the encoder ``name`` makes of ``values`` [n, inputs].

    ``seed``, ``draw_images`` and ``first`` say which random draws are used (see ``bernoulli``); they are
    checked for every encoder and have no effect on those that draw nothing. Raises NeurosimError for an
    unknown encoder (with the nearest spelling), ``steps`` below 1, and values that are NaN or outside 0..1.
    """
    if name not in ENCODERS:
        raise unknown("encoder", name, ENCODERS)
    checked = _checked(values, steps)
    return ENCODERS[name](checked, steps, seed, _drawn_rows(len(checked), seed, draw_images, first), first)


def _checked(values: ArrayLike, steps: int) -> Values:
    if not _is_whole(steps) or steps < 1:
        raise NeurosimError(f"steps: found {steps!r}, must be a whole number of at least 1")
    array = np.asarray(values)
    if array.ndim != 2:
        raise NeurosimError(f"values: found shape {array.shape}, must be (n, inputs)")
    if array.dtype.kind not in "fiub":
        raise NeurosimError(f"values: found numbers of type {array.dtype}, must be real")
    # Written so that NaN, for which every comparison is false, is refused as well.
    wrong = ~((array >= 0) & (array <= 1))
    if wrong.any():
        row, column = (int(k) for k in np.argwhere(wrong)[0])
        raise NeurosimError(f"values: found {array[row, column]} at [{row}, {column}], must lie in 0..1")
    return array.astype(np.float32)


def _drawn_rows(n: int, seed: int, draw_images: int | None, first: int) -> int:
    """Return how many rows are drawn per step, after checking what says so."""
    if not _is_whole(seed) or seed < 0:
        raise NeurosimError(f"seed: found {seed!r}, must be a whole number of at least 0")
    if not _is_whole(first) or first < 0:
        raise NeurosimError(f"first: found {first!r}, must be a whole number of at least 0")
    rows = first + n if draw_images is None else draw_images
    if not _is_whole(rows) or rows < first + n:
        raise NeurosimError(f"draw_images: found {rows!r}, must be a whole number of at least {first + n}")
    return rows


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
