"""Mt-KaHyPar (T. Heuer, L. Gottesbüren et al.): the library's handle, and hypergraphs as it wants them."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.extras import extra
from neurosim.mapping.hypergraph import Hypergraph
from neurosim.mapping.partition.blocks import whole_weights

Ints = NDArray[np.int64]


@cache
def library(mapper: str) -> tuple[Any, Any]:
    """Return the module and its one initialiser, on one thread so that results depend on the seed alone."""
    module = extra(mapper, "mtkahypar")
    return module, module.initialize(1, False)


def context_of(mapper: str, seed: int) -> Any:
    """Return a quiet context of the deterministic preset."""
    module, start = library(mapper)
    module.set_seed(seed)
    context = start.context_from_preset(module.PresetType.DETERMINISTIC)
    context.logging = False
    return context


class Edges(NamedTuple):
    """Hyperedges that something can cut: pins of edge e are ``pins[ptr[e] : ptr[e + 1]]``, with whole ``weight``s."""

    ptr: Ints
    pins: Ints
    weight: Ints


def edges_of(graph: Hypergraph) -> Edges:
    """Return the nets of two pins or more."""
    sizes = np.diff(graph.net_ptr)
    chosen = sizes > 1
    ptr = np.concatenate([[0], np.cumsum(sizes[chosen])]).astype(np.int64)
    return Edges(ptr, graph.pin[np.repeat(chosen, sizes)], whole_weights(graph.weight)[chosen])


def handed_over(mapper: str, context: Any, edges: Edges, weight: Ints) -> Any:
    """Return the library's hypergraph with a weight per neuron."""
    _, start = library(mapper)
    nets = [pins.tolist() for pins in np.split(edges.pins, edges.ptr[1:-1])]
    return start.create_hypergraph(context, len(weight), len(nets), nets, weight.tolist(), edges.weight.tolist())
