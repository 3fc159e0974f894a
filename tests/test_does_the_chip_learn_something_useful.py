"""Do the scenarios in which synapses learn show what they should, through the command line?"""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import neurosim as ns
from neurosim.cli import app
from neurosim.errors import NeurosimError
from neurosim.scenario.exponential import fit_exponential
from neurosim.scenario.online import prepare_online, run_online
from neurosim.scenario.reward import prepare_reward, run_reward
from neurosim.scenario.stdp import prepare_stdp, run_stdp


def run(*arguments):
    done = CliRunner().invoke(app, ["run", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


# ---- the window of Bi and Poo --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def window():
    return run("stdp_window", "--set", "protocol.interval_ms=250")  # 250 ms are 7 of the longer time constant


def test_are_time_constants_and_amplitudes_recovered(window):
    found = window["stdp"]
    # Bi and Poo (2001), as Pfister and Gerstner (2006) use them: 16.8 and 33.7 ms.
    assert (found["tau_plus_ms"]["published"], found["tau_minus_ms"]["published"]) == (16.8, 33.7)
    for name in ("tau_plus_ms", "tau_minus_ms", "amplitude_plus", "amplitude_minus"):
        assert found[name]["fitted"] == pytest.approx(found[name]["configured"], rel=0.1), name
        assert found[name]["configured"] == pytest.approx(found[name]["published"], rel=0.02), name


def test_is_the_sign_right_for_every_difference(window):
    rows = np.array(window["stdp"]["window"])
    assert rows[:, 0].tolist() == list(range(-80, 81))
    assert np.all(np.sign(rows[:, 1]) == np.sign(rows[:, 0]), where=rows[:, 0] != 0)
    assert np.all(rows[:, 2] < 0.02)
    # At zero both terms act with their whole impulses.
    change, error = rows[80, 1:]
    plus, minus = (window["stdp"][f"amplitude_{side}"]["configured"] for side in ("plus", "minus"))
    assert abs(change - (plus + minus)) < 5 * error


def test_does_learning_cost_what_the_updates_cost(window):
    energy, activity = window["runs"][0]["energy_j"], window["runs"][0]["activity"]
    assert activity["synapse_updates"] == 161 * 16 * 250
    assert energy["breakdown"]["learning"]["value"] == pytest.approx(activity["synapse_updates"] * 120e-12)


def test_does_another_rule_give_another_window():
    changes = [("protocol.interval_ms", 250), ("protocol.every_ms", 5), ("protocol.copies", 30)]
    changes += [("rule.x1", {"impulse": 60, "tau": 8.0}), ("rule.dw", "dw = -2^-6*x1*y0 + 2^-7*y1*x0")]
    result = run_stdp(prepare_stdp("stdp_window", changes))
    assert result.plus.fitted.tau == pytest.approx(8.0, rel=0.1)
    assert result.plus.fitted.amplitude < 0 < result.minus.fitted.amplitude


def test_is_an_exponential_fitted():
    t = np.arange(1.0, 60)
    found = fit_exponential(t, -0.3 * np.exp(-t / 12.5), 0.1, 1000)
    assert (found.amplitude, found.tau) == pytest.approx((-0.3, 12.5), rel=1e-6)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("rule.dw", "dw = 2*x1*y9"), "rule: rule 'dw = 2*x1*y9': column 11: unknown variable 'y9'"),
        (("rule.dw", "dw = 2*x1*w"), "rule.dw: must be a pair rule"),
        (("rule.epoch", 64), "limit epoch_max: epoch of 64 steps, available 1..63"),
        (("rule.x3", 1), "rule.x3: unknown key"),
        (("protocol.every_ms", 0.3), "differences must be whole steps"),
        (("protocol.interval_ms", 100), "protocol.interval_ms 100: too short"),
        (("protocol.from_ms", 81), "protocol.to_ms 80: is below from_ms 81"),
        (("scenario.chips", ["loihi", "loihi2"]), "--chip loihi, loihi2: this kind of scenario runs on one chip"),
        (("protocol.from_ms", 0), "less than two differences on one side of zero"),
        (("scenario.engine", "compilde"), "unknown engine 'compilde', did you mean 'compiled'"),
    ],
)
def test_is_a_bad_window_refused_in_one_line(change, problem):
    with pytest.raises(NeurosimError) as error:
        prepare_stdp("stdp_window", [change])
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


# ---- digits -----------------------------------------------------------------------------------------------------


def test_are_digits_learned_in_one_pass():
    found = run("online_learning", "--samples", "500")["runs"][0]
    assert found["before"]["accuracy"] < 0.2
    assert found["after"]["accuracy"] >= 0.75
    curve = found["during"]["curve"]
    assert [seen for seen, _ in curve] == list(range(500, 5001, 500))
    assert curve[-1][1] > curve[0][1]
    # 7,840 synapses, once per image; nothing is learned before and after.
    assert found["during"]["activity"]["synapse_updates"] == 7840
    assert found["during"]["energy_learning_j"] == pytest.approx(7840 * 120e-12)
    assert found["before"]["energy_learning_j"] == found["after"]["energy_learning_j"] == 0


def test_does_the_report_show_learning_beside_inference(tmp_path):
    arguments = ["run", "online_learning", "--samples", "20", "--set", "training.samples=200", "--set"]
    done = CliRunner().invoke(app, [*arguments, "training.block=100", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert all(word in done.stdout for word in ("inference", "learning", "before", "during", "after"))
    names = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {
        *("summary.json", "configuration.json", "report.html", "learning-curve.png", "learning-energy.png"),
    }
    page = (tmp_path / "out" / "report.html").read_text()
    assert "dw = 2^-7*x0*r" in page
    assert page.count("<svg") == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("training.teacher", "pixels"), "training.teacher 'pixels' must be the last source of the model"),
        (("training.teacher", "techer"), "'techer', did you mean 'teacher'?"),
        (("training.teacher_pulses", 17), "training.teacher_pulses 17: an image has 16 steps"),
        (("training.samples", 5001), "samples 5001, data set mnist-training has 5000"),
        (("scenario.model", "mnist-pulsed"), "model mnist-pulsed has no learning rule"),
        (("scenario.chips", ["loihi"]), "limit local_third_factor"),
    ],
)
def test_is_a_bad_lesson_refused_in_one_line(change, problem):
    if change[1] == ["loihi"]:  # the reward of Loihi is one for all, which ten errors are not
        problem = "the reward is one value for all neurons"
    with pytest.raises(NeurosimError) as error:
        prepare_online("online_learning", [change])
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("option", [("--workers", "2"), ("--trace", "spikes")])
def test_is_an_option_refused_that_would_do_nothing(option):
    with pytest.raises(NeurosimError, match=f"^{' '.join(option)}: a scenario of kind 'learning' is one run"):
        CliRunner().invoke(app, ["run", "online_learning", *option], catch_exceptions=False)


def test_does_a_learned_network_answer_as_it_learned():
    prepared = prepare_online("online_learning", [("training.samples", 300)])
    result = run_online(prepared)
    learned = ns.learned_network(prepared.model.network, prepared.program, result.during.run)
    weights = learned.projections[0].weights
    np.testing.assert_array_equal(weights, result.during.run.learned.weight)
    again = ns.simulate(ns.map(learned, prepared.chip), np.zeros((1, 16, 794), dtype=bool), learning="keep")
    np.testing.assert_array_equal(again.learned.weight, weights)  # no pulses: nothing more to learn
    assert np.any(weights != 0)


# ---- a choice that reward alone can teach ------------------------------------------------------------------------


def test_does_reward_teach_the_choice_and_its_reversal():
    found = run("reward_choice")["reward"]
    shares, control = (np.array([share for _, share in found[name]]) for name in ("curve", "without_reward"))
    assert found["reversal"] == 300
    assert np.all(shares[2:6] > 0.9)  # learned within 100 trials
    assert shares[6] < 0.3  # the other answer is right now
    assert np.all(shares[9:] > 0.9)  # learned again
    # Without reward it is chance: 600 choices, a standard deviation of 2 %; some are no choice at all.
    assert 0.4 < control.mean() < 0.56


def test_do_both_engines_choose_alike():
    changes = [("task.trials", 12), ("task.block", 4), ("task.reversal", 6)]
    results = [
        run_reward(prepare_reward("reward_choice", [*changes, ("scenario.engine", engine)]))
        for engine in ("event", "compiled")
    ]
    assert np.array_equal(results[0].right, results[1].right)
    assert np.array_equal(results[0].run.learned.weight, results[1].run.learned.weight)
    assert np.array_equal(results[0].run.times.step_ends, results[1].run.times.step_ends)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("task.cues", 7), "task.cues 7: cannot share 40 lines evenly"),
        (("task.reward_step", 48), "task.reward_step 48: must lie after the cue of 16 steps"),
        (("scenario.model", "digits-online"), "the second of 2 lines"),
        (("scenario.engine", "both"), "engine 'both' runs everything twice"),
        (("task.trails", 3), "task.trails: unknown key, did you mean 'trials'?"),
    ],
)
def test_is_a_bad_task_refused_in_one_line(change, problem):
    with pytest.raises(NeurosimError) as error:
        prepare_reward("reward_choice", [change])
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
