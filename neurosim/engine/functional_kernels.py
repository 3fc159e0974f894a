"""The numba loop of the functional engine: one sample of a flattened network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.noise import Noise, add_noise
from neurosim.cores.compartment.step import Arithmetic, Parameters, State, step_compartments

SOURCE, ADD_AND_FIRE, ACCUMULATOR, LIF_ZERO, LIF_SUBTRACT, LIF_SUBTRACT_LATE, COMPARTMENT = range(7)


class Layout(NamedTuple):
    """Evaluation order, first unit, neuron kind and units per neuron of every population, int64."""

    order: NDArray[np.int64]
    unit_ptr: NDArray[np.int64]
    kind: NDArray[np.int64]
    parts: NDArray[np.int64]


class Model(NamedTuple):
    """Floating parameters per unit, float64[units]."""

    decay: NDArray[np.float64]
    bias: NDArray[np.float64]
    threshold: NDArray[np.float64]
    initial: NDArray[np.float64]


class Synapses(NamedTuple):
    """All projections: source population and first row of each, then compressed rows; ``slots`` of the ring."""

    source: NDArray[np.int64]
    first_row: NDArray[np.int64]
    row_ptr: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]
    delay: NDArray[np.int64]
    slots: int


@njit(cache=True)
def _update(kind, lo, hi, sums, v, model, fired):  # type: ignore[no-untyped-def]
    """Advance units lo..hi of a floating population; returns how many membranes differ from before."""
    changed = 0
    for i in range(lo, hi):
        before = v[i]
        threshold = model.threshold[i]
        if kind == ADD_AND_FIRE:
            x = before + sums[i]
            fired[i] = x >= threshold
            v[i] = x - threshold if fired[i] else x
        elif kind == ACCUMULATOR:
            v[i] = before + sums[i]
        else:
            x = before * model.decay[i] + model.bias[i] + sums[i]
            if kind == LIF_SUBTRACT_LATE and fired[i]:
                x -= threshold
            fired[i] = x > threshold
            if fired[i] and kind == LIF_ZERO:
                x = 0.0
            elif fired[i] and kind == LIF_SUBTRACT:
                x -= threshold
            v[i] = x
        changed += v[i] != before
    return changed


@njit(cache=True)
def _scatter(value, step, row, synapses, sums):  # type: ignore[no-untyped-def]
    """Add one pulse of a source neuron to the sums of its targets; returns how many weights were not zero."""
    events = 0
    for s in range(synapses.row_ptr[row], synapses.row_ptr[row + 1]):
        sums[(step + synapses.delay[s]) % synapses.slots, synapses.target[s]] += value * synapses.weight[s]
        events += synapses.weight[s] != 0.0
    return events


@njit(cache=True)
def run_sample(  # type: ignore[no-untyped-def]
    layout: Layout,
    model: Model,
    parameters: Parameters,
    arithmetic: Arithmetic,
    noise: Noise,
    synapses: Synapses,
    inputs,
    state: State,
    pulses,
    final,
    membranes,
    updates,
    events,
):
    """Run one sample: ``inputs`` float64[T, lines]; writes pulses, final membranes, counts (see FunctionalRun)."""
    units = layout.unit_ptr[-1]
    sums = np.zeros((synapses.slots, units))
    v = model.initial.copy()
    fired = np.zeros(units, dtype=np.bool_)
    active = np.zeros(units, dtype=np.bool_)
    for step in range(inputs.shape[0]):
        line = 0
        now = sums[step % synapses.slots]
        bias = add_noise(noise, step, now, parameters.bias)
        for p in layout.order:
            lo, hi, parts = layout.unit_ptr[p], layout.unit_ptr[p + 1], layout.parts[p]
            kind = layout.kind[p]
            changed = 0
            if kind == COMPARTMENT:
                part = State(state.u[lo:hi], state.v[lo:hi], state.wait[lo:hi])
                chosen = Parameters(
                    parameters.decay_u[lo:hi],
                    parameters.decay_v[lo:hi],
                    bias[lo:hi],
                    parameters.threshold[lo:hi],
                    parameters.refractory[lo:hi],
                    parameters.join[lo:hi],
                    parameters.spiking[lo:hi],
                )
                q = now[lo:hi].astype(np.int64)
                before = part.v.copy()
                step_compartments(q, part, chosen, arithmetic, fired[lo:hi], active[lo:hi])
                changed = np.sum((part.v != before)[::parts])
                v[lo:hi] = part.v
            elif kind != SOURCE:
                changed = _update(kind, lo, hi, now, v, model, fired)
            if kind != SOURCE:
                updates[p] += (hi - lo) // parts if step == 0 else changed
            now[lo:hi] = 0.0
            for k in range(synapses.source.shape[0]):
                if synapses.source[k] != p:
                    continue
                row = synapses.first_row[k]
                for i in range(lo + parts - 1, hi, parts):
                    value = inputs[step, line + i - lo] if kind == SOURCE else (1.0 if fired[i] else 0.0)
                    if value != 0.0:
                        events[k] += _scatter(value, step, row, synapses, sums)
                    row += 1
            if kind == SOURCE:
                line += hi - lo
            else:
                pulses[step, lo:hi] = fired[lo:hi]
        if membranes.shape[0] > 0:
            membranes[step] = v
    final[:] = v
