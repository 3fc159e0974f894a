"""All compartment cores of a program in flat arrays, so that a whole sample runs without Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import ConstantSet
from neurosim.cores.compartment import arithmetic
from neurosim.cores.compartment.limits import accumulator_slots
from neurosim.cores.compartment.noise import Noise
from neurosim.cores.compartment.prices import COUNTERS
from neurosim.cores.compartment.state import CompartmentCore, SweepTimes
from neurosim.cores.compartment.step import Arithmetic, Parameters, State
from neurosim.cores.kind import CoreState
from neurosim.program import Program

Ints = NDArray[np.int64]

# Places of the counters that the kernel keeps, in the order of COUNTERS.
INACTIVE, ACTIVE, SPIKES, OUTPUTS, INPUTS, DENSE, SPARSE, CLIPPED, RANDOM = range(len(COUNTERS))


class Sending(NamedTuple):
    """Destination lists: rows ``ptr`` (that of core c begins at unit_ptr[c] + c, entries at ``base[c]``)."""

    ptr: Ints
    base: Ints
    goal: Ints
    axon: Ints


class Receiving(NamedTuple):
    """Synapse lists: ``ptr`` of core c begins at ``axon[c]`` + c and its synapses at ``synapse[c]``.

    Per axon ``time`` (ps) and its ``dense`` and ``sparse`` synapses; per synapse ``target``, ``weight``, ``delay``.
    """

    ptr: Ints
    axon: Ints
    synapse: Ints
    time: Ints
    dense: Ints
    sparse: Ints
    target: NDArray[np.int32]
    weight: NDArray[np.int32]
    delay: NDArray[np.int16]


class Flat(NamedTuple):
    """The cores side by side; compartments of core c are ``ptr[c]:ptr[c + 1]`` and draw noise as in ``noise_ptr``.

    ``sums_ptr`` int64[cores + 1] says where each core's ring of ``slots`` sums is. ``first`` is the first endpoint.
    """

    first: int
    ptr: Ints
    parameters: Parameters
    arithmetic: Arithmetic
    noise: Noise
    noise_ptr: Ints
    drawing: Ints
    times: SweepTimes
    sending: Sending
    receiving: Receiving
    slots: Ints
    sums_ptr: Ints


class Live(NamedTuple):
    """What changes: ``state`` of all compartments, ``sums``, ``fired``, ``active`` and ``counters`` [cores, k]."""

    state: State
    sums: Ints
    fired: NDArray[np.bool_]
    active: NDArray[np.bool_]
    counters: Ints


class Lines(NamedTuple):
    """Input lines: entries ``ptr[line]:ptr[line + 1]`` go to ``goal`` and ``axon``, ``spacing`` ps apart per port."""

    ports: int
    spacing: int
    ptr: Ints
    goal: Ints
    axon: Ints


def is_flat(program: Program, cores: Sequence[CoreState]) -> bool:
    """Tell whether all cores are compartment cores without programmed neurons."""
    return all(type(core) is CompartmentCore for core in cores) and not any(image.banks for image in program.images)


def flat_of(program: Program, constants: ConstantSet, cores: Sequence[CoreState], first: int) -> Flat:
    """Lay out the cores of a program for which ``is_flat`` holds; ``first`` is the endpoint of the first core."""
    images, chip = program.images, program.chip
    ptr = _starts(image.n for image in images)
    noises = [image.noise for image in images]
    drawing = np.zeros(ptr[-1], dtype=np.int64)
    for start, noise in zip(ptr.tolist(), noises, strict=False):
        drawing[start + noise.unit] = constants.duration("random_number")
    slots = np.array([accumulator_slots(int(image.delay.max(initial=0)), chip) for image in images], dtype=np.int64)
    return Flat(
        first,
        ptr,
        Parameters(*(np.concatenate(column) for column in zip(*(i.parameters for i in images), strict=True))),
        arithmetic(chip),
        _noise(noises),
        _starts(len(noise.unit) for noise in noises),
        drawing,
        SweepTimes(
            *(
                constants.duration(name)
                for name in (
                    "neuron_update_inactive",
                    "neuron_update_active",
                    "spike_generation",
                    "output_message",
                )
            )
        ),
        _sending(program, first),
        _receiving(images, cores),
        slots,
        _starts(slots * np.diff(ptr)),
    )


def _starts(counts: Iterable[Any]) -> Ints:
    return np.cumsum([0, *counts]).astype(np.int64)


def _noise(noises: Sequence[Noise]) -> Noise:
    return Noise(
        np.concatenate([noise.unit for noise in noises]),
        np.concatenate([noise.key for noise in noises]),
        np.concatenate([noise.base for noise in noises]),
        np.concatenate([noise.shift for noise in noises]),
        np.concatenate([noise.onto_current for noise in noises]),
        noises[0].magnitude,
    )


def _sending(program: Program, first: int) -> Sending:
    outputs = program.outputs
    return Sending(
        np.concatenate([out.ptr for out in outputs]).astype(np.int64),
        _starts(len(out.core) for out in outputs),
        np.concatenate([out.core for out in outputs]).astype(np.int64) + first,
        np.concatenate([out.axon for out in outputs]).astype(np.int64),
    )


def _receiving(images: Sequence[Any], cores: Sequence[CoreState]) -> Receiving:
    synapses = [np.diff(image.axon_ptr) for image in images]
    sparse = np.concatenate([image.axon_sparse for image in images])
    per_axon = np.concatenate(synapses)
    return Receiving(
        np.concatenate([image.axon_ptr for image in images]).astype(np.int64),
        _starts(len(n) for n in synapses),
        _starts(len(image.target) for image in images),
        np.concatenate([np.asarray(core.axon_time, dtype=np.int64) for core in cores]),
        np.where(sparse, 0, per_axon),
        np.where(sparse, per_axon, 0),
        np.concatenate([image.target for image in images]),
        np.concatenate([image.weight for image in images]),
        np.concatenate([image.delay for image in images]),
    )


def live_of(flat: Flat, program: Program, counters: int) -> Live:
    """Return the state after loading."""
    n = int(flat.ptr[-1])
    initial = np.concatenate([image.initial for image in program.images]).astype(np.int64)
    return Live(
        State(np.zeros(n, np.int64), initial, np.zeros(n, np.int64)),
        np.zeros(flat.sums_ptr[-1], dtype=np.int64),
        np.zeros(n, dtype=np.bool_),
        np.zeros(n, dtype=np.bool_),
        np.zeros((len(program.cores), counters), dtype=np.int64),
    )


def reset(live: Live, initial: Ints) -> None:
    """Return to the state after loading, with ``initial`` voltages and all counters at zero."""
    live.state.v[:] = initial
    for values in (live.state.u, live.state.wait, live.sums, live.counters):
        values[:] = 0
