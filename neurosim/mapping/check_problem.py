"""Contradictions in a mapping problem, told in one line before any mapper works on it."""

from __future__ import annotations

import numpy as np

from neurosim.errors import CapacityError, NeurosimError
from neurosim.mapping.problem import MappingProblem


def refuse_contradictions(problem: MappingProblem) -> None:
    """Raise NeurosimError for rates, fixed neurons, ports or dead links that do not fit the problem."""
    _check_rates(problem)
    _check_fixed(problem)
    tiles = problem.columns * problem.rows
    for tile in (*problem.ports, *(() if problem.hub is None else (problem.hub,))):
        if not 0 <= tile < tiles:
            raise NeurosimError(f"{problem.chip}: port or hub at tile {tile}, there are tiles 0..{tiles - 1}")
    for link in sorted(problem.dead_links):
        if link not in _links(problem, link):
            raise NeurosimError(f"{problem.chip}: dead link {link[0]} -> {link[1]}: these tiles are no neighbours")


def _check_rates(problem: MappingProblem) -> None:
    if problem.rates is None:
        return
    sources = problem.nets.n_inputs + problem.n_neurons
    if problem.rates.shape != (sources,):
        raise NeurosimError(f"rates: found {list(problem.rates.shape)} values, needs {sources}: inputs, then neurons")
    if not np.all(np.isfinite(problem.rates)) or problem.rates.min(initial=0) < 0:
        raise NeurosimError("rates: must be finite and not negative")


def _check_fixed(problem: MappingProblem) -> None:
    for neuron, core in sorted(problem.fixed.items()):
        if not 0 <= neuron < problem.n_neurons:
            raise NeurosimError(f"fixed: neuron {neuron}, the network has 0..{problem.n_neurons - 1}")
        if not 0 <= core < problem.n_cores:
            raise NeurosimError(f"fixed: neuron {neuron} on core {core}, {problem.chip} has 0..{problem.n_cores - 1}")
        if core in problem.unusable:
            raise NeurosimError(f"fixed: neuron {neuron} on core {core}, which {problem.chip} does not have free")
    if not problem.fixed:
        return
    clusters: dict[int, list[int]] = {}
    for neuron in sorted(problem.fixed):
        clusters.setdefault(problem.fixed[neuron], []).append(neuron)
    sends = problem.nets.sends(np.zeros(problem.n_neurons, dtype=np.int32))
    for core, neurons in sorted(clusters.items()):
        rows = np.array(neurons, dtype=np.int64)
        limit = problem.excess(rows, sends[rows])
        if limit is not None:
            where = f"core {core} with the {len(rows)} neurons fixed there"
            raise CapacityError(problem.chip, limit.limit, limit.needed, limit.available, where)


def _links(problem: MappingProblem, link: tuple[int, int]) -> set[tuple[int, int]]:
    """Return the links out of the tile at which a link starts."""
    start, columns = link[0], problem.columns
    if not 0 <= start < columns * problem.rows:
        return set()
    x, y = start % columns, start // columns
    places = [(x + dx, y + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    return {(start, v * columns + u) for u, v in places if 0 <= u < columns and 0 <= v < problem.rows}
