"""The process in which Mt-KaHyPar maps: arrays come in on standard input, blocks go out on standard output."""

from __future__ import annotations

import io
import sys

import numpy as np

from neurosim.mapping.hypergraph import Hypergraph
from neurosim.mapping.partition.kahypar import context_of, handed_over, library


def main() -> None:
    """Read an npz of the hypergraph, block weight, target graph and seed; write the block of every neuron as npy."""
    given = np.load(io.BytesIO(sys.stdin.buffer.read()))
    graph = Hypergraph(*(given[name] for name in Hypergraph._fields))
    _, start = library("mesh")
    context = context_of("mesh", int(given["seed"]))
    lengths = given["lengths"].tolist()
    blocks = int(given["edges"].max()) + 1
    context.set_mapping_parameters(blocks, 0.0)
    context.set_individual_target_block_weights([int(given["most"])] * blocks)
    handed = handed_over("mesh", context, graph, given["pin_weight"])
    edges = [(a, b) for a, b in given["edges"].tolist()]
    target = start.create_target_graph(context, blocks, len(edges), edges, lengths)
    found = handed.map_onto_graph(target, context).get_partition()
    np.save(sys.stdout.buffer, np.array(found, dtype=np.int64))


if __name__ == "__main__":
    main()
