"""Do cores and routers that somebody else wrote run on the event engine, and does the compiled one say no?"""

from types import SimpleNamespace

import numpy as np
import pytest
from strategies import draw_case, place

import neurosim as ns
from neurosim.cores import compartment
from neurosim.cores import kind as kind_module
from neurosim.engine.compiled import chip as compiled_chip
from neurosim.engine.event import chip as event_chip
from neurosim.engine.event.router import Router
from neurosim.errors import UnsupportedError


class UpFirst(Router):
    """A router that goes along the column first."""

    def __init__(self, column, row, places, routing):
        super().__init__(column, row, places, "yx")


@pytest.fixture
def program():
    case = draw_case(2, ("add", "single"))
    return ns.load_program(place(case.network, 2)), case.pulses


def test_does_a_router_of_ones_own_choose_the_way(program):
    program, pulses = program
    usual, own = (ns.simulate(program, pulses, engine="event", router=router) for router in (None, UpFirst))
    for name in ("packets", "hops_east_west", "hops_north_south"):
        np.testing.assert_array_equal(usual.activity.total(name), own.activity.total(name))
    assert np.any(usual.activity.per_link != own.activity.per_link)
    np.testing.assert_array_equal(usual.decisions(), own.decisions())


@pytest.mark.parametrize("engine", ["compiled", "both"])
def test_is_a_router_of_ones_own_refused_elsewhere(program, engine):
    with pytest.raises(UnsupportedError, match=f"engine '{engine}' routes in dimension order; a router of one's own"):
        ns.simulate(*program, engine=engine, router=UpFirst)


def test_is_a_router_of_ones_own_refused_with_trees():
    net = ns.Network(
        "two",
        (ns.Population("in", 1, ns.network.Source()), ns.Population("a", 1, ns.network.AddAndFire(1.0))),
        (ns.Projection.dense("in", "a", [[1]], 1),),
        ("a",),
    )
    program = ns.load_program(ns.map(net, ns.load_chip("spinnaker2")))
    with pytest.raises(UnsupportedError, match="spinnaker2: a router of one's own on a multicast chip unsupported"):
        ns.simulate(program, np.ones((1, 1, 1), dtype=bool), engine="event", router=UpFirst)


class LateCore:
    """A compartment core that somebody changed in Python: it needs a microsecond more for each step."""

    def __init__(self, core):
        self._core = core

    def __getattr__(self, name):
        return getattr(self._core, name)

    def update(self):
        firing = self._core.update()
        return firing._replace(duration=firing.duration + 1_000_000)


def test_does_a_core_kind_of_ones_own_run_on_the_event_engine_only(monkeypatch, program):
    program, pulses = program
    own = SimpleNamespace(**{name: getattr(compartment, name) for name in compartment.__all__ if name != "flat"})
    own.start = lambda *arguments: LateCore(compartment.start(*arguments))
    point = SimpleNamespace(name="compartment", load=lambda: own)
    usual = ns.simulate(program, pulses, engine="event")
    monkeypatch.setattr(kind_module, "_OWN", {})
    monkeypatch.setattr(kind_module, "entry_points", lambda group: [point])
    assert event_chip.core_kind("compartment") is own
    slower = ns.simulate(program, pulses, engine="event")
    assert np.all(slower.times.step_ends > usual.times.step_ends)
    with pytest.raises(UnsupportedError, match=r"loihi: core kind 'compartment' has no compiled form, .*'event'"):
        ns.simulate(program, pulses)
    assert compiled_chip.core_kind is event_chip.core_kind
