"""The process in which Mt-KaHyPar works: arrays come in on standard input, blocks go out on standard output.

Run as a file, so that it starts without the rest of the package. One thread and the deterministic preset, so that
results depend on the seed alone.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

import mtkahypar  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np

START = mtkahypar.initialize(1, False)


def main() -> None:
    """Read an npz of hyperedges, weights and seed; write the block of every neuron as npy.

    With a target graph, neurons go to its nodes, tiles that hold ``room`` blocks each, for short Steiner trees; then
    those of each tile into its blocks. Without one all blocks are in one tile.
    """
    given = np.load(io.BytesIO(sys.stdin.buffer.read()))
    nets, weight = np.split(given["pins"], given["ptr"][1:-1]), given["pin_weight"]
    costs, most, room = given["net_weight"], int(given["most"]), given["room"]
    mtkahypar.set_seed(int(given["seed"]))
    tile_of = np.zeros(len(weight), dtype=np.int64)
    if len(room) > 1:
        context = _context()
        context.set_mapping_parameters(len(room), 0.0)
        context.set_individual_target_block_weights((most * room).tolist())
        edges = [(a, b) for a, b in given["edges"].tolist()]
        target = START.create_target_graph(context, len(room), len(edges), edges, given["lengths"].tolist())
        handed = _hypergraph(context, nets, weight, costs)
        tile_of = np.array(handed.map_onto_graph(target, context).get_partition(), dtype=np.int64)
    block = np.zeros_like(tile_of)
    first = np.cumsum(room) - room
    for tile, blocks in enumerate(room.tolist()):
        inside = np.flatnonzero(tile_of == tile)
        block[inside] = first[tile]
        if blocks > 1 and len(inside):
            here, kept = _within(nets, inside, len(weight))
            block[inside] += _cut(here, weight[inside], costs[kept], blocks, most, given.get("wish"))
    np.save(sys.stdout.buffer, block)


def _context() -> Any:
    context = START.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.logging = False
    return context


def _hypergraph(context: Any, nets: Sequence[Any], weight: Any, costs: Any) -> Any:
    pins = [net.tolist() for net in nets]
    return START.create_hypergraph(context, len(weight), len(pins), pins, weight.tolist(), costs.tolist())


def _within(nets: Sequence[Any], inside: Any, n: int) -> tuple[list[Any], list[int]]:
    """Return nets with two pins or more among some neurons, by their numbers there, and which nets those are."""
    number = np.full(n, -1)
    number[inside] = np.arange(len(inside))
    here = [number[net][number[net] >= 0] for net in nets]
    kept = [k for k, net in enumerate(here) if len(net) > 1]
    return [here[k] for k in kept], kept


def _cut(nets: Sequence[Any], weight: Any, costs: Any, blocks: int, most: int, wish: Any) -> Any:
    """Cut neurons into blocks with least connectivity-1."""
    context = _context()
    context.set_partitioning_parameters(blocks, 0.0, mtkahypar.Objective.KM1)
    context.set_individual_target_block_weights([max(most, -(-int(weight.sum()) // blocks))] * blocks)
    handed = _hypergraph(context, nets, weight, costs)
    if wish is not None:
        handed.add_fixed_vertices(wish.tolist(), blocks)
    return np.array(handed.partition(context).get_partition(), dtype=np.int64)


if __name__ == "__main__":
    main()
