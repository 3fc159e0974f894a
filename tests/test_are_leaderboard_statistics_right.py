"""Statistics, standings and findings of the leaderboard, against hand-worked values and scipy."""

import numpy as np
import pytest
from scipy import stats

from neurosim.bench.board import board
from neurosim.bench.findings import findings
from neurosim.bench.result import BenchResult, CaseRef, RunRef, Simulated
from neurosim.bench.statistics import holm, paired, signed_rank, spread
from neurosim.errors import NeurosimError


def test_the_signed_rank_test_gives_the_tabled_p():
    assert signed_rank([1, 2, 3, 4, 5]) == pytest.approx(2 / 2**5)  # the most extreme of 32 sign patterns, two sides
    assert signed_rank([-1, 2, 3, 4, 5]) == pytest.approx(4 / 2**5)
    assert signed_rank([0.0, 0.0]) is None
    assert signed_rank([0.0, 1, 2, 3]) == signed_rank([1, 2, 3])


def test_the_signed_rank_test_agrees_with_scipy_where_sizes_are_tied():
    values = [1, -1, 2, 2, 3, -2, 4, 5]
    assert signed_rank(values) == pytest.approx(stats.wilcoxon(values, method="approx").pvalue)


def test_holm_multiplies_from_the_smallest_and_never_falls():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": None}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": None}
    )
    assert holm({"a": 0.9, "b": 0.8})["b"] == 1.0


def test_ratios_are_averaged_geometrically_over_common_networks():
    found = paired({"x": 2.0, "y": 3.0, "z": 5.0}, {"x": 1.0, "y": 6.0, "w": 1.0})
    assert (found.ratio, found.n, found.better, found.worse) == (pytest.approx(1.0), 2, 1, 1)
    costs = {str(k): v for k, v in enumerate(np.random.default_rng(0).random(9) + 0.1)}
    base = dict.fromkeys(costs, 0.7)
    assert paired(costs, base).ratio == pytest.approx(stats.gmean(list(costs.values())) / 0.7)
    assert paired({"x": 1.0}, {}).ratio is None


def test_quartiles_are_those_of_five_values():
    found = spread([5.0, 1, 4, 2, 3])
    assert (found.low, found.median, found.high, found.n) == (2.0, 3.0, 4.0, 5)


def case(network, order="given", **more):
    digest = f"{hash((network, order)) & 0xFFFF:064x}"
    about = {"network_sha256": digest, "chip": "c", "chip_sha256": "0" * 64, "rates_sha256": "1" * 64}
    return CaseRef(network=network, order=order, **(about | more))


def result(network, mapper, hops, packets=100.0, order="given", seed=0, cut=10.0, **more):
    run = RunRef(mapper=mapper, seed=seed, time_limit=1.0, kill_after=2.0)
    static = {
        "hop_weighted": hops,
        "packets": packets,
        "edge_cut": cut,
        "multicast_traffic": hops,
        "link_load_max": 1.0,
    }
    about = {"outcome": "legal", "static": static, "bounds": {"hop_weighted": 50.0}, "seconds": 0.5}
    return BenchResult(case=case(network, order), run=run, **(about | more))


BASE = "sequential+row-major"


def test_standings_rank_by_the_geometric_mean_and_gaps_go_to_the_best_of_both_orders():
    found = board(
        [
            result("x", BASE, 200.0),
            result("x", "good", 100.0),
            result("x", "bad", 400.0),
            result("y", BASE, 100.0),
            result("y", "good", 200.0, seed=0),
            result("y", "good", 20.0 + 50, seed=1),
            result("y", "good", 90.0, seed=2),
            result("y", "bad", 100.0),
            result("x", BASE, 80.0, order="shuffled"),
        ],
        baseline=BASE,
    )
    given = [s for s in found.standings if s.order == "given"]
    assert [s.mapper for s in given] == ["good", BASE, "bad"]
    good = given[0].ratios["hop_weighted"]
    assert good.ratio == pytest.approx((100 / 200 * 90 / 100) ** 0.5)  # the median of three seeds is 90
    assert good.p == pytest.approx(0.5)  # two of two
    assert good.p_holm == 1.0
    row = next(r for r in found.rows if r.network == "x" and r.mapper == "good")
    assert row.gaps["hop_weighted"].to_best == pytest.approx(100 / 80 - 1)
    assert row.gaps["hop_weighted"].to_bound == pytest.approx(1.0)
    assert row.seeds == (0,)
    assert found.as_dict()["rows"]


def test_a_mapper_that_fails_somewhere_ranks_behind_and_is_named():
    failed = result("y", "fast", 1.0, outcome="crashed", reason="it ended its process: signal SIGSEGV", static={})
    found = board(
        [result("x", BASE, 2.0 * 50), result("y", BASE, 100.0), result("x", "fast", 60.0), failed], baseline=BASE
    )
    assert [s.mapper for s in found.standings] == [BASE, "fast"]
    assert found.standings[1].legal_networks == 1
    assert found.failures == [
        {
            **{"network": "y", "order": "given", "mapper": "fast", "seed": 0, "outcome": "crashed"},
            "reason": "it ended its process: signal SIGSEGV",
        }
    ]


def test_a_cost_below_the_bound_is_no_result():
    with pytest.raises(NeurosimError, match="below the lower bound"):
        board([result("x", BASE, 49.0)], baseline=BASE)


def test_results_of_different_networks_under_one_name_do_not_mix():
    other = result("x", "m", 60.0).model_copy(update={"case": case("x", chip_sha256="2" * 64)})
    with pytest.raises(NeurosimError, match="results of x, given are for different networks"):
        board([result("x", BASE, 60.0), other], baseline=BASE)


def test_cut_and_packets_that_disagree_are_found():
    costs = {
        ("x", "given", "by-cut"): {"edge_cut": 10.0, "packets": 30.0},
        ("x", "given", "by-packets"): {"edge_cut": 20.0, "packets": 20.0},
        ("y", "given", "by-cut"): {"edge_cut": 10.0, "packets": 20.0},
        ("y", "given", "by-packets"): {"edge_cut": 20.0, "packets": 30.0},
    }
    x, y = findings(costs).cut_against_packets
    assert (x.least_cut, x.fewest_packets, x.disagree) == ("by-cut", "by-packets", True)
    assert x.excess == pytest.approx(0.5)
    assert x.rank_correlation == pytest.approx(-1)
    assert not y.disagree
    assert "in 1 of 2 cases" in findings(costs).sentences[0]
    assert "50 % more packets than by-packets" in findings(costs).sentences[0]


def test_curves_and_orders_are_compared_on_the_same_network():
    rows, curve = "sequential+row-major", "sequential+hilbert"
    costs = {
        ("windowed-layers", "given", rows): {"hop_weighted": 10.0, "packets": 5.0},
        ("windowed-layers", "given", curve): {"hop_weighted": 8.0, "packets": 5.0},
        ("dense-layers", "given", rows): {"hop_weighted": 10.0, "packets": 5.0},
        ("dense-layers", "given", curve): {"hop_weighted": 11.0, "packets": 5.0},
        ("dense-layers", "shuffled", rows): {"hop_weighted": 10.0, "packets": 20.0},
    }
    found = findings(costs)
    assert {c.network: c.ratio for c in found.curves} == pytest.approx({"windowed-layers": 0.8, "dense-layers": 1.1})
    assert [(s.network, s.ratio) for s in found.scrambled] == [("dense-layers", 4.0)]
    text = " ".join(found.sentences)
    assert "less than along rows on windowed-layers; more on dense-layers" in text
    assert "0.80 on windowed layers, 1.10 on dense layers" in text


def test_predictions_are_the_correlations_of_simulated_mappings():
    runs = [
        result("x", f"m{k}", 60.0 + k).model_copy(
            update={
                "simulated": Simulated(
                    steps=1, samples=1, static={"hop_weighted": float(k)}, dynamic={"energy_network": value}
                )
            }
        )
        for k, value in enumerate([1.0, 3.0, 2.0, 5.0])
    ]
    found = board(runs, baseline=BASE).predictions
    pair = next(p for p in found if (p.static, p.simulated) == ("hop_weighted", "energy_network"))
    assert pair.n == 4
    assert pair.pearson == pytest.approx(np.corrcoef([0, 1, 2, 3], [1, 3, 2, 5])[0, 1])
    assert pair.spearman == pytest.approx(0.8)  # 1 - 6 x (0 + 1 + 1 + 0) / (4 x 15)


def test_no_results_are_refused():
    with pytest.raises(NeurosimError, match="no results"):
        board([], baseline=BASE)
