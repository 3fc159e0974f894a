"""Ways to write the code of a network for an array of nodes, on some of its neurons, each run and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.api import price, simulate
from neurosim.chip import Chip
from neurosim.cores.f18a.load import ArrayProgram, fit
from neurosim.cores.f18a.lower import lower
from neurosim.cores.f18a.plan import BITS, EVENTS
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError, NeurosimError, UnsupportedError
from neurosim.mapping import Mapping
from neurosim.network import Network, Population, Projection
from neurosim.results import Band
from neurosim.scenario.bands import NOTHING, times

PULSES = {BITS: "bit words", EVENTS: "address events"}
DEFAULT = (BITS, 4, 2)
_WAYS = [(coding, per_word, leaves) for coding in (BITS, EVENTS) for per_word in (4, 2, 1) for leaves in (2, 1)]


@dataclass(frozen=True)
class Strategy:
    """One way: how pulses come in, neurons per word, leaves per cell. Figures are per synaptic operation.

    ``seconds`` is the running time of all nodes together. ``refused`` says why there are no figures.
    """

    coding: str
    per_word: int
    leaves: int
    nodes: int = 0
    words: int = 0
    opcodes: float = 0.0
    seconds: float = 0.0
    energy: Band = NOTHING
    refused: str | None = None

    @property
    def default(self) -> bool:
        """Whether this is how networks are loaded unless asked otherwise."""
        return (self.coding, self.per_word, self.leaves) == DEFAULT

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON; figures are per synaptic operation."""
        head = {
            "pulses": PULSES[self.coding],
            "neurons_per_word": self.per_word,
            "leaves_per_cell": self.leaves,
            "default": self.default,
        }
        if self.refused is not None:
            return head | {"refused": self.refused}
        return head | {
            "nodes": self.nodes,
            "words_of_ram": self.words,
            "opcodes": self.opcodes,
            "running_s": self.seconds,
            "energy_j": asdict(self.energy),
        }


def strategies(
    network: Network,
    chip: Chip,
    neurons: Sequence[int],
    pulses: NDArray[np.bool_],
    advance: Callable[[int], None] | None = None,
) -> tuple[Strategy, ...]:
    """Return what every way takes for some neurons of the first layer, on pulses bool[n, T, lines].

    Raises NeurosimError for neurons that the layer does not have, and where an array fires otherwise than the network.
    """
    part = some_neurons(network, neurons)
    expected = run_functional(part, pulses).pulses[part.outputs[0]]
    found = []
    for way in _WAYS:
        found.append(_tried(part, chip, pulses, expected, *way))
        if advance is not None:
            advance(1)
    return tuple(found)


def some_neurons(network: Network, neurons: Sequence[int]) -> Network:
    """Return some neurons of the first layer with their synapses, alone; raises NeurosimError for unknown ones."""
    first = network.neurons[0]
    for neuron in neurons:
        if not 0 <= neuron < first.size:
            raise NeurosimError(f"population {first.name} has neurons 0..{first.size - 1}, found {neuron}")
    source = next((p for p in network.projections if p.target == first.name), None)
    if source is None or source.source not in [p.name for p in network.sources]:
        raise NeurosimError(f"network {network.name}: {first.name} hears no input")
    weights = np.zeros((network.population(source.source).size, first.size))
    np.add.at(weights, (source.rows, source.targets), source.weights * 2.0**source.exponent)
    mine = Population(first.name, len(neurons), first.neuron)
    projection = Projection.dense(source.source, first.name, weights[:, list(neurons)])
    return Network(f"part of {network.name}", (network.sources[0], mine), (projection,), (first.name,))


def _tried(
    part: Network,
    chip: Chip,
    pulses: NDArray[np.bool_],
    expected: NDArray[np.bool_],
    coding: str,
    per_word: int,
    leaves: int,
) -> Strategy:
    try:
        program = _program(part, chip, coding, per_word, leaves)
    except (CapacityError, UnsupportedError) as error:
        return Strategy(coding, per_word, leaves, refused=str(error))
    run = simulate(program, pulses, record_spikes=True)
    if not np.array_equal(run.spikes.full[part.outputs[0]], expected):
        raise NeurosimError(f"{PULSES[coding]}, {per_word} per word: the array fires otherwise than the network")
    counted, energy = run.activity.summary(), price(run, chip).total
    operations = counted["synaptic_operations"]
    return Strategy(
        coding,
        per_word,
        leaves,
        len(program.images),
        sum(image.words for image in program.images),
        sum(value for name, value in counted.items() if name.startswith("opcodes_")) / operations,
        sum(value for name, value in counted.items() if name.startswith("running_ps_")) / operations * 1e-12,
        times(1 / operations, energy),
    )


def _program(part: Network, chip: Chip, coding: str, per_word: int, leaves: int) -> ArrayProgram:
    core_of = (np.arange(part.n_neurons) // per_word).astype(np.int32)
    return fit(Mapping(part, lower(part, chip), chip, core_of, "in order", 0), coding, leaves)
