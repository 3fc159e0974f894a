"""A step of the learning engine: one set of numba functions that every engine calls.

All values are integers. In every step traces decay, rounded at random, and take the impulses of its spikes; at the
end of an epoch the rules are evaluated and synaptic variables rounded at random. Source of the form of rules and
traces: M. Davies et al., Loihi (2018), and the lava emulator; docs/semantics.md states it in full.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.learning.draw import X1, D, T, W, draw_bits, page
from neurosim.cores.compartment.learning.draw import Y1 as Y1_PURPOSE
from neurosim.cores.compartment.learning.draw import R as REWARD
from neurosim.cores.compartment.learning.plastic import (
    AXONS,
    CLOCK,
    GAIN,
    GOAL,
    INPUTS,
    KIND,
    LAG,
    NEURONS,
    NUMBER,
    PLACE,
    RING,
    ROWS,
    SCHEME,
    SYNAPSES,
    TRACES,
    UNITS,
    X0,
    Y0,
    Plastic,
    R,
)
from neurosim.cores.compartment.learning.rules import (
    CONSTANT,
    DECAY,
    DECIMATION,
    DROP,
    EPOCH,
    FACTORS_END,
    HIGH,
    IMPULSE,
    LONGEST,
    LOW,
    OF_AXON,
    OF_NEURON,
    OF_SYNAPSE,
    PRODUCTS,
    PRODUCTS_END,
    REWARD_DECAY,
    SCALE,
    SIGN,
    TARGET,
    VARIABLE,
    Rules,
    Widths,
)

Ints = NDArray[np.int64]

# x0 and y0 count the spikes of the epoch; those of the step that runs stand above these bits.
_NEW = 32
_COUNT = (1 << _NEW) - 1


@njit(cache=True)
def note_fired(p: Plastic, core: int, units: Ints) -> None:
    """Count the spikes of a core's learning neurons, given the units that fired in a step."""
    soma, neuron, first = p.soma, p.neuron, p.core[core, UNITS]
    for k in range(len(units)):
        n = soma[first + units[k]]
        if n >= 0:
            neuron[n, Y0] += 1 << _NEW


@njit(cache=True)
def deliver_plastic(
    p: Plastic,
    core: int,
    step: int,
    axons: Ints,
    values: Ints,
    graded: bool,
    sums: NDArray[np.int64],
    slots: int,
    width: int,
) -> None:
    """Add the weights of learning synapses that spikes on some input axons reach, and count the spikes.

    ``sums`` [slots * width] is a ring over steps; a synapse of delay d acts in step + 1 + d.
    """
    first, entries, axon, modulation = p.core[core, INPUTS], p.input, p.axon, p.modulation
    place, weight, delay, effect, offset = p.place, p.weight, p.delay, p.rules.effect, p.rules.offset
    ring, rows, begin = p.ring, p.core[core, ROWS], p.core[core, RING]
    neurons, start = p.core[core + 1, NEURONS] - p.core[core, NEURONS], p.core[core, NEURONS]
    for k in range(len(axons)):
        at = first + axons[k]
        value = values[k] if graded else 1
        for m in range(entries[at, 1], entries[at, 2]):
            row = (step + modulation[m, LAG]) % rows
            ring[begin + row * neurons + modulation[m, GOAL] - start] += value * modulation[m, GAIN]
        a = entries[at, 0]
        if a < 0:
            continue
        axon[a, X0] += (1 << _NEW) if value != 0 else 0
        scheme = axon[a, SCHEME]
        for s in range(axon[a, SYNAPSES], axon[a + 1, SYNAPSES]):
            row = (step + 1 + delay[s]) % slots
            sums[row * width + place[s]] += value * effect[scheme, offset + weight[s]]


@njit(cache=True)
def learn(p: Plastic, core: int, step: int, work: Ints) -> int:
    """End a step of a core: advance its traces and, at the end of an epoch, evaluate the rules.

    Adds the numbers of synapses and of traces updated to ``work`` int64[2]; returns how long it takes (ps).
    """
    if p.core[core, AXONS] == p.core[core + 1, AXONS]:
        return 0
    clock = p.core[core, CLOCK]
    p.core[core, CLOCK] = clock + 1
    _trace_axons(p, core, clock)
    _trace_neurons(p, core, clock, step)
    updates, epoch = 0, p.rules.scheme[0, EPOCH]  # one for all
    if (step + 1) % epoch == 0:
        for scheme in range(len(p.rules.scheme)):
            updates += _evaluate(p, core, scheme, (step + 1) // epoch, clock)
        _forget(p, core)
    traces = p.core[core, TRACES]
    work[0] += updates
    work[1] += traces
    return int(updates * p.times[0] + traces * p.times[1])


@njit(cache=True, inline="always")
def _decayed(value, keep, bits, key, number):  # type: ignore[no-untyped-def]
    """Return a trace after a step without spikes, rounded up or down at random."""
    return (value * keep + draw_bits(key, number, bits)) >> bits


@njit(cache=True)
def _trace_axons(p: Plastic, core: int, clock: int) -> None:
    """Advance x0, x1 and x2 by a step."""
    axon, scheme, widths = p.axon, p.rules.scheme, p.widths
    first, second = page(p.key[0], X1, clock), page(p.key[0], X1 + 1, clock)
    for a in range(p.core[core, AXONS], p.core[core + 1, AXONS]):
        new, k, number = axon[a, X0] >> _NEW, axon[a, SCHEME], axon[a, NUMBER]
        axon[a, X0] = min((axon[a, X0] & _COUNT) + new, widths.count)
        for j in range(2):
            value = axon[a, X0 + 1 + j]
            if value > 0:
                value = _decayed(value, scheme[k, DECAY + j], widths.decay_bits, second if j else first, number)
            axon[a, X0 + 1 + j] = min(value + new * scheme[k, IMPULSE + j], widths.trace)


@njit(cache=True)
def _trace_neurons(p: Plastic, core: int, clock: int, step: int) -> None:
    """Advance y0 to y3 and the third factor by a step."""
    neuron, scheme, widths, ring = p.neuron, p.rules.scheme, p.widths, p.ring
    begin, end = p.core[core, NEURONS], p.core[core + 1, NEURONS]
    came = p.core[core, RING] + (step % p.core[core, ROWS]) * (end - begin) - begin
    rewards = page(p.key[0], REWARD, clock)
    for j in range(3):
        key = page(p.key[0], Y1_PURPOSE + j, clock)
        for n in range(begin, end):
            value, k = neuron[n, Y0 + 1 + j], neuron[n, KIND]
            if value > 0:
                value = _decayed(value, scheme[k, DECAY + 2 + j], widths.decay_bits, key, neuron[n, PLACE])
            neuron[n, Y0 + 1 + j] = min(value + (neuron[n, Y0] >> _NEW) * scheme[k, IMPULSE + 2 + j], widths.trace)
    for n in range(begin, end):
        neuron[n, Y0] = min((neuron[n, Y0] & _COUNT) + (neuron[n, Y0] >> _NEW), widths.count)
        value, keep = neuron[n, R], scheme[neuron[n, KIND], REWARD_DECAY]
        if value != 0 and keep >= 0:
            size = _decayed(abs(value), keep, widths.decay_bits, rewards, neuron[n, PLACE])
            value = size if value > 0 else -size
        neuron[n, R] = min(max(value + ring[came + n], widths.reward_low), widths.reward_high)
        ring[came + n] = 0


@njit(cache=True, inline="always")
def _factors(factor, begin, end, values, at):  # type: ignore[no-untyped-def]
    """Return the product of some factors whose variables stand in ``values`` from a place on."""
    result = np.int64(1)
    for f in range(begin, end):
        value = values[at + factor[f, VARIABLE]] + factor[f, CONSTANT]
        if factor[f, SIGN]:
            value = (value > 0) - (value < 0)
        result *= value
    return result


@njit(cache=True)
def _of_neurons(p: Plastic, core: int, first: int, last: int) -> Ints:
    """Return what the neurons of a core contribute to products first..last-1, int64[products, neurons]."""
    begin, end = p.core[core, NEURONS], p.core[core + 1, NEURONS]
    product, factor, neuron = p.rules.product, p.rules.factor, p.neuron
    parts = np.empty((last - first, end - begin), dtype=np.int64)
    for q in range(first, last):
        for n in range(begin, end):
            parts[q - first, n - begin] = _factors(factor, product[q, OF_NEURON], product[q, OF_SYNAPSE], neuron[n], Y0)
    return parts


@njit(cache=True)
def _evaluate(p: Plastic, core: int, scheme: int, epoch: int, clock: int) -> int:
    """Evaluate the rules of one scheme at the end of an epoch, counted from 1; returns how many synapses it has."""
    rules, axon, widths = p.rules, p.axon, p.widths
    row, product, factor = rules.scheme[scheme], rules.product, rules.factor
    first, last = row[PRODUCTS], row[PRODUCTS_END]
    parts = _of_neurons(p, core, first, last)
    active, scales = np.zeros(last - first, dtype=np.int64), np.zeros(last - first, dtype=np.int64)
    keys = np.array([page(p.key[0], W, clock), page(p.key[0], D, clock), page(p.key[0], T, clock)])
    room = np.zeros((2, 3), dtype=np.int64)
    start, updates = p.core[core, NEURONS], 0
    for a in range(p.core[core, AXONS], p.core[core + 1, AXONS]):
        if axon[a, SCHEME] != scheme:
            continue
        begin, end = axon[a, SYNAPSES], axon[a + 1, SYNAPSES]
        updates += end - begin
        n = 0
        for q in range(first, last):
            if epoch & product[q, DECIMATION]:
                continue
            value = product[q, SCALE] * _factors(factor, product[q, OF_AXON], product[q, OF_NEURON], axon[a], X0)
            if value != 0:
                active[n], scales[n] = q, value
                n += 1
        if n > 0:
            _update(p, rules, widths, scheme, begin, end, start, first, active[:n], scales[:n], parts, keys, room)
    return int(updates)


@njit(cache=True)
def _forget(p: Plastic, core: int) -> None:
    """Begin an epoch: x0 and y0 count anew, and so does a third factor that does not decay."""
    axon, neuron, scheme = p.axon, p.neuron, p.rules.scheme
    for a in range(p.core[core, AXONS], p.core[core + 1, AXONS]):
        axon[a, X0] = 0
    for n in range(p.core[core, NEURONS], p.core[core + 1, NEURONS]):
        neuron[n, Y0] = 0
        if scheme[neuron[n, KIND], REWARD_DECAY] < 0:
            neuron[n, R] = 0


@njit(cache=True)
def _update(
    p: Plastic,
    rules: Rules,
    widths: Widths,
    scheme: int,
    begin: int,
    end: int,
    start: int,
    first: int,
    active: Ints,
    scales: Ints,
    parts: Ints,
    keys: NDArray[np.uint64],
    room: Ints,
) -> None:
    """Add the products that are not zero on an axon to the variables of its synapses begin..end-1.

    Most neurons contribute nothing most of the time: where one product is left, its row tells at once.
    """
    post, synapse, weight, delay, tag = p.post, p.synapse, p.weight, p.delay, p.tag
    product, factor, row = rules.product, rules.factor, rules.scheme[scheme]
    low, high, point = widths.low, widths.high, widths.point
    values, sums = room[0], room[1]
    s = begin
    while True:
        if len(active) == 1:
            s = _next(parts[active[0] - first], post, s, end, start)
        if s >= end:
            break
        n, changed = post[s] - start, False
        for k in range(len(active)):
            q = active[k]
            term = scales[k] * parts[q - first, n]
            if term == 0:
                continue
            if not changed:
                values[0], values[1], values[2] = weight[s], delay[s], tag[s]
                sums[0], sums[1], sums[2] = values[0] << point, values[1] << point, values[2] << point
                changed = True
            term *= _factors(factor, product[q, OF_SYNAPSE], product[q, FACTORS_END], values, 0)
            term = min(max(term, low), high)
            target = product[q, TARGET]
            sums[target] = min(max(sums[target] + term, low), high)
        s += 1
        if not changed:
            continue
        bits, number = point + row[DROP], synapse[s - 1]
        new = _rounded(sums[0], bits, keys[0], number) << row[DROP]
        weight[s - 1] = min(max(new, row[LOW]), row[HIGH])
        delay[s - 1] = min(max(_rounded(sums[1], point, keys[1], number), 0), row[LONGEST])
        tag[s - 1] = min(max(_rounded(sums[2], point, keys[2], number), widths.tag_low), widths.tag_high)


@njit(cache=True)
def _next(part: Ints, post: NDArray[np.int32], begin: int, end: int, start: int) -> int:
    """Return the first synapse from one on whose neuron contributes something, ``end`` if there is none."""
    for s in range(begin, end):
        if part[np.uint64(post[np.uint64(s)] - start)] != 0:
            return s
    return end


@njit(cache=True, inline="always")
def _rounded(value, bits, key, number):  # type: ignore[no-untyped-def]
    """Return a sum without the bits behind its point, rounded up or down at random."""
    if value & ((1 << bits) - 1) == 0:
        return value >> bits
    return (value + draw_bits(key, number, bits)) >> bits
