"""Lowering for crossbar cores: crossbar neurons, axon types, fan-out, and delays of at least one tick."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurosim.chip import Chip
from neurosim.cores.crossbar.convert import convert
from neurosim.cores.crossbar.fanout import spread
from neurosim.cores.crossbar.registers import population_registers
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.mapping.lowering import Lowered, Record, retime
from neurosim.network import Network, Population


def lower(network: Network, chip: Chip) -> Lowered:
    """Rewrite a network for crossbar cores; its pulses stay what they are, later by the lag of each population.

    Neurons that sum (AddAndFire, LIF with decay 1) become CrossbarNeuron, and CrossbarNeuron passes unchanged.
    A projection is split into one per axon type and delay, whose weights are the type, counted from 1; so a net is an
    axon wherever its targets are. Raises UnsupportedError or CapacityError for what cannot be expressed exactly,
    naming population or projection and limit.
    """
    if not network.neurons:
        raise UnsupportedError(f"{chip.name}: network {network.name} has no population that computes")
    parts = {p.name: convert(network, p, chip) for p in network.neurons}
    populations = tuple(parts[p.name].population if p.name in parts else p for p in network.populations)
    projections = tuple(projection for part in parts.values() for projection in part.incoming)
    converted = Network(f"{network.name} on {chip.name}", populations, projections, network.outputs)
    spread_out, fan_out = spread(converted, chip)
    lowered, lag, record = retime(spread_out, chip.limit("delay_min"))
    _check_delays(lowered, chip)
    records = [r for part in parts.values() for r in part.records] + list(fan_out)
    if record:
        records.append(_restless(lowered, lag, record, chip))
    return Lowered(lowered, tuple(records), lag, {name: part.scale for name, part in parts.items()})


def _check_delays(network: Network, chip: Chip) -> None:
    most = chip.limit("delay_max")
    for p in network.projections:
        longest = int(p.delays.max(initial=0))
        if longest > most:
            raise CapacityError(chip.name, "delay_max", longest, most, f"projection {p.source} -> {p.target}")


def _restless(network: Network, lag: dict[str, int], record: Record, chip: Chip) -> Record:
    """Return the record of retiming, which is exact only for neurons that rest until their first input."""
    early = [p.name for p in network.neurons if lag[p.name] and not _rests(p, chip)]
    if not early:
        return record
    what = f"{record.what}; not at rest without input, so that it computes as many more steps first: "
    return replace(record, what=what + ", ".join(early), fidelity="approximate")


def _rests(population: Population, chip: Chip) -> bool:
    """Tell whether the neurons keep their first potential, and draw nothing, as long as no pulse reaches them."""
    r = population_registers(population, chip)
    leaks = (r.leak != 0) & ~(r.reversal & (r.initial == 0))
    acts = (r.initial >= r.threshold) | (r.initial < -r.negative)
    return not np.any(leaks | acts | r.leak_mode | (r.mask != 0))
