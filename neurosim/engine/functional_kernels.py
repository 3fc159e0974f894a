"""The numba loop of the functional engine: one sample of a flattened network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.noise import Noise, add_noise
from neurosim.cores.compartment.step import Arithmetic, Parameters, State, step_compartments
from neurosim.cores.compartment.vm import Code, step_programs

SOURCE, ADD_AND_FIRE, ACCUMULATOR, LIF_ZERO, LIF_SUBTRACT, LIF_SUBTRACT_LATE, COMPARTMENT, PROGRAM = range(8)


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


class Programs(NamedTuple):
    """The programs of all populations: instructions ``ptr[p]:ptr[p + 1]`` of ``table``, and ``constants`` likewise.

    ``shape`` int64[populations, 4] holds the numbers of registers, temporaries and parameters, and bits;
    ``parameters`` int64[units, most] those of every unit, as many as its program has.
    """

    ptr: NDArray[np.int64]
    table: NDArray[np.int64]
    constant_ptr: NDArray[np.int64]
    constants: NDArray[np.int64]
    shape: NDArray[np.int64]
    parameters: NDArray[np.int64]


@njit(cache=True)
def _run_programs(p, lo, hi, now, programs, registers, arithmetic, v, sent, active):  # type: ignore[no-untyped-def]
    """Advance units lo..hi of a programmed population; returns how many first registers differ from before."""
    count, temporaries, parameters, bits = programs.shape[p]
    code = Code(
        programs.table[programs.ptr[p] : programs.ptr[p + 1]],
        programs.constants[programs.constant_ptr[p] : programs.constant_ptr[p + 1]],
        count,
        temporaries,
        bits,
    )
    before = registers[lo:hi, 0].copy()
    step_programs(
        now[lo:hi].astype(np.int64),
        registers[lo:hi],
        programs.parameters[lo:hi, :parameters],
        code,
        arithmetic,
        sent[lo:hi],
        active[lo:hi],
    )
    v[lo:hi] = registers[lo:hi, 0]
    return np.sum(registers[lo:hi, 0] != before)


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
        elif kind != SOURCE:
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
def _run_compartments(  # type: ignore[no-untyped-def]
    lo, hi, parts, now, bias, p, state, arithmetic, v, fired, active
):
    """Advance units lo..hi of compartments; returns how many first ones of a neuron differ from before."""
    part = State(state.u[lo:hi], state.v[lo:hi], state.wait[lo:hi])
    chosen = Parameters(
        p.decay_u[lo:hi],
        p.decay_v[lo:hi],
        bias[lo:hi],
        p.threshold[lo:hi],
        p.refractory[lo:hi],
        p.join[lo:hi],
        p.spiking[lo:hi],
    )
    before = part.v.copy()
    step_compartments(now[lo:hi].astype(np.int64), part, chosen, arithmetic, fired[lo:hi], active[lo:hi])
    v[lo:hi] = part.v
    return np.sum((part.v != before)[::parts])


@njit(cache=True)
def _scatter(value, step, row, synapses, sums):  # type: ignore[no-untyped-def]
    """Add one pulse of a source neuron to the sums of its targets; returns how many weights were not zero."""
    events = 0
    for s in range(synapses.row_ptr[row], synapses.row_ptr[row + 1]):
        sums[(step + synapses.delay[s]) % synapses.slots, synapses.target[s]] += value * synapses.weight[s]
        events += synapses.weight[s] != 0.0
    return events


@njit(cache=True)
def _send(p, values, step, synapses, sums, events):  # type: ignore[no-untyped-def]
    """Send the values of population p, one per neuron and 0 for none, over all its projections."""
    for k in range(synapses.source.shape[0]):
        if synapses.source[k] != p:
            continue
        for i in range(values.shape[0]):
            if values[i] != 0:
                events[k] += _scatter(float(values[i]), step, synapses.first_row[k] + i, synapses, sums)


@njit(cache=True)
def run_sample(  # type: ignore[no-untyped-def]
    layout: Layout,
    model: Model,
    parameters: Parameters,
    arithmetic: Arithmetic,
    noise: Noise,
    programs: Programs,
    synapses: Synapses,
    inputs,
    state: State,
    registers,
    pulses,
    values,
    final,
    membranes,
    updates,
    events,
):
    """Run one sample: ``inputs`` float64[T, lines]; writes pulses, final membranes, counts (see FunctionalRun).

    ``values`` int64[T or 0, units] takes what the spikes carry.
    """
    units = layout.unit_ptr[-1]
    sums = np.zeros((synapses.slots, units))
    v = model.initial.copy()
    fired = np.zeros(units, dtype=np.bool_)
    active = np.zeros(units, dtype=np.bool_)
    sent = np.zeros(units, dtype=np.int64)
    for step in range(inputs.shape[0]):
        line = 0
        now = sums[step % synapses.slots]
        bias = add_noise(noise, step, now, parameters.bias)
        for p in layout.order:
            lo, hi, parts = layout.unit_ptr[p], layout.unit_ptr[p + 1], layout.parts[p]
            kind = layout.kind[p]
            if kind == PROGRAM:
                changed = _run_programs(p, lo, hi, now, programs, registers, arithmetic, v, sent, active)
            elif kind == COMPARTMENT:
                changed = _run_compartments(lo, hi, parts, now, bias, parameters, state, arithmetic, v, fired, active)
                sent[lo:hi] = fired[lo:hi]
            else:
                changed = _update(kind, lo, hi, now, v, model, fired)
                sent[lo:hi] = fired[lo:hi]
            updates[p] += (hi - lo) // parts if step == 0 else changed
            now[lo:hi] = 0.0
            if kind == SOURCE:
                _send(p, inputs[step, line : line + hi - lo], step, synapses, sums, events)
                line += hi - lo
            else:
                _send(p, sent[lo + parts - 1 : hi : parts], step, synapses, sums, events)
                pulses[step, lo:hi] = sent[lo:hi] != 0
                if values.shape[0] > 0:
                    values[step, lo:hi] = sent[lo:hi]
        if membranes.shape[0] > 0:
            membranes[step] = v
    final[:] = v
