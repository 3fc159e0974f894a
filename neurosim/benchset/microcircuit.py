"""The cortical microcircuit of Potjans and Diesmann, scaled down in neurons and in synapses per neuron."""

from __future__ import annotations

import numpy as np

from neurosim.benchset.graph import Graph, below, once
from neurosim.benchset.recurrent import balanced

# T. C. Potjans, M. Diesmann, Cerebral Cortex 24 (2014), table 5: populations L2/3 e, i, L4 e, i, L5 e, i, L6 e, i,
# and the probability that a neuron of the column's population reaches one of the row's.
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
PROBABILITIES = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)
_RELATIVE = 4.0  # inhibition against excitation, in the source too


def microcircuit(neurons: float, synapses: float, rng: np.random.Generator) -> Graph:
    """Return the circuit with a share of the neurons and of the synapses per neuron.

    The number of synapses between two populations is that of the source, ln(1 - p) / ln(1 - 1 / (n m)), times both
    shares; sources and targets are drawn with repetition, and repeats are merged.
    """
    sizes = [round(neurons * size) for size in SIZES]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    sources, targets = [], []
    for row, chances in enumerate(PROBABILITIES):
        for column, chance in enumerate(chances):
            pairs = float(SIZES[row]) * SIZES[column]
            count = round(np.log1p(-chance) / np.log1p(-1 / pairs) * neurons * synapses)
            sources.append(starts[column] + below(sizes[column], count, rng))
            targets.append(starts[row] + below(sizes[row], count, rng))
    n = int(starts[-1])
    source, target = once(np.concatenate(sources), np.concatenate(targets), n)
    population = np.searchsorted(starts, source, side="right") - 1
    return balanced(n, source, target, population % 2 == 1, _RELATIVE, lines=n // 64)
