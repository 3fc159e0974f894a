"""Mt-KaHyPar (T. Heuer, L. Gottesbüren et al.), called in a process of its own, because it knows no time limit."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import NeurosimError
from neurosim.mapping.hypergraph import Hypergraph
from neurosim.mapping.partition.blocks import Blocks, whole_weights
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]


def has_edges(graph: Hypergraph) -> bool:
    """Tell whether any net has two pins or more, so that something can be cut."""
    return bool(np.any(np.diff(graph.net_ptr) > 1))


def blocks_by_kahypar(
    mapper: str, graph: Hypergraph, blocks: Blocks, seed: int, watch: Watch, **more: ArrayLike
) -> Ints | None:
    """Return the block of every neuron, or None and a note when there is no time, or a person interrupts.

    ``more`` are int64 arrays: ``wish`` [neurons] blocks of fixed neurons, -1 for any; or ``edges`` [edges, 2] and
    ``lengths`` [edges] of a target graph of tiles with ``room`` [tiles] blocks each, in order.
    Raises NeurosimError when the library fails.
    """
    sizes = np.diff(graph.net_ptr)
    chosen = sizes > 1
    packed = io.BytesIO()
    np.savez(
        packed,
        ptr=np.concatenate([[0], np.cumsum(sizes[chosen])]),
        pins=graph.pin[np.repeat(chosen, sizes)],
        net_weight=whole_weights(graph.weight)[chosen],
        pin_weight=blocks.weight,
        most=blocks.most,
        seed=seed,
        **({"room": [blocks.n]} | more),  # type: ignore[arg-type]
    )
    done = _elsewhere(mapper, packed.getvalue(), watch)
    if done is None:
        return None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise NeurosimError(f"mapper '{mapper}' failed: {last[0]}")
    found: Ints = np.load(io.BytesIO(done.stdout)).astype(np.int64)
    return found


def _elsewhere(mapper: str, packed: bytes, watch: Watch) -> subprocess.CompletedProcess[bytes] | None:
    """Run the worker for as long as there is time; it ends with the wait for it."""
    left, done = watch.left, None
    missed = "interrupted"
    with watch.interruptible():
        try:
            done = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("kahypar_worker.py"))],
                input=packed,
                capture_output=True,
                timeout=None if left == float("inf") else left,
                check=False,
            )
        except subprocess.TimeoutExpired:
            missed = f"did not finish in the {left:.1f} s left"
    if done is None:
        watch.note(f"{mapper}: Mt-KaHyPar {missed}: greedy growth kept")
    return done
