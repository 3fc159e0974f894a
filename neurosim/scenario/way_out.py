"""A network that one array cannot hold, in one of the ways out: what it takes per inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neurosim.chip import Chip, Quantity
from neurosim.errors import NeurosimError
from neurosim.results import Band
from neurosim.scenario.bands import times, total

MANY, EXTERNAL = "many chips", "external memory"


@dataclass(frozen=True)
class WayOut:
    """One way out with weights of ``bits`` bits; counts, times and energies are means per inference.

    ``accuracy`` is that of the network in these weights. ``words`` of RAM, ``opcodes`` and ``synaptic_operations`` are
    those of all nodes whose code was generated and run; ``moved`` are words through links, or reads of the memory.
    ``parts`` are energies in joules.
    """

    way: str
    bits: int
    packed: bool
    accuracy: float
    chips: tuple[int, ...]
    nodes: int
    words: int
    opcodes: float
    synaptic_operations: float
    moved: float
    seconds: float
    parts: Mapping[str, Band]

    @property
    def energy(self) -> Band:
        """Sum of all parts."""
        return total(self.parts.values())

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return {
            "way": self.way,
            "bits": self.bits,
            "packed": self.packed,
            "accuracy": self.accuracy,
            "chips": list(self.chips),
            "nodes": self.nodes,
            "words_of_ram": self.words,
            "opcodes": self.opcodes,
            "synaptic_operations": self.synaptic_operations,
            "words_moved": self.moved,
            "time_s": self.seconds,
            "energy_j": asdict(self.energy) | {"breakdown": {name: asdict(band) for name, band in self.parts.items()}},
        }


def transfer(chip: Chip, name: str) -> Quantity:
    """Return a figure of the chip's section [host]; raises NeurosimError where the descriptor has none."""
    if name not in chip.host:
        raise NeurosimError(f"{chip.name}: host.{name}: missing, the cost of a network on many chips needs it")
    return chip.host[name]


def energy_of(figure: Quantity, number: float) -> Band:
    """Return so many times an energy, with its range."""
    return times(number, Band(figure.si, figure.low, figure.high))
