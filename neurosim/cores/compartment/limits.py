"""Capacities of a compartment core: asked while mapping, checked on what is loaded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.compartment.encode import Encoding, encode
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.memory import axon_words, index_bits, is_dense
from neurosim.mapping.legality import Usage
from neurosim.mapping.lowering import Lowered
from neurosim.mapping.problem import CoreFill, Nets
from neurosim.program import Program


def core_filler(lowered: Lowered, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Return a function that opens an empty core, for mappers."""
    network = lowered.network
    compartments = np.concatenate([np.full(p.size, p.compartments) for p in network.neurons])
    port = np.array([p.port for p in network.projections], dtype=np.int64)
    encodings = [encode(p, chip)[0] for p in network.projections]
    shared = _Shared(chip, nets, compartments, port, encodings)
    return lambda: _Fill(shared)


class _Shared:
    """What all cores of one mapping have in common."""

    def __init__(
        self,
        chip: Chip,
        nets: Nets,
        compartments: NDArray[np.int64],
        port: NDArray[np.int64],
        encodings: list[Encoding],
    ) -> None:
        self.chip, self.nets, self.compartments = chip, nets, compartments
        self.port = port[nets.projection]
        own_bits = np.array([e.bits + e.delay_bits for e in encodings], dtype=np.int64)
        self.bits = own_bits[nets.projection]
        longest = max((e.delay_bits for e in encodings), default=0)
        self.slots = accumulator_slots((1 << longest) - 1 if longest else 0, chip)


def accumulator_slots(delay: int, chip: Chip) -> int:
    """Return the accumulator slots per compartment for synaptic delays up to ``delay`` steps.

    A power of two, at least the default window; a delay d needs d + 2 slots (the one being read and the next d + 1).
    """
    return max(int(chip.limit("delay_window")), 1 << (delay + 1).bit_length())


class _Fill:
    """One core being filled, with its synapse memory kept up to date neuron by neuron."""

    def __init__(self, shared: _Shared) -> None:
        self.shared = shared
        n = shared.nets.n
        self.count = np.zeros(n, dtype=np.int64)
        self.first = np.zeros(n, dtype=np.int64)
        self.last = np.full(n, -1, dtype=np.int64)
        self.words = np.zeros(n, dtype=np.int64)
        self.compartments = self.axons = self.total = 0
        self.index = 0

    def add(self, neuron: int) -> str | None:
        """Place one more neuron here and return None, or the name of the limit that forbids it."""
        shared, chip = self.shared, self.shared.chip
        after = self.compartments + int(shared.compartments[neuron])
        if after > chip.limit("compartments"):
            return "compartments"
        if after * shared.slots > chip.limit("accumulator_slots"):
            return "accumulator_slots"
        nets, added = np.unique(shared.nets.reaching(neuron), return_counts=True)
        opened = int((self.count[nets] == 0).sum())
        if self.axons + opened > chip.limit("input_axons"):
            return "input_axons"
        target = self.compartments + shared.port[nets]
        count = self.count[nets] + added
        first = np.where(self.count[nets] == 0, target, self.first[nets])
        words, total, index = self._memory(nets, count, first, target, after)
        if total > chip.limit("synapse_memory_words"):
            return "synapse_memory_words"
        self.count[nets], self.first[nets], self.last[nets] = count, first, target
        self.words, self.total, self.index = words, total, index
        self.compartments, self.axons = after, self.axons + opened
        return None

    def _memory(
        self,
        nets: NDArray[np.int64],
        count: NDArray[np.int64],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        compartments: int,
    ) -> tuple[NDArray[np.int64], int, int]:
        """Return words per net, their sum and the index width if these nets grew to these counts."""
        shared = self.shared
        index = index_bits(compartments, shared.chip)
        if index != self.index:
            nets, grown = np.flatnonzero((self.count > 0) | np.isin(np.arange(len(self.count)), nets)), nets
            at = np.searchsorted(nets, grown)
            counts, firsts, lasts = self.count[nets], self.first[nets], self.last[nets]
            counts[at], firsts[at], lasts[at] = count, first, last
            count, first, last = counts, firsts, lasts
        bits = shared.bits[nets] + np.where(is_dense(first, last, count), 0, index)
        words = self.words.copy()
        words[nets] = axon_words(count, bits, shared.chip)
        return words, int(self.total + words[nets].sum() - self.words[nets].sum()), index


def usage(program: Program) -> tuple[Usage, ...]:
    """Return how much of every limit each core uses, from the loaded tables alone."""
    chip = program.chip
    result: list[Usage] = []
    for k, image in enumerate(program.images):
        core = int(program.cores[k])
        outputs = program.outputs[k]
        result += [
            Usage(name, core, needed, chip.limit(name))
            for name, needed in _needs(image, len(outputs.core), chip).items()
        ]
    return tuple(result)


def _needs(image: CompartmentImage, output_axons: int, chip: Chip) -> dict[str, int]:
    p = image.parameters
    profiles = np.stack([p.decay_u, p.decay_v, p.refractory, p.join, p.spiking.astype(np.int64), np.sign(p.bias)])
    counts = np.diff(image.axon_ptr)
    delay = int(image.delay.max(initial=0))
    return {
        "compartments": image.n,
        "input_axons": len(counts),
        "output_axons": output_axons,
        "synapse_memory_words": int(axon_words(counts, image.axon_bits, chip).sum()),
        "compartment_profiles": np.unique(profiles, axis=1).shape[1],
        "threshold_profiles": len(np.unique(p.threshold)),
        "synapse_formats": len(np.unique(image.axon_format)),
        "delay_max": delay,
        "accumulator_slots": accumulator_slots(delay, chip) * image.n,
        "refractory_max": int(p.refractory.max(initial=0)),
        "weight_bits_max": int(image.weight_bits),
    }
