"""The Network: populations joined by sparse projections."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import NeurosimError, unknown
from neurosim.network.learning import LearningRule
from neurosim.network.microcode import NeuronProgram
from neurosim.network.neuron import Accumulator, CompartmentNeuron, Neuron, ProgrammedNeuron, Source

_IF_SET = {"if set": True}  # a field that counts in a digest only where it differs from its default


@dataclass(frozen=True, eq=False)
class Population:
    """A group of neurons with one model; parameters are scalars or arrays of ``size``."""

    name: str
    size: int
    neuron: Neuron

    @property
    def is_source(self) -> bool:
        """Whether its pulses come from outside."""
        return isinstance(self.neuron, Source)

    @property
    def fires(self) -> bool:
        """Whether its neurons send pulses; populations that do not are read out by their membranes."""
        if isinstance(self.neuron, CompartmentNeuron):
            return self.neuron.compartments[-1].spiking
        if isinstance(self.neuron, ProgrammedNeuron):
            return self.neuron.program.fires
        return not isinstance(self.neuron, Accumulator)

    @property
    def graded(self) -> bool:
        """Whether its spikes carry values, by which the weights of its synapses are multiplied."""
        return isinstance(self.neuron, ProgrammedNeuron) and self.neuron.program.graded

    @property
    def compartments(self) -> int:
        """Number of compartments per neuron, 1 for models without compartments."""
        return len(self.neuron) if isinstance(self.neuron, CompartmentNeuron) else 1


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from one population to another, in compressed rows by source neuron.

    ``indptr`` int64[source size + 1]; ``targets`` int32[n], ascending inside a row; ``weights`` float64 or
    int64[n]; ``delay`` steps between a pulse and its arrival, 0 = in the same step (int16[n] or one number);
    ``port`` is the compartment of the target neuron. Integer weights are mantissas: the chip adds
    ``weight * 2**exponent`` (exponent 0 for float weights). With ``learning`` the synapses learn by that rule, from
    the weights and ``tags`` (int16[n] or one number) given here. A projection that ``modulates`` adds its weights to
    the third factor r of its target's learning rules instead of their membranes.
    """

    source: str
    target: str
    indptr: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: NDArray[Any]
    delay: NDArray[np.int16] | int = 0
    port: int = 0
    exponent: int = 0
    learning: LearningRule | None = field(default=None, metadata=_IF_SET)
    tags: NDArray[np.int16] | int = field(default=0, metadata=_IF_SET)
    modulates: bool = field(default=False, metadata=_IF_SET)

    @classmethod
    def dense(
        cls, source: str, target: str, weights: ArrayLike, delay: int = 0, port: int = 0, *, zeros: bool = False
    ) -> Projection:
        """Build a projection from a (source size, target size) matrix; zeros make no synapse unless asked for."""
        matrix = np.asarray(weights)
        if matrix.ndim != 2:
            raise NeurosimError(f"projection {source} -> {target}: weights have {matrix.ndim} dimensions, need 2")
        rows, columns = np.nonzero(np.ones_like(matrix) if zeros else matrix)
        indptr = np.zeros(matrix.shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=matrix.shape[0]), out=indptr[1:])
        return cls(source, target, indptr, columns.astype(np.int32), matrix[rows, columns], delay, port)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Source neuron of every synapse, int64[n]."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int64), np.diff(self.indptr))

    @property
    def delays(self) -> NDArray[np.int16]:
        """Delay of every synapse in steps, int16[n]."""
        return np.broadcast_to(np.asarray(self.delay, dtype=np.int16), self.targets.shape)

    @property
    def fan_out(self) -> NDArray[np.int64]:
        """Synapses per source neuron, int64[source size]."""
        return np.diff(self.indptr)


@dataclass(frozen=True, eq=False)
class Network:
    """Populations, projections, and the population that is read out.

    ``outputs`` names populations whose membranes (accumulators) or pulse counts are the answer.
    Construction checks names, sizes and finiteness and raises NeurosimError.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    outputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [p.name for p in self.populations]
        for name in names:
            if names.count(name) > 1:
                raise NeurosimError(f"network {self.name}: population '{name}' stands twice")
        for name in self.outputs:
            self.population(name)
        for population in self.populations:
            _check_population(self.name, population)
        for projection in self.projections:
            _check_projection(self, projection)
        for population in self.neurons:
            _check_learning(self, [p for p in self.projections if p.target == population.name])

    def population(self, name: str) -> Population:
        """Return the population of that name; raises NeurosimError with the nearest spelling."""
        for population in self.populations:
            if population.name == name:
                return population
        raise unknown(f"population in network {self.name}:", name, [p.name for p in self.populations])

    @property
    def sources(self) -> tuple[Population, ...]:
        """Populations whose pulses come from outside."""
        return tuple(p for p in self.populations if p.is_source)

    @property
    def neurons(self) -> tuple[Population, ...]:
        """Populations that compute, in order."""
        return tuple(p for p in self.populations if not p.is_source)

    @property
    def n_inputs(self) -> int:
        """Number of input lines over all sources."""
        return sum(p.size for p in self.sources)

    @property
    def n_neurons(self) -> int:
        """Number of neurons that compute."""
        return sum(p.size for p in self.neurons)

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return sum(len(p.targets) for p in self.projections)

    @property
    def n_dense_weights(self) -> int:
        """Number of weights of the dense network of the same shape: every projection from all to all."""
        return sum(self.population(p.source).size * self.population(p.target).size for p in self.projections)

    @property
    def learns(self) -> bool:
        """Whether any projection has a learning rule."""
        return any(p.learning is not None for p in self.projections)

    def frozen(self) -> Network:
        """Return the same network without learning rules, and without the projections that only modulate them."""
        return replace(self, projections=tuple(_frozen(p) for p in self.projections if not p.modulates))

    def digest(self) -> str:
        """SHA-256 over every name, parameter and array: two networks with one digest compute the same."""
        sha = hashlib.sha256()
        for part in _walk(self):
            sha.update(part)
        return sha.hexdigest()


def _walk(value: Any) -> Iterator[bytes]:
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__.encode()
        for item in fields(value):
            part = getattr(value, item.name)
            if "if set" in item.metadata and np.ndim(part) == 0 and part == item.default:
                continue
            yield item.name.encode()
            yield from _walk(part)
    elif isinstance(value, tuple):
        for element in value:
            yield from _walk(element)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield str(key).encode()
            yield from _walk(value[key])
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    else:
        yield repr(value).encode()


def _frozen(projection: Projection) -> Projection:
    """Return the projection without its rule; even weights are halved, which takes less bits."""
    if projection.learning is None:
        return projection
    weights, exponent = projection.weights, projection.exponent
    if weights.dtype.kind in "iu" and not np.any(weights % 2):
        weights, exponent = weights // 2, exponent + 1
    return replace(projection, weights=weights, exponent=exponent, learning=None, tags=0)


def _check_population(network: str, population: Population) -> None:
    where = f"network {network}: population '{population.name}'"
    if population.size < 1:
        raise NeurosimError(f"{where}: size {population.size}, must be at least 1")
    parts = population.neuron.compartments if isinstance(population.neuron, CompartmentNeuron) else ()
    for part in (population.neuron, *parts):
        for name, value in _numbers(part):
            array = np.asarray(value)
            if array.ndim and array.shape != (population.size,):
                raise NeurosimError(f"{where}: {name} has shape {array.shape}, needs () or ({population.size},)")
            if not np.isfinite(array).all():
                raise NeurosimError(f"{where}: {name} holds NaN or infinity")


def _numbers(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of the fields of a neuron model that hold numbers."""
    for item in fields(part):
        value = getattr(part, item.name)
        if isinstance(value, Mapping):
            yield from value.items()
        elif not isinstance(value, str | bool | tuple | NeuronProgram):
            yield item.name, value


def _check_projection(network: Network, projection: Projection) -> None:
    where = f"network {network.name}: projection {projection.source} -> {projection.target}"
    source, target = network.population(projection.source), network.population(projection.target)
    if target.is_source:
        raise NeurosimError(f"{where}: a source cannot receive pulses")
    if len(projection.indptr) != source.size + 1:
        raise NeurosimError(f"{where}: weights have {len(projection.indptr) - 1} rows, {source.size} needed")
    if len(projection.targets) and not 0 <= projection.targets.min() <= projection.targets.max() < target.size:
        raise NeurosimError(f"{where}: weights name target {projection.targets.max()}, size is {target.size}")
    if len(projection.weights) != len(projection.targets):
        raise NeurosimError(f"{where}: {len(projection.weights)} weights for {len(projection.targets)} targets")
    if not np.isfinite(projection.weights).all():
        bad = int(np.flatnonzero(~np.isfinite(projection.weights))[0])
        raise NeurosimError(f"{where}: weight {bad} is {projection.weights[bad]}, must be finite")
    if len(projection.targets) and int(np.min(projection.delay)) < 0:
        raise NeurosimError(f"{where}: delay {int(np.min(projection.delay))}, must be at least 0")
    if not 0 <= projection.port < target.compartments:
        raise NeurosimError(f"{where}: port {projection.port}, {target.name} has {target.compartments}")


def _check_learning(network: Network, incoming: list[Projection]) -> None:
    """Refuse what does not go together in the learning of one population."""
    first: Projection | None = None
    for p in incoming:
        where = f"network {network.name}: projection {p.source} -> {p.target}"
        if p.learning is None:
            if np.any(p.tags):
                raise NeurosimError(f"{where}: has tags and no learning rule")
            continue
        if p.modulates:
            raise NeurosimError(f"{where}: modulates and learns, can only do one of them")
        tags = np.asarray(p.tags)
        if tags.dtype.kind not in "iu" or (tags.ndim and tags.shape != p.targets.shape):
            raise NeurosimError(
                f"{where}: tags are {tags.dtype}{list(tags.shape)}, needs whole numbers, one per synapse"
            )
        if "r" in p.learning.variables and not any(other.modulates for other in incoming):
            raise NeurosimError(f"{where}: its rule reads r, and no projection modulates {p.target}")
        if first is not None and first.learning is not None and first.learning.of_neuron != p.learning.of_neuron:
            raise NeurosimError(
                f"{where}: y1, y2, y3 and reward_tau belong to the neuron and differ from those of {first.source}"
                f" -> {first.target}"
            )
        first = first or p
