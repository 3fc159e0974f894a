"""Capacities of processing elements and of the event router: asked while mapping, checked on what is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.processor.encode import refuse_unstorable, signed_bits
from neurosim.cores.processor.image import ProcessorImage
from neurosim.cores.processor.memory import data_bytes
from neurosim.cores.processor.registers import registers
from neurosim.cores.processor.router import entries_of, router_entries
from neurosim.mapping.legality import Usage
from neurosim.mapping.lowering import Lowered
from neurosim.mapping.problem import CoreFill, Nets
from neurosim.program import Program


def usage(program: Program) -> tuple[Usage, ...]:
    """Return how much of every limit each core uses, and the whole chip (core -1) of its event router."""
    chip = program.chip
    result = [
        Usage(name, int(core), needed, chip.limit(name))
        for core, image in zip(program.cores, program.images, strict=True)
        for name, needed in _needs(image, chip).items()
    ]
    return (*result, Usage("router_entries", -1, router_entries(program), chip.limit("router_entries")))


def _needs(image: ProcessorImage, chip: Chip) -> dict[str, int]:
    data = data_bytes(image.n, image.synapses, image.rows, image.delay_slots, chip)
    return {
        "data_bytes": data,
        "sram_bytes": chip.limit("code_bytes") + data,
        "weight_bits": signed_bits(int(image.weight.min(initial=0)), int(image.weight.max(initial=0))),
        "delay_max": image.delay_slots,
    }


def core_filler(lowered: Lowered, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Return a function that opens an empty core, for mappers; raises UnsupportedError as ``load`` does."""
    shared = _Shared.of(lowered, nets, chip)
    return lambda: ProcessorFill(shared)


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all cores of one mapping have in common: ``delay`` is the longest per neuron, int64[neurons]."""

    chip: Chip
    nets: Nets
    delay: NDArray[np.int64]

    @classmethod
    def of(cls, lowered: Lowered, nets: Nets, chip: Chip) -> _Shared:
        network = lowered.network
        for projection in network.projections:
            refuse_unstorable(projection, chip)
        registers(network, chip)
        delay = np.ones(network.n_neurons, dtype=np.int64)
        delays = [p.delays.astype(np.int64) for p in network.projections]
        start = np.cumsum([0, *map(len, delays)])
        place = start[nets.projection[nets.net_of_synapse]] + nets.synapse
        np.maximum.at(delay, nets.target, np.concatenate([*delays, start[:0]])[place])
        return cls(chip, nets, delay)


class ProcessorFill:
    """One core being filled; ``needs`` says how much memory it uses, as ``usage`` will find it loaded."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._sources: set[int] = set()
        self._neurons = self._synapses = 0
        self._delay = 1
        self.needs = {"data_bytes": 0, "sram_bytes": shared.chip.limit("code_bytes")}

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        """Place one more neuron here and return None, or leave the core as it is and return the exceeded limit.

        ``sends`` has no effect: a spike leaves as one multicast packet, and the core holds no list of destinations.
        """
        chip, nets = self._shared.chip, self._shared.nets
        reaching = nets.reaching(neuron)
        sources = set(nets.source[reaching].tolist())
        neurons, synapses = self._neurons + 1, self._synapses + len(reaching)
        rows = len(self._sources) + len(sources - self._sources)
        delay = max(self._delay, int(self._shared.delay[neuron]))
        data = data_bytes(neurons, synapses, rows, delay, chip)
        wanted = {"data_bytes": data, "sram_bytes": chip.limit("code_bytes") + data}
        for limit, needed in wanted.items():
            if needed > chip.limit(limit):
                return Usage(limit, -1, needed, chip.limit(limit))
        self._sources |= sources
        self._neurons, self._synapses, self._delay, self.needs = neurons, synapses, delay, wanted
        return None

    def hold(self, neurons: NDArray[np.int64], sends: NDArray[np.int64]) -> Usage | None:
        """Return the limit that an empty core with exactly these neurons exceeds, None if it holds them."""
        chip, nets = self._shared.chip, self._shared.nets
        counts, reaching = nets.reaching_each(neurons)
        rows = len(np.unique(nets.source[reaching]))
        delay = int(self._shared.delay[neurons].max(initial=1))
        data = data_bytes(len(neurons), int(counts.sum()), rows, delay, chip)
        for limit, needed in {"data_bytes": data, "sram_bytes": chip.limit("code_bytes") + data}.items():
            if needed > chip.limit(limit):
                return Usage(limit, -1, needed, chip.limit(limit))
        return None

    def least(self, neurons: NDArray[np.int64]) -> tuple[Usage, ...]:
        """Return what these neurons need at least of each limit, summed over however many cores they are spread."""
        chip, nets = self._shared.chip, self._shared.nets
        counts, reaching = nets.reaching_each(neurons)
        rows, delay = len(np.unique(nets.source[reaching])), int(self._shared.delay[neurons].min(initial=1))
        data = data_bytes(len(neurons), int(counts.sum()), rows, delay, chip)
        room = min(chip.limit("data_bytes"), chip.limit("sram_bytes") - chip.limit("code_bytes"))
        return (Usage("data_bytes", -1, data, room),)


def table_filler(nets: Nets, chip: Chip) -> Callable[[NDArray[np.int32]], Usage | None]:
    """Return a function that tells whether the event router's one table holds an assignment to cores.

    Counts what ``usage`` will find loaded; where cores stand makes no difference.
    """

    def whole(core_of: NDArray[np.int32]) -> Usage | None:
        needed, room = entries_of(nets, core_of), chip.limit("router_entries")
        return Usage("router_entries", -1, needed, room) if needed > room else None

    return whole
