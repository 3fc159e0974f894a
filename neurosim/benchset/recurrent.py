"""Recurrent networks: small world, Erdős–Rényi, reservoir, Brunel. Leaky neurons; each line feeds neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.benchset.graph import STRONGEST, THRESHOLD, Graph, Ints, below, mixed_weights, once

_DECAY, _DRIVE, _GENTLE = 0.9, 0.6, 0.4


def small_world(n: int, neighbours: int, rewired: float, rng: np.random.Generator) -> Graph:
    """Return a ring in which each neuron reaches its nearest ``neighbours``, each synapse redirected with a chance.

    After D. J. Watts, S. H. Strogatz, Nature 393 (1998); synapses are directed, repeats are merged.
    """
    half = neighbours // 2
    steps = np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    source = np.repeat(np.arange(n), len(steps))
    target = (source + np.tile(steps, n)) % n
    moved = rng.random(len(source)) < rewired
    target = np.where(moved, below(n, len(source), rng), target)
    return fed_by_lines(n, *once(source, target, n), lines=n // 32, rng=rng)


def erdos_renyi(n: int, synapses: int, rng: np.random.Generator) -> Graph:
    """Return a random graph with ``synapses`` drawn with equal chances for all pairs, repeats merged."""
    drawn = below(n, synapses, rng), below(n, synapses, rng)
    return fed_by_lines(n, *once(*drawn, n), lines=n // 32, rng=rng)


def reservoir(inputs: int, n: int, readout: int, share: float, rng: np.random.Generator) -> Graph:
    """Return sensors that each reach a tenth of a random pool, the pool, and readout neurons that all of it reaches."""
    sensors, pool = np.arange(inputs), inputs + np.arange(n)
    a = np.repeat(sensors, n // 10), inputs + below(n, inputs * (n // 10), rng)
    drawn = int(share * n * n)
    b = inputs + below(n, drawn, rng), inputs + below(n, drawn, rng)
    c = np.repeat(pool, readout), np.tile(inputs + n + np.arange(readout), n)
    total = inputs + n + readout
    source, target = once(np.concatenate([a[0], b[0], c[0]]), np.concatenate([a[1], b[1], c[1]]), total)
    weight = mixed_weights(target, total, rng, gain=4.0)
    return Graph(total, source, target, weight, sensors, sensors, _DECAY, 0.9)


def brunel(excitatory: int, inhibitory: int, share: float, relative: float, rng: np.random.Generator) -> Graph:
    """Return a balanced random network: every neuron draws a share of each group; inhibition ``relative`` times.

    After N. Brunel, J. Comput. Neurosci. 8 (2000); repeats among the drawn are merged.
    """
    n = excitatory + inhibitory
    target_e = np.repeat(np.arange(n), int(share * excitatory))
    target_i = np.repeat(np.arange(n), int(share * inhibitory))
    source_e = below(excitatory, len(target_e), rng)
    source_i = excitatory + below(inhibitory, len(target_i), rng)
    source, target = once(np.concatenate([source_e, source_i]), np.concatenate([target_e, target_i]), n)
    return balanced(n, source, target, source >= excitatory, relative, lines=n // 32)


def balanced(n: int, source: Ints, target: Ints, inhibits: NDArray[np.bool_], relative: float, lines: int) -> Graph:
    """Return a graph of equal excitatory weights and inhibitory ones ``relative`` times as strong."""
    strength = max(1, round(2 * THRESHOLD * n / len(source)))
    largest = min(STRONGEST, round(relative * strength))
    weight = np.where(inhibits, -largest, strength).astype(np.int64)
    fed = np.arange(n, dtype=np.int64)
    return Graph(n, source, target, weight, fed * lines // n, fed, _DECAY, _DRIVE)


def fed_by_lines(n: int, source: Ints, target: Ints, lines: int, rng: np.random.Generator) -> Graph:
    """Return a graph of mixed weights in which line k feeds the k-th block of neurons."""
    fed = np.arange(n, dtype=np.int64)
    return Graph(n, source, target, mixed_weights(target, n, rng), fed * lines // n, fed, _DECAY, _GENTLE)
