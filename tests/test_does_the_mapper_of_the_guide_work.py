"""Does the mapper that docs/add-a-mapper.md shows work as it stands there, on every chip?"""

import re
from pathlib import Path

import numpy as np
import pytest
from mapping_cases import check, problem_from

import neurosim as ns
from neurosim.mapping import assign
from neurosim.network import AddAndFire, Network, Population, Projection, Source

DOCS = Path(__file__).parents[1] / "docs"
FILE = DOCS / "breadth_first.py"
GUIDE = (DOCS / "add-a-mapper.md").read_text()


def test_is_the_file_what_the_guide_shows():
    shown = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL).group(1)
    assert shown == FILE.read_text()


def test_do_neurons_fill_cores_in_the_order_in_which_pulses_reach_them():
    # Input 0 drives neuron 3, input 1 drives 1; 3 drives 0, 1 drives 4; nothing drives 2. Two neurons per core.
    problem = problem_from([(0, [3]), (1, [1]), (2 + 3, [0]), (2 + 1, [4])], 5, n_inputs=2, neurons=2)
    core_of = assign(f"{FILE}:breadth_first+row-major", problem, 0)
    check(problem, core_of)
    assert core_of.tolist() == [1, 0, 2, 0, 1]


@pytest.mark.parametrize("chip", ["loihi", "loihi2", "truenorth", "spinnaker2"])
def test_does_it_run_on_the_chip(chip):
    weights = np.random.default_rng(0).integers(0, 2, (40, 30))
    weights[:, 0] = 1
    populations = (Population("in", 40, Source()), Population("out", 30, AddAndFire(3.0)))
    network = Network("small", populations, (Projection.dense("in", "out", weights),), ("out",))
    mapping = ns.map(network, ns.load_chip(chip), f"{FILE}:breadth_first+force")
    run = ns.simulate(mapping, np.ones((1, 3, 40), dtype=bool), engine="event")
    assert run.activity is not None


def test_does_the_guide_name_every_own_mapper():
    from neurosim.mapping import mapper_names

    for name in mapper_names():
        assert f"`{name}`" in GUIDE
