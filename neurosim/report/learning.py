"""The kinds of scenarios in which synapses learn: how each is prepared, run, shown and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from neurosim.report.online import online_table, write_online
from neurosim.report.reward import reward_table, write_reward
from neurosim.report.stdp import stdp_table, write_stdp
from neurosim.scenario.online import prepare_online, run_online
from neurosim.scenario.reward import prepare_reward, run_reward
from neurosim.scenario.stdp import prepare_stdp, run_stdp


class LearningKind(NamedTuple):
    """``prepare(name, changes)``, ``run(prepared, progress)``, ``show(result)``, ``write(result, folder)``."""

    prepare: Callable[..., Any]
    run: Callable[..., Any]
    show: Callable[..., Any]
    write: Callable[..., Any]


LEARNING_KINDS = {
    "learning": LearningKind(prepare_online, run_online, online_table, write_online),
    "reward": LearningKind(prepare_reward, run_reward, reward_table, write_reward),
    "stdp": LearningKind(prepare_stdp, run_stdp, stdp_table, write_stdp),
}
