"""The network as a plain graph, one edge per synapse: what edge-cut and spectral partitioners work on."""

from __future__ import annotations

from scipy.sparse import csr_array

from neurosim.mapping.problem import MappingProblem


def synapse_graph(problem: MappingProblem) -> csr_array:
    """Return the symmetric graph of neurons, float64[n, n]: spikes over the synapses between two neurons, both ways.

    Synapses of input lines have no neuron at their other end and are left out, as are those of a neuron on itself.
    """
    nets, n = problem.nets, problem.n_neurons
    source = nets.source[nets.net_of_synapse] - nets.n_inputs
    weight = problem.spikes[nets.net_of_synapse]
    own = (source >= 0) & (source != nets.target)
    half = csr_array((weight[own], (source[own], nets.target[own])), shape=(n, n))
    both = csr_array(half + half.T)
    both.sum_duplicates()
    return both
