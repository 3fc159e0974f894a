"""Mt-KaHyPar on connectivity-1, which counts packets exactly, then a repair to the hard limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.extras import extra
from neurosim.mapping.hypergraph import hypergraph_of
from neurosim.mapping.kahypar import blocks_by_kahypar, has_edges
from neurosim.mapping.partition.blocks import blocks_of
from neurosim.mapping.partition.greedy import greedy
from neurosim.mapping.partition.legalise import goals_of, legalise
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

_NAME = "hypergraph"


def hypergraph(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Cut the hypergraph of axons into as many blocks as a greedy growth fills, and repair.

    Blocks may weigh as much as the fullest core of that growth, without slack. The growth itself is the answer when
    time runs out first.
    """
    extra(_NAME, "mtkahypar")
    watch, graph, grown = watch or Watch(), hypergraph_of(problem), greedy(problem)
    blocks = blocks_of(problem, graph, grown)
    if blocks.n < 2 or not has_edges(graph):
        return grown
    wish = {"wish": goals_of(problem)} if problem.fixed else {}
    found = blocks_by_kahypar(_NAME, graph, blocks, seed, watch, **wish)
    return grown if found is None else legalise(problem, found)
