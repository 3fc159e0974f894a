"""What a chip draws in a state that is published: off, asleep, idle or busy, measured on scenarios of that state."""

from __future__ import annotations

from typing import Literal

import numpy as np

from neurosim.api import load_program, price, simulate
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.errors import NeurosimError, UnsupportedError
from neurosim.mapping import Mapping
from neurosim.network import AddAndFire, Compartment, CompartmentNeuron, Network, Neuron, Population
from neurosim.results import Band
from neurosim.scenario.bands import minus, times

Work = Literal["none", "all of the tick"]


def state_power(
    chip: Chip, constants: str, cores: int, work: Work = "none", level: str | None = None, chips: int = 1
) -> Band:
    """Return the power (W) of a chip with some cores in use, one idle neuron each, embedded processors left out.

    Without work it is the static power, with work all power. No core and several chips, whose links are not
    simulated, follow from scenarios with one and two cores: power is a share per chip and one per core.
    Raises NeurosimError for more cores than there are.
    """
    if cores > len(chip.usable_cores) * chips:
        raise NeurosimError(f"{chip.name}: {cores} cores on {chips} chips, available {len(chip.usable_cores) * chips}")
    if cores and chips == 1:
        return _simulated(chip, constants, cores, work, level)
    one, two = (_simulated(chip, constants, k, work, level) for k in (1, 2))
    per_core = minus(two, one)
    return times(chips, minus(one, per_core)) + times(cores, per_core)


def _simulated(chip: Chip, constants: str, cores: int, work: Work, level: str | None) -> Band:
    chip = chip if work == "none" else _busy(chip, constants, level)
    population = Population("cells", cores, _idle_neuron(chip))
    network = Network("idle", (population,), (), ("cells",))
    lowered = core_kind(chip.core_kind).lower(network, chip)
    places = np.array(chip.usable_cores[:cores], dtype=np.int32)
    options = {} if level is None else {"level_policy": level}
    program = load_program(Mapping(network, lowered, chip, places, "by hand", 0), options)
    run = simulate(program, np.zeros((1, 1, 0), np.bool_), constants=constants, engine="event")
    energy = price(run, chip, constants, boundary="chip")
    band, seconds = (energy.static if work == "none" else energy.total), float(run.times.step_ends[0, -1]) * 1e-12
    return times(1 / seconds, band)


def _idle_neuron(chip: Chip) -> Neuron:
    if chip.core_kind == "compartment":
        largest = (1 << chip.width("threshold_mantissa_bits")) - 1
        never = largest << chip.width("threshold_exponent")
        return CompartmentNeuron((Compartment(decay_u=0, decay_v=0, threshold=never),))
    if chip.core_kind == "processor":
        return AddAndFire(1.0)
    raise UnsupportedError(f"{chip.name}: power states of core kind {chip.core_kind} are not simulated")


def _busy(chip: Chip, constants: str, level: str | None) -> Chip:
    """Return the chip with a timer routine that computes until the end of the tick, as a benchmark would."""
    if level is None or level not in chip.levels:
        raise NeurosimError(f"{chip.name}: work needs a performance level, found {level}")
    cycles = chip.tick // chip.levels[level].period_ps - chip.constants(constants).cycles["neuron_update"].whole()
    return chip.with_overrides({f"constants.{constants}.cycles.tick": str(cycles)})
