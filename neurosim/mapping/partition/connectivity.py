"""Mt-KaHyPar on connectivity-1, which counts packets exactly, then a repair to the hard limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.hypergraph import hypergraph_of
from neurosim.mapping.partition.blocks import blocks_of
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.kahypar import context_of, edges_of, handed_over, library
from neurosim.mapping.partition.legalise import legalise
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

_NAME = "hypergraph"


def hypergraph(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Cut the hypergraph of axons into as many blocks as a greedy growth fills, and repair.

    Blocks may weigh as much as the fullest core of that growth, without slack.
    """
    module, _ = library(_NAME)
    graph = hypergraph_of(problem)
    blocks = blocks_of(problem, graph)
    edges = edges_of(graph)
    if blocks.n < 2 or not len(edges.weight):
        return greedy(problem)
    context = context_of(_NAME, seed)
    context.set_partitioning_parameters(blocks.n, 0.0, module.Objective.KM1)
    context.set_individual_target_block_weights([blocks.most] * blocks.n)
    handed = handed_over(_NAME, context, edges, blocks.weight)
    if problem.fixed:
        wish = np.full(problem.n_neurons, -1)
        wish[list(problem.pins)] = list(problem.pins.values())
        handed.add_fixed_vertices(wish.tolist(), blocks.n)
    return legalise(problem, np.array(handed.partition(context).get_partition(), dtype=np.int64))
