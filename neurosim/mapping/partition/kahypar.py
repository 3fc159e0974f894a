"""Mt-KaHyPar (T. Heuer, L. Gottesbüren et al.): the library's handle, and hypergraphs as it wants them."""

from __future__ import annotations

from functools import cache
from typing import Any

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


def handed_over(mapper: str, context: Any, graph: Hypergraph, weight: Ints) -> Any:
    """Return the hypergraph with a weight per neuron; nets of one pin, which nothing can cut, are left out."""
    _, start = library(mapper)
    pins = np.diff(graph.net_ptr)
    chosen = np.flatnonzero(pins > 1)
    rows = np.split(graph.pin, graph.net_ptr[1:-1]) if graph.n_nets else []
    edges = [rows[net].tolist() for net in chosen.tolist()]
    weights = whole_weights(graph.weight)[chosen].tolist()
    return start.create_hypergraph(context, graph.n_pins, len(edges), edges, weight.tolist(), weights)
