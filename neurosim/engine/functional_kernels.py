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
    """All projections: source population and first row of each, then compressed rows; ``slots`` of the ring.

    ``common`` is the delay of all synapses of a projection, -1 if they differ; ``live`` counts the weights of each row
    that are not zero.
    """

    source: NDArray[np.int64]
    first_row: NDArray[np.int64]
    common: NDArray[np.int64]
    row_ptr: NDArray[np.int64]
    live: NDArray[np.int64]
    target: NDArray[np.uint32]
    weight: NDArray[np.float64]
    delay: NDArray[np.int32]
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


# Loops are written out: an array expression costs a tenth of a second to compile.


@njit(cache=True)
def _run_programs(p, lo, hi, now, programs, registers, arithmetic, v, emitted, room):  # type: ignore[no-untyped-def]
    """Advance units lo..hi of a programmed population; returns how many first registers differ from before."""
    if programs is None:  # nobody has any: the rest is not even compiled
        return 0
    count, temporaries, parameters, bits = programs.shape[p]
    code = Code(
        programs.table[programs.ptr[p] : programs.ptr[p + 1]],
        programs.constants[programs.constant_ptr[p] : programs.constant_ptr[p + 1]],
        count,
        temporaries,
        bits,
    )
    for i in range(lo, hi):
        room.whole[i] = np.int64(now[i])
        room.before[i] = registers[i, 0]
    step_programs(
        room.whole[lo:hi],
        registers[lo:hi],
        programs.parameters[lo:hi, :parameters],
        code,
        arithmetic,
        room.sent[lo:hi],
        room.active[lo:hi],
    )
    changed = 0
    for i in range(lo, hi):
        v[i], emitted[i] = registers[i, 0], room.sent[i]
        changed += registers[i, 0] != room.before[i]
    return changed


@njit(cache=True)
def _run_compartments(  # type: ignore[no-untyped-def]
    lo, hi, parts, now, bias, p, state, arithmetic, v, emitted, room
):
    """Advance units lo..hi of compartments; returns how many first ones of a neuron differ from before."""
    for i in range(lo, hi):
        room.whole[i] = np.int64(now[i])
        room.before[i] = state.v[i]
    step_compartments(
        room.whole[lo:hi],
        State(state.u[lo:hi], state.v[lo:hi], state.wait[lo:hi]),
        Parameters(
            p.decay_u[lo:hi],
            p.decay_v[lo:hi],
            bias[lo:hi],
            p.threshold[lo:hi],
            p.refractory[lo:hi],
            p.join[lo:hi],
            p.spiking[lo:hi],
        ),
        arithmetic,
        room.fired[lo:hi],
        room.active[lo:hi],
    )
    changed = 0
    for i in range(lo, hi):
        v[i], emitted[i] = state.v[i], room.fired[i]
        if (i - lo) % parts == 0:
            changed += state.v[i] != room.before[i]
    return changed


@njit(cache=True)
def _update(kind, lo, hi, sums, v, model, emitted):  # type: ignore[no-untyped-def]
    """Advance units lo..hi of a floating population; returns how many membranes differ from before."""
    own, out, i_now, threshold = v[lo:hi], emitted[lo:hi], sums[lo:hi], model.threshold[lo:hi]
    decay, bias = model.decay[lo:hi], model.bias[lo:hi]
    changed = 0
    if kind == ADD_AND_FIRE:
        for i in range(hi - lo):
            x = own[i] + i_now[i]
            fires = x >= threshold[i]
            x = x - threshold[i] if fires else x
            changed += x != own[i]
            own[i], out[i] = x, 1.0 if fires else 0.0
    elif kind == ACCUMULATOR:
        for i in range(hi - lo):
            x = own[i] + i_now[i]
            changed += x != own[i]
            own[i] = x
    elif kind == LIF_ZERO:
        for i in range(hi - lo):
            x = own[i] * decay[i] + bias[i] + i_now[i]
            fires = x > threshold[i]
            x = 0.0 if fires else x
            changed += x != own[i]
            own[i], out[i] = x, 1.0 if fires else 0.0
    else:
        late = kind == LIF_SUBTRACT_LATE
        for i in range(hi - lo):
            x = own[i] * decay[i] + bias[i] + i_now[i]
            if late and out[i] != 0.0:
                x -= threshold[i]
            fires = x > threshold[i]
            if fires and not late:
                x -= threshold[i]
            changed += x != own[i]
            own[i], out[i] = x, 1.0 if fires else 0.0
    return changed


@njit(cache=True)
def _scatter(value, first, last, target, weight, into):  # type: ignore[no-untyped-def]
    """Add one pulse to the sums of one step."""
    for s in range(first, last):
        into[target[s]] += value * weight[s]


@njit(cache=True)
def _scatter_delayed(value, slot, first, last, synapses, sums):  # type: ignore[no-untyped-def]
    """Add one pulse to the sums of the steps in which its synapses act; ``slot`` is that of this step."""
    slots, target, weight, delay = synapses.slots, synapses.target, synapses.weight, synapses.delay
    for s in range(first, last):
        then = slot + delay[s]
        sums[then - slots if then >= slots else then, target[s]] += value * weight[s]


@njit(cache=True)
def _send(p, first, last, parts, step, emitted, synapses, sums, events):  # type: ignore[no-untyped-def]
    """Send what neurons of population p emit, 0 for nothing, over all its projections.

    ``emitted[first:last:parts]`` are the neurons.
    """
    row_ptr, live, target, weight = synapses.row_ptr, synapses.live, synapses.target, synapses.weight
    slot = step % synapses.slots
    for k in range(len(synapses.source)):
        if synapses.source[k] != p:
            continue
        row, common = synapses.first_row[k], synapses.common[k]
        into = sums[(slot + common) % synapses.slots] if common >= 0 else sums[slot]
        for i in range(first, last, parts):
            value = emitted[i]
            if value != 0.0:
                if common >= 0:
                    _scatter(value, row_ptr[row], row_ptr[row + 1], target, weight, into)
                else:
                    _scatter_delayed(value, slot, row_ptr[row], row_ptr[row + 1], synapses, sums)
                events[k] += live[row]
            row += 1


class Room(NamedTuple):
    """Working space per unit for what is whole numbers."""

    whole: NDArray[np.int64]
    before: NDArray[np.int64]
    sent: NDArray[np.int64]
    fired: NDArray[np.bool_]
    active: NDArray[np.bool_]


@njit(cache=True)
def run_sample(  # type: ignore[no-untyped-def]
    layout: Layout,
    model: Model,
    parameters: Parameters,
    arithmetic: Arithmetic,
    noise: Noise,
    programs: Programs | None,
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

    ``values`` int64[T or 0, units] takes what the spikes carry. A pulse without a value is emitted as 1. ``programs``
    is None if there are none.
    """
    units = layout.unit_ptr[-1]
    sums = np.zeros((synapses.slots, units))
    v = model.initial.copy()
    emitted = np.zeros(units)
    flags = np.zeros((2, units), dtype=np.bool_)
    whole = np.zeros((3, units), dtype=np.int64)
    room = Room(whole[0], whole[1], whole[2], flags[0], flags[1])
    for step in range(inputs.shape[0]):
        line = 0
        now = sums[step % synapses.slots]
        bias = add_noise(noise, step, now, parameters.bias)
        for p in layout.order:
            lo, hi, parts = layout.unit_ptr[p], layout.unit_ptr[p + 1], layout.parts[p]
            kind = layout.kind[p]
            changed = 0
            if kind == SOURCE:
                for i in range(lo, hi):
                    emitted[i] = inputs[step, line]
                    line += 1
            elif kind == PROGRAM:
                changed = _run_programs(p, lo, hi, now, programs, registers, arithmetic, v, emitted, room)
            elif kind == COMPARTMENT:
                changed = _run_compartments(lo, hi, parts, now, bias, parameters, state, arithmetic, v, emitted, room)
            else:
                changed = _update(kind, lo, hi, now, v, model, emitted)
            updates[p] += (hi - lo) // parts if step == 0 else changed
            for i in range(lo, hi):
                now[i] = 0.0
            _send(p, lo + parts - 1, hi, parts, step, emitted, synapses, sums, events)
            if kind != SOURCE:
                _record(step, lo, hi, emitted, pulses, values)
        if membranes.shape[0] > 0:
            for i in range(units):
                membranes[step, i] = v[i]
    for i in range(units):
        final[i] = v[i]


@njit(cache=True)
def _record(step, lo, hi, emitted, pulses, values):  # type: ignore[no-untyped-def]
    """Write what units lo..hi emitted in a step."""
    for i in range(lo, hi):
        pulses[step, i] = emitted[i] != 0.0
    if values.shape[0] > 0:
        for i in range(lo, hi):
            values[step, i] = np.int64(emitted[i])
