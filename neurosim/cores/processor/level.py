"""Performance levels: which supply and clock a core takes for a tick."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.processor.image import ProcessorImage
from neurosim.errors import NeurosimError, UnsupportedError, unknown
from neurosim.program import Program

_ALWAYS, _NEVER = 1 << 62, -1
POLICIES = ("low", "high", "auto")


@dataclass(frozen=True)
class Policy:
    """How a core chooses its level at the start of a tick.

    ``name``: ``low`` and ``high`` stay at the slowest and the fastest level, the name of a level stays there, and
    ``auto`` takes the slowest level that the queued spikes allow. ``threshold`` is the largest number of queued
    spikes for the slowest level, None to reckon it from the tables; ``share_percent`` how much of the tick the
    work may then fill.
    """

    name: str = "auto"
    threshold: int | None = None
    share_percent: int = 50

    @classmethod
    def of(cls, program: Program) -> Policy:
        """Read the options ``level_policy`` and ``level_threshold`` of a program; raises NeurosimError."""
        options: Mapping[str, Any] = getattr(program, "options", {})
        policy = cls(options.get("level_policy", cls.name), options.get("level_threshold", cls.threshold))
        known = (*POLICIES, *program.chip.levels)
        if policy.name not in known:
            raise unknown(f"level policy of chip {program.chip.name}:", str(policy.name), known)
        number = policy.threshold
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
            raise NeurosimError(f"level_threshold: found {number!r}, needs a whole number from 0, or none")
        return policy


@dataclass(frozen=True)
class Ladder:
    """The levels of a chip as a rule: level k is taken for at most ``bounds[k]`` queued spikes, else a faster one.

    ``names`` and ``periods`` (ps) are those of the chip's levels, slowest first; bounds ascend, the last has none.
    """

    names: tuple[str, ...]
    periods: tuple[int, ...]
    bounds: tuple[int, ...]

    def level(self, queued: int) -> int:
        """Return the position of the level for a tick that starts with so many queued spikes."""
        return bisect_left(self.bounds, queued)

    @property
    def rest(self) -> int:
        """Position of the level before the first tick."""
        return self.level(0)


def ladder(policy: Policy, image: ProcessorImage, chip: Chip, constants: ConstantSet) -> Ladder:
    """Return the rule by which a core with these tables chooses its level.

    ``auto`` with a threshold N: the slowest level takes up to N queued spikes, every other but the fastest
    floor(N x its clock / the slowest clock), the fastest the rest. ``auto`` without: every level takes as many as
    ``affordable_spikes``.
    """
    if not chip.levels:
        raise UnsupportedError(f"{chip.name}: no performance level; a processor core needs at least one")
    names = tuple(chip.levels)
    periods = tuple(level.period_ps for level in chip.levels.values())
    fixed = {"low": 0, "high": len(names) - 1} | {name: k for k, name in enumerate(names)}
    if policy.name != "auto":
        here = fixed[policy.name]
        return Ladder(names, periods, (_NEVER,) * here + (_ALWAYS,))
    slower = periods[:-1]
    if policy.threshold is not None:
        bounds = tuple(policy.threshold * periods[0] // period for period in slower)
    else:
        bounds = tuple(affordable_spikes(image, period, policy.share_percent, chip, constants) for period in slower)
    return Ladder(names, periods, (*bounds, _ALWAYS))


def affordable_spikes(
    image: ProcessorImage, period: int, share_percent: int, chip: Chip, constants: ConstantSet
) -> int:
    """Return how many queued spikes a core can take so that its work fills a share of the tick, at least 0.

    ``floor((share x tick / period - tick overhead - neurons x update) / (packet + mean row x operation))`` with
    all costs in cycles; a row is as long as the core's rows are on average. Spikes that it sends are left out, as
    it cannot know them beforehand.
    """
    cycles = {name: figure.whole() for name, figure in constants.cycles.items()}
    budget = chip.tick * share_percent // (100 * period) - cycles["tick"] - image.n * cycles["neuron_update"]
    rows = max(image.rows, 1)
    per_rows = rows * cycles["packet"] + image.synapses * cycles["synaptic_operation"]
    return max(budget * rows // per_rows, 0) if per_rows else _ALWAYS
