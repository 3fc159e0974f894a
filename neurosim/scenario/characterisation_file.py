"""The scenario file of kind "characterisation": a chip, and the random activity, supply and tick to put it under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from neurosim.api import load_chip
from neurosim.chip import Chip
from neurosim.document import Strict, parse, validate
from neurosim.errors import NeurosimError, nearest
from neurosim.scenario.random_program import refuse_unfit
from neurosim.scenario.schema import Positive, Seed, apply_change, find_scenario

KIND = "characterisation"
Figure = str | int | float  # of a descriptor: a number in the figure's own unit, or with a unit


class About(Strict):
    """``[scenario]``: the chip, the constant sets to price with (none: the default one), and how to run."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    chip: str
    constants: tuple[str, ...] = ()
    engine: str = "event"
    seed: Seed = 0


class Load(Strict):
    """``[characterisation]``: mean rate per neuron, synapses per axon, supply and tick, and the sample simulated.

    ``voltage`` and ``tick`` change the descriptor's; ``cores`` of the chip are simulated for ``ticks``, after as
    many ticks as the longest delay, so that the events of a tick are those of a running chip.
    """

    rate_hz: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    active_synapses: Annotated[int, Field(ge=0, strict=True)]
    voltage: Figure | None = None
    tick: Figure | None = None
    cores: Positive = 64
    ticks: Positive = 40


class Changes(Strict):
    """``[chip.NAME]``: figures of the descriptor changed for this run."""

    set: dict[str, str] = Field(default_factory=dict)


class CharacterisationScenario(Strict):
    """The whole file, resolved."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["characterisation"]
    scenario: About
    characterisation: Load
    chip: dict[str, Changes] = Field(default_factory=dict)


def load_characterisation(
    name_or_path: str | Path, changes: Sequence[tuple[str, Any]] = ()
) -> CharacterisationScenario:
    """Read a scenario of this kind and apply changes (path, value); a bare name is one of ``[characterisation]``.

    Raises FileError or NeurosimError naming file, field, value and nearest spelling.
    """
    path = find_scenario(name_or_path)
    raw = parse(path)
    for name, value in changes:
        apply_change(raw, _full(name), value)
    return validate(CharacterisationScenario, raw, path)


def _full(name: str) -> str:
    if "." in name or not name:
        return name
    if name not in Load.model_fields:
        raise NeurosimError(f"--set {name}: no parameter of a characterisation{nearest(name, Load.model_fields)}")
    return f"{KIND}.{name}"


def chip_of(name: str, load: Load, changes: Mapping[str, str] | None = None) -> Chip:
    """Return the chip at the load's supply and tick, other figures changed as asked for; raises NeurosimError."""
    operating = {"operating.voltage": load.voltage, "clock.tick": load.tick}
    figures = {path: str(value) for path, value in operating.items() if value is not None}
    chip = load_chip(name)
    refuse_unfit(chip)
    return chip.with_overrides({**(changes or {}), **figures})
