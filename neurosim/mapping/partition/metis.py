"""METIS: least edge cut by multilevel bisection (G. Karypis, V. Kumar 1998), then a repair to the hard limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.extras import extra
from neurosim.mapping.hypergraph import hypergraph_of
from neurosim.mapping.partition.blocks import blocks_of, whole_weights
from neurosim.mapping.partition.graph import synapse_graph
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.legalise import legalise
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch


def metis(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Cut the graph of synapses into as many blocks as a greedy growth fills, and repair.

    METIS counts every synapse that is cut, not packets, and takes balance as a wish. Fixed neurons move afterwards.
    """
    pymetis = extra("metis", "pymetis")
    grown = greedy(problem)
    blocks = blocks_of(problem, hypergraph_of(problem), grown)
    graph = synapse_graph(problem)
    if blocks.n < 2 or not graph.nnz:
        return grown
    options = pymetis.Options(seed=seed, ufactor=1, numbering=0)
    adjacency = pymetis.CSRAdjacency(graph.indptr.astype(np.int64), graph.indices.astype(np.int64))
    _, block = pymetis.part_graph(
        blocks.n,
        adjacency=adjacency,
        vweights=blocks.weight.tolist(),
        eweights=whole_weights(graph.data).tolist(),
        options=options,
        recursive=False,
    )
    return legalise(problem, np.array(block, dtype=np.int64))
