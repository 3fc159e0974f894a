"""Can SimPy processes around a chip feed it and react to what fires, alike on both engines?"""

import numpy as np
import pytest
from engine_cases import SLOW, SPINNAKER, integer_case, placed
from strategies import draw_case, place

import neurosim as ns
from neurosim.engine.compiled.agreement import first_difference
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.network import AddAndFire, Network, Population, Projection, Source


def relay():
    """One neuron that fires once per input pulse."""
    populations = (Population("in", 2, Source()), Population("relay", 1, AddAndFire(1.0)))
    return Network("relay", populations, (Projection.dense("in", "relay", [[1], [1]]),), ("relay",))


def echo(world, log, line=0, limit=None):
    """Answer every pulse that is seen with one on an input line."""
    while limit is None or len(log) < limit:
        pulse = yield world.fired.get()
        log.append((world.env.now, *pulse))
        world.pulse(line)


def closed_loop(program, steps, engine, start=(0,)):
    world, log = ns.World(), []

    def first(env):
        yield env.timeout(0)
        for line in start:
            world.pulse(line)

    world.env.process(first(world.env))
    world.env.process(echo(world, log))
    lines = program.lowered.network.n_inputs
    run = ns.simulate(program, np.zeros((1, steps, lines), dtype=bool), engine=engine, world=world)
    return run, log


@pytest.mark.parametrize("chip", ["loihi", "loihi2", "truenorth", "spinnaker2"])
def test_does_an_echo_go_round_at_the_pace_of_its_delays(chip):
    # A pulse in step t fires in step t + 1 and is seen as step t + 2 begins, which takes the answer.
    program = ns.load_program(ns.map(relay(), ns.load_chip(chip)))
    runs = {engine: closed_loop(program, 11, engine) for engine in ("event", "compiled")}
    run, log = runs["compiled"]
    lag = program.lag["relay"]
    seen = [step - lag for _, step, name, neuron in log if (name, neuron) == ("relay", 0)]
    period = lag + 1
    assert seen == [k * period for k in range(len(seen))]
    assert len(seen) >= 3
    # What a step fired is known when the next one begins, which is when the step ends.
    assert [now for now, *_ in log] == [int(run.times.step_ends[0, step]) for _, step, *_ in log]
    assert runs["event"][1] == log
    assert first_difference(runs["event"][0], run) is None


@pytest.mark.parametrize("seed", range(6))
def test_do_both_engines_agree_in_a_closed_loop(seed):
    case = draw_case(seed, ["add", "leak", "single"][: 1 + seed % 3], samples=1)
    program = ns.load_program(place(case.network, seed))
    (one, log), (other, same) = (closed_loop(program, 9, engine) for engine in ("event", "compiled"))
    assert first_difference(one, other) is None
    assert log == same


@pytest.mark.parametrize("seed", range(4))
def test_do_both_engines_agree_in_a_closed_loop_of_late_ticks(seed):
    net, _ = integer_case(seed, 2)
    program = placed(net, SPINNAKER.with_overrides({**SLOW, "clock.tick": "300 us"}), seed)
    start = range(net.n_inputs)
    (one, log), (other, same) = (closed_loop(program, 9, engine, start) for engine in ("event", "compiled"))
    assert int(one.activity.total("overruns").sum()) > 0
    assert first_difference(one, other) is None
    assert log == same


def test_is_a_world_refused_where_it_cannot_be():
    program = ns.load_program(ns.map(relay(), ns.load_chip("loihi")))
    with pytest.raises(NeurosimError, match="inputs have 2 samples; a world goes with one"):
        ns.simulate(program, np.zeros((2, 3, 2), dtype=bool), world=ns.World())
    with pytest.raises(UnsupportedError, match="needs one engine"):
        ns.simulate(program, np.zeros((1, 3, 2), dtype=bool), engine="both", world=ns.World())
    world = ns.World()
    world.begin(2, ("relay",))
    with pytest.raises(NeurosimError, match=r"input line 2: the network has lines 0\.\.1"):
        world.pulse(2)
