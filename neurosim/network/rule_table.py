"""Learning rules in documents: the table that a scenario or a model writes them in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from neurosim.document import Strict, refuse
from neurosim.errors import NeurosimError
from neurosim.network.learning import LearningRule, Trace

_Count = Annotated[int, Field(ge=0, strict=True)]
_Steps = Annotated[float, Field(ge=0)]


class TraceTable(Strict):
    """``{ impulse, tau }``: what a spike adds, and the time constant in steps (``inf`` for none)."""

    impulse: _Count
    tau: _Steps


class RuleTable(Strict):
    """A learning rule: ``dw``, ``dd``, ``dt`` as text, its traces, epoch in steps, and what its weights may be."""

    dw: str | None = None
    dd: str | None = None
    dt: str | None = None
    x1: TraceTable | None = None
    x2: TraceTable | None = None
    y1: TraceTable | None = None
    y2: TraceTable | None = None
    y3: TraceTable | None = None
    reward_tau: _Steps = 0.0
    epoch: Annotated[int, Field(ge=1, strict=True)] = 1
    sign: Literal["mixed", "excitatory", "inhibitory"] = "mixed"
    max_delay: _Count | None = None

    @model_validator(mode="after")
    def _read(self) -> RuleTable:
        try:
            self.rule()
        except NeurosimError as error:
            raise refuse(str(error)) from None
        return self

    def rule(self) -> LearningRule:
        """Return the rule; raises NeurosimError."""
        traces = {
            name: None if table is None else Trace(table.impulse, table.tau)
            for name, table in (("x1", self.x1), ("x2", self.x2), ("y1", self.y1), ("y2", self.y2), ("y3", self.y3))
        }
        return LearningRule(
            tuple(text for text in (self.dw, self.dd, self.dt) if text is not None),
            **traces,
            reward_tau=self.reward_tau,
            epoch=self.epoch,
            sign=self.sign,
            max_delay=self.max_delay,
        )
