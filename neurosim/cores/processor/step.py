"""The arithmetic of a processing element's tick: numba functions that every engine calls.

All values are integers. Membranes are in units of 2**-15 (s16.15) for leaky neurons and in whole units for
others; which of the two is a matter of the parameters alone. docs/semantics.md has each rule.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.integers import wrap
from neurosim.cores.processor.widths import FRACTION_BITS, Arithmetic

RESETS = {"zero": 0, "subtract": 1, "subtract-late": 2}
_HALF = 1 << (FRACTION_BITS - 1)


class Parameters(NamedTuple):
    """Parameters of the neurons of one core, int64[n] each.

    ``decay`` in units of 2**-15; ``bias`` and ``threshold`` in the units of the membrane; ``fires_at`` is the
    least membrane that fires; ``shift`` brings a delay slot's sum to the units of the membrane; ``reset`` is a
    code of RESETS.
    """

    decay: NDArray[np.int64]
    bias: NDArray[np.int64]
    threshold: NDArray[np.int64]
    fires_at: NDArray[np.int64]
    shift: NDArray[np.int64]
    reset: NDArray[np.int64]


class State(NamedTuple):
    """Membrane int64[n] of every neuron, and whether it fired in the last tick, bool[n]."""

    v: NDArray[np.int64]
    fired: NDArray[np.bool_]


@njit(cache=True)
def step_neurons(
    first: int, last: int, sums: NDArray[np.int64], at: int, state: State, p: Parameters, arithmetic: Arithmetic
) -> int:
    """Advance neurons first..last-1 by one tick and return how many membranes saturated.

    ``sums`` holds their sums of this tick's delay slot from place ``at`` on, and zeros afterwards.
    ``v = round(decay * v / 2**15) + bias + (wrap(q) << shift)``, halves up; less the threshold if the neuron fired
    in the last tick and resets late; saturated; fires from ``fires_at`` on, then 0 or less the threshold.
    """
    membranes, fired = state
    decay, bias, threshold, fires_at, shift, reset = p
    low, high, bits = arithmetic
    saturated = 0
    for i in range(first, last):
        drive = wrap(sums[at + i - first], bits) << shift[i]
        sums[at + i - first] = 0
        v = ((decay[i] * membranes[i] + _HALF) >> FRACTION_BITS) + bias[i] + drive
        if reset[i] == 2 and fired[i]:
            v -= threshold[i]
        if v < low:
            v = low
            saturated += 1
        elif v > high:
            v = high
            saturated += 1
        fires = v >= fires_at[i]
        if fires and reset[i] == 0:
            v = 0
        elif fires and reset[i] == 1:
            v -= threshold[i]
        membranes[i] = v
        fired[i] = fires
    return saturated


@njit(cache=True)
def walk_rows(
    rows: NDArray[np.int64],
    row_ptr: NDArray[np.int64],
    target: NDArray[np.int32],
    weight: NDArray[np.int8],
    shift: NDArray[np.int8],
    delay: NDArray[np.int16],
    sums: NDArray[np.int64],
    tick: int,
) -> int:
    """Add the synapse rows of spikes that arrived in the tick before ``tick``; returns the synaptic operations.

    ``sums`` int64[slots, n] is a ring over ticks; a synapse with delay d adds to the slot of tick + d - 1, so that
    delay 1 counts right now.
    """
    events = 0
    slots = sums.shape[0]
    for k in range(rows.shape[0]):
        for s in range(row_ptr[rows[k]], row_ptr[rows[k] + 1]):
            sums[(tick + delay[s] - 1) % slots, target[s]] += np.int64(weight[s]) << shift[s]
            events += 1
    return events


@njit(cache=True)
def send_spikes(
    first: int,
    last: int,
    fired: NDArray[np.bool_],
    sends: NDArray[np.bool_],
    begin: int,
    update: int,
    spike: int,
    unit_at: int,
    unit: NDArray[np.int64],
    at: int,
    sender: NDArray[np.int64],
    leaves: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Time the loop over neurons first..last-1 from ``begin`` on: ``update`` each and ``spike`` per packet (ps).

    ``sends`` tells which neurons have somewhere to send to. Writes which neurons fired, from ``unit[unit_at]`` on, the
    first being 0, and which of them send a packet and when it leaves, from place ``at`` on. Returns how many fired,
    how many packets there are, and the end of the loop.
    """
    units = packets = 0
    now = begin
    for i in range(first, last):
        now += update
        if not fired[i]:
            continue
        unit[unit_at + units] = i - first
        units += 1
        if sends[i]:
            now += spike
            sender[at + packets] = i - first
            leaves[at + packets] = now
            packets += 1
    return units, packets, now
