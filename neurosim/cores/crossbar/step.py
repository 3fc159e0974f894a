"""The arithmetic of a crossbar core: numba functions that every engine calls.

All values are integers. Neurons are visited in ascending order, and for each its axons in ascending order. Draws
happen only where a stochastic mode is on, in this order of visits: for a neuron one draw per event of a stochastic
weight, then one for a stochastic leak, then one for a threshold mask that is not zero (see draw.py).
Potentials do not enter into drawing and additions commute, so a tick takes rows first, then draws, then neurons,
each in simple loops that the compiler turns into vector instructions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.crossbar.draw import shift

LANES = 8  # columns are padded to a multiple of this with neurons that never act
_DE_BRUIJN = 0x077CB531  # (1 << k) times this has different top five bits for every k
_BIT_OF_TOP = np.zeros(32, dtype=np.int64)
_BIT_OF_TOP[[(_DE_BRUIJN << k & 0xFFFFFFFF) >> 27 for k in range(32)]] = np.arange(32)
_ONES = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.int64)
_REST, _SPIKE, _NEGATIVE, _FORCED = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(3)
_BLOCK = 32  # cores whose slots are taken at once
_NEVER = np.iinfo(np.int32).max


class Arithmetic(NamedTuple):
    """Integer widths of the core, from the chip descriptor.

    ``overflow_spikes`` 1: a positive overflow is a spike without reset, as in the simulator NeMo.
    """

    potential_low: int
    potential_high: int
    overflow_spikes: int
    draw_bits: int
    threshold_draw_bits: int


class Crossbar(NamedTuple):
    """Binary synapses of some cores: ``rows`` uint8[cores, axons, columns / 8], bit k of byte b is column 8 b + k.

    ``axon`` int16[cores, axons, 2] holds the type of each axon and how many bits of its row are set.
    """

    rows: NDArray[np.uint8]
    axon: NDArray[np.int16]


class Parameters(NamedTuple):
    """What columns hold and no tick changes: see CrossbarNeuron.

    Cores whose columns are alike share a set, so that it stays near the processor: core c has the weights of set
    ``weight_set[c]`` and all else of set ``set[c]``, int64[cores]. ``weight`` int16[weight sets, types, columns], 0
    where it is stochastic; ``reversal`` and ``saturate`` bool[sets, columns]; ``reset_mode`` int8[sets, columns];
    ``reset`` int32[sets, columns].
    """

    weight_set: NDArray[np.int64]
    set: NDArray[np.int64]
    weight: NDArray[np.int16]
    reversal: NDArray[np.bool_]
    saturate: NDArray[np.bool_]
    reset_mode: NDArray[np.int8]
    reset: NDArray[np.int32]


class Draws(NamedTuple):
    """The columns that draw, k over all cores, ascending: those of core c are ``ptr[c]:ptr[c + 1]`` of the others.

    ``column`` int64[k]; ``weight`` int64[k, types] where ``weight_mode`` bool[k, types]; ``leak`` int64[k] where
    ``leak_mode`` bool[k]; ``mask`` int64[k], 0 for a threshold that does not draw; ``threshold``, ``negative``
    (threshold) int64[k] and ``saturate`` bool[k].
    """

    ptr: NDArray[np.int64]
    column: NDArray[np.int64]
    weight: NDArray[np.int64]
    weight_mode: NDArray[np.bool_]
    leak: NDArray[np.int64]
    leak_mode: NDArray[np.bool_]
    mask: NDArray[np.int64]
    threshold: NDArray[np.int64]
    negative: NDArray[np.int64]
    saturate: NDArray[np.bool_]


class State(NamedTuple):
    """State of some cores: potentials ``v`` int32[cores, columns] and the generators' ``register`` int64[cores].

    ``leak`` int16[sets, columns], ``top`` and ``bottom`` int32[sets, columns] (positive threshold, negative
    threshold with its sign) are those of the present tick; they change where a column draws, and a core with such a
    column has a set of its own.
    """

    v: NDArray[np.int32]
    register: NDArray[np.int64]
    leak: NDArray[np.int16]
    top: NDArray[np.int32]
    bottom: NDArray[np.int32]


class Buffers(NamedTuple):
    """What a tick writes, per core: the ``n_active`` axons with a spike and the ``n_fired`` columns that fired.

    ``active`` int16[cores, axons] and ``fired`` int16[cores, columns] hold them, ascending, in their first places;
    ``act`` uint8[columns] is space for what each column does, ``words`` uint64[columns / 8] the same memory.
    """

    n_active: NDArray[np.int64]
    active: NDArray[np.int16]
    n_fired: NDArray[np.int64]
    fired: NDArray[np.int16]
    act: NDArray[np.uint8]
    words: NDArray[np.uint64]


@njit(cache=True, nogil=True)
def put_slot(ring: NDArray[np.uint32], axons: NDArray[np.int64], ticks: NDArray[np.int64], now: int) -> int:
    """Note the spikes that are due in tick ``ticks[k]`` on axon ``axons[k]`` of a core; returns how many are late.

    ``ring`` uint32[slots, words] is indexed by the tick modulo the slots. A spike due before ``now``, the next
    tick to run, is late: it stays in its slot until the ring comes round.
    """
    late = 0
    for k in range(axons.shape[0]):
        late += ticks[k] < now
        ring[ticks[k] % ring.shape[0], axons[k] >> 5] |= np.uint32(1 << (axons[k] & 31))
    return late


@njit(cache=True, inline="always")
def _take_slot(slots: NDArray[np.uint32], c: int, active: NDArray[np.int16]) -> int:
    """Read and clear the ring's row of this tick; returns the number of axons with a spike."""
    n = 0
    for w in range(slots.shape[1]):
        bits = np.int64(slots[c, w])
        slots[c, w] = 0
        while bits:
            low = bits & -bits
            active[c, n] = 32 * w + _BIT_OF_TOP[((low * _DE_BRUIJN) & 0xFFFFFFFF) >> 27]
            bits ^= low
            n += 1
    return n


@njit(cache=True, inline="always")
def _look_ahead(
    slots: NDArray[np.uint32],
    first: int,
    end: int,
    rows: NDArray[np.uint8],
    axons: NDArray[np.int16],
    n_active: NDArray[np.int64],
    active: NDArray[np.int16],
    counts: NDArray[np.int64],
) -> int:
    """Take the slots of some cores and count their events; touches the rows, so that their ways overlap.

    A row seldom lies near the processor. Returns what was read of them, lest the compiler leave it out.
    """
    touched = 0
    for c in range(first, end):
        n_active[c] = _take_slot(slots, c, active)
        for k in range(n_active[c]):
            counts[c, 0] += axons[c, active[c, k], 1]
            touched ^= rows[c, active[c, k], 0]
    return touched


@njit(cache=True, inline="always")
def _add_row(
    rows: NDArray[np.uint8], weight: NDArray[np.int16], c: int, axon: int, s: int, kind: int, v: NDArray[np.int32]
) -> None:
    """Add the weights of one axon's events to the potentials, eight columns per byte."""
    for b in range(rows.shape[2]):
        bits, first = rows[c, axon, b], LANES * b
        for k in range(LANES):
            mask = np.int32(-np.int32((bits >> k) & 1))
            v[c, first + k] = np.int32(v[c, first + k] + np.int32(mask & np.int32(weight[s, kind, first + k])))


@njit(cache=True)
def _unit(value: int, draw: int) -> int:
    """Return the sign of a value whose size is at least the draw, else 0."""
    if abs(value) < draw:
        return 0
    return (value > 0) - (value < 0)


@njit(cache=True)
def _draw(c: int, s: int, bar: Crossbar, draws: Draws, state: State, buffers: Buffers, arithmetic: Arithmetic) -> None:
    """Add the events of stochastic weights and draw leaks and thresholds, in the order of visits."""
    register = state.register[c]
    bits, threshold_bits = arithmetic.draw_bits, arithmetic.threshold_draw_bits
    low, threshold_low = (1 << bits) - 1, (1 << threshold_bits) - 1
    for i in range(draws.ptr[c], draws.ptr[c + 1]):
        column = draws.column[i]
        v = np.int64(state.v[c, column])
        for k in range(buffers.n_active[c]):
            axon = buffers.active[c, k]
            kind = bar.axon[c, axon, 0]
            if draws.weight_mode[i, kind] and (bar.rows[c, axon, column >> 3] >> (column & 7)) & 1:
                register = shift(register, bits)
                v += _unit(draws.weight[i, kind], register & low)
        state.v[c, column] = v
        if draws.leak_mode[i]:
            register = shift(register, bits)
            state.leak[s, column] = _unit(draws.leak[i], register & low)
        if draws.mask[i]:
            register = shift(register, threshold_bits)
            eta = register & threshold_low & draws.mask[i]
            state.top[s, column] = draws.threshold[i] + eta
            state.bottom[s, column] = -draws.negative[i] - (0 if draws.saturate[i] else eta)
    state.register[c] = register


@njit(cache=True, inline="always")
def _leak(v: NDArray[np.int32], leak: NDArray[np.int16], reversal: NDArray[np.bool_], c: int, s: int) -> None:
    for j in range(v.shape[1]):
        x, change = v[c, j], np.int32(leak[s, j])
        turned = change if x > 0 else np.int32(0)
        turned = np.int32(-change) if x < 0 else turned
        v[c, j] = np.int32(x + (turned if reversal[s, j] else change))


@njit(cache=True, inline="always")
def _compare(
    v: NDArray[np.int32],
    top: NDArray[np.int32],
    bottom: NDArray[np.int32],
    saturate: NDArray[np.bool_],
    c: int,
    s: int,
    arithmetic: Arithmetic,
    act: NDArray[np.uint8],
) -> tuple[np.int32, np.int32]:
    """Clip, compare and saturate; says in ``act`` what is left to do, returns how many were clipped and negative."""
    low, high = np.int32(arithmetic.potential_low), np.int32(arithmetic.potential_high)
    most = high if arithmetic.overflow_spikes else np.int32(_NEVER)
    clipped = negative = np.int32(0)
    for j in range(v.shape[1]):
        x = v[c, j]
        y = min(max(x, low), high)
        below = y < bottom[s, j]
        doing = _NEGATIVE if below and not saturate[s, j] else _REST
        doing = _SPIKE if y >= top[s, j] else doing
        act[j] = _FORCED if x > most else doing
        clipped = np.int32(clipped + np.int32(x != y))
        negative = np.int32(negative + np.int32(below))
        v[c, j] = bottom[s, j] if below and saturate[s, j] else y
    return clipped, negative


@njit(cache=True, inline="always")
def _reset(
    words: NDArray[np.uint64],
    act: NDArray[np.uint8],
    v: NDArray[np.int32],
    top: NDArray[np.int32],
    bottom: NDArray[np.int32],
    reset_mode: NDArray[np.int8],
    reset: NDArray[np.int32],
    c: int,
    s: int,
    fired: NDArray[np.int16],
) -> int:
    """Reset the columns that act, eight at a glance; writes those that fired and returns how many."""
    n = 0
    for w in range(words.shape[0]):
        if words[w] == 0:
            continue
        for j in range(LANES * w, LANES * w + LANES):
            doing, mode = act[j], reset_mode[s, j]
            if doing == _NEGATIVE and mode == 0:
                v[c, j] = -reset[s, j]
            elif doing == _NEGATIVE and mode == 1:
                v[c, j] -= bottom[s, j]
            elif doing == _SPIKE and mode == 0:
                v[c, j] = reset[s, j]
            elif doing == _SPIKE and mode == 1:
                v[c, j] -= top[s, j]
            if doing in (_SPIKE, _FORCED):
                fired[c, n] = j
                n += 1
    return n


@njit(cache=True, nogil=True)
def step_cores(
    slots: NDArray[np.uint32],
    bar: Crossbar,
    p: Parameters,
    draws: Draws,
    state: State,
    arithmetic: Arithmetic,
    buffers: Buffers,
    counts: NDArray[np.int64],
) -> None:
    """Advance the neurons of some cores by one tick.

    ``slots`` uint32[cores, words] are the axons with a spike in this tick, one bit each; they are cleared. Adds to
    ``counts`` int64[cores, 4]: synaptic events, spikes, clipped potentials, passed negative thresholds. The rule is
    that of CrossbarNeuron, with the potential clipped once, after the leak and before the comparisons.
    Source: A. S. Cassidy et al., IJCNN 2013; the place of the clipping: NeMo.
    """
    # Arrays are taken out of their tuples once: inside the loop that would cost as much as the arithmetic.
    rows, axons, weight, sets, weight_sets = bar.rows, bar.axon, p.weight, p.set, p.weight_set
    v, leak, top, bottom = state.v, state.leak, state.top, state.bottom
    reversal, saturate, reset_mode, reset = p.reversal, p.saturate, p.reset_mode, p.reset
    active, fired, act, words = buffers.active, buffers.fired, buffers.act, buffers.words
    n_active, n_fired, draws_ptr = buffers.n_active, buffers.n_fired, draws.ptr
    touched = 0
    for c in range(v.shape[0]):
        if c % _BLOCK == 0:
            touched ^= _look_ahead(slots, c, min(c + _BLOCK, v.shape[0]), rows, axons, n_active, active, counts)
        s = sets[c]
        for k in range(n_active[c]):
            axon = active[c, k]
            _add_row(rows, weight, c, axon, weight_sets[c], axons[c, axon, 0], v)
        if draws_ptr[c] != draws_ptr[c + 1]:
            _draw(c, s, bar, draws, state, buffers, arithmetic)
        _leak(v, leak, reversal, c, s)
        clipped, negative = _compare(v, top, bottom, saturate, c, s, arithmetic, act)
        n_fired[c] = _reset(words, act, v, top, bottom, reset_mode, reset, c, s, fired)
        counts[c, 1] += n_fired[c]
        counts[c, 2] += clipped
        counts[c, 3] += negative
    act[0] = touched


@njit(cache=True)
def leaving_times(
    c: int, bar: Crossbar, buffers: Buffers, n: int, update: int, event: int, spike: int
) -> tuple[NDArray[np.int64], int]:
    """Time the visits of core c's n columns after a tick: when each spike leaves, and the whole sweep (ps).

    Columns go one after another: ``update`` each, ``event`` per synaptic event, ``spike`` for one that fires, which
    then sends at once.
    """
    active = buffers.active[c, : buffers.n_active[c]]
    leaves = np.empty(buffers.n_fired[c], dtype=np.int64)
    events = byte = 0  # events of all columns before the byte
    for i in range(leaves.shape[0]):
        column = np.int64(buffers.fired[c, i])
        while byte < column >> 3:
            for axon in active:
                events += _ONES[bar.rows[c, axon, byte]]
            byte += 1
        here = 0
        for axon in active:
            here += _ONES[bar.rows[c, axon, byte] & ((2 << (column & 7)) - 1)]
        leaves[i] = (column + 1) * update + (events + here) * event + (i + 1) * spike
    total = 0
    for axon in active:
        total += bar.axon[c, axon, 1]
    return leaves, n * update + total * event + leaves.shape[0] * spike
