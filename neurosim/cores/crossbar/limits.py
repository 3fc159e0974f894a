"""Capacities of a crossbar core: asked while mapping, checked on what is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.crossbar.image import CrossbarImage
from neurosim.cores.crossbar.load import axons_of, off_chip
from neurosim.cores.crossbar.registers import registers
from neurosim.errors import UnsupportedError
from neurosim.mapping.legality import Usage
from neurosim.mapping.lowering import Lowered
from neurosim.mapping.problem import CoreFill, Nets
from neurosim.network import Network
from neurosim.program import Destinations, Program

Ints = NDArray[np.int64]


def usage(program: Program) -> tuple[Usage, ...]:
    """Return how much of every limit each core uses, from the loaded tables alone."""
    chip = program.chip
    sources = [program.inputs, *program.outputs]
    due = _longest_delays(sources, len(program.images))
    result: list[Usage] = []
    for k, image in enumerate(program.images):
        core = int(program.cores[k])
        needs = _needs(image) | {
            "delay_max": due[k],
            "scheduler_slots": due[k] + 1,
            "reach": _farthest(k, program),
        }
        result += [Usage(name, core, needed, chip.limit(name)) for name, needed in needs.items()]
        least = int(image.registers.weight.min(initial=0))
        result.append(Usage("weight_min", core, -least, -chip.limit("weight_min")))
    return tuple(result)


def _needs(image: CrossbarImage) -> dict[str, int]:
    return {
        "axons": len(image.axon_type),
        "neurons": image.n,
        "axon_types": len(np.unique(image.axon_type)),
        "targets_per_neuron": int(image.targets.max(initial=0)),
        "weight_max": int(image.registers.weight.max(initial=0)),
    }


def _longest_delays(sources: list[Destinations], cores: int) -> list[int]:
    longest = np.zeros(cores, np.int64)
    for destinations in sources:
        np.maximum.at(longest, destinations.core, destinations.statics())
    return longest.tolist()


def _farthest(k: int, program: Program) -> int:
    """Return the largest distance in x or y from core k to a core that it sends to."""
    own = program.position(k)
    targets = [program.position(core) for core in np.unique(program.outputs[k].core).tolist()]
    return max((abs(own[axis] - place[axis]) for place in targets for axis in (0, 1)), default=0)


def core_filler(lowered: Lowered, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Return a function that opens an empty core, for mappers; raises UnsupportedError as ``load`` does."""
    network = lowered.network
    if not network.neurons:
        raise UnsupportedError(f"{chip.name}: network {network.name} has no population that computes")
    axons_of(network, nets, chip)
    return filler(network, nets, chip)


def filler(network: Network, nets: Nets, chip: Chip) -> Callable[[], CoreFill]:
    """Return a function that opens an empty core, for a network whose delays are not settled yet."""
    draws, outside = registers(network, chip).draws, off_chip(network)
    limits = tuple(chip.limit(name) for name in ("axons", "targets_per_neuron", "neurons"))
    shared = _Shared(nets, draws.tolist(), outside.astype(np.int64).tolist(), *limits)
    return lambda: CrossbarFill(shared)


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all cores of one mapping have in common.

    ``draws`` tells which neurons draw random numbers, ``outside`` is 1 for those that are read out, and ``axons``,
    ``targets`` (per column) and ``neurons`` are the limits.
    """

    nets: Nets
    draws: list[bool]
    outside: list[int]
    axons: int
    targets: int
    neurons: int

    @cached_property
    def draws_array(self) -> NDArray[np.bool_]:
        """``draws`` as an array."""
        return np.array(self.draws, dtype=np.bool_)

    @cached_property
    def outside_array(self) -> Ints:
        """``outside`` as an array."""
        return np.array(self.outside, dtype=np.int64)


class CrossbarFill:
    """One core being filled: its axons (nets), and its columns with the copies that neurons need for their targets."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self.axons: set[int] = set()
        self.columns = 0

    def add(self, neuron: int, sends: int = 0) -> Usage | None:
        """Place one more neuron here and return None, or leave the core as it is and return the exceeded limit."""
        shared = self._shared
        targets = sends + shared.outside[neuron]
        if shared.draws[neuron] and targets > shared.targets:
            return Usage("targets_per_neuron", -1, targets, shared.targets)
        axons = self.axons.union(shared.nets.reaching(neuron).tolist())
        if len(axons) > shared.axons:
            return Usage("axons", -1, len(axons), shared.axons)
        columns = self.columns + max(-(-targets // shared.targets), 1)
        if columns > shared.neurons:
            return Usage("neurons", -1, columns, shared.neurons)
        self.axons, self.columns = axons, columns
        return None

    def hold(self, neurons: Ints, sends: Ints) -> Usage | None:
        """Return the limit that an empty core with exactly these neurons exceeds, None if it holds them."""
        shared = self._shared
        targets = sends + shared.outside_array[neurons]
        crowded = targets[shared.draws_array[neurons]].max(initial=0)
        needs = {
            "targets_per_neuron": (int(crowded), shared.targets),
            "axons": (len(np.unique(shared.nets.reaching_each(neurons)[1])), shared.axons),
            "neurons": (int(np.maximum(-(-targets // shared.targets), 1).sum()), shared.neurons),
        }
        over = ((limit, *pair) for limit, pair in needs.items() if pair[0] > pair[1])
        return next((Usage(limit, -1, needed, available) for limit, needed, available in over), None)

    def least(self, neurons: Ints) -> tuple[Usage, ...]:
        """Return what these neurons need at least of each limit, summed over however many cores they are spread."""
        shared, nets = self._shared, self._shared.nets
        sent = np.bincount(np.maximum(nets.source - nets.n_inputs, -1) + 1, minlength=len(shared.outside) + 1)[1:]
        columns = np.maximum(-(-(sent + shared.outside_array)[neurons] // shared.targets), 1)
        axons = len(np.unique(nets.reaching_each(neurons)[1]))
        return (
            Usage("axons", -1, axons, shared.axons),
            Usage("neurons", -1, int(columns.sum()), shared.neurons),
        )
