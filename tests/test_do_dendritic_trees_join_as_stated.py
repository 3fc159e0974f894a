"""Do compartments join into trees as stated, on the chip, in both engines; and are impossible trees refused?"""

import re
from itertools import product

import numpy as np
import pytest

import neurosim as ns
from neurosim.errors import UnsupportedError
from neurosim.network import Compartment, CompartmentNeuron, Network, Population, Projection, Source

LOIHI = ns.load_chip("loihi")


@pytest.mark.parametrize("engine", ["event", "compiled"])
def test_does_the_model_with_two_branches_fire_for_the_one_pattern(engine):
    patterns = np.array(list(product([False, True], repeat=5)))
    pulses = np.zeros((len(patterns), 2, 5), dtype=bool)
    pulses[:, 0] = patterns
    run = ns.simulate(ns.map(ns.load_network("two-branches"), LOIHI), pulses, engine=engine)
    fires = [pattern.all() for pattern in patterns]  # a and b, c and d, and e
    assert run.answers["cell"][:, 0].tolist() == fires


def neuron(*parts):
    """Compartments given as (join, takes)."""
    cells = [Compartment(decay_u=4095, decay_v=0, threshold=64, join=join, takes=takes) for join, takes in parts]
    return CompartmentNeuron(tuple(cells))


def network(cell, size=3):
    synapses = Projection.dense("in", "a", np.full((1, size), 64), 1)
    return Network("tree", (Population("in", 1, Source()), Population("a", size, cell)), (synapses,), ("a",))


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([("add", 1)], "first compartment has join 'add'"),
        ([("none", 1), ("add", 2)], "compartment 1 has join 'add' of 2, more than stand on the stack"),
        ([("none", 1), ("none", 1), ("min", 2), ("gate", 2)], "compartment 3 has join 'gate' of 2"),
        ([("none", 1), ("max", 3)], "compartment 1 takes 3 results, a join takes 1 or 2"),
        ([("none", 1)] * 9 + [("add", 2)], "limit dendrite_stack: needed 9, available 8"),
    ],
)
def test_is_an_impossible_tree_refused(parts, problem):
    with pytest.raises(UnsupportedError, match=f"loihi: population 'a': .*{re.escape(problem)}"):
        ns.map(network(neuron(*parts)), LOIHI)


def test_is_a_deep_tree_held():
    ns.load_program(ns.map(network(neuron(*[("none", 1)] * 8, *[("add", 2)] * 7)), LOIHI))


def test_does_every_join_count_as_a_profile_of_its_own():
    from neurosim.cores.compartment import usage

    def profiles(*parts):
        program = ns.load_program(ns.map(network(neuron(*parts)), LOIHI))
        return next(item.needed for item in usage(program) if item.limit == "compartment_profiles")

    leaves = [("none", 1), ("none", 1)]
    assert profiles(*leaves, ("add", 2)) == 2
    assert profiles(*leaves, ("add", 1), ("add", 2)) == 3
