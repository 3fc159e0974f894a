"""Loading what learns: from the synapses of a network to the tables of one core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.encode import Encoding
from neurosim.cores.compartment.learning.image import PlasticImage
from neurosim.network import Network

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plasticity:
    """What learns in a network: per projection its entry of ``schemes`` (-1 for none) and whether it modulates.

    ``weight`` and ``tag`` int64[synapses] are registers, ``neuron`` int64[synapses] the target of each.
    """

    schemes: tuple[Encoding, ...]
    scheme: Ints
    modulates: NDArray[np.bool_]
    weight: Ints
    tag: Ints
    seed: int

    @classmethod
    def of(cls, network: Network, encodings: Sequence[Encoding], weights: Ints, seed: int) -> Plasticity | None:
        """Return what learns, None if nothing does; ``weights`` are the mantissas of all synapses."""
        if not network.learns:
            return None
        distinct = list(dict.fromkeys(e for e in encodings if e.rule is not None))
        return cls(
            tuple(distinct),
            np.array([distinct.index(e) if e.rule is not None else -1 for e in encodings], dtype=np.int64),
            np.array([e.modulates for e in encodings], dtype=np.bool_),
            weights,
            np.concatenate(
                [np.broadcast_to(np.asarray(p.tags, np.int64), p.targets.shape) for p in network.projections]
            ),
            seed,
        )


@dataclass(frozen=True, eq=False)
class CoreSynapses:
    """The synapses of one core, axon by axon.

    ``ptr`` int64[axons + 1]; per axon ``net`` and ``projection``; per synapse ``number`` (place in the network),
    ``neuron``, ``soma`` (unit of the neuron on this core) and ``delay``.
    """

    ptr: Ints
    net: Ints
    projection: Ints
    number: Ints
    neuron: Ints
    soma: Ints
    delay: Ints


def plastic_image(plasticity: Plasticity, core: CoreSynapses) -> PlasticImage | None:
    """Return what learns on a core, None if nothing does."""
    scheme = plasticity.scheme[core.projection]
    counts = np.diff(core.ptr)
    learning = np.repeat(scheme >= 0, counts)
    if not learning.any():
        return None
    here = np.flatnonzero(learning)
    axon = np.flatnonzero(scheme >= 0)
    neurons, first, post = np.unique(core.neuron[here], return_index=True, return_inverse=True)
    modulator = np.flatnonzero(plasticity.modulates[core.projection])
    entries = np.flatnonzero(np.repeat(plasticity.modulates[core.projection], counts))
    goal = np.searchsorted(neurons, core.neuron[entries])
    known = (goal < len(neurons)) & (neurons[np.minimum(goal, len(neurons) - 1)] == core.neuron[entries])
    rank = np.repeat(np.arange(len(modulator)), counts[modulator])[known]
    entries, goal = entries[known], goal[known]
    number = core.number[here]
    return PlasticImage(
        plasticity.schemes,
        axon,
        _starts(counts[axon]),
        core.net[axon],
        scheme[axon],
        number,
        post.ravel().astype(np.int64),
        plasticity.weight[number].astype(np.int16),
        plasticity.tag[number].astype(np.int16),
        core.soma[here][first],
        neurons,
        np.repeat(scheme, counts)[here][first],
        modulator,
        _starts(np.bincount(rank, minlength=len(modulator))),
        goal,
        plasticity.weight[core.number[entries]],
        core.delay[entries],
        plasticity.seed,
    )


def _starts(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
