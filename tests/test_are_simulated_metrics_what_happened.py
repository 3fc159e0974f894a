"""Are the dynamic metrics those of what happened, and equal to the static ones where routes alone decide?"""

from pathlib import Path

import numpy as np
import pytest
from engine_cases import LOIHI2, SPINNAKER, TRUENORTH, integer_case, placed
from rich.console import Console

import neurosim as ns
from neurosim.check.correlation import PAIRS, correlations, pearson, ranks
from neurosim.check.dynamic import DynamicMetrics, _windows, isi_distortion, spike_disorder
from neurosim.check.measure import Resources, measure, utilisation
from neurosim.check.result import Line
from neurosim.check.steps import loads_per_step
from neurosim.cores import core_kind
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.mapping.metrics import Gap, StaticMetrics, figures
from neurosim.report.mapping import correlation_table

LOIHI = ns.load_chip("loihi")
CHIPS = [LOIHI, LOIHI2, SPINNAKER, TRUENORTH]


def measured(chip, seed=1, **how):
    """Measure an active network on places drawn from the whole chip."""
    net, pulses = integer_case(seed, 3)
    program = placed(net, chip, seed)
    core_of = np.concatenate([program.cores[program.members[p.name].core] for p in program.lowered.network.neurons])
    mapping = Mapping(net, program.lowered, chip, core_of.astype(np.int32), "random", 0)
    return mapping, program, pulses, measure(mapping, program, pulses, **how)


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_are_simulated_counts_the_static_ones(chip):
    mapping, _, _, metrics = measured(chip)
    static, dynamic = metrics.static, metrics.dynamic
    assert dynamic.injected == pytest.approx(static.injected)
    assert dynamic.injected > 50
    for name in ("link_load_max", "link_load_mean", "link_load_variance", "link_load_gini", "links_used"):
        assert getattr(dynamic, name) == pytest.approx(getattr(static, name)), name
    if not core_kind(chip.core_kind).MULTICAST:
        assert dynamic.hops == pytest.approx(static.hop_weighted)
    assert dynamic.isi_distortion == 0
    assert dynamic.latency > 0
    assert (
        dynamic.spike_latency_p50
        <= dynamic.spike_latency_p95
        <= dynamic.spike_latency_p99
        <= dynamic.spike_latency_max
        <= dynamic.latency
    )
    assert dynamic.energy_delay_product == dynamic.energy * dynamic.latency
    assert metrics.resources.cores == len(mapping.cores)


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_do_loads_of_the_steps_add_up_to_those_of_the_run(chip):
    net, pulses = integer_case(1, 3)
    program = placed(net, chip, 1)
    run = ns.simulate(program, pulses[:1])
    steps = loads_per_step(program, run, core_kind(chip.core_kind).MULTICAST)
    links = run.activity.links
    between = np.array([kind not in ("inject", "eject") for kind, _, _ in links])
    assert steps.shape == (run.chip_steps, between.sum())
    assert sorted(steps.sum(axis=0)) == sorted(run.activity.per_link[between])
    assert (steps.sum(axis=1) > 0).sum() > 3


def test_are_windows_ten_steps_long_and_five_apart():
    steps = np.zeros((22, 2))
    steps[4, 0], steps[9, 0], steps[10, 0], steps[16, 1] = 1, 2, 4, 8
    # Steps 0-9: 3; 5-14: 6; 10-19: 4 on one link, 8 on the other.
    assert _windows(steps).tolist() == [[3, 0], [6, 0], [4, 8]]
    assert _windows(steps[:3] + 1).tolist() == [[3, 3]]


def test_is_disorder_the_share_of_packets_overtaken_on_their_way():
    # (step, source, destination, axon, created, delivered): to core 7 in the order created 10, 30, 20, 40, 35.
    to_seven = [(0, 0, 7, 0, c, d) for c, d in ((10, 50), (30, 60), (20, 70), (40, 80), (35, 90))]
    to_eight = [(0, 0, 8, 0, 5, 95), (0, 0, 8, 0, 5, 99)]
    assert spike_disorder(np.array(to_seven + to_eight)) == pytest.approx(2 / 7)
    assert spike_disorder(np.array(to_eight)) == 0


def test_is_interval_distortion_the_mean_difference_of_mean_intervals():
    unmapped = np.zeros((1, 9, 3), dtype=bool)
    unmapped[0, [0, 2, 4], 0] = unmapped[0, [0, 8], 1] = unmapped[0, 3, 2] = True
    mapped = np.zeros((1, 10, 3), dtype=bool)  # one step later, neuron 0 with one spike less, neuron 1 the same
    mapped[0, [1, 5], 0] = mapped[0, [1, 9], 1] = mapped[0, 4, 2] = True
    # Intervals 2 and 2 became 4; 8 stayed; neuron 2 has none.
    assert isi_distortion({"p": mapped}, {"p": (unmapped, 1)}) == 1.0
    assert isi_distortion({"p": mapped}, {}) == 0.0


def test_does_saturation_say_how_much_more_the_busiest_link_can_take():
    # Half the link speed halves the room; the packets stay the same.
    fast = measured(TRUENORTH)[3].dynamic
    time = TRUENORTH.constants().time["link_serialisation"].picoseconds()
    slow = measured(TRUENORTH.with_overrides({"time.link_serialisation": f"{2 * time} ps"}))[3].dynamic
    assert slow.saturation == pytest.approx(fast.saturation / 2)
    assert fast.saturation == pytest.approx(fast.latency / (fast.link_load_max * time * 1e-12))


def test_are_copies_and_relays_replication():
    # 10 neurons with copies on TrueNorth: one column per target axon.
    net, _ = integer_case(1, 3)
    program = placed(net, TRUENORTH, 1, cores=2)
    core_of = program.cores[np.concatenate([program.members[p.name].core for p in program.lowered.network.neurons])]
    mapping = Mapping(net, program.lowered, TRUENORTH, core_of.astype(np.int32), "random", 0)
    columns = sum(image.n for image in program.images)
    assert columns > net.n_neurons
    assert measure(mapping, program).resources.replication == columns / net.n_neurons


def test_is_utilisation_of_the_fullest_core_and_of_all():
    lines = [Line("axons", 0, 64, 256), Line("axons", 1, 256, 256), Line("weight_min", 0, -1, -255)]
    assert utilisation(lines) == {"axons": (1.0, 0.625)}


def test_do_gaps_tell_both_distances():
    gap = Gap(6154.0, best=6124.0, bound=4539.0)  # nug30: a short annealing, the optimum, the bound of Gilmore-Lawler
    assert gap.to_best == pytest.approx(0.0049, abs=5e-5)
    assert gap.to_bound == pytest.approx(0.3558, abs=5e-5)
    assert (Gap(5.0).to_best, Gap(5.0).to_bound) == (None, None)
    assert Gap(0.0, best=0.0).to_best == 0
    with pytest.raises(NeurosimError, match="below the lower bound"):
        Gap(4538.0, bound=4539.0)


def test_does_a_measurement_carry_the_gaps_it_is_asked_for():
    metrics = measured(LOIHI, best={"packets": 100.0}, bounds={"packets": 1.0, "hop_weighted": 1.0})[3]
    assert set(metrics.gaps) == {"packets", "hop_weighted"}
    assert metrics.gaps["packets"].to_best == pytest.approx(metrics.static.packets / 100 - 1)
    assert metrics.as_dict()["gaps"]["hop_weighted"]["to_best"] is None


def test_has_every_metric_a_unit_and_a_definition():
    for figure in figures(DynamicMetrics):
        assert figure.unit
        assert len(figure.definition) > 10


@pytest.mark.parametrize("metrics", [StaticMetrics, DynamicMetrics, Resources])
def test_does_the_documentation_define_every_metric_as_the_code_does(metrics):
    text = (Path(__file__).resolve().parent.parent / "docs" / "mapping.md").read_text().replace("\\|", "|")
    for figure in figures(metrics):
        assert f"| `{figure.name}` | {figure.unit} | {figure.definition} |" in text


# ---- correlation -----------------------------------------------------------------------------------------------


def test_are_ranks_shared_and_coefficients_those_of_the_formulas():
    assert ranks(np.array([3.0, 1, 3, 2])).tolist() == [3.5, 1, 3.5, 2]
    x, y = np.array([1.0, 2, 3]), np.array([1.0, 2, 4])
    # Covariance 3, variances 2 and 14/3: 3 / sqrt(28 / 3).
    assert pearson(x, y) == pytest.approx(3 / (28 / 3) ** 0.5)
    assert pearson(x, -2 * x) == pytest.approx(-1)
    assert pearson(ranks(x), ranks(x**9)) == pytest.approx(1)
    assert pearson(x, np.ones(3)) is None


def test_do_hops_predict_the_energy_of_the_network():
    # On TrueNorth a hop costs the same in both directions, so that the energy of packets is hops times a price.
    metrics = [measured(TRUENORTH, seed)[3] for seed in (1, 2, 7, 13)]
    found = {(c.static, c.simulated): c for c in correlations(metrics)}
    assert set(found) == set(PAIRS)
    assert found["hop_weighted", "energy_network"].pearson == pytest.approx(1, abs=1e-9)
    assert found["hop_weighted", "energy_network"].n == 4
    assert found["packets", "latency"].pearson is not None
    with pytest.raises(NeurosimError, match="at least 3 simulated mappings, found 2"):
        correlations(metrics[:2])


def test_is_the_table_of_correlations_printed(capsys):
    Console(width=200).print(correlation_table(correlations([measured(LOIHI, s)[3] for s in (1, 2, 7)]), "three"))
    shown = capsys.readouterr().out
    assert "three, 3 mappings" in shown
    assert "hop weighted" in shown
