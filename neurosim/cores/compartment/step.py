"""The arithmetic of a compartment core: one numba function that every engine calls.

All values are integers. Sources of the equations: nengo-loihi, lava and brian2_loihi emulators of Loihi
(Davies et al. 2018); the order is current, voltage with the new current, threshold.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

JOINS = {"none": 0, "add": 1, "max": 2, "min": 3, "pass": 4}


class Arithmetic(NamedTuple):
    """Integer widths of the core, from the chip descriptor: see docs/semantics.md for each rule."""

    synaptic_sum_bits: int
    current_bits: int
    decay_bits: int
    decay_offset_u: int
    decay_offset_v: int
    voltage_low: int
    voltage_high: int
    noise_magnitude: int
    payload_largest: int = 1  # a spike without a value counts as 1


class Parameters(NamedTuple):
    """Parameters of the compartments of one core, int64[n] each; ``join`` codes are those of JOINS."""

    decay_u: NDArray[np.int64]
    decay_v: NDArray[np.int64]
    bias: NDArray[np.int64]
    threshold: NDArray[np.int64]
    refractory: NDArray[np.int64]
    join: NDArray[np.int64]
    spiking: NDArray[np.bool_]


class State(NamedTuple):
    """State of the compartments of one core: current, voltage and remaining refractory steps, int64[n]."""

    u: NDArray[np.int64]
    v: NDArray[np.int64]
    wait: NDArray[np.int64]


@njit(cache=True, inline="always")
def wrap(x: int, bits: int) -> int:
    """Wrap to a two's complement number of ``bits`` bits."""
    half = 1 << (bits - 1)
    return ((x + half) & ((1 << bits) - 1)) - half


@njit(cache=True, inline="always")
def decayed(x: int, loss: int, bits: int) -> int:
    """Return ``sgn(x) * floor(|x| * (2**bits - loss) / 2**bits)``: rounds toward zero for both signs."""
    keep = (1 << bits) - loss
    return (x * keep) >> bits if x >= 0 else -((-x * keep) >> bits)


@njit(cache=True)
def step_compartments(
    q: NDArray[np.int64],
    state: State,
    p: Parameters,
    arithmetic: Arithmetic,
    fired: NDArray[np.bool_],
    active: NDArray[np.bool_],
) -> int:
    """Advance all compartments by one step and return how many voltages were clipped.

    ``q`` int64[n] is the synaptic sum of the step. Writes ``fired`` (only spiking compartments count) and
    ``active``: input arrived, current or voltage changed, or it fired.
    """
    clipped = 0
    child = 0
    for i in range(q.shape[0]):
        total = wrap(q[i], arithmetic.synaptic_sum_bits)
        u_before, v_before = state.u[i], state.v[i]
        u = decayed(u_before, p.decay_u[i] + arithmetic.decay_offset_u, arithmetic.decay_bits) + total
        u = wrap(u, arithmetic.current_bits)
        drive = u
        if p.join[i] == 1:
            drive = u + child
        elif p.join[i] == 2:
            drive = max(u, child)
        elif p.join[i] == 3:
            drive = min(u, child)
        elif p.join[i] == 4:
            drive = child
        v = decayed(v_before, p.decay_v[i] + arithmetic.decay_offset_v, arithmetic.decay_bits) + drive + p.bias[i]
        if v < arithmetic.voltage_low:
            v = arithmetic.voltage_low
            clipped += 1
        elif v > arithmetic.voltage_high:
            v = arithmetic.voltage_high
            clipped += 1
        over = False
        if state.wait[i] > 0:
            state.wait[i] -= 1
            v = 0
        elif v > p.threshold[i]:
            over = True
            v = 0
            state.wait[i] = p.refractory[i] - 1
        state.u[i] = u
        state.v[i] = v
        fired[i] = over and p.spiking[i]
        active[i] = total != 0 or u != u_before or v != v_before or over
        child = v
    return clipped


@njit(cache=True)
def deliver(
    axons: NDArray[np.int64],
    axon_ptr: NDArray[np.int64],
    target: NDArray[np.int32],
    weight: NDArray[np.int32],
    delay: NDArray[np.int16],
    sums: NDArray[np.int64],
    step: int,
) -> None:
    """Add the weights of the spikes that arrived in ``step`` to the sums of the steps in which they act.

    ``sums`` int64[slots, n] is a ring over steps; a synapse with delay d acts in step + 1 + d.
    """
    slots = sums.shape[0]
    for k in range(axons.shape[0]):
        for s in range(axon_ptr[axons[k]], axon_ptr[axons[k] + 1]):
            sums[(step + 1 + delay[s]) % slots, target[s]] += weight[s]


@njit(cache=True)
def deliver_values(
    axons: NDArray[np.int64],
    values: NDArray[np.int64],
    axon_ptr: NDArray[np.int64],
    target: NDArray[np.int32],
    weight: NDArray[np.int32],
    delay: NDArray[np.int16],
    sums: NDArray[np.int64],
    step: int,
) -> None:
    """Do as ``deliver`` with spikes that carry ``values`` int64[k], by which the weights are multiplied."""
    slots = sums.shape[0]
    for k in range(axons.shape[0]):
        for s in range(axon_ptr[axons[k]], axon_ptr[axons[k] + 1]):
            sums[(step + 1 + delay[s]) % slots, target[s]] += values[k] * weight[s]
