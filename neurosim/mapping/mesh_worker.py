"""The process in which Mt-KaHyPar maps: arrays come in on standard input, blocks go out on standard output.

Run as a file, so that it starts without the rest of the package.
"""

from __future__ import annotations

import io
import sys

import mtkahypar  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np


def main() -> None:
    """Read an npz of hyperedges, weights, target graph and seed; write the block of every neuron as npy."""
    given = np.load(io.BytesIO(sys.stdin.buffer.read()))
    start = mtkahypar.initialize(1, False)
    mtkahypar.set_seed(int(given["seed"]))
    context = start.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.logging = False
    blocks = int(given["edges"].max()) + 1
    context.set_mapping_parameters(blocks, 0.0)
    context.set_individual_target_block_weights([int(given["most"])] * blocks)
    nets = [pins.tolist() for pins in np.split(given["pins"], given["ptr"][1:-1])]
    weight = given["pin_weight"].tolist()
    handed = start.create_hypergraph(context, len(weight), len(nets), nets, weight, given["net_weight"].tolist())
    edges = [(a, b) for a, b in given["edges"].tolist()]
    target = start.create_target_graph(context, blocks, len(edges), edges, given["lengths"].tolist())
    found = handed.map_onto_graph(target, context).get_partition()
    np.save(sys.stdout.buffer, np.array(found, dtype=np.int64))


if __name__ == "__main__":
    main()
