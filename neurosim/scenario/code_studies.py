"""Studies of code for arrays of nodes: ways to write it, and the ways out for a network that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip
from neurosim.cores.f18a.lower import array_words, lower
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError, NeurosimError
from neurosim.network import Network
from neurosim.network.dataset import Dataset
from neurosim.network.model_file import load_model
from neurosim.scenario.code_studies_file import BeyondStudy, StrategiesStudy
from neurosim.scenario.external_memory import external_memory
from neurosim.scenario.many_chips import many_chips
from neurosim.scenario.strategies import Strategy, some_neurons, strategies
from neurosim.scenario.way_out import WayOut
from neurosim.scenario.whole_weights import whole_network

Pulses = Callable[[int, int], NDArray[np.bool_]]  # of so many samples and steps
Progress = Callable[[str, int], Callable[[int], None]]


@dataclass(frozen=True)
class Beyond:
    """A network that does not fit: why, its accuracy as it is, and the ways out."""

    network: str
    refused: str
    weights: int
    bits_of_ram: int
    accuracy: float
    steps: int
    samples: int
    accuracy_samples: int
    ways: tuple[WayOut, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return {
            "network": self.network,
            "refused": self.refused,
            "weights": self.weights,
            "bits_of_ram": self.bits_of_ram,
            "accuracy": self.accuracy,
            "steps": self.steps,
            "samples": self.samples,
            "accuracy_samples": self.accuracy_samples,
            "ways_out": [way.as_dict() for way in self.ways],
        }


@dataclass(frozen=True)
class CodeStudies:
    """The studies of one chip."""

    chip: str
    part: str
    strategies: tuple[Strategy, ...] = ()
    beyond: Beyond | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return {
            "chip": self.chip,
            "strategies": {"part": self.part, "ways": [each.as_dict() for each in self.strategies]},
            "beyond": self.beyond.as_dict() if self.beyond else None,
        }


@dataclass(frozen=True, eq=False)
class PreparedStudies:
    """Studies with everything loaded and checked; nothing has run yet."""

    chip: Chip
    network: Network
    strategies: StrategiesStudy | None
    beyond: BeyondStudy | None
    large: Network | None


def prepare_studies(
    ways: StrategiesStudy | None, beyond: BeyondStudy | None, chips: Mapping[str, Chip], network: Network
) -> PreparedStudies | None:
    """Load and check what the studies need; None where there is none, or none whose chip is among ``chips``.

    Raises NeurosimError for a chip whose nodes run no code, unknown neurons, and networks that are no chain of layers.
    """
    ways = ways if ways and ways.chip in chips else None
    beyond = beyond if beyond and beyond.chip in chips else None
    names = list(dict.fromkeys(study.chip for study in (ways, beyond) if study))
    if not names:
        return None
    if len(names) > 1:
        raise NeurosimError(f"strategies and beyond: must be about one chip, found {' and '.join(names)}")
    chip = chips[names[0]]
    if chip.core_kind != "f18a":
        raise NeurosimError(f"strategies, beyond: chip {chip.name}: its cores run no code of their own")
    if ways:
        some_neurons(network, ways.neurons)
    large = load_model(beyond.model).network if beyond else None
    if large is not None and beyond is not None:
        for each in beyond.weights:
            whole_network(large, each.bits, each.packed, beyond.output_threshold)
        if large.n_inputs != network.n_inputs:
            raise NeurosimError(f"beyond: {large.name} has {large.n_inputs} inputs, {network.name} {network.n_inputs}")
    return PreparedStudies(chip, network, ways, beyond, large)


def run_studies(
    prepared: PreparedStudies, dataset: Dataset, pulses: Pulses, progress: Progress | None = None
) -> CodeStudies:
    """Run the studies; raises NeurosimError where code computes something else than its network."""
    part, found = "", tuple[Strategy, ...]()
    if prepared.strategies:
        part, found = _strategies(prepared.strategies, prepared.network, prepared.chip, pulses, progress)
    beyond = None
    if prepared.beyond and prepared.large:
        beyond = _beyond(prepared.beyond, prepared.large, prepared.chip, dataset, pulses, progress)
    return CodeStudies(prepared.chip.name, part, found, beyond)


def _strategies(
    study: StrategiesStudy, network: Network, chip: Chip, pulses: Pulses, progress: Progress | None
) -> tuple[str, tuple[Strategy, ...]]:
    """Return what was run, in words, and what each way takes."""
    advance = progress(f"ways to write code for {chip.name}", 12) if progress else None
    found = strategies(network, chip, study.neurons, pulses(study.samples, study.steps), advance)
    what = f"{len(study.neurons)} neurons of {network.name}, {study.samples} samples, T = {study.steps}"
    return what, found


def _beyond(
    study: BeyondStudy, network: Network, chip: Chip, dataset: Dataset, pulses: Pulses, progress: Progress | None
) -> Beyond:
    """Return both ways out for every kind of weights; raises NeurosimError as they do."""
    many = min(study.accuracy_samples, len(dataset.images))
    given, labels = pulses(many, study.steps), dataset.labels[:many]
    advance = progress(f"{network.name} beyond one {chip.name}", 4 * len(study.weights)) if progress else None
    ways: list[WayOut] = []
    for each in study.weights:
        whole = whole_network(network, each.bits, each.packed, study.output_threshold)
        accuracy = _accuracy(whole, given, labels)
        ways.append(many_chips(whole, chip, given[: study.samples], accuracy, each.bits, each.packed, advance))
        if not each.packed:
            ways.append(external_memory(whole, chip, given[: study.samples], accuracy, each.bits, advance))
    return Beyond(
        network.name,
        _refusal(network, chip),
        network.n_dense_weights,
        array_words(chip) * chip.width("word_bits"),
        _accuracy(network, given, labels),
        study.steps,
        study.samples,
        many,
        tuple(sorted(ways, key=lambda way: way.way != ways[0].way)),
    )


def _refusal(network: Network, chip: Chip) -> str:
    try:
        lower(network, chip)
    except CapacityError as error:
        return str(error)
    return "it may fit"


def _accuracy(network: Network, pulses: NDArray[np.bool_], labels: NDArray[Any]) -> float:
    answers = run_functional(network, pulses).answer(network.outputs[0])
    return float((np.argmax(answers, axis=1) == labels).mean())
