"""A partitioner of somebody else: cores take neurons in the order in which pulses from outside reach them."""

from collections import deque

import numpy as np

from neurosim.mapping.partition.fill import fill_along


def breadth_first(problem, *, seed=0):
    """Return the cluster of every neuron, int[neurons]."""
    nets, inputs = problem.nets, problem.nets.n_inputs
    reached = [[] for _ in range(inputs + problem.n_neurons)]
    for source, first, end in zip(nets.source, nets.ptr[:-1], nets.ptr[1:], strict=True):
        reached[source] += nets.target[first:end].tolist()
    order, seen, waiting = [], set(), deque(range(inputs))
    while waiting:
        for neuron in reached[waiting.popleft()]:
            if neuron not in seen:
                seen.add(neuron)
                order.append(neuron)
                waiting.append(inputs + neuron)
    order += sorted(set(range(problem.n_neurons)) - seen)
    return fill_along(problem, np.array(order))
