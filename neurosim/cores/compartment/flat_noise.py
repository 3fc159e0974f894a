"""The noise of all cores: drawn several at once, then written into the table of compartments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.cores.compartment.flat_neurons import BLOCK, LANES, ONTO_CURRENT, ONTO_VOLTAGE, Neurons, starts
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.noise import draw
from neurosim.cores.compartment.prices import COUNTERS

Ints = NDArray[np.int64]

_RANDOM = COUNTERS.index("random_numbers")


class Draws(NamedTuple):
    """The compartments of core k that draw noise are ``ptr[k]:ptr[k + 1]``.

    ``key``, ``base``, ``shift`` and ``magnitude`` are those of Noise; ``drawn`` takes what is drawn, and ``place`` is
    where it goes in the table of compartments.
    """

    ptr: Ints
    key: NDArray[np.uint64]
    base: Ints
    shift: Ints
    place: Ints
    drawn: Ints
    magnitude: int


def draws_of(images: Sequence[CompartmentImage], neurons: Neurons) -> Draws:
    """Lay out the noise of some cores."""
    noises = [image.noise for image in images]
    places = []
    for core, image in enumerate(images):
        units = image.fixed[image.noise.unit]
        position = neurons.place[neurons.unit_ptr[core] + units]
        column = np.where(image.noise.onto_current, int(ONTO_CURRENT), int(ONTO_VOLTAGE))
        block = neurons.block_ptr[core] + position // LANES
        places.append(block * int(BLOCK) + column + position % LANES)
    key = np.concatenate([np.zeros(0, dtype=np.uint64), *(noise.key for noise in noises)])
    base, shift = np.concatenate(
        [np.zeros((2, 0), dtype=np.int64), *(np.stack(noise[2:4]) for noise in noises)], axis=1
    )
    magnitude = noises[0].magnitude if noises else 0
    place = np.concatenate(places)
    return Draws(starts(map(len, places)), key, base, shift, place, np.zeros_like(place), magnitude)


@njit(cache=True)
def draw_noise(cores: Any, first: int, last: int, step: int) -> None:
    """Write what the compartments of cores first..last-1 draw in a step into the table."""
    ptr, key, base, shift, place, drawn, magnitude = cores.draws
    table, counters = cores.neurons.table, cores.counters
    begin, end = ptr[first], ptr[last]
    for k in range(begin, end):
        drawn[k] = draw(key[k], step, base[k], shift[k], magnitude)
    for k in range(begin, end):
        table[place[k]] = drawn[k]
    for core in range(first, last):
        counters[core, _RANDOM] += ptr[core + 1] - ptr[core]
