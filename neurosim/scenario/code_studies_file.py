"""What a scenario may ask about code for arrays of nodes: ways to write it, and a network that does not fit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from neurosim.document import Strict, refuse

Count = Annotated[int, Field(ge=1, strict=True)]


class StrategiesStudy(Strict):
    """``[strategies]``: some neurons of the first model's first layer, in every way to write their code."""

    chip: str
    neurons: Annotated[tuple[Annotated[int, Field(ge=0, strict=True)], ...], Field(min_length=1)]
    samples: Count = 10
    steps: Count = 8


class Weights(Strict):
    """Whole weights of so many bits; ``packed``: few enough per neuron for four to a word, on many chips only."""

    bits: Annotated[int, Field(ge=2, le=16, strict=True)]
    packed: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Weights:
        if self.packed and self.bits != 2:
            raise refuse(f"packed: found {self.bits} bits, four weights to a word have 2")
        return self


class BeyondStudy(Strict):
    """``[beyond]``: a network that does not fit, on many chips and with its weights outside.

    ``samples`` inferences are simulated; accuracies are those of the network in whole weights on more samples.
    """

    chip: str
    model: str
    weights: Annotated[tuple[Weights, ...], Field(min_length=1)]
    output_threshold: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    samples: Count = 10
    accuracy_samples: Count = 1000
    steps: Count = 8
