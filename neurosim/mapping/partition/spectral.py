"""Spectral order: neurons along the Fiedler vector of the synapse graph, cut in halves again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components

from neurosim.mapping.partition.fill import fill_along
from neurosim.mapping.partition.graph import synapse_graph
from neurosim.mapping.problem import MappingProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SMALL = 64  # neurons that are sorted but not cut further
_DENSE = 200  # up to which all eigenvectors are computed at once
_KRYLOV = 60


def spectral(problem: MappingProblem, *, seed: int = 0, watch: Watch | None = None) -> NDArray[np.int32]:
    """Fill cores along the order of recursive spectral bisection (M. Fiedler 1973; A. Pothen et al. 1990).

    Within every part the neurons are sorted by the second eigenvector of the normalised Laplacian and, down to 64, cut
    in the middle. Where time runs out parts keep the order they have.
    """
    order = bisected(synapse_graph(problem), np.random.default_rng(seed), watch)
    return fill_along(problem, order)


def bisected(graph: csr_array, rng: np.random.Generator, watch: Watch | None = None) -> Ints:
    """Return the vertices of a symmetric graph in the order of recursive spectral bisection."""
    watch, order = watch or Watch(), np.arange(graph.shape[0])
    waiting = [(0, len(order))] if len(order) > 1 else []
    with watch.interruptible():
        while waiting and not watch.over:
            first, end = waiting.pop()
            part = order[first:end]
            order[first:end] = part[spectral_order(csr_array(graph[part][:, part]), rng)]
            middle = (first + end) // 2
            waiting += [(first, middle), (middle, end)] if end - first > _SMALL else []
    return order


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


def second_vector(graph: csr_array, rng: np.random.Generator) -> Floats:
    """Return the Fiedler vector of a connected symmetric graph, float64[n], with a fixed sign."""
    return vectors(graph, 1, rng)[:, 0]


def vectors(graph: csr_array, count: int, rng: np.random.Generator) -> Floats:
    """Return the ``count`` eigenvectors after the first of the normalised Laplacian of a connected graph.

    Of large graphs they are the Ritz vectors of a Krylov space of 60 dimensions, which suffice to sort by.
    """
    n = graph.shape[0]
    root = np.sqrt(np.maximum(graph.sum(axis=1), np.finfo(np.float64).tiny))
    matrix = diags_array(1 / root) @ graph @ diags_array(1 / root)
    if n <= _DENSE:
        found = np.linalg.eigh(matrix.toarray())[1][:, ::-1][:, 1 : count + 1]
    else:
        found = _ritz(csr_array(matrix), root / np.linalg.norm(root), count, rng)
    found = found / root[:, None]
    found = np.concatenate([found, np.zeros((n, count - found.shape[1]))], axis=1)
    largest = np.abs(found).argmax(axis=0)
    return found * np.where(found[largest, np.arange(count)] < 0, -1.0, 1.0)


def _ritz(matrix: csr_array, first: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return approximate eigenvectors of the largest eigenvalues but the first, whose vector is known (C. Lanczos)."""
    basis, start = np.zeros((_KRYLOV, len(first))), rng.standard_normal(len(first))
    basis[0] = _unit(start - (first @ start) * first)
    small = np.zeros((_KRYLOV, _KRYLOV))
    for k in range(_KRYLOV):
        image = matrix @ basis[k]
        image -= (first @ image) * first
        small[: k + 1, k] = small[k, : k + 1] = basis[: k + 1] @ image
        if k + 1 < _KRYLOV:
            for _ in range(2):  # once is not enough to stay orthogonal
                image -= basis[: k + 1].T @ (basis[: k + 1] @ image)
            basis[k + 1] = _unit(image)
    best: Floats = np.linalg.eigh(small)[1][:, ::-1][:, :count]
    found: Floats = basis.T @ best
    return found


def _unit(vector: Floats) -> Floats:
    return vector / max(float(np.linalg.norm(vector)), np.finfo(np.float64).tiny)
