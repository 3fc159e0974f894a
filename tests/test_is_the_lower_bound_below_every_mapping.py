"""Lower bounds of the bench: never above the best of all mappings of a small problem, and right where it is known."""

import itertools

import numpy as np
import pytest
from mapping_cases import Room, nets_from, random_rows, traffic, ways

from neurosim.bench.bounds import lower_bounds, most_per_core
from neurosim.mapping import MappingProblem, Usage


class Telling(Room):
    """A core that also tells what neurons need at least."""

    def least(self, neurons):
        return (Usage("neurons", -1, len(neurons), self.limits["neurons"]),)


def problem_of(rows, n, shape, n_inputs=0, room=2, **more):
    nets = nets_from(rows, n_inputs)
    return MappingProblem("chip", n, nets, *shape, lambda: Telling(nets, room, 100), **more)


def packets(problem, core_of):
    return sum(spikes for _, _, spikes in ways(problem, core_of))


@pytest.mark.parametrize("seed", range(12))
def test_no_mapping_is_below_the_bounds(seed):
    rng = np.random.default_rng(seed)
    n, inputs = 5, seed % 3
    shape = [(2, 2, 1), (2, 1, 2), (3, 1, 1)][seed % 3 - 1]
    ports = (0,) if inputs else ()
    rates = rng.integers(0, 5, inputs + n).astype(float)
    rows = random_rows(rng, n, inputs, 0.5 + 0.05 * seed % 0.5)
    problem = problem_of(rows, n, shape, inputs, ports=ports, rates=rates)
    found = [
        np.array(cores)
        for cores in itertools.product(range(problem.n_cores), repeat=n)
        if np.bincount(cores).max() <= 2
    ]
    bounds = lower_bounds(problem)
    assert bounds["packets"] <= min(packets(problem, c) for c in found) + 1e-9
    assert bounds["hop_weighted"] <= min(traffic(problem, c) for c in found) + 1e-9
    assert bounds["cores_used"] <= min(len(set(c.tolist())) for c in found)


def test_an_axon_needs_the_cores_that_its_targets_fill():
    problem = problem_of([(0, [1, 2, 3, 4, 5])], 6, (6, 1, 1), rates=np.array([7.0, 0, 0, 0, 0, 0]))
    bounds = lower_bounds(problem)
    assert most_per_core(problem) == 2
    assert bounds["packets"] == 7 * 2  # six neurons, two per core: three cores, one of them the source's
    assert bounds["hop_weighted"] == 7 * 2  # one hop to the left, one to the right
    assert bounds["cores_used"] == 3


def test_a_neuron_hears_its_sources_from_other_cores():
    rows = [(k, [5]) for k in range(5)]
    problem = problem_of(rows, 6, (6, 1, 1), rates=np.array([5.0, 4, 3, 2, 1, 0]))
    bounds = lower_bounds(problem)
    assert bounds["packets"] == 4 + 3 + 2 + 1  # the busiest shares the core
    assert bounds["hop_weighted"] == (4 + 3) * 1 + (2 + 1) * 1  # two cores are one hop away, left and right


def test_lines_fill_the_cores_near_their_port():
    rows = [(k, [k]) for k in range(4)]
    problem = problem_of(rows, 4, (4, 1, 1), n_inputs=4, ports=(0,), rates=np.array([4.0, 3, 2, 1, 0, 0, 0, 0]))
    bounds = lower_bounds(problem)
    assert bounds["packets"] == 10
    assert bounds["hop_weighted"] == 2 + 1  # two neurons at the port, the two quiet ones a hop away


def test_a_line_sends_one_packet_to_a_core_however_many_it_feeds_there():
    problem = problem_of([(0, [0, 1, 2, 3])], 4, (4, 1, 1), n_inputs=1, ports=(0,), rates=np.array([6.0, 0, 0, 0, 0]))
    bounds = lower_bounds(problem)
    assert bounds["packets"] == 6 * 2  # two cores
    assert bounds["hop_weighted"] == 6 * 1  # one at the port, one a hop away
