"""The arithmetic of a crossbar core: numba functions that every engine calls.

All values are integers. Neurons are visited in ascending order, and for each its axons in ascending order. Draws
happen only where a stochastic mode is on, in this order of visits: for a neuron one draw per event of a stochastic
weight, then one for a stochastic leak, then one for a threshold mask that is not zero (see draw.py).
Potentials do not enter into drawing and additions commute, so sums are taken axon by axon, 32 neurons at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.crossbar.draw import shift

LANES = 32  # neurons per word of a crossbar row; columns are padded to a multiple of it with neurons that never act
_DE_BRUIJN = 0x077CB531  # (1 << k) * this has a different top 5 bits for every k
_BIT_OF_TOP = np.zeros(32, dtype=np.int64)
_BIT_OF_TOP[[(_DE_BRUIJN << k & 0xFFFFFFFF) >> 27 for k in range(32)]] = np.arange(32)


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
    """Binary synapses: ``rows`` uint32[axons, columns / 32], bit k of word w is column 32 w + k.

    ``type`` int64[axons] is the type of each axon, ``synapses`` int64[axons] how many bits of its row are set.
    """

    rows: NDArray[np.uint32]
    type: NDArray[np.int64]
    synapses: NDArray[np.int64]


class Parameters(NamedTuple):
    """Deterministic parameters of the columns: see CrossbarNeuron.

    ``weight`` int16[types, columns] and ``leak`` int16[columns] hold 0 where that is stochastic; ``threshold``,
    ``negative`` (threshold) and ``reset`` int32[columns]; ``reset_mode`` int8[columns]; ``reversal`` and
    ``saturate`` bool[columns].
    """

    weight: NDArray[np.int16]
    leak: NDArray[np.int16]
    reversal: NDArray[np.bool_]
    threshold: NDArray[np.int32]
    reset_mode: NDArray[np.int8]
    reset: NDArray[np.int32]
    negative: NDArray[np.int32]
    saturate: NDArray[np.bool_]


class Draws(NamedTuple):
    """The k columns that draw, ascending: ``column`` int64[k].

    ``weight`` int16[types, k] where ``weight_mode`` bool[types, k]; ``leak`` int16[k] where ``leak_mode`` bool[k];
    ``mask`` int32[k], 0 for a threshold that does not draw.
    """

    column: NDArray[np.int64]
    weight: NDArray[np.int16]
    weight_mode: NDArray[np.bool_]
    leak: NDArray[np.int16]
    leak_mode: NDArray[np.bool_]
    mask: NDArray[np.int32]


class State(NamedTuple):
    """State of a core: potentials ``v`` int32[columns] and the generator's ``register`` int64[1].

    ``leak`` int16[columns] and ``eta`` int32[columns] (what the threshold draws add) are those of the present tick.
    """

    v: NDArray[np.int32]
    register: NDArray[np.int64]
    leak: NDArray[np.int16]
    eta: NDArray[np.int32]


class Counts(NamedTuple):
    """What happened in a tick: synaptic events, spikes, clipped potentials and negative thresholds passed."""

    events: int
    spikes: int
    clipped: int
    negative: int


@njit(cache=True)
def take_slot(slot: NDArray[np.uint32], active: NDArray[np.int64]) -> int:
    """Read and clear a row of the ring uint32[words]: writes the axons to ``active``, ascending, returns how many."""
    n = 0
    for w in range(slot.shape[0]):
        bits = np.int64(slot[w])
        slot[w] = 0
        while bits:
            low = bits & -bits
            active[n] = 32 * w + _BIT_OF_TOP[((low * _DE_BRUIJN) & 0xFFFFFFFF) >> 27]
            bits ^= low
            n += 1
    return n


@njit(cache=True)
def put_slot(ring: NDArray[np.uint32], axons: NDArray[np.int64], ticks: NDArray[np.int64], now: int) -> int:
    """Note the spikes that act in tick ``ticks[k]`` on axon ``axons[k]``; returns how many are late.

    ``ring`` uint32[slots, words] is indexed by the tick modulo the slots. A spike for a tick before ``now``, the
    next to run, is late: it stays in its slot until the ring comes round.
    """
    late = 0
    for k in range(axons.shape[0]):
        late += ticks[k] < now
        ring[ticks[k] % ring.shape[0], axons[k] >> 5] |= np.uint32(1 << (axons[k] & 31))
    return late


@njit(cache=True)
def _add_row(row: NDArray[np.uint32], weight: NDArray[np.int16], v: NDArray[np.int32]) -> None:
    for w in range(row.shape[0]):
        bits = row[w]
        base = LANES * w
        for k in range(LANES):
            bit = np.int32((bits >> np.uint32(k)) & np.uint32(1))
            v[base + k] = np.int32(v[base + k] + np.int32(bit * np.int32(weight[base + k])))


@njit(cache=True)
def _draw(active: NDArray[np.int64], bar: Crossbar, draws: Draws, state: State, arithmetic: Arithmetic) -> None:
    """Add the events of stochastic weights and draw leaks and thresholds, in the order of visits."""
    register = state.register[0]
    bits, low = arithmetic.draw_bits, (1 << arithmetic.draw_bits) - 1
    threshold_bits = arithmetic.threshold_draw_bits
    threshold_low = (1 << threshold_bits) - 1
    for i in range(draws.column.shape[0]):
        column = draws.column[i]
        word, bit = column >> 5, column & 31
        v = np.int64(state.v[column])
        for axon in active:
            kind = bar.type[axon]
            if draws.weight_mode[kind, i] and (np.int64(bar.rows[axon, word]) >> bit) & 1:
                register = shift(register, bits)
                v += _unit(draws.weight[kind, i], register & low)
        state.v[column] = v
        if draws.leak_mode[i]:
            register = shift(register, bits)
            state.leak[column] = _unit(draws.leak[i], register & low)
        if draws.mask[i]:
            register = shift(register, threshold_bits)
            state.eta[column] = register & threshold_low & draws.mask[i]
    state.register[0] = register


@njit(cache=True)
def _unit(value: int, draw: int) -> int:
    """Return the sign of a value whose size is at least the draw, else 0."""
    if abs(np.int64(value)) < draw:
        return 0
    return (value > 0) - (value < 0)


@njit(cache=True)
def _update(p: Parameters, state: State, arithmetic: Arithmetic, fired: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Leak, compare and reset; branches are written as choices, so that many columns go at once."""
    low, high = np.int32(arithmetic.potential_low), np.int32(arithmetic.potential_high)
    forced = arithmetic.overflow_spikes != 0
    zero, one = np.int32(0), np.int32(1)
    spikes = clipped = negative = zero
    v, leak, eta = state.v, state.leak, state.eta
    for j in range(v.shape[0]):
        x = v[j]
        sign = np.int32(np.int32(x > 0) - np.int32(x < 0))
        direction = sign if p.reversal[j] else one
        x = np.int32(x + np.int32(direction * np.int32(leak[j])))
        over = x > high
        clip = over | (x < low)
        x = high if over else x
        x = low if x < low else x
        mode = p.reset_mode[j]
        top = np.int32(p.threshold[j] + eta[j])
        saturate = p.saturate[j]
        drawn = zero if saturate else eta[j]
        bottom = np.int32(-np.int32(p.negative[j] + drawn))
        # A forced spike takes the place of the comparisons, and leaves the potential as it is.
        keep = over & forced
        above = (x >= top) | keep
        below = (x < bottom) & (not above)
        up = np.int32(x - top) if mode == 1 else x
        up = p.reset[j] if mode == 0 else up
        up = x if keep else up
        down = np.int32(x - bottom) if mode == 1 else x
        down = np.int32(-p.reset[j]) if mode == 0 else down
        down = bottom if saturate else down
        y = up if above else x
        v[j] = down if below else y
        fired[j] = above
        spikes = np.int32(spikes + np.int32(above))
        clipped = np.int32(clipped + np.int32(clip))
        negative = np.int32(negative + np.int32(below))
    return spikes, clipped, negative


@njit(cache=True)
def step_neurons(
    active: NDArray[np.int64],
    bar: Crossbar,
    p: Parameters,
    draws: Draws,
    state: State,
    arithmetic: Arithmetic,
    fired: NDArray[np.bool_],
) -> Counts:
    """Advance the neurons of a core by one tick; ``active`` int64[k] are the axons with a spike, ascending.

    Writes ``fired`` bool[columns]. The rule is that of CrossbarNeuron, with the potential clipped once, after the
    leak and before the comparisons.
    Source: A. S. Cassidy et al., IJCNN 2013; the place of the clipping: NeMo.
    """
    events = 0
    for axon in active:
        events += bar.synapses[axon]
        _add_row(bar.rows[axon], p.weight[bar.type[axon]], state.v)
    if draws.column.shape[0]:
        _draw(active, bar, draws, state, arithmetic)
    spikes, clipped, negative = _update(p, state, arithmetic, fired)
    return Counts(events, spikes, clipped, negative)
