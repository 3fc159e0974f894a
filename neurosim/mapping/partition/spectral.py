"""Spectral order: neurons along the Fiedler vector of the synapse graph, cut in halves again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from neurosim.mapping.partition.fill import fill_along
from neurosim.mapping.partition.graph import synapse_graph
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_SMALL = 64  # neurons that are sorted but not cut further
_DENSE = 200  # up to which all eigenvectors are computed at once
_PRECISION = 1e-3


def spectral(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Fill cores along the order of recursive spectral bisection (M. Fiedler 1973; A. Pothen et al. 1990).

    Within every part the neurons are sorted by the second eigenvector of the normalised Laplacian and, down to 64, cut
    in the middle. Where time runs out parts keep the order they have.
    """
    watch = watch or Watch()
    order = np.arange(problem.n_neurons)
    graph, waiting = synapse_graph(problem), [(0, problem.n_neurons)]
    rng = np.random.default_rng(seed)
    with watch.interruptible():
        while waiting and not watch.over:
            first, end = waiting.pop()
            part = order[first:end]
            order[first:end] = part[spectral_order(csr_array(graph[part][:, part]), rng)]
            middle = (first + end) // 2
            waiting += [(first, middle), (middle, end)] if end - first > _SMALL else []
    return fill_along(problem, order)


def spectral_order(graph: csr_array, rng: np.random.Generator) -> Ints:
    """Return the vertices of a symmetric graph by component, then along the component's Fiedler vector."""
    n, label = connected_components(graph, directed=False)
    if n == 1:
        return np.argsort(second_vector(graph, rng), kind="stable")
    size = np.bincount(label)
    key = np.zeros(len(label))
    for k in np.flatnonzero(size > 2).tolist():
        rows = np.flatnonzero(label == k)
        key[rows] = second_vector(csr_array(graph[rows][:, rows]), rng)
    return np.lexsort((key, label))


def second_vector(graph: csr_array, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the Fiedler vector of a connected symmetric graph, float64[n], with a fixed sign."""
    return vectors(graph, 1, rng)[:, 0]


def vectors(graph: csr_array, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the ``count`` eigenvectors after the first of the normalised Laplacian of a connected graph."""
    n = graph.shape[0]
    scale = 1.0 / np.sqrt(np.maximum(graph.sum(axis=1), np.finfo(np.float64).tiny))
    matrix = diags_array(scale) @ graph @ diags_array(scale)
    if n <= max(_DENSE, count + 2):
        found = np.linalg.eigh(matrix.toarray())[1][:, ::-1][:, 1 : count + 1]
    else:
        # Largest eigenvalues of the normalised adjacency are the smallest of the Laplacian; shifted to be positive.
        try:
            values, all_found = eigsh(
                matrix + diags_array(np.ones(n)), k=count + 1, which="LA", v0=rng.random(n), tol=_PRECISION
            )
        except ArpackNoConvergence as error:
            values, all_found = error.eigenvalues, error.eigenvectors
        found = all_found[:, np.argsort(-values)][:, 1 : count + 1]
    found = scale[:, None] * found
    missing = count - found.shape[1]
    found = np.concatenate([found, np.zeros((n, max(missing, 0)))], axis=1)
    largest = np.abs(found).argmax(axis=0)
    return found * np.where(found[largest, np.arange(count)] < 0, -1.0, 1.0)
