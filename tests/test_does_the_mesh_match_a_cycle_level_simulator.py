"""Latency against load, beside a cycle-level simulator; and the loads that no network can pass."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from neurosim.engine.pattern import PATTERNS, ideal_load, make_pattern
from neurosim.engine.traffic import run_traffic
from neurosim.errors import NeurosimError
from neurosim.report.noc import traffic_table

REFERENCE = json.loads((Path(__file__).parent / "data" / "noc_reference.json").read_text())
ROUTERS = {  # zero-load latency end + hop * H, tolerance, and the share of the ideal load up to which it holds
    "F_oq_like": {"hop_cycles": 2, "end_cycles": 4, "tolerance": 0.015, "up_to": 0.9},
    "A_vc8_buf8": {"hop_cycles": 4, "end_cycles": 6, "tolerance": 0.05, "up_to": 0.6},
}
# Packets to measure: more where latencies vary slowly, so that chance stays well below the tolerance.
POINTS = [
    ("F_oq_like", "uniform", 0.05, 60_000),
    ("F_oq_like", "uniform", 0.25, 60_000),
    ("F_oq_like", "uniform", 0.38, 150_000),
    ("F_oq_like", "uniform", 0.44, 250_000),
    ("F_oq_like", "transpose", 0.04, 60_000),
    ("F_oq_like", "transpose", 0.1, 60_000),
    ("F_oq_like", "transpose", 0.12, 150_000),
    ("A_vc8_buf8", "uniform", 0.1, 40_000),
    ("A_vc8_buf8", "uniform", 0.3, 60_000),
    ("A_vc8_buf8", "transpose", 0.02, 40_000),
    ("A_vc8_buf8", "transpose", 0.08, 40_000),
]


def reference(router: str, pattern: str, load: float) -> dict[str, float]:
    (point,) = (p for p in REFERENCE["points"] if (p["config"], p["traffic"], p["offered"]) == (router, pattern, load))
    return point


@pytest.mark.parametrize(("router", "pattern", "load", "packets"), POINTS)
def test_mean_latency_is_that_of_the_cycle_level_simulator(router, pattern, load, packets):
    setting = ROUTERS[router]
    bound = REFERENCE["bounds"][f"{pattern}_8x8"]["ideal_saturation_flits_per_node_cycle"]
    assert load <= setting["up_to"] * bound
    expected = reference(router, pattern, load)
    result = run_traffic(
        8,
        8,
        pattern,
        load,
        hop_cycles=setting["hop_cycles"],
        end_cycles=setting["end_cycles"],
        cycles=round(packets / load / 64),
    )
    assert result.stable
    assert result.latency_cycles.mean == pytest.approx(expected["latency_mean"], rel=setting["tolerance"])
    assert result.accepted == pytest.approx(expected["accepted"], rel=0.02)
    assert result.hops_mean == pytest.approx(5.25, rel=0.01)


def test_latency_without_contention_is_exactly_the_zero_load_latency():
    # Under neighbor traffic every channel belongs to one source, so that even a full load meets no queue.
    result = run_traffic(8, 8, "neighbor", 1.0, hop_cycles=4, end_cycles=6, warmup=200, cycles=300)
    assert result.stable
    assert result.accepted == 1.0
    assert result.hops_mean == 3.5
    assert result.latency_cycles.mean == 6 + 4 * 3.5
    assert result.latency_cycles.max == 6 + 4 * 14


@pytest.mark.parametrize("pattern", ["uniform", "transpose"])
def test_ideal_load_is_the_published_bound(pattern):
    bound = REFERENCE["bounds"][f"{pattern}_8x8"]
    assert ideal_load(pattern, 8, 8) == pytest.approx(bound["ideal_saturation_flits_per_node_cycle"], rel=1e-5)


@pytest.mark.parametrize("k", [4, 8, 16])
def test_ideal_load_follows_the_closed_forms(k):
    hot = 0.2 + 0.8 / k**2
    assert ideal_load("uniform", k, k) == pytest.approx(4 / k)
    assert ideal_load("transpose", k, k) == pytest.approx(1 / (k - 1))
    assert ideal_load("bitcomp", k, k) == pytest.approx(2 / k)
    assert ideal_load("neighbor", k, k) == 1.0
    assert ideal_load("tornado", k, k) == pytest.approx(1 / (k // 2 - 1))
    assert ideal_load("hotspot", k, k) == pytest.approx(1 / (k**2 * hot))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_load_above_the_ideal_one_is_called_stable(pattern):
    ideal = ideal_load(pattern, 6, 6)
    assert run_traffic(6, 6, pattern, 0.5 * ideal, cycles=1000).stable
    if ideal < 1:
        over = run_traffic(6, 6, pattern, min(1.0, 1.6 * ideal), cycles=1000)
        assert not over.stable
        assert over.accepted < 0.95 * over.load


def test_patterns_send_where_their_definition_says():
    def to(name: str, x: int, y: int, columns: int = 8, rows: int = 8) -> tuple[int, int]:
        node = make_pattern(name, columns, rows).fixed[x + columns * y]
        return int(node % columns), int(node // columns)

    assert to("transpose", 2, 5) == (5, 2)
    assert to("bitcomp", 1, 6) == (6, 1)
    assert 1 + 8 * 6 == 63 ^ (6 + 8 * 1)
    assert to("tornado", 2, 6) == (5, 1)
    assert to("neighbor", 7, 3) == (0, 4)
    assert to("hotspot", 0, 0) == (4, 4)
    assert to("bitcomp", 0, 0, 3, 2) == (2, 1)


def test_random_destinations_have_the_stated_shares():
    rng = np.random.default_rng(5)
    n = 200_000
    counts = np.bincount(make_pattern("hotspot", 4, 4).draw(rng, np.zeros(n, np.int64)), minlength=16)
    expected = np.full(16, 0.8 / 16)
    expected[2 + 4 * 2] += 0.2
    np.testing.assert_allclose(counts / n, expected, atol=5 * (0.25 / n) ** 0.5)


def test_a_seed_fixes_every_figure():
    def run(seed: int):
        return run_traffic(5, 3, "uniform", 0.2, seed=seed, warmup=100, cycles=700)

    assert run(3) == run(3)
    assert run(3).latency_cycles != run(4).latency_cycles


def test_result_has_the_documented_form():
    steps = []
    result = run_traffic(4, 4, "uniform", 0.1, cycles=500, warmup=300, progress=lambda *step: steps.append(step))
    document = asdict(result)
    assert set(document) >= {"pattern", "load", "accepted", "stable", "hops_mean", "latency_cycles"}
    assert set(document["latency_cycles"]) == {"mean", "p50", "p95", "p99", "max"}
    assert json.loads(json.dumps(document)) == document
    assert document["mesh"] == "4x4"
    assert steps[-1] == (800, 800)
    assert traffic_table(result).row_count >= 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"load": 0.0}, "load must be above 0"),
        ({"load": 1.01}, "found 1.01"),
        ({"load": float("nan")}, "load must be"),
        ({"columns": 0}, "0x4"),
        ({"pattern": "unifrom"}, "did you mean 'uniform'"),
        ({"pattern": "transpose", "rows": 5}, "square mesh, found 4x5"),
        ({"hop_cycles": 0}, "hop_cycles must be at least 1"),
        ({"end_cycles": 0}, "end_cycles"),
        ({"depth": -1}, "depth"),
        ({"seed": -1}, "seed"),
        ({"cycles": 0}, "cycles"),
        ({"warmup": -5}, "warmup"),
        ({"cycles": 1, "warmup": 0}, "no packet was delivered in 1 cycles"),
    ],
)
def test_wrong_arguments_are_refused_by_name(change, message):
    arguments = {"columns": 4, "rows": 4, "pattern": "uniform", "load": 0.1} | change
    with pytest.raises(NeurosimError, match=message):
        run_traffic(**arguments)
