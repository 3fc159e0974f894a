"""The process in which Mt-KaHyPar works: arrays come in on standard input, blocks go out on standard output.

Run as a file, so that it starts without the rest of the package. One thread and the deterministic preset, so that
results depend on the seed alone.
"""

from __future__ import annotations

import io
import sys

import mtkahypar  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np


def main() -> None:
    """Read an npz of hyperedges, weights, seed and perhaps a target graph; write the block of every neuron as npy.

    With a target graph its nodes are the blocks and Steiner trees are made short, else connectivity-1.
    """
    given = np.load(io.BytesIO(sys.stdin.buffer.read()))
    start = mtkahypar.initialize(1, False)
    mtkahypar.set_seed(int(given["seed"]))
    context = start.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.logging = False
    blocks, mapped = int(given["blocks"]), "edges" in given
    if mapped:
        context.set_mapping_parameters(blocks, 0.0)
    else:
        context.set_partitioning_parameters(blocks, 0.0, mtkahypar.Objective.KM1)
    context.set_individual_target_block_weights([int(given["most"])] * blocks)
    nets = [pins.tolist() for pins in np.split(given["pins"], given["ptr"][1:-1])]
    weight = given["pin_weight"].tolist()
    handed = start.create_hypergraph(context, len(weight), len(nets), nets, weight, given["net_weight"].tolist())
    if "wish" in given:
        handed.add_fixed_vertices(given["wish"].tolist(), blocks)
    if mapped:
        edges = [(a, b) for a, b in given["edges"].tolist()]
        target = start.create_target_graph(context, blocks, len(edges), edges, given["lengths"].tolist())
        found = handed.map_onto_graph(target, context)
    else:
        found = handed.partition(context)
    np.save(sys.stdout.buffer, np.array(found.get_partition(), dtype=np.int64))


if __name__ == "__main__":
    main()
