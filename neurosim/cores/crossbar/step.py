"""The arithmetic of a crossbar core: numba functions that every engine calls.

All values are integers. Neurons are visited in ascending order, and for each its axons in ascending order. Draws
happen only where a stochastic mode is on, in this order of visits: for a neuron one draw per event of a stochastic
weight, then one for a stochastic leak, then one for a threshold mask that is not zero (see draw.py).
Potentials do not enter into drawing and additions commute, so a tick takes rows first, then draws, then neurons,
each in simple loops that the compiler turns into vector instructions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.crossbar.draw import shift
from neurosim.cores.crossbar.words import FEW, WORD, add_where, clear, lowest, marks, ones, ones_of, rest
from neurosim.cores.fetch import fetch

LANES = 8  # columns of a core are padded to a multiple of this with neurons that never act
BLOCK = 32  # cores whose slots are taken at once
_REST, _SPIKE, _NEGATIVE, _FORCED = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(3)
_NEVER = np.iinfo(np.int32).max
_ALL = np.uint64(2**64 - 1)
_ONE = np.uint64(1)
_AT_ONCE = 3  # bits of a word that are listed without asking for their number


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
    """Binary synapses of some cores: ``rows`` uint64[cores, axons, columns / 64], bit k of word w is column 64 w + k.

    ``kind`` uint8[cores, axons] is the type of each axon; ``words`` int64[cores] says how many words of a row the
    core has.
    """

    rows: NDArray[np.uint64]
    kind: NDArray[np.uint8]
    words: NDArray[np.int64]


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
    """What a tick writes, row by row for the cores that are stepped together.

    ``active`` int16[rows, axons + 3] and ``fired`` int16[rows, columns + 3] hold the ``n_active`` axons with a spike
    and the ``n_fired`` columns that fired, ascending, in their first places. ``events`` int32[rows, columns + 3] says
    how many events all columns up to each that fired had, itself included; ``before`` int64[rows, columns / 64 + 1]
    how many all columns before a word had, those of the core in the place after its last word.

    The rest is space that each core uses anew: ``act`` uint8[columns] for what each column does, ``held`` uint64 for
    the rows of the active axons (words 0 of the first eight, words 1 of these, ..., words 0 of the next eight),
    ``row_at`` and ``weight_at`` int64[axons] for where their rows and weights begin.
    """

    n_active: NDArray[np.int64]
    active: NDArray[np.int16]
    n_fired: NDArray[np.int64]
    fired: NDArray[np.int16]
    events: NDArray[np.int32]
    before: NDArray[np.int64]
    act: NDArray[np.uint8]
    held: NDArray[np.uint64]
    row_at: NDArray[np.int64]
    weight_at: NDArray[np.int64]


@njit(cache=True)
def space(rows: int, axons: int, words: int) -> Buffers:
    """Return the space that ticks of so many cores need."""
    columns = WORD * words
    return Buffers(
        np.zeros(rows, np.int64),
        np.empty((rows, axons + _AT_ONCE), np.int16),
        np.zeros(rows, np.int64),
        np.empty((rows, columns + _AT_ONCE), np.int16),
        np.empty((rows, columns + _AT_ONCE), np.int32),
        np.empty((rows, words + 1), np.int64),
        np.empty(columns, np.uint8),
        np.empty((axons + FEW - 1) // FEW * FEW * words, np.uint64),
        np.empty(axons, np.int64),
        np.empty(axons, np.int64),
    )


@njit(cache=True, nogil=True)
def put_slot(ring: NDArray[np.uint64], axons: NDArray[np.int64], ticks: NDArray[np.int64], now: int) -> int:
    """Note the spikes that are due in tick ``ticks[k]`` on axon ``axons[k]`` of a core; returns how many are late.

    ``ring`` uint64[slots, words] is indexed by the tick modulo the slots. A spike due before ``now``, the next
    tick to run, is late: it stays in its slot until the ring comes round.
    """
    late = 0
    for k in range(axons.shape[0]):
        late += ticks[k] < now
        ring[ticks[k] % ring.shape[0], axons[k] >> 6] |= _ONE << np.uint64(axons[k] & 63)
    return late


# The helpers below take whole arrays and the core c, the set s or the row r of the buffers that they are about, since a
# row taken out of an array costs more than what is done with it.


@njit(cache=True, inline="always")
def _list(word: np.uint64, first: int, places: NDArray[np.int16], r: int, n: int) -> int:
    """Write ``first`` plus the place of each bit that is set after n others; returns how many there are then.

    Three are always written, as many as there may be: few words hold more, and to ask costs more than to write.
    """
    more = n + ones(word)
    for k in range(_AT_ONCE):
        places[r, n + k] = first + lowest(word)
        word = rest(word)
    n += _AT_ONCE
    while word:
        places[r, n] = first + lowest(word)
        word = rest(word)
        n += 1
    return more


@njit(cache=True, inline="always")
def _take_slot(slots: NDArray[np.uint64], r: int, active: NDArray[np.int16]) -> int:
    """Read and clear a row of the ring; returns the number of axons with a spike."""
    n, width = 0, 8 * slots.itemsize
    for w in range(slots.shape[1]):
        n = _list(np.uint64(slots[r, w]), width * w, active, r, n)
        slots[r, w] = 0
    return n


@njit(cache=True, inline="always")
def _add_rows(
    rows: NDArray[np.uint64],
    kind: NDArray[np.uint8],
    weight: NDArray[np.int16],
    c: int,
    s: int,
    words: int,
    v: NDArray[np.int32],
    r: int,
    active: NDArray[np.int16],
    n: int,
    held: NDArray[np.uint64],
    row_at: NDArray[np.int64],
    weight_at: NDArray[np.int64],
) -> None:
    """Add the weights of n axons' events to the potentials, and hold their rows."""
    axons, most, types, columns = rows.shape[1], rows.shape[2], weight.shape[1], weight.shape[2]
    size = FEW * words
    if n % FEW:
        for w in range(words):
            clear(held, n // FEW * size + FEW * w)
    for k in range(n):
        axon, place = np.int64(active[r, k]), k // FEW * size + k % FEW
        row_at[k], weight_at[k] = (c * axons + axon) * most, (s * types + kind[c, axon]) * columns
        for w in range(words):
            held[place + FEW * w] = rows[c, axon, w]
    for w in range(words):
        add_where(rows, row_at, weight, weight_at, n, v, c * columns, w)


@njit(cache=True)
def _unit(value: int, draw: int) -> int:
    """Return the sign of a value whose size is at least the draw, else 0."""
    if abs(value) < draw:
        return 0
    return int(value > 0) - int(value < 0)


@njit(cache=True)
def _draw(
    c: int, r: int, s: int, bar: Crossbar, draws: Draws, state: State, buffers: Buffers, arithmetic: Arithmetic
) -> None:
    """Add the events of stochastic weights and draw leaks and thresholds, in the order of visits."""
    register = state.register[c]
    bits, threshold_bits = arithmetic.draw_bits, arithmetic.threshold_draw_bits
    low, threshold_low = (1 << bits) - 1, (1 << threshold_bits) - 1
    rows, kinds, active, n_active = bar.rows, bar.kind, buffers.active, buffers.n_active[r]
    columns, weight, weight_mode = draws.column, draws.weight, draws.weight_mode
    leak, leak_mode, mask = draws.leak, draws.leak_mode, draws.mask
    threshold, negative, saturate = draws.threshold, draws.negative, draws.saturate
    v, leaks, top, bottom = state.v, state.leak, state.top, state.bottom
    for i in range(draws.ptr[c], draws.ptr[c + 1]):
        column = columns[i]
        x = np.int64(v[c, column])
        for k in range(n_active):
            axon = active[r, k]
            kind = kinds[c, axon]
            if weight_mode[i, kind] and (rows[c, axon, column >> 6] >> np.uint64(column & 63)) & _ONE:
                register = shift(register, bits)
                x += _unit(weight[i, kind], register & low)
        v[c, column] = x
        if leak_mode[i]:
            register = shift(register, bits)
            leaks[s, column] = _unit(leak[i], register & low)
        if mask[i]:
            register = shift(register, threshold_bits)
            eta = register & threshold_low & mask[i]
            top[s, column] = threshold[i] + eta
            bottom[s, column] = -negative[i] - (0 if saturate[i] else eta)
    state.register[c] = register


@njit(cache=True, inline="always")
def _compare(
    v: NDArray[np.int32],
    leak: NDArray[np.int16],
    reversal: NDArray[np.bool_],
    top: NDArray[np.int32],
    bottom: NDArray[np.int32],
    saturate: NDArray[np.bool_],
    c: int,
    s: int,
    words: int,
    arithmetic: Arithmetic,
    act: NDArray[np.uint8],
) -> tuple[np.int32, np.int32]:
    """Leak, clip, compare and saturate; says in ``act`` what is left to do.

    Returns how many columns were clipped and negative.
    """
    low, high = np.int32(arithmetic.potential_low), np.int32(arithmetic.potential_high)
    most = high if arithmetic.overflow_spikes else np.int32(_NEVER)
    clipped = negative = np.int32(0)
    for j in range(WORD * words):
        x, change = v[c, j], np.int32(leak[s, j])
        turned = change if x > 0 else np.int32(0)
        turned = np.int32(-change) if x < 0 else turned
        x = np.int32(x + (turned if reversal[s, j] else change))
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
    act: NDArray[np.uint8],
    v: NDArray[np.int32],
    top: NDArray[np.int32],
    bottom: NDArray[np.int32],
    reset_mode: NDArray[np.int8],
    reset: NDArray[np.int32],
    c: int,
    s: int,
    words: int,
    r: int,
    fired: NDArray[np.int16],
) -> int:
    """Reset the columns that act; writes those that fired and returns how many."""
    acting = n = 0
    for w in range(words):
        acting = _list(marks(act, WORD * w), WORD * w, fired, r, acting)
    for k in range(acting):
        j = np.int64(fired[r, k])
        doing, mode = act[j], reset_mode[s, j]
        if doing == _NEGATIVE and mode == 0:
            v[c, j] = -reset[s, j]
        elif doing == _NEGATIVE and mode == 1:
            v[c, j] -= bottom[s, j]
        elif doing == _SPIKE and mode == 0:
            v[c, j] = reset[s, j]
        elif doing == _SPIKE and mode == 1:
            v[c, j] -= top[s, j]
        fired[r, n] = j
        n += doing != _NEGATIVE
    return n


@njit(cache=True, inline="always")
def _count_events(words: int, held: NDArray[np.uint64], n_active: int, r: int, before: NDArray[np.int64]) -> int:
    """Count the events of all columns before each word; returns how many there are."""
    size, times, total = FEW * words, (n_active + FEW - 1) // FEW, 0
    for w in range(words):
        before[r, w] = total
        for few in range(times):
            total += ones_of(held, few * size + FEW * w, _ALL)
    before[r, words] = total
    return total


@njit(cache=True, inline="always")
def _count_up_to(
    words: int,
    held: NDArray[np.uint64],
    n_active: int,
    r: int,
    before: NDArray[np.int64],
    fired: NDArray[np.int16],
    n_fired: int,
    events: NDArray[np.int32],
) -> None:
    """Count the events of all columns up to each that fired."""
    size, times = FEW * words, (n_active + FEW - 1) // FEW
    for i in range(n_fired):
        j: Any = np.int64(fired[r, i])
        w, up_to = j // WORD, _ALL >> np.uint64(WORD - 1 - j % WORD)
        total = before[r, w]
        for few in range(times):
            total += ones_of(held, few * size + FEW * w, up_to)
        events[r, i] = total


@njit(cache=True, nogil=True)
def step_cores(
    slots: NDArray[np.uint64],
    bar: Crossbar,
    p: Parameters,
    draws: Draws,
    state: State,
    arithmetic: Arithmetic,
    buffers: Buffers,
    counts: NDArray[np.int64],
    first: int = 0,
) -> None:
    """Advance the neurons of some cores, from ``first`` on, by one tick.

    ``slots`` uint64[rows, words] are the axons with a spike in this tick, one bit each, of as many cores as there are
    rows; they are cleared. Adds to ``counts`` int64[rows, at least 4]: synaptic events, spikes, clipped potentials,
    passed negative thresholds. The rule is that of CrossbarNeuron, with the potential clipped once, after the leak
    and before the comparisons. Source: A. S. Cassidy et al., IJCNN 2013; the place of the clipping: NeMo.
    """
    # Arrays are taken out of their tuples once: inside the loop that would cost as much as the arithmetic.
    rows, kind, words, weight, sets, weight_sets = bar.rows, bar.kind, bar.words, p.weight, p.set, p.weight_set
    v, leak, top, bottom = state.v, state.leak, state.top, state.bottom
    reversal, saturate, reset_mode, reset = p.reversal, p.saturate, p.reset_mode, p.reset
    active, fired, before, events = buffers.active, buffers.fired, buffers.before, buffers.events
    act, held, row_at, weight_at = buffers.act, buffers.held, buffers.row_at, buffers.weight_at
    n_active, n_fired, draws_ptr = buffers.n_active, buffers.n_fired, draws.ptr
    axons, most = rows.shape[1], rows.shape[2]
    for r in range(slots.shape[0]):
        if r % BLOCK == 0:
            # A row seldom lies near the processor: those of some cores are asked for before the first is needed.
            for ahead in range(r, min(r + BLOCK, slots.shape[0])):
                n_active[ahead] = _take_slot(slots, ahead, active)
                for k in range(n_active[ahead]):
                    fetch(rows, ((first + ahead) * axons + active[ahead, k]) * most)
        c, n = first + r, n_active[r]
        s, own = sets[c], words[c]
        _add_rows(rows, kind, weight, c, weight_sets[c], own, v, r, active, n, held, row_at, weight_at)
        if draws_ptr[c] != draws_ptr[c + 1]:
            _draw(c, r, s, bar, draws, state, buffers, arithmetic)
        clipped, negative = _compare(v, leak, reversal, top, bottom, saturate, c, s, own, arithmetic, act)
        counts[r, 0] += _count_events(own, held, n, r, before)
        n_fired[r] = _reset(act, v, top, bottom, reset_mode, reset, c, s, own, r, fired)
        _count_up_to(own, held, n, r, before, fired, n_fired[r], events)
        counts[r, 1] += n_fired[r]
        counts[r, 2] += clipped
        counts[r, 3] += negative


@njit(cache=True, inline="always")
def time_up_to(columns: Any, events: Any, spikes: Any, update: int, event: int, spike: int) -> Any:
    """Time the visits of the first columns of a core in a tick, with their events and spikes (ps).

    Columns go one after another: ``update`` each, ``event`` per synaptic event, ``spike`` for one that fires, which
    then sends at once.
    """
    return columns * update + events * event + spikes * spike


@njit(cache=True)
def leaving_times(
    c: int, bar: Crossbar, buffers: Buffers, n: int, update: int, event: int, spike: int
) -> tuple[NDArray[np.int64], int]:
    """Return when each spike of core c, row c of the buffers, leaves in a tick, and the time of its n columns (ps)."""
    fired, events, n_fired = buffers.fired, buffers.events, buffers.n_fired[c]
    leaves = np.empty(n_fired, dtype=np.int64)
    for i in range(n_fired):
        leaves[i] = time_up_to(np.int64(fired[c, i]) + 1, events[c, i], i + 1, update, event, spike)
    return leaves, time_up_to(n, buffers.before[c, bar.words[c]], n_fired, update, event, spike)
