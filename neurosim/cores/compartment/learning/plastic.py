"""The synapses that learn on some cores, side by side in flat arrays: the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.compartment.image import CompartmentImage
from neurosim.cores.compartment.learning.draw import key_of
from neurosim.cores.compartment.learning.rules import TRACED_AFTER, TRACED_BEFORE, Rules, Widths, rules_of, widths_of
from neurosim.results.learned import Learned

Ints = NDArray[np.int64]

# Places in a row of ``core``: where its learning axons, learning neurons, input axons and units begin, how many traces
# it advances per step, where its ring of third factors begins and how many rows it has, and the steps since loading.
AXONS, NEURONS, INPUTS, UNITS, TRACES, RING, ROWS, CLOCK = range(8)
_CORE = 8
# Places in a row of ``axon``: where its synapses begin, its scheme, its place in the network, and x0, x1, x2.
SYNAPSES, SCHEME, NUMBER, X0 = range(4)
_AXON = 7
# Places in a row of ``neuron``: its scheme, its place in the network, and y0, y1, y2, y3, r.
KIND, PLACE, Y0, Y1, R = 0, 1, 2, 3, 6
_NEURON = 7
# Places in a row of ``modulation``: neuron, gain and lag.
GOAL, GAIN, LAG = range(3)


class Plastic(NamedTuple):
    """What learns on some cores. See the places above; every list has one more row that says where the last ends.

    ``input`` int64[input axons, 3] tells the learning axon that an input axon is, -1 for none, and where its entries
    of ``modulation`` begin and end. ``soma`` int64[units] tells the learning neuron that a unit is the soma of, -1 for
    none. Per synapse: ``post`` (learning neuron), ``place`` of its target in a row of sums, ``synapse`` (place in the
    network), and what it has learned: ``weight``, ``delay``, ``tag``. ``ring`` holds the third factors that are under
    way. ``key`` is that of the random numbers, ``times`` int64[2] are picoseconds per synapse and per trace updated.
    """

    core: Ints
    axon: Ints
    neuron: Ints
    input: Ints
    modulation: Ints
    soma: Ints
    post: NDArray[np.int32]
    place: NDArray[np.int32]
    synapse: Ints
    weight: NDArray[np.int16]
    delay: NDArray[np.int16]
    tag: NDArray[np.int16]
    ring: Ints
    rules: Rules
    widths: Widths
    key: NDArray[np.uint64]
    times: Ints


def plastic_of(
    images: Sequence[CompartmentImage], places: Sequence[Ints], chip: Chip, constants: ConstantSet, grain: int
) -> Plastic:
    """Lay out what learns on some cores, in the state after loading.

    ``places`` int64[units] gives per core the place of every unit in a row of sums, one unit of which is 2**``grain``.
    """
    found = [image.plastic for image in images if image.plastic is not None]
    rules = rules_of(found[0].schemes if found else (), chip, grain)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _PARTS}
    ends = np.zeros(_CORE, dtype=np.int64)
    for image, place in zip(images, places, strict=True):
        here = _core(image, place, rules, ends, sum(map(len, parts["modulation"])), sum(map(len, parts["post"])))
        for name, values in here.items():
            parts[name].append(values)
        ends = here["core"][-1]
    last = np.zeros((1, _AXON), dtype=np.int64)
    last[0, SYNAPSES] = sum(map(len, parts["post"]))
    parts["axon"].append(last)
    parts["core"] = [core[:1] for core in parts["core"]] + [ends[None]]
    time = constants.duration
    return Plastic(
        **{name: _joined(name, parts[name]) for name in _PARTS},
        ring=np.zeros(ends[RING], dtype=np.int64),
        rules=rules,
        widths=widths_of(chip),
        key=np.array([key_of(found[0].seed if found else 0)], dtype=np.uint64),
        times=np.array([time("learning_update"), time("trace_update")], dtype=np.int64),
    )


def _core(
    image: CompartmentImage, place: Ints, rules: Rules, begin: Ints, modulations: int, synapses: int
) -> dict[str, NDArray[Any]]:
    """Return the parts of one core, whose lists begin at ``begin``; of its two rows of ``core`` one is the next's."""
    inputs, soma = np.full((len(image.axon_ptr) - 1, 3), [-1, 0, 0]), np.full(image.n, -1)
    core = np.stack([begin, begin])
    core[1, [INPUTS, UNITS]] += len(inputs), image.n
    core[1, [TRACES, ROWS]] = 0
    found = image.plastic
    if found is None:
        return {"core": core, "input": inputs, "soma": soma}
    inputs[found.axon, 0] = begin[AXONS] + np.arange(len(found.axon))
    inputs[found.modulator, 1] = modulations + found.modulated[:-1]
    inputs[found.modulator, 2] = modulations + found.modulated[1:]
    soma[found.soma] = begin[NEURONS] + np.arange(len(found.soma))
    rows = 1 << int(found.lag.max(initial=0)).bit_length()
    traced = rules.scheme[found.scheme, TRACED_BEFORE].sum() + rules.scheme[found.kind, TRACED_AFTER].sum()
    core[0, [TRACES, ROWS]] = traced, rows
    core[1, [AXONS, NEURONS, RING]] += len(found.axon), len(found.soma), rows * len(found.soma)
    axon, neuron = np.zeros((len(found.axon), _AXON), np.int64), np.zeros((len(found.soma), _NEURON), np.int64)
    axon[:, SYNAPSES], axon[:, SCHEME], axon[:, NUMBER] = found.ptr[:-1] + synapses, found.scheme, found.number
    neuron[:, KIND], neuron[:, PLACE] = found.kind, found.neuron
    chosen = np.concatenate([np.arange(image.axon_ptr[a], image.axon_ptr[a + 1]) for a in found.axon.tolist()])
    return {
        "core": core,
        "axon": axon,
        "neuron": neuron,
        "input": inputs,
        "modulation": np.stack([found.goal + begin[NEURONS], found.gain, found.lag], axis=1),
        "soma": soma,
        "post": found.post + begin[NEURONS],
        "place": place[image.target[chosen]],
        "synapse": found.synapse,
        "weight": found.weight,
        "delay": image.delay[chosen],
        "tag": found.tag,
    }


# The parts in their order, with their type and, for rows, their width.
_PARTS: dict[str, tuple[type[np.generic], int]] = {
    "core": (np.int64, _CORE),
    "axon": (np.int64, _AXON),
    "neuron": (np.int64, _NEURON),
    "input": (np.int64, 3),
    "modulation": (np.int64, 3),
    "soma": (np.int64, 0),
    "post": (np.int32, 0),
    "place": (np.int32, 0),
    "synapse": (np.int64, 0),
    "weight": (np.int16, 0),
    "delay": (np.int16, 0),
    "tag": (np.int16, 0),
}


def _joined(name: str, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    kind, width = _PARTS[name]
    empty = np.zeros((0, width) if width else 0, dtype=kind)
    return np.concatenate([empty, *(part.astype(kind) for part in parts)])


def reload(plastic: Plastic, loaded: Plastic) -> None:
    """Return to the state after loading."""
    for name in ("weight", "delay", "tag", "core"):
        getattr(plastic, name)[:] = getattr(loaded, name)
    rest(plastic)


def rest(plastic: Plastic) -> None:
    """Let traces, counts and third factors return to zero, as at the beginning of a sample."""
    plastic.axon[:, X0:] = 0
    plastic.neuron[:, Y0:] = 0
    plastic.ring[:] = 0


def learned(plastic: Plastic) -> Learned:
    """Return what all synapses hold."""
    order = np.argsort(plastic.synapse)
    return Learned(plastic.synapse[order], plastic.weight[order], plastic.delay[order], plastic.tag[order])


def learns(image: CompartmentImage, options: Mapping[str, Any]) -> bool:
    """Tell whether a core learns in a run with these options of the program."""
    return image.plastic is not None and options.get("learning") != "off"


def fixed_weights(image: CompartmentImage) -> NDArray[np.int32]:
    """Return the weights of a core's synapses, 0 where they learn."""
    weight = image.weight.copy()
    for axon in image.plastic.axon.tolist() if image.plastic is not None else ():
        weight[image.axon_ptr[axon] : image.axon_ptr[axon + 1]] = 0
    return weight
