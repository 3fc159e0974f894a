"""The arithmetic of a compartment core: one numba function that every engine calls.

All values are integers. Sources of the equations: nengo-loihi, lava and brian2_loihi emulators of Loihi
(Davies et al. 2018); the order is current, voltage with the new current, threshold.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.integers import wrap

JOINS = {"none": 0, "add": 1, "max": 2, "min": 3, "pass": 4, "gate": 5, "block": 6}
TWO = 8  # added to the code of a join that takes two results from the stack


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
    """Parameters of the compartments of one core, int64[n] each; ``join`` codes are those of JOINS, plus TWO."""

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
def decayed(x: int, keep: int, bits: int) -> int:
    """Return ``sgn(x) * floor(|x| * keep / 2**bits)``: rounds toward zero for both signs."""
    return (x * keep) >> bits if x >= 0 else -((-x * keep) >> bits)


@njit(cache=True, inline="always")
def next_current(total: int, u: int, keep: int, arithmetic: Arithmetic) -> int:
    """Return the current after a step with the synaptic sum ``total``."""
    return wrap(decayed(u, keep, arithmetic.decay_bits) + total, arithmetic.current_bits)


@njit(cache=True, inline="always")
def joined(join: int, u: int, child: int) -> int:
    """Return what drives the voltage: the current, joined with the voltage of the compartment before."""
    one_of_both = max(u, child) if join == 2 else min(u, child) if join == 3 else child
    through = (u if child > 0 else 0) if join == 5 else (0 if child > 0 else u)
    of_child = through if join >= 5 else one_of_both
    return u if join == 0 else u + child if join == 1 else of_child


@njit(cache=True, inline="always")
def both(join: int, one: int, other: int) -> int:
    """Return what two results that are joined at once come to."""
    return one + other if join in (1, 4) else max(one, other) if join in (2, 6) else min(one, other)


@njit(cache=True, inline="always")
def next_voltage(  # type: ignore[no-untyped-def]
    drive, v, wait, keep, threshold, refractory, arithmetic
):
    """Return voltage and remaining refractory steps, whether the threshold was passed, and whether it was clipped.

    Without a branch, so that loops over it run on several compartments at once.
    """
    v = decayed(v, keep, arithmetic.decay_bits) + drive
    clipped = (v < arithmetic.voltage_low) | (v > arithmetic.voltage_high)
    v = min(max(v, arithmetic.voltage_low), arithmetic.voltage_high)
    resting = wait > 0
    over = (not resting) & (v > threshold)
    v = 0 if resting | over else v
    wait = wait - 1 if resting else (refractory - 1 if over else wait)
    return v, wait, over, clipped


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
    # Arrays are taken out of their tuples once: to do so in the loop costs more than the work.
    all_u, all_v, all_wait = state.u, state.v, state.wait
    decay_u, decay_v, bias, threshold, refractory, join, spiking = p
    one = 1 << arithmetic.decay_bits
    keep_u, keep_v = one - arithmetic.decay_offset_u, one - arithmetic.decay_offset_v
    stack = np.empty(q.shape[0], dtype=np.int64)
    clipped = depth = 0
    for i in range(q.shape[0]):
        total = wrap(q[i], arithmetic.synaptic_sum_bits)
        u_before, v_before = all_u[i], all_v[i]
        u = next_current(total, u_before, keep_u - decay_u[i], arithmetic)
        code, child = join[i], 0
        if code and depth:
            depth -= 1
            child = stack[depth]
        if code >= TWO and depth:
            depth -= 1
            child = both(code - TWO, child, stack[depth])
        drive = joined(code & (TWO - 1), u, child) + bias[i]
        v, wait, over, cut = next_voltage(
            drive, v_before, all_wait[i], keep_v - decay_v[i], threshold[i], refractory[i], arithmetic
        )
        all_u[i], all_v[i], all_wait[i] = u, v, wait
        fired[i] = over & spiking[i]
        active[i] = (total != 0) | (u != u_before) | (v != v_before) | over
        clipped += cut
        stack[depth] = v
        depth += 1
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
