"""What a processing element counts, and which figure of the descriptor prices each count."""

from __future__ import annotations

from neurosim.chip import Chip
from neurosim.errors import UnsupportedError
from neurosim.results.energy import Power, Price

MULTICAST = True

SINGLE = ("spikes", "packets_received", "level_changes", "membranes_saturated")
PER_LEVEL = ("neuron_updates", "synaptic_operations", "overhead_cycles", "busy_ps", "ticks")
_PRICED = (
    ("synaptic_operations", "synaptic_operation", "synapse"),
    ("neuron_updates", "neuron_update", "neuron"),
    ("overhead_cycles", "cycle", "spike output"),
)


def counters(chip: Chip) -> tuple[str, ...]:
    """Return the names of a core's counters, in order: one of each in SINGLE, then those in PER_LEVEL by level.

    ``overhead_cycles`` are those of the timer, of taking packets and of sending them; ``busy_ps`` the picoseconds
    of work, level changes included; ``ticks`` those that started at the level, at which the core then stays,
    asleep, until the next.
    """
    return (*SINGLE, *(f"{name}_{level}" for name in PER_LEVEL for level in chip.levels))


def prices(chip: Chip) -> tuple[Price | Power, ...]:
    """Return the terms that price the counters; figures of a level are named ``level.<level>.<name>``.

    Energies are above sleep: a core draws its level's sleep power for the whole of every tick.
    """
    return (
        *(
            Price(f"{name}_{level}", f"level.{level}.{energy}", component)
            for level in chip.levels
            for name, energy, component in _PRICED
        ),
        Price("level_changes", "level_change", "neuron"),
        Price("packets", "packet", "network"),
        Price("hops_east_west", "hop_east_west", "network"),
        Price("hops_north_south", "hop_north_south", "network"),
        *(Power(f"ticks_{level}", f"level.{level}.sleep", "tick") for level in chip.levels),
    )


def stamp(static: int, step: int, value: int) -> int:
    """Return the payload of an input packet: none; raises UnsupportedError for a graded value."""
    if value != 1:
        raise UnsupportedError(f"graded input {value}: a processor core takes spikes without payload")
    return 0
