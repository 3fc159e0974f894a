"""Do annealing and quadratic assignment come within 1 % of the best placement known of a public instance?

nug30 (C. E. Nugent et al. 1968, QAPLIB): 30 facilities on 5 x 6 places, best and proved cost 6124; Gilmore-Lawler 4539.
"""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from neurosim.mapping.bounds import gilmore_lawler
from neurosim.mapping.geometry import ways_of
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.registry import find

NUG30 = json.loads((Path(__file__).parent / "data" / "qap_nug30.json").read_text())["nug30"]


@pytest.fixture(scope="module")
def nug30():
    flow = np.array(NUG30["flow"], dtype=float)
    source, target = np.nonzero(flow)
    columns, rows = NUG30["cols"], NUG30["rows"]
    return PlacementProblem(
        "nug30",
        30,
        source,
        target,
        flow[source, target],
        np.arange(30),
        columns,
        rows,
        1,
        ways_of(columns, rows),
        (),
        np.zeros((0, 30)),
        np.full(30, -1),
    )


def test_is_the_cost_of_the_given_order_as_published(nug30):
    assert nug30.cost(np.arange(30)) == NUG30["identity_cost"] == 8060


def test_is_the_gilmore_lawler_bound_as_published(nug30):
    assert gilmore_lawler(nug30) == pytest.approx(4539, abs=0.5)


@pytest.mark.parametrize("name", ["annealing", "assignment"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_do_searches_come_within_one_percent_in_under_ten_seconds(nug30, name, seed):
    place = find("placer", name)
    begin = time.process_time()
    places = place(nug30, seed=seed)
    seconds = time.process_time() - begin
    cost = nug30.cost(places)
    print(f"{name}: {cost:.0f}, {cost / 6124 - 1:+.2%} of the best known, {cost / 4539 - 1:+.2%} of the bound")
    assert sorted(places.tolist()) == list(range(30))
    assert 6124 <= cost <= 1.01 * 6124
    assert seconds < 10


def test_are_simple_placers_worse_than_searches(nug30):
    cost = {name: nug30.cost(find("placer", name)(nug30)) for name in ("row-major", "hilbert", "greedy", "force")}
    assert cost["row-major"] == 8060
    assert 6124 <= cost["force"] < 0.9 * cost["hilbert"]
    assert 6124 <= cost["greedy"] < 0.9 * cost["hilbert"]
