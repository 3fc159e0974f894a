"""How the synapses of a projection learn: rules as text, traces of spikes, and the length of an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from neurosim.errors import NeurosimError
from neurosim.network.rule_text import RuleError, Sum, read_rule

SignMode = Literal["mixed", "excitatory", "inhibitory"]
TRACES = ("x1", "x2", "y1", "y2", "y3")


@dataclass(frozen=True)
class Trace:
    """A trace of spikes: every step ``trace <- trace * exp(-1 / tau)``, then ``+ impulse`` for each spike.

    ``tau`` in steps, 0 for a trace that forgets after a step and infinity for one that does not forget.
    """

    impulse: int
    tau: float

    def __post_init__(self) -> None:
        if not isinstance(self.impulse, int) or self.impulse < 0:
            raise NeurosimError(f"impulse of a trace: found {self.impulse!r}, must be a whole number of at least 0")
        if not self.tau >= 0:
            raise NeurosimError(f"time constant of a trace: found {self.tau!r}, must be at least 0 steps")

    @property
    def kept(self) -> float:
        """The fraction that is kept per step."""
        return math.exp(-1 / self.tau) if self.tau > 0 else 0.0


@dataclass(frozen=True)
class LearningRule:
    """What happens to weight, delay and tag of a synapse at the end of every epoch of ``epoch`` steps.

    ``rules`` are texts such as ``dw = 2^-2*x1*y0 - 2^-2*y1*x0`` (see rule_text), at most one for each of dw, dd and
    dt. In them x0 and y0 count the spikes of the epoch before and after the synapse, x1 and x2 are traces of the
    former, y1 to y3 of the latter, r is the third factor (see Projection.modulates), w, d and t are weight, delay and
    tag. r decays with ``reward_tau`` steps; at 0 it lasts to the end of the epoch. ``sign`` says whether weights may
    have either sign; ``max_delay`` is the most that dd may make of a delay beyond the first step (None: what the chip
    allows). Raises NeurosimError, pointing at the place, for a rule that cannot be read, a variable without its
    trace, and an epoch shorter than 1.
    """

    rules: tuple[str, ...]
    x1: Trace | None = None
    x2: Trace | None = None
    y1: Trace | None = None
    y2: Trace | None = None
    y3: Trace | None = None
    reward_tau: float = 0.0
    epoch: int = 1
    sign: SignMode = "mixed"
    max_delay: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.epoch, int) or self.epoch < 1:
            raise NeurosimError(f"epoch: found {self.epoch!r}, must be a whole number of at least 1 step")
        if not self.reward_tau >= 0:
            raise NeurosimError(f"reward_tau: found {self.reward_tau!r}, must be at least 0 steps")
        if self.sign not in ("mixed", "excitatory", "inhibitory"):
            raise NeurosimError(f"sign: found {self.sign!r}, must be mixed, excitatory or inhibitory")
        if not self.rules:
            raise NeurosimError("rules: found none, must hold at least one of dw, dd and dt")
        for number, found in enumerate(self.sums):
            if any(found.target == other.target for other in self.sums[:number]):
                raise RuleError(found.text, 1, f"d{found.target} stands twice")
            self._check_traces(found)

    def _check_traces(self, found: Sum) -> None:
        for product in found.products:
            for factor in product.factors:
                if factor.variable in TRACES and getattr(self, factor.variable) is None:
                    problem = f"variable '{factor.variable}' has no impulse and time constant"
                    raise RuleError(found.text, factor.column, problem)

    @cached_property
    def sums(self) -> tuple[Sum, ...]:
        """The rules as sums of products."""
        return tuple(read_rule(text) for text in self.rules)

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names of all variables that the rules read, and of those that they change."""
        return frozenset().union(*(found.variables | {found.target} for found in self.sums))

    @property
    def of_neuron(self) -> tuple[Trace | None, Trace | None, Trace | None, float]:
        """What belongs to the neuron after the synapse; all rules of one neuron must agree on it."""
        return self.y1, self.y2, self.y3, self.reward_tau
