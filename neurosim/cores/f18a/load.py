"""Loading: a mapping becomes the programs of all nodes, and what the host must know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.f18a.bit_words import LINES
from neurosim.cores.f18a.boot import loading
from neurosim.cores.f18a.build import NodeImage, build
from neurosim.cores.f18a.comb import Comb, comb
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.groups import Group, groups_of, weight_matrix
from neurosim.cores.f18a.lower import array_words, layers
from neurosim.cores.f18a.place_groups import PER_LEAF
from neurosim.cores.f18a.plan import BITS, BitWord, Plan, make_plan
from neurosim.errors import CapacityError
from neurosim.mapping import Mapping, Nets, Record, neuron_offsets
from neurosim.program import Destinations, Members, Program

Ints = NDArray[np.int64]

_WIDE = "lines of a neuron"


@dataclass(frozen=True, eq=False)
class ArrayProgram(Program):
    """The program of an array: ``images`` are NodeImages, ``plan`` says which word means what."""

    plan: Plan = None  # type: ignore[assignment]  # always given

    @cached_property
    def spike_words(self) -> tuple[tuple[int, str, tuple[BitWord, ...]], ...]:
        """Return where spike words can be seen: node and port that send them, and the words of a step in order."""
        found = []
        for each in self.plan.branches:
            slot = each.branch.slots[-1 if each.leaves_chip else 0]
            port = slot.outward if each.leaves_chip else slot.inward
            words = (*each.passing, *each.spikes) if each.leaves_chip else each.spikes
            found.append((slot.node, port, words))
        return tuple(found)


def load(mapping: Mapping, nets: Nets, coding: str = BITS, leaves: int = 2) -> ArrayProgram:
    """Return the program of a mapping; raises CapacityError for what does not fit, with the words that it needs.

    ``coding`` is how pulses come in, ``leaves`` how many leaves a cell has at most: the defaults take least energy.
    """
    try:
        return fit(mapping, coding, leaves)
    except CapacityError as error:
        raise _with_words(error, mapping) from None


def fit(
    mapping: Mapping,
    coding: str = BITS,
    leaves: int = 2,
    trunk: int | None = None,
    words: Sequence[Sequence[int]] | None = None,
) -> ArrayProgram:
    """Return the program of a mapping; raises CapacityError that names the place that lacks.

    ``trunk`` is the trunk's column (none: the middle one), ``words`` are the lines of each of the host's words (none:
    those that the same neurons need come together).

    Neurons that the mapper put on one core share a cell. Where cells stand is decided here: words are passed on by
    code, so that places and ways are one question.
    """
    network, chip = mapping.lowered.network, mapping.chip
    clusters = [np.flatnonzero(mapping.core_of == core).tolist() for core in mapping.cores.tolist()]
    groups = groups_of(network, clusters, weight_matrix(network))
    order = layers(network, chip)
    grid = Grid.of(chip)
    places = comb(grid, leaves, trunk)
    _refuse_wide(groups, places, chip)
    plan = make_plan(places, groups, order, network.n_inputs, chip.name, mapping.seed, coding, words)
    images = build(plan, chip.name)
    cores = np.array([grid.index(image.node) for image in images], dtype=np.int32)
    rows = np.argsort(cores, kind="stable")
    images = tuple(images[k] for k in rows.tolist())
    lowered = replace(mapping.lowered, records=(*mapping.lowered.records, *_records(images, chip)))
    return ArrayProgram(
        chip,
        lowered,
        cores[rows],
        images,
        _nowhere(network.n_inputs),
        tuple(_nowhere(image.membranes) for image in images),
        _members(plan, images, mapping),
        mapping.digest(),
        plan=plan,
    )


def _refuse_wide(groups: Sequence[Group], places: Comb, chip: Chip) -> None:
    """Refuse neurons that hear more lines than the leaves of the longest branch hold, however high the array is."""
    most = max(len(branch.slots) * branch.leaves for branch in places.branches) * PER_LEAF * LINES
    for group in groups:
        if len(group.sources) > most:
            where = f"the longest row of cells (neurons {', '.join(map(str, group.members))} of {group.population})"
            raise CapacityError(chip.name, _WIDE, len(group.sources), most, where)


def _with_words(error: CapacityError, mapping: Mapping) -> CapacityError:
    """Return the error with the words and nodes that the network would take on an array that is high enough."""
    chip = mapping.chip
    needed = demand(mapping) if error.limit not in ("ram_words", _WIDE) else None
    if needed is None or needed[1] <= chip.n_existing_cores:
        return error  # a node is too small, or the places of the array do not go together
    words, nodes = needed
    where = (
        f"{chip.n_existing_cores} nodes ({nodes} would use {words} words; the array has {array_words(chip)} words,"
        f" {chip.limit('ram_words')} a node)"
    )
    return CapacityError(chip.name, "nodes", nodes, chip.n_existing_cores, where)


def demand(mapping: Mapping, highest: int = 5) -> tuple[int, int] | None:
    """Return the words and nodes that a mapping takes on an array 2 to 16 times as high, None if it is too small."""
    network, chip = mapping.lowered.network, mapping.chip
    clusters = [np.flatnonzero(mapping.core_of == core).tolist() for core in mapping.cores.tolist()]
    groups = groups_of(network, clusters, weight_matrix(network))
    for height in (2**k for k in range(1, highest)):
        grid = Grid(chip.columns, chip.rows * height)
        try:
            plan = make_plan(comb(grid), groups, layers(network, chip), network.n_inputs, chip.name, mapping.seed)
            images = build(plan, chip.name)
        except CapacityError:
            continue
        return sum(image.words for image in images), len(images)
    return None


def _nowhere(sources: int) -> Destinations:
    """Return destinations of sources that send nothing over a router."""
    none = np.zeros(0, dtype=np.int32)
    return Destinations(np.zeros(sources + 1, dtype=np.int64), none, none)


def _members(plan: Plan, images: Sequence[NodeImage], mapping: Mapping) -> dict[str, Members]:
    """Return where neurons are: the node of their cell and their place among its membranes."""
    network = mapping.lowered.network
    place = {image.node: k for k, image in enumerate(images)}
    core, unit = np.zeros((2, network.n_neurons), dtype=np.int32)
    for each in plan.branches:
        for seat in each.seats:
            node = each.branch.slots[seat.last].node
            for k, neuron in enumerate(seat.bits):
                if neuron >= 0:
                    core[neuron], unit[neuron] = place[node], k
    first = neuron_offsets(network)
    return {
        p.name: Members(*(x[first[p.name] : first[p.name] + p.size] for x in (core, unit, unit)))
        for p in network.neurons
    }


def _records(images: Sequence[NodeImage], chip: Chip) -> tuple[Record, Record]:
    used = {kind: [image for image in images if image.kind == kind] for kind in ("trunk", "cell", "leaf")}
    words = sum(image.words for image in images)
    parts = ", ".join(
        f"{len(found)} {name}" for name, found in zip(("trunk", "cells", "leaves"), used.values(), strict=True)
    )
    split = [sum(getattr(image, name) for image in images) for name in ("code", "synapses", "membranes")]
    cost = loading(chip, [image.program for image in images])
    return (
        Record(
            "array",
            f"{len(images)} of {chip.n_existing_cores} nodes: {parts}; words pass from node to node in code",
            "nodes have no router and 64 words each",
            "exact",
            f"{words} of {array_words(chip)} words: code {split[0]}, synapses {split[1]}, membranes {split[2]}",
        ),
        Record(
            "loading",
            f"a boot stream of {cost.words} words, once, apart from inference",
            "nodes start empty",
            "exact",
            f"{cost.seconds['serial'] * 1e3:.0f} ms by the serial node, {cost.seconds['flash'] * 1e3:.0f} ms from"
            f" flash; {cost.joules * 1e6:.0f} uJ ({cost.joules_low * 1e6:.0f}..{cost.joules_high * 1e6:.0f}) in the"
            " nodes on its way, the line into the chip not included",
        ),
    )
