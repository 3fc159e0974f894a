"""What a node counts in a network's run, and which figure of the descriptor prices each count."""

from __future__ import annotations

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.kind import CoreState
from neurosim.errors import UnsupportedError
from neurosim.program import Program
from neurosim.results.energy import Power, Price

MULTICAST = False

CLASSES = ("alu", "memory", "transfer", "unext", "port", "io")
ROLES = {"leaf": "synapses", "cell": "neurons", "trunk": "network"}
_COMPONENTS = {"synapses": "synapse", "neurons": "neuron", "network": "network"}
COUNTERS = (
    "spikes",
    "synaptic_operations_done",
    "neuron_updates_done",
    *(f"opcodes_{name}" for name in CLASSES),
    "words_fetched",
    "words_sent",
    *(f"running_ps_{name}" for name in _COMPONENTS),
    *(f"unext_{name}" for name in _COMPONENTS),
    "suspended_ps",
)


def counters(chip: Chip) -> tuple[str, ...]:
    """Return the names of a node's counters, in order.

    ``synaptic_operations_done`` are weights that were added, ``neuron_updates_done`` membranes that were computed;
    ``words_sent`` went out through ports. ``running_ps_*`` is the time in which a node of that role ran, less its
    turns of unext, which are ``unext_*``; ``suspended_ps`` the rest of the time.
    """
    return COUNTERS


def prices(chip: Chip) -> tuple[Price | Power, ...]:
    """Return the terms that price the counters: power of a running node times time, turns of unext by the piece."""
    return (
        *(Power(f"running_ps_{name}", "power.active", "ps", part) for name, part in _COMPONENTS.items()),
        *(Price(f"unext_{name}", "unext", part) for name, part in _COMPONENTS.items()),
    )


def stamp(static: int, step: int, value: int) -> int:
    """Refuse: nodes have no router that a packet could be stamped for."""
    raise UnsupportedError("input packets: F18A nodes have no router; words enter through a port")


def arithmetic(chip: Chip) -> int:
    """Return the bits of a word, in which every sum wraps."""
    return chip.width("word_bits")


def start(program: Program, core: int, constants: ConstantSet) -> CoreState:
    """Refuse: nodes run code of their own on an array (engine.asynchronous), not step by step."""
    raise UnsupportedError(f"{program.chip.name}: nodes have no steps that an engine could drive")
